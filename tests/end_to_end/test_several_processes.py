"""Several processes on one database: what one has asked, counted or accepted holds for all of them."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from bot.app import Engine, open_bot, open_engine
from bot.casefile import Subject, SubjectKind
from bot.serving import serving_http
from bot.settings import Settings, load_settings
from bot.sources.source import Question
from sandbox.slack import plain_text
from sandbox.world import World, open_world
from tests.end_to_end.conftest import TIMING, Desk

CUSTOMERS = ("jane@contoso.example", "cust-8841", "li.wei@fabrikam.example", "nobody@contoso.example")
PROCESSES = 4


def settings_of(world: World, database_url: str) -> Settings:
    return load_settings(world.environment() | {"DATABASE_URL": database_url})


async def look_up(engine: Engine, value: str) -> None:
    kind = SubjectKind.EMAIL if "@" in value else SubjectKind.UID
    await engine.lookup.until_deadline(Question(Subject(kind, value, value), 30))


async def test_a_customer_is_asked_for_once_however_many_processes_look_them_up(database_url: str) -> None:
    async with open_world(strangers_a_day=300) as world, AsyncExitStack() as stack:
        for vendor in world.vendors:
            vendor.latency = 0.1
        settings = settings_of(world, database_url)
        engines = [await stack.enter_async_context(open_engine(settings)) for _ in range(PROCESSES)]
        for _ in range(2):
            await asyncio.gather(
                *(look_up(e, value) for e in engines for value in CUSTOMERS for _ in range(3))
            )
            for engine in engines:
                await engine.tasks.drain(20)
        asked = [(call.path, *sorted(call.query.items())) for call in world.fullstory.calls]
        assert len(asked) == len(set(asked))
        for path in ("/sessions/v2", "/v2/users"):
            assert len([call for call in asked if call[0] == path]) <= len(CUSTOMERS) + 2


async def test_no_quota_is_exceeded_by_all_of_them_together(database_url: str) -> None:
    async with open_world(strangers_a_day=300) as world, AsyncExitStack() as stack:
        settings = settings_of(world, database_url)
        engines = [await stack.enter_async_context(open_engine(settings)) for _ in range(PROCESSES)]
        people = [f"customer{number}@contoso.example" for number in range(60)]
        await asyncio.gather(*(look_up(engines[n % PROCESSES], who) for n, who in enumerate(people)))
        for engine in engines:
            await engine.tasks.drain(20)
        assert world.raygun.refused_calls == 0
        assert world.raygun.most_in_24_hours <= 50
        assert not any(call.status == 429 for call in world.uxcam.calls)


@pytest.mark.parametrize("transport", ["http"])
async def test_one_request_delivered_to_two_processes_is_answered_once(desk: Desk, database_url: str) -> None:
    slack, settings = desk.world.slack, settings_of(desk.world, database_url)
    async with AsyncExitStack() as stack:
        bots, ports = [], []
        for _ in range(2):
            bot = await stack.enter_async_context(open_bot(settings, desk.world.clock, TIMING))
            ports.append(await stack.enter_async_context(serving_http(bot, "127.0.0.1", 0)))
            bots.append(bot)
        slack.connect(f"http://127.0.0.1:{ports[0]}/slack/events")
        outcome = await desk.ask("cust-8841")
        message = await slack.post_as_user(
            slack.places.support, slack.people.agent, f"<@{slack.people.bot}> u-77"
        )
        slack.connect(f"http://127.0.0.1:{ports[1]}/slack/events")
        await slack.redeliver(outcome)
        await slack.deliver_again(message, times=1)
        for bot in bots:
            await desk.idle(bot)
    assert len([post for post in desk.posts() if "cust-8841" in plain_text(post)]) == 1
    assert len([m for m in slack.replies(message.channel, message.ts) if m.bot_id]) == 1
