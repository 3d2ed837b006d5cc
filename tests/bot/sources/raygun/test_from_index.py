"""The answer that is made of the index: whose sessions, how complete, and with which remarks."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.coverage import Coverage, Span
from bot.domain.model import (
    ErrorEvent,
    Failure,
    Reason,
    Session,
    SessionUser,
    SourceName,
    Subject,
    SubjectKind,
)
from bot.sources.protocol import Question
from bot.sources.raygun.from_index import answer_of, belongs_to, look_up
from bot.sources.raygun.index import Customer, Harvest, Opened, SessionIndex, Sighted
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from tests.conftest import prepared_sqlite
from tests.subjects import uid

SHOP = SourceName("raygun", "shop")
NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
HOUR, DAY, WEEK = timedelta(hours=1), timedelta(days=1), timedelta(days=7)
JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")
HER = SessionUser(uid="u-77", email="jane@contoso.example")
YESTERDAY = Span(NOW - DAY, NOW - HOUR)


ABOUT_HER = Question(JANE, 30)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    # The SQL is the index's, which has tests on both databases.
    return prepared_sqlite(tmp_path / "casefile.db")


@pytest.fixture
def index(store: Store, keyring: Keyring) -> SessionIndex:
    return SessionIndex(store, keyring, WEEK, DAY)


async def read(index: SessionIndex, *sessions: Session, whole: Span | None = YESTERDAY) -> None:
    """Let the index have these sessions, and be complete for a span."""
    sighted = [Sighted(session, session.user.uid) for session in sessions]
    customers = [Customer(session.user.uid or "", session.user) for session in sessions]
    await index.put(SHOP, Harvest(sighted, customers, whole), NOW)


def visit(number: int, hours_ago: float, user: SessionUser = HER) -> Session:
    start = NOW - HOUR * hours_ago
    return Session(SHOP, str(number), started_at=start, ended_at=start + HOUR / 2, user=user, live=False)


async def test_an_index_that_covers_nothing_has_no_answer(index: SessionIndex) -> None:
    await read(index, visit(1, 2), whole=None)
    assert answer_of(await look_up(index, SHOP, ABOUT_HER, NOW), ABOUT_HER, NOW) is None


async def test_an_answer_is_of_when_the_index_ends_and_says_what_it_covers(index: SessionIndex) -> None:
    await read(index, visit(1, 2), visit(2, 5), visit(3, 3, SessionUser(uid="u-78")))
    answer = answer_of(await look_up(index, SHOP, ABOUT_HER, NOW), ABOUT_HER, NOW)
    assert answer is not None
    assert [session.id for session in answer.sessions] == ["1", "2"]
    assert (answer.as_of, answer.covers) == (YESTERDAY.end, Coverage((YESTERDAY,)))


async def test_whoever_was_asked_for_alone_is_known_up_to_then(index: SessionIndex) -> None:
    asked = Span(NOW - WEEK, NOW)
    await index.put_answer(SHOP, JANE, Harvest(), asked)
    answer = answer_of(await look_up(index, SHOP, ABOUT_HER, NOW), ABOUT_HER, NOW)
    assert answer is not None
    assert (answer.sessions, answer.as_of) == ((), NOW)
    assert any("the uid may find more" in note for note in answer.notes)
    assert answer.by_other_name


async def test_identifiers_that_are_not_asked_by_are_counted_and_nothing_is_claimed_for_them(
    index: SessionIndex,
) -> None:
    many = [visit(n, n, SessionUser(uid=f"u-{n}", email=JANE.value)) for n in range(2, 7)]
    await read(index, *many)
    before = await look_up(index, SHOP, ABOUT_HER, NOW)
    # The newest first.
    assert [name.value for name in before.names] == ["u-2", "u-3", "u-4"]
    for name in before.names:
        await index.put_answer(SHOP, name, Harvest(), Span(NOW - 30 * DAY, NOW))
    known = await look_up(index, SHOP, ABOUT_HER, NOW)
    answer = answer_of(known, ABOUT_HER, NOW)
    assert answer is not None
    assert "asked for by 3 of 5 identifiers" in answer.notes
    assert answer.covers == Coverage((YESTERDAY,))
    assert not known.was_asked_since(NOW - DAY)


async def test_a_sessions_own_page_adds_its_errors_and_its_pages(index: SessionIndex) -> None:
    await read(index, visit(1, 2), visit(2, 5))
    page = Session(SHOP, "1", url="https://app.raygun.com/rum/1", entry_page="/cart", errors=1, live=False)
    error = ErrorEvent(SHOP, "TypeError: x", session_id="1")
    before = await look_up(index, SHOP, ABOUT_HER, NOW)
    assert before.unopened == ("1", "2")
    await index.put_opened(SHOP, Opened(page, (error,), NOW))
    known = await look_up(index, SHOP, ABOUT_HER, NOW)
    answer = answer_of(known, ABOUT_HER, NOW)
    assert answer is not None
    assert (answer.sessions[0].entry_page, answer.sessions[0].url, answer.errors) == (
        "/cart",
        page.url,
        (error,),
    )
    assert answer.notes == ("errors of the newest session alone",)
    assert known.unopened == ("2",)


async def test_a_page_that_was_read_while_the_session_ran_is_read_again_when_it_has_ended(
    index: SessionIndex,
) -> None:
    await read(index, visit(1, 2))
    await index.put_opened(SHOP, Opened(Session(SHOP, "1", live=True), (), NOW - HOUR))
    assert (await look_up(index, SHOP, ABOUT_HER, NOW)).unopened == ("1",)
    await index.put_opened(SHOP, Opened(Session(SHOP, "1", live=False), (), NOW))
    assert (await look_up(index, SHOP, ABOUT_HER, NOW)).unopened == ()


async def test_why_the_vendor_could_not_be_asked_is_a_remark(index: SessionIndex) -> None:
    await read(index, visit(1, 2))
    spent = Failure(Reason.QUOTA_SPENT, "Raygun was not asked: our calls to it are spent")
    answer = answer_of(await look_up(index, SHOP, ABOUT_HER, NOW), ABOUT_HER, NOW, spent)
    assert answer is not None
    assert answer.notes == (
        "errors not asked for: the calls left are kept for finding people",
        spent.message,
    )


async def test_a_session_that_both_apis_told_of_is_there_once(index: SessionIndex) -> None:
    await read(index, visit(1, 2), visit(900, 2), visit(2, 5))
    known = await look_up(index, SHOP, ABOUT_HER, NOW)
    assert len(known.sessions) == 2


@pytest.mark.parametrize(
    ("names", "user", "theirs"),
    [
        ([JANE], SessionUser(email="jane@contoso.example"), True),
        ([JANE], SessionUser(uid="Jane@Contoso.example"), True),
        ([JANE], SessionUser(uid="u-77", email="jane@contoso.example"), True),
        ([JANE], SessionUser(uid="u-77"), True),
        ([JANE], SessionUser(), True),
        ([JANE], SessionUser(uid="u-77", email="bob@contoso.example"), False),
        ([JANE], SessionUser(uid="bob@contoso.example"), False),
        ([JANE, uid("u-77")], SessionUser(uid="u-78"), False),
        ([JANE, uid("u-77")], SessionUser(uid="u-77", email="other@contoso.example"), True),
        ([uid("u-77")], SessionUser(uid="u-77"), True),
        ([uid("u-77")], SessionUser(uid="U-77"), False),
        ([uid("u-77")], SessionUser(uid="u-78", email="jane@contoso.example"), False),
        ([uid("u-77")], SessionUser(email="jane@contoso.example"), False),
        ([uid("u-77")], SessionUser(), True),
    ],
)
def test_a_session_is_shown_only_where_its_names_do_not_say_otherwise(
    names: list[Subject], user: SessionUser, theirs: bool
) -> None:
    assert belongs_to(Session(SHOP, "1", user=user), names) == theirs
