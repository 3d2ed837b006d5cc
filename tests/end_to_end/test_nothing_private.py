"""What SECURITY.md says of log, metrics, database and crash reports, after requests of every kind."""

import json
from pathlib import Path
from typing import Any

import httpx2
import structlog
from sqlalchemy import insert

from bot.app import open_bot
from bot.serving.run import serving_http
from bot.settings.model import load_settings
from bot.storage.tables import switches
from sandbox.faults import Fault
from sandbox.ticket_samples import post_sample
from sandbox.world import World, open_world
from tests.conftest import new_database, prepared_sqlite
from tests.end_to_end.conftest import PATIENT, TIMING, Desk
from tests.end_to_end.privacy import Told

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


async def test_nothing_private_is_where_security_md_does_not_say_so(tmp_path: Path, told: Told) -> None:
    async with open_world(strangers_a_day=10) as world:
        environment = world.environment() | PATIENT | {
            "DATABASE_URL": prepared_sqlite(tmp_path / "casefile.db"),
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
    places = {"log": "".join(told.log), "metrics": metrics, "reports": reports}
    assert "lookup.done" in places["log"]
    assert "KeyError" in places["reports"]
    for place, content in places.items():
        assert not [word for word in PRIVATE if word in content], place


async def test_every_place_is_looked_through_when_a_test_has_ended(desk: Desk, told: Told) -> None:
    async with desk.casefile() as bot:
        structlog.get_logger("tasks").info("somebody.said", words="of Jane")
        bot.engine.metrics.refusals.labels("of Jane", "command").inc()
        async with bot.engine.store.write() as connection:
            await connection.execute(insert(switches).values(name="a switch", value="of Jane"))
        desk.world.raygun_entries.entries.append({"details": "of Jane"})
    told.expected = {"the log", "the metrics", "the database", "a crash report"}


async def test_rows_of_postgresql_are_looked_through_too(desk: Desk, told: Told, postgresql: Any) -> None:
    desk.extra["DATABASE_URL"] = new_database(postgresql)
    async with desk.casefile() as bot, bot.engine.store.write() as connection:
        await connection.execute(insert(switches).values(name="a switch", value="of Jane"))
    told.expected = {"the database"}


async def test_every_name_and_secret_is_looked_for(tmp_path: Path) -> None:
    async with open_world(strangers_a_day=10) as world:
        private = {name for one in world.people for name in (one.email, one.uid, one.name) if name}
        private |= {"jane", "Wei", "adeyemi", "bob@x.example", world.slack.bot_token, world.secret_key}
        hidden = ["lorem ipsum", "gAAAAABJaneWei-u-77_Jane", "u-7", "u-777", "Janet"]

        def found(said: str) -> bool:
            return bool(Told(tmp_path, log=[f"words={said} more=1"], worlds=[world]).found())

        assert [word for word in sorted(private) if not found(word)] == []
        assert [word for word in hidden if found(word)] == []
