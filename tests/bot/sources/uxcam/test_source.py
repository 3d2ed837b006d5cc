"""UXCam's contract, example by example, by both of its APIs."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from bot.domain.model import Reason, SessionUser
from bot.sources.http import CallFailed
from bot.sources.uxcam.api import GrowingRest
from tests.bot.sources.canned import Bench, Canned, answer, calls_of, find
from tests.conftest import MovableClock

APP = "https://app.uxcam.com/app/65a0000000000000000000aa/sessions/list/1"
CLASSIC: dict[str, Any] = {
    "success": True,
    "data": [
        {
            "sessionId": "6730aa11bb22cc33dd44ee55",
            "sessionNumber": 7,
            "video": "No video available for this session",
            "url": f"{APP}/6730aa11bb22cc33dd44ee55",
            "property": {
                "uploadedServerTime": "2026-11-03T08:40:00Z",
                "deviceLocalDateTime": "2026-11-03T09:14:09Z",
                "verifiedServerTime": "2026-11-03T08:14:09Z",
                "offlineRecorded": False,
                "hasVideo": False,
                "isCrashed": True,
                "durationSec": 101.25,
                "totalGesture": 40,
                "totalScreen": 9,
                "uniqueScreensCount": 4,
                "rageGestureCount": 2,
                "networkType": "wifi",
            },
            "user": {
                "kUXCam_UserIdentity": "cust-8841",
                "alias": "Brisk Otter",
                "plan": "gold",
                "uxcamuserid": "65a0c1d2e3f4a5b6c7d8e9f0",
            },
            "device": {
                "platform": "android",
                "model": "Pixel 9",
                "osVersion": "16",
                "appVersion": "5.2.0",
                "freeRamInKb": None,
                "dpi": -1,
                "isNotificationEnabled": None,
            },
            "location": {"countryCode": "DE", "city": "Kassel", "longitude": 9.5, "latitude": 51},
        },
        {
            "sessionId": "6730aa11bb22cc33dd44ee66",
            "sessionNumber": 1,
            "url": f"{APP}/6730aa11bb22cc33dd44ee66",
            "property": {
                "uploadedServerTime": "2026-10-30 10:00:00",
                "deviceLocalDateTime": "2026-10-30 11:00:00",
                "verifiedServerTime": None,
                "offlineRecorded": True,
                "hasVideo": True,
                "isCrashed": False,
                "durationSec": 3,
                "totalScreen": 1,
                "rageGestureCount": 0,
                "networkType": "no internet",
            },
            "user": {"alias": "Calm Heron", "uxcamuserid": "65a0c1d2e3f4a5b6c7d8e9f1"},
            "device": {"platform": "ios"},
            "location": {},
        },
    ],
    "pagination": {"current": 1, "next": None, "total": 2},
}
NEWER: dict[str, Any] = {
    "success": True,
    "data": [
        {
            "sessionId": "6730aa11bb22cc33dd44ee55",
            "sessionNumber": 7,
            "url": "https://tara.uxcam.com/app/65a0000000000000000000aa/sessions/list/1/6730aa11bb22cc33dd44ee55",
            "user": {"kUXCam_UserIdentity": "cust-8841", "uxcamuserid": "65a0c1d2e3f4a5b6c7d8e9f0"},
            "property": {
                "uploadedServerTime": "2026-11-03T08:40:00Z",
                "verifiedServerTime": "2026-11-03T08:14:09Z",
                "durationSec": 101.25,
                "isCrashed": True,
                "rageGestureCount": 2,
                "totalScreen": 9,
                "uniqueScreens": ["Cart", "Pay"],
            },
            "deviceBasics": {"osName": "Android", "osVersion": "16", "appVersion": "5.2.0", "type": "Phone"},
        },
        {
            "sessionId": "6730aa11bb22cc33dd44ee77",
            "sessionNumber": 1,
            "url": "https://tara.uxcam.com/app/65a0000000000000000000aa/sessions/list/1/6730aa11bb22cc33dd44ee77",
            "user": {"uxcamuserid": "65a0c1d2e3f4a5b6c7d8e9f1"},
            "property": {"durationSec": 3, "isCrashed": False},
            "deviceBasics": {"browser": "Chrome", "browserVersion": "140"},
            "devicePerformance": {},
        },
    ],
    "pagination": {
        "page_size": 2,
        "current_page": 1,
        "next_page": None,
        "has_more": False,
        "next_cursor": None,
    },
}
NOT_FOUND = answer({"detail": "Not Found"}, 404)
NOBODY = {"success": True, "data": [], "pagination": {"has_more": False, "next_cursor": None}}


def classic_alone(body: Any) -> Canned:
    return Canned(lambda r: NOT_FOUND if r.method == "POST" else answer(body))


def asked(request: httpx2.Request) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(request.content)
    return body


async def test_the_newer_apis_example_is_read(on_bench: Bench) -> None:
    found = await find(on_bench.uxcam(lambda _: answer(NEWER)), "cust-8841")
    [session] = found.sessions
    assert session.id == "6730aa11bb22cc33dd44ee55"
    assert session.url == NEWER["data"][0]["url"]
    assert session.started_at == datetime(2026, 11, 3, 8, 14, 9, tzinfo=UTC)
    assert session.ended_at == datetime(2026, 11, 3, 8, 15, 50, tzinfo=UTC)
    assert (session.device, session.os, session.app_version) == ("Phone", "Android 16", "5.2.0")
    assert (session.pages, session.screens, session.rage_taps) == (9, ("Cart", "Pay"), 2)
    assert session.user == SessionUser(
        uid="cust-8841",
        url="https://tara.uxcam.com/app/65a0000000000000000000aa/users/65a0c1d2e3f4a5b6c7d8e9f0",
    )
    [crash] = found.errors
    assert (crash.title, crash.session_id) == ("The app crashed (version 5.2.0)", session.id)


async def test_the_classic_apis_example_is_read(on_bench: Bench) -> None:
    found = await find(on_bench.uxcam(classic_alone(CLASSIC)), "cust-8841")
    [session] = found.sessions
    assert (session.device, session.os, session.country, session.city) == (
        "Pixel 9",
        "Android 16",
        "DE",
        "Kassel",
    )
    assert session.video is None
    assert session.has_replay is False
    assert session.user.name is None


async def test_sessions_that_do_not_say_whose_they_are_are_left_out_and_that_is_told(on_bench: Bench) -> None:
    found = await find(on_bench.uxcam(lambda _: answer(NEWER)), "cust-8841")
    assert len(found.sessions) == 1
    assert found.notes == ("left out what does not say whose session it is",)


async def test_an_older_shape_has_the_persons_properties_one_level_deeper(on_bench: Bench) -> None:
    row = CLASSIC["data"][0] | {"user": {"userProperty": {"kUXCam_UserIdentity": "cust-8841"}}}
    found = await find(on_bench.uxcam(classic_alone({"data": [row]})), "cust-8841")
    assert found.sessions[0].user.uid == "cust-8841"


async def test_a_time_without_a_zone_is_utc_and_the_upload_stands_in_for_an_unknown_start(
    on_bench: Bench,
) -> None:
    row = CLASSIC["data"][1] | {"user": {"kUXCam_UserIdentity": "cust-8841"}}
    found = await find(on_bench.uxcam(classic_alone({"data": [row]})), "cust-8841")
    assert found.sessions[0].started_at == datetime(2026, 10, 30, 10, 0, tzinfo=UTC)
    assert found.sessions[0].os == "iOS"


async def test_the_newer_api_gets_the_key_in_a_header_and_all_parts_are_asked_for(on_bench: Bench) -> None:
    vendor = Canned(lambda _: answer(NEWER))
    await find(on_bench.uxcam(vendor), "cust-8841")
    [request] = vendor.requests
    assert (request.method, request.url.path) == ("POST", "/api/data-access/v1/session")
    assert request.headers["x-api-key"] == "k-e-y"
    assert "k-e-y" not in str(request.url)
    body = asked(request)
    assert body["app_id"] == "65a0000000000000000000aa"
    assert body["show_only"] == ["property", "user", "location", "device"]
    assert (body["page_size"], body["with_video"]) == (2_000, False)
    assert body["filters"] == [
        {
            "attribute": "user_custom_property",
            "operator": "equal",
            "value": "cust-8841",
            "property_name": "kUXCam_UserIdentity",
        },
        {
            "attribute": "date_range",
            "operator": "between_dates",
            "value": {"lower": "2026-10-20", "upper": "2026-11-21"},
        },
    ]


async def test_the_classic_api_gets_its_credentials_in_the_query_and_filters_without_blanks(
    on_bench: Bench,
) -> None:
    vendor = classic_alone(CLASSIC)
    await find(on_bench.uxcam(vendor), "cust-8841")
    request = vendor.requests[-1]
    assert str(request.url).startswith("https://api.uxcam.com/v2/session?")
    assert request.url.params["appid"] == "65a0000000000000000000aa"
    assert request.url.params["apikey"] == "k-e-y"
    assert " " not in request.url.params["filters"]
    assert not any("key" in name for name in request.headers)


async def test_which_api_serves_is_found_out_once(on_bench: Bench) -> None:
    vendor = classic_alone(CLASSIC)
    for _ in range(3):
        await find(on_bench.uxcam(vendor), "cust-8841")
    assert [request.method for request in vendor.requests] == ["POST", "GET", "GET", "GET"]


async def test_where_the_classic_api_goes_the_newer_one_is_tried_again(
    on_bench: Bench, clock: MovableClock
) -> None:
    switched = False

    def respond(request: httpx2.Request) -> httpx2.Response:
        newer = request.method == "POST"
        return answer(NOBODY) if newer is switched else answer({}, 404)

    source = on_bench.uxcam(respond)
    await find(source, "cust-8841")
    switched = True
    with pytest.raises(CallFailed):
        await find(source, "cust-8841")
    clock.advance(minutes=1)
    assert not (await find(source, "cust-8841")).found


async def test_an_address_is_looked_for_in_its_property_and_then_as_the_identity(on_bench: Bench) -> None:
    vendor = Canned(lambda _: answer(NOBODY))
    await find(on_bench.uxcam(vendor), "Jane@corp.example")
    ways = [asked(request)["filters"][0] for request in vendor.requests]
    assert [(way["property_name"], way["value"]) for way in ways] == [
        ("email", "Jane@corp.example"),
        ("email", "jane@corp.example"),
        ("kUXCam_UserIdentity", "Jane@corp.example"),
        ("kUXCam_UserIdentity", "jane@corp.example"),
    ]


async def test_an_app_without_such_a_property_is_no_failure(on_bench: Bench) -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        if asked(request)["filters"][0]["property_name"] == "email":
            return answer({"detail": {"code": "INVALID_REQUEST", "message": "unknown"}}, 400)
        return answer(NOBODY)

    assert not (await find(on_bench.uxcam(respond), "jane@corp.example")).found


async def test_the_identity_property_can_be_another_one(on_bench: Bench) -> None:
    row = NEWER["data"][0] | {"user": {"customer_id": 8841, "email": "Jane@corp.example"}}
    source = on_bench.uxcam(lambda _: answer({"data": [row]}), identity="customer_id")
    found = await find(source, "8841")
    assert found.sessions[0].user == SessionUser("8841", "jane@corp.example")


@pytest.mark.parametrize("endless", ["cursor", "page"])
async def test_a_page_that_leads_to_itself_ends(on_bench: Bench, endless: str) -> None:
    paging = {"cursor": {"has_more": True, "next_cursor": "same"}, "page": {"current": 1, "next": 1}}
    body = NEWER | {"pagination": paging[endless]}
    vendor = Canned(lambda _: answer(body)) if endless == "cursor" else classic_alone(body)
    await find(on_bench.uxcam(vendor), "cust-8841")
    assert len(vendor.requests) <= 4


async def test_the_vendors_own_count_is_taken(on_bench: Bench) -> None:
    headers = {"x-ratelimit-limit": "500", "x-ratelimit-remaining": "3", "x-ratelimit-reset": "600"}
    source = on_bench.uxcam(lambda _: httpx2.Response(200, json=NOBODY, headers=headers))
    await find(source, "cust-8841")
    assert (await on_bench.ledger.state(await source.account())).left == 3


async def test_a_body_of_fastapis_own_kind_is_a_plain_failure(on_bench: Bench) -> None:
    body = {"detail": [{"loc": ["body"], "msg": "no", "type": "value_error"}]}
    with pytest.raises(CallFailed) as failed:
        await find(on_bench.uxcam(lambda _: answer(body, 422)), "cust-8841")
    assert failed.value.failure.reason is Reason.VENDOR_ERROR


async def test_what_is_no_session_id_is_not_asked_for(on_bench: Bench) -> None:
    vendor = Canned(lambda _: answer(NOBODY))
    source = on_bench.uxcam(vendor)
    assert await source.session("../../etc", await calls_of(source)) is None
    assert vendor.requests == []


def test_after_a_429_without_a_time_the_rest_grows_and_begins_anew_later(clock: MovableClock) -> None:
    rest = GrowingRest()
    rests = []
    for _ in range(4):
        rests.append(rest(clock()))
        clock.advance(seconds=rests[-1].total_seconds() + 1)
    assert rests == [timedelta(hours=1), timedelta(hours=4), timedelta(hours=16), timedelta(days=1)]
    clock.advance(days=3)
    assert rest(clock()) == timedelta(hours=1)
