"""Every stand-in can be made to misbehave while it runs, and back again."""

import asyncio
import json
from collections.abc import AsyncIterator

import aiohttp
import pytest

from sandbox.faults import Fault
from sandbox.people import make_people
from sandbox.vendors.fullstory import FullStory
from sandbox.vendors.raygun import Raygun
from sandbox.vendors.raygun_traffic import Traffic, sightings_of
from sandbox.vendors.rybbit import Generation, Rybbit, from_people
from sandbox.vendors.stand_in import StandIn, listening
from tests.conftest import MovableClock

MIB = 1024 * 1024
# A path that each answers with JSON, if only to say no.
PATHS = {"fullstory": "/me", "raygun": "/api/v1/pulse/sessions", "rybbit": "/api/version"}


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as opened:
        yield opened


@pytest.fixture(params=["fullstory", "raygun", "rybbit"])
async def vendor(request: pytest.FixtureRequest, clock: MovableClock) -> AsyncIterator[StandIn]:
    people = make_people(clock())
    made: dict[str, StandIn] = {
        "fullstory": FullStory(clock, people),
        "raygun": Raygun(clock, Traffic(sightings_of(people))),
        "rybbit": Rybbit(clock, from_people(people)),
    }
    async with listening(made[request.param]) as server:
        yield server


def url(vendor: StandIn) -> str:
    return vendor.origin + PATHS[type(vendor).__name__.lower()]


async def test_it_listens_on_loopback_alone(vendor: StandIn) -> None:
    assert vendor.origin.startswith("http://127.0.0.1:")


async def test_every_call_is_written_down(vendor: StandIn, client: aiohttp.ClientSession) -> None:
    async with client.get(url(vendor), params={"email": "sam+trial@contoso.example"}) as response:
        status = response.status
    (call,) = vendor.calls
    assert (call.method, call.status) == ("GET", status)
    assert call.query == {"email": "sam+trial@contoso.example"}
    assert call.at == vendor.clock()


async def test_a_call_that_hangs_is_written_down_before_it_is_answered(
    vendor: StandIn, client: aiohttp.ClientSession
) -> None:
    vendor.fault = Fault.HANG
    with pytest.raises(TimeoutError):
        await client.get(url(vendor), timeout=aiohttp.ClientTimeout(0.05))
    assert len(vendor.calls) == 1


async def test_the_sandbox_stops_while_calls_hang(client: aiohttp.ClientSession, clock: MovableClock) -> None:
    async with listening(FullStory(clock, ())) as server:
        server.fault = Fault.HANG
        asking = asyncio.create_task(client.get(url(server)).__aenter__())
        async with asyncio.timeout(120):
            while not server.calls:  # noqa: ASYNC110 - the sandbox gives no event for it
                await asyncio.sleep(0)
    with pytest.raises(aiohttp.ClientError):
        await asking


async def test_a_slow_vendor_answers_in_the_end(vendor: StandIn, client: aiohttp.ClientSession) -> None:
    async with client.get(url(vendor)) as response:
        usual = response.status
    vendor.latency = 0.01
    async with client.get(url(vendor)) as response:
        assert response.status == usual


@pytest.mark.parametrize(("fault", "status"), [(Fault.RATE_LIMITED, 429), (Fault.BROKEN, 500)])
async def test_it_can_refuse_for_too_many_calls_or_trouble_of_its_own(
    vendor: StandIn, client: aiohttp.ClientSession, fault: Fault, status: int
) -> None:
    vendor.fault = fault
    async with client.get(url(vendor)) as response:
        assert response.status == status
        documented = not isinstance(vendor, Raygun) and fault is Fault.RATE_LIMITED
        assert ("Retry-After" in response.headers) == documented


async def test_a_bad_key_is_refused_in_the_vendors_own_way(
    vendor: StandIn, client: aiohttp.ClientSession
) -> None:
    vendor.fault = Fault.REFUSED
    async with client.get(url(vendor)) as response:
        assert response.status == (403 if isinstance(vendor, Rybbit) else 401)


async def test_an_answer_can_break_off(vendor: StandIn, client: aiohttp.ClientSession) -> None:
    vendor.fault = Fault.TRUNCATED
    async with client.get(url(vendor)) as response:
        assert response.status == 200
        with pytest.raises(aiohttp.ClientPayloadError):
            await response.read()


async def test_an_answer_can_be_a_web_page(vendor: StandIn, client: aiohttp.ClientSession) -> None:
    vendor.fault = Fault.HTML
    async with client.get(url(vendor)) as response:
        assert (response.status, response.content_type) == (200, "text/html")


async def test_an_answer_can_be_json_of_more_than_10_mib(
    vendor: StandIn, client: aiohttp.ClientSession
) -> None:
    vendor.fault = Fault.HUGE
    async with client.get(url(vendor)) as response:
        body = await response.read()
    assert len(body) > 10 * MIB
    assert isinstance(json.loads(body), dict)


async def test_a_fault_ends_when_it_is_switched_off(vendor: StandIn, client: aiohttp.ClientSession) -> None:
    async with client.get(url(vendor)) as response:
        usual = response.status
    for fault in (Fault.BROKEN, Fault.TRUNCATED, Fault.NONE):
        vendor.fault = fault
        async with client.get(url(vendor)) as response:
            status = response.status
    assert status == usual


@pytest.mark.parametrize("generation", list(Generation))
async def test_the_settings_lead_to_the_stand_ins(generation: Generation, clock: MovableClock) -> None:
    people = make_people(clock())
    async with (
        listening(FullStory(clock, people)) as fullstory,
        listening(Raygun(clock, Traffic(sightings_of(people)))) as raygun,
        listening(Rybbit(clock, from_people(people), generation)) as rybbit,
    ):
        settings = fullstory.environment() | raygun.environment() | rybbit.environment()
    raygun_names = ("API_KEY", "CLIENT_ID", "CLIENT_SECRET", "BASE_URL", "APPLICATION")
    assert settings.keys() == {
        *(f"FULLSTORY__MAIN__{name}" for name in ("API_KEY", "BASE_URL", "SUMMARY_PROFILE")),
        *(f"RAYGUN__SHOP__{name}" for name in raygun_names),
        *(f"RYBBIT__WWW__{name}" for name in ("API_KEY", "SITE", "BASE_URL", "WEB_URL")),
    }
    assert settings["RYBBIT__WWW__WEB_URL"] == "https://app.rybbit.io"
    assert settings["RYBBIT__WWW__SITE"] == "1407"
