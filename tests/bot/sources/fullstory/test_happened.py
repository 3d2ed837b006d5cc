"""What happened in a FullStory session: read from its context or its events, and what of it went wrong."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest
from hypothesis import given, settings
from pydantic import TypeAdapter

from bot.domain.model import ErrorKind, Reason, Session, SourceName
from bot.sources.fullstory.happened import read_happened
from bot.sources.http import CallFailed
from bot.sources.protocol import SessionErrors
from tests.bot.sources.canned import Bench, Canned, answer, calls_of, find
from tests.bot.sources.test_any_json import BODIES
from tests.conftest import MovableClock

BARE = Session(SourceName("fullstory", "main"), "77:1000")
PAGE = {"url": {"full_url": "https://shop.example/pay?token=secret", "path": "/pay"}}
KEPT = TypeAdapter(SessionErrors)
FORBIDDEN = answer({"code": "forbidden", "message": "no"}, 403)
NOT_FOUND = answer({"code": "resource_not_found", "message": "no"}, 404)


def event(kind: str, at: str = "2026-11-20T10:00:00.000Z", **properties: Any) -> dict[str, Any]:
    return {"event_type": kind, "event_time": at, "event_properties": properties, "source_properties": PAGE}


def titles(*events: Any) -> list[tuple[ErrorKind, str, int | None]]:
    errors = read_happened({"events": list(events)}, BARE).errors()
    return [(error.kind, error.title, error.count) for error in errors]


# The names are those of the vendor's warehouse: github.com/fullstorydev/dbt_fullstory.
WRONG = [
    (event("exception", message="x is not a function", exception_count=3, exception_source_file="https://shop.example/app.js"), (ErrorKind.EXCEPTION, "x is not a function", 3)),
    (event("exception", exception_source_file="https://shop.example/app.js?v=1"), (ErrorKind.EXCEPTION, "exception in /app.js", 1)),
    (event("exception", event_definition_id="d-1"), (ErrorKind.EXCEPTION, "exception without a message", 1)),
    (event("exception", message="GET https://shop.example/api?token=secret failed"), (ErrorKind.EXCEPTION, "GET https://shop.example/api failed", 1)),
    (event("console_message", message="No stock", console_message_level="error"), (ErrorKind.EXCEPTION, "No stock", 1)),
    (event("crashed"), (ErrorKind.CRASH, "the app crashed", 1)),
    (event("request", request_method="POST", request_status=502, request_url={"full_url": "https://shop.example/api/pay?card=1", "path": "/api/pay"}), (ErrorKind.FAILED_REQUEST, "POST /api/pay: 502", 1)),
    (event("request", request_method="GET", request_status="404", request_url_full_url="https://shop.example/api/cart?x=1"), (ErrorKind.FAILED_REQUEST, "GET /api/cart: 404", 1)),
    (event("request", request_method="GET", request_url="https://shop.example/api/cart?x=1"), (ErrorKind.FAILED_REQUEST, "GET /api/cart: no answer", 1)),
    (event("click", fs_rage_count=4, target_text="Pay now"), (ErrorKind.RAGE_CLICK, "rage clicks on “Pay now”", 4)),
    (event("click", fs_dead_count="2", target_raw_selector="#pay"), (ErrorKind.DEAD_CLICK, "dead click on “#pay”", 2)),
    (event("click", fs_error_kind="console", target_text="Pay"), (ErrorKind.ERROR_CLICK, "click that caused an error on “Pay”", 1)),
    (event("custom", event_name="Payment failed", code="E42", amount=12), (ErrorKind.CUSTOM, "Payment failed (code: E42, amount: 12)", 1)),
    (event("checkout_failed", code="E42"), (ErrorKind.CUSTOM, "checkout_failed (code: E42)", 1)),
]  # fmt: skip


def camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(other.capitalize() for other in others)


@pytest.mark.parametrize("case", [str, camel], ids=["snake", "camel"])
@pytest.mark.parametrize(
    ("given", "wanted"), WRONG, ids=lambda one: str(one[1]) if isinstance(one, tuple) else ""
)
def test_what_went_wrong_is_told_in_words(
    given: dict[str, Any], wanted: tuple[ErrorKind, str, int], case: Any
) -> None:
    renamed = {case(name): value for name, value in given["event_properties"].items()}
    assert titles(given | {"event_properties": renamed}) == [wanted]


@pytest.mark.parametrize(
    "given",
    [
        event("navigate"),
        event("click", fs_rage_count=0, fs_dead_count=0, fs_error_kind=None, target_text="Pay"),
        event("request", request_method="GET", request_status=200, request_url="https://shop.example/"),
        event("console_message", message="hello", console_message_level="warn"),
        event("custom", event_name="Order placed"),
        event("mouse_thrash"),
        {},
        {"event_type": None, "event_properties": ["error"]},
    ],
)
def test_what_went_well_is_no_error(given: dict[str, Any]) -> None:
    assert titles(given) == []


def test_one_click_can_be_several_things() -> None:
    given = event("click", fs_rage_count=3, fs_dead_count=1, fs_error_kind="exception", target_text="Pay")
    assert {kind for kind, _, _ in titles(given)} == {
        ErrorKind.RAGE_CLICK,
        ErrorKind.DEAD_CLICK,
        ErrorKind.ERROR_CLICK,
    }


def test_the_newest_comes_first_with_its_own_time_and_page() -> None:
    body = {
        "events": [
            event("exception", "2026-11-20T10:00:05.000Z", message="second"),
            event("exception", "2026-11-20T10:00:01.000Z", message="first"),
            {"event_type": "exception", "event_properties": {"message": "at no time"}},
        ]
    }
    newest, _, timeless = errors = read_happened(body, BARE).errors()
    assert [error.title for error in errors] == ["second", "first", "at no time"]
    assert newest.occurred_at == datetime(2026, 11, 20, 10, 0, 5, tzinfo=UTC)
    assert (newest.page, newest.session_id, timeless.occurred_at) == ("/pay", "77:1000", None)


# As in the vendor's own client: github.com/fullstorydev/fullstory-anywhere-activation, projects/sdk/src/session.ts.
CONTEXT: dict[str, Any] = {
    "context_data": {
        "context": {
            "session_id": "77:1000",
            "session_url": "https://app.fullstory.com/ui/7QX2B/session/77:1000",
            "session_created_at": "2026-11-20T09:59:00Z",
            "org_context": {"org_id": "o-7QX2B-na1"},
            "user_context": {"user_uid": "cust-8841", "display_name": "Jane Roe", "email": "Jane@corp.example", "properties": {"plan": "gold"}},
            "location_context": {"country": "DE", "region": "HE", "city": "Kassel"},
            "device_context": {"browser": "Chrome 120", "operating_system": "macOS 14.2", "screen_size": {"height_pixels": 900, "width_pixels": 1440}},
        },
        "pages": [
            {"url": "https://shop.example/cart?utm_campaign=autumn&x=1", "title": "Cart", "tab": 1, "events": [
                {"type": "navigate", "description": "Navigated to /cart", "timestamp": "2026-11-20T09:59:01Z"},
                {"type": "rage-click", "description": "Rage clicked", "content": "Pay now", "timestamp": "2026-11-20T09:59:30Z"},
            ]},
            {"url": "https://shop.example/pay", "title": "Pay", "events": [
                {"type": "navigate", "description": "Navigated to /pay", "timestamp": "2026-11-20T10:00:00Z"},
                {"type": "network-error", "description": "POST https://shop.example/api/pay?card=1 returned 502", "timestamp": "2026-11-20T10:00:02Z"},
                {"type": "console-error", "description": "Payment broke", "timestamp": "2026-11-20T10:00:03Z"},
            ]},
        ],
    }
}  # fmt: skip


def test_a_context_tells_the_errors_and_completes_the_row() -> None:
    happened = read_happened(CONTEXT, BARE)
    assert [(error.kind, error.title, error.page) for error in happened.errors()] == [
        (ErrorKind.EXCEPTION, "Payment broke", "/pay"),
        (ErrorKind.FAILED_REQUEST, "POST https://shop.example/api/pay returned 502", "/pay"),
        (ErrorKind.RAGE_CLICK, "rage clicks on “Pay now”", "/cart"),
    ]
    row = happened.session
    assert (row.browser, row.os, row.city, row.country) == ("Chrome 120", "macOS 14.2", "Kassel", "DE")
    assert (row.user.uid, row.user.email, row.user.name) == ("cust-8841", "jane@corp.example", "Jane Roe")
    assert (row.entry_page, row.exit_page, row.trail) == ("/cart", "/pay", ("/cart", "/pay"))
    assert (row.errors, row.rage_clicks, row.dead_clicks, row.error_clicks) == (2, 1, 0, 0)
    assert row.campaign == "autumn"


def test_events_complete_the_row_too() -> None:
    source = PAGE | {
        "user_agent": {"device": "Desktop", "operating_system": "Windows", "browser": "Firefox", "browser_version": "131.0"},
        "initial_referrer": {"full_url": "https://search.example/?q=me"},
        "location": {"country": "DE", "city": "Kassel"},
    }  # fmt: skip
    row = read_happened({"events": [event("navigate") | {"source_properties": source}]}, BARE).session
    assert (row.device, row.browser, row.os) == ("Desktop", "Firefox 131.0", "Windows")
    assert (row.referrer, row.country, row.city) == ("search.example", "DE", "Kassel")


@pytest.mark.parametrize(
    "body", [None, {}, [], {"events": [1, None]}, {"context_data": {"pages": 7, "context": []}}, {"context_data": {"pages": [{"events": "x"}, 3]}}]
)  # fmt: skip
def test_what_is_not_of_the_documented_shape_is_nothing(body: Any) -> None:
    assert read_happened(body, BARE).errors() == ()


def vendor(context: httpx2.Response, events: httpx2.Response = NOT_FOUND) -> Canned:
    return Canned(lambda r: context if r.url.path.endswith("/context") else events)


async def told(on_bench: Bench, canned: Canned, session_id: str = "77:1000") -> SessionErrors:
    source = on_bench.fullstory(canned)
    return await source.errors_in(session_id, await calls_of(source))


async def activations_left(on_bench: Bench, canned: Canned) -> int | None:
    return (await on_bench.ledger.state(on_bench.fullstory(canned).budget)).left


async def test_the_small_context_is_asked_for_before_all_events_and_its_row_is_kept(on_bench: Bench) -> None:
    canned = vendor(answer(CONTEXT))
    assert len((await told(on_bench, canned)).errors) == 3
    [request] = canned.requests
    assert request.method == "POST"
    assert b'"mode": "LAST"' in request.content or b'"mode":"LAST"' in request.content
    again = await told(on_bench, canned)
    assert again.session is not None
    assert again.session.browser == "Chrome 120"
    assert len(canned.requests) == 1
    assert await activations_left(on_bench, canned) == 999


@pytest.mark.parametrize("refused", [FORBIDDEN, NOT_FOUND, answer({"code": "invalid_field"}, 400)])
async def test_without_contexts_the_events_are_read_and_that_is_remembered(
    on_bench: Bench, refused: httpx2.Response
) -> None:
    canned = vendor(refused, answer({"events": [event("exception", message="broken")]}))
    for number in ("1000", "1001"):
        [error] = (await told(on_bench, canned, f"77:{number}")).errors
        assert error.title == "broken"
    assert [path.rsplit("/", 1)[1] for path in canned.paths] == ["context", "events", "events"]
    assert await activations_left(on_bench, canned) == 998


async def test_a_session_that_is_not_known_says_nothing_about_contexts(on_bench: Bench) -> None:
    canned = vendor(NOT_FOUND)
    for number in ("1000", "1001"):
        assert (await told(on_bench, canned, f"77:{number}")).errors == ()
    assert [path.rsplit("/", 1)[1] for path in canned.paths] == ["context", "events"] * 2
    assert await activations_left(on_bench, canned) == 1_000


async def test_a_plan_without_events_is_asked_once_a_day(on_bench: Bench, clock: MovableClock) -> None:
    canned = vendor(FORBIDDEN, FORBIDDEN)
    for number in range(3):
        with pytest.raises(CallFailed) as failed:
            await told(on_bench, canned, f"77:{number}")
        assert failed.value.failure.reason is Reason.NOT_AUTHORISED
    assert len(canned.requests) == 2
    assert await activations_left(on_bench, canned) == 1_000
    clock.advance(days=1, seconds=1)
    with pytest.raises(CallFailed):
        await told(on_bench, canned)
    assert len(canned.requests) == 4


async def test_events_beyond_those_that_were_read_are_told(on_bench: Bench) -> None:
    many = [{"type": "navigate", "timestamp": "2026-11-20T10:00:00Z"}] * 500
    body = {"context_data": {"pages": [{"url": "https://shop.example/", "events": many}]}}
    assert (await told(on_bench, vendor(answer(body)))).more


async def test_what_was_paid_for_completes_the_row_of_the_next_lookup(
    on_bench: Bench, clock: MovableClock
) -> None:
    listed = {
        "userId": "77",
        "sessionId": "1000",
        "createdTime": str(int((clock() - timedelta(hours=1)).timestamp())),
    }

    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.url.path.endswith("/context"):
            return answer(CONTEXT)
        return answer({"results": []} if request.url.path == "/v2/users" else {"sessions": [listed]})

    canned = Canned(respond)
    await told(on_bench, canned)
    [session] = (await find(on_bench.fullstory(canned), "cust-8841")).sessions
    assert (session.browser, session.trail, session.rage_clicks) == ("Chrome 120", ("/cart", "/pay"), 1)
    assert session.started_at == (clock() - timedelta(hours=1)).replace(microsecond=0)


def by_role(role: str, *, events: int = 404) -> Canned:
    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/me":
            return answer({"email": "", "orgId": "o-7QX2B-na1", "role": role})
        if role not in ("ADMIN", "ARCHITECT"):
            return FORBIDDEN
        return answer({}, events) if request.url.path.endswith("/events") else answer({"results": []})

    return Canned(respond)


async def checked(on_bench: Bench, canned: Canned) -> str:
    source = on_bench.fullstory(canned)
    return await source.check(await calls_of(source))


async def test_the_doctor_proves_that_a_key_reads_sessions_users_and_events(on_bench: Bench) -> None:
    said = await checked(on_bench, by_role("ARCHITECT"))
    assert (
        said
        == "the key of organisation o-7QX2B-na1, with the role ARCHITECT, reads sessions and users, and a session’s events"
    )
    assert "but not a session’s events" in await checked(on_bench, by_role("ADMIN", events=403))


async def test_the_doctor_names_what_a_key_of_another_role_may_not_read(on_bench: Bench) -> None:
    with pytest.raises(CallFailed) as failed:
        await checked(on_bench, by_role("USER"))
    assert failed.value.failure.reason is Reason.NOT_AUTHORISED
    assert "role USER and may not read sessions and users" in failed.value.failure.message


@settings(deadline=None)
@given(BODIES, BODIES)
def test_whatever_a_session_is_told_to_have_had_is_read_as_text_that_can_be_kept(
    one: Any, other: Any
) -> None:
    named = other if isinstance(other, dict) else {}
    pages = [{"url": one, "events": [other, named | {"type": one}]}, one]
    rows = [one, named, named | {"event_properties": one}, {"event_type": "click", "event_properties": named}]
    for body in ({"events": rows}, {"context_data": {"context": one, "pages": pages}}, one):
        happened = read_happened(body, BARE)
        told = SessionErrors(happened.errors(), happened.session)
        assert all(error.title for error in told.errors)
        assert KEPT.dump_json(told)
