"""The routes beside Slack's."""

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from bot.app import open_bot
from bot.serving.run import listening, serving_http
from bot.serving.web import make_web
from bot.settings.model import load_settings
from sandbox.world import World, open_world


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
        ({"Authorization": "Bearer yes"}, 200),
    ):
        assert (await ask(world, tmp_path, "/metrics", headers, METRICS_TOKEN="yes")).status_code == status


async def test_a_body_that_is_too_long_or_no_text_is_refused(world: World, tmp_path: Path) -> None:
    environment = world.environment() | {"DATABASE_URL": f"sqlite:///{tmp_path / 'x.db'}"}
    async with (
        open_bot(load_settings(environment), world.clock) as bot,
        serving_http(bot, "127.0.0.1", 0) as port,
        httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as client,
    ):
        assert (await client.post("/slack/events", content=b"x" * (1024 * 1024 + 1))).status_code == 413
        assert (await client.post("/slack/events", content=b"\xff\xfe")).status_code == 400
