"""A bench for sources."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.bot.sources.canned import Bench, bench
from tests.conftest import MovableClock


@pytest.fixture
async def on_bench(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Bench]:
    async with bench(tmp_path, clock) as opened:
        yield opened
