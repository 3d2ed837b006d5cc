"""Raygun's legacy contract, example by example: logins, pages, one session."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.coverage import Span
from bot.domain.model import Reason, Subject, SubjectKind
from bot.sources.http import CallFailed
from bot.sources.protocol import Question
from bot.sources.raygun.legacy_api import PAGE
from tests.bot.sources.canned import Bench, Canned, answer, bench, calls_of
from tests.bot.sources.raygun.examples import DETAIL, FOREIGN, LISTED, vendor
from tests.conftest import MovableClock
from tests.examples import examples

NOW = MovableClock().now.replace(microsecond=0)
SPAN = Span(NOW - timedelta(hours=1), NOW)


async def read(on_bench: Bench, canned: Canned, span: Span = SPAN) -> Any:
    source = on_bench.raygun(canned)
    return await source.api.read_span(span, await calls_of(source))


def last(path: str) -> str:
    return path.rsplit("/", 1)[1]


async def test_the_contracts_list_becomes_sessions_and_customers(on_bench: Bench) -> None:
    found = await read(on_bench, vendor([LISTED, FOREIGN]))
    session, customer = found.sessions[0].session, found.customers[0]
    assert (session.id, session.live, session.duration_seconds) == ("918273645012", True, 1010)
    assert (session.pages, session.url, session.ended_at) == (12, "https://app.raygun.com/rum/s/1", None)
    assert (session.user.uid, session.user.email) == ("cust-8841", "jane@corp.example")
    assert (customer.id, found.sessions[0].customer) == ("55120", "55120")
    assert found.whole == SPAN
    assert "203.0.113.9" not in repr(found)


async def test_the_contracts_detail_becomes_a_session_with_errors(on_bench: Bench) -> None:
    source = on_bench.raygun(vendor())
    opened = await source.api.open("918273645012", await calls_of(source))
    assert opened is not None
    (error,) = opened.errors
    assert (opened.session.city, opened.session.entry_page, opened.session.errors) == (
        "Kassel, Hesse",
        "/cart",
        1,
    )
    assert (error.id, error.title) == ("5544332211", "TypeError: cart is undefined")
    assert error.session_id == opened.session.id


async def test_a_session_that_raygun_does_not_know_is_none(on_bench: Bench) -> None:
    source = on_bench.raygun(vendor(session=answer({}, 404)))
    assert await source.api.open("1", await calls_of(source)) is None


async def test_the_login_is_kept_for_its_15_minutes_and_shared(on_bench: Bench) -> None:
    canned = vendor([])
    for _ in range(2):
        await read(on_bench, canned)
    assert [last(path) for path in canned.paths] == ["authenticate", "sessions", "sessions"]


async def test_a_session_key_that_has_run_out_is_renewed_once(on_bench: Bench) -> None:
    keys = iter(["old", "new", "newer"])

    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("authenticate"):
            return answer({"sessionKey": next(keys)}, 202)
        return answer({"sessions": []}) if request.headers["x-sessionkey"] == "new" else answer({}, 401)

    canned = Canned(respond)
    await read(on_bench, canned)
    assert [last(path) for path in canned.paths] == ["authenticate", "sessions"] * 2


async def test_a_key_that_is_refused_twice_is_a_failure_and_no_loop(on_bench: Bench) -> None:
    canned = Canned(
        lambda r: answer({"sessionKey": "k"}, 202) if r.url.path.endswith("ate") else answer({}, 401)
    )
    with pytest.raises(CallFailed) as failed:
        await read(on_bench, canned)
    assert failed.value.failure.reason is Reason.NOT_AUTHORISED
    assert len(canned.requests) == 4


async def test_login_by_post_is_tried_where_get_is_not_known_and_remembered(on_bench: Bench) -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("authenticate"):
            return answer({"sessionKey": "k"}, 202) if request.method == "POST" else answer({}, 405)
        return answer({"sessions": []})

    canned = Canned(respond)
    await read(on_bench, canned)
    await on_bench.memory.forget("raygun/shop", "session_key")
    await read(on_bench, canned)
    assert [request.method for request in canned.requests] == ["GET", "POST", "GET", "POST", "GET"]


async def test_a_login_that_does_not_count_is_not_written_down(on_bench: Bench) -> None:
    source = on_bench.raygun(vendor([]), login_counts=False)
    await source.api.read_span(SPAN, await calls_of(source))
    assert (await on_bench.ledger.state(await source.account())).used == 1


async def test_spans_are_asked_for_in_whole_seconds_and_not_claimed_beyond_them(on_bench: Bench) -> None:
    canned = vendor([])
    moment = timedelta(milliseconds=400)
    found = await read(on_bench, canned, Span(SPAN.start + moment, SPAN.end + moment))
    query = canned.requests[-1].url.params
    assert (query["dateFrom"], query["dateTo"]) == ("2026-11-20T13:05:09Z", "2026-11-20T14:05:09Z")
    assert found.whole == SPAN


@pytest.mark.parametrize(
    ("rows", "total", "whole"), [(3, 3, True), (3, 4, False), (3, None, True), (0, 0, True)]
)
async def test_a_list_is_whole_when_as_many_came_as_there_are(
    on_bench: Bench, rows: int, total: int | None, whole: bool
) -> None:
    listed = [LISTED | {"id": number} for number in range(rows)]
    body = {"sessions": listed} | ({} if total is None else {"totalSessions": total})
    found = await read(on_bench, vendor(sessions_answer=answer(body)))
    assert (found.whole is not None) == whole


async def test_the_same_session_twice_does_not_make_a_list_whole(on_bench: Bench) -> None:
    found = await read(
        on_bench, vendor(sessions_answer=answer({"totalSessions": 2, "sessions": [LISTED, LISTED]}))
    )
    assert found.whole is None
    assert len(found.sessions) == 1


class Paged:
    """A vendor of many sessions that answers page by page, in an order of its own, and fails at will."""

    def __init__(self, count: int, fails_at: int | None, shuffled: random.Random | None) -> None:
        self.rows = [
            LISTED | {"id": n, "sessionStart": (NOW - timedelta(seconds=n % 3500)).isoformat()}
            for n in range(count)
        ]
        if shuffled:
            shuffled.shuffle(self.rows)
        self.fails_at, self.pages = fails_at, 0

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("authenticate"):
            return answer({"sessionKey": "k"}, 202)
        self.pages += 1
        if self.pages - 1 == self.fails_at:
            return answer({}, 500)
        skip, limit = int(request.url.params.get("skip", 0)), int(request.url.params["limit"])
        return answer({"totalSessions": len(self.rows), "sessions": self.rows[skip : skip + limit]})


@examples(12)
@given(st.integers(0, 4 * PAGE), st.none() | st.integers(1, 3), st.randoms(use_true_random=False))
async def test_a_span_is_whole_exactly_when_every_page_of_it_was_read(
    tmp_path_factory: pytest.TempPathFactory, count: int, fails_at: int | None, shuffled: random.Random
) -> None:
    paged = Paged(count, fails_at, shuffled)
    async with bench(tmp_path_factory.mktemp("api"), MovableClock()) as on_bench:
        found = await read(on_bench, Canned(paged))
    pages = -(-count // PAGE)
    read_pages = pages if fails_at is None else min(pages, fails_at)
    assert (found.whole is not None) == (read_pages == pages)
    assert len(found.sessions) == min(count, read_pages * PAGE)


async def test_a_list_far_fuller_than_expected_is_not_read_to_its_end(on_bench: Bench) -> None:
    paged = Paged(5 * PAGE, None, None)
    found = await read(on_bench, Canned(paged))
    assert (paged.pages, found.whole, len(found.sessions)) == (4, None, 4 * PAGE)


async def test_junk_in_place_of_rows_is_passed_over(on_bench: Bench) -> None:
    junk: list[Any] = [
        LISTED,
        None,
        7,
        {"id": None},
        LISTED | {"id": 5, "user": "nobody", "sessionStart": "soon"},
    ]
    found = await read(on_bench, vendor(junk))
    assert [one.session.id for one in found.sessions] == ["918273645012", "5"]
    assert found.sessions[1].session.started_at is None


async def test_what_is_no_list_is_a_failure(on_bench: Bench) -> None:
    with pytest.raises(CallFailed) as failed:
        await read(on_bench, vendor(sessions_answer=answer({"sessions": {}})))
    assert failed.value.failure.reason is Reason.UNREADABLE


def test_the_examples_are_of_a_day_that_can_be_read() -> None:
    assert datetime.fromisoformat(LISTED["sessionStart"]).tzinfo == UTC
    assert DETAIL["session"]["id"] == LISTED["id"]


async def test_a_429_that_says_how_long_to_wait_is_waited_for_that_long(on_bench: Bench) -> None:
    source = on_bench.raygun(vendor(sessions_answer=answer({}, 429, **{"retry-after": "90"})))
    with pytest.raises(CallFailed) as failed:
        await source.check(await calls_of(source))
    assert failed.value.failure.until == on_bench.clock() + timedelta(seconds=90)
    state = await on_bench.ledger.state(await source.account())
    assert state.blocked_until is not None
    assert abs(state.blocked_until - on_bench.clock() - timedelta(seconds=90)) < timedelta(seconds=1)


async def test_of_more_sessions_than_a_page_nothing_is_claimed(on_bench: Bench) -> None:
    many = answer({"totalSessions": 501, "sessions": [LISTED], "links": {}})
    source = on_bench.raygun(vendor(sessions_answer=many))
    span = Span(on_bench.clock() - timedelta(days=30), on_bench.clock())
    harvest = await source.api.ask_person("cust-8841", span, await calls_of(source))
    assert (len(harvest.sessions), harvest.whole) == (1, None)


async def test_a_row_that_cannot_be_read_is_told_by_later_answers_from_the_index_too(on_bench: Bench) -> None:
    source = on_bench.raygun(vendor([LISTED, FOREIGN, {"id": {"odd": 1}}]))
    question = Question(Subject(SubjectKind.UID, "cust-8841", "cust-8841"), 7)
    calls = await calls_of(source)
    await source.find(question, calls)
    await on_bench.tasks.settle()
    recall = await source.recall(question)
    assert recall.answer is not None
    # Once for each of the two pages that were read.
    assert recall.answer.left_out == 2
