"""The outcome of something that a person did."""

from dataclasses import dataclass
from typing import Any

from sandbox.slack.delivery import Delivery
from sandbox.slack.messages import Json, Message


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    A payload, its delivery, and what the person saw at once.

    `delivery` is None where Slack refused and the app got nothing. `error` is Slack's code for
    what went wrong, None when all went well. `seen` is the message that came of the acknowledgement or
    of the error.
    """

    payload: Json
    delivery: Delivery | None = None
    error: str | None = None
    seen: Message | None = None

    @property
    def ack(self) -> Any:
        """The body of the acknowledgement."""
        return self.delivery.body if self.delivery else None

    @property
    def seconds(self) -> float:
        """How long the app took to acknowledge, in seconds."""
        return self.delivery.seconds if self.delivery else 0.0

    @property
    def trigger_id(self) -> str:
        """The payload's trigger_id."""
        return str(self.payload.get("trigger_id", ""))

    @property
    def response_url(self) -> str:
        """The payload's response_url."""
        return str(self.payload.get("response_url", ""))

    @property
    def event_id(self) -> str:
        """The payload's event_id."""
        return str(self.payload.get("event_id", ""))
