"""The page's content for one person, as JSON."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from itertools import groupby

from sandbox.slack.api_views import views_of
from sandbox.slack.messages import Json, Message
from sandbox.slack.panel import Panel, PostableTicket
from sandbox.slack.people import SLACKBOT, TEAM_NAME, User
from sandbox.slack.places import Channel, Kind
from sandbox.slack.state import State

# So many of those who replied are shown at a thread's head.
_FACES = 3


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
        "born": state.born,
        "team": TEAM_NAME,
        "bot": state.people.bot,
        "desk": state.places.support,
        "commands": _commands(state, panel),
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
        "home": _home(state, me.id, channel),
        "modals": [{"id": v.id, "errors": dict(v.errors), "body": v.body} for v in views_of(state, me.id)],
        "pane": _pane(state, me.id),
        "shortcuts": [{"id": one.callback_id, "name": one.name} for one in panel.shortcuts],
        "can_shortcut": not me.stranger,
    }


async def view_of_panel(panel: Panel) -> Json:
    """The drawers beside the messages."""
    meters = await panel.controls.meters()
    return {
        "controls": sorted(panel.controls.acts),
        "meters": [asdict(one) for one in meters],
        "customers": [{"subject": one.subject, "about": one.about} for one in panel.customers],
        "addresses": [{"subject": one.subject, "about": one.about} for one in panel.addresses],
        "vendors": [
            {"name": v.name, "options": list(v.options), "current": v.current, "usage": v.usage}
            for v in panel.vendors()
        ],
        "pushes": [{"name": one.name, "about": one.about} for one in panel.pushes],
        "desks": list(_desks(panel.tickets)),
    }


def _desks(tickets: Iterable[PostableTicket]) -> Iterator[Json]:
    for desk, some in groupby(tickets, key=lambda one: one.desk):
        yield {
            "name": desk,
            "tickets": [{"name": t.name, "title": t.title, "about": t.about} for t in some],
        }


def _commands(state: State, panel: Panel) -> list[Json]:
    hints = {one.name: one.about for one in panel.commands}
    return [{"name": name, "about": hints.get(name, "")} for name in sorted(state.commands)]


def _home(state: State, user: str, channel: Channel) -> Json | None:
    home = state.homes.get(user)
    if home is None or not _is_app(state, channel):
        return None
    return {"id": home.id, "body": home.body}


def _is_app(state: State, channel: Channel) -> bool:
    return channel.kind is Kind.DIRECT and state.people.bot in channel.members


def _pane(state: State, user: str) -> Json | None:
    pane = state.panes.get(user)
    if pane is None:
        return None
    place = {"channel": pane.asked.get("channel"), "ts": pane.asked.get("message_ts")}
    return place | {"url": pane.asked.get("app_unfurl_url"), "shown": pane.shown, "error": pane.error}


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
        "app": _is_app(state, channel),
        "latest": _latest(state, channel.id, me),
    }


def _latest(state: State, channel: str, me: str) -> str:
    """The time of the newest message that is not this person's own."""
    seen = (*state.messages(channel), *state.ephemerals(channel, me))
    return max((m.ts for m in seen if m.user != me), default="")


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
        "attachments": list(message.content.attachments),
        "cards": [
            card | ({"entity": message.entities[url], "url": url} if url in message.entities else {})
            for url, card in message.unfurls.items()
        ],
        "files": [_file(state, file) for file in message.extra.get("files", ())],
        "edited": message.edited_at is not None,
        "only_you": message.only_for is not None,
        "reactions": list(message.reactions),
        "replies": len(replies),
        "answered": any(reply.user == state.people.bot for reply in replies),
        "last_reply": replies[-1].ts if replies else None,
        "repliers": _repliers(state, replies),
    }


def _repliers(state: State, replies: Sequence[Message]) -> list[Json]:
    faces = {reply.user or reply.bot_id: _author(state, reply) for reply in replies}
    return [{"user": user, "name": name} for user, name in list(faces.items())[:_FACES]]


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
