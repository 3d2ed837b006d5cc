"""A person's history at the sandbox's FullStory, whose truth is known: what of it comes out, and in which order."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.asking import Asker
from bot.domain.model import ErrorKind, SourceName
from bot.jobs.payloads import SessionErrorsPayload
from bot.jobs.pressed.session_errors import session_errors
from bot.operations.clock import system_clock
from bot.sources.fullstory.source import FullStory as Source
from bot.sources.protocol import SessionErrors
from bot.sources.quota import Purpose, QuotaState
from sandbox.people import FULLSTORY, Customer, Error, Sign, Visit
from sandbox.vendors.fullstory import FullStory
from tests.bot.sources.kinds import KINDS, Desk, open_desk

ONE = next(kind for kind in KINDS if kind.vendor == FULLSTORY)
NEWEST = (
    Sign("request", "POST /api/pay 502", 20),
    Sign("request", "GET /api/cart 404", 80),
    Sign("rage", "Pay now", 90, 4),
    Sign("dead", "Logo", 70, 1),
    Sign("error click", "Send", 60),
    Sign("custom", "payment_failed", 95),
    Sign("custom", "order_placed", 96),
)
WRONG = (Error("TypeError", "cart is undefined", 10), Error("RangeError", "too many", 85))


def people(now: datetime) -> list[Customer]:
    """Somebody with two devices and errors in the newest session, and somebody else with others."""
    mine = (
        Visit(now - timedelta(minutes=30), 100, ("/", "/cart", "/pay"), WRONG, signs=NEWEST),
        Visit(now - timedelta(hours=5), 60, ("/",), device_number=1),
    )
    theirs = (Visit(now - timedelta(minutes=29), 100, ("/",), (Error("Error", "somebody else's", 50),)),)
    known = frozenset({FULLSTORY})
    return [
        Customer(1, "cust-1", "pat@contoso.example", "Pat Lee", "", mine, known, plan="gold"),
        Customer(2, "cust-2", "at@contoso.example", "At Lee", "", theirs, known),
    ]


async def told(desk: Desk, session_id: str, until: datetime | None = None) -> SessionErrors:
    assert isinstance(desk.source, Source)
    return await desk.source.errors_in(session_id, desk.source.http.asking(Purpose.PERSON), until)


@pytest.mark.parametrize("form", ["context", "events", "events in camel case"])
async def test_the_newest_of_each_kind_comes_first_with_its_time_and_none_of_somebody_elses(
    tmp_path: Path, form: str
) -> None:
    now = system_clock().replace(microsecond=0)
    async with open_desk(ONE, tmp_path, people=people(now)) as desk:
        [server] = desk.servers
        assert isinstance(server, FullStory)
        server.has_context, server.camel = form == "context", form == "events in camel case"
        newest, _ = (await desk.ask("pat@contoso.example")).sessions
        errors = (await told(desk, newest.id)).errors
    begun = now - timedelta(minutes=30)
    seconds = [int((error.occurred_at - begun).total_seconds()) for error in errors if error.occurred_at]
    assert seconds == [95, 90, 85, 80, 70, 60, 20, 10]
    first = {error.kind: error.title for error in reversed(errors)}
    assert first == {
        ErrorKind.CUSTOM: "payment_failed (code: E42)",
        ErrorKind.RAGE_CLICK: "rage clicks on “Pay now”",
        ErrorKind.EXCEPTION: "RangeError: too many",
        ErrorKind.FAILED_REQUEST: "GET /api/cart: 404",
        ErrorKind.DEAD_CLICK: "dead click on “Logo”",
        ErrorKind.ERROR_CLICK: "click that caused an error on “Send”",
    }
    assert {error.session_id for error in errors} == {newest.id}
    assert server.activations == 1


@pytest.mark.parametrize("has_context", [True, False], ids=["context", "events"])
async def test_for_a_ticket_a_session_is_told_up_to_when_it_came(
    tmp_path: Path, *, has_context: bool
) -> None:
    now = system_clock().replace(microsecond=0)
    async with open_desk(ONE, tmp_path, people=people(now)) as desk:
        [server] = desk.servers
        assert isinstance(server, FullStory)
        server.has_context = has_context
        newest, _ = (await desk.ask("pat@contoso.example")).sessions
        came = now - timedelta(minutes=30) + timedelta(seconds=61)
        until_then = await told(desk, newest.id, came)
        titles = [error.title for error in until_then.errors]
        assert titles[0] == "click that caused an error on “Send”"
        assert len(titles) == 3
        assert len((await told(desk, newest.id)).errors) == 8
        assert (await told(desk, newest.id, came)).errors == until_then.errors
        assert server.activations == 2


async def test_a_visit_that_may_have_reached_into_the_asked_days_is_shown_and_said_to_be_unsure(
    tmp_path: Path,
) -> None:
    now = system_clock().replace(microsecond=0)
    visits = (
        Visit(now - timedelta(hours=2), 60),
        # The newest of each device before the asked day began, and what they leave no time for.
        Visit(now - timedelta(hours=26), 3 * 3600),
        Visit(now - timedelta(hours=27), 60),
        Visit(now - timedelta(hours=30), 60, device_number=1),
        Visit(now - timedelta(hours=49), 60, device_number=2),
    )
    pat = Customer(1, "cust-1", "pat@contoso.example", None, "", visits, frozenset({FULLSTORY}))
    async with open_desk(ONE, tmp_path, people=[pat]) as desk:
        finding = await desk.ask("cust-1", days=1)
        ages = [
            round((now - session.started_at) / timedelta(hours=1))
            for session in finding.sessions
            if session.started_at
        ]
        assert ages == [2, 26, 30]
        assert "2 sessions that began before these days may have reached into them" in str(finding.notes)
        assert "may have reached" not in str((await desk.ask("cust-1", days=7)).notes)


async def test_both_devices_sessions_are_theirs_with_name_uid_and_plan(tmp_path: Path) -> None:
    async with open_desk(ONE, tmp_path, people=people(system_clock())) as desk:
        found = (await desk.ask("pat@contoso.example")).sessions
        assert len({session.id.split(":")[0] for session in found}) == 2
        assert {(s.user.uid, s.user.name, s.user.plan) for s in found} == {("cust-1", "Pat Lee", "gold")}
        described = await told(desk, found[0].id)
        assert described.session is not None
        assert described.session.trail == ("/", "/cart", "/pay")
        assert (described.session.rage_clicks, described.session.dead_clicks) == (4, 1)


async def test_a_session_of_the_second_device_is_found_by_its_id(tmp_path: Path) -> None:
    async with open_desk(ONE, tmp_path, people=people(system_clock())) as desk:
        older = (await desk.ask("pat@contoso.example")).sessions[1]
        calls = desk.source.http.asking(Purpose.UNFURL)
        described = await desk.source.session(older.id, calls)
        assert described is not None
        assert (described.id, described.started_at) == (older.id, older.started_at)


async def test_errors_that_are_not_shown_are_counted_and_the_newest_are_shown(tmp_path: Path) -> None:
    now = system_clock().replace(microsecond=0)
    many = tuple(Error("Error", f"number {n}", n) for n in range(25))
    visit = Visit(now - timedelta(minutes=30), 60, ("/",), many)
    pat = Customer(1, "cust-1", "pat@contoso.example", None, "", (visit,), frozenset({FULLSTORY}))
    async with open_desk(ONE, tmp_path, people=[pat]) as desk:
        [session] = (await desk.ask("cust-1")).sessions
        answer = await told(desk, session.id)
    budget = QuotaState("fullstory_activations/main", 1000, 1, 1, 999, None, None)
    asked = SessionErrorsPayload(Asker("U1", "C1", "T1"), "fullstory/main", "1:2", None, None, None, False)
    message = str(session_errors(SourceName("fullstory", "main"), asked, answer, budget).blocks)
    assert "25 errors" in message
    assert "5 more not shown" in message
    assert "number 24" in message
    assert "number 4 " not in message
