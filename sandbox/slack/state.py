"""The workspace's state: people, channels, messages, views, calls, and the rules that were broken."""

import asyncio
import secrets
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from sandbox.slack.calls import ApiCall, Faults, Limit, Pace
from sandbox.slack.changes import Changes
from sandbox.slack.entities import Previews
from sandbox.slack.errors import ApiError
from sandbox.slack.files import Files
from sandbox.slack.messages import Content, Json, Message, Messages
from sandbox.slack.people import APP, SLACKBOT, TEAM, People, everybody
from sandbox.slack.places import Channel, Kind, Places, every_channel
from sandbox.slack.plain_text import broadcasts
from sandbox.slack.response_urls import ResponseUrls

if TYPE_CHECKING:
    from sandbox.slack.listener import Listener

Clock = Callable[[], datetime]
T = TypeVar("T")
TRIGGER_LIFE = timedelta(seconds=3)  # slack.md: single use, 3 s


@dataclass(frozen=True, slots=True)
class Link:
    """A pasted link that the app had an event for: its message, and the ids in the event."""

    channel: str
    ts: str
    urls: frozenset[str]
    unfurl_id: str
    source: str


@dataclass(frozen=True, slots=True)
class Trigger:
    """A `trigger_id` and the user whose click it is from."""

    user: str
    at: datetime
    used: bool = False


@dataclass(frozen=True, slots=True)
class View:
    """
    A modal or Home tab that a user sees.

    `errors` are shown at its fields, by block id. `root` is the modal that it was pushed onto, if any.
    """

    id: str
    user: str
    body: Json
    hash: str
    errors: Mapping[str, str] = field(default_factory=dict)
    root: str = ""


@dataclass(frozen=True, slots=True)
class Pane:
    """
    A Work Object's side pane that somebody has opened.

    `asked` is the event by which the app heard of it. `shown` is the entity that the app presented, `error`
    what it said in place of one; both are None while Slack waits for it.
    """

    asked: Json
    shown: Json | None = None
    error: Json | None = None


@dataclass(frozen=True, slots=True)
class Execution:
    """
    A step of the app's that a workflow has come to.

    `token` is good for its end. `outputs` are there when it has ended well, `error` when it has failed.
    """

    id: str
    callback_id: str
    inputs: Json
    token: str
    workflow: str
    outputs: Json | None = None
    error: str | None = None

    @property
    def is_over(self) -> bool:
        """Whether the app has ended it."""
        return self.outputs is not None or self.error is not None


class State:
    """
    The state of a Slack workspace.

    `violations` are rules of Slack that the app broke; `warnings` are what Slack accepts and advises
    against. Tests assert that the first list is empty.
    """

    def __init__(
        self,
        clock: Clock,
        *,
        scopes: Collection[str],
        commands: Collection[str],
        limits: Mapping[str, Limit],
        trigger_life: timedelta = TRIGGER_LIFE,
    ) -> None:
        self.clock = clock
        self.trigger_life = trigger_life
        self.people = People()
        self.places = Places()
        self.users = everybody(self.people)
        self.channels = every_channel(self.places, self.people)
        self.user_groups: dict[str, frozenset[str]] = {
            "S0DESK0001": frozenset({self.people.agent, self.people.colleague}),
        }
        self.scopes = set(scopes)
        self.commands = set(commands)
        self.subscribed_events: set[str] = set()
        self.unfurl_domains: set[str] = set()
        # Cards in the composer, by unfurl id: only their author sees them.
        self.previews: dict[str, Json] = {}
        # Whether the app's Work Objects are shown.
        self.work_objects = Previews.ON
        # The origins whose pages may be embedded in side panes, as the app's settings have it.
        self.embed_origins: set[str] = set()
        # The side pane that somebody has open, by their id.
        self.panes: dict[str, Pane] = {}
        # Which workspace, or whole enterprise, has installed the app.
        self.installation: Json = {"team_id": TEAM, "is_enterprise_install": False}
        # The steps of workflows that the app has by its manifest, and their executions by id.
        self.functions: Json = {}
        self.step_settings: Json = {"org_deploy_enabled": True, "function_runtime": "remote"}
        self.executions: dict[str, Execution] = {}
        self.bot_token = f"xoxb-{secrets.token_hex(12)}"
        self.app_token = f"xapp-{secrets.token_hex(12)}"
        # Of a person who may configure the app (https://docs.slack.dev/authentication/tokens/#config).
        self.config_token = f"xoxe.xoxp-{secrets.token_hex(12)}"
        self.socket_mode_enabled = True
        self.signing_secret = secrets.token_hex(16)
        # Tells the page that it is another workspace than before.
        self.born = secrets.token_hex(8)
        self.base_url = ""
        self.api_calls: list[ApiCall] = []
        self.violations: list[str] = []
        self.warnings: list[str] = []
        self.views: dict[str, View] = {}
        self.homes: dict[str, View] = {}
        # Whether the app has a Home tab at all, by its manifest.
        self.has_home = True
        self.links: list[Link] = []
        self.tickets: set[str] = set()
        self.faults = Faults()
        self.pace = Pace(limits)
        self.response_urls = ResponseUrls()
        self.changes = Changes()
        self.files = Files()
        self.listener: Listener | None = None
        self._messages = Messages()
        self._triggers: dict[str, Trigger] = {}
        self._last_microsecond = 0
        self._numbers = 0

    @property
    def api_url(self) -> str:
        """The URL for `SLACK_API_URL`."""
        return f"{self.base_url}/api/"

    def messages(self, channel: str) -> list[Message]:
        """The messages in the channel itself, oldest first."""
        return self._messages.roots(channel)

    def replies(self, channel: str, ts: str) -> list[Message]:
        """The replies in the thread of one message, oldest first."""
        return self._messages.replies(channel, ts)

    def ephemerals(self, channel: str, user: str) -> list[Message]:
        """The ephemeral messages of this user in the channel and its threads, oldest first."""
        return self._messages.ephemerals(channel, user)

    def find(self, channel: str, ts: str) -> Message | None:
        """A posted message; None where there is none."""
        return self._messages.find(channel, ts)

    def find_any(self, channel: str, ts: str) -> Message | None:
        """A posted or ephemeral message; None where there is none."""
        return self._messages.find_any(channel, ts)

    async def wait_for(self, predicate: Callable[[], T | None], timeout: float = 120.0) -> T:  # noqa: ASYNC109 - the wait is for tests, which name their own bound
        """Wait until the predicate returns something true, tried after every change, and return that."""
        try:
            async with asyncio.timeout(timeout):
                return await self.changes.wait_for(predicate)
        except TimeoutError:
            recent = [f"{call.method} {call.result}" for call in self.api_calls[-5:]]
            raise TimeoutError(f"not within {timeout} s; last calls {recent}, {self.violations=}") from None

    def post(
        self,
        channel: str,
        content: Content,
        *,
        user: str | None = None,
        bot_id: str | None = None,
        thread_ts: str | None = None,
        only_for: str | None = None,
        extra: Json | None = None,
    ) -> Message:
        """A new message, stored in its channel or thread."""
        ts = self.next_ts()
        message = Message(
            channel, ts, self.clock(), user, content, bot_id, thread_ts, only_for, extra=dict(extra or {})
        )
        self.files.keep(channel, message.extra.get("files", ()))
        self.store(message)
        return message

    def post_as_bot(
        self, channel: str, content: Content, *, thread_ts: str | None = None, only_for: str | None = None
    ) -> Message:
        """A new message of our app, stored in its channel or thread."""
        message = self.post(
            channel,
            content,
            user=self.people.bot,
            bot_id=self.people.bot_id,
            thread_ts=thread_ts,
            only_for=only_for,
            extra={"app_id": APP},
        )
        if self.listener:
            self.listener.posted(message)
        return message

    def edit_as_bot(self, message: Message, content: Content) -> Message:
        """Change one of our app's messages; returns it as changed."""
        edited = self.edit(message, content)
        if self.listener:
            self.listener.edited(edited, message)
        return edited

    def unfurl_as_bot(self, message: Message, cards: Json, entities: Json) -> None:
        """Add cards of our app below a message, or Work Objects."""
        unfurled = replace(
            message, unfurls={**message.unfurls, **cards}, entities={**message.entities, **entities}
        )
        self.store(unfurled)
        if self.listener:
            self.listener.edited(unfurled, message)

    def remove_as_bot(self, message: Message) -> None:
        """Remove one of our app's messages."""
        self.remove(message)
        if self.listener:
            self.listener.removed(message)

    def notify(self, channel: str, user: str, text: str) -> Message:
        """An ephemeral message of Slack itself to one user."""
        return self.post(channel, Content(text), user=SLACKBOT, only_for=user)

    def edit(self, message: Message, content: Content) -> Message:
        """A message with other content, stored."""
        edited = message.edited(content, self.clock())
        self.store(edited)
        return edited

    def store(self, message: Message) -> None:
        """Store a message, and record a violation where our app's notifies everybody."""
        self._messages.put(message)
        if message.user == self.people.bot and (called := broadcasts(message)):
            self.violate(f"a message notifies everybody: {sorted(called)} in {message.channel} {message.ts}")
        self.changes.announce()

    def remove(self, message: Message) -> None:
        """Remove a message; where it has replies, a note stays in its place, as in Slack."""
        if message.only_for is None and self.replies(message.channel, message.ts):
            self._messages.put(message.tombstone())
        else:
            self._messages.remove(message)
        self.changes.announce()

    def violate(self, what: str) -> None:
        """Record that the app broke a rule of Slack."""
        self.violations.append(what)
        self.changes.announce()

    def invite(self, channel: str, user: str | None = None) -> None:
        """Add somebody, or the bot, to a channel."""
        members = self.channels[channel].members | {user or self.people.bot}
        self.channels[channel] = replace(self.channels[channel], members=members)
        self.changes.announce()

    def remove_from(self, channel: str, user: str | None = None) -> None:
        """Remove somebody, or the bot, from a channel."""
        members = self.channels[channel].members - {user or self.people.bot}
        self.channels[channel] = replace(self.channels[channel], members=members)
        self.changes.announce()

    def sees(self, user: str, channel: Channel) -> bool:
        """Whether a person sees this channel; guests and other companies' people must be members for that."""
        account = self.users[user]
        if account.restricted or account.ultra_restricted or account.stranger:
            return user in channel.members
        return channel.can_see(user)

    def direct_channel(self, user: str) -> str | None:
        """The direct channel of the bot and this user; None where they have none."""
        pair = {user, self.people.bot}
        found = (c.id for c in self.channels.values() if c.kind is Kind.DIRECT and c.members == pair)
        return next(found, None)

    def open_direct(self, user: str) -> str:
        """The direct channel of the bot and this user, which comes into being where there is none."""
        known = self.direct_channel(user)
        if known is not None:
            return known
        made = Channel(self.next_id("D"), "", Kind.DIRECT, frozenset({user, self.people.bot}))
        self.channels[made.id] = made
        self.changes.announce()
        return made.id

    def next_ts(self) -> str:
        """A message timestamp: the clock's time, and always later than the one before."""
        microsecond = round(self.clock().timestamp() * 1_000_000)
        self._last_microsecond = max(microsecond, self._last_microsecond + 1)
        seconds, rest = divmod(self._last_microsecond, 1_000_000)
        return f"{seconds}.{rest:06d}"

    def next_id(self, prefix: str) -> str:
        """A new id in Slack's style."""
        self._numbers += 1
        return f"{prefix}{self._numbers:09d}"

    def new_trigger(self, user: str) -> str:
        """A new trigger_id for something that this user did."""
        trigger = f"{self.next_id('')}.{secrets.token_hex(4)}"
        self._triggers[trigger] = Trigger(user, self.clock())
        return trigger

    def use_trigger(self, trigger_id: Any) -> str:
        """The user of a trigger_id, which is used up then; ApiError for one that is not valid."""
        trigger = self._triggers.get(str(trigger_id))
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.used:
            raise ApiError("exchanged_trigger_id")
        if self.clock() - trigger.at > self.trigger_life:
            raise ApiError("expired_trigger_id")
        self._triggers[str(trigger_id)] = replace(trigger, used=True)
        return trigger.user
