"""Which tickets are listed, on which page, and by which job that is posted: the same on both databases."""

import pytest
from sqlalchemy import update

from bot.jobs.inbox import Inbox
from bot.jobs.tickets.digest_book import LINES_OF_PAGE, DigestBook, ListedTicket
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import digest_tickets
from bot.tickets.book import BeingAnswered


@pytest.fixture
def book(store: Store, keyring: Keyring) -> DigestBook:
    return DigestBook(store, keyring)


async def test_each_message_is_counted_once_and_stays_where_it_was_listed(book: DigestBook) -> None:
    assert await book.page_of("C1", "1.1", 1) is None
    assert await book.page_of("C1", "1.1", 1) is None
    page = await book.page_of("C1", "1.2", 1)
    assert page is not None
    assert page.startswith("C1 ")
    assert await book.page_of("C1", "1.2", 1_000) == page
    assert await book.page_of("C2", "1.2", 1) is None


async def test_what_came_more_than_an_hour_ago_counts_no_more(store: Store, book: DigestBook) -> None:
    assert await book.page_of("C1", "1.1", 1) is None
    async with store.write() as connection:
        await connection.execute(update(digest_tickets).values(at_ms=digest_tickets.c.at_ms - 3_600_001))
    assert await book.page_of("C1", "1.2", 1) is None


async def test_a_page_has_its_lines_and_the_next_ticket_a_page_of_its_own(book: DigestBook) -> None:
    pages = [await book.page_of("C1", f"1.{number}", 0) for number in range(LINES_OF_PAGE + 1)]
    assert len({*pages[:LINES_OF_PAGE]}) == 1
    assert pages[-1] != pages[0]


async def test_a_line_is_written_once_by_a_job_and_anew_by_the_next(store: Store, book: DigestBook) -> None:
    page = await book.page_of("C1", "1.1", 0)
    assert page is not None

    async def said(text: str, job: str) -> list[tuple[str, bool]]:
        async with store.write() as connection:
            await book.add(connection, "C1", ListedTicket("1.1", text), job)
            await book.add(connection, "C1", ListedTicket("never.listed", text), job)
        return [(line.ticket.text, line.is_told) for line in await book.lines(page)]

    assert await book.lines(page) == []
    assert await said("first", "one") == [("first", False)]
    await book.note(page, "2.2", await book.lines(page))
    assert await said("again", "one") == [("first", True)]
    before = await book.lines(page)
    assert await said("second", "two") == [("second", False)]
    # What was shown before is not what is there now.
    await book.note(page, "2.2", before)
    assert [line.is_told for line in await book.lines(page)] == [False]


async def test_one_job_posts_a_page_and_another_takes_that_on_when_it_has_ended(
    store: Store, keyring: Keyring, book: DigestBook
) -> None:
    inbox = Inbox(store, keyring)
    one, two = [await inbox.accept("digest", key, "{}") for key in ("one", "two")]
    assert one is not None
    assert two is not None
    assert await book.begin("C1 1 0", one.id) is None
    assert await book.begin("C1 1 0", one.id) is None
    with pytest.raises(BeingAnswered):
        await book.begin("C1 1 0", two.id)
    await inbox.finish(one)
    assert await book.begin("C1 1 0", two.id) is None
    await book.note("C1 1 0", "2.2")
    assert await book.begin("C1 1 0", "any other") == "2.2"
