"""What tests of several kinds of job need."""

from collections.abc import AsyncIterator

import pytest

from bot.storage.keyring import Keyring
from bot.storage.store import Store
from tests.bot.jobs.newsroom import Newsroom, open_newsroom


@pytest.fixture
async def room(store: Store, keyring: Keyring) -> AsyncIterator[Newsroom]:
    async with open_newsroom(store, keyring) as opened:
        yield opened
