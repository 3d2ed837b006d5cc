"""Retention: nothing stays longer than it may, whether somebody asks anything or not."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Integer, Table, func, select

from bot.storage import tables
from bot.storage.retention import Kept, Retention, too_old
from bot.storage.store import Store

NOW = datetime.now(UTC)
KEPT = Kept(
    answers=timedelta(hours=24), index=timedelta(days=7), jobs=timedelta(days=7), audit=timedelta(days=90)
)
WINDOWS = {"raygun/shop": timedelta(days=1)}
YEAR, DAY = timedelta(days=365), timedelta(days=1)
# They hold nobody's data, and do not grow with use.
STAYING = {"alembic_version", "schema_version", "quota_accounts", "index_spans", "wrong_shapes", "switches"}


def swept(store: Store) -> Retention:
    return Retention(store, KEPT, lambda: WINDOWS, lambda: NOW)


def value(column: Column[Any], moment: datetime, key: str) -> object:
    if column.name.endswith("_ms"):
        return int(moment.timestamp() * 1000)
    if isinstance(column.type, BigInteger | Integer):
        return 1
    return True if isinstance(column.type, Boolean) else key


async def put(store: Store, table: Table, moment: datetime, key: str) -> None:
    columns = [one for one in table.columns if not (one.name == "id" and isinstance(one.type, Integer))]
    async with store.write() as connection:
        await connection.execute(table.insert().values({c.name: value(c, moment, key) for c in columns}))


async def count(store: Store, table: Table) -> int:
    async with store.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


def test_every_table_that_grows_with_use_has_a_rule() -> None:
    ruled = {old.table.name for old in too_old(KEPT, WINDOWS, 0)}
    assert ruled | STAYING == set(tables.metadata.tables)


@pytest.mark.parametrize("name", sorted(set(tables.metadata.tables) - STAYING - {"posts"}))
async def test_what_is_too_old_is_deleted_and_what_is_not_stays(store: Store, name: str) -> None:
    table = tables.metadata.tables[name]
    await put(store, table, NOW - YEAR, "old")
    await put(store, table, NOW + DAY, "new")
    assert await swept(store).sweep() == 1
    assert await count(store, table) == 1
    assert await swept(store).sweep() == 0


async def test_where_an_answer_was_posted_goes_with_its_job(store: Store) -> None:
    for key, moment in (("old", NOW - YEAR), ("new", NOW)):
        await put(store, tables.jobs, moment, key)
        await put(store, tables.posts, moment, key)
    await swept(store).sweep()
    async with store.read() as connection:
        assert (await connection.execute(select(tables.posts.c.job))).scalars().all() == ["new"]


async def test_calls_are_kept_as_long_as_they_count_in_a_window_of_their_account(store: Store) -> None:
    await put(store, tables.quota_calls, NOW - timedelta(days=3), "raygun/shop")
    await put(store, tables.quota_calls, NOW - timedelta(days=3), "fullstory/main")
    await swept(store).sweep()
    async with store.read() as connection:
        accounts = (await connection.execute(select(tables.quota_calls.c.account))).scalars().all()
    assert accounts == ["fullstory/main"]


async def test_however_much_is_too_old_all_of_it_goes(store: Store) -> None:
    row = {"account": "a", "at_ms": 1}
    async with store.write() as connection:
        await connection.execute(tables.index_lookups.insert(), [row] * 2_500)
    assert await swept(store).sweep() == 2_500
    assert await count(store, tables.index_lookups) == 0


async def test_what_grows_too_old_goes_again_and_again_though_nobody_asks(store: Store) -> None:
    retention = Retention(store, KEPT, lambda: WINDOWS, lambda: NOW, between=timedelta(seconds=0.02))
    sweeping = asyncio.create_task(retention.sweep_for_ever())
    for key in ("first", "second"):
        await put(store, tables.identities, NOW - YEAR, key)
        async with asyncio.timeout(60):
            while await count(store, tables.identities):  # noqa: ASYNC110 - the database tells nobody
                await asyncio.sleep(0.02)
    sweeping.cancel()
