"""The sandbox's Raygun keeps `contracts/raygun_rum_v1.md`, fifty calls a day first of all."""

import base64
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from sandbox.people import make_people
from sandbox.vendors.raygun import Raygun
from sandbox.vendors.raygun_traffic import Traffic, sightings_of
from sandbox.vendors.stand_in import listening
from tests.conftest import MovableClock

PULSE = "/api/v1/pulse"


class Asker:
    """A consumer application with the right credentials, unless given others."""

    def __init__(self, client: aiohttp.ClientSession, server: Raygun, clock: MovableClock) -> None:
        self.client, self.server, self.clock = client, server, clock
        pair = base64.b64encode(f"{server.client_id}:{server.client_secret}".encode()).decode()
        self.login = {"X-ApiKey": server.api_key, "Authorization": f"Basic {pair}"}
        self.key, self.status = "", 0

    async def authenticate(self, method: str = "GET") -> str:
        url = f"{self.server.origin}{PULSE}/authenticate"
        async with self.client.request(method, url, headers=self.login) as response:
            self.status = response.status
            if response.status == 202:
                self.key = (await response.json())["sessionKey"]
        return self.key

    async def get(self, path: str, **query: str) -> Any:
        return await self.follow(f"{self.server.origin}{PULSE}/{path}", query)

    async def follow(self, url: str, query: dict[str, str] | None = None) -> Any:
        headers = {"X-SessionKey": self.key}
        async with self.client.get(url, params=query, headers=headers) as response:
            self.status = response.status
            self.retry_after = response.headers.get("Retry-After")
            return await response.json() if response.status == 200 else await response.text()

    async def sessions(self, **query: str) -> Any:
        now = self.clock()
        span = {"dateFrom": _iso(now - timedelta(days=30)), "dateTo": _iso(now)}
        return await self.get("sessions", **(span | query))


def _iso(moment: Any) -> str:
    return str(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))


@pytest.fixture
async def raygun(clock: MovableClock) -> AsyncIterator[Asker]:
    async with (
        aiohttp.ClientSession() as client,
        listening(Raygun(clock, Traffic(sightings_of(make_people(clock()))))) as server,
    ):
        yield Asker(client, server, clock)


@pytest.fixture
async def known(raygun: Asker) -> Asker:
    await raygun.authenticate()
    return raygun


async def test_a_login_is_answered_with_202_and_a_key(raygun: Asker) -> None:
    assert await raygun.authenticate()
    assert raygun.status == 202


@pytest.mark.parametrize("header", ["X-ApiKey", "Authorization"])
async def test_a_login_needs_both_credentials(raygun: Asker, header: str) -> None:
    raygun.login[header] += "x"
    await raygun.authenticate()
    assert raygun.status == 401
    del raygun.login[header]
    await raygun.authenticate()
    assert raygun.status == 401


async def test_one_method_logs_in_and_the_other_does_not(raygun: Asker) -> None:
    await raygun.authenticate("POST")
    assert raygun.status == 405
    raygun.server.login_by = "POST"
    await raygun.authenticate("POST")
    assert raygun.status == 202
    await raygun.authenticate("GET")
    assert raygun.status == 405


async def test_a_session_key_stops_working_after_15_minutes(known: Asker) -> None:
    known.clock.advance(minutes=14, seconds=59)
    await known.sessions()
    assert known.status == 200
    known.clock.advance(seconds=1)
    await known.sessions()
    assert known.status == 401


async def test_an_older_session_key_works_until_its_own_time(known: Asker) -> None:
    first = known.key
    known.clock.advance(minutes=10)
    await known.authenticate()
    second, known.key = known.key, first
    await known.sessions()
    assert known.status == 200
    known.clock.advance(minutes=5)
    await known.sessions()
    assert known.status == 401
    known.key = second
    await known.sessions()
    assert known.status == 200


async def test_nothing_is_told_without_a_session_key(raygun: Asker) -> None:
    await raygun.sessions()
    assert raygun.status == 401


@pytest.mark.parametrize("missing", ["dateFrom", "dateTo"])
async def test_a_list_needs_both_ends_of_its_span(known: Asker, missing: str) -> None:
    span = {"dateFrom": "2026-11-01", "dateTo": "2026-11-21"}
    del span[missing]
    await known.get("sessions", **span)
    assert known.status == 400


async def test_a_list_may_be_asked_for_by_plain_dates(known: Asker) -> None:
    assert (await known.get("sessions", dateFrom="2026-11-01", dateTo="2026-11-21"))["totalSessions"] > 0


async def test_a_list_holds_500_at_most_and_50_by_default(known: Asker) -> None:
    every = await known.sessions(limit="500")
    assert every["totalSessions"] == len(every["sessions"]) < 500
    await known.sessions(limit="501")
    assert known.status == 400
    skipping = await known.sessions(skip="10")
    assert len(skipping["sessions"]) == min(50, every["totalSessions"] - 10)


async def test_pages_are_followed_by_an_absolute_link_to_the_last_one(known: Asker) -> None:
    every = {row["id"] for row in (await known.sessions(limit="500"))["sessions"]}
    page = await known.sessions(limit="20")
    seen = [row["id"] for row in page["sessions"]]
    while page["links"]["next"]:
        assert page["links"]["next"].startswith(known.server.origin)
        page = await known.follow(page["links"]["next"])
        seen += [row["id"] for row in page["sessions"]]
    assert len(seen) == len(set(seen))
    assert set(seen) == every


async def test_only_the_exact_identifier_finds_a_user(known: Asker) -> None:
    found = await known.sessions(userIdentifier="jane@contoso.example")
    assert {row["user"]["identifier"] for row in found["sessions"]} == {"jane@contoso.example"}
    assert found["totalSessions"] == 4
    for wrong in ("JANE@contoso.example", "jane", "u-77", "nobody@contoso.example"):
        assert (await known.sessions(userIdentifier=wrong))["sessions"] == []


async def test_who_is_known_by_uid_is_not_found_by_address(known: Asker) -> None:
    by_uid = await known.sessions(userIdentifier="cust-8841")
    assert by_uid["sessions"][0]["user"]["emailAddress"] == "oluwaseun@adventure.example"
    assert (await known.sessions(userIdentifier="oluwaseun@adventure.example"))["sessions"] == []


async def test_a_list_is_not_sorted_newest_first(known: Asker) -> None:
    starts = [row["sessionStart"] for row in (await known.sessions())["sessions"]]
    assert starts != sorted(starts, reverse=True)


async def test_an_active_session_has_no_end(known: Asker) -> None:
    rows = (await known.sessions(userIdentifier="jane@contoso.example"))["sessions"]
    active = [row for row in rows if row["status"] == "active"]
    assert len(active) == 1
    assert active[0]["sessionEnd"] is None
    assert all(row["sessionEnd"] for row in rows if row["status"] == "ended")


async def test_a_sessions_page_tells_its_errors_without_their_times(known: Asker) -> None:
    rows = (await known.sessions(userIdentifier="jane@contoso.example"))["sessions"]
    newest = max(rows, key=lambda row: str(row["sessionStart"]))
    session = (await known.get("session", id=str(newest["id"])))["session"]
    assert session["errors"][0].keys() == {"groupId", "instanceId", "title", "links"}
    assert "pageViewCount" not in session
    assert len(session["pageViews"]) == newest["pageViewCount"]
    assert session["location"]["ipLookup"].keys() == {"country", "state", "city"}


async def test_an_unknown_session_is_not_found_and_no_session_is_a_bad_question(known: Asker) -> None:
    await known.get("session", id="1")
    assert known.status == 404
    await known.get("session")
    assert known.status == 400


async def test_the_fifty_first_call_of_a_day_is_refused_and_remembered(known: Asker) -> None:
    for _ in range(49):
        await known.sessions(limit="1")
        assert known.status == 200
    assert known.server.refused_calls == 0
    assert await known.sessions() == ""
    assert known.status == 429
    assert known.retry_after is None
    assert known.server.refused_calls == 1
    assert len(known.server.calls) == 51


async def test_calls_come_back_24_hours_after_each_was_made(known: Asker) -> None:
    known.server.daily_calls = 2
    known.clock.advance(hours=1)
    await known.sessions()
    known.clock.advance(hours=22, minutes=59)
    await known.authenticate()
    assert known.status == 429
    known.clock.advance(minutes=1)
    await known.authenticate()
    assert known.status == 202
    await known.sessions()
    assert known.status == 429


async def test_a_login_may_be_free(clock: MovableClock) -> None:
    server = Raygun(clock, Traffic(sightings_of(make_people(clock()))), daily_calls=1)
    server.login_counts = False
    async with aiohttp.ClientSession() as client, listening(server):
        asker = Asker(client, server, clock)
        for _ in range(3):
            await asker.authenticate()
        await asker.sessions()
    assert asker.status == 200
    assert server.refused_calls == 0
