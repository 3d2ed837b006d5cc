"""FullStory's contract, example by example."""

from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from bot.domain.links import Link, LinkKind
from bot.domain.model import Reason, SessionUser
from bot.sources.http import CallFailed, retry_after
from tests.bot.sources.canned import Bench, Canned, answer, calls_of, find
from tests.conftest import MovableClock

LISTED: dict[str, list[dict[str, object]]] = {
    "sessions": [
        {
            "userId": "5120998877665544321",
            "sessionId": "7719002233445566778",
            "createdTime": "1793520104",
            "fsUrl": "https://www.fullstory.com/ui/7QX2B/discover/session/5120998877665544321:7719002233445566778",
        },
        {
            "userId": "5120998877665544321",
            "sessionId": "7718990011223344556",
            "createdTime": "1793433700",
            "fsUrl": "https://app.eu1.fullstory.com/ui/o-7QX2B-eu1/session/5120998877665544321:7718990011223344556",
        },
        {"userId": "4400112233445566778", "sessionId": "9900", "createdTime": 1793000000, "fsUrl": None},
    ]
}
NEWER_ROW = {
    "user_id": 5120998877665544321,
    "session_id": "7719002233445566778",
    "created_time": "2026-11-01T08:01:44Z",
    "fs_url": None,
}
JANE = SessionUser(
    "cust-8841",
    "jane@corp.example",
    "Jane Roe",
    "gold",
    url="https://app.fullstory.com/ui/7QX2B/segments/everyone/people/0/user/5120998877665544321",
)
EVENTS = {
    "events": [
        {
            "device_id": "5120998877665544321",
            "session_id": "7719002233445566778",
            "view_id": "3",
            "event_time": "2026-11-01T09:21:44.102Z",
            "event_type": "navigate",
            "event_properties": {},
            "source_type": "web",
            "source_properties": {
                "user_agent": {"device": "Desktop", "operating_system": "Windows", "browser": "Firefox", "browser_version": "131.0"},
                "url": {"full_url": "https://shop.example/cart?x=1", "host": "shop.example", "path": "/cart"},
                "initial_referrer": None,
            },
        },
        {"device_id": "5120998877665544321", "event_time": "2026-11-01T09:22:10.000Z", "event_type": "checkout_failed", "event_properties": {"code": "E42"}, "source_type": "server", "source_properties": {}},
        {"event_time": "2026-11-01T09:22:11.000Z", "event_type": "console_message"},
    ]
}  # fmt: skip


async def test_the_contracts_list_is_read_with_every_digit_of_its_ids(on_bench: Bench) -> None:
    found = (await find(on_bench.fullstory(lambda _: answer(LISTED)), "jane@corp.example")).sessions
    assert [session.id for session in found] == [
        "5120998877665544321:7719002233445566778",
        "5120998877665544321:7718990011223344556",
        "4400112233445566778:9900",
    ]
    assert found[0].started_at == datetime(2026, 11, 1, 8, 1, 44, tzinfo=UTC)
    assert found[0].url == LISTED["sessions"][0]["fsUrl"]
    assert found[2].url is None


async def test_one_identifier_is_sent_a_call_and_the_key_verbatim_after_basic(on_bench: Bench) -> None:
    vendor = Canned(lambda _: answer({"sessions": []}))
    await find(on_bench.fullstory(vendor), "jane+test@corp.example")
    await find(on_bench.fullstory(vendor), "cust-8841")
    by_email, by_uid = (r for r in vendor.requests if r.url.path == "/sessions/v2")
    assert b"email=jane%2Btest%40corp.example&" in by_email.url.query
    assert dict(by_email.url.params).keys() == {"email", "limit"}
    assert dict(by_uid.url.params).keys() == {"uid", "limit"}
    assert by_email.headers["authorization"] == "Basic bmExLmtleQ=="


async def test_an_address_is_sent_as_typed_and_lower_cased_and_what_either_finds_is_joined(
    on_bench: Bench,
) -> None:
    first, second, third = LISTED["sessions"]
    by_spelling = {"Jane@Corp.example": [first, second], "jane@corp.example": [second, third]}
    vendor = Canned(lambda r: answer({"sessions": by_spelling[r.url.params["email"]]}))
    found = await find(on_bench.fullstory(vendor), "Jane@Corp.example")
    listing = [r for r in vendor.requests if r.url.path == "/sessions/v2"]
    assert {r.url.params["email"] for r in listing} == set(by_spelling)
    assert [session.id[:4] for session in found.sessions] == ["5120", "5120", "4400"]


@pytest.mark.parametrize("empty", [{"sessions": []}, {}, {"sessions": None}])
async def test_an_unknown_customer_is_an_empty_answer(on_bench: Bench, empty: object) -> None:
    assert not (await find(on_bench.fullstory(lambda _: answer(empty)), "nobody@corp.example")).found


async def test_sessions_older_than_asked_for_are_left_out(on_bench: Bench) -> None:
    found = await find(on_bench.fullstory(lambda _: answer(LISTED)), "jane@corp.example", days=19)
    # The first began six hours before these days, and may have reached into them.
    assert [session.id for session in found.sessions] == ["5120998877665544321:7719002233445566778"]


def one_by_one(request: httpx2.Request) -> httpx2.Response:
    """Answer a user's record, a list of sessions and a session's events, each as in the contract."""
    if request.url.path == "/v2/sessions" or request.url.path.endswith("/context"):
        return answer({"code": "resource_not_found", "message": "no such resource"}, 404)
    if request.url.path.startswith("/v2/users/"):
        return answer(USERS["results"][0])
    return answer(EVENTS if request.url.path.endswith("/events") else LISTED)


async def test_one_session_is_found_by_the_user_in_its_id_and_costs_no_activation(on_bench: Bench) -> None:
    vendor = Canned(one_by_one)
    source = on_bench.fullstory(vendor)
    session = await source.session("5120998877665544321:7719002233445566778", await calls_of(source))
    assert session is not None
    assert session.user == JANE
    assert vendor.paths == ["/v2/sessions", "/v2/users/5120998877665544321", "/sessions/v2"]
    await source.session("5120998877665544321:7719002233445566778", await calls_of(source))
    assert vendor.paths.count("/v2/sessions") == 1


@pytest.mark.parametrize(
    ("asked", "listed"),
    [
        ("5120998877665544321:7719002233445566778", LISTED["sessions"][0]),
        ("0b6a7a0e-1111-4222-8333-944455556666", LISTED["sessions"][0]),
        ("0b6a7a0e-1111-4222-8333-944455556666:0b6a7a0e-1111-4222-8333-944455556667", NEWER_ROW),
    ],
)
async def test_the_newer_list_names_one_session_directly_also_by_the_clients_id(
    on_bench: Bench, asked: str, listed: dict[str, object]
) -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        return answer({"results": [listed]} if request.url.path == "/v2/sessions" else USERS["results"][0])

    vendor = Canned(respond)
    source = on_bench.fullstory(vendor)
    session = await source.session(asked, await calls_of(source))
    assert session is not None
    assert (session.id, session.user) == ("5120998877665544321:7719002233445566778", JANE)
    assert vendor.requests[0].url.params["session_uid"] == asked
    assert vendor.paths == ["/v2/sessions", "/v2/users/5120998877665544321"]


async def test_a_server_that_ignores_the_name_of_the_session_shows_nobody_elses(on_bench: Bench) -> None:
    vendor = Canned(lambda r: answer(LISTED if r.url.path == "/v2/sessions" else {}, 200))
    source = on_bench.fullstory(vendor)
    assert await source.session("0b6a7a0e-1111-4222-8333-944455556666", await calls_of(source)) is None


@pytest.mark.parametrize("session_id", ["x:y", "1", "../x"])
async def test_a_session_whose_id_names_no_user_is_not_asked_for(on_bench: Bench, session_id: str) -> None:
    vendor = Canned(one_by_one)
    source = on_bench.fullstory(vendor)
    assert await source.session(session_id, await calls_of(source)) is None
    assert vendor.requests == []


async def test_a_sessions_errors_are_read_once_and_its_id_is_encoded(on_bench: Bench) -> None:
    vendor = Canned(one_by_one)
    source = on_bench.fullstory(vendor)
    for _ in range(2):
        told = await source.errors_in("5120998877665544321:7719002233445566778", await calls_of(source))
    assert [(error.title, error.occurred_at) for error in told.errors] == [
        ("console error without a message", datetime(2026, 11, 1, 9, 22, 11, tzinfo=UTC)),
        ("checkout_failed (code: E42)", datetime(2026, 11, 1, 9, 22, 10, tzinfo=UTC)),
    ]
    context, events = vendor.requests
    assert b"5120998877665544321%3A7719002233445566778/context" in context.url.raw_path
    assert b"5120998877665544321%3A7719002233445566778/events" in events.url.raw_path


async def test_with_the_months_activations_spent_no_events_are_read(on_bench: Bench) -> None:
    vendor = Canned(one_by_one)
    source = on_bench.fullstory(vendor)
    await on_bench.ledger.correct(source.budget, 0, timedelta(days=3))
    with pytest.raises(CallFailed) as failed:
        await source.errors_in("1:2", await calls_of(source))
    assert failed.value.failure.reason is Reason.QUOTA_SPENT
    assert vendor.requests == []


@pytest.mark.parametrize(
    ("written", "ours"), [("7QX2B", True), ("o-7QX2B-na1", True), ("o-7QX2B-eu1", True), ("8QX2B", False)]
)
async def test_an_organisation_is_ours_in_any_of_its_forms_and_asked_for_once(
    on_bench: Bench, written: str, ours: bool
) -> None:
    vendor = Canned(lambda _: answer({"email": "", "orgId": "o-7QX2B-na1", "role": "ADMIN"}))
    source = on_bench.fullstory(vendor)
    link = Link("fullstory", LinkKind.SESSION, "app.fullstory.com", "1:2", "1", written)
    for _ in range(2):
        assert await source.is_ours(link, await calls_of(source)) is ours
    assert vendor.paths == ["/me"]


async def test_a_session_that_is_not_known_is_none(on_bench: Bench) -> None:
    source = on_bench.fullstory(lambda _: answer({"code": "resource_not_found", "message": "no"}, 404))
    assert await source.session("1:2", await calls_of(source)) is None


@pytest.mark.parametrize(
    ("response", "reason"),
    [
        (answer({"code": "unauthorized", "message": "no"}, 401), Reason.NOT_AUTHORISED),
        (answer({"code": "required_field", "message": "uid or email must be set"}, 400), Reason.VENDOR_ERROR),
        (answer({}, 429, **{"retry-after": "7"}), Reason.RATE_LIMITED),
        (answer({}, 500), Reason.VENDOR_ERROR),
        (httpx2.Response(302, headers={"location": "https://evil.example/"}), Reason.UNREADABLE),
        (httpx2.Response(200, text="<html>"), Reason.UNREADABLE),
        (answer([1, 2]), Reason.UNREADABLE),
        (answer({"sessions": "none"}), Reason.UNREADABLE),
    ],
    ids=str,
)
async def test_every_failure_has_a_plain_reason(
    on_bench: Bench, response: httpx2.Response, reason: Reason
) -> None:
    with pytest.raises(CallFailed) as failed:
        await find(on_bench.fullstory(lambda _: response), "jane@corp.example")
    assert failed.value.failure.reason is reason
    assert "jane" not in str(failed.value)


@pytest.mark.parametrize(
    ("value", "seconds"), [("7", 7), ("0", 0), ("9" * 5000, 86_400), ("Fri, 20 Nov 2026 14:05:16 GMT", 7)]
)
def test_any_retry_after_is_read_and_never_longer_than_a_day(
    clock: MovableClock, value: str, seconds: int
) -> None:
    waiting = retry_after(value, clock())
    assert waiting is not None
    assert waiting.total_seconds() == seconds


@pytest.mark.parametrize("value", [None, "", "soon", "-1", "Fri, 99 Nov 2026"])
def test_a_retry_after_that_says_nothing_is_none(clock: MovableClock, value: str | None) -> None:
    assert retry_after(value, clock()) is None


USERS = {
    "results": [
        {
            "id": "5120998877665544321",
            "uid": "cust-8841",
            "display_name": "Jane Roe",
            "email": "jane@corp.example",
            "is_being_deleted": False,
            "properties": {"plan": "gold", "age_days": 31},
            "app_url": "https://app.fullstory.com/ui/7QX2B/segments/everyone/people/0/user/5120998877665544321",
        },
        {"id": "5120998877665540000", "uid": "", "email": "jane@corp.example", "properties": None},
        {"id": "6", "uid": "cust-9", "email": "not.jane@corp.example"},
        {"id": "7", "uid": "cust-gone", "email": "jane@corp.example", "is_being_deleted": True},
    ],
    "total_records": "4",
    "next_page_token": "",
}


def by_path(**answers: object) -> Canned:
    """Answer sessions and users each in their own way; what is not given is a 500."""

    def respond(request: httpx2.Request) -> httpx2.Response:
        told = answers.get("users" if request.url.path == "/v2/users" else "sessions")
        return httpx2.Response(500) if told is None else answer(told)

    return Canned(respond)


async def test_a_session_is_given_to_the_user_whose_it_is(on_bench: Bench) -> None:
    found = await find(on_bench.fullstory(by_path(sessions=LISTED, users=USERS)), "jane@corp.example")
    first, _, third = found.sessions
    assert first.user == JANE
    assert third.user == SessionUser(email="jane@corp.example")
    assert [user.uid for user in found.people] == ["cust-8841", None]


async def test_who_somebody_is_is_told_without_any_session(on_bench: Bench) -> None:
    found = await find(on_bench.fullstory(by_path(sessions={}, users=USERS)), "cust-8841")
    assert found.sessions == ()
    assert found.people == (JANE,)


async def test_who_somebody_is_is_asked_once_in_hours(on_bench: Bench) -> None:
    vendor = by_path(sessions=LISTED, users=USERS)
    source = on_bench.fullstory(vendor)
    await find(source, "jane@corp.example")
    await find(source, "jane@corp.example")
    assert vendor.paths.count("/v2/users") == 1
    assert vendor.paths.count("/sessions/v2") == 2


async def test_sessions_are_shown_though_it_was_not_told_whose_they_are(on_bench: Bench) -> None:
    found = await find(on_bench.fullstory(by_path(sessions=LISTED)), "jane@corp.example")
    assert len(found.sessions) == 3
    assert "who this is was not told" in found.notes[0]
