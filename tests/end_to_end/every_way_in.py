"""
The table of who may ask, and where: kinds of people and of places, and what one way in makes of all of them.

A row is one way in. Everybody tries it in one world with one bot, each a person or in a place that no other
try has, so that the audit trail tells the tries apart.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from bot.app import Bot
from bot.audit.search import search
from sandbox.slack import Message, plain_text
from sandbox.slack.clicks import clickables
from sandbox.slack.people import OTHER_TEAM, User
from sandbox.slack.places import Channel, Kind
from tests.end_to_end.conftest import Desk

JANE = "jane@contoso.example"
GUEST, STRANGER, SHARED, UNSURE = (
    f"refused_{reason}" for reason in ("guest", "stranger", "shared_channel", "unsure")
)
PASSES = "passes"
# What is refused comes first: what passes may remove the message that all of them press on.
PEOPLE: Mapping[str, str] = {
    "guest": GUEST,
    "single_channel_guest": GUEST,
    "of_another_company": STRANGER,
    "deactivated": STRANGER,
    "bot": STRANGER,
    "unknown_to_slack": STRANGER,
    "while_slack_fails": UNSURE,
    "a_guest_since_a_moment": GUEST,
    "no_guest_since_a_moment": PASSES,
    "member": PASSES,
}
PLACES: Mapping[str, str] = {
    "our_own": PASSES,
    "shared": SHARED,
    "pending_shared": SHARED,
    "shared_since_a_moment": SHARED,
    "while_slack_fails_about_it": UNSURE,
}
Act = Callable[[str, str], Awaitable[None]]
"""Somebody's try, by their id and the channel's."""


@dataclass(frozen=True)
class Row:
    """
    A way in.

    `passes` is what the trail says of whoever may, as way and outcome; None where it need not say anything:
    nobody was looked up, and nobody refused. `refused` is the way that the trail has for the others.
    `differing` are the cells that come out otherwise in this row's environment.
    """

    ready: Callable[["Table"], Awaitable[Act]]
    refused: str
    passes: tuple[str, str] | None
    has_places: bool = True
    has_people: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)
    differing: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Table:
    """
    The desk with all kinds of people and places.

    `admin` is who prepares what the others press on; `given` are the messages and tabs that they press on.
    """

    desk: Desk
    bot: Bot
    row: Row
    ids: dict[str, str] = field(default_factory=dict)
    given: set[str] = field(default_factory=set)

    @property
    def slack(self) -> Any:
        return self.desk.world.slack

    @property
    def admin(self) -> str:
        return str(self.slack.people.admin)

    @property
    def support(self) -> str:
        return str(self.slack.places.support)

    @property
    def elsewhere(self) -> str:
        return str(self.slack.places.random)

    def settle_people_and_places(self) -> None:
        state = self.slack.state
        for number, name in enumerate((*PEOPLE, *PLACES)):
            self.ids[name] = f"{'U' if name in PEOPLE else 'C'}0CELL{number:04}"
        kinds: dict[str, dict[str, Any]] = {
            "guest": {"restricted": True},
            "single_channel_guest": {"ultra_restricted": True},
            "of_another_company": {"team": OTHER_TEAM, "stranger": True},
            "deactivated": {"deleted": True},
            "bot": {"bot_id": "B0HELPDESK", "app_id": "A0HELPDESK"},
            "no_guest_since_a_moment": {"restricted": True},
        }
        people = [User(self.ids[name], name, name, **kinds.get(name, {})) for name in PEOPLE]
        state.users |= {user.id: user for user in people}
        for user in people:
            state.invite(self.support, user.id)
            state.invite(self.elsewhere, user.id)
        members = state.channels[self.support].members
        for name in PLACES:
            shared, pending = name == "shared", name == "pending_shared"
            channel = Channel(self.ids[name], name, Kind.PUBLIC, members, shared=shared, pending=pending)
            state.channels[channel.id] = channel

    async def just_before(self, cell: str, who: str, channel: str) -> None:
        """What happens to a person or a place at the moment before the try."""
        state = self.slack.state
        if cell.endswith("guest_since_a_moment"):
            # The bot has known them as what they were.
            await self.desk.ask("debug", user=who, channel=self.elsewhere)
            await self.desk.idle(self.bot)
            state.users[who] = replace(state.users[who], restricted=not state.users[who].restricted)
            user = state.users[who].as_slack(with_email=False)
            await self.slack.send_event({"type": "user_change", "user": user, "event_ts": state.next_ts()})
        elif cell == "shared_since_a_moment":
            await self.desk.ask("debug", user=self.admin, channel=channel)
            await self.desk.idle(self.bot)
            state.channels[channel] = replace(state.channels[channel], shared=True)
            event = {"type": "channel_shared", "channel": channel, "connected_team_id": OTHER_TEAM}
            await self.slack.send_event(event | {"event_ts": state.next_ts()})
        elif cell == "unknown_to_slack":
            self.fail("users.info", "user_not_found")
        elif cell == "while_slack_fails":
            self.fail("users.info", "access_denied")
        elif cell == "while_slack_fails_about_it":
            self.fail("conversations.info", "access_denied")

    def fail(self, method: str, error: str) -> None:
        """Have Slack answer so until the try is over, however often it is asked."""
        for _ in range(5):
            self.slack.fail_next(method, error=error)

    async def press(
        self,
        on: Message,
        action: str,
        who: str,
        channel: str,
        block: str | None = None,
        option: str | None = None,
    ) -> None:
        """Press on one's own copy of a message, in one's own channel: what passes changes what it is on."""
        state = self.slack.state
        self.bring(on.channel, on.thread_ts, channel)
        on = replace(on, channel=channel, ts=state.next_ts(), only_for=on.only_for and who)
        state.store(on)
        self.given.add(on.ts)
        await self.slack.press(channel, on.ts, action, who, block, option=option)

    def bring(self, place: str, ts: str | None, channel: str) -> None:
        """Have a thread in another channel too."""
        state = self.slack.state
        root = state.find(place, ts) if ts else None
        if root is not None and state.find(channel, root.ts) is None:
            for message in (root, *state.replies(place, root.ts)):
                state.store(replace(message, channel=channel))

    async def event(self, kind: str, who: str, channel: str, **more: Any) -> None:
        """An event that somebody causes; Slack itself would spare the app some of them."""
        ts = self.slack.state.next_ts()
        event = {"type": kind, "user": who, "channel": channel, "ts": ts, "event_ts": ts}
        await self.slack.send_event(event | {"team": self.slack.state.users[who].team} | more)

    def calls(self) -> int:
        """How often any vendor was asked anything."""
        return sum(len(vendor.calls) for vendor in self.desk.world.vendors)

    async def tried(self, act: Act) -> list[str]:
        """Have everybody try, and everywhere; in which cells more came of it than may, or less."""
        wronged: list[str] = []
        for name, outcome in self.cells.items():
            is_person = name in PEOPLE
            who = self.ids[name] if is_person else self.slack.people.colleague
            channel = self.support if is_person else self.ids[name]
            await self.just_before(name, who, channel)
            calls = self.calls()
            await act(who, channel)
            await self.desk.idle(self.bot)
            is_past = self.calls() != calls or self.is_shown(who, channel) or self.has_opened(who)
            if is_past != (outcome == PASSES) and not (outcome == PASSES and self.row.passes):
                wronged.append(name)
            self.slack.state.views.clear()
            self.slack.fail_no_more()
        return wronged

    def has_opened(self, who: str) -> bool:
        """Whether a form, a side pane or the whole Home tab is open for somebody."""
        if (pane := self.slack.state.panes.get(who)) and pane.shown:
            return True
        home = self.slack.state.homes.get(who)
        forms = {view.user for view in self.slack.state.views.values()}
        return who in forms or (
            home is not None
            and "input" in {b["type"] for b in home.body["blocks"]}
            and home.hash not in self.given
        )

    def is_shown(self, who: str, channel: str) -> bool:
        """Whether Slack shows somebody alone, or a workflow of theirs, what was found."""
        home = self.slack.state.homes.get(who)
        seen = [plain_text(m) for m in self.slack.ephemerals(channel, who) if m.ts not in self.given]
        seen += [str(home.body)] if home and home.hash not in self.given else []
        for execution in self.slack.state.executions.values():
            person, place = execution.inputs["person"], execution.inputs["channel"]
            seen += [str(execution.outputs)] if (person["id"], place) == (who, channel) else []
        return any("app.fullstory.com" in text or "4 tools" in text for text in seen)

    async def trail(self) -> dict[str, list[tuple[str, str]]]:
        """What the audit trail says of each cell: way and outcome."""
        names = {one: name for name, one in self.ids.items()}
        told: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for row in await search(self.bot.engine.store, self.bot.engine.keyring):
            cell = names.get(row.who or "") or names.get(row.channel or "")
            if cell and row.who != self.admin and row.channel != self.elsewhere:
                told[cell].append((row.way, row.outcome))
        return dict(told)

    @property
    def cells(self) -> Mapping[str, str]:
        places = PLACES if self.row.has_places else {}
        people = PEOPLE if self.row.has_people else {}
        return {**places, **people, **self.row.differing}

    def expected(self) -> dict[str, list[tuple[str, str]]]:
        passes = [self.row.passes] if self.row.passes else []
        told = {
            name: passes if outcome == PASSES else [(self.row.refused, outcome)]
            for name, outcome in self.cells.items()
        }
        return {name: rows for name, rows in told.items() if rows}


Told = dict[str, list[tuple[str, str]]]
"""What the trail says of each cell: ways and outcomes."""


async def fill(desk: Desk, row: Row) -> tuple[Told, Told, list[str]]:
    """Fill a row of the table: what the trail says, what it is to say, and who got past a refusal."""
    desk.extra |= row.environment
    async with desk.casefile() as bot:
        table = Table(desk, bot, row)
        table.settle_people_and_places()
        act = await row.ready(table)
        await desk.idle(bot)
        wronged = await table.tried(act)
        return await table.trail(), table.expected(), wronged


def button(message: Message, begins: str) -> str:
    """The one action of a message that begins so."""
    found = {str(one.element["action_id"]) for one in clickables(message)}
    [action] = [one for one in found if one.startswith(begins)]
    return action


def option(message: Message, action: str, begins: str = "") -> tuple[str, str]:
    """The block of the first menu of this action, and its first option that begins so."""
    one = next(one for one in clickables(message) if one.element["action_id"] == action)
    values = [str(choice["value"]) for choice in one.element["options"]]
    return one.block_id, next(value for value in values if begins in value)
