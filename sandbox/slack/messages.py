"""Messages: their content, earlier versions, and who sees them."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Self

from sandbox.slack.people import APP, SLACKBOT, TEAM

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Content:
    """The content of a message; `link_names` asks Slack to turn `@here` and names into mentions."""

    text: str = ""
    blocks: tuple[Json, ...] = ()
    attachments: tuple[Json, ...] = ()
    metadata: Json | None = None
    unfurl_links: bool | None = None
    unfurl_media: bool | None = None
    link_names: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """A message's content from `at` until it was edited."""

    text: str
    blocks: tuple[Json, ...]
    metadata: Json | None
    at: datetime


@dataclass(frozen=True, slots=True)
class Message:
    """
    One message, as it is now.

    `edits` are its earlier versions, oldest first. `only_for` is the one user who sees an ephemeral
    message. `unfurls` are the cards that `chat.unfurl` added below it, and `entities` the Work Objects that
    Slack shows in place of them, both by URL. `extra` holds whatever else a message carries (`app_id`,
    `bot_profile`, `files`, `username`, `subtype`, ...); None in it leaves out what is there otherwise.
    """

    channel: str
    ts: str
    at: datetime
    user: str | None
    content: Content
    bot_id: str | None = None
    thread_ts: str | None = None
    only_for: str | None = None
    edits: tuple[Version, ...] = ()
    edited_at: datetime | None = None
    unfurls: Json = field(default_factory=dict)
    entities: Json = field(default_factory=dict)
    reactions: tuple[str, ...] = ()
    extra: Json = field(default_factory=dict)

    @property
    def text(self) -> str:
        """The fallback text, or all the text of a message without blocks."""
        return self.content.text

    @property
    def blocks(self) -> tuple[Json, ...]:
        """The blocks as they were sent, with the block ids that Slack adds."""
        return self.content.blocks

    @property
    def metadata(self) -> Json | None:
        """The metadata as it was sent."""
        return self.content.metadata

    @property
    def is_root(self) -> bool:
        """Whether it is in the channel itself, not in a thread."""
        return self.thread_ts in (None, self.ts)

    def edited(self, content: Content, at: datetime) -> Self:
        """The same message with other content; the present content becomes an earlier version."""
        before = Version(self.text, self.blocks, self.metadata, self.edited_at or self.at)
        return replace(self, content=content, edits=(*self.edits, before), edited_at=at)

    def tombstone(self) -> Self:
        """The note that Slack leaves in place of a removed message that has replies."""
        said, extra = Content("This message was deleted."), {"subtype": "tombstone", "hidden": True}
        gone = replace(self, user=SLACKBOT, bot_id=None, content=said, extra=extra, thread_ts=self.ts)
        return replace(gone, edits=(), edited_at=None, unfurls={}, entities={}, reactions=())

    def as_slack(self, *, with_metadata: bool = True) -> Json:
        """The message object of the Web API, events and interactions."""
        message: Json = {"type": "message", "ts": self.ts, "text": self.text, "team": TEAM}
        if self.user:
            message["user"] = self.user
        if self.bot_id:
            message["bot_id"] = self.bot_id
        if self.thread_ts:
            message["thread_ts"] = self.thread_ts
        if self.blocks:
            message["blocks"] = list(self.blocks)
        if attached := (*self.content.attachments, *self._cards()):
            message["attachments"] = list(attached)
        if self.metadata and with_metadata:
            message["metadata"] = self.metadata
        if self.edited_at:
            author = self.user or self.bot_id
            message["edited"] = {"user": author, "ts": f"{self.edited_at.timestamp():.6f}"}
        if self.reactions:
            message["reactions"] = [{"name": name, "count": 1} for name in self.reactions]
        return {key: value for key, value in (message | self.extra).items() if value is not None}

    def _cards(self) -> Iterator[Json]:
        for url, card in self.unfurls.items():
            yield card | {"from_url": url, "app_unfurl_url": url, "is_app_unfurl": True, "app_id": APP}


class Messages:
    """All messages by channel and timestamp; ephemeral ones apart, as no method can find them."""

    def __init__(self) -> None:
        self._posted = defaultdict[str, dict[str, Message]](dict)
        self._ephemeral = defaultdict[str, dict[str, Message]](dict)

    def put(self, message: Message) -> None:
        """Add a message, or replace the one in its place."""
        self._shelf(message)[message.ts] = message

    def remove(self, message: Message) -> None:
        """Remove a message."""
        self._shelf(message).pop(message.ts, None)

    def find(self, channel: str, ts: str) -> Message | None:
        """The posted message with this channel and timestamp; None where there is none."""
        return self._posted[channel].get(ts)

    def find_any(self, channel: str, ts: str) -> Message | None:
        """As `find`, but ephemeral messages too: people can click on those."""
        return self.find(channel, ts) or self._ephemeral[channel].get(ts)

    def roots(self, channel: str) -> list[Message]:
        """The messages in the channel itself, oldest first."""
        return [m for m in self._in(channel) if m.is_root]

    def replies(self, channel: str, ts: str) -> list[Message]:
        """The replies in one thread, oldest first, without its first message."""
        return [m for m in self._in(channel) if m.thread_ts == ts and not m.is_root]

    def ephemerals(self, channel: str, user: str) -> list[Message]:
        """The ephemeral messages of this user in the channel, oldest first."""
        return sorted((m for m in self._ephemeral[channel].values() if m.only_for == user), key=_by_ts)

    def _in(self, channel: str) -> list[Message]:
        return sorted(self._posted[channel].values(), key=_by_ts)

    def _shelf(self, message: Message) -> dict[str, Message]:
        return (self._ephemeral if message.only_for else self._posted)[message.channel]


def _by_ts(message: Message) -> str:
    # Seconds have ten digits and microseconds six, so that text order is time order.
    return message.ts
