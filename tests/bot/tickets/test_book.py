"""What was done about each ticket: taken by one job at a time, and done once."""

import pytest

from bot.domain.model import Subject, SubjectKind, TicketReference
from bot.jobs.inbox import Inbox
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.tickets.book import BeingAnswered, Entry, TicketBook, TicketMessage, TicketState

JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")
LI = Subject(SubjectKind.EMAIL, "li.wei@fabrikam.example", "li.wei@fabrikam.example")
TICKET = TicketReference("zendesk", "7", "https://acme.zendesk.com/agent/tickets/7")
HERE = TicketMessage("C1", "1.1", TICKET)
THERE = TicketMessage("C1", "2.2", TICKET)
KEYRING = Keyring(("a secret",))


@pytest.fixture
def book(store: Store) -> TicketBook:
    return TicketBook(store, KEYRING)


async def accepted(store: Store, delivery: str) -> str:
    job = await Inbox(store, KEYRING).accept("ticket", delivery, "{}")
    assert job is not None
    return job.id


async def test_the_same_people_named_again_are_nothing_new(store: Store, book: TicketBook) -> None:
    one, other = await accepted(store, "1"), await accepted(store, "2")
    assert await book.take(one, HERE, [JANE]) == Entry(None)
    await book.settle(HERE, one, TicketState.ANSWERED, "9.9")
    assert await book.take(other, HERE, [JANE]) is None
    assert await book.take(other, HERE, []) is None
    assert await book.take(other, HERE, [JANE, LI]) == Entry("9.9")


async def test_a_job_that_begins_again_goes_on_and_another_waits(store: Store, book: TicketBook) -> None:
    one, other = await accepted(store, "1"), await accepted(store, "2")
    await book.take(one, HERE, [])
    assert await book.take(one, HERE, []) == Entry(None)
    with pytest.raises(BeingAnswered):
        await book.take(other, HERE, [JANE])


async def test_a_job_that_was_given_up_keeps_nobody_waiting(store: Store, book: TicketBook) -> None:
    other = await accepted(store, "2")
    await book.take("a job that is gone", HERE, [])
    assert await book.take(other, HERE, [JANE]) == Entry(None)


@pytest.mark.parametrize("decided", [TicketState.WRONG, TicketState.BY_PERSON])
async def test_what_a_person_decided_stands(store: Store, book: TicketBook, decided: TicketState) -> None:
    one = await accepted(store, "1")
    await book.take(one, HERE, [JANE])
    await book.decide("C1", "1.1", decided)
    await book.settle(HERE, one, TicketState.ANSWERED, "9.9")
    assert await book.take(await accepted(store, "2"), HERE, [LI]) is None


async def test_of_two_messages_of_one_ticket_the_first_to_say_whom_is_answered(
    store: Store, book: TicketBook
) -> None:
    one, other = await accepted(store, "1"), await accepted(store, "2")
    await book.take(one, HERE, [JANE])
    await book.take(other, THERE, [JANE])
    assert not await book.is_answered_elsewhere(THERE, [JANE])
    assert await book.is_answered_elsewhere(HERE, [JANE])
    assert not await book.is_answered_elsewhere(HERE, [LI])


async def test_a_removed_answer_is_no_answer_elsewhere(store: Store, book: TicketBook) -> None:
    one, other = await accepted(store, "1"), await accepted(store, "2")
    await book.take(one, HERE, [JANE])
    assert not await book.is_answered_elsewhere(HERE, [JANE])
    await book.decide("C1", "1.1", TicketState.WRONG)
    await book.take(other, THERE, [JANE])
    assert not await book.is_answered_elsewhere(THERE, [JANE])


async def test_tickets_without_a_url_are_never_the_same(store: Store, book: TicketBook) -> None:
    for root_ts in ("1.1", "2.2"):
        message = TicketMessage("C1", root_ts)
        await book.take(await accepted(store, root_ts), message, [JANE])
        assert not await book.is_answered_elsewhere(message, [JANE])
