"""Forged, replayed, truncated, oversized, slow and malformed requests: refused, and service goes on."""

import asyncio
import logging
import random
from collections import Counter
from itertools import islice
from pathlib import Path

import pytest

from bot.app import open_bot
from bot.operations import request_body
from bot.serving import connections
from bot.serving.run import serving_http
from bot.settings.model import load_settings
from sandbox.hostile_requests import ROUTES, TOLD, hostile_requests, status_of
from sandbox.world import open_world
from tests.conftest import prepared_sqlite
from tests.end_to_end.conftest import TIMING

# Each kind once and a few again; `benchmarks/hostile_requests.py` sends 2,000.
REQUESTS = 70


async def test_whatever_a_stranger_sends_is_refused_and_people_are_answered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(connections, "_HEADERS_SECONDS", 0.5)
    monkeypatch.setattr(request_body, "_WITHIN_SECONDS", 0.5)
    caplog.set_level(logging.INFO)
    async with open_world(strangers_a_day=10) as world:
        slack, database = world.slack, {"DATABASE_URL": prepared_sqlite(tmp_path / "casefile.db")}
        settings = load_settings(world.environment() | database | dict(ROUTES))
        webhook = f"/webhooks/raygun/shop/{world.raygun_webhooks.secret}"
        async with open_bot(settings, world.clock, TIMING) as bot, serving_http(bot, "127.0.0.1", 0) as port:
            slack.connect(f"http://127.0.0.1:{port}/slack/events")
            sent = list(islice(hostile_requests(slack.sign, webhook, random.Random(1)), REQUESTS))
            statuses = await asyncio.gather(*(status_of(request, port) for request in sent))
            refused = {
                request.name: status
                for request, status in zip(sent, statuses, strict=True)
                if (status is None or not 400 <= status < 500) and request.name not in TOLD
            }
            # Whoever cuts the line has nobody to tell; where the server ends it, there may be no answer.
            assert {name for name in refused if refused[name] is not None} == set()
            ended = {name for name in refused if not name.endswith("oversized")}
            assert ended <= {"truncated", "long headers"}
            await slack.type_command(slack.places.support, slack.people.agent, "/sessions u-1")
            await slack.wait_for(lambda: slack.messages(slack.places.support))
    assert not [record for record in caplog.records if record.exc_info]
    assert max(Counter(record.levelno for record in caplog.records)) <= logging.WARNING
