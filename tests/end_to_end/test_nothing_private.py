"""What SECURITY.md says of log, metrics, database and crash reports, after requests of every kind."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
import structlog

from bot.app import open_bot
from bot.operations.log import configure_logging
from bot.serving.run import serving_http
from bot.settings.model import load_settings
from sandbox.faults import Fault
from sandbox.ticket_samples import post_sample
from sandbox.world import World, open_world
from tests.conftest import prepared_sqlite
from tests.end_to_end.conftest import PATIENT, TIMING, Desk

METRICS_TOKEN = "a-token-of-this-test"
PRIVATE = (
    "jane@contoso.example",
    "contoso",
    "fabrikam",
    "cust-8841",
    "Jane",
    "usr_8f3a21",
    "li.wei",
    "pushed-uid-1",
    "hooks.slack",
)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    configure_logging("INFO", stream=stream)
    yield stream
    root.handlers[:], root.level = before


async def use_everything(world: World, client: httpx2.AsyncClient) -> None:
    """A command, a mention, a direct message, tickets, a pasted address, a webhook, and what goes wrong."""
    slack = world.slack
    agent, support = slack.people.agent, slack.places.support
    await slack.type_command(support, agent, "/sessions Jane@contoso.example")
    await slack.type_command(support, agent, "/sessions cust-8841 7d fresh")
    await slack.post_as_user(support, agent, f"<@{slack.people.bot}> li.wei@fabrikam.example")
    for sample in world.tickets:
        if sample.name[:2] in ("01", "06"):
            await post_sample(slack, sample)
    visit = "https://app.fullstory.com/ui/KWH/session/1:2"
    await slack.post_as_user(support, agent, f"see <{visit}>")
    user = {"Identifier": "pushed-uid-1", "IsAnonymous": False}
    error = {"url": "https://app.raygun.com/crashreporting/19abc7x/errors/1", "message": "Jane fails",
             "instance": {"affectedUser": user}}  # fmt: skip
    event = {"event": "error_notification", "eventType": "NewErrorOccurred", "error": error}
    await client.post(f"/webhooks/raygun/shop/{world.raygun_webhooks.secret}", json=event)
    world.rybbit.fault = Fault.BROKEN
    slack.fail_next("chat.postMessage", error="internal_error")
    await slack.type_command(support, agent, "/sessions jane@contoso.example fresh")


def crash(text: str) -> None:
    try:
        json.loads("{}")[text]
    except KeyError as error:
        structlog.get_logger("tasks").error("task.crashed", exc_info=error)


def bytes_of(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.glob("casefile.db*"))


async def test_nothing_private_is_where_security_md_does_not_say_so(
    tmp_path: Path, logged: io.StringIO
) -> None:
    async with open_world(strangers_a_day=10) as world:
        database = tmp_path / "casefile.db"
        environment = world.environment() | PATIENT | {
            "DATABASE_URL": prepared_sqlite(database),
            "METRICS_TOKEN": METRICS_TOKEN,
            "RAYGUN_CRASH_API_KEY": world.raygun_entries.api_key,
        }  # fmt: skip
        settings = load_settings(environment)
        async with (
            open_bot(settings, world.clock, TIMING, world.raygun_entries.endpoint) as bot,
            serving_http(bot, "127.0.0.1", 0) as port,
            httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=120) as client,
        ):
            world.slack.connect(f"http://127.0.0.1:{port}/slack/events")
            await use_everything(world, client)
            await bot.engine.tasks.settle()
            crash(f"jane@contoso.example {settings.secret_keys[0]}")
            headers = {"Authorization": f"Bearer {METRICS_TOKEN}"}
            metrics = (await client.get("/metrics", headers=headers)).text
        reports = json.dumps(world.raygun_entries.entries)
    kept = bytes_of(tmp_path)
    places = {"log": logged.getvalue().encode(), "metrics": metrics.encode(), "reports": reports.encode()}
    assert b"lookup.done" in places["log"]
    assert b"KeyError" in places["reports"]
    secrets = (*settings.secrets, *settings.secret_keys)
    for place, content in (places | {"database": kept}).items():
        assert not [word for word in (*PRIVATE, *secrets) if word.encode() in content], place


@pytest.mark.parametrize("word", ["Jane@contoso.example", "cust-8841"])
async def test_what_is_looked_for_after_each_test_is_found(desk: Desk, word: str) -> None:
    with pytest.raises(AssertionError, match="the log has"):
        async with desk.casefile():
            structlog.get_logger("tasks").info("somebody.said", words=f"of {word}")
