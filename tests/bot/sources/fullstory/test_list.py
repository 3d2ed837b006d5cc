"""FullStory's list of sessions, page by page, and the users' records that say whose they are."""

from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest

from bot.domain.model import SessionUser, Subject, SubjectKind
from bot.sources.protocol import Effort, Question
from tests.bot.sources.canned import Bench, Canned, answer, calls_of, find
from tests.conftest import MovableClock

JANE = {"id": "77", "uid": "cust-8841", "email": "jane@corp.example", "display_name": "Jane Roe"}
NOBODY: dict[str, Any] = {"results": [], "total_records": "0", "next_page_token": ""}


def rows(newest: datetime, count: int, first: int = 0, device: str = "77") -> list[dict[str, Any]]:
    """So many sessions, one an hour back from a moment, with rising numbers."""
    return [
        {
            "userId": device,
            "sessionId": str(1000 + first + n),
            "createdTime": str(int((newest - timedelta(hours=first + n)).timestamp())),
            "fsUrl": f"https://app.fullstory.com/ui/7QX2B/session/{device}:{1000 + first + n}",
        }
        for n in range(count)
    ]


def in_pages(
    listed: list[dict[str, Any]], users: dict[str, Any], following: str = "pagination_token"
) -> Canned:
    """A vendor whose list goes on by a token, as the vendor's own client follows it."""

    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.url.path == "/v2/users":
            return answer(users)
        begin = int(request.url.params.get("pagination_token", "0"))
        end = begin + int(request.url.params["limit"])
        body: dict[str, Any] = {"sessions": listed[begin:end]}
        if end < len(listed):
            body[following] = str(end)
        return answer(body)

    return Canned(respond)


@pytest.mark.parametrize("token", ["pagination_token", "paginationToken", "next_pagination_token"])
async def test_a_list_is_followed_a_hundred_at_a_time(
    on_bench: Bench, clock: MovableClock, token: str
) -> None:
    vendor = in_pages(rows(clock(), 230), NOBODY, token)
    found = await find(on_bench.fullstory(vendor), "cust-8841")
    assert len(found.sessions) == len({session.id for session in found.sessions}) == 230
    listing = [r.url.params for r in vendor.requests if r.url.path == "/sessions/v2"]
    assert [params.get("pagination_token") for params in listing] == [None, "100", "200"]
    assert {params["limit"] for params in listing} == {"100"}
    assert (found.complete_from, found.notes) == (None, ())


async def test_pages_end_where_the_asked_days_begin(on_bench: Bench, clock: MovableClock) -> None:
    vendor = in_pages(rows(clock(), 400), NOBODY)
    found = await find(on_bench.fullstory(vendor), "cust-8841", days=5)
    assert len(found.sessions) == 5 * 24 + 1
    assert vendor.paths.count("/sessions/v2") == 2
    assert found.complete_from is None


async def test_of_more_than_five_pages_the_newest_are_read_and_it_is_said_since_when_they_are_all(
    on_bench: Bench, clock: MovableClock
) -> None:
    vendor = in_pages(rows(clock(), 700), NOBODY)
    found = await find(on_bench.fullstory(vendor), "cust-8841")
    assert len(found.sessions) == 500
    assert found.notes == ("the newest 500 sessions alone",)
    assert found.complete_from == found.sessions[-1].started_at
    assert not found.partial


async def test_a_full_page_without_a_token_may_be_all_that_the_server_tells(
    on_bench: Bench, clock: MovableClock
) -> None:
    vendor = by_path({"sessions": rows(clock(), 100)}, NOBODY)
    found = await find(on_bench.fullstory(vendor), "cust-8841")
    assert found.notes == ("the newest 100 sessions alone",)
    assert found.complete_from == found.sessions[-1].started_at


async def test_pages_that_lead_back_end(on_bench: Bench, clock: MovableClock) -> None:
    vendor = by_path({"sessions": rows(clock(), 100), "pagination_token": "again"}, NOBODY)
    found = await find(on_bench.fullstory(vendor), "cust-8841")
    assert len(found.sessions) == 100
    assert vendor.paths.count("/sessions/v2") == 2


async def test_a_page_that_fails_leaves_the_ones_before_it_and_is_asked_for_again_soon(
    on_bench: Bench, clock: MovableClock
) -> None:
    listed = rows(clock(), 230)
    whole = in_pages(listed, NOBODY)

    def respond(request: httpx2.Request) -> httpx2.Response:
        return answer({}, 500) if request.url.params.get("pagination_token") == "100" else whole(request)

    found = await find(on_bench.fullstory(respond), "cust-8841")
    assert len(found.sessions) == 100
    assert found.partial
    assert found.complete_from == found.sessions[-1].started_at
    assert "the newest 100 sessions alone" in found.notes[0]


async def test_one_spelling_that_fails_is_told_and_claims_nothing(
    on_bench: Bench, clock: MovableClock
) -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.url.params["email"] != request.url.params["email"].lower():
            return answer({}, 500)
        return answer(NOBODY if request.url.path == "/v2/users" else {"sessions": rows(clock(), 2)})

    found = await find(on_bench.fullstory(respond), "Jane@corp.example")
    assert len(found.sessions) == 2
    assert found.partial
    assert found.complete_from == clock()


def by_path(sessions: dict[str, Any], users: dict[str, Any]) -> Canned:
    return Canned(lambda r: answer(users if r.url.path == "/v2/users" else sessions))


async def test_one_record_names_the_sessions_of_all_devices(on_bench: Bench, clock: MovableClock) -> None:
    # The first half of the pair is the device (cookie): developer.fullstory.com, segment export fields.
    listed = rows(clock(), 2) + rows(clock(), 2, 5, device="990077")
    vendor = by_path({"sessions": listed}, {"results": [JANE]})
    found = await find(on_bench.fullstory(vendor), "jane@corp.example")
    assert [session.user.uid for session in found.sessions] == ["cust-8841"] * 4


async def test_of_two_records_each_names_its_own_device_alone(on_bench: Bench, clock: MovableClock) -> None:
    other = JANE | {"id": "78", "uid": "cust-9"}
    listed = rows(clock(), 1) + rows(clock(), 1, 5, "78") + rows(clock(), 1, 9, "79")
    vendor = by_path({"sessions": listed}, {"results": [JANE, other]})
    found = await find(on_bench.fullstory(vendor), "jane@corp.example")
    assert [session.user.uid for session in found.sessions] == ["cust-8841", "cust-9", None]


@pytest.mark.parametrize("name", ["plan", "plan_str", "planName", "subscription"])
async def test_the_plan_and_the_persons_page_are_told(
    on_bench: Bench, clock: MovableClock, name: str
) -> None:
    url = "https://app.fullstory.com/ui/7QX2B/segments/everyone/people/0/user/77"
    record = JANE | {"properties": {name: "gold", "age_days": 31}, "app_url": url}
    vendor = by_path({"sessions": rows(clock(), 1)}, {"results": [record]})
    found = await find(on_bench.fullstory(vendor), "cust-8841")
    wanted = SessionUser("cust-8841", "jane@corp.example", "Jane Roe", "gold", url=url)
    assert (found.sessions[0].user, found.people) == (wanted, (wanted,))


async def test_users_are_read_ten_a_page_to_the_third_and_more_are_told(on_bench: Bench) -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.url.path != "/v2/users":
            return answer({})
        begin = int(request.url.params.get("page_token", "0"))
        page = [JANE | {"id": str(n), "uid": f"u-{n}"} for n in range(begin, begin + 10)]
        return answer({"results": page, "total_records": "45", "next_page_token": str(begin + 10)})

    found = await find(on_bench.fullstory(respond), "jane@corp.example")
    assert len(found.people) == 30
    assert found.notes == ("30 of its users by this name were read, and there are more",)


async def test_who_somebody_is_is_asked_anew_where_the_answer_has_to_be_fresh(
    on_bench: Bench, clock: MovableClock
) -> None:
    moved = JANE | {"uid": "cust-new"}
    users = [{"results": [JANE]}, {"results": [moved]}]
    listed = {"sessions": rows(clock(), 1)}
    vendor = Canned(lambda r: answer(users.pop(0) if r.url.path == "/v2/users" else listed))
    source = on_bench.fullstory(vendor)
    await find(source, "jane@corp.example")
    subject = Subject(SubjectKind.EMAIL, "jane@corp.example", "jane@corp.example")
    found = await source.find(Question(subject, 30, effort=Effort.FRESH), await calls_of(source))
    assert [session.user.uid for session in found.sessions] == ["cust-new"]


async def test_half_a_surrogate_pair_in_any_field_breaks_nothing(
    on_bench: Bench, clock: MovableClock
) -> None:
    half = "Jane \ud83d"
    record = JANE | {"display_name": half, "properties": {"plan": half, half: half}, "app_url": half}
    listed = [*rows(clock(), 1), {"userId": half, "sessionId": half, "fsUrl": half}]
    vendor = by_path({"sessions": listed, half: half}, {"results": [record, JANE | {"uid": half}]})
    found = await find(on_bench.fullstory(vendor), "cust-8841")
    assert [session.user.name for session in found.sessions] == ["Jane \ufffd"]
    assert found.sessions[0].user.plan == "Jane \ufffd"
