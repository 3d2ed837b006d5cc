"""What UXCam tells beyond the contract's examples: refusals, devices, videos, crashes, and what was cut."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from bot.domain.model import ErrorKind, Reason, Session
from bot.sources.http import CallFailed
from tests.bot.sources.canned import Bench, Canned, answer, calls_of, find
from tests.conftest import MovableClock

UID = "cust-8841"
OF_UID = {"kUXCam_UserIdentity": UID, "uxcamuserid": "65a0c1d2e3f4a5b6c7d8e9f0"}
BAD = answer({"detail": {"code": "INVALID_REQUEST", "message": "unknown"}}, 400)
NOT_FOUND = answer({"detail": "Not Found"}, 404)
# The newest pages' own example (docs/Data Access Api (V1), Session), shortened.
ROW: dict[str, Any] = {
    "sessionId": "60f7dd4efd9c2f001169bb96",
    "sessionNumber": 20,
    "url": "https://tara.uxcam.com/app/65a0000000000000000000aa/sessions/list/1/60f7dd4efd9c2f001169bb96",
    "video": "https://sp.uxcam.com/replay/60f7dd4efd9c2f001169bb96?signature=s",
    "user": OF_UID | {"gender": "male"},
    "property": {"uploadedServerTime": "2026-11-19T10:43:47Z", "verifiedServerTime": "2026-11-19T10:42:00Z", "durationSec": 55.009, "totalScreen": 17, "uniqueScreens": ["HomeRoute", "CheckOutRoute"], "offlineRecorded": False, "isCrashed": True, "networkType": "wifi"},
    "deviceBasics": {"osName": "O_MR1", "osVersion": "8.1", "appVersion": "1.5", "type": "Phone"},
    "deviceHardware": {"producer": "Huawei", "model": "JKM-LX1", "class": "Android Large", "platform": "android"},
    "devicePerformance": {"totalRamInMB": 2815, "freeRamInMB": None},
    "location": {"countryCode": "US", "city": "Albany"},
}  # fmt: skip


def newer(*rows: dict[str, Any], cursor: str | None = None) -> httpx2.Response:
    paging = {"has_more": cursor is not None, "next_cursor": cursor}
    return answer({"success": True, "data": list(rows), "pagination": paging})


async def only(on_bench: Bench, row: dict[str, Any], **settings: Any) -> Session:
    [session] = (await find(on_bench.uxcam(lambda _: newer(row), **settings), UID)).sessions
    return session


def numbered(number: int, began: datetime) -> dict[str, Any]:
    stamp = f"{began:%Y-%m-%dT%H:%M:%SZ}"
    times = {"verifiedServerTime": stamp, "uploadedServerTime": stamp, "durationSec": 60}
    return {"sessionId": f"{number:024x}", "sessionNumber": number, "user": OF_UID, "property": times}


@pytest.mark.parametrize("classic", [False, True], ids=["newer", "classic"])
async def test_a_400_on_the_identity_is_a_failure_and_never_nobody(on_bench: Bench, *, classic: bool) -> None:
    vendor = Canned(lambda r: NOT_FOUND if classic and r.method == "POST" else BAD)
    # An account of its own for each: of one, no second has calls enough for all.
    for label, subject in (("first", UID), ("second", "jane@corp.example")):
        with pytest.raises(CallFailed) as failed:
            await find(on_bench.uxcam(vendor, label), subject)
        assert failed.value.failure.reason is Reason.VENDOR_ERROR
    third, fourth = on_bench.uxcam(vendor, "third"), on_bench.uxcam(vendor, "fourth")
    with pytest.raises(CallFailed):
        await third.check(await calls_of(third))
    with pytest.raises(CallFailed):
        await fourth.session("0" * 24, await calls_of(fourth))


async def test_the_classic_api_is_asked_by_in_for_properties_and_by_equal_for_its_own(
    on_bench: Bench,
) -> None:
    vendor = Canned(lambda r: NOT_FOUND if r.method == "POST" else answer({"data": []}))
    source = on_bench.uxcam(vendor)
    await find(source, UID)
    await source.session("0" * 24, await calls_of(source))
    asked = [json.loads(r.url.params["filters"])[0] for r in vendor.requests if r.method == "GET"]
    assert [(one["operator"], one["value"]) for one in asked] == [("in", [UID]), ("equal", "0" * 24)]
    assert {r.url.params["page_size"] for r in vendor.requests if r.method == "GET"} == {"500"}


async def test_platform_version_and_model_are_shown_rather_than_internal_names(on_bench: Bench) -> None:
    session = await only(on_bench, ROW)
    assert (session.device, session.os, session.number) == ("JKM-LX1", "Android 8.1", 20)
    bare = await only(on_bench, ROW | {"deviceHardware": {}})
    assert (bare.device, bare.os) == ("Phone", "Android 8.1")
    web = ROW | {"deviceHardware": {}, "deviceBasics": {"osName": "Windows", "osVersion": "11"}}
    assert (await only(on_bench, web)).os == "Windows 11"


async def test_a_users_properties_one_level_deeper_are_found_with_the_vendors_own_id(on_bench: Bench) -> None:
    nested = ROW | {"user": {"userProperty": OF_UID | {"plan": "gold"}, "sessionNumber": 20}}
    # A second one of the same user, which does not say who that is.
    unsaid = numbered(3, datetime(2026, 11, 18, tzinfo=UTC))
    unsaid["user"] = {"userProperty": {"uxcamuserid": OF_UID["uxcamuserid"]}}
    found = await find(on_bench.uxcam(lambda _: newer(nested, unsaid)), UID)
    assert len(found.sessions) == 2
    user = found.sessions[0].user
    assert (user.uid, user.plan) == (UID, "gold")
    assert user.url == f"https://tara.uxcam.com/app/65a0000000000000000000aa/users/{OF_UID['uxcamuserid']}"


async def test_offline_network_and_the_first_session_are_told(on_bench: Bench, clock: MovableClock) -> None:
    first = numbered(1, clock() - timedelta(days=2))
    first["property"] |= {"offlineRecorded": True, "networkType": "no internet"}
    found = await find(on_bench.uxcam(lambda _: newer(ROW, first)), UID)
    newest, oldest = found.sessions
    assert (oldest.recorded_offline, oldest.network) == (True, "no internet")
    assert (newest.recorded_offline, newest.network) == (False, "wifi")
    assert newest.user.first_seen == oldest.user.first_seen == oldest.started_at


SIGNED = "https://s3.amazonaws.com/uxcam-videos/1.mp4?AWSAccessKeyId=k&Signature=s&Expires="


@pytest.mark.parametrize(
    ("link", "ends"),
    [
        (SIGNED + "1795255200", datetime(2026, 11, 21, 10, 0, tzinfo=UTC)),
        ("https://bucket.s3.amazonaws.com/1.mp4?X-Amz-Date=20261120T100000Z&X-Amz-Expires=86400&X-Amz-Signature=s", datetime(2026, 11, 21, 10, 0, tzinfo=UTC)),
        ("https://sp.uxcam.com/replay/1?signature=s", None),
        ("https://sp.uxcam.com/replay/1?expires=1795255200&signature=s", datetime(2026, 11, 21, 10, 0, tzinfo=UTC)),
    ],
)  # fmt: skip
async def test_a_video_is_shown_where_the_settings_allow_it_with_its_true_end(
    on_bench: Bench, link: str, ends: datetime | None
) -> None:
    shown = await only(on_bench, ROW | {"video": link}, show_video=True)
    assert (shown.video, shown.video_expires_at, shown.has_replay) == (link, ends, True)
    hidden = await only(on_bench, ROW | {"video": link})
    assert (hidden.video, hidden.video_expires_at, hidden.has_replay) == (None, None, True)


@pytest.mark.parametrize(
    "link",
    [
        "https://evil.example/1.mp4?Expires=1795255200",
        "https://s3.amazonaws.com.evil.example/1.mp4",
        SIGNED + "1795000000",
        "No video available for this session",
        None,
    ],
)
async def test_a_link_that_is_over_or_not_the_vendors_is_not_shown(on_bench: Bench, link: str | None) -> None:
    assert (await only(on_bench, ROW | {"video": link}, show_video=True)).video is None


async def test_videos_are_asked_for_only_where_they_may_be_shown(on_bench: Bench) -> None:
    for allowed in (False, True):
        vendor = Canned(lambda _: newer(ROW))
        await find(on_bench.uxcam(vendor, show_video=allowed), UID)
        assert json.loads(vendor.requests[0].content)["with_video"] is allowed


async def test_crashes_are_errors_of_their_own_kind_at_the_end_of_the_session_newest_first(
    on_bench: Bench, clock: MovableClock
) -> None:
    older = numbered(3, clock() - timedelta(days=3))
    older["property"] |= {"isCrashed": True}
    found = await find(on_bench.uxcam(lambda _: newer(older, ROW)), UID)
    assert [(error.kind, error.occurred_at) for error in found.errors] == [
        (ErrorKind.CRASH, datetime(2026, 11, 19, 10, 42, 55, tzinfo=UTC)),
        (ErrorKind.CRASH, clock() - timedelta(days=3) + timedelta(seconds=60)),
    ]
    assert found.errors[0].title == "The app crashed (version 1.5)"


async def test_what_is_cut_is_counted_and_it_is_said_since_when_all_is_there(
    on_bench: Bench, clock: MovableClock
) -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        begin = int(json.loads(request.content).get("cursor") or 0)
        rows = [numbered(n + 2, clock() - timedelta(hours=n)) for n in range(begin, begin + 5)]
        return newer(*rows, cursor=str(begin + 5))

    found = await find(on_bench.uxcam(respond), UID)
    assert len(found.sessions) == 15
    assert found.notes == ("the newest 15 sessions alone",)
    assert found.complete_from == clock() - timedelta(hours=14)
    assert not found.partial


async def test_a_page_that_fails_leaves_the_ones_before_it(on_bench: Bench, clock: MovableClock) -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        if json.loads(request.content).get("cursor"):
            return answer({}, 500)
        return newer(numbered(2, clock() - timedelta(hours=1)), cursor="more")

    found = await find(on_bench.uxcam(respond), UID)
    assert (len(found.sessions), found.partial) == (1, True)
    assert found.complete_from == clock() - timedelta(hours=1)


async def test_all_ways_of_asking_for_an_address_are_joined(on_bench: Bench, clock: MovableClock) -> None:
    """The trait of one user may be the old identity of another: neither hides the other."""

    def respond(request: httpx2.Request) -> httpx2.Response:
        way = json.loads(request.content)["filters"][0]
        by_email = way["property_name"] == "email"
        row = numbered(5 if by_email else 6, clock() - timedelta(hours=1 if by_email else 2))
        row["user"] = {"email": "jane@corp.example", "kUXCam_UserIdentity": UID}
        if not by_email:
            row["user"] = {"kUXCam_UserIdentity": "jane@corp.example"}
        return newer(row)

    found = await find(on_bench.uxcam(respond), "jane@corp.example")
    assert [session.user.uid for session in found.sessions] == [UID, "jane@corp.example"]


async def test_a_way_of_asking_that_fails_claims_nothing(on_bench: Bench, clock: MovableClock) -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        if json.loads(request.content)["filters"][0]["property_name"] != "email":
            return answer({}, 500)
        row = numbered(5, clock() - timedelta(hours=1))
        return newer(row | {"user": {"email": "jane@corp.example", "kUXCam_UserIdentity": UID}})

    found = await find(on_bench.uxcam(respond), "jane@corp.example")
    assert (len(found.sessions), found.partial, found.complete_from) == (1, True, clock())


async def test_half_a_surrogate_pair_in_any_field_breaks_nothing(on_bench: Bench) -> None:
    half = "Jane \ud83d"
    row = ROW | {
        "url": half,
        "video": half,
        "user": OF_UID | {"name": half, "plan": half, half: half},
        "deviceHardware": {"model": half, "platform": half},
        "location": {"countryCode": half, "city": half},
    }
    row["property"] = ROW["property"] | {"uniqueScreens": [half], "networkType": half}
    session = await only(on_bench, row, show_video=True)
    assert (session.user.name, session.device, session.city) == ("Jane \ufffd", "Jane \ufffd", "Jane \ufffd")
