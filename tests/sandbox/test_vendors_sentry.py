"""The sandbox's Sentry keeps `docs/contracts/sentry.md`: rights, searches, pages, limits."""

from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import pytest

from sandbox.people import Customer, Error, Visit
from sandbox.vendors.sentry import SENTRY, Sentry
from sandbox.vendors.stand_in import listening
from tests.conftest import MovableClock

BASE = "/api/0/organizations/acme"


class Asker:
    """Somebody with the right token."""

    def __init__(self, client: aiohttp.ClientSession, server: Sentry) -> None:
        self.client, self.server = client, server
        self.status = 0
        self.headers: dict[str, str] = {}

    async def get(self, path: str, *fields: str, token: str | None = None, **query: str) -> Any:
        sent = [*query.items(), *(("field", field) for field in fields)]
        headers = {"Authorization": f"Bearer {token or self.server.token}"}
        async with self.client.get(self.server.origin + path, params=sent, headers=headers) as response:
            self.status, self.headers = response.status, dict(response.headers)
            return await response.json() if await response.read() else None


@pytest.fixture
async def asker(clock: MovableClock) -> AsyncIterator[Asker]:
    boom = Error("TypeError", "x", 30)
    visits = tuple(Visit(clock().replace(microsecond=0), 60, ("/",), (boom,)) for _ in range(3))
    clock.advance(hours=1)
    pat = Customer(1, "cust-1", "pat@contoso.example", "Pat", "", visits, frozenset({SENTRY}))
    async with listening(Sentry(clock, [pat])) as server, aiohttp.ClientSession() as client:
        yield Asker(client, server)


def span(clock: MovableClock, **more: str) -> dict[str, str]:
    day = {"start": f"{clock():%Y-%m-%dT00:00:00}", "end": f"{clock():%Y-%m-%dT23:59:59}"}
    return day | {"query": 'user.id:"cust-1"'} | more


async def test_a_token_an_organisation_and_a_scope_are_needed(asker: Asker, clock: MovableClock) -> None:
    await asker.get(f"{BASE}/replays/", token="other", **span(clock))
    assert asker.status == 401
    await asker.get("/api/0/organizations/other/replays/", **span(clock))
    assert asker.status == 404
    asker.server.scopes = {"org:read"}
    await asker.get(f"{BASE}/issues/", **span(clock))
    assert asker.status == 403


@pytest.mark.parametrize(
    "wrong",
    [
        {"query": "user.id:cust-1 OR x"},
        {"query": 'user.id:"cust-1'},
        {"start": "yesterday"},
        {"per_page": "101"},
        {"cursor": "1"},
        {"sort": "title"},
        {"colour": "red"},
        {"project": "1"},
    ],
    ids=str,
)
async def test_a_question_that_cannot_be_read_is_refused(
    asker: Asker, clock: MovableClock, wrong: dict[str, str]
) -> None:
    await asker.get(f"{BASE}/replays/", **span(clock, **wrong))
    assert asker.status == 400


async def test_events_give_the_fields_asked_for_and_no_others(asker: Asker, clock: MovableClock) -> None:
    told = await asker.get(f"{BASE}/events/", "id", "user.id", **span(clock, dataset="errors"))
    assert [set(row) for row in told["data"]] == [{"id", "user.id"}] * 3
    for fields in ((), ("password",)):
        await asker.get(f"{BASE}/events/", *fields, **span(clock, dataset="errors"))
        assert asker.status == 400


async def test_pages_have_cursors_in_both_directions(asker: Asker, clock: MovableClock) -> None:
    first = await asker.get(f"{BASE}/replays/", **span(clock, per_page="2"))
    assert 'rel="next"; results="true"; cursor="0:2:0"' in asker.headers["Link"]
    rest = await asker.get(f"{BASE}/replays/", **span(clock, per_page="2", cursor="0:2:0"))
    assert (len(first["data"]), len(rest["data"])) == (2, 1)
    assert 'rel="next"; results="false"' in asker.headers["Link"]


async def test_of_a_second_the_headers_say_what_is_left_and_then_it_refuses(
    asker: Asker, clock: MovableClock
) -> None:
    for left in range(9, -1, -1):
        await asker.get(f"{BASE}/issues/", **span(clock))
        assert (asker.status, asker.headers["X-Sentry-Rate-Limit-Remaining"]) == (200, str(left))
    await asker.get(f"{BASE}/issues/", **span(clock))
    assert asker.status == 429
    clock.advance(seconds=1)
    await asker.get(f"{BASE}/issues/", **span(clock))
    assert asker.status == 200


async def test_capitals_count_except_beside_a_placeholder(asker: Asker, clock: MovableClock) -> None:
    for query, rows in (('"cust-1"', 3), ('"CUST-1"', 0), ('"CUST-*"', 3), ('"CUST-\\*"', 0)):
        asked = span(clock, query=f"user.id:{query}", project="4511")
        assert len((await asker.get(f"{BASE}/replays/", **asked))["data"]) == rows
