"""A person has one token for programs at a time, however they were made."""

import asyncio

import pytest

from bot.mcp.personal_tokens import PersonalTokens
from bot.operations.clock import system_clock
from bot.storage.keyring import Keyring
from bot.storage.memory import Memory
from bot.storage.store import Store

ANA = "U0ANA00001"


def of_a_process(store: Store, keyring: Keyring) -> PersonalTokens:
    return PersonalTokens(Memory(store, keyring, system_clock), keyring)


@pytest.mark.parametrize("processes", [1, 2])
async def test_of_two_that_are_made_at_once_one_is_good_and_ending_it_leaves_none(
    store: Store, keyring: Keyring, processes: int
) -> None:
    tokens = [of_a_process(store, keyring) for _ in range(processes)] * (3 - processes)
    made = await asyncio.gather(*(one.issue(ANA) for one in tokens))
    assert sorted([str(await tokens[0].owner(one)) for one in made]) == sorted([ANA, "None"])
    assert await tokens[1].revoke(ANA)
    assert [await tokens[0].owner(one) for one in made] == [None, None]


async def test_a_token_that_was_made_under_an_older_key_is_good_until_it_is_ended(store: Store) -> None:
    old, both = Keyring(("the older key",)), Keyring(("the newer key", "the older key"))
    token = await of_a_process(store, old).issue(ANA)
    assert await of_a_process(store, both).owner(token) == ANA
    another = await of_a_process(store, both).issue(ANA)
    assert await of_a_process(store, both).owner(token) is None
    assert await of_a_process(store, both).owner(another) == ANA
