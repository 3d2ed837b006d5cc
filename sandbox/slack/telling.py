"""Sending the app the message events that it has subscribed to."""

from collections.abc import AsyncIterator

from sandbox.slack import payloads
from sandbox.slack.delivery import Courier, Delivery, Kind
from sandbox.slack.events import events_of, gets_messages_of
from sandbox.slack.messages import Json, Message
from sandbox.slack.people import SLACKBOT
from sandbox.slack.state import State


class Teller:
    """
    Sends message events: at once for what others do, in the background for what the app does.

    Slack sends an app events for its own messages, edits and deletions too; the app must avoid loops.
    """

    def __init__(self, state: State, courier: Courier) -> None:
        self._state = state
        self._courier = courier

    async def tell_of(self, message: Message) -> None:
        """Send the events of a new message."""
        for event in events_of(self._state, message):
            await self.send(event.body, shared=event.shared)

    async def tell_of_edit(self, edited: Message, before: Message) -> None:
        """Send the event of an edited message."""
        channel = self._state.channels[edited.channel]
        if gets_messages_of(self._state, channel):
            await self.send(payloads.message_changed(self._state, edited, before), shared=channel.shared)

    async def tell_of_removal(self, removed: Message) -> None:
        """Send the event of a removed message, or of the note in its place."""
        note = self._state.find(removed.channel, removed.ts)
        if note is not None:
            await self.tell_of_edit(note, removed)
            return
        channel = self._state.channels[removed.channel]
        if gets_messages_of(self._state, channel):
            await self.send(payloads.message_deleted(self._state, removed), shared=channel.shared)

    async def send(self, event: Json, *, shared: bool, event_id: str | None = None) -> Delivery:
        """Send one event, whatever the subscriptions."""
        payload = payloads.event_callback(self._state, event, shared=shared, event_id=event_id)
        return await self._courier.deliver(Kind.EVENT, payload)

    async def send_again(self, message: Message, times: int, reason: str) -> AsyncIterator[Delivery]:
        """Send the events of a message a number of times more, with the ids that they had."""
        first = [one for one in self._courier.deliveries if _is_of(one, message) and one.retry is None]
        if not first:
            raise LookupError("the app had no event for this message: there is nothing to redeliver")
        for number in range(1, times + 1):
            for delivery in first:
                yield await self._courier.redeliver(delivery, number, reason)

    def posted(self, message: Message) -> None:
        """Send the event of the app's own new message."""
        if self._is_told(message):
            self._courier.start(self.tell_of(message))

    def edited(self, message: Message, before: Message) -> None:
        """Send the event of the app's own edit."""
        if self._is_told(message):
            self._courier.start(self.tell_of_edit(message, before))

    def removed(self, message: Message) -> None:
        """Send the event of the app's own deletion."""
        if self._is_told(message):
            self._courier.start(self.tell_of_removal(message))

    def _is_told(self, message: Message) -> bool:
        nobody_elses = message.only_for is None and message.user != SLACKBOT
        return nobody_elses and bool(self._state.subscribed_events)


def _is_of(delivery: Delivery, message: Message) -> bool:
    event = delivery.payload.get("event", {})
    place = (event.get("channel"), event.get("event_ts"))
    return delivery.kind is Kind.EVENT and place == (message.channel, message.ts)
