"""Help desks' notifications as they arrive in Slack: samples to post into the sandbox's workspace."""

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from typing import Any

from sandbox.slack import Message, SlackWorkspace, Stub
from sandbox.slack.messages import Content, Json
from sandbox.slack.people import APP, TEAM
from sandbox.ticket_titles import TITLES

# These are set by each post, or by the channel that it is posted in.
_PLACE = frozenset({"type", "channel", "channel_type", "ts", "event_ts", "thread_ts"})
_CONTENT = frozenset({"text", "user", "bot_id", "blocks", "attachments"})
_CHANGED = "message_changed"


@dataclass(frozen=True, slots=True)
class TicketSample:
    """
    One notification: the event that Slack delivers for it, and what the bot must do about it.

    `expect` holds the action (`reply`, `offer`, `ignore`), the addresses of the requester, those that are
    mentioned only, and the ticket; `config` is what the expectation presupposes.
    """

    name: str
    source: str
    why: str
    expect: Json
    config: Json
    payload: Json

    @property
    def event(self) -> Json:
        """The event inside the payload."""
        event: Json = self.payload["event"]
        return event

    def with_ticket(self, ticket_id: str) -> "TicketSample":
        """The same notification about another ticket, with its number in every text, link and address."""
        ticket = self.expect.get("ticket")
        if not ticket:
            return self
        renumber = _renumbering(ticket["id"], ticket["url"], ticket_id)
        event = {key: value for key, value in self.event.items() if key not in _PLACE}
        payload = self.payload | {"event": self.event | _map_texts(event, renumber)}
        expect = self.expect | {"ticket": _map_texts(ticket, renumber)}
        return replace(self, payload=payload, expect=expect)


@cache
def load_samples() -> tuple[TicketSample, ...]:
    """All samples, in the order of their names."""
    folder = files("sandbox").joinpath("tickets")
    paths = sorted((path for path in folder.iterdir() if path.name.endswith(".json")), key=lambda p: p.name)
    return tuple(_read(json.loads(path.read_text(encoding="utf-8"))) for path in paths)


async def post_sample(
    slack: SlackWorkspace,
    sample: TicketSample,
    *,
    channel: str | None = None,
    ticket_id: str | None = None,
    stub_files: Stub | None = None,
) -> Message:
    """
    Post a sample as its help desk's app would, with the events that Slack then sends.

    A sample of an edit is posted as it was before and then edited; one from inside a thread is a reply to a
    new message, for which the app gets no event. With `ticket_id` it is about that ticket instead of its own.

    Args:
        slack: the workspace to post in.
        sample: what to post.
        channel: where; the support channel unless it is given.
        ticket_id: the ticket's number.
        stub_files: how little the message holds of its files, if not the whole.

    """
    sample = sample.with_ticket(ticket_id) if ticket_id else sample
    place = channel or slack.places.support
    event = _map_texts(sample.event, _in_sandbox(slack, sample))
    if event.get("subtype") != _CHANGED:
        return await _post(slack, place, event, stub_files)
    before, after = event["previous_message"], event["message"]
    # Slack has the author in both versions; some samples leave it out of the earlier one.
    message = await _post(slack, place, {"username": after.get("username")} | before)
    change = {key: after.get(key, ()) for key in ("blocks", "attachments")}
    return await slack.edit_message(message, after.get("text", ""), **change)


def fresh_ticket_id(slack: SlackWorkspace, sample: TicketSample) -> str | None:
    """A number that no ticket has had yet, in the sample's style; None where the sample has no number."""
    ticket = sample.expect.get("ticket")
    if not ticket:
        return None
    prefix = ticket["id"].rstrip("0123456789")
    number = int(ticket["id"].removeprefix(prefix) or 0) + int(slack.state.next_id(""))
    return f"{prefix}{number}"


@dataclass(frozen=True, slots=True)
class TicketButton:
    """A sample as a button of the page: each press posts a new ticket, which its help desk then has."""

    slack: SlackWorkspace
    sample: TicketSample
    tell_desk: Callable[[str], None]

    @property
    def name(self) -> str:
        """The button's id on the page."""
        return self.sample.name

    @property
    def desk(self) -> str:
        """The help desk that posts such notifications."""
        return next((desk for desk, name, _title in _listed() if name == self.name), "More")

    @property
    def title(self) -> str:
        """What it shows, in a few words."""
        return next((title for _desk, name, title in _listed() if name == self.name), self.sample.source)

    @property
    def about(self) -> str:
        """What it shows, in words."""
        return self.sample.why or f"From: {self.sample.source}"

    async def post(self) -> Message:
        """Post it as a new ticket; returns the message."""
        ticket_id = fresh_ticket_id(self.slack, self.sample)
        if ticket_id:
            self.tell_desk(ticket_id)
        return await post_sample(self.slack, self.sample, ticket_id=ticket_id)


def ticket_buttons(
    slack: SlackWorkspace, samples: Sequence[TicketSample], tell_desk: Callable[[str], None]
) -> tuple[TicketButton, ...]:
    """A button for each sample, desk by desk, in the order of `TITLES`."""
    order = {name: number for number, (_desk, name, _title) in enumerate(_listed())}
    every = (TicketButton(slack, sample, tell_desk) for sample in samples)
    return tuple(sorted(every, key=lambda one: order.get(one.name, len(order))))


def _listed() -> Iterator[tuple[str, str, str]]:
    """The desk, name and title of every sample that has one."""
    return ((desk, name, title) for desk, some in TITLES.items() for name, title in some)


async def _post(slack: SlackWorkspace, channel: str, event: Json, stub_files: Stub | None = None) -> Message:
    extra = {key: value for key, value in event.items() if key not in _PLACE | _CONTENT}
    extra |= {key: event[key] for key in ("blocks", "attachments") if key in event}
    extra["files"] = [file | {"id": slack.state.next_id("F")} for file in event.get("files", ())] or None
    extra = {key: value for key, value in extra.items() if value is not None}
    text, user, bot_id = event.get("text", ""), event.get("user"), event.get("bot_id")
    thread_ts = _older_root(slack, channel, event) if "thread_ts" in event else None
    if bot_id == slack.people.bot_id:
        return await slack.post_as_ourselves(channel, text, thread_ts=thread_ts, **extra)
    if bot_id is None:
        return await slack.post_as_user(channel, str(user), text, thread_ts=thread_ts, **extra)
    extra = {"app_id": None} | extra
    return await slack.post_as_app(
        channel, text, bot_id=bot_id, user=user, thread_ts=thread_ts, stub_files=stub_files, **extra
    )


def _older_root(slack: SlackWorkspace, channel: str, event: Json) -> str:
    named = ("subtype", "username", "app_id", "bot_profile")
    extra: Json = {key: event[key] for key in named if key in event}
    content = Content("A ticket from before Casefile was here")
    return slack.state.post(channel, content, bot_id=event.get("bot_id"), extra=extra).ts


def _read(sample: Json) -> TicketSample:
    keys = ("name", "source", "why", "expect", "config", "payload")
    return TicketSample(**{key: sample[key] for key in keys})


def _in_sandbox(slack: SlackWorkspace, sample: TicketSample) -> Callable[[str], str]:
    """A function that replaces the samples' team, people and app by the sandbox's."""
    people, config = slack.people, sample.config
    ids = {
        sample.payload["team_id"]: TEAM,
        config["our_bot_id"]: people.bot_id,
        config["our_bot_user_id"]: people.bot,
        config["our_app_id"]: APP,
        "U0AGENT0001": people.agent,
        "U0AGENT0002": people.colleague,
    }
    pattern = re.compile("|".join(map(re.escape, ids)))
    return lambda text: pattern.sub(lambda match: ids[match[0]], text)


def _renumbering(old: str, url: str, new: str) -> Callable[[str], str]:
    number = re.compile(rf"(?<![\w.]){re.escape(old)}(?!\w)")
    # Some help desks have one number in the text and another one in the link.
    new_url = number.sub(new, url)
    if new_url == url:
        digits = re.sub(r"\D", "", new) or "1"
        new_url = re.sub(r"\d+(?=\D*$)", digits, url)
    return lambda text: number.sub(new, text.replace(url, new_url))


def _map_texts(value: Any, change: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: _map_texts(inner, change) for key, inner in value.items()}
    return [_map_texts(inner, change) for inner in value] if isinstance(value, list) else value
