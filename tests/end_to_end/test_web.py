"""The routes beside Slack's."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bot.app import open_bot
from bot.serving import connections, run
from bot.serving.run import listening, serving_http
from bot.serving.web import make_web
from bot.settings.model import load_settings
from bot.slack.signed_values import ButtonSeals
from bot.storage.keyring import Keyring
from sandbox.world import World, open_world

PRESS: dict[str, Any] = {
    "type": "block_actions",
    "user": {"id": "U1"},
    "channel": {"id": "C1"},
    "container": {"message_ts": "1.2"},
    "actions": [{"action_id": "refresh", "block_id": "b", "value": "v"}],
}


@pytest.fixture
async def world() -> AsyncIterator[World]:
    async with open_world(strangers_a_day=100) as opened:
        yield opened


async def ask(
    world: World, folder: Path, path: str, headers: dict[str, str] | None = None, **extra: str
) -> httpx2.Response:
    environment = world.environment() | {"DATABASE_URL": f"sqlite:///{folder / 'x.db'}"} | extra
    async with (
        open_bot(load_settings(environment), world.clock) as bot,
        serving_http(bot, "127.0.0.1", 0) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as client,
    ):
        return await client.get(path, headers=headers)


async def test_health_and_readiness_are_told(world: World, tmp_path: Path) -> None:
    for path in ("/healthz", "/readyz"):
        assert (await ask(world, tmp_path, path)).status_code == 200


async def test_it_is_not_ready_while_slack_is_not_connected(world: World, tmp_path: Path) -> None:
    settings = load_settings(world.environment() | {"DATABASE_URL": f"sqlite:///{tmp_path / 'x.db'}"})
    async with (
        open_bot(settings, world.clock) as bot,
        listening(make_web(bot, None, lambda: False), "127.0.0.1", 0) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as client,
    ):
        assert (await client.get("/readyz")).status_code == 503
        assert (await client.get("/healthz")).status_code == 200
        assert (await client.post("/slack/events")).status_code == 404


async def test_metrics_are_for_loopback_alone_where_no_token_is_set(world: World, tmp_path: Path) -> None:
    metrics = await ask(world, tmp_path, "/metrics")
    assert metrics.status_code == 200
    assert 'casefile_quota_left{source="raygun/shop"} 50.0' in metrics.text
    proxied = await ask(world, tmp_path, "/metrics", {"X-Forwarded-For": "203.0.113.9"})
    assert proxied.status_code == 401


async def test_metrics_need_their_token_where_one_is_set(world: World, tmp_path: Path) -> None:
    for headers, status in (
        ({}, 401),
        ({"Authorization": "Bearer no"}, 401),
        ({"Authorization": "Bearer yes-you-may-read-them"}, 200),
    ):
        assert (
            await ask(world, tmp_path, "/metrics", headers, METRICS_TOKEN="yes-you-may-read-them")
        ).status_code == status


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
async def test_metrics_are_closed_to_whatever_was_forwarded(world: World, tmp_path: Path, name: str) -> None:
    assert (await ask(world, tmp_path, "/metrics", {name: "for=203.0.113.9"})).status_code == 401


@asynccontextmanager
async def answering(world: World, folder: Path) -> AsyncIterator[tuple[httpx2.AsyncClient, int]]:
    environment = world.environment() | {"DATABASE_URL": f"sqlite:///{folder / 'x.db'}"}
    async with (
        open_bot(load_settings(environment), world.clock) as bot,
        serving_http(bot, "127.0.0.1", 0) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as client,
    ):
        yield client, port


async def test_signed_bodies_that_cannot_be_read_are_refused(world: World, tmp_path: Path) -> None:
    seals = ButtonSeals(Keyring((world.secret_key,)))
    button = {"type": "button", "action_id": "refresh", "value": "[]", "block_id": "b"}
    statuses = {
        "x" * (1024 * 1024 + 1): 413,
        "{": 400,
        "payload=%7B%7D": 404,
        json.dumps({"type": "block_actions", "user": {"id": "U1"}}): 400,
        json.dumps(PRESS | {"container": {"type": "view"}, "actions": seals.signed([button])}): 400,
        # Signed by us, but no value that a button has.
        json.dumps(PRESS | {"actions": seals.signed([button])}): 400,
    }
    async with answering(world, tmp_path) as (client, _):
        for body, status in statuses.items():
            headers = world.slack.sign(body)
            answer = await client.post("/slack/events", content=body, headers=headers)
            assert (answer.status_code, body[:200]) == (status, body[:200])


async def test_who_cannot_have_signed_is_not_listened_to(world: World, tmp_path: Path) -> None:
    async with answering(world, tmp_path) as (client, _):
        for headers in ({}, {"X-Slack-Signature": "v0=1"}, world.slack.sign("x", 1)):
            answer = await client.post("/slack/events", content=b"x" * 2_000_000, headers=headers)
            assert answer.status_code == 401


async def test_a_connection_that_says_nothing_is_closed(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_HEADERS_SECONDS", 0.2)
    async with answering(world, tmp_path) as (_, port):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /healthz HTTP/1.1\r\nHost: x")
        assert (await reader.read()).startswith(b"HTTP/1.1 408 ")
        writer.close()


async def statuses_until_served(port: int) -> list[int]:
    """What is answered, again and again, until somebody is served, where four connections read no answer."""
    async with httpx2.AsyncClient() as client, AsyncExitStack() as stack:
        for _ in range(4):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            stack.callback(writer.close)
            writer.write(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
            # The rest is left unread.
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"
        statuses = [0]
        while statuses[-1] != HTTPStatus.OK:
            statuses.append((await client.get(f"http://127.0.0.1:{port}/small")).status_code)
        return statuses


async def test_connections_that_read_no_answer_are_ended_and_others_are_served(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(run, "MOST_CONNECTIONS", 5)

    async def large(_request: Request) -> Response:
        return Response(b"x" * 16_000_000)

    async def small(_request: Request) -> Response:
        return Response(b"ok")

    web = Starlette(routes=[Route("/large", large), Route("/small", small)])
    async with listening(web, "127.0.0.1", 0) as port, httpx2.AsyncClient() as client:
        # On a busy machine the first of them may be ended before the last one is there.
        for seconds in (0.5, 2.0, 8.0, 30.0):
            monkeypatch.setattr(connections, "_HEADERS_SECONDS", seconds)
            statuses = await statuses_until_served(port)
            if HTTPStatus.SERVICE_UNAVAILABLE in statuses:
                break
        assert HTTPStatus.SERVICE_UNAVAILABLE in statuses
        whole = await client.get(f"http://127.0.0.1:{port}/large")
        assert len(whole.content) == 16_000_000
