"""Errors that Raygun pushes: stored before they are acknowledged, once, and shown at the next lookup."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import httpx2
import pytest
from sqlalchemy import func, select

from bot.app import Bot, open_bot
from bot.serving.run import serving_http
from bot.storage.tables import pushed_deliveries
from sandbox.faults import Fault
from sandbox.slack import plain_text
from tests.end_to_end.conftest import TIMING, Desk

SECRET = "a-secret-of-the-path"
PATH = f"/webhooks/raygun/shop/{SECRET}"
GROUP = "https://app.raygun.com/crashreporting/19abc7x/errors/5544332211"


@pytest.fixture
def transport() -> str:
    return "http"


def pushed(kind: str, hit: str | None = None, **fields: Any) -> dict[str, Any]:
    error: dict[str, Any] = {"url": GROUP, "message": "TypeError: cart is undefined"}
    error["lastOccurredOn"] = "2026-11-21T01:00:00Z"
    if hit:
        error["instance"] = {"tags": None, "affectedUser": {"Identifier": hit}, "customData": None}
    return {"event": "error", "eventType": kind, "error": error | fields, "application": {"name": "Web shop"}}


class Push:
    """Raygun's webhooks, sent to the bot at a port."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def __call__(self, body: Any, path: str = PATH) -> httpx2.Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return await self._client.post(path, content=content)


@asynccontextmanager
async def pushing(desk: Desk, secret: str | None = SECRET) -> AsyncIterator[tuple[Bot, Push]]:
    """The bot, for the block; entering again is a restart."""
    desk.extra = {"RAYGUN_WEBHOOK_SECRET": secret} if secret else {}
    async with AsyncExitStack() as stack:
        bot = await stack.enter_async_context(open_bot(desk.settings, desk.world.clock, TIMING))
        port = await stack.enter_async_context(serving_http(bot, "127.0.0.1", 0))
        desk.world.slack.connect(f"http://127.0.0.1:{port}/slack/events")
        address = f"http://127.0.0.1:{port}"
        yield bot, Push(await stack.enter_async_context(httpx2.AsyncClient(base_url=address, timeout=120)))


async def errors_of(desk: Desk, who: str) -> str:
    before = len(desk.posts())
    await desk.ask(who)
    _, reply = await desk.thread(number=before + 1)
    return plain_text(reply)


async def test_a_pushed_error_is_shown_with_what_became_of_it(desk: Desk) -> None:
    desk.world.raygun.fault = Fault.BROKEN
    async with pushing(desk) as (_bot, push):
        assert (await push(pushed("NewErrorOccurred", "cust-8841", totalOccurrences=1))).status_code == 200
        await push(pushed("HourlyFollowUp", totalOccurrences=977))
        await push(
            pushed(
                "StatusChanged", status="Ignored", user="Kim <!channel>", activityDate="2026-11-21T02:00:00Z"
            )
        )
        await push(pushed("AssignedToUser", assignedTo="Lee Park", activityDate="2026-11-21T02:01:00Z"))
        said = await errors_of(desk, "cust-8841")
        assert "TypeError: cart is undefined" in said
        assert "977 times among all users" in said
        assert "ignored by Kim" in said
        assert "assigned to Lee Park" in said
        other = await errors_of(desk, "jane@contoso.example")
        assert "cart is undefined" not in other


async def stored(bot: Bot) -> int:
    async with bot.engine.store.read() as connection:
        return int(
            (await connection.execute(select(func.count()).select_from(pushed_deliveries))).scalar_one()
        )


async def test_an_event_delivered_twice_is_stored_once_and_a_restart_forgets_nothing(desk: Desk) -> None:
    body = pushed("NewErrorOccurred", "cust-8841", totalOccurrences=3)
    async with pushing(desk) as (bot, push):
        assert [(await push(body)).text for _ in range(3)] == ["stored", "known", "known"]
        assert await stored(bot) == 1
    async with pushing(desk) as (bot, push):
        assert (await push(body)).text == "known"
        assert b'casefile_raygun_webhooks_total{event="delivered_before"} 1.0' in bot.engine.metrics.text()
    assert all(b"cart is undefined" not in file for file in desk.database_files())


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        (f"/webhooks/raygun/shop/{SECRET}x", {}, 404),
        ("/webhooks/raygun/shop/", {}, 404),
        (f"/webhooks/raygun/elsewhere/{SECRET}", {}, 404),
        (PATH, b"{", 400),
        (PATH, b"\xff", 400),
        (PATH, b"[" * 100_000, 400),
        (PATH, b"x" * 300_000, 413),
        (PATH, {"event": "something_new"}, 200),
        (PATH, pushed("SomethingNew"), 200),
        (PATH, [1, 2], 200),
    ],
)
async def test_what_is_not_ours_or_not_readable_is_refused_and_the_unknown_accepted(
    desk: Desk, path: str, body: Any, status: int
) -> None:
    async with pushing(desk) as (_bot, push):
        assert (await push(body, path)).status_code == status


async def test_without_a_secret_there_is_no_such_route(desk: Desk) -> None:
    async with pushing(desk, None) as (_bot, push):
        assert (await push({}, PATH)).status_code == 404


async def test_many_at_once_are_all_stored(desk: Desk) -> None:
    async with pushing(desk) as (bot, push):
        bodies = [pushed("NewErrorOccurred", f"u-{n}", totalOccurrences=n + 1) for n in range(200)]
        answers = await asyncio.gather(*(push(body) for body in bodies))
        assert {answer.status_code for answer in answers} == {200}
        assert await stored(bot) == 200
