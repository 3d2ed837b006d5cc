"""The `chat.*` methods, and `reactions.add`."""

from dataclasses import replace
from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.block_kit import Surface
from sandbox.slack.content import read_blocks, read_content
from sandbox.slack.entities import Previews, Wrong, check_entity
from sandbox.slack.errors import ApiError
from sandbox.slack.messages import Json, Message
from sandbox.slack.places import Channel, Kind
from sandbox.slack.state import Link, State


def post_message(state: State, args: Arguments) -> Json:
    """Post to a channel or a thread."""
    channel = _writable(state, args.needed("channel", "channel_not_found"))
    content = read_content(state, args.values, "chat.postMessage")
    thread_ts = _thread(state, channel, args.text("thread_ts"))
    message = state.post_as_bot(channel.id, content, thread_ts=thread_ts)
    return {"ok": True, "channel": channel.id, "ts": message.ts, "message": message.as_slack()}


def post_ephemeral(state: State, args: Arguments) -> Json:
    """Show something to one user of a channel."""
    channel = _writable(state, args.needed("channel", "channel_not_found"), public_is_enough=False)
    user = args.needed("user", "user_not_in_channel")
    if user not in channel.members:
        raise ApiError("user_not_in_channel")
    content = read_content(state, args.values, "chat.postEphemeral")
    thread_ts = _thread(state, channel, args.text("thread_ts"))
    if thread_ts and not state.replies(channel.id, thread_ts):
        # "Ephemeral messages in threads are only shown if there is already an active thread."
        state.violate(f"an ephemeral message that nobody sees, for there is no thread: {channel.id}")
    message = state.post_as_bot(channel.id, content, thread_ts=thread_ts, only_for=user)
    return {"ok": True, "message_ts": message.ts}


def update(state: State, args: Arguments) -> Json:
    """Edit one of the bot's own messages."""
    message = _own_message(state, args, "cant_update_message")
    content = read_content(state, args.values, "chat.update", before=message.content)
    edited = state.edit_as_bot(message, content)
    body = {"ok": True, "channel": edited.channel, "ts": edited.ts, "text": edited.text}
    return body | {"message": edited.as_slack()}


def delete(state: State, args: Arguments) -> Json:
    """Delete one of the bot's own messages."""
    message = _own_message(state, args, "cant_delete_message")
    state.remove_as_bot(message)
    return {"ok": True, "channel": message.channel, "ts": message.ts}


def unfurl(state: State, args: Arguments) -> Json:
    """Add cards below a message whose links the app had an event for."""
    link = _link(state, args)
    unfurls = args.values.get("unfurls")
    if unfurls is None and args.values.get("metadata") is None and not args.flag("user_auth_required"):
        raise ApiError("missing_unfurls")
    cards = {} if unfurls is None else _cards(state, link, unfurls)
    entities = _entities(state, link, args.values.get("metadata"))
    message = state.find(link.channel, link.ts)
    if message is not None:
        state.unfurl_as_bot(message, cards, entities)
    elif link.source == "composer":
        state.previews[link.unfurl_id] = cards
    return {"ok": True}


def add_reaction(state: State, args: Arguments) -> Json:
    """Add the bot's reaction to a message."""
    channel = _writable(state, args.needed("channel", "channel_not_found"), public_is_enough=False)
    message = state.find(channel.id, args.needed("timestamp", "no_item_specified"))
    if message is None:
        raise ApiError("message_not_found")
    name = args.needed("name", "invalid_name")
    if name in message.reactions:
        raise ApiError("already_reacted")
    state.store(replace(message, reactions=(*message.reactions, name)))
    return {"ok": True}


def _writable(state: State, channel_id: str, *, public_is_enough: bool = True) -> Channel:
    if channel_id.startswith("U"):
        channel_id = state.direct_channel(channel_id) or ""
    channel = state.channels.get(channel_id)
    # Slack does not say that a private channel or other people's conversation exists.
    if channel is None or not channel.can_see(state.people.bot):
        raise ApiError("channel_not_found")
    if channel.archived:
        raise ApiError("is_archived")
    is_member = state.people.bot in channel.members
    open_to_all = public_is_enough and channel.kind is Kind.PUBLIC and "chat:write.public" in state.scopes
    if not (is_member or open_to_all):
        raise ApiError("not_in_channel")
    return channel


def _thread(state: State, channel: Channel, thread_ts: str) -> str | None:
    if not thread_ts:
        return None
    root = state.find(channel.id, thread_ts)
    if root is None:
        # Slack would post a reply to no message, where nobody sees it.
        state.violate(f"a reply to a message that is not there: {channel.id} {thread_ts}")
        raise ApiError("thread_not_found")
    if not root.is_root:
        state.violate(f"thread_ts is that of a reply: {channel.id} {thread_ts}")
        raise ApiError("cannot_reply_to_message")
    return thread_ts


def _own_message(state: State, args: Arguments, not_ours: str) -> Message:
    channel = state.channels.get(args.needed("channel", "channel_not_found"))
    if channel is None or not channel.can_see(state.people.bot):
        raise ApiError("channel_not_found")
    message = state.find(channel.id, args.needed("ts", "message_not_found"))
    if message is None:
        raise ApiError("message_not_found")
    if message.user != state.people.bot:
        raise ApiError(not_ours)
    if channel.archived:
        raise ApiError("is_archived")
    return message


def _link(state: State, args: Arguments) -> Link:
    by_id = (args.text("unfurl_id"), args.text("source"))
    by_message = (args.text("channel"), args.text("ts"))
    if not (all(by_id) or all(by_message)):
        raise ApiError("invalid_arguments")
    for link in state.links:
        if (link.unfurl_id, link.source) == by_id or (link.channel, link.ts) == by_message:
            return link
    raise ApiError("cannot_find_message" if all(by_message) else "invalid_unfurl_id")


def _cards(state: State, link: Link, unfurls: Any) -> Json:
    if not isinstance(unfurls, dict):
        raise ApiError("invalid_unfurls_format")
    # The keys must be exactly the event's URLs (slack.md, "link_shared and chat.unfurl").
    if not link.urls.issuperset(unfurls):
        raise ApiError("cannot_unfurl_url")
    for card in unfurls.values():
        if not isinstance(card, dict):
            raise ApiError("invalid_unfurls_format")
        if "blocks" in card:
            read_blocks(state, card["blocks"], "chat.unfurl", Surface.UNFURL)
    return unfurls


def _entities(state: State, link: Link, metadata: Any) -> Json:
    """The Work Objects in a call's metadata, by the URL that each is of."""
    if metadata is None:
        return {}
    if not isinstance(metadata, dict) or not isinstance(metadata.get("entities"), list):
        raise ApiError("invalid_metadata_format")
    try:
        for entity in metadata["entities"]:
            check_entity(entity, link.urls)
    except Wrong as wrong:
        state.violate(f"chat.unfurl: {wrong}")
        raise ApiError("error_processing_metadata") from None
    if state.work_objects is Previews.REFUSED:
        raise ApiError("error_processing_metadata")
    shown = metadata["entities"] if state.work_objects is Previews.ON else []
    return {entity["app_unfurl_url"]: entity for entity in shown}
