"""The page's content for one person, as JSON."""

from collections.abc import Iterator

from sandbox.slack.api_views import views_of
from sandbox.slack.messages import Json, Message
from sandbox.slack.panel import Panel
from sandbox.slack.people import SLACKBOT, TEAM_NAME, User
from sandbox.slack.places import Channel, Kind
from sandbox.slack.state import State


def view_of(state: State, panel: Panel, user_id: str, channel_id: str, thread_ts: str) -> Json:
    """All that the page shows to this person in this channel and thread."""
    users = [user for user in state.users.values() if may_act(user)]
    me = state.users.get(user_id)
    if me is None or not may_act(me):
        me = users[0]
    channels = [channel for channel in state.channels.values() if state.sees(me.id, channel)]
    channel = next((c for c in channels if c.id == channel_id), channels[0])
    root = state.find(channel.id, thread_ts)
    return {
        "team": TEAM_NAME,
        "bot": state.people.bot,
        "commands": sorted(state.commands),
        "me": _person(me),
        "people": [_person(user) for user in users],
        "names": {user.id: user.real_name for user in state.users.values()},
        "places": {c.id: _title(state, c, me.id) for c in channels},
        "channels": [_channel(state, c, me.id) for c in channels],
        "channel": _channel(state, channel, me.id),
        "messages": list(_messages(state, channel.id, me.id, None)),
        "thread": root
        and {
            "root": _message(state, root),
            "replies": list(_messages(state, channel.id, me.id, root.ts)),
        },
        "modals": [{"id": v.id, "errors": dict(v.errors), "body": v.body} for v in views_of(state, me.id)],
        "shortcuts": [{"id": one.callback_id, "name": one.name} for one in panel.shortcuts],
        "can_shortcut": not me.stranger,
    }


def view_of_panel(panel: Panel) -> Json:
    """The panel beside the messages."""
    return {
        "customers": [{"subject": one.subject, "about": one.about} for one in panel.customers],
        "addresses": [{"subject": one.subject, "about": one.about} for one in panel.addresses],
        "vendors": [
            {"name": v.name, "options": list(v.options), "current": v.current, "usage": v.usage}
            for v in panel.vendors
        ],
        "pushes": [{"name": one.name, "about": one.about} for one in panel.pushes],
        "tickets": [{"name": t.name, "title": t.title, "about": t.about} for t in panel.tickets],
    }


def may_act(user: User) -> bool:
    """Whether people can use the page as this user."""
    return not (user.deleted or user.is_bot or user.id == SLACKBOT)


def _person(user: User) -> Json:
    role = user.title
    if user.stranger:
        role = "Another company"
    elif user.ultra_restricted:
        role = "Single-channel guest"
    elif user.restricted:
        role = "Guest"
    return {"id": user.id, "name": user.real_name, "role": role}


def _channel(state: State, channel: Channel, me: str) -> Json:
    bot = state.people.bot
    return {
        "id": channel.id,
        "title": _title(state, channel, me),
        "kind": channel.kind.value,
        "about": channel.about,
        "shared": channel.shared,
        "archived": channel.archived,
        "member": me in channel.members,
        "bot_inside": bot in channel.members,
        "people": len(channel.members),
    }


def _title(state: State, channel: Channel, me: str) -> str:
    if channel.kind not in (Kind.DIRECT, Kind.GROUP_DIRECT):
        return channel.name
    others = sorted(channel.members - {me}) or [me]
    return ", ".join(state.users[other].real_name for other in others)


def _messages(state: State, channel: str, me: str, thread_ts: str | None) -> Iterator[Json]:
    posted = state.messages(channel) if thread_ts is None else state.replies(channel, thread_ts)
    private = [m for m in state.ephemerals(channel, me) if m.thread_ts == thread_ts]
    for message in sorted((*posted, *private), key=lambda m: m.ts):
        yield _message(state, message)


def _message(state: State, message: Message) -> Json:
    replies = state.replies(message.channel, message.ts)
    return {
        "ts": message.ts,
        "user": message.user or message.bot_id,
        "author": _author(state, message),
        "is_app": message.bot_id is not None,
        "text": message.text,
        "blocks": list(message.blocks),
        "attachments": [*message.content.attachments, *message.unfurls.values()],
        "files": [_file(state, file) for file in message.extra.get("files", ())],
        "edited": message.edited_at is not None,
        "only_you": message.only_for is not None,
        "reactions": list(message.reactions),
        "replies": len(replies),
        "answered": any(reply.user == state.people.bot for reply in replies),
        "last_reply": replies[-1].ts if replies else None,
    }


def _file(state: State, stub: Json) -> Json:
    file = state.files.find(stub["id"]) or stub
    sender = ", ".join(str(one.get("original") or one.get("address")) for one in file.get("from", ()))
    title, text = file.get("subject") or file.get("title") or file["id"], file.get("plain_text", "")
    return {"email": file.get("mode") == "email", "title": title, "from": sender, "text": text}


def _author(state: State, message: Message) -> str:
    user = state.users.get(message.user or "")
    profile = message.extra.get("bot_profile")
    named = message.extra.get("username") or (profile.get("name") if isinstance(profile, dict) else None)
    if message.extra.get("display_as_bot"):
        named = named or next((file.get("username") for file in message.extra.get("files", ())), None)
    return str(named or (user.real_name if user else "Help desk"))
