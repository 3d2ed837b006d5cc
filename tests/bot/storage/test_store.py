"""The database."""

import asyncio
import random
from contextlib import suppress

import pytest
from sqlalchemy import column as column_of
from sqlalchemy import insert, select, text, update
from sqlalchemy import table as table_of

from bot.slack.rate_limits import RateLimits
from bot.storage.store import SCHEMA_VERSION, NewerDatabase, Store, is_reachable, open_store
from bot.storage.tables import (
    claims,
    index_sessions,
    known_sessions,
    metadata,
    schema_version,
    tickets,
    turns,
)

FIRST_TABLES = {
    "schema_version",
    "quota_accounts",
    "quota_calls",
    "cached_findings",
    "source_memory",
    "jobs",
    "posts",
}


async def test_a_new_database_is_of_this_version_and_opens_again(database_url: str) -> None:
    for _ in range(2):
        async with open_store(database_url) as store, store.read() as connection:
            versions = (await connection.execute(select(schema_version.c.version))).scalars().all()
            assert versions == [SCHEMA_VERSION]


async def test_a_database_of_a_newer_version_is_not_touched(database_url: str) -> None:
    async with open_store(database_url) as store, store.write() as connection:
        await connection.execute(insert(schema_version).values(version=SCHEMA_VERSION + 1))
    with pytest.raises(NewerDatabase, match="install the newer one"):
        async with open_store(database_url):
            pass


async def test_a_database_of_an_older_version_gets_what_is_missing(database_url: str) -> None:
    async with open_store(database_url) as store, store.write() as connection:
        for table in metadata.sorted_tables:
            if table.name not in FIRST_TABLES:
                await connection.run_sync(table.drop)
        await connection.execute(update(schema_version).values(version=1))
    async with open_store(database_url) as store, store.read() as connection:
        assert (await connection.execute(select(tickets))).all() == []
        assert (await connection.execute(select(schema_version.c.version))).scalar_one() == SCHEMA_VERSION


async def test_a_table_of_an_older_version_gets_its_new_column_and_keeps_its_rows(database_url: str) -> None:
    row = {"account": "raygun/shop", "session": "s", "started_ms": 1, "sealed": "x", "kept_until_ms": 2}
    async with open_store(database_url) as store, store.write() as connection:
        await connection.execute(text("DROP INDEX ix_index_sessions_link"))
        await connection.execute(text("ALTER TABLE index_sessions DROP COLUMN link"))
        for table in (known_sessions, claims, turns):
            await connection.run_sync(table.drop)
        columns = [column for column in index_sessions.c if column.name != "link"]
        older = table_of("index_sessions", *(column_of(name) for name in row))
        await connection.execute(insert(older).values(row))
        await connection.execute(update(schema_version).values(version=5))
    async with open_store(database_url) as store, store.read() as connection:
        found = (await connection.execute(select(*columns, index_sessions.c.link))).mappings().one()
    assert dict(found) == row | {"customer": None, "link": None}


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
        _, hanging = await asyncio.wait(tasks, timeout=10)
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
