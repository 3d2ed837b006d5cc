"""Rows written where others may have the same key."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from bot.operations.clock import milliseconds
from bot.storage.store import Store
from bot.storage.tables import index_sessions, jobs, now_ms, pushed_deliveries, tickets
from bot.storage.upsert import insert_new, upsert

TICKET = {"ticket": "t", "named": "n", "subjects": "s", "job": "j", "state": "working", "created_ms": 1}


def session(name: str, customer: str | None, started_ms: int = 1) -> dict[str, object]:
    """A row with all columns that must be there."""
    row: dict[str, object] = {
        "account": "raygun/shop",
        "session": name,
        "customer": customer,
        "started_ms": started_ms,
    }
    return row | {"sealed": "x", "kept_until_ms": 9}


async def customers(store: Store) -> dict[str, str | None]:
    async with store.read() as connection:
        found = (await connection.execute(select(index_sessions.c.session, index_sessions.c.customer))).all()
    return {row.session: row.customer for row in found}


async def test_a_row_takes_the_place_of_the_one_with_the_same_key_alone(store: Store) -> None:
    async with store.write() as connection:
        upsert(connection, index_sessions, [session("a", "one"), session("b", "two")])
        upsert(connection, index_sessions, [session("b", None), session("c", "three")])
    assert await customers(store) == {"a": "one", "b": None, "c": "three"}


async def test_of_two_rows_with_the_same_key_the_last_one_counts(store: Store) -> None:
    async with store.write() as connection:
        upsert(connection, index_sessions, [session("a", "one"), session("a", "two")])
    assert await customers(store) == {"a": "two"}


async def test_no_rows_are_no_statement(store: Store) -> None:
    async with store.write() as connection:
        upsert(connection, index_sessions, [])
    assert await customers(store) == {}


async def test_more_rows_than_a_statement_takes_values_are_written(store: Store) -> None:
    rows = [session(str(number), "one") for number in range(12_000)]
    async with store.write() as connection:
        for _ in range(2):
            upsert(connection, index_sessions, rows)
    async with store.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(index_sessions))).scalar() == 12_000


async def test_columns_that_are_not_named_keep_what_they_had(store: Store) -> None:
    row = {"account": "a", "started_ms": 1, "sealed": "x"}
    first = [row | {"session": "1", "kept_until_ms": 1, "link": "l"}]
    then = [row | {"session": "1"}, row | {"session": "2"}]
    async with store.write() as connection:
        upsert(connection, index_sessions, first)
        upsert(connection, index_sessions, then, kept_until_ms=timedelta())
        rows = (await connection.execute(select(index_sessions).order_by(index_sessions.c.session))).all()
        now = (await connection.execute(select(now_ms()))).scalar_one()
    assert [(row.session, row.link) for row in rows] == [("1", "l"), ("2", None)]
    assert all(0 <= now - row.kept_until_ms < milliseconds(timedelta(minutes=1)) for row in rows)


async def test_what_is_new_is_written_and_what_is_there_stays(store: Store) -> None:
    async with store.write() as connection:
        assert await insert_new(connection, pushed_deliveries, {"id": "a", "at_ms": 1})
        assert not await insert_new(connection, pushed_deliveries, {"id": "a", "at_ms": 2})
        assert await insert_new(connection, pushed_deliveries, {"id": "b", "at_ms": now_ms()})
        found = (await connection.execute(select(pushed_deliveries.c.at_ms).filter_by(id="a"))).scalar_one()
    assert found == 1


async def test_what_is_unique_besides_the_key_is_not_repeated_either(store: Store) -> None:
    async with store.write() as connection:
        assert await insert_new(connection, tickets, TICKET | {"place": "a"})
        assert not await insert_new(connection, tickets, TICKET | {"place": "b"})
        assert await insert_new(connection, tickets, TICKET | {"place": "b", "subjects": None})
        assert await insert_new(connection, tickets, TICKET | {"place": "c", "subjects": None})


async def test_a_row_that_lacks_what_it_must_have_is_an_error_and_not_taken_for_known(store: Store) -> None:
    with pytest.raises(IntegrityError):
        async with store.write() as connection:
            await insert_new(connection, jobs, {"id": "a"})
