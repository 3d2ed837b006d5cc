"""The world as the demo opens it: what the manifest subscribes to, who writes in, what the page offers."""

from pathlib import Path
from typing import Any

import aiohttp
import pytest

import sandbox.world
from bot.domain.links import read_link
from bot.domain.model import Subject, SubjectKind
from bot.engine.opening import open_engine
from bot.settings.model import load_settings
from bot.slack.manifest import read_manifest
from bot.sources.protocol import Question
from bot.sources.registry import TITLES as VENDOR_TITLES
from bot.sources.registry import VENDORS, known_pages
from sandbox.people import FULLSTORY, RAYGUN, RYBBIT
from sandbox.slack import plain_text
from sandbox.slack.page import page_files
from sandbox.ticket_samples import TicketButton, load_samples
from sandbox.ticket_titles import TITLES
from sandbox.world import MORE_VENDORS, open_world
from tests.conftest import prepared_sqlite

FIELD = {"type": "plain_text_input", "action_id": "text"}


def text(words: str) -> dict[str, str]:
    return {"type": "plain_text", "text": words}


def installed(monkeypatch: pytest.MonkeyPatch, **changes: Any) -> None:
    """Let the app be installed from a manifest that has this in `features` or `settings`."""
    manifest = read_manifest()
    for part in ("features", "settings"):
        manifest[part] = {**manifest[part], **changes.get(part, {})}
    monkeypatch.setattr(sandbox.world, "read_manifest", lambda: manifest)


async def test_the_app_is_told_and_offers_what_its_manifest_says(monkeypatch: pytest.MonkeyPatch) -> None:
    shortcuts = [
        {"type": "message", "callback_id": "look_up", "name": "Look up", "description": "x"},
        {"type": "global", "callback_id": "other", "name": "Other", "description": "x"},
    ]
    installed(
        monkeypatch,
        features={"shortcuts": shortcuts},
        settings={"event_subscriptions": {"bot_events": ["message.channels"]}},
    )
    async with open_world(strangers_a_day=10) as world, aiohttp.ClientSession(world.slack.base_url) as page:
        assert world.slack.subscribed_events == {"message.channels"}
        view = await (await page.get("/page/view")).json()
        assert view["shortcuts"] == [{"id": "look_up", "name": "Look up"}]


async def test_a_manifest_without_subscriptions_and_shortcuts_means_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    manifest = read_manifest()
    manifest["features"].pop("shortcuts", None)
    manifest["settings"].pop("event_subscriptions", None)
    monkeypatch.setattr(sandbox.world, "read_manifest", lambda: manifest)
    async with open_world(strangers_a_day=10) as world, aiohttp.ClientSession(world.slack.base_url) as page:
        assert world.slack.subscribed_events == set()
        assert (await (await page.get("/page/view")).json())["shortcuts"] == []


async def test_the_page_lists_the_tickets_and_posts_each_press_anew() -> None:
    async with open_world(strangers_a_day=10) as world, aiohttp.ClientSession(world.slack.base_url) as page:
        desks = (await (await page.get("/page/panel")).json())["desks"]
        listed = [one for desk in desks for one in desk["tickets"]]
        assert sorted(one["name"] for one in listed) == [sample.name for sample in world.tickets]
        person = {"user": world.slack.people.agent, "channel": world.slack.places.random}
        for _ in range(2):
            answer = await page.post("/page/ticket", json=person | {"name": listed[0]["name"]})
            place = await answer.json()
        support = world.slack.messages(world.slack.places.support)
        assert [m.ts for m in support][-1] == place["ts"]
        assert len({str(m.content.attachments) for m in support}) == 2
        unknown = await page.post("/page/ticket", json=person | {"name": "nothing"})
        assert unknown.status == 400


def test_every_sample_has_a_desk_and_a_title_of_its_own_in_the_menu() -> None:
    listed = [(name, title) for some in TITLES.values() for name, title in some]
    assert sorted(name for name, _title in listed) == [sample.name for sample in load_samples()]
    for some in TITLES.values():
        assert len({title for _name, title in some}) == len(some)


async def test_the_page_offers_faults_of_the_accounts_that_are_configured_and_of_no_other() -> None:
    async with open_world(strangers_a_day=10) as world, aiohttp.ClientSession(world.slack.base_url) as page:
        assert (await (await page.get("/page/panel")).json())["vendors"] == []
        world.switches.show_configured(world.fullstory.environment() | world.raygun.environment())
        shown = (await (await page.get("/page/panel")).json())["vendors"]
        assert [(one["name"], one["options"][:5]) for one in shown] == [
            (name, ["well", "slow", "down", "429", "spent"]) for name in ("FullStory", "Raygun")
        ]


async def test_the_page_shows_an_email_whole_and_who_was_answered() -> None:
    async with open_world(strangers_a_day=10) as world, aiohttp.ClientSession(world.slack.base_url) as page:
        slack = world.slack
        (email,) = [sample for sample in world.tickets if "email_app" in sample.name]
        asked = {"user": slack.people.agent, "channel": slack.places.support}
        await page.post("/page/ticket", json=asked | {"name": email.name})
        (shown,) = (await (await page.get("/page/view", params=asked)).json())["messages"]
        assert shown["author"] == "Email"
        assert shown["files"] == [
            {
                "email": True,
                "title": "Cannot pay",
                "from": "Jane Doe <jane.doe@contoso.example>",
                "text": "I cannot pay.",
            }
        ]
        assert (shown["answered"], shown["replies"]) == (False, 0)
        await slack.post_as_ourselves(slack.places.support, "3 sessions", thread_ts=shown["ts"])
        (shown,) = (await (await page.get("/page/view", params=asked)).json())["messages"]
        assert (shown["answered"], shown["replies"]) == (True, 1)


async def test_a_modal_on_the_page_keeps_its_errors_and_belongs_to_one_person() -> None:
    async with open_world(strangers_a_day=10) as world, aiohttp.ClientSession(world.slack.base_url) as page:
        slack = world.slack
        body: dict[str, Any] = {"type": "modal", "title": text("Find"), "submit": text("Go")}
        body["blocks"] = [{"type": "input", "block_id": "who", "label": text("Who"), "element": FIELD}]
        async with aiohttp.ClientSession() as api:
            trigger = slack.state.new_trigger(slack.people.agent)
            token = {"Authorization": f"Bearer {slack.bot_token}"}
            call = {"trigger_id": trigger, "view": body}
            await api.post(f"{slack.api_url}views.open", json=call, headers=token)
        (view_id,) = slack.state.views
        mine = {"user": slack.people.agent, "channel": slack.places.support, "id": view_id}
        theirs = mine | {"user": slack.people.colleague}
        assert (await page.post("/page/submit", json=theirs | {"values": {}})).status == 400
        empty = {"values": {"who": {"text": None}}}
        assert (await page.post("/page/submit", json=mine | empty)).status == 200
        (shown,) = (await (await page.get("/page/view", params={"user": slack.people.agent})).json())[
            "modals"
        ]
        assert "who" in shown["errors"]
        assert (await page.post("/page/close", json=mine)).status == 200
        assert slack.state.views == {}


async def test_those_who_write_in_are_known_to_the_vendors() -> None:
    async with open_world(strangers_a_day=10) as world:
        everywhere = frozenset({FULLSTORY, RAYGUN, RYBBIT})
        known = {person.email: person for person in world.people if person.email}
        wanted = {address for sample in world.tickets for address in sample.expect["requester"]}
        assert wanted <= set(known)
        jane = known["jane.doe@contoso.example"]
        assert (jane.uid, jane.vendors) == ("u-4711", everywhere)
        newest, *older = jane.visits
        assert (world.clock() - newest.ended_at).total_seconds() < 600
        assert any(visit.errors for visit in older)


async def test_every_file_of_the_page_is_served_under_the_same_policy() -> None:
    async with open_world(strangers_a_day=10) as world, aiohttp.ClientSession(world.slack.base_url) as page:
        paths = page_files()
        assert {"/", "/js/page.js", "/css/tokens.css"} <= set(paths)
        for path in paths:
            response = await page.get(path)
            assert response.status == 200
            assert "script-src 'self';" in response.headers["Content-Security-Policy"]


async def test_a_posted_sample_reads_like_its_ticket() -> None:
    async with open_world(strangers_a_day=10) as world:
        (jira,) = [sample for sample in world.tickets if "jira" in sample.name]
        posted = await TicketButton(world.slack, jira, lambda _ticket_id: None).post()
        assert "jane.doe@contoso.example" in plain_text(posted)


async def test_each_more_vendor_can_be_tried_beside_the_four_and_by_its_addresses(tmp_path: Path) -> None:
    async with open_world(strangers_a_day=0, more=MORE_VENDORS) as world:
        environment = world.environment()
        shared = environment.pop("SHARED_UIDS").split(",")[-len(MORE_VENDORS) :]
        assert tuple(account.partition("/")[0] for account in shared) == MORE_VENDORS
        environment["DATABASE_URL"] = prepared_sqlite(tmp_path / "casefile.db")
        settings = load_settings(environment)
        jane = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")
        only = [entry for entry in VENDORS if entry.vendor in MORE_VENDORS]
        async with open_engine(settings, world.clock, vendors=only) as engine:
            found = await engine.lookup.within(Question(jane, 30), 60)
        jane_here = next(person for person in world.people if person.email == jane.value)
        for name, stand_in in zip(MORE_VENDORS, world.more, strict=True):
            [finding] = [one for one in found.findings if one.source.vendor == name]
            assert (finding.failure, len(finding.sessions)) == (None, len(jane_here.visits))
            links = [read_link(url, known_pages(settings)) for url in stand_in.urls(jane_here)]
            assert [link and link.session_id for link in links] == [one.id for one in finding.sessions]
            assert {session.url for session in finding.sessions} == set(stand_in.urls(jane_here))
        async with aiohttp.ClientSession(world.slack.base_url) as page:
            panel = await (await page.get("/page/panel")).json()
        offered = {one["about"] for one in panel["addresses"]}
        assert {f"a session in {VENDOR_TITLES[name]}" for name in MORE_VENDORS} < offered
