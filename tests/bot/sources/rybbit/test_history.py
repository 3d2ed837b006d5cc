"""A person whose history at Rybbit is known: what is shown of it is the newest, theirs, at its own times."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.model import Reason, SourceName, Subject, SubjectKind
from bot.settings.accounts import RybbitAccount
from bot.sources.http import CallFailed, VendorHttp, open_client
from bot.sources.protocol import Effort, Question
from bot.sources.quota import Account
from bot.sources.rybbit.server import RybbitServer
from bot.sources.rybbit.source import Rybbit
from sandbox.vendors import rybbit as stand_in
from sandbox.vendors.rybbit import Generation
from sandbox.vendors.rybbit_data import ApiKey, Device, Event, Profile, RybbitData, Site, Visit
from sandbox.vendors.stand_in import listening
from tests.bot.sources.canned import Bench, bench, calls_of, find
from tests.conftest import MovableClock, certificates

JANE, UID = "jane@contoso.example", "u-77"
LONG = "x" * 3_000


def visit(
    begin: datetime, *hits: tuple[int, str], uid: str = UID, minutes: int = 30, number: int = 0, **more: Any
) -> Visit:
    """A visit of two pages, with errors so many minutes after its begin."""
    paths = ("/cart", "/pay")
    views = [
        Event(begin + timedelta(minutes=minutes * n), "pageview", path, identified=uid)
        for n, path in enumerate(paths)
    ]
    errors = [
        Event(
            begin + timedelta(minutes=after),
            "error",
            "/pay",
            name="Error",
            props={"message": text},
            identified=uid,
        )
        for after, text in hits
    ]
    events = sorted((*views, *errors), key=lambda event: event.at)
    ident = f"{uid[-4:]:0>4}{int(begin.timestamp())}{number}"
    return Visit(ident, "0123456789ab", Device(region="DE-HE", city="Kassel"), tuple(events), **more)


def site(visits: Sequence[Visit], traits: dict[str, str], **keys: Any) -> RybbitData:
    """A site with these visits; `traits` are addresses by uid."""
    profiles = {uid: Profile({"email": address, "plan": "gold"}) for uid, address in traits.items()}
    return RybbitData((Site(1407, "5b0c8e1f27ad", tuple(visits), profiles),), (ApiKey("key", **keys),))


@asynccontextmanager
async def served(
    folder: Path, clock: MovableClock, data: RybbitData, generation: Generation = Generation.C, **limits: Any
) -> AsyncIterator[tuple[stand_in.Rybbit, Rybbit, Bench]]:
    """A server with these data, and a source that asks it."""
    server = stand_in.Rybbit(clock, data, generation, **limits)
    async with (
        bench(folder, clock) as own,
        listening(server),
        open_client(5, certificates()) as client,
    ):
        account = RybbitAccount.model_validate({"api_key": "key", "site": "1407", "base_url": server.origin})
        name = SourceName("rybbit", "www")
        http = VendorHttp(client, own.ledger, Account(str(name)), clock, "Rybbit", server.origin)
        yield server, Rybbit(name, http, account, own.memory, RybbitServer(http, account, own.memory)), own


@pytest.mark.parametrize("generation", list(Generation))
async def test_the_newest_error_is_first_however_frequent_older_ones_are(
    tmp_path: Path, clock: MovableClock, generation: Generation
) -> None:
    now = clock().replace(microsecond=0)
    often = [(n, f"old {n % 6}") for n in range(1, 25)]
    data = site(
        [
            visit(now - timedelta(minutes=31), (30, "a minute ago")),
            visit(now - timedelta(days=1), (5, "yesterday"), number=1),
            visit(now - timedelta(days=2), *often, number=2),
            visit(now - timedelta(days=3), *often, number=3),
            visit(now - timedelta(days=4), (1, "old 0"), (2, "of four days ago"), number=4),
            visit(now - timedelta(minutes=10), (5, "somebody else's"), uid="u-78"),
        ],
        {UID: JANE},
    )
    async with served(tmp_path, clock, data, generation) as (_server, source, _own):
        found = await find(source, UID)
        newest = max(found.errors, key=lambda error: error.occurred_at or now - timedelta(days=99))
        times = {error.title: error.occurred_at for error in found.errors}
    assert (newest.title, newest.occurred_at) == ("Error: a minute ago", now - timedelta(minutes=1))
    assert times["Error: yesterday"] == now - timedelta(days=1) + timedelta(minutes=5)
    assert times["Error: old 0"] == now - timedelta(days=2) + timedelta(minutes=24)
    assert times["Error: of four days ago"] == now - timedelta(days=4) + timedelta(minutes=2)
    assert "Error: somebody else's" not in times
    shown = sum(error.count or 0 for error in found.errors)
    assert found.notes == (f"{52 - shown} more errors in these sessions, not shown",)
    assert found.sessions[0].trail == ("/cart", "/pay")


async def test_a_visit_that_began_before_the_asked_days_is_whole(tmp_path: Path, clock: MovableClock) -> None:
    begin = clock().replace(microsecond=0) - timedelta(hours=32)
    long = visit(begin, (10, "at its begin"), minutes=18 * 60)
    async with served(tmp_path, clock, site([long], {UID: JANE})) as (_server, source, _own):
        found = await find(source, UID, days=1)
    (session,) = found.sessions
    assert (session.started_at, session.pages, session.errors) == (begin, 2, 1)
    assert [error.occurred_at for error in found.errors] == [begin + timedelta(minutes=10)]


@pytest.mark.parametrize("message", [" blanks around ", "newline at its end\n", LONG, "404"])
async def test_a_message_is_sent_back_as_it_came(tmp_path: Path, clock: MovableClock, message: str) -> None:
    now = clock().replace(microsecond=0)
    visits = [visit(now - timedelta(hours=n), (1, f"other {n}"), number=n) for n in range(1, 4)]
    old = visit(now - timedelta(days=5), (7, message), number=9)
    async with served(tmp_path, clock, site([*visits, old], {UID: JANE})) as (server, source, _own):
        found = await find(source, UID)
        asked = [call.query["errorMessage"] for call in server.calls if "errorMessage" in call.query]
    assert asked == [message]
    (error,) = [error for error in found.errors if error.session_id == old.id]
    assert error.occurred_at == now - timedelta(days=5) + timedelta(minutes=7)
    assert found.notes == ()


async def test_of_several_uids_the_newest_are_asked_for_and_the_others_are_counted(
    tmp_path: Path, clock: MovableClock
) -> None:
    now = clock().replace(microsecond=0)
    seen = {"u-a": 9, "u-b": 1, "u-c": 4, "u-d": 2, "u-e": 7}
    data = site(
        [visit(now - timedelta(days=days), uid=uid) for uid, days in seen.items()], dict.fromkeys(seen, JANE)
    )
    async with served(tmp_path, clock, data) as (_server, source, _own):
        found = await find(source, JANE)
    assert {session.user.uid for session in found.sessions} == {"u-b", "u-d", "u-c"}
    assert found.notes == ("the 3 newest of 5 uids alone",)
    assert found.complete_from == now - timedelta(days=7) + timedelta(minutes=30)


@pytest.mark.parametrize("typed", [JANE, "Jane@Contoso.example"])
async def test_a_uid_that_is_the_address_is_joined_to_the_uid_that_carries_it(
    tmp_path: Path, clock: MovableClock, typed: str
) -> None:
    now = clock().replace(microsecond=0)
    visits = [
        visit(now - timedelta(days=2), uid="JANE@contoso.example"),
        visit(now - timedelta(days=1), uid=UID),
        visit(now - timedelta(days=1), uid="joann.jane@contoso.example"),
    ]
    async with served(tmp_path, clock, site(visits, {UID: "jane@CONTOSO.example"})) as (
        _server,
        source,
        _own,
    ):
        found = await find(source, typed)
    assert {session.user.uid for session in found.sessions} == {UID, "JANE@contoso.example"}
    assert [person.uid for person in found.people] == [UID]


async def test_whose_uid_an_address_is_is_found_out_again_for_a_fresh_answer_and_for_more_days(
    tmp_path: Path, clock: MovableClock
) -> None:
    now = clock().replace(microsecond=0)
    data = site(
        [visit(now - timedelta(days=1), uid="u-1"), visit(now - timedelta(days=20), uid="u-2")],
        {"u-1": JANE, "u-2": JANE},
    )
    jane = Subject(SubjectKind.EMAIL, JANE, JANE)
    async with served(tmp_path, clock, data) as (_server, source, _own):
        assert {s.user.uid for s in (await find(source, JANE, days=7)).sessions} == {"u-1"}
        assert {s.user.uid for s in (await find(source, JANE, days=30)).sessions} == {"u-1", "u-2"}
        profiles = data.sites[0].profiles
        assert isinstance(profiles, dict)
        del profiles["u-1"]
        fresh = Question(jane, 30, effort=Effort.FRESH)
        found = await source.find(fresh, await calls_of(source))
    assert {session.user.uid for session in found.sessions} == {"u-2"}


async def test_a_server_of_ten_calls_a_day_is_known_by_its_429_and_asked_no_more(
    tmp_path: Path, clock: MovableClock
) -> None:
    now = clock().replace(microsecond=0)
    data = site([visit(now - timedelta(hours=2), (1, "one"))], {UID: JANE})
    async with served(tmp_path, clock, data, key_limit=10) as (server, source, own):
        for _ in range(5):
            await find(source, UID)
        with pytest.raises(CallFailed) as failed:
            await find(source, UID)
        assert failed.value.failure.reason is Reason.RATE_LIMITED
        assert "10 calls a day" in failed.value.failure.message
        account = await source.account()
        state = await own.ledger.state(account)
        assert (state.limit, state.left) == (10, 0)
        before = len(server.calls)
        with pytest.raises(CallFailed) as refused:
            await find(source, UID)
        assert refused.value.failure.reason is Reason.QUOTA_SPENT
        assert len(server.calls) == before
        clock.advance(hours=25)
        # With ten calls a day one session is opened, and nothing else is asked.
        before = len(server.calls)
        assert (await find(source, UID)).errors
        assert len(server.calls) - before == 2


async def test_the_check_names_every_scope_that_is_missing(tmp_path: Path, clock: MovableClock) -> None:
    data = site([visit(clock())], {UID: JANE}, scopes=frozenset({"sessions:read"}))
    async with served(tmp_path, clock, data) as (_server, source, _own):
        with pytest.raises(CallFailed, match="it lacks users:read, analytics:read"):
            await source.check(await calls_of(source))


async def test_a_server_without_traits_is_asked_for_them_once(tmp_path: Path, clock: MovableClock) -> None:
    data = site([visit(clock() - timedelta(hours=1))], {UID: JANE})
    async with served(tmp_path, clock, data, Generation.B) as (server, source, _own):
        for nobody in ("a@contoso.example", "b@contoso.example", "c@contoso.example"):
            await find(source, nobody)
        assert sum("user-traits" in call.path for call in server.calls) == 1


async def test_what_led_to_the_site_and_where_the_visitor_is_are_told(
    tmp_path: Path, clock: MovableClock
) -> None:
    begin = clock().replace(microsecond=0) - timedelta(hours=1)
    one = visit(begin, utm={"campaign": "autumn"})
    first = replace(one.events[0], referrer="https://search.example/?q=my+secret+name")
    one = replace(one, events=(first, *one.events[1:]))
    async with served(tmp_path, clock, site([one], {UID: JANE})) as (_server, source, _own):
        (session,) = (await find(source, UID)).sessions
    assert (session.referrer, session.campaign, session.city) == ("search.example", "autumn", "Kassel, HE")
    assert (session.user.plan, session.user.url) == ("gold", session.url)
