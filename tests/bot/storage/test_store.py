"""The database."""

import asyncio
import random
from contextlib import suppress

import pytest
from sqlalchemy import Connection, Engine, event, insert, select
from sqlalchemy.exc import IntegrityError

from bot.slack.rate_limits import RateLimits
from bot.storage.store import Store, is_reachable, open_store
from bot.storage.tables import metadata, turns


async def test_its_clock_is_about_ours(store: Store) -> None:
    from datetime import UTC, datetime  # noqa: PLC0415 - the one place that looks at a real clock

    assert abs(await store.now_ms() / 1000 - datetime.now(UTC).timestamp()) < 60
    assert await is_reachable(store)


def test_nothing_in_the_tables_is_what_postgresql_would_refuse() -> None:
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415
    from sqlalchemy.schema import CreateTable  # noqa: PLC0415

    for table in metadata.sorted_tables:
        assert "CREATE TABLE" in str(CreateTable(table).compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]


async def touch(store: Store, key: str) -> None:
    async with store.write() as connection:
        await connection.execute(turns.delete().where(turns.c.key == key))
        await connection.execute(insert(turns).values(key=key, taken_until_ms=1))


async def look(store: Store) -> None:
    async with store.read() as connection:
        (await connection.execute(select(turns))).all()


async def test_whoever_is_cancelled_in_the_middle_leaves_a_database_that_can_be_written(
    store: Store,
) -> None:
    rng, limits = random.Random(1), RateLimits(store)
    for _ in range(50):
        tasks: list[asyncio.Task[object]] = [
            asyncio.create_task(
                limits.turn("chat.postMessage", f"C{n}") if rng.random() < 0.5 else look(store)
            )
            for n in range(30)
        ]
        await asyncio.sleep(rng.uniform(0, 0.05))
        for task in tasks:
            if rng.random() < 0.9:
                task.cancel()
        _, hanging = await asyncio.wait(tasks, timeout=120)
        assert not hanging


async def test_whoever_is_out_of_time_in_the_middle_hears_of_that_and_of_nothing_else(
    store: Store,
) -> None:
    for milliseconds in range(10):
        with suppress(TimeoutError):
            async with asyncio.timeout(milliseconds / 1000):
                for number in range(20):
                    await touch(store, f"C{number}")
        await asyncio.sleep(0)
        current = asyncio.current_task()
        assert current is not None
        assert not current.cancelling()
        await touch(store, "after")


sqlite_alone = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


async def keys(store: Store) -> set[str]:
    async with store.read() as connection:
        return set((await connection.execute(select(turns.c.key))).scalars().all())


@sqlite_alone
async def test_those_who_write_at_once_share_a_transaction(store: Store) -> None:
    await touch(store, "before")
    begun: list[Connection] = []
    note = begun.append
    event.listen(Engine, "begin", note)
    try:
        await asyncio.gather(*(touch(store, f"C{number}") for number in range(20)))
    finally:
        event.remove(Engine, "begin", note)
    assert len(begun) == 1
    assert len(await keys(store)) == 21


@sqlite_alone
@pytest.mark.parametrize("number", [0, 1, 3])
async def test_of_those_who_share_a_transaction_one_that_fails_is_taken_back_alone(
    store: Store, number: int
) -> None:
    await touch(store, "there")

    async def fail() -> None:
        async with store.write() as connection:
            await connection.execute(insert(turns).values(key="taken back", taken_until_ms=1))
            await connection.execute(insert(turns).values(key="there", taken_until_ms=1))

    writers = [touch(store, f"C{other}") for other in range(3)]
    writers.insert(number, fail())
    came = await asyncio.gather(*writers, return_exceptions=True)
    assert [type(one) for one in came if one is not None] == [IntegrityError]
    assert await keys(store) == {"there", "C0", "C1", "C2"}


@sqlite_alone
async def test_what_was_written_is_there_for_another_process_when_its_writer_goes_on(
    store: Store, database_url: str
) -> None:
    async with open_store(database_url) as other:

        async def write_and_look(key: str) -> None:
            await touch(store, key)
            assert key in await keys(other)

        await asyncio.gather(*(write_and_look(f"C{number}") for number in range(10)))
