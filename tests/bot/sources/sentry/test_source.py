"""What Sentry tells, and what it cannot: whose rows they are, errors and their issues, rights, pages, limits."""

from pathlib import Path
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.links import Link, LinkKind
from bot.domain.model import ErrorKind, Reason, Subject, SubjectKind
from bot.sources.http import CallFailed
from bot.sources.protocol import Question
from bot.sources.sentry.api import searched
from bot.sources.sentry.records import is_theirs
from bot.sources.sentry.source import Sentry as Source
from sandbox.people import Customer, Error, Visit
from sandbox.vendors.sentry import SENTRY, Sentry, names_found
from tests.bot.sources.canned import Bench, Canned, answer, calls_of, find
from tests.bot.sources.kinds import KINDS, PAT, PAT_UID, Desk, Kind, open_desk
from tests.bot.sources.test_every_sources_people import ago, person
from tests.examples import examples

[KIND] = [kind for kind in KINDS if kind.vendor == SENTRY]
JANE = "jane@contoso.example"
REPLAY = "7e07485f12f9416b8b1426260799b51f"
# The documents' own example, shortened (contract, section 2).
ROW: dict[str, Any] = {
    "id": "7e07485f-12f9-416b-8b14-26260799b51f",
    "started_at": "2026-11-19T10:05:57.909921",
    "finished_at": "2026-11-19T10:15:33.201019",
    "duration": 576,
    "count_errors": 1,
    "count_rage_clicks": 1,
    "count_dead_clicks": 6,
    "count_urls": 3,
    "error_ids": ["9999aaaa-ca8b-46d7-97c2-3c6077c6ff01"],
    "urls": ["https://shop.example/cart?token=s", "https://shop.example/cart", "https://shop.example/pay#x"],
    "releases": ["version@1.4"],
    "is_archived": False,
    "user": {
        "id": "30246326",
        "email": "Jane@Contoso.example",
        "username": "Jane Doe",
        "ip": "213.164.1.114",
    },
    "browser": {"name": "Chrome", "version": "103.0.38"},
    "os": {"name": "iOS", "version": "16.2"},
    "device": {"brand": "Apple", "family": "iPhone", "model": "11", "name": "iPhone 11"},
}
EVENT: dict[str, Any] = {
    "id": "9999aaaaca8b46d797c23c6077c6ff01",
    "title": "TypeError: x is undefined",
    "issue": "SHOP-1",
    "issue.id": 42,
    "timestamp": "2026-11-19T10:14:00+00:00",
    "user.id": "30246326",
    "user.email": JANE,
    "replayId": "",
    "url": "https://shop.example/pay?token=s",
    "level": "fatal",
}
ISSUE: dict[str, Any] = {
    "id": "42",
    "permalink": "https://acme.sentry.io/issues/42/",
    "status": "resolved",
    "count": "120",
    # Of the asked days alone.
    "userCount": 3,
    "firstSeen": "2026-11-12T08:00:00Z",
    "lifetime": {"count": "900", "userCount": 31, "firstSeen": "2026-09-01T08:00:00Z"},
}


def served(replays: Any = (ROW,), events: Any = (EVENT,), issues: Any = (ISSUE,), **headers: str) -> Canned:
    """A Sentry whose lists have these rows."""

    def respond(request: httpx2.Request) -> httpx2.Response:
        kind = request.url.path.rstrip("/").rpartition("/")[2]
        if kind == "issues":
            return answer(list(issues), 200, **headers)
        return answer({"data": list(replays if kind == "replays" else events)}, 200, **headers)

    return Canned(respond)


async def test_a_replay_is_told_with_all_that_the_documents_example_has(on_bench: Bench) -> None:
    [session] = (await find(on_bench.sentry(served()), JANE)).sessions
    assert session.url == f"https://acme.sentry.io/explore/replays/{REPLAY}/"
    assert (session.duration_seconds, session.pages, session.trail) == (576, 3, ("/cart", "/pay"))
    assert (session.rage_clicks, session.dead_clicks, session.errors) == (1, 6, 1)
    assert (session.browser, session.os, session.device) == ("Chrome 103.0.38", "iOS 16.2", "iPhone 11")
    assert (session.user.uid, session.user.email, session.user.name) == ("30246326", JANE, "Jane Doe")
    assert session.app_version is None
    app = ROW | {"browser": {"name": None, "version": None}}
    [session] = (await find(on_bench.sentry(served((app,))), JANE)).sessions
    assert session.app_version == "version@1.4"


async def test_an_error_has_its_issues_state_and_the_replay_that_lists_its_id(on_bench: Bench) -> None:
    older = EVENT | {"id": "b" * 32, "timestamp": "2026-11-19T10:13:00+00:00", "replayId": REPLAY}
    [error] = (await find(on_bench.sentry(served(events=(older, EVENT))), JANE)).errors
    assert (error.id, error.session_id, error.count, error.status) == ("42", REPLAY, 2, "resolved")
    assert (error.kind, error.page, error.users_affected) == (ErrorKind.CRASH, "/pay", 31)
    assert error.url == "https://acme.sentry.io/issues/42/"
    assert f"{error.occurred_at:%H:%M}" == "10:14"
    assert f"{error.first_occurred_at:%m-%d}" == "09-01"


async def test_where_an_issue_is_not_listed_its_page_is_made_of_its_number(on_bench: Bench) -> None:
    own = on_bench.sentry(served(issues=()), base_url="https://sentry.contoso.example")
    [error] = (await find(own, JANE)).errors
    assert (error.url, error.status) == ("https://sentry.contoso.example/organizations/acme/issues/42/", None)


async def test_rows_of_others_are_left_out_and_those_that_do_not_say_are_told_of(on_bench: Bench) -> None:
    other = ROW | {"id": "a" * 32, "user": {"id": "7", "email": "xjane@contoso.example"}}
    unsaid = ROW | {"id": "c" * 32, "user": {"id": "7", "email": None}}
    theirs = EVENT | {"id": "d" * 32, "user.email": "xjane@contoso.example"}
    found = await find(on_bench.sentry(served((ROW, other, unsaid), (EVENT, theirs))), JANE)
    assert ([s.id for s in found.sessions], [e.count for e in found.errors]) == ([REPLAY], [1])
    assert found.notes == ("left out what does not say whose session it is",)
    archived = ROW | {"user": {"id": "Archived Replay"}, "is_archived": True}
    assert (await find(on_bench.sentry(served((archived,), ())), "Archived Replay")).sessions == ()


NAMES = st.text(st.sampled_from('ab*"\\@:[]().!>,'), min_size=1, max_size=6)


@examples(100)
@given(asked=NAMES, other=NAMES)
def test_a_search_finds_its_own_name_and_what_else_it_finds_is_known_by_its_row(
    asked: str, other: str
) -> None:
    subject = Subject(SubjectKind.UID, asked, asked)
    if asked.endswith("\\") or '\\"' in asked:
        return  # Such a search is refused: a backslash before the quote is part of the quote.
    finds = names_found({"query": searched(subject, asked)})
    if "\\*" not in asked:
        assert finds(Customer(1, asked, None, None, ""))
        assert finds(Customer(1, other, None, None, "")) is (asked == other)
    assert is_theirs(subject, other, None) is (asked == other)


async def test_a_star_in_a_uid_is_no_placeholder(tmp_path: Path) -> None:
    people = [
        person(1, "cust-*", PAT, KIND, Visit(ago(minutes=20), 60)),
        person(2, "cust-1", "at@contoso.example", KIND, Visit(ago(minutes=50), 60)),
    ]
    async with open_desk(KIND, tmp_path, people=people) as desk:
        finding = await desk.ask("cust-*")
        assert [session.user.uid for session in finding.sessions] == ["cust-*"]


async def lacking(desk: Desk) -> str:
    with pytest.raises(CallFailed) as failed:
        await desk.source.check(await calls_of(desk.source))
    assert failed.value.failure.reason is Reason.NOT_AUTHORISED
    return failed.value.failure.message


@pytest.fixture
def kind() -> Kind:
    return KIND


async def test_without_the_right_to_issues_the_rest_is_told_and_the_doctor_names_the_scope(
    kind: Kind, tmp_path: Path
) -> None:
    async with open_desk(kind, tmp_path) as desk:
        [server] = desk.servers
        assert isinstance(server, Sentry)
        server.scopes = {"org:read"}
        found = await desk.find(PAT_UID)
        assert (len(found.sessions), len(found.errors), found.partial) == (3, 1, True)
        assert "what became of the errors is missing" in found.notes[0]
        assert (await lacking(desk)).endswith("it lacks event:read")
        server.scopes = set()
        assert (await lacking(desk)).endswith(
            "it lacks org:read, event:read, or is of another organisation than ORGANIZATION"
        )


async def test_without_session_replay_errors_are_told_and_that_there_are_no_replays(
    kind: Kind, tmp_path: Path
) -> None:
    async with open_desk(kind, tmp_path) as desk:
        [server] = desk.servers
        assert isinstance(server, Sentry)
        server.has_replays = False
        found = await desk.find(PAT_UID)
        assert (found.sessions, len(found.errors), found.partial) == ((), 1, False)
        assert "Session Replay" in found.notes[0]
        assert await desk.source.check(await calls_of(desk.source))


async def test_a_wrong_organisation_is_a_failure_that_says_so(on_bench: Bench) -> None:
    source = on_bench.sentry(lambda _: answer({"detail": "The requested resource does not exist"}, 404))
    for asking in (find(source, JANE), source.check(await calls_of(source))):
        with pytest.raises(CallFailed, match="ORGANIZATION"):
            await asking


async def test_the_next_page_is_asked_by_its_cursor_and_never_at_another_address(on_bench: Bench) -> None:
    link = '<https://evil.example/?cursor=1>; rel="next"; results="true"; cursor="0:100:0"'
    vendor = served(events=(), Link=link)
    found = await find(on_bench.sentry(vendor), JANE)
    assert {request.url.host for request in vendor.requests} == {"sentry.io"}
    assert [request.url.params.get("cursor") for request in vendor.requests[:3]] == [None, "0:100:0", None]
    assert [session.id for session in found.sessions] == [REPLAY]


async def test_an_empty_window_in_the_headers_is_waited_for(on_bench: Bench) -> None:
    resets = str(int(on_bench.clock().timestamp()) + 30)
    full = {"X-Sentry-Rate-Limit-Remaining": "0", "X-Sentry-Rate-Limit-Reset": resets}
    source = on_bench.sentry(served(**full))
    found = await find(source, JANE)
    # Half a minute is not waited for: what was there is told, and that the rest is missing.
    assert (len(found.sessions), found.errors, found.partial) == (1, (), True)
    assert "errors are missing: Sentry was not asked" in found.notes[0]


async def test_every_question_is_of_all_projects_or_of_the_one_that_is_configured(on_bench: Bench) -> None:
    for project in (None, "4511"):
        vendor = served()
        await find(on_bench.sentry(vendor, project=project), JANE)
        assert {request.url.params.get("project") for request in vendor.requests} == {project}


@pytest.mark.parametrize(
    "told",
    [
        "You cannot view events from multiple projects.",
        "You do not have the multi project stream feature enabled",
    ],
)
async def test_where_several_projects_are_refused_it_is_said_which_setting_names_one(
    on_bench: Bench, told: str
) -> None:
    source = on_bench.sentry(lambda _: answer({"detail": told}, 400))
    for asking in (find(source, JANE), source.check(await calls_of(source))):
        with pytest.raises(CallFailed, match="PROJECT has to name which"):
            await asking


async def test_of_what_the_cloud_has_deleted_nobody_is_told_that_there_was_none(on_bench: Bench) -> None:
    jane = Subject(SubjectKind.EMAIL, JANE, JANE)
    for base_url, days, is_whole in (
        ("https://sentry.io", 90, True),
        ("https://sentry.io", 91, False),
        ("https://sentry.contoso.example", 365, True),
    ):
        source = on_bench.sentry(served((), (), ()), base_url=base_url)
        found = await source.find(Question(jane, days), await calls_of(source))
        assert (found.complete_from is None, found.notes == ()) == (is_whole, is_whole)


async def test_what_became_of_an_error_is_the_issues_state(kind: Kind, tmp_path: Path) -> None:
    boom = Error("TypeError", "cart is undefined", 30)
    people = [
        person(1, PAT_UID, PAT, kind, Visit(ago(minutes=20), 60, ("/",), (boom,))),
        person(2, "cust-2", "at@contoso.example", kind, Visit(ago(days=45), 60, ("/",), (boom,))),
    ]
    async with open_desk(kind, tmp_path, people=people) as desk:
        [server] = desk.servers
        assert isinstance(server, Sentry)
        server.statuses = {boom.title: "ignored"}
        [error] = (await desk.find(PAT)).errors
        assert (error.status, error.count, error.users_affected) == ("ignored", 1, 2)
        assert error.occurred_at is not None
        assert error.occurred_at > ago(hours=1)


async def test_a_page_is_ours_by_its_organisation_and_whether_it_is_on_the_cloud(on_bench: Bench) -> None:
    cloud = on_bench.sentry(served(), base_url="https://de.sentry.io")
    own = on_bench.sentry(served(), base_url="https://sentry.contoso.example")
    assert isinstance(cloud, Source)
    assert isinstance(own, Source)
    for host, organisation, ours in (
        ("acme.sentry.io", "acme", (True, False)),
        ("sentry.io", "acme", (True, False)),
        ("sentry.contoso.example", "acme", (False, True)),
        ("other.sentry.io", "other", (False, False)),
    ):
        link = Link("sentry", LinkKind.SESSION, host, session_id=REPLAY, account_id=organisation)
        assert (
            await cloud.is_ours(link, await calls_of(cloud)),
            await own.is_ours(link, await calls_of(own)),
        ) == ours
