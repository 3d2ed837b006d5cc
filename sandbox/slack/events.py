"""The events that a new message causes, by the app's subscriptions."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from sandbox.slack.messages import Json, Message
from sandbox.slack.payloads import message_event, subscription_of
from sandbox.slack.places import Channel, Kind
from sandbox.slack.state import Link, State

_LINK = re.compile(r"<(https?://[^<>|\s]+)(?:\|[^<>]*)?>")


@dataclass(frozen=True, slots=True)
class Event:
    """An event to send, and whether it is from a channel shared with another company."""

    body: Json
    shared: bool


def events_of(state: State, message: Message) -> Iterator[Event]:
    """The events that Slack would send to the app for a new message."""
    channel = state.channels[message.channel]
    wanted = state.subscribed_events
    if gets_messages_of(state, channel):
        yield Event(message_event(state, message), channel.shared)
    if _mentions_bot(state, channel, message) and "app_mention" in wanted:
        event = message_event(state, message) | {"type": "app_mention"}
        event.pop("channel_type")
        yield Event(event, channel.shared)
    if "link_shared" in wanted and (links := _links(state, message)):
        yield Event(_link_shared(state, message, links), channel.shared)


def gets_messages_of(state: State, channel: Channel) -> bool:
    """Whether the app gets events for messages in this channel."""
    subscribed = subscription_of(channel) in state.subscribed_events
    allowed = f"{channel.scope_family}:history" in state.scopes
    return subscribed and allowed and state.people.bot in channel.members


def _mentions_bot(state: State, channel: Channel, message: Message) -> bool:
    # In a direct message everything is meant for the app: Slack sends the message event only.
    is_in_channel = state.people.bot in channel.members and channel.kind is not Kind.DIRECT
    mentioned = f"<@{state.people.bot}" in message.text and message.user != state.people.bot
    return is_in_channel and mentioned and "app_mentions:read" in state.scopes


def _links(state: State, message: Message) -> list[Json]:
    author = state.users.get(message.user or "")
    # slack.md: no link_shared for messages of apps (ours included) or of people of another company.
    if author is None or author.is_bot or message.bot_id or author.stranger:
        return []
    return list(_urls_in(state, message.text))


def _urls_in(state: State, text: str) -> Iterator[Json]:
    for url in dict.fromkeys(_LINK.findall(text)):
        host = urlsplit(url).hostname or ""
        domain = next((d for d in state.unfurl_domains if host == d or host.endswith(f".{d}")), None)
        if domain:
            yield {"domain": domain, "url": url}


def _link_shared(state: State, message: Message, links: list[Json]) -> Json:
    source = "conversations_history"
    unfurl_id = f"{message.channel}-{message.ts}-{state.next_id('')}"
    urls = frozenset(link["url"] for link in links)
    state.links.append(Link(message.channel, message.ts, urls, unfurl_id, source))
    event: Json = {
        "type": "link_shared",
        "channel": message.channel,
        "is_bot_user_member": state.people.bot in state.channels[message.channel].members,
        "user": message.user,
        "message_ts": message.ts,
        "unfurl_id": unfurl_id,
        "source": source,
        "links": links,
        "event_ts": message.ts,
    }
    return event | ({"thread_ts": message.thread_ts} if message.thread_ts else {})


def composed(state: State, user: str, text: str) -> Json:
    """The event for URLs in the composer; its ids are valid for `chat.unfurl` only."""
    unfurl_id = state.next_id("COMPOSER-")
    return {
        "type": "link_shared",
        "channel": "COMPOSER",
        "is_bot_user_member": True,
        "user": user,
        "message_ts": unfurl_id,
        "unfurl_id": unfurl_id,
        "source": "composer",
        "links": list(_urls_in(state, text)),
        "event_ts": unfurl_id,
    }


def refreshed(state: State, user: str, message: Message, url: str) -> Json:
    """The event of the refresh button of a Work Object below a message."""
    return _link_shared(state, message, list(_urls_in(state, f"<{url}>"))) | {
        "user": user,
        "event_ts": state.next_ts(),
        "is_unfurl_refresh": True,
    }


def expect_unfurl(state: State, event: Json) -> None:
    """Keep a link_shared event that a test has made itself, so that it can be unfurled."""
    urls = frozenset(link["url"] for link in event.get("links", ()))
    place = (str(event.get("channel", "")), str(event.get("message_ts", "")))
    state.links.append(Link(*place, urls, str(event.get("unfurl_id", "")), str(event.get("source", ""))))
