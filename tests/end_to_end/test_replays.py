"""A replay in the side pane: its address, for whom it is good, and what is handed out by it."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import httpx2
import pytest

from bot.app import Bot, open_bot
from bot.audit.search import AuditRow, search
from bot.replay import replays
from bot.serving.run import serving_http, serving_socket, without_embeds
from sandbox.faults import Fault
from sandbox.slack import Message
from sandbox.slack.entities import EMBED
from sandbox.wire import wire_to_later
from tests.end_to_end.conftest import TIMING, Desk
from tests.end_to_end.test_unfurls import RYBBIT_PERSON

UID = "u-205"


@dataclass
class Embedding:
    """A Casefile whose replays are reached at an origin, and a card that was pasted."""

    desk: Desk
    bot: Bot
    client: httpx2.AsyncClient
    card: Message
    cookie: str = ""

    @property
    def slack(self) -> Any:
        return self.desk.world.slack

    async def address(self, user: str | None = None) -> str:
        """The path of the replay that somebody gets who opens the card's side pane."""
        who = user or self.slack.people.agent
        await self.slack.open_pane(who, self.card, RYBBIT_PERSON)
        await self.desk.idle(self.bot)
        attributes = self.slack.state.panes[who].shown["entity_payload"]["attributes"]
        assert attributes["full_size_preview"]["mime_type"] == EMBED
        return str(urlsplit(attributes["full_size_preview"]["preview_url"]).path)

    async def page(self, path: str, **headers: str) -> httpx2.Response:
        page = await self.client.get(path, headers=headers)
        # A browser takes this machine for safe, httpx2 does not.
        self.cookie = page.headers.get("set-cookie", self.cookie).partition(";")[0]
        return page

    async def play(self, path: str, **headers: str) -> httpx2.Response:
        """Press Play, in a browser that keeps cookies."""
        return await self.client.post(f"{path}/events", headers={"Cookie": self.cookie} | headers)

    async def rows(self) -> list[AuditRow]:
        rows = await search(self.bot.engine.store, self.bot.engine.keyring)
        return [row for row in rows if row.way == "replay"]

    @property
    def fetched(self) -> int:
        return sum("session-replay" in call.path for call in self.desk.world.rybbit.calls)


@asynccontextmanager
async def embedding(desk: Desk, **more: str) -> AsyncIterator[Embedding]:
    ports = [0]
    slack = desk.world.slack
    async with wire_to_later(lambda: ports[0]) as front:
        origin = f"http://127.0.0.1:{front.port}"
        desk.extra |= {"EMBED_URL": origin} | more
        slack.embed(origin)
        async with (
            open_bot(desk.settings, desk.world.clock, TIMING) as bot,
            serving_http(bot, "127.0.0.1", 0) as ports[0],
            httpx2.AsyncClient(base_url=origin, timeout=120) as client,
        ):
            slack.connect(f"http://127.0.0.1:{ports[0]}/slack/events")
            text = f"look: <{RYBBIT_PERSON}>"
            pasted = await slack.post_as_user(slack.places.support, slack.people.agent, text)
            await desk.idle(bot)
            card = slack.state.find(pasted.channel, pasted.ts)
            assert card is not None
            yield Embedding(desk, bot, client, card)


def preview(entity: dict[str, Any]) -> Any:
    return entity["entity_payload"]["attributes"].get("full_size_preview")


async def test_a_replay_is_handed_out_by_the_address_in_the_pane_and_the_trail_says_so(desk: Desk) -> None:
    async with embedding(desk) as at:
        # The card, which everybody sees, says that there is one, and not where.
        entity = at.card.entities[RYBBIT_PERSON]
        assert preview(entity) == {"is_supported": True, "mime_type": EMBED}
        path = await at.address()
        page = await at.page(path, **{"Sec-Fetch-Dest": "iframe"})
        assert page.status_code == 200
        assert UID not in page.text
        assert "contoso" not in page.text
        # Until somebody presses, Rybbit is not asked.
        assert at.fetched == 0
        played = await at.play(path, **{"Sec-Fetch-Site": "same-origin"})
        assert played.status_code == 200
        told = played.json()
        assert list(told) == ["events"]
        assert {4, 2, 3} == {event["type"] for event in told["events"]}
        times = [event["timestamp"] for event in told["events"]]
        assert times == sorted(times)
        assert at.fetched == 1
        [row] = await at.rows()
        agent, support = at.slack.people.agent, at.slack.places.support
        assert (row.who, row.channel, row.outcome, row.shown_to) == (agent, support, "found", "asker")
        assert row.subject
        assert row.subject.value == UID
        assert row.sources == ("rybbit/www",)


async def test_the_page_may_be_framed_by_slack_alone_and_loads_nothing_from_elsewhere(desk: Desk) -> None:
    async with embedding(desk) as at:
        page = await at.page(await at.address())
        policy = dict(
            part.strip().split(" ", 1) for part in page.headers["content-security-policy"].split(";")
        )
        assert policy["frame-ancestors"] == at.slack.base_url
        assert policy["default-src"] == "'none'"
        assert policy["script-src"] == policy["connect-src"] == "'self'"
        assert policy["img-src"] == policy["font-src"] == "data:"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["referrer-policy"] == "no-referrer"
        assert page.headers["cache-control"] == "no-store"
        cookie = page.headers["set-cookie"]
        assert all(part in cookie for part in ("HttpOnly", "Secure", "SameSite=None", "Partitioned"))
        for name in ("replay.js", "replay.css", "rrweb-player-2.1.7.min.js", "rrweb-player-2.1.7.min.css"):
            assert f"/embed/files/{name}" in page.text
            assert (await at.page(f"/embed/files/{name}")).status_code == 200
        assert (await at.page("/embed/files/page.html")).status_code == 404


async def test_an_altered_address_and_one_that_is_too_old_play_nothing(desk: Desk) -> None:
    async with embedding(desk) as at:
        path = await at.address()
        for altered in (path[:-9] + "A" * 9, path + "A", f"/embed/replay/{'A' * 3_000}", "/embed/replay/x"):
            assert (await at.page(altered)).status_code == 403
            refused = await at.play(altered)
            assert (refused.status_code, list(refused.json())) == (403, ["words"])
        at.desk.world.clock.advance(9 * 60)
        assert (await at.page(path)).status_code == 200
        at.desk.world.clock.advance(60)
        old = await at.page(path)
        assert (old.status_code, "ten minutes old" in old.text) == (410, True)
        assert (await at.play(path)).status_code == 410
        assert at.fetched == 0


async def test_an_address_that_was_handed_on_plays_nothing_for_another_person(desk: Desk) -> None:
    async with embedding(desk) as at:
        path = await at.address()
        # In a window of its own it does not even open.
        opened = await at.page(path, **{"Sec-Fetch-Dest": "document"})
        assert (opened.status_code, "side pane alone" in opened.text) == (403, True)
        assert (await at.play(path, **{"Sec-Fetch-Site": "cross-site"})).status_code == 403
        await at.page(path)
        assert (await at.play(path)).status_code == 200
        # The same browser plays it again; another one, which has a cookie of its own or none, does not.
        assert (await at.play(path)).status_code == 200
        for viewer in ("casefile_replay=another", ""):
            refused = await at.play(path, Cookie=viewer)
            assert (refused.status_code, "another browser" in refused.json()["words"]) == (403, True)
        assert {row.outcome for row in await at.rows()} == {"found", "refused_another_browser"}
        assert at.fetched == 2


async def test_who_may_is_asked_again_at_the_press(desk: Desk) -> None:
    async with embedding(desk) as at:
        agent = at.slack.people.agent
        path = await at.address()
        users = at.slack.state.users
        users[agent] = replace(users[agent], restricted=True)
        user = users[agent].as_slack(with_email=False)
        event = {"type": "user_change", "user": user, "event_ts": at.slack.state.next_ts()}
        await at.slack.send_event(event)
        await at.desk.idle(at.bot)
        refused = await at.play(path)
        assert refused.status_code == 403
        assert "Guests of this workspace" in refused.json()["words"]
        [row] = await at.rows()
        assert (row.who, row.outcome) == (agent, "refused_guest")
        assert at.fetched == 0


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault.BROKEN, "has trouble of its own"),
        (Fault.REFUSED, "refuses our key"),
        (Fault.HTML, "not JSON"),
        (Fault.HUGE, "more than 10 MiB"),
    ],
)
async def test_a_vendors_failure_is_told_in_words_and_the_next_press_plays(
    desk: Desk, fault: Fault, words: str
) -> None:
    async with embedding(desk) as at:
        path = await at.address()
        await at.page(path)
        at.desk.world.rybbit.fault = fault
        failed = await at.play(path)
        assert (failed.status_code, words in failed.json()["words"]) == (502, True), failed.text
        at.desk.world.rybbit.fault = Fault.NONE
        assert (await at.play(path)).status_code == 200
        assert {row.outcome for row in await at.rows()} == {"found", "no_answer"}


async def test_a_key_without_the_scope_and_a_recording_that_is_gone_are_said(desk: Desk) -> None:
    async with embedding(desk) as at:
        path = await at.address()
        await at.page(path)
        rybbit = at.desk.world.rybbit
        rybbit.tamper = lambda body: body | {"events": body["events"][:1]} if "events" in body else body
        gone = await at.play(path)
        assert (gone.status_code, "no recording" in gone.json()["words"]) == (404, True)
        rybbit.tamper = None
        rybbit.allow(frozenset({"sessions:read", "users:read", "analytics:read"}))
        lacking = await at.play(path)
        assert (lacking.status_code, "lacks replay:read" in lacking.json()["words"]) == (502, True)


async def test_one_person_plays_no_more_a_minute_than_they_may_ask(desk: Desk) -> None:
    async with embedding(desk, ACCESS__PER_PERSON_MINUTE="2") as at:
        path = await at.address()
        await at.page(path)
        statuses = [(await at.play(path)).status_code for _ in range(3)]
        assert statuses[-1] == 429
        assert at.fetched == statuses.count(200)


async def test_one_person_has_one_recording_fetched_at_a_time(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "_TURN_SECONDS", 0.05)
    async with embedding(desk) as at:
        path = await at.address()
        await at.page(path)
        hold = at.desk.world.rybbit.hold = asyncio.Event()
        first = asyncio.create_task(at.play(path))
        while not at.fetched:  # noqa: ASYNC110 - a vendor says nothing when it is asked
            await asyncio.sleep(0.01)
        waited = await at.play(path)
        assert (waited.status_code, "Too many replays" in waited.json()["words"]) == (503, True)
        hold.set()
        assert (await first).status_code == 200
        assert {row.outcome for row in await at.rows()} == {"found", "refused_no_room"}


async def test_a_deep_page_with_many_nodes_is_handed_out(desk: Desk) -> None:
    async with embedding(desk) as at:
        path = await at.address()
        await at.page(path)

        def deepened(body: Any) -> Any:
            if "events" not in body:
                return body
            node: Any = {"type": 3, "textContent": "\ud800 deep", "id": 9_999}
            for number in range(150):
                node = {"type": 2, "tagName": "div", "attributes": {}, "childNodes": [node], "id": number}
            snapshot = next(event for event in body["events"] if event["type"] == 2)
            snapshot["data"]["node"]["childNodes"] = [node, *({"type": 3, "id": n} for n in range(100_000))]
            return body

        at.desk.world.rybbit.tamper = deepened
        played = await at.play(path)
        assert played.status_code == 200
        assert len(played.content) > 1_000_000
        assert json.loads(played.content)["events"]


async def announced(desk: Desk, bot: Bot) -> list[Any]:
    """What a card and its side pane say of a page in a frame."""
    slack = desk.world.slack
    agent = slack.people.agent
    pasted = await slack.post_as_user(slack.places.support, agent, f"<{RYBBIT_PERSON}>")
    await desk.idle(bot)
    card = slack.state.find(pasted.channel, pasted.ts)
    assert card
    await slack.open_pane(agent, card, RYBBIT_PERSON)
    await desk.idle(bot)
    shown = slack.state.panes[agent].shown
    assert shown
    return [preview(card.entities[RYBBIT_PERSON]), preview(shown)]


async def test_without_the_setting_there_is_no_page_and_no_pane_announces_one(desk: Desk) -> None:
    async with desk.casefile() as bot, httpx2.AsyncClient(base_url=desk.origin, timeout=120) as client:
        assert await announced(desk, bot) == [None, None]
        for path in ("/embed/replay/x", "/embed/files/replay.js"):
            assert (await client.get(path)).status_code == 404


async def test_by_socket_mode_no_pane_announces_a_page(desk: Desk) -> None:
    desk.extra = {"EMBED_URL": "https://casefile.example"}
    async with (
        open_bot(without_embeds(desk.settings), desk.world.clock, TIMING) as bot,
        serving_socket(bot),
    ):
        await desk.world.slack.wait_for(lambda: desk.world.slack.connections)
        assert await announced(desk, bot) == [None, None]
