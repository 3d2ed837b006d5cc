"""
How often each kind of job goes to the database: counted, as the database may be some milliseconds away.

A transaction that writes is counted once, whatever it writes; of what is read, each statement. What goes to
PostgreSQL together is one round trip.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from benchmarks._visits import Visits, counted
from bot.app import Bot, open_bot
from bot.audit import erasures
from bot.serving.run import serving_http
from bot.settings.model import load_settings
from bot.sources.quota import ledger
from bot.sources.raygun import legacy, pushed_errors
from bot.storage import memory
from sandbox.slack import Message
from sandbox.ticket_samples import post_sample
from sandbox.vendors.fullstory import session_url
from sandbox.world import World, open_world
from tests.end_to_end.conftest import PATIENT, SLACKS_PATIENCE, TIMING

# What looks after jobs and rows by the clock is not a job's.
UNDISTURBED = replace(TIMING, lease=timedelta(hours=1), sweep_seconds=3600.0)
CUSTOMER, OTHER, NOOR = "cust-8841", "li.wei@fabrikam.example", "noor@contoso.example"


@pytest.fixture(autouse=True)
def as_on_a_quick_machine() -> Iterator[None]:
    """What was read a moment ago is not read again: on a busy machine a moment is over soon."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (legacy, pushed_errors):
            patch.setattr(module, "_LATELY_SECONDS", timedelta(days=1).total_seconds())
        patch.setattr(ledger, "_STATE_LASTS_SECONDS", timedelta(days=1).total_seconds())
        for name in ("_LATELY", "_NONE_LASTS"):
            patch.setattr(memory, name, timedelta(days=1))
        # That somebody was forgotten is looked for by the clock.
        patch.setattr(erasures, "_LOOKED_EVERY_SECONDS", timedelta(days=1).total_seconds())
        yield


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world(strangers_a_day=100, slacks_patience=SLACKS_PATIENCE) as opened:
        yield opened


@pytest.fixture
async def bot(world: World, database_url: str) -> AsyncIterator[Bot]:
    """A bot with FullStory, Raygun and Rybbit, whose own start is over."""
    environment = {
        name: value
        for name, value in (world.environment() | {"DATABASE_URL": database_url} | PATIENT).items()
        if not name.startswith(("UXCAM", "SHARED_UIDS"))
    }
    async with (
        open_bot(load_settings(environment), timing=UNDISTURBED) as opened,
        serving_http(opened, "127.0.0.1", 0) as port,
    ):
        world.slack.connect(f"http://127.0.0.1:{port}/slack/events")
        await settled(opened)
        # What a start itself does goes on beside it.
        quiet = False
        while not quiet:
            with counted() as visits:
                await asyncio.sleep(0.1)
            quiet = visits == Visits()
        yield opened


async def settled(bot: Bot) -> None:
    await bot.engine.tasks.settle()


async def visits_of(bot: Bot, job: Callable[[], Awaitable[object]]) -> Visits:
    """What a job does in the database, to its end."""
    with counted() as visits:
        await job()
        await settled(bot)
    return visits


def command(world: World, subject: str) -> Callable[[], Awaitable[object]]:
    slack = world.slack
    return lambda: slack.type_command(slack.places.support, slack.people.agent, f"/sessions {subject}")


def ticket(world: World, number: str) -> Callable[[], Awaitable[Message]]:
    sample = next(one for one in world.tickets if one.name.startswith(number))
    return lambda: post_sample(world.slack, sample)


async def test_a_lookup_that_asks_three_vendors(bot: Bot, world: World) -> None:
    await command(world, OTHER)()
    await settled(bot)
    visits = await visits_of(bot, command(world, CUSTOMER))
    assert visits <= Visits(writes=16, reads=12, round_trips=36), visits


async def test_a_lookup_that_asks_nobody(bot: Bot, world: World) -> None:
    await command(world, CUSTOMER)()
    await settled(bot)
    visits = await visits_of(bot, command(world, CUSTOMER))
    assert visits <= Visits(writes=5, reads=6, round_trips=10), visits


async def test_a_tickets_reply(bot: Bot, world: World) -> None:
    await command(world, "jane.doe@contoso.example")()
    await settled(bot)
    visits = await visits_of(bot, ticket(world, "05"))
    assert visits <= Visits(writes=7, reads=8, round_trips=24), visits


async def test_a_card(bot: Bot, world: World) -> None:
    await command(world, NOOR)()
    await settled(bot)
    slack = world.slack
    noor = next(person for person in world.people if person.email == NOOR)
    text = f"look: <{session_url(noor, noor.visits[0])}>"
    paste = partial(slack.post_as_user, slack.places.support, slack.people.agent, text)
    visits = await visits_of(bot, paste)
    assert visits <= Visits(writes=4, reads=5, round_trips=8), visits


async def test_a_cards_side_pane(bot: Bot, world: World) -> None:
    slack = world.slack
    noor = next(person for person in world.people if person.email == NOOR)
    url = session_url(noor, noor.visits[0])
    pasted = await slack.post_as_user(slack.places.support, slack.people.agent, f"look: <{url}>")
    await settled(bot)
    message = slack.state.find(pasted.channel, pasted.ts)
    assert message is not None
    visits = await visits_of(bot, partial(slack.open_pane, slack.people.agent, message, url))
    assert visits <= Visits(writes=3, reads=2, round_trips=6), visits


async def test_a_request_is_accepted(bot: Bot) -> None:
    with counted() as visits:
        await bot.inbox.accept("lookup", "the key of a request", "{}")
    assert visits <= Visits(writes=1, round_trips=1)
