"""The payloads of commands, clicks, shortcuts and events, in Slack's shapes."""

from typing import Any

from sandbox.slack.api_views import as_slack as view_as_slack
from sandbox.slack.messages import Json, Message
from sandbox.slack.people import APP, TEAM, TEAM_DOMAIN, User
from sandbox.slack.places import Channel, Kind
from sandbox.slack.response_urls import ResponseUrl
from sandbox.slack.state import State, View

_CHANNEL_TYPES = {
    Kind.PUBLIC: "channel",
    Kind.PRIVATE: "group",
    Kind.DIRECT: "im",
    Kind.GROUP_DIRECT: "mpim",
}
_TOKEN = "deprecated"  # noqa: S105 - the field that signatures have replaced; apps must not trust it


def response_address(state: State, url: ResponseUrl) -> str:
    """The whole response_url."""
    return f"{state.base_url}/response/{url.token}"


def command(state: State, channel: Channel, user: User, line: str, url: ResponseUrl) -> Json:
    """A slash command; it has no thread, as commands cannot be typed in one."""
    name, _, text = line.partition(" ")
    return {
        "token": _TOKEN,
        "team_id": TEAM,
        "team_domain": TEAM_DOMAIN,
        "channel_id": channel.id,
        "channel_name": channel.command_name,
        "user_id": user.id,
        "user_name": user.name,
        "command": name,
        "text": text.strip(),
        "api_app_id": APP,
        "is_enterprise_install": "false",
        "response_url": response_address(state, url),
        "trigger_id": state.new_trigger(user.id),
    }


def block_actions(
    state: State, message: Message, user: User, action: Json, url: ResponseUrl, *, card: str | None
) -> Json:
    """
    A click on an element of a message.

    An ephemeral message is not repeated in the payload: the app gets its place only. With `card`, the URL
    of an unfurled card, there is `app_unfurl` instead of `message`.
    """
    container: Json = {
        "type": "message",
        "message_ts": message.ts,
        "channel_id": message.channel,
        "is_ephemeral": message.only_for is not None,
    }
    if message.thread_ts:
        container["thread_ts"] = message.thread_ts
    payload = _interaction(state, "block_actions", user)
    payload |= {"container": container, "channel": _channel(state, message.channel)}
    payload |= {"state": {"values": {}}, "response_url": response_address(state, url)}
    if card:
        container |= {"type": "message_attachment", "is_app_unfurl": True, "app_unfurl_url": card}
        payload["app_unfurl"] = {"app_unfurl_url": card, "is_app_unfurl": True}
    elif message.only_for is None:
        payload["message"] = message.as_slack()
    return payload | {"actions": [action | {"action_ts": state.next_ts()}]}


def pane_actions(state: State, asked: Json, user: User, action: Json) -> Json:
    """
    A click on a Work Object's action in the side pane, which the event `asked` opened.

    Slack's documents say what its container has, and show no response_url.
    """
    place: Json = {key: asked[key] for key in ("message_ts", "thread_ts") if key in asked}
    known: Json = {key: asked[key] for key in ("entity_url", "external_ref", "app_unfurl_url")}
    container: Json = {"type": "entity_detail", "channel_id": asked.get("channel"), **place, **known}
    payload = _interaction(state, "block_actions", user) | {"container": container}
    if channel := asked.get("channel"):
        payload["channel"] = _channel(state, channel)
    return payload | {"actions": [action | {"action_ts": state.next_ts()}]}


def message_shortcut(state: State, message: Message, user: User, callback_id: str, url: ResponseUrl) -> Json:
    """A shortcut from a message's menu."""
    return _interaction(state, "message_action", user) | {
        "action_ts": state.next_ts(),
        "callback_id": callback_id,
        "channel": _channel(state, message.channel),
        "message_ts": message.ts,
        "message": message.as_slack(),
        "response_url": response_address(state, url),
    }


def view_submission(state: State, view: View, user: User, values: Json) -> Json:
    """The submission of a modal; `values` is by block id and action id."""
    shown = view_as_slack(view, state.people.bot_id) | {"state": {"values": values}}
    return _interaction(state, "view_submission", user) | {"view": shown, "response_urls": []}


def view_actions(state: State, view: View, user: User, action: Json, values: Json) -> Json:
    """A click on an element of a modal; it has no message and no response_url."""
    shown = view_as_slack(view, state.people.bot_id) | {"state": {"values": values}}
    payload = _interaction(state, "block_actions", user) | {"view": shown}
    payload |= {"container": {"type": "view", "view_id": view.id}}
    return payload | {"actions": [action | {"action_ts": state.next_ts()}]}


def view_closed(state: State, view: View, user: User) -> Json:
    """The closing of a modal without submission."""
    payload = _interaction(state, "view_closed", user)
    payload.pop("trigger_id")
    return payload | {"view": view_as_slack(view, state.people.bot_id), "is_cleared": False}


def block_suggestion(state: State, user: User, action_id: str, block_id: str, typed: str) -> Json:
    """Somebody types into a menu whose options come from the app."""
    payload = _interaction(state, "block_suggestion", user)
    payload.pop("trigger_id")
    return payload | {"action_id": action_id, "block_id": block_id, "value": typed}


def event_callback(state: State, event: Json, *, shared: bool = False, event_id: str | None = None) -> Json:
    """An event in the Events API's envelope."""
    seen_by = {"enterprise_id": None, "team_id": TEAM, "user_id": state.people.bot}
    return {
        "token": _TOKEN,
        "team_id": TEAM,
        "context_team_id": TEAM,
        "context_enterprise_id": None,
        "api_app_id": APP,
        "event": event,
        "type": "event_callback",
        "event_id": event_id or state.next_id("Ev"),
        "event_time": int(state.clock().timestamp()),
        "authorizations": [seen_by | {"is_bot": True, "is_enterprise_install": False}],
        "is_ext_shared_channel": shared,
        "event_context": state.next_id("4-"),
    }


def message_event(state: State, message: Message) -> Json:
    """The event of a new message."""
    channel = state.channels[message.channel]
    event: dict[str, Any] = message.as_slack() | {"channel": channel.id, "event_ts": message.ts}
    author = state.users.get(message.user or "")
    if author:
        event |= {"team": author.team}
        if channel.shared:
            event |= {"user_team": author.team, "source_team": author.team}
    return event | {"channel_type": _CHANNEL_TYPES[channel.kind]}


def message_changed(state: State, edited: Message, before: Message) -> Json:
    """The event of an edited message; its author is in `message` only."""
    event = _hidden_event(state, state.channels[edited.channel], "message_changed")
    return event | {"message": edited.as_slack(), "previous_message": before.as_slack()}


def message_deleted(state: State, removed: Message) -> Json:
    """The event of a removed message."""
    event = _hidden_event(state, state.channels[removed.channel], "message_deleted")
    return event | {"deleted_ts": removed.ts, "previous_message": removed.as_slack()}


def _hidden_event(state: State, channel: Channel, subtype: str) -> Json:
    ts = state.next_ts()
    event = {"type": "message", "subtype": subtype, "hidden": True, "ts": ts, "event_ts": ts}
    return event | {"channel": channel.id, "channel_type": _CHANNEL_TYPES[channel.kind]}


def subscription_of(channel: Channel) -> str:
    """The event that an app subscribes to for the messages of such a channel."""
    return f"message.{channel.scope_family}"


def _interaction(state: State, kind: str, user: User) -> Json:
    return {
        "type": kind,
        "token": _TOKEN,
        "api_app_id": APP,
        "team": {"id": user.team, "domain": TEAM_DOMAIN if user.team == TEAM else "fabrikam"},
        "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": user.team},
        "enterprise": None,
        "is_enterprise_install": False,
        "trigger_id": state.new_trigger(user.id),
    }


def _channel(state: State, channel_id: str) -> Json:
    channel = state.channels[channel_id]
    return {"id": channel.id, "name": channel.command_name}
