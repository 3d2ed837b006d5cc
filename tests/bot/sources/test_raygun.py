"""Raygun's legacy contract, example by example, and the care for its 50 calls."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from bot.casefile import Reason
from bot.sources.http import CallFailed
from bot.sources.raygun import details_affordable, rest_after_429
from tests.bot.sources.canned import Bench, Canned, answer, calls_of, find
from tests.conftest import MovableClock

USER = {
    "id": 55120, "isAnonymous": False, "identifier": "cust-8841", "firstName": "Jane", "fullName": "Jane Roe",
    "emailAddress": "jane@corp.example", "firstSeen": "2026-01-09T10:00:00.000Z",
    "lastSeen": "2026-11-03T08:31:00.004Z", "links": {"web": "https://app.raygun.com/rum/u/55120"},
}  # fmt: skip
LISTED: dict[str, Any] = {
    "id": 918273645012, "sessionStart": "2026-11-03T08:14:09.120Z", "sessionUpdated": "2026-11-03T08:31:00.004Z",
    "sessionEnd": None, "user": USER, "browser": {"name": "Firefox", "version": "131.0"},
    "platform": {"name": "Desktop"}, "os": {"name": "Windows", "version": "11"},
    "location": {"country": "DE", "ipAddress": "203.0.113.9"}, "sessionLength": 1010884, "status": "active",
    "pageViewCount": 12, "links": {"self": "https://api.raygun.com/x", "web": "https://app.raygun.com/rum/s/1"},
}  # fmt: skip
FOREIGN = LISTED | {
    "id": 918270000001, "status": "ended", "sessionLength": 0,
    "user": {"id": 70001, "isAnonymous": True, "identifier": "1b9d…", "firstName": None, "fullName": None,
             "emailAddress": None, "firstSeen": None, "lastSeen": None, "links": {"web": "https://app.raygun.com/…"}},
}  # fmt: skip
DETAIL = {
    "session": {k: v for k, v in LISTED.items() if k != "pageViewCount"}
    | {
        "satisfactionRating": "Poor",
        "location": {"country": "DE", "ipAddress": "203.0.113.9", "ipLookup": {"country": "Germany", "state": "Hesse", "city": "Kassel"}},
        "errors": [{"groupId": 5544332211, "instanceId": 99887766550, "title": "TypeError: cart is undefined", "links": {"web": "https://app.raygun.com/crashreporting/19abc7x/errors/5544332211"}}],
        "pageViews": [{"page": "https://shop.example/cart?token=1", "loadingTime": 2210, "viewingTime": 64000, "viewedOn": "2026-11-03T08:15:00.000Z"}],
    }
}  # fmt: skip


def vendor(sessions: list[Any] | None = None, **answers: httpx.Response) -> Canned:
    usual = {
        "authenticate": answer({"sessionKey": "pk_9f2b61f0c4"}, 202),
        "sessions": answer(
            {"totalSessions": 2, "sessions": [LISTED] if sessions is None else sessions, "links": {}}
        ),
        "session": answer(DETAIL),
    } | answers

    def respond(request: httpx.Request) -> httpx.Response:
        canned = usual[request.url.path.rsplit("/", 1)[1]]
        return httpx.Response(canned.status_code, content=canned.content, headers=canned.headers)

    return Canned(respond)


async def test_the_contracts_examples_become_sessions_and_errors(on_bench: Bench) -> None:
    found = await find(on_bench.raygun(vendor()), "cust-8841")
    session, error = found.sessions[0], found.errors[0]
    assert (session.id, session.live, session.duration_seconds, session.pages) == (
        "918273645012",
        True,
        1010,
        12,
    )
    assert (session.user.uid, session.user.email, session.city) == (
        "cust-8841",
        "jane@corp.example",
        "Kassel",
    )
    assert (session.entry_page, session.errors, session.ended_at) == ("/cart", 1, None)
    assert (error.id, error.title, error.session_id) == (
        "5544332211",
        "TypeError: cart is undefined",
        session.id,
    )
    assert "203.0.113.9" not in repr(found)


async def test_another_customers_session_is_never_shown(on_bench: Bench) -> None:
    found = await find(on_bench.raygun(vendor([FOREIGN, LISTED])), "cust-8841")
    assert [session.id for session in found.sessions] == ["918273645012"]


async def test_the_login_is_kept_for_its_15_minutes_and_shared(on_bench: Bench) -> None:
    canned = vendor([])
    await find(on_bench.raygun(canned), "a")
    await find(on_bench.raygun(canned), "b")
    assert [path.rsplit("/", 1)[1] for path in canned.paths] == ["authenticate", "sessions", "sessions"]


async def test_a_session_key_that_has_run_out_is_renewed_once(on_bench: Bench) -> None:
    keys = iter(["old", "new", "newer"])

    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("authenticate"):
            return answer({"sessionKey": next(keys)}, 202)
        return answer({"sessions": []}) if request.headers["x-sessionkey"] == "new" else answer({}, 401)

    canned = Canned(respond)
    await find(on_bench.raygun(canned), "u")
    assert [path.rsplit("/", 1)[1] for path in canned.paths] == ["authenticate", "sessions"] * 2


async def test_a_key_that_is_refused_twice_is_a_failure_and_no_loop(on_bench: Bench) -> None:
    canned = Canned(
        lambda r: answer({"sessionKey": "k"}, 202) if r.url.path.endswith("ate") else answer({}, 401)
    )
    with pytest.raises(CallFailed) as failed:
        await find(on_bench.raygun(canned), "u")
    assert failed.value.failure.reason is Reason.NOT_AUTHORISED
    assert len(canned.requests) == 4


async def test_login_by_post_is_tried_where_get_is_not_known_and_remembered(on_bench: Bench) -> None:
    def respond(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("authenticate"):
            return answer({"sessionKey": "k"}, 202) if request.method == "POST" else answer({}, 405)
        return answer({"sessions": []})

    canned = Canned(respond)
    source = on_bench.raygun(canned)
    await find(source, "u")
    await on_bench.memory.forget("raygun/shop", "session_key")
    await find(source, "v")
    assert [request.method for request in canned.requests] == ["GET", "POST", "GET", "POST", "GET"]


async def test_a_login_is_not_spent_when_no_call_would_be_left_for_the_list(on_bench: Bench) -> None:
    canned = vendor()
    with pytest.raises(CallFailed) as failed:
        await find(on_bench.raygun(canned, daily_calls=1), "u")
    assert failed.value.failure.reason is Reason.QUOTA_SPENT
    assert canned.requests == []


async def test_a_login_that_does_not_count_is_not_written_down(on_bench: Bench) -> None:
    source = on_bench.raygun(vendor([]), login_counts=False)
    await find(source, "u")
    assert (await on_bench.ledger.state(await source.account())).used == 1


async def test_a_429_closes_the_account_and_no_further_call_is_made(on_bench: Bench) -> None:
    canned = Canned(
        lambda r: answer({"sessionKey": "k"}, 202) if r.url.path.endswith("ate") else answer({}, 429)
    )
    source = on_bench.raygun(canned)
    reasons = []
    for _ in range(2):
        with pytest.raises(CallFailed) as failed:
            await find(source, "u")
        reasons.append(failed.value.failure.reason)
    assert reasons == [Reason.RATE_LIMITED, Reason.QUOTA_SPENT]
    assert len(canned.requests) == 2


def test_without_a_word_of_the_vendors_the_rest_lasts_until_midnight_in_utc(clock: MovableClock) -> None:
    assert clock.now + rest_after_429(clock.now) == datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(("left", "opened"), [(50, 2), (27, 2), (26, 1), (25, 0), (3, 0)])
def test_the_second_half_of_the_days_calls_is_kept_for_finding_people(left: int, opened: int) -> None:
    assert details_affordable(left, 50) == opened


async def test_errors_that_were_not_asked_for_are_said_to_be_so(on_bench: Bench) -> None:
    found = await find(on_bench.raygun(vendor(), daily_calls=3), "cust-8841")
    assert found.errors == ()
    assert "errors not asked for" in found.notes[0]


async def test_an_address_that_finds_nobody_comes_with_the_reason_why(on_bench: Bench) -> None:
    found = await find(on_bench.raygun(vendor([])), "jane@corp.example")
    assert "the uid may find more" in found.notes[0]


async def test_one_session_is_described_by_its_number(on_bench: Bench) -> None:
    source = on_bench.raygun(vendor())
    session = await source.session("918273645012", await calls_of(source))
    assert session is not None
    assert session.url == "https://app.raygun.com/rum/s/1"
    unknown = on_bench.raygun(vendor(session=answer({}, 404)))
    assert await unknown.session("1", await calls_of(unknown)) is None
