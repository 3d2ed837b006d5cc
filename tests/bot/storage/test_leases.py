"""Time-limited locks: one holder at a time."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from bot.storage.keyring import Keyring
from bot.storage.leases import Leases
from bot.storage.store import Store
from bot.storage.tables import claims

A_MINUTE = timedelta(minutes=1)
KEY = "card/C1/jane@contoso.example"


@pytest.fixture
def leases(store: Store, keyring: Keyring) -> Leases:
    return Leases(store, keyring)


async def until(store: Store) -> int:
    """When the only lease ends, in milliseconds since 1970."""
    async with store.read() as connection:
        return int((await connection.execute(select(claims.c.until_ms))).scalar_one())


async def test_a_lease_has_one_holder_who_may_take_it_again(leases: Leases) -> None:
    assert await leases.take(KEY, "one", A_MINUTE)
    assert not await leases.take(KEY, "two", A_MINUTE)
    assert await leases.take(KEY, "one", A_MINUTE)
    assert await leases.take("another key", "two", A_MINUTE)


async def test_taking_it_again_does_not_prolong_it_and_renewing_does(leases: Leases, store: Store) -> None:
    await leases.take(KEY, "one", A_MINUTE)
    first = await until(store)
    await leases.take(KEY, "one", 2 * A_MINUTE)
    await leases.renew(KEY, "two", 2 * A_MINUTE)
    assert await until(store) == first
    await leases.renew(KEY, "one", 2 * A_MINUTE)
    assert await until(store) > first


async def test_a_lease_that_has_run_out_is_anybodys(leases: Leases, store: Store) -> None:
    await leases.take(KEY, "one", A_MINUTE)
    async with store.write() as connection:
        await connection.execute(update(claims).values(until_ms=0))
    assert await leases.take(KEY, "two", A_MINUTE)
    assert not await leases.take(KEY, "one", A_MINUTE)


async def test_a_lease_is_released_by_its_holder_alone(leases: Leases) -> None:
    await leases.take(KEY, "one", A_MINUTE)
    await leases.release(KEY, "two")
    assert not await leases.take(KEY, "two", A_MINUTE)
    await leases.release(KEY, "one")
    assert await leases.take(KEY, "two", A_MINUTE)


async def test_what_a_lease_is_on_cannot_be_read_in_the_database(leases: Leases, store: Store) -> None:
    await leases.take(KEY, "one", A_MINUTE)
    async with store.read() as connection:
        assert "jane" not in str((await connection.execute(select(claims))).all())
