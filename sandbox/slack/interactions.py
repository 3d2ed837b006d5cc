"""Clicks and message shortcuts."""

from sandbox.slack import payloads
from sandbox.slack.clicks import find_clickable
from sandbox.slack.delivery import Courier, Delivery, Kind
from sandbox.slack.messages import Message
from sandbox.slack.outcome import Outcome
from sandbox.slack.state import State


async def press(
    state: State,
    courier: Courier,
    place: tuple[str, str],
    user_id: str,
    click: tuple[str, str | None, str | None],
) -> Outcome:
    """Click an element; `place` is channel and timestamp, `click` action id, block id and chosen option."""
    message = _seen_by(state, *place, user_id)
    action_id, block_id, option = click
    found = find_clickable(message, action_id, block_id)
    url = state.response_urls.make(message.channel, user_id, state.clock(), message.ts)
    user = state.users[user_id]
    payload = payloads.block_actions(state, message, user, found.action(option), url, card=found.card)
    delivery = await courier.deliver(Kind.INTERACTION, payload)
    return Outcome(payload, delivery, error_of(delivery))


async def use_shortcut(
    state: State, courier: Courier, place: tuple[str, str], user_id: str, callback_id: str
) -> Outcome:
    """Choose a shortcut from a message's menu; returns what came of it."""
    message = _seen_by(state, *place, user_id)
    user = state.users[user_id]
    if message.only_for is not None or user.stranger:
        raise LookupError("no app's shortcuts for this message and this person")
    url = state.response_urls.make(message.channel, user_id, state.clock(), message.ts)
    payload = payloads.message_shortcut(state, message, user, callback_id, url)
    delivery = await courier.deliver(Kind.INTERACTION, payload)
    return Outcome(payload, delivery, error_of(delivery))


def _seen_by(state: State, channel_id: str, ts: str, user_id: str) -> Message:
    message = state.find_any(channel_id, ts)
    if message is None or message.only_for not in (None, user_id):
        raise LookupError(f"{user_id} sees no message {ts} in {channel_id}")
    if not state.sees(user_id, state.channels[channel_id]):
        raise LookupError(f"{user_id} is not in {channel_id}")
    return message


def error_of(delivery: Delivery) -> str | None:
    """Slack's error for a click that went wrong; None where it went well."""
    if delivery.error == "http_timeout":
        return "operation_timeout"
    return None if delivery.acknowledged else "dispatch_failed"
