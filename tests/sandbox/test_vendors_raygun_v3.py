"""The sandbox's newer Raygun keeps `contracts/raygun_v3.md`: bare lists, no search, tokens with scopes."""

import random
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from sandbox.people import make_people
from sandbox.vendors.raygun_traffic import Traffic, sightings_of, strangers
from sandbox.vendors.raygun_v3 import RaygunV3
from sandbox.vendors.stand_in import listening
from tests.conftest import MovableClock

APP = "/v3/applications/19abc7x"
SESSION = """
identifier applicationIdentifier customerIdentifier isActive startedAt updatedAt endedAt ipAddress countryCode
platformName operatingSystemName operatingSystemVersion browserName browserVersion viewportWidth
viewportHeight deploymentVersion applicationUrl
"""


class Asker:
    """Somebody with the right token, unless given another."""

    def __init__(self, client: aiohttp.ClientSession, server: RaygunV3, clock: MovableClock) -> None:
        self.client, self.server, self.clock = client, server, clock
        self.token, self.status = server.token, 0
        self.headers: Any = {}

    async def get(self, path: str, **query: str) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"}
        url = f"{self.server.origin}{path}"
        async with self.client.get(url, params=query, headers=headers) as response:
            self.status, self.headers = response.status, response.headers
            return await response.json() if response.content_type.endswith("json") else None


@pytest.fixture
async def v3(clock: MovableClock) -> AsyncIterator[Asker]:
    rng = random.Random(3)
    others = strangers(rng, clock() - timedelta(days=1), 2, 900)
    server = RaygunV3(clock, Traffic([*sightings_of(make_people(clock())), *others]))
    async with aiohttp.ClientSession() as client, listening(server):
        yield Asker(client, server, clock)


async def test_sessions_are_a_bare_list_newest_first_and_name_nobody(v3: Asker) -> None:
    rows = await v3.get(f"{APP}/sessions", orderby="startedAt desc", count="500")
    assert isinstance(rows, list)
    assert all(set(row) == set(SESSION.split()) for row in rows)
    starts = [row["startedAt"] for row in rows]
    assert starts == sorted(starts, reverse=True)
    assert "@" not in str(rows)


async def test_a_page_holds_100_by_default_and_500_at_most(v3: Asker) -> None:
    assert len(await v3.get(f"{APP}/sessions")) == 100
    for wrong in ({"count": "501"}, {"count": "0"}, {"offset": "x"}, {"orderby": "email"}):
        await v3.get(f"{APP}/sessions", **wrong)
        assert v3.status == 400
    assert v3.headers["X-Raygun-RequestId"]


async def test_nothing_that_is_still_to_come_is_told(v3: Asker) -> None:
    first = (await v3.get(f"{APP}/sessions", orderby="startedAt desc", count="1"))[0]
    v3.clock.advance(hours=3)
    later = (await v3.get(f"{APP}/sessions", orderby="startedAt desc", count="1"))[0]
    assert first["startedAt"] < later["startedAt"]


async def test_customers_have_the_names_and_are_ordered_by_when_they_were_last_seen(v3: Asker) -> None:
    rows = await v3.get(f"{APP}/customers", orderby="lastSeenAt desc", count="500")
    seen = [row["lastSeenAt"] for row in rows]
    assert seen == sorted(seen, reverse=True)
    jane = next(row for row in rows if row.get("emailAddress") == "jane@contoso.example")
    one = await v3.get(f"{APP}/customers/{jane['identifier']}")
    assert one["externalIdentifier"] == "jane@contoso.example"


async def test_one_session_has_its_errors_without_their_texts_and_groups_have_those(v3: Asker) -> None:
    rows = await v3.get(f"{APP}/customers", orderby="lastSeenAt desc", count="500")
    jane = next(row["identifier"] for row in rows if row.get("emailAddress") == "jane@contoso.example")
    sessions = await v3.get(f"{APP}/sessions", orderby="startedAt desc", count="500")
    hers = next(row["identifier"] for row in sessions if row["customerIdentifier"] == jane)
    assert "errors" not in await v3.get(f"{APP}/sessions/{hers}")
    session = await v3.get(f"{APP}/sessions/{hers}", include="pageViews,errors")
    assert set(session["errors"][0]) == {"errorGroupIdentifier", "occurredAt", "applicationUrl"}
    group = await v3.get(f"{APP}/error-groups/{session['errors'][0]['errorGroupIdentifier']}")
    assert group["message"].startswith("TypeError")
    assert len(await v3.get(f"{APP}/error-groups")) > 0


async def test_tokens_scopes_and_applications_are_refused_differently(v3: Asker) -> None:
    await v3.get("/v3/applications/0000000")
    assert v3.status == 404
    v3.server.scopes.discard("customers:read")
    await v3.get(f"{APP}/customers")
    assert v3.status == 403
    v3.token = "another"
    body = await v3.get("/v3/applications")
    assert (v3.status, body["title"]) == (401, "Unauthorized")


async def test_the_eleventh_call_of_a_second_is_refused_and_every_answer_says_what_is_left(v3: Asker) -> None:
    for _ in range(10):
        await v3.get("/v3/applications")
        assert v3.status == 200
    assert v3.headers["X-Rate-Limit-Limit"] == "1m"
    assert v3.headers["X-Rate-Limit-Remaining"] == "590"
    await v3.get("/v3/applications")
    assert (v3.status, v3.server.refused_calls) == (429, 1)
    v3.clock.advance(seconds=1)
    await v3.get("/v3/applications")
    assert v3.status == 200
