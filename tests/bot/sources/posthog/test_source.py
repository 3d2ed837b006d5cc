"""What PostHog tells, and what it cannot: whose rows they are, ids, exceptions, rights, its lists' own limit."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bot.domain.links import Link, LinkKind
from bot.domain.model import Reason, Subject, SubjectKind
from bot.sources.http import CallFailed
from bot.sources.posthog.source import PostHog as Source
from bot.sources.protocol import Question
from sandbox.people import Visit
from sandbox.vendors.posthog import POSTHOG, PostHog
from tests.bot.sources.canned import Bench, Canned, answer, calls_of, find
from tests.bot.sources.kinds import KINDS, PAT, PAT_UID, Desk, open_desk
from tests.bot.sources.test_every_sources_people import ago, person

[KIND] = [kind for kind in KINDS if kind.vendor == POSTHOG]
JANE = "jane@contoso.example"
UUID, OTHER_UUID = "0190a5f7-0000-7000-8000-000000000001", "0190a5f7-0000-7000-8000-000000000002"
SESSION = "0190a5f7-1c2d-7e3f-8a4b-5c6d7e8f9a0b"
MADE_UP = "018f3c1e-aaaa-7bbb-8ccc-000000000009"
PERSON: dict[str, Any] = {
    "id": 7,
    "distinct_ids": [MADE_UP, "cust-8841"],
    "properties": {"email": "Jane@Contoso.example", "first_name": "Jane", "last_name": "Doe", "plan": "gold"},
    "created_at": "2026-01-15T08:00:00Z",
    "uuid": UUID,
}
RECORDING: dict[str, Any] = {
    "id": SESSION,
    "distinct_id": MADE_UP,
    "recording_duration": 576,
    "start_time": "2026-11-19T10:05:57.909000Z",
    "end_time": "2026-11-19T10:15:33.201000Z",
    "console_error_count": 4,
    "start_url": "https://shop.example/cart?token=s",
    "person": {"uuid": UUID, "distinct_ids": [MADE_UP], "properties": {}},
    "ongoing": False,
}
# uuid, timestamp, person, session, issue, types, messages, page: the columns that are asked for.
HIT: list[Any] = [
    "e-1",
    "2026-11-19T10:14:00Z",
    UUID,
    SESSION,
    OTHER_UUID,
    '["TypeError"]',
    ["x is undefined"],
    "https://shop.example/pay?token=s",
]


def served(
    people: Any = (PERSON,), recordings: Any = (RECORDING,), hits: Any = (HIT,), **more: Any
) -> Canned:
    """A PostHog whose lists have these rows."""

    def respond(request: httpx2.Request) -> httpx2.Response:
        kind = request.url.path.rstrip("/").rpartition("/")[2]
        rows = {"persons": people, "session_recordings": recordings, "query": hits}[kind]
        return answer({"results": list(rows)} | more)

    return Canned(respond)


async def test_a_recording_is_told_with_its_person_and_its_exceptions(on_bench: Bench) -> None:
    found = await find(on_bench.posthog(served()), JANE)
    [session], [error] = found.sessions, found.errors
    assert session.url == f"https://us.posthog.com/project/12345/replay/{SESSION}"
    assert (session.duration_seconds, session.entry_page, session.errors) == (576, "/cart", 1)
    user = session.user
    assert (user.uid, user.email, user.name, user.plan) == ("cust-8841", JANE, "Jane Doe", "gold")
    assert user.url == f"https://us.posthog.com/project/12345/persons/{UUID}"
    assert found.people == (user,)
    assert (error.title, error.page, error.count) == ("TypeError: x is undefined", "/pay", 1)
    assert (error.session_id, error.id) == (SESSION, OTHER_UUID)
    assert error.url == f"https://us.posthog.com/project/12345/error_tracking/{OTHER_UUID}"


async def test_people_recordings_and_exceptions_of_others_are_left_out(on_bench: Bench) -> None:
    near = PERSON | {"uuid": OTHER_UUID, "properties": {"email": "xjane@contoso.example"}}
    unnamed = PERSON | {"uuid": OTHER_UUID, "properties": {}}
    theirs = RECORDING | {"id": OTHER_UUID, "person": {"uuid": OTHER_UUID}}
    nobodys = RECORDING | {"id": "x", "person": None, "distinct_id": "cust-1"}
    of_an_id = RECORDING | {"id": "y", "person": None}
    hit = [*HIT[:2], OTHER_UUID, *HIT[3:]]
    vendor = served((near, unnamed, PERSON), (RECORDING, theirs, nobodys, of_an_id), (HIT, hit))
    found = await find(on_bench.posthog(vendor), JANE)
    assert [session.id for session in found.sessions] == [SESSION, "y"]
    assert [error.count for error in found.errors] == [1]
    lists = [r for r in vendor.requests if r.url.path.endswith("session_recordings/")]
    assert [request.url.params["person_uuid"] for request in lists] == [UUID]


async def test_a_recording_that_may_be_by_an_id_beyond_those_listed_is_left_out_and_told_of(
    on_bench: Bench,
) -> None:
    many = PERSON | {"distinct_ids": [f"cust-{n}" for n in range(10)]}
    unsaid = RECORDING | {"id": "y", "person": None, "distinct_id": "cust-10"}
    found = await find(on_bench.posthog(served((many,), (RECORDING, unsaid))), JANE)
    assert [session.id for session in found.sessions] == [SESSION]
    assert "left out what does not say whose session it is" in found.notes


async def test_a_list_is_complete_for_as_long_as_recordings_are_kept(on_bench: Bench) -> None:
    for days, kept, is_whole in ((30, 30, True), (60, 30, False), (60, 2**53 - 1, True)):
        rows = (RECORDING | {"retention_period_days": kept},)
        source = on_bench.posthog(served(recordings=rows))
        jane = Subject(SubjectKind.EMAIL, JANE, JANE)
        found = await source.find(Question(jane, days), await calls_of(source))
        assert (found.complete_from is None) is is_whole
        assert ("recordings are kept for 30 days" in found.notes) is not is_whole


async def test_nobody_of_that_name_costs_no_list_of_recordings(on_bench: Bench) -> None:
    vendor = served(people=())
    found = await find(on_bench.posthog(vendor), JANE)
    assert (found.sessions, found.people, len(vendor.requests)) == ((), (), 2)


async def test_whom_the_app_identifies_by_their_address_is_found_by_it(on_bench: Bench) -> None:
    others = [f"018f3c1e-aaaa-7bbb-8ccc-00000000000{n}" for n in range(9)]

    def answers(person: dict[str, Any], owner: str) -> Canned:
        def respond(request: httpx2.Request) -> httpx2.Response:
            if "email" in request.url.params:
                return answer({"results": [], "next": None})
            if b"person_distinct_ids" in request.content:
                return answer({"results": [[owner]]})
            return served(people=(person,)).respond(request)

        return Canned(respond)

    by_id = PERSON | {"distinct_ids": [MADE_UP, JANE], "properties": {}}
    beyond = PERSON | {"distinct_ids": [MADE_UP, *others], "properties": {}}
    moved = by_id | {"properties": {"email": "other@contoso.example"}}
    for row, owner, emails in (
        (by_id, "", [JANE]),
        (beyond, UUID, [JANE]),
        (beyond, OTHER_UUID, []),
        (moved, "", []),
    ):
        found = await find(on_bench.posthog(answers(row, owner)), JANE)
        assert [session.user.email for session in found.sessions] == emails


async def test_names_go_into_queries_as_values_alone(on_bench: Bench) -> None:
    vendor = served(people=(PERSON | {"distinct_ids": ["') OR 1=1 --"]},))
    await find(on_bench.posthog(vendor), "') OR 1=1 --")
    asked = json.loads(vendor.requests[-1].content)["query"]
    assert "1=1" not in asked["query"]
    assert asked["values"]["people"] == [UUID]


async def test_of_an_id_that_is_not_among_the_ten_listed_its_person_is_asked(tmp_path: Path) -> None:
    async with open_desk(KIND, tmp_path) as desk:
        [server] = desk.servers
        assert isinstance(server, PostHog)
        server.devices = 14
        assert len((await desk.find(PAT_UID)).sessions) == 3
        server.scopes.discard("query:read")
        found = await desk.find(PAT_UID)
        # Who it is cannot be known then: nobody is shown, and that is no "nobody".
        assert (found.sessions, found.partial) == ((), True)
        assert "left out who may be meant" in found.notes[0]


async def test_what_the_library_for_ios_makes_up_is_no_uid(on_bench: Bench) -> None:
    for ids, uid in (([MADE_UP.upper(), "cust-8841"], "cust-8841"), ([MADE_UP.upper()], None)):
        [session] = (await find(on_bench.posthog(served((PERSON | {"distinct_ids": ids},))), JANE)).sessions
        assert session.user.uid == uid


async def test_of_many_people_of_one_address_the_newest_are_listed_and_it_is_said(tmp_path: Path) -> None:
    people = [person(n, f"cust-{n}", PAT, KIND, Visit(ago(minutes=20 * n), 60)) for n in range(1, 6)]
    async with open_desk(KIND, tmp_path, people=people) as desk:
        found = await desk.find(PAT)
        assert [session.user.uid for session in found.sessions] == ["cust-1", "cust-2", "cust-3"]
        assert "the 3 newest of 5 people of that name alone" in found.notes
        assert found.complete_from is not None


async def lacking(desk: Desk) -> str:
    with pytest.raises(CallFailed) as failed:
        await desk.source.check(await calls_of(desk.source))
    assert failed.value.failure.reason is Reason.NOT_AUTHORISED
    return failed.value.failure.message


@pytest.mark.parametrize("scope", ["person:read", "session_recording:read", "query:read"])
async def test_the_doctor_names_the_scope_that_is_missing(tmp_path: Path, scope: str) -> None:
    async with open_desk(KIND, tmp_path) as desk:
        [server] = desk.servers
        assert isinstance(server, PostHog)
        server.scopes.discard(scope)
        assert (await lacking(desk)).endswith(f"it lacks {scope}")


async def test_without_the_right_to_query_recordings_are_told_and_that_errors_are_missing(
    tmp_path: Path,
) -> None:
    async with open_desk(KIND, tmp_path) as desk:
        [server] = desk.servers
        assert isinstance(server, PostHog)
        server.scopes.discard("query:read")
        found = await desk.find(PAT)
        assert (len(found.sessions), found.errors, found.partial) == (3, (), True)
        assert "errors are missing" in found.notes[0]
        assert {session.errors for session in found.sessions} == {None}


async def test_a_wrong_project_is_a_failure_that_says_so(on_bench: Bench) -> None:
    source = on_bench.posthog(
        lambda _: answer({"type": "invalid_request", "detail": "Project not found."}, 404)
    )
    for asking in (find(source, JANE), source.check(await calls_of(source))):
        with pytest.raises(CallFailed, match="PROJECT"):
            await asking


async def test_a_key_of_other_projects_lacks_no_scope(on_bench: Bench) -> None:
    told = {"code": "permission_denied", "detail": "API key does not have access to the requested project"}
    source = on_bench.posthog(lambda _: answer(told, 403))
    with pytest.raises(CallFailed, match="PROJECT is wrong, or the key is for others"):
        await source.check(await calls_of(source))


async def test_lists_of_recordings_stop_at_their_own_limit_and_say_until_when(on_bench: Bench) -> None:
    vendor = served()
    source = on_bench.posthog(vendor, hourly_listings=10)
    for _ in range(2):
        await find(source, JANE)
    made = len(vendor.requests)
    with pytest.raises(CallFailed) as failed:
        await find(source, JANE)
    assert failed.value.failure.reason is Reason.QUOTA_SPENT
    assert failed.value.failure.until is not None
    # Who it is was still asked; the list was not.
    assert [request.url.path for request in vendor.requests[made:]] == ["/api/projects/12345/persons/"]


async def test_a_persons_page_names_them_by_the_apps_id(on_bench: Bench) -> None:
    source = on_bench.posthog(
        lambda r: answer(PERSON if UUID in r.url.path else {}, 200 if UUID in r.url.path else 404)
    )
    assert isinstance(source, Source)
    calls = await calls_of(source)

    async def named(user: str) -> Subject | None:
        return await source.person(Link("posthog", LinkKind.PERSON, "us.posthog.com", user_id=user), calls)

    eight = Subject(SubjectKind.UID, "cust-8841", "cust-8841")
    assert await named("cust-8841") == eight
    assert await named(UUID) == eight
    assert await named(OTHER_UUID) == Subject(SubjectKind.UID, OTHER_UUID, OTHER_UUID)


async def test_a_page_is_ours_by_its_host_and_project(on_bench: Bench) -> None:
    source = on_bench.posthog(served())
    assert isinstance(source, Source)
    calls = await calls_of(source)
    for host, project, ours in (
        ("us.posthog.com", "12345", True),
        ("app.posthog.com", None, True),
        ("us.posthog.com", "9", False),
        ("eu.posthog.com", "12345", False),
    ):
        link = Link("posthog", LinkKind.SESSION, host, session_id=SESSION, account_id=project)
        assert await source.is_ours(link, calls) is ours
