"""What is learnt from answers that people removed: shapes of messages, and nobody's address."""

import pytest

from bot.domain.model import Subject, SubjectKind
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.tickets.book import TicketBook, TicketMessage, TicketState
from bot.tickets.wrong_shapes import forget_wrong, known_wrong
from tests.conftest import stored

JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")
SHAPE = "A0DESK001 zendesk: label requester in body"


@pytest.fixture
def book(store: Store) -> TicketBook:
    return TicketBook(store, Keyring(("a secret",)))


async def answered(book: TicketBook, root_ts: str, shape: str = SHAPE) -> None:
    message = TicketMessage("C1", root_ts)
    await book.take(f"job {root_ts}", message, [JANE])
    await book.settle(message, f"job {root_ts}", TicketState.ANSWERED, "9.9", shape)


async def test_a_removed_answer_is_remembered_by_its_messages_shape(store: Store, book: TicketBook) -> None:
    await answered(book, "1.1")
    assert not await book.is_wrong_shape(SHAPE)
    await book.decide("C1", "1.1", TicketState.WRONG)
    assert await book.is_wrong_shape(SHAPE)
    assert not await book.is_wrong_shape("A0DESK001 zendesk: label customer in field")
    assert "jane" not in await stored(store)


async def test_each_removed_answer_counts_once_however_often_remove_is_pressed(
    store: Store, book: TicketBook
) -> None:
    for root_ts in ("1.1", "2.2"):
        await answered(book, root_ts)
        for _ in range(2):
            await book.decide("C1", root_ts, TicketState.WRONG)
    await answered(book, "3.3", "another shape")
    await book.decide("C1", "3.3", TicketState.WRONG)
    known = await known_wrong(store)
    assert [(one.shape, one.removed) for one in known] == [(SHAPE, 2), ("another shape", 1)]


async def test_what_was_answered_otherwise_teaches_nothing(store: Store, book: TicketBook) -> None:
    await answered(book, "1.1", "")
    await book.decide("C1", "1.1", TicketState.WRONG)
    await answered(book, "2.2")
    await book.decide("C1", "2.2", TicketState.BY_PERSON)
    await book.decide("C1", "never seen", TicketState.WRONG)
    assert await known_wrong(store) == []
    assert not await book.is_wrong_shape("")


async def test_a_shape_that_is_forgotten_is_answered_again(store: Store, book: TicketBook) -> None:
    await answered(book, "1.1")
    await book.decide("C1", "1.1", TicketState.WRONG)
    (known,) = await known_wrong(store)
    assert not await forget_wrong(store, known.number + 1)
    assert await forget_wrong(store, known.number)
    assert not await book.is_wrong_shape(SHAPE)
    assert await known_wrong(store) == []


async def test_a_shape_of_any_length_is_kept_and_found(store: Store, book: TicketBook) -> None:
    await answered(book, "1.1", "long " * 100)
    await book.decide("C1", "1.1", TicketState.WRONG)
    assert await book.is_wrong_shape("long " * 100)
    (known,) = await known_wrong(store)
    assert len(known.shape) == 200
