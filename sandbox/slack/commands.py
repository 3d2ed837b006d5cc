"""Typing a slash command: Slack's own refusals, the payload, and what the person then sees."""

from sandbox.slack import payloads
from sandbox.slack.answers import show_ack
from sandbox.slack.delivery import Courier, Delivery, Kind, Retry
from sandbox.slack.errors import ApiError
from sandbox.slack.messages import Json
from sandbox.slack.outcome import Outcome
from sandbox.slack.places import Channel
from sandbox.slack.response_urls import ResponseUrl
from sandbox.slack.state import State


async def type_command(
    state: State, courier: Courier, channel_id: str, user_id: str, line: str, *, in_thread: bool
) -> Outcome:
    """Type a line that starts with a slash; returns what came of it."""
    channel, user = state.channels[channel_id], state.users[user_id]
    if user.deleted or not state.sees(user_id, channel):
        raise LookupError(f"{user.name} cannot type in {channel.id}")
    name = line.split(" ", 1)[0]
    if name == "/invite":
        return _invite(state, channel, user_id)
    refusal = _refusal(state, channel, user_id, name, in_thread=in_thread)
    if refusal:
        error, words = refusal
        return Outcome({}, error=error, seen=state.notify(channel_id, user_id, words))
    url = state.response_urls.make(channel_id, user_id, state.clock())
    payload = payloads.command(state, channel, user, line, url)
    return await deliver_command(state, courier, payload, url)


async def deliver_command(
    state: State, courier: Courier, payload: Json, url: ResponseUrl, retry: Retry | None = None
) -> Outcome:
    """Deliver a command's payload, and show the person the answer in the acknowledgement."""
    delivery = await courier.deliver(Kind.COMMAND, payload, retry)
    error = _error(delivery)
    if error is None:
        try:
            return Outcome(payload, delivery, seen=show_ack(state, url, delivery.body))
        except ApiError as refused:
            error = refused.error
    words = f'{payload["command"]} failed with the error "{error}"'
    return Outcome(payload, delivery, error, state.notify(url.channel, url.user, words))


def _error(delivery: Delivery) -> str | None:
    if delivery.error == "http_timeout":
        return "operation_timeout"
    return None if delivery.acknowledged else "dispatch_failed"


def _refusal(
    state: State, channel: Channel, user_id: str, name: str, *, in_thread: bool
) -> tuple[str, str] | None:
    # slack.md, "Slash commands and threads" and "Slack Connect".
    if name not in state.commands or state.users[user_id].stranger:
        return "unknown_command", f"{name} is not a valid command. In Slack, all commands start with a slash."
    if in_thread:
        return "not_in_threads", f"{name} is not supported in threads. Sorry!"
    if channel.archived:
        return "is_archived", f"{name} cannot be used here: the channel is archived."
    return None


def _invite(state: State, channel: Channel, user_id: str) -> Outcome:
    if channel.archived or user_id not in channel.members or channel.name == "":
        words = "You cannot add anybody here."
        return Outcome({}, error="cant_invite", seen=state.notify(channel.id, user_id, words))
    state.invite(channel.id)
    words = f"<@{state.people.bot}> has joined the channel."
    return Outcome({}, seen=state.notify(channel.id, user_id, words))
