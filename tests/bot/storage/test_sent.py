"""Statements that are sent and not waited for: what comes of them, and what they cost."""

import io

import pytest
from sqlalchemy import bindparam, insert, select
from sqlalchemy.exc import DataError, IntegrityError, InternalError, SQLAlchemyError

from benchmarks._visits import Visits, counted
from bot.storage.database import Connection
from bot.storage.store import Store
from bot.storage.tables import turns

READ = select(turns.c.key, turns.c.taken_until_ms).order_by(turns.c.key)
on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


def turn(key: str, until_ms: int) -> dict[str, object]:
    return {"key": key, "taken_until_ms": until_ms}


async def rows(store: Store) -> list[tuple[str, int]]:
    async with store.read() as connection:
        return [(key, until_ms) for key, until_ms in (await connection.execute(READ)).all()]


async def test_what_is_sent_is_executed_in_order_and_has_its_result_at_the_end(store: Store) -> None:
    async with store.write() as connection:
        none = connection.send(READ)
        added = connection.send(insert(turns), [turn("a", 1), turn("b", 2)])
        both = connection.send(READ)
        changed = connection.send(turns.update().where(turns.c.key == "a").values(taken_until_ms=3))
        returned = connection.send(turns.delete().where(turns.c.key == "b").returning(turns.c.taken_until_ms))
    assert none.result.all() == []
    assert added.changed == 2
    assert both.result.all() == [("a", 1), ("b", 2)]
    assert changed.changed == 1
    assert returned.result.scalar_one() == 2
    assert await rows(store) == [("a", 3)]


async def test_what_is_waited_for_comes_after_what_was_sent(store: Store) -> None:
    async with store.write() as connection:
        connection.send(insert(turns).values(turn("a", 1)))
        assert (await connection.execute(READ)).all() == [("a", 1)]
        assert await connection.change(turns.update().values(taken_until_ms=2)) == 1
        connection.send(insert(turns).values(turn("b", 1)))
    assert await rows(store) == [("a", 2), ("b", 1)]


@pytest.mark.parametrize("waits", [False, True])
async def test_where_one_statement_fails_none_of_its_transaction_is_left(store: Store, waits: bool) -> None:
    async def write_the_same_twice() -> None:
        async with store.write() as connection:
            connection.send(insert(turns).values(turn("a", 1)))
            if waits:
                await connection.deliver()
            connection.send(insert(turns).values(turn("a", 2)))
            connection.send(insert(turns).values(turn("b", 1)))

    with pytest.raises(IntegrityError):
        await write_the_same_twice()
    assert await rows(store) == []


async def test_a_part_that_fails_is_taken_back_alone(store: Store) -> None:
    async def write_again(connection: Connection) -> None:
        async with connection.begin_nested():
            connection.send(insert(turns).values(turn("b", 1)))
            connection.send(insert(turns).values(turn("a", 2)))

    async with store.write() as connection:
        connection.send(insert(turns).values(turn("a", 1)))
        with pytest.raises(IntegrityError):
            await write_again(connection)
        connection.send(insert(turns).values(turn("c", 1)))
    assert await rows(store) == [("a", 1), ("c", 1)]


@pytest.mark.parametrize("waits", [False, True])
async def test_where_a_text_cannot_be_sent_nothing_before_it_is_left(store: Store, waits: bool) -> None:
    async def write_a_surrogate() -> None:
        async with store.write() as connection:
            connection.send(insert(turns).values(turn("a", 1)))
            connection.send(insert(turns).values(turn("b\ud800", 1)))
            if waits:
                await connection.deliver()

    with pytest.raises(UnicodeEncodeError):
        await write_a_surrogate()
    assert await rows(store) == []


@on_postgresql
async def test_where_the_driver_refuses_a_text_nothing_before_it_is_left(store: Store) -> None:
    async def write_nul() -> None:
        async with store.write() as connection:
            connection.send(insert(turns).values(turn("a", 1)))
            connection.send(insert(turns), [turn("b", 1), turn("c\0", 1)])

    with pytest.raises(DataError):
        await write_nul()
    assert await rows(store) == []


@pytest.mark.parametrize("times", range(3))
async def test_a_statement_works_after_it_was_left_out_behind_one_that_failed(
    store: Store, times: int
) -> None:
    # The driver prepares a statement after some times, here behind the error.
    adding = insert(turns).returning(turns.c.key)
    for number in range(2 + times):
        async with store.write() as connection:
            connection.send(adding, turn(f"C{number}", 1))

    async def fail() -> None:
        async with store.write() as connection:
            connection.send(turns.update().values(key="same"))
            connection.send(adding, turn("left out", 1))

    with pytest.raises(IntegrityError):
        await fail()
    async with store.write() as connection:
        connection.send(adding, turn("a", 1))
    assert len(await rows(store)) == 3 + times


async def test_a_part_in_a_part_is_taken_back_alone_and_then_with_the_other(store: Store) -> None:
    async def fail_twice(connection: Connection) -> None:
        async with connection.begin_nested():
            connection.send(insert(turns).values(turn("outer", 1)))
            with pytest.raises(IntegrityError):
                await write_twice(connection)
            connection.send(insert(turns).values(turn("more", 1)))
            raise KeyError

    async def write_twice(connection: Connection) -> None:
        async with connection.begin_nested():
            for _ in range(2):
                connection.send(insert(turns).values(turn("inner", 1)))

    async with store.write() as connection:
        with pytest.raises(KeyError):
            await fail_twice(connection)
        connection.send(insert(turns).values(turn("after", 1)))
    assert await rows(store) == [("after", 1)]


@on_postgresql
async def test_what_a_part_has_not_sent_when_it_fails_is_not_sent_afterwards(store: Store) -> None:
    async def give_up(connection: Connection) -> None:
        async with connection.begin_nested():
            connection.send(insert(turns).values(turn("a", 2)))
            raise KeyError

    async with store.write() as connection:
        connection.send(insert(turns).values(turn("a", 1)))
        with pytest.raises(KeyError):
            await give_up(connection)
    assert await rows(store) == [("a", 1)]


@on_postgresql
async def test_a_transaction_that_the_server_took_back_does_not_end_as_if_it_were_committed(
    store: Store,
) -> None:
    async def go_on_after_an_error() -> None:
        async with store.write() as connection:
            await connection.execute(insert(turns).values(turn("a", 1)))
            with pytest.raises(IntegrityError):
                await connection.execute(insert(turns).values(turn("a", 2)))

    with pytest.raises(InternalError):
        await go_on_after_an_error()
    assert await rows(store) == []


async def test_a_statement_with_a_list_is_not_executed_for_the_first_of_several_alone(store: Store) -> None:
    listed = turns.c.key.in_(bindparam("keys", expanding=True))
    change = turns.update().where(listed).values(taken_until_ms=2)

    async def write() -> None:
        async with store.write() as connection:
            connection.send(insert(turns).values(turn("a", 1)))
            connection.send(change, [{"keys": ["a"]}, {"keys": ["b"]}])

    with pytest.raises(SQLAlchemyError):
        await write()
    assert await rows(store) == []


@on_postgresql
async def test_a_row_that_is_refused_is_in_no_log_line(store: Store, logged: io.StringIO) -> None:
    async def write_twice_and_a_surrogate() -> None:
        async with store.write() as connection:
            for key in ("a row's key", "a row's key", "\ud800"):
                connection.send(insert(turns).values(turn(key, 1)))
            await connection.deliver()

    with pytest.raises(UnicodeEncodeError):
        await write_twice_and_a_surrogate()
    assert "a row's key" not in logged.getvalue()


@on_postgresql
async def test_what_is_sent_together_is_one_round_trip(store: Store) -> None:
    with counted() as visits:
        async with store.write() as connection:
            for number in range(20):
                connection.send(insert(turns).values(turn(f"C{number}", 1)))
            connection.send(READ)
    assert visits == Visits(writes=1, round_trips=1)
    with counted() as visits:
        async with store.write() as connection:
            await connection.execute(READ)
            connection.send(turns.delete())
    assert visits == Visits(writes=1, round_trips=2)


@on_postgresql
async def test_nothing_is_said_of_a_statement_that_has_not_been_executed(store: Store) -> None:
    async with store.write() as connection:
        sent = connection.send(READ)
        with pytest.raises(RuntimeError):
            _ = sent.result
