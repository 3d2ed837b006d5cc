"""Several processes on one database: what one has asked, counted or accepted holds for all of them."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta

import pytest

from bot.app import open_bot
from bot.domain.model import Subject, SubjectKind
from bot.engine.opening import open_engine
from bot.engine.parts import Engine
from bot.lookup import ask_source
from bot.serving.run import serving_http
from bot.settings.model import Settings, load_settings
from bot.sources.protocol import Question
from bot.sources.uxcam import api, source
from sandbox.slack import plain_text
from sandbox.world import World, open_world
from tests.end_to_end.conftest import PATIENT, SLACKS_PATIENCE, TIMING, Desk, casefile_on

CUSTOMERS = ("jane@contoso.example", "cust-8841", "li.wei@fabrikam.example", "nobody@contoso.example")
PROCESSES = 4


def settings_of(world: World, database_url: str) -> Settings:
    return load_settings(world.environment() | {"DATABASE_URL": database_url} | PATIENT)


@pytest.fixture(autouse=True)
def as_slow_as_a_busy_machine() -> Iterator[None]:
    """
    Here all processes and vendors are one, which may do other things for seconds.

    So a call may arrive seconds after it was counted, and whoever asks may be kept from saying that it still
    does: neither is what these tests are about.
    """
    by_second = tuple(replace(window, lag_seconds=10) for window in api.WINDOWS)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(source, "WINDOWS", by_second)
        patch.setattr(ask_source, "_LEASE_LASTS", timedelta(minutes=1))
        yield


async def look_up(engine: Engine, value: str) -> None:
    kind = SubjectKind.EMAIL if "@" in value else SubjectKind.UID
    await engine.lookup.until_deadline(Question(Subject(kind, value, value), 30))


async def test_a_customer_is_asked_for_once_however_many_processes_look_them_up(database_url: str) -> None:
    async with (
        open_world(strangers_a_day=100, slacks_patience=SLACKS_PATIENCE) as world,
        AsyncExitStack() as stack,
    ):
        for vendor in world.vendors:
            vendor.latency = 0.1
        settings = settings_of(world, database_url)
        engines = [await stack.enter_async_context(open_engine(settings)) for _ in range(PROCESSES)]
        for _ in range(2):
            await asyncio.gather(
                *(look_up(e, value) for e in engines for value in CUSTOMERS for _ in range(3))
            )
            for engine in engines:
                await engine.tasks.settle()
        asked = [(call.path, *sorted(call.query.items())) for call in world.fullstory.calls]
        assert len(asked) == len(set(asked))
        for path in ("/sessions/v2", "/v2/users"):
            assert len([call for call in asked if call[0] == path]) <= len(CUSTOMERS) + 2


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_no_quota_is_exceeded_by_all_of_them_together(database_url: str) -> None:
    async with (
        open_world(strangers_a_day=100, slacks_patience=SLACKS_PATIENCE) as world,
        AsyncExitStack() as stack,
    ):
        settings = settings_of(world, database_url)
        engines = [await stack.enter_async_context(open_engine(settings)) for _ in range(PROCESSES)]
        people = [f"customer{number}@contoso.example" for number in range(60)]
        await asyncio.gather(*(look_up(engines[n % PROCESSES], who) for n, who in enumerate(people)))
        for engine in engines:
            await engine.tasks.settle()
        assert world.raygun.refused_calls == 0
        assert world.raygun.most_in_24_hours <= 50
        assert len(world.uxcam.calls) >= 5
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


async def test_http_and_socket_mode_processes_side_by_side_answer_each_request_once(
    database_url: str,
) -> None:
    async with (
        open_world(strangers_a_day=100, slacks_patience=SLACKS_PATIENCE) as world,
        AsyncExitStack() as stack,
    ):
        slack = world.slack
        web = await stack.enter_async_context(casefile_on(world, database_url, "http"))
        bots = [
            web,
            *[await stack.enter_async_context(casefile_on(world, database_url, "socket")) for _ in "12"],
        ]
        asked = []
        for number in range(8):
            words = f"<@{slack.people.bot}> customer{number}@contoso.example"
            asked.append(await slack.post_as_user(slack.places.support, slack.people.agent, words))
            # Over a websocket, and the same over HTTP.
            body = json.dumps(slack.deliveries[-1].payload)
            answer = await slack.post_raw(body, slack.sign(body) | {"Content-Type": "application/json"})
            assert answer.status == 200
        assert slack.connections == 2
        await slack.wait_for(lambda: all(slack.replies(message.channel, message.ts) for message in asked))
        for bot in bots:
            await bot.engine.tasks.settle()
        assert [len(slack.replies(message.channel, message.ts)) for message in asked] == [1] * 8
        paths = [call.path for call in world.fullstory.calls]
        assert paths.count("/sessions/v2") <= 8 + len(bots)


async def test_what_a_process_leaves_behind_a_process_of_the_other_transport_finishes(
    database_url: str,
) -> None:
    async with (
        open_world(strangers_a_day=100, slacks_patience=SLACKS_PATIENCE) as world,
        AsyncExitStack() as stack,
    ):
        slack = world.slack
        world.fullstory.hold = asyncio.Event()
        staying = await stack.enter_async_context(casefile_on(world, database_url, "http"))
        async with casefile_on(world, database_url, "socket") as leaving:
            question = f"<@{slack.people.bot}> jane@contoso.example"
            message = await slack.post_as_user(slack.places.support, slack.people.agent, question)
            await slack.wait_for(lambda: slack.deliveries[-1].acknowledged)
            # It ends before the answer: what runs is let go.
            assert await leaving.inbox.count_open() == 1
            await leaving.engine.tasks.drain(0)
            world.fullstory.hold = None
        await slack.wait_for(lambda: slack.replies(message.channel, message.ts))
        await staying.engine.tasks.settle()
        assert len(slack.replies(message.channel, message.ts)) == 1
