"""A Work Object's side pane: opening it, what the app presents in it, and pressing its actions."""

from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from sandbox.slack import payloads
from sandbox.slack.arguments import Arguments
from sandbox.slack.clicks import actions_of
from sandbox.slack.delivery import Courier, Kind
from sandbox.slack.entities import EMBED, Previews, Wrong, check_entity, check_error
from sandbox.slack.errors import ApiError
from sandbox.slack.interactions import error_of
from sandbox.slack.messages import Json, Message
from sandbox.slack.outcome import Outcome
from sandbox.slack.state import Pane, State


def details_requested(state: State, user: str, message: Message, url: str) -> Json:
    """The event of a click on the Work Object that stands below a message for a URL."""
    entity = message.entities[url]
    event: Json = {
        "type": "entity_details_requested",
        "user": user,
        "external_ref": entity["external_ref"],
        "entity_url": entity["url"],
        "link": {"url": entity["url"], "domain": urlsplit(entity["url"]).hostname},
        "app_unfurl_url": url,
        "event_ts": state.next_ts(),
        "trigger_id": state.new_trigger(user),
        "user_locale": "en-US",
        "channel": message.channel,
        "message_ts": message.ts,
    }
    return event | ({"thread_ts": message.thread_ts} if message.thread_ts else {})


def present_details(state: State, args: Arguments) -> Json:
    """Show an entity, or an error, in the side pane whose trigger_id this is; once."""
    if state.work_objects is not Previews.ON:
        raise ApiError("feature_not_enabled")
    trigger = args.needed("trigger_id")
    user = state.use_trigger(trigger)
    pane = state.panes.get(user)
    if pane is None or pane.asked.get("trigger_id") != trigger:
        raise ApiError("invalid_trigger_id")
    state.panes[user] = _presented(state, pane, args)
    state.changes.announce()
    return {"ok": True}


def _presented(state: State, pane: Pane, args: Arguments) -> Pane:
    entity: Any
    error: Any
    entity, error = args.values.get("metadata"), args.values.get("error")
    if (entity is None) == (error is None):
        state.violate("entity.presentDetails: metadata and error, or neither")
        raise ApiError("invalid_arguments")
    try:
        if error is not None:
            check_error(error)
            return replace(pane, error=error)
        check_entity(entity)
    except Wrong as wrong:
        state.violate(f"entity.presentDetails: {wrong}")
        raise ApiError("invalid_metadata") from None
    _check_embed(state, entity)
    if entity["external_ref"] != pane.asked.get("external_ref", entity["external_ref"]):
        state.violate("entity.presentDetails: another entity than was opened")
        raise ApiError("entity_metadata_does_not_match_trigger")
    return replace(pane, shown=entity, error=None)


def _check_embed(state: State, entity: Json) -> None:
    """Note where a page is to be shown in a frame that the app's settings do not allow."""
    preview = entity["entity_payload"]["attributes"].get("full_size_preview", {})
    if preview.get("mime_type") != EMBED:
        return
    parts = urlsplit(preview["preview_url"])
    if f"{parts.scheme}://{parts.netloc}" not in state.embed_origins:
        state.violate("entity.presentDetails: an embed of an origin that the app's settings do not have")


async def press(state: State, courier: Courier, user: str, action_id: str) -> Outcome:
    """Click an action of the pane that somebody has open."""
    pane = state.panes[user]
    actions = actions_of(pane.shown) if pane.shown else []
    action = next((one for one in actions if one["action_id"] == action_id), None)
    if action is None:
        raise LookupError(f"no action {action_id!r} in this pane")
    payload = payloads.pane_actions(state, pane.asked, state.users[user], action)
    delivery = await courier.deliver(Kind.INTERACTION, payload)
    return Outcome(payload, delivery, error_of(delivery))
