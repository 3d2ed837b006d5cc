"""The sandbox's UXCam keeps `contracts/uxcam.md`, and is strict about what each of its APIs takes."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from sandbox.people import UXCAM, Customer, Visit
from sandbox.vendors.stand_in import listening
from sandbox.vendors.uxcam import UXCam
from tests.conftest import MovableClock

APP = "65a0000000000000000000aa"
IDENTITY = "kUXCam_UserIdentity"
NEWER, CLASSIC = "/api/data-access/v1/session", "/v2/session"


def by_identity(uid: str) -> dict[str, str]:
    return {"attribute": "user_custom_property", "operator": "equal", "property_name": IDENTITY, "value": uid}


def by_identities(uid: str) -> dict[str, Any]:
    return by_identity(uid) | {"operator": "in", "value": [uid]}


class Asker:
    """Somebody with the right key."""

    def __init__(self, client: aiohttp.ClientSession, server: UXCam, clock: MovableClock) -> None:
        self.client, self.server, self.clock = client, server, clock
        self.status = 0
        self.headers: dict[str, str] = {}

    async def newer(self, key: str | None = None, **body: Any) -> Any:
        self.clock.advance(seconds=1)
        headers = {"X-Api-Key": key or self.server.api_key}
        sent = {"app_id": APP} | body
        return await self._read(self.client.post(self.server.origin + NEWER, json=sent, headers=headers))

    async def classic(self, **query: str) -> Any:
        self.clock.advance(seconds=1)
        sent = {"appid": APP, "apikey": self.server.api_key} | query
        return await self._read(self.client.get(self.server.origin + CLASSIC, params=sent))

    async def _read(self, asking: Any) -> Any:
        async with asking as response:
            self.status, self.headers = response.status, dict(response.headers)
            text = await response.text()
            return json.loads(text) if text else None


@pytest.fixture
async def uxcam(clock: MovableClock) -> AsyncIterator[Asker]:
    days = [Visit(clock() - timedelta(days=day, hours=1), 60) for day in (0, 1, 2, 40)]
    pat = Customer(1, "cust-1", "pat@contoso.example", None, "", tuple(days), frozenset({UXCAM}))
    async with aiohttp.ClientSession() as client, listening(UXCam(clock, [pat])) as server:
        yield Asker(client, server, clock)


async def test_each_api_takes_the_key_in_its_own_place_alone(uxcam: Asker) -> None:
    body = await uxcam.newer(key="wrong")
    assert (uxcam.status, body["detail"]["code"]) == (401, "INVALID_CREDENTIALS")
    assert "X-RateLimit-Limit" not in uxcam.headers
    async with uxcam.client.get(
        uxcam.server.origin + CLASSIC, headers={"X-Api-Key": uxcam.server.api_key, "X-App-Id": APP}
    ) as response:
        assert response.status == 401
    async with uxcam.client.post(uxcam.server.origin + CLASSIC, json={}) as response:
        assert response.status == 405


async def test_without_a_span_both_look_back_thirty_days(uxcam: Asker) -> None:
    newer = await uxcam.newer(filters=[by_identity("cust-1")])
    filters = json.dumps([by_identities("cust-1")], separators=(",", ":"))
    classic = await uxcam.classic(filters=filters)
    assert len(newer["data"]) == len(classic["data"]) == 3


async def test_the_person_is_missing_where_that_part_was_not_asked_for(uxcam: Asker) -> None:
    row = (await uxcam.newer())["data"][0]
    assert set(row) == {"sessionId", "sessionNumber", "url", "property"}
    row = (await uxcam.newer(show_only=["property", "user"], with_video=True))["data"][0]
    assert row["user"][IDENTITY] == "cust-1"
    assert row["video"].startswith("https://")


async def test_a_cursor_goes_on_with_its_own_question_alone(uxcam: Asker) -> None:
    first = await uxcam.newer(page_size=2)
    cursor = first["pagination"]["next_cursor"]
    rest = await uxcam.newer(page_size=2, cursor=cursor)
    assert len(first["data"]) == 2
    assert len(rest["data"]) == 1
    assert rest["pagination"]["has_more"] is False
    await uxcam.newer(page_size=3, cursor=cursor)
    assert uxcam.status == 400


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"page_size": 0}, 422),
        ({"page_size": 2001}, 422),
        ({"nonsense": 1}, 422),
        ({"filters": [{"attribute": "nonsense", "operator": "equal", "value": 1}]}, 400),
        ({"cursor": "nonsense"}, 400),
        ({"app_id": "another"}, 401),
    ],
)
async def test_the_newer_api_refuses_what_it_does_not_know(
    uxcam: Asker, body: dict[str, Any], status: int
) -> None:
    told = await uxcam.newer(**body)
    assert uxcam.status == status
    assert isinstance(told["detail"], list if status == 422 else dict)


@pytest.mark.parametrize(
    "query",
    [{"page_size": "501"}, {"page": "0"}, {"nonsense": "1"}, {"filters": json.dumps([by_identity("a")])}],
)
async def test_the_classic_api_refuses_what_it_does_not_know(uxcam: Asker, query: dict[str, str]) -> None:
    await uxcam.classic(**query)
    assert uxcam.status == 400


async def test_the_classic_apis_total_is_that_of_the_page(uxcam: Asker) -> None:
    told = await uxcam.classic(page_size="2")
    assert told["pagination"] == {"current": 1, "next": 2, "total": 2}
    assert told["data"][0]["video"] == "No video available for this session"


async def test_a_sixth_call_in_a_second_is_one_too_many_and_says_how_long_to_wait(uxcam: Asker) -> None:
    for _ in range(6):
        uxcam.clock.advance(seconds=-1)
        await uxcam.newer()
    assert uxcam.status == 429
    assert uxcam.headers["Retry-After"] == "1"
    assert uxcam.headers["X-RateLimit-Limit"] == "500"


async def test_a_classic_429_names_no_time(uxcam: Asker) -> None:
    for _ in range(61):
        uxcam.clock.advance(seconds=-0.75)
        await uxcam.classic()
    assert uxcam.status == 429
    assert "Retry-After" not in uxcam.headers


async def test_an_account_without_the_newer_api_gets_a_404_there(uxcam: Asker) -> None:
    uxcam.server.newer_is_there = False
    await uxcam.newer()
    assert uxcam.status == 404


async def test_each_api_takes_its_own_operator_for_properties_of_the_app(uxcam: Asker) -> None:
    await uxcam.newer(filters=[by_identities("cust-1")])
    assert uxcam.status == 400
    await uxcam.classic(filters=json.dumps([by_identity("cust-1")], separators=(",", ":")))
    assert uxcam.status == 400


async def test_a_property_that_the_app_does_not_set_is_refused(uxcam: Asker) -> None:
    uxcam.server.has_email = False
    await uxcam.newer(filters=[by_identity("pat@contoso.example") | {"property_name": "email"}])
    assert uxcam.status == 400


async def test_all_sections_of_the_device_come_for_one_word(uxcam: Asker) -> None:
    row = (await uxcam.newer(show_only=["device"]))["data"][0]
    assert row["deviceHardware"].keys() >= {"platform", "model"}
    assert "device" not in row


async def test_a_classic_row_has_the_user_one_level_deeper_and_a_video_that_ends_in_a_day(
    uxcam: Asker,
) -> None:
    uxcam.server.classic_videos = True
    row = (await uxcam.classic())["data"][0]
    assert row["user"]["userProperty"][IDENTITY] == "cust-1"
    assert row["sessionNumber"] == 4
    ends = int(row["video"].split("Expires=")[1].split("&")[0])
    assert ends == int((uxcam.clock() + timedelta(days=1)).timestamp())
