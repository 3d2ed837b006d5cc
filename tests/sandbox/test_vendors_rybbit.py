"""The sandbox's Rybbit beyond the recorded answers: the demo's people, generations and limits."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sandbox.people import Customer, Visit, make_people
from sandbox.vendors.rybbit import Generation, Rybbit, from_people
from sandbox.vendors.rybbit_data import ApiKey, Device, Event, RybbitData, Site
from sandbox.vendors.rybbit_data import Visit as Stay
from sandbox.vendors.stand_in import listening
from tests.conftest import MovableClock

CLOUD = Path(__file__).parents[1] / "recorded" / "rybbit_cloud"
SESSIONS = "/api/sites/1407/sessions"
EMPTY = RybbitData((Site(1, "0123456789ab"), Site(3, "ba9876543210")), (ApiKey("<personal key>"),))


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


class Asker:
    """Somebody with the right key."""

    def __init__(self, client: aiohttp.ClientSession, server: Rybbit) -> None:
        self.client, self.server = client, server
        self.status, self.headers = 0, dict[str, str]()

    async def get(self, path: str, **query: str) -> Any:
        headers = {"Authorization": f"Bearer {self.server.data.keys[0].value}"}
        async with self.client.get(self.server.origin + path, params=query, headers=headers) as response:
            self.status = response.status
            self.headers = {name.lower(): value for name, value in response.headers.items()}
            return await response.json()


@pytest.fixture
async def rybbit(client: aiohttp.ClientSession, clock: MovableClock) -> AsyncIterator[Asker]:
    async with listening(Rybbit(clock, from_people(make_people(clock())))) as server:
        yield Asker(client, server)


async def test_the_demos_people_are_found_by_uid(rybbit: Asker) -> None:
    body = await rybbit.get(SESSIONS, user_id="u-77")
    assert [row["identified_user_id"] for row in body["data"]] == ["u-77"] * 4
    assert len(body["data"][0]) == 42
    assert body["data"][0]["traits"] == {"email": "jane@contoso.example", "name": "Jane Doe"}


async def test_nobody_knows_the_unknown_address(rybbit: Asker) -> None:
    assert (await rybbit.get(SESSIONS, user_id="nobody@contoso.example"))["data"] == []
    users = await rybbit.get("/api/sites/1407/users", search="nobody@contoso.example", search_field="email")
    assert users["totalCount"] == 0


async def test_a_trait_is_matched_by_case_and_a_search_is_not(rybbit: Asker) -> None:
    path = "/api/sites/1407/user-traits/users"
    assert (await rybbit.get(path, key="email", value="Amir.Haddad@Northwind.example"))["total"] == 1
    assert (await rybbit.get(path, key="email", value="amir.haddad@northwind.example"))["total"] == 0
    users = await rybbit.get("/api/sites/1407/users", search="amir.haddad@", search_field="email")
    assert [row["identified_user_id"] for row in users["data"]] == ["u-31"]


async def test_a_search_finds_addresses_that_contain_the_one_searched_for(rybbit: Asker) -> None:
    users = await rybbit.get("/api/sites/1407/users", search="ann@wingtip.example", search_field="email")
    assert {row["traits"]["email"] for row in users["data"]} == {
        "ann@wingtip.example",
        "joann@wingtip.example",
    }


async def test_a_trait_must_be_named_and_given_a_value(rybbit: Asker) -> None:
    await rybbit.get("/api/sites/1407/user-traits/users", key="email")
    assert rybbit.status == 400


async def test_who_has_more_sessions_than_a_page_is_given_page_by_page(rybbit: Asker) -> None:
    pages = [await rybbit.get(SESSIONS, user_id="u-51", limit="20", page=page) for page in ("1", "2", "3")]
    assert [len(page["data"]) for page in pages] == [20, 14, 0]
    ends = [row["session_end"] for page in pages for row in page["data"]]
    assert ends == sorted(ends, reverse=True)


async def test_what_has_not_happened_yet_is_not_told(
    client: aiohttp.ClientSession, clock: MovableClock
) -> None:
    visit = Visit(clock() + timedelta(hours=1), 60)
    later = Customer(1, "u-1", "later@contoso.example", "Later", "", (visit,))
    async with listening(Rybbit(clock, from_people([later]))) as server:
        asker = Asker(client, server)
        assert (await asker.get(SESSIONS))["data"] == []
        clock.advance(hours=2)
        assert len((await asker.get(SESSIONS))["data"]) == 1


async def test_text_that_looks_like_a_number_comes_as_one_but_never_in_traits_or_ids(
    client: aiohttp.ClientSession, clock: MovableClock
) -> None:
    texts = {"404": 404, "0042": 42, "1e3": 1000, " ": 0, "10.15.7": "10.15.7", "": "", "18.60": 18.6}
    stays = tuple(
        Stay(str(n), "7", Device(city=city), (Event(clock(), "pageview", "/"),))
        for n, city in enumerate(texts)
    )
    data = RybbitData((Site(1, "0123456789ab", stays),), (ApiKey("key"),))
    async with listening(Rybbit(clock, data)) as server:
        rows = (await Asker(client, server).get("/api/sites/1/sessions"))["data"]
    assert [row["city"] for row in sorted(rows, key=lambda row: row["session_id"])] == list(texts.values())
    assert {row["user_id"] for row in rows} == {"7"}
    assert {row["country"] for row in rows} == {"\0\0"}


async def test_a_public_site_answers_without_a_key(
    client: aiohttp.ClientSession, clock: MovableClock
) -> None:
    data = RybbitData((Site(1, "0123456789ab", public=True),), (ApiKey("key"),))
    async with (
        listening(Rybbit(clock, data)) as server,
        client.get(
            f"{server.origin}/api/sites/1/sessions", headers={"Authorization": "Bearer bad"}
        ) as response,
    ):
        assert response.status == 200


GENERATIONS = [
    (Generation.A2, "/api/sessions/1407", "/api/error-names/1407", 404),
    (Generation.B, SESSIONS, "/api/sites/1407/error-names", 200),
    (Generation.C, SESSIONS, "/api/sites/1407/errors/names", 200),
]


@pytest.mark.parametrize(("generation", "sessions", "errors", "version"), GENERATIONS)
async def test_each_generation_has_its_own_paths_and_no_others(
    generation: Generation,
    sessions: str,
    errors: str,
    version: int,
    client: aiohttp.ClientSession,
    clock: MovableClock,
) -> None:
    async with listening(Rybbit(clock, from_people(make_people(clock())), generation)) as server:
        asker = Asker(client, server)
        known = set()
        for path in {path for row in GENERATIONS for path in row[1:3]}:
            body = await asker.get(path, user_id="u-77")
            known |= {path} if asker.status == 200 else set()
            assert asker.status == 200 or body["message"].startswith(f"Route GET:{path}?user_id=")
        assert known == {sessions, errors}
        await asker.get("/api/version")
        assert asker.status == version


@pytest.mark.parametrize("generation", [Generation.A2, Generation.B])
async def test_an_old_server_ignores_a_search_and_dates_without_a_zone(
    generation: Generation, client: aiohttp.ClientSession, clock: MovableClock
) -> None:
    users, sessions = (
        ("/api/users/1407", "/api/sessions/1407")
        if generation is Generation.A2
        else ("/api/sites/1407/users", SESSIONS)
    )
    async with listening(Rybbit(clock, from_people(make_people(clock())), generation)) as server:
        asker = Asker(client, server)
        everybody = await asker.get(users)
        assert await asker.get(users, search="jane@contoso.example", search_field="email") == everybody
        everything = await asker.get(sessions)
        assert await asker.get(sessions, start_date="2024-01-01", end_date="2024-01-31") == everything


async def test_an_old_server_says_forbidden_beyond_its_calls_in_ten_minutes(
    client: aiohttp.ClientSession, clock: MovableClock
) -> None:
    async with listening(Rybbit(clock, EMPTY, Generation.A2, window_limit=2)) as server:
        asker, statuses = Asker(client, server), []
        for _ in range(3):
            body = await asker.get("/api/sessions/1")
            statuses.append(asker.status)
        assert statuses == [200, 200, 403]
        assert body == {"error": "Forbidden"}
        assert "retry-after" not in asker.headers
        clock.advance(minutes=10)
        await asker.get("/api/sessions/1")
        assert asker.status == 200


def cloud(name: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads((CLOUD / f"{name}.json").read_text())
    return answer


async def ask_again(
    client: aiohttp.ClientSession, server: Rybbit, name: str
) -> tuple[int, Any, dict[str, str]]:
    request = cloud(name)["request"]
    url = f"{server.origin}{request['path']}?{request['query']}"
    async with client.get(url, headers=request["headers"]) as response:
        told = {
            n.lower(): v for n, v in response.headers.items() if n.lower().startswith(("x-", "rate", "retry"))
        }
        return response.status, await response.json(), told


def limits(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if not name.startswith("content-")}


def without_the_days_end(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name != "x-ratelimit-daily-reset"}


def seconds_to_midnight(clock: MovableClock, seconds: str) -> None:
    midnight = (clock.now + timedelta(days=1)).replace(hour=0, minute=0, second=0)
    clock.now = midnight - timedelta(seconds=int(seconds))


async def test_the_cloud_answers_and_counts_as_recorded(
    client: aiohttp.ClientSession, clock: MovableClock
) -> None:
    order = ("ok_sessions", "ok_404_session", "ok_500", "ok_400", "ok_other_org_same_user")
    seconds_to_midnight(clock, "9341")
    async with listening(Rybbit(clock, EMPTY, cloud=True)) as server:
        for name in (*order, "bad_key", "no_key", "unknown_site_403", "version"):
            then = cloud(name)
            status, body, headers = await ask_again(client, server, name)
            assert (status, body) == (then["status"], then["body"])
            # The recorded calls took a second in all, by which the day's end alone came nearer.
            wanted = limits(then["headers"])
            assert headers.keys() == wanted.keys()
            assert without_the_days_end(headers) == without_the_days_end(wanted)


async def test_the_clouds_burst_is_refused_as_recorded_and_comes_back_in_a_second(
    client: aiohttp.ClientSession, clock: MovableClock
) -> None:
    then = cloud("burst_429")
    seconds_to_midnight(clock, then["headers"]["x-ratelimit-daily-reset"])
    async with listening(Rybbit(clock, EMPTY, cloud=True)) as server:
        for _ in range(50):
            assert (await ask_again(client, server, "ok_sessions"))[0] == 200
        status, body, headers = await ask_again(client, server, "burst_429")
        assert (status, body) == (429, then["body"])
        # Of the 54 calls that were recorded before, four had been given back.
        assert headers == limits(then["headers"]) | {"x-ratelimit-daily-remaining": "4950"}
        clock.advance(seconds=1)
        assert (await ask_again(client, server, "ok_sessions"))[0] == 200


async def test_the_clouds_day_is_refused_as_recorded_until_midnight(
    client: aiohttp.ClientSession, clock: MovableClock
) -> None:
    then = cloud("daily_429")
    seconds_to_midnight(clock, then["headers"]["x-ratelimit-daily-reset"])
    async with listening(Rybbit(clock, EMPTY, cloud=True, daily_limit=3)) as server:
        for _ in range(3):
            await ask_again(client, server, "ok_sessions")
        clock.advance(seconds=0.9)
        status, body, headers = await ask_again(client, server, "daily_429")
        assert (status, body) == (429, then["body"] | {"limit": 3})
        smaller = {"x-ratelimit-daily-limit": "3", "ratelimit-limit": "3"}
        assert headers == limits(then["headers"]) | smaller
        clock.advance(seconds=int(headers["retry-after"]))
        assert (await ask_again(client, server, "ok_sessions"))[0] == 200


async def test_a_keys_day_begins_anew_a_day_after_its_last_call(
    client: aiohttp.ClientSession, clock: MovableClock
) -> None:
    """As the library of upstream's keys counts: from the last call that was allowed."""
    async with listening(Rybbit(clock, from_people(make_people(clock())), key_limit=2)) as server:
        asker = Asker(client, server)
        statuses = []
        for hours in (0, 1, 1, 23, 1):
            clock.advance(hours=hours)
            await asker.get(SESSIONS, user_id="u-77")
            statuses.append(asker.status)
    assert statuses == [200, 200, 429, 200, 200]
