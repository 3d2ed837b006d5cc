"""The sandbox's PostHog keeps `docs/contracts/posthog.md`: rights, people, lists, queries, limits."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.people import Customer, Error, Visit
from sandbox.vendors.posthog import POSTHOG, PostHog, person_uuid
from sandbox.vendors.stand_in import listening
from tests.conftest import MovableClock

BASE = "/api/projects/12345"
PAT = Customer(1, "cust-1", "pat@contoso.example", "Pat", "")


class Asker:
    """Somebody with the right key."""

    def __init__(self, client: aiohttp.ClientSession, server: PostHog) -> None:
        self.client, self.server = client, server
        self.status = 0
        self.headers: dict[str, str] = {}

    async def get(self, path: str, key: str | None = None, **query: str) -> Any:
        return await self._read("GET", path, key, params=query)

    async def query(self, text: str, **values: Any) -> Any:
        asked = {"query": {"kind": "HogQLQuery", "query": text, "values": values}}
        return await self._read("POST", f"{BASE}/query/", None, json=asked)

    async def _read(self, method: str, path: str, key: str | None, **sent: Any) -> Any:
        headers = {"Authorization": f"Bearer {key or self.server.api_key}"}
        url = self.server.origin + path
        async with self.client.request(method, url, headers=headers, **sent) as response:
            self.status, self.headers = response.status, dict(response.headers)
            return await response.json()


@pytest.fixture
async def asker(clock: MovableClock) -> AsyncIterator[Asker]:
    boom = Error("TypeError", "x", 30)
    visits = tuple(Visit(clock().replace(microsecond=0), 60, ("/",), (boom,)) for _ in range(3))
    clock.advance(hours=1)
    pat = Customer(1, "cust-1", "pat@contoso.example", "Pat", "", visits, frozenset({POSTHOG}))
    async with listening(PostHog(clock, [pat])) as server, aiohttp.ClientSession() as client:
        yield Asker(client, server)


async def test_a_key_a_project_and_a_scope_are_needed_and_the_scope_is_named(asker: Asker) -> None:
    await asker.get(f"{BASE}/persons/", key="other")
    assert asker.status == 401
    await asker.get("/api/projects/9/persons/")
    assert asker.status == 404
    asker.server.scopes = set()
    told = await asker.get(f"{BASE}/persons/")
    assert (asker.status, told["detail"]) == (403, "API key missing required scope 'person:read'")


async def test_people_are_found_by_address_and_id_exactly_and_ten_of_their_ids_are_told(asker: Asker) -> None:
    asker.server.devices = 14
    for query, found in (
        ({"email": "pat@contoso.example"}, 1),
        ({"email": "at@contoso.example"}, 0),
        ({"email": "Pat@contoso.example"}, 0),
        ({"distinct_id": "cust-1"}, 1),
        ({"distinct_id": "cust"}, 0),
        ({"search": "at@contoso"}, 1),
    ):
        rows = (await asker.get(f"{BASE}/persons/", **query))["results"]
        assert len(rows) == found
        assert all(len(row["distinct_ids"]) == 10 for row in rows)


async def test_recordings_are_of_one_person_and_from_a_day_and_come_in_pages(asker: Asker) -> None:
    first = await asker.get(f"{BASE}/session_recordings/", person_uuid=person_uuid(PAT), limit="2")
    assert (len(first["results"]), first["has_next"]) == (2, True)
    rest = await asker.get(f"{BASE}/session_recordings/", limit="2", offset="2")
    assert (len(rest["results"]), rest["has_next"]) == (1, False)
    assert (await asker.get(f"{BASE}/session_recordings/", person_uuid="9"))["results"] == []
    for wrong in ({"colour": "red"}, {"date_from": "yesterday"}):
        await asker.get(f"{BASE}/session_recordings/", **wrong)
        assert asker.status == 400


async def test_lists_of_recordings_have_a_limit_of_their_own(asker: Asker, clock: MovableClock) -> None:
    for _ in range(12):
        await asker.get(f"{BASE}/session_recordings/")
        assert asker.status == 200
    await asker.get(f"{BASE}/session_recordings/")
    assert (asker.status, asker.headers["Retry-After"]) == (429, "60")
    await asker.get(f"{BASE}/persons/")
    assert asker.status == 200
    clock.advance(seconds=60)
    await asker.get(f"{BASE}/session_recordings/")
    assert asker.status == 200


async def test_a_query_is_run_with_its_values_apart_and_refused_otherwise(asker: Asker) -> None:
    ids = "SELECT person_id FROM person_distinct_ids WHERE distinct_id = {id} LIMIT 10"
    assert (await asker.query(ids, id="cust-1"))["results"] == [[person_uuid(PAT)]]
    for text in (ids, "DROP TABLE events", "SELECT person_id FROM events WHERE 1=1"):
        await asker.query(text)
        assert asker.status == 400
