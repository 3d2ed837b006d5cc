"""The book of watched threads, on both databases."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from sqlalchemy import update

from bot.domain.model import Subject, SubjectKind
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import watches
from bot.tickets.watches import Watch, WatchBook, WatchedError
from tests.conftest import MovableClock, stored

JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")
U77 = Subject(SubjectKind.UID, "u-77", "u-77")
SHOP, DAY = "raygun/shop", timedelta(days=1)
FIRST = WatchedError(SHOP, "TypeError: cart of jane", "https://app.raygun.com/e/errors/1", "1")
SECOND = WatchedError(SHOP, "RangeError", "https://app.raygun.com/e/errors/2", "2")
WATCH = Watch("C1", "1.1", (JANE,), (FIRST,), ((SHOP, JANE), (SHOP, U77)))
NOW: datetime = MovableClock().now


@pytest.fixture
def book(store: Store, keyring: Keyring) -> WatchBook:
    return WatchBook(store, keyring)


async def begin(
    book: WatchBook, store: Store, watch: Watch = WATCH, *, by_person: bool = False, lasting: timedelta = DAY
) -> bool:
    async with store.write() as connection:
        begun = await book.begin(connection, watch, lasting, timedelta(), by_person=by_person)
        return begun is not None


async def having(book: WatchBook, store: Store, error: WatchedError) -> tuple[str, ...]:
    async with store.read() as connection:
        return await book.places(connection, book.keys_of_error(error))


async def test_a_thread_is_found_by_its_errors_and_by_its_customers_names(
    book: WatchBook, store: Store
) -> None:
    assert await begin(book, store)
    place = book.place("C1", "1.1")
    assert await having(book, store, FIRST) == (place,)
    assert await having(book, store, replace(FIRST, id=None)) == (place,)
    assert await having(book, store, SECOND) == ()
    async with store.read() as connection:
        assert await book.places(connection, book.keys_of_names([(SHOP, U77)])) == (place,)
        assert await book.places(connection, book.keys_of_names([("raygun/other", U77)])) == ()
        assert await book.is_known(connection, book.keys_of_error(FIRST))
    assert await book.watched(place) == WATCH
    assert "jane" not in await stored(store)


async def test_what_a_thread_shows_later_is_watched_too(book: WatchBook, store: Store) -> None:
    await begin(book, store)
    await begin(book, store, replace(WATCH, errors=(SECOND,), seen_at=NOW))
    [row] = await book.every()
    assert row.watch == replace(WATCH, errors=(FIRST, SECOND), seen_at=NOW)
    assert await having(book, store, SECOND) == (book.place("C1", "1.1"),)


async def test_a_thread_that_was_stopped_is_watched_again_by_a_person_alone(
    book: WatchBook, store: Store
) -> None:
    await begin(book, store)
    assert await book.stop("C1", "1.1")
    assert not await book.stop("C1", "1.1")
    assert await having(book, store, FIRST) == ()
    assert not await begin(book, store)
    assert [row.is_on for row in await book.every()] == [False]
    assert await begin(book, store, by_person=True)
    assert await having(book, store, FIRST) == (book.place("C1", "1.1"),)
    await book.drop("C1", "1.1")
    assert await book.every() == []


async def test_an_error_that_hits_the_customer_is_added_once(book: WatchBook, store: Store) -> None:
    await begin(book, store)
    place = book.place("C1", "1.1")
    async with store.write() as connection:
        assert await book.add_hit(connection, place, FIRST) is None
        added = await book.add_hit(connection, place, SECOND)
        assert added is not None
        assert (added.hits, added.errors) == (1, (FIRST, SECOND))
        assert await book.add_hit(connection, place, SECOND) is None
        assert await book.add_hit(connection, "elsewhere", SECOND) is None
    assert await having(book, store, SECOND) == (place,)


async def test_threads_are_counted_by_error_and_those_that_are_over_are_not(
    book: WatchBook, store: Store
) -> None:
    for number, lasting in enumerate((DAY, DAY, -DAY)):
        await begin(book, store, replace(WATCH, root_ts=f"{number}.1"), lasting=lasting)
    async with store.read() as connection:
        assert {(2, FIRST)} == set(await book.counts(connection, [FIRST, SECOND]))
        assert await book.count(connection, book.keys_of_error(FIRST)) == 2
        places = await book.places(connection, book.keys_of_error(FIRST))
    assert len(await book.every()) == 2
    for changes in (1, 2, 3, 3):
        async with store.write() as connection:
            counted = await book.add_change(connection, (*places, "elsewhere"), 2)
        assert {place: one.changes for place, one in counted.items()} == dict.fromkeys(places, changes)


async def test_a_thread_is_looked_at_when_its_time_has_come_and_no_more_when_that_is_said(
    book: WatchBook, store: Store
) -> None:
    await begin(book, store)
    place = book.place("C1", "1.1")
    assert await book.due(10, DAY) == [place]
    assert await book.due(10, DAY) == []
    async with store.write() as connection:
        await connection.execute(update(watches).values(look_ms=0))
        await book.look_no_more(connection, place)
    assert await book.due(10, DAY) == []
