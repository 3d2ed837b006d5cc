"""What an accepted request holds: all that is needed to answer it, also in another process."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pydantic import ConfigDict, TypeAdapter

from bot.domain.asking import Asker, Form, Shown
from bot.domain.model import Subject
from bot.sources.protocol import Effort
from bot.tickets.decide import TicketReading

# A payload that cannot be read must not be printed in the complaint about it.
_PRIVATE = ConfigDict(hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """
    Somebody wants the case files of one to three people.

    `named` is who is named in the answer as its asker, None for a ticket's. `on` is set when the answer
    takes the place of a message of ours; `dismisses` when the question it was asked by is to go.
    `ticket_at` is when the ticket came that it is about; `offered_below` is the ticket's message below which
    this lookup was offered.
    """

    __pydantic_config__ = _PRIVATE

    subjects: tuple[Subject, ...]
    days: int
    effort: Effort
    shown: int
    asker: Asker
    named: str | None
    form: Form = Form.PAIR
    on: Shown | None = None
    ticket_at: datetime | None = None
    dismisses: bool = False
    offered_below: str | None = None


@dataclass(frozen=True, slots=True)
class DebugRequest:
    """Somebody wants to know how the sources are."""

    asker: Asker


@dataclass(frozen=True, slots=True)
class NoteRequest:
    """Somebody is to be told something, such as what is understood."""

    asker: Asker
    text: str


@dataclass(frozen=True, slots=True)
class PointedRequest:
    """
    Somebody points at a message and wants to know about whomever it names.

    `message` is Slack's; None where it is the head of the thread they asked in, and still to be fetched.
    """

    __pydantic_config__ = _PRIVATE

    asker: Asker
    message: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class TicketRequest:
    """
    A help desk posted a ticket.

    `envelope` is kept where files have to be fetched before it can be read.
    """

    __pydantic_config__ = _PRIVATE

    reading: TicketReading
    team: str
    envelope: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class RemoveRequest:
    """Somebody presses Remove on an automatic answer."""

    asker: Asker
    message_ts: str


@dataclass(frozen=True, slots=True)
class SessionErrorsRequest:
    """
    Somebody presses "Errors in this session".

    `source` is the session's (`fullstory/main`); the answer goes into `thread_ts`, or to the asker alone.
    """

    __pydantic_config__ = _PRIVATE

    asker: Asker
    source: str
    session_id: str
    started_at: datetime | None
    url: str | None
    thread_ts: str | None
    ephemeral: bool


@dataclass(frozen=True, slots=True)
class UnfurlRequest:
    """
    Somebody pasted addresses; `urls` are exactly as Slack wrote them.

    Where `unfurl_id` and `source` are missing (Enterprise Grid), `channel` and `message_ts` name the message.
    """

    __pydantic_config__ = _PRIVATE

    user: str
    team: str
    channel: str
    message_ts: str
    unfurl_id: str | None
    source: str | None
    urls: tuple[str, ...]

    @property
    def is_preview(self) -> bool:
        """Whether it stands in the composer, seen by its author alone."""
        return self.source == "composer"


LOOKUP_REQUEST = TypeAdapter(LookupRequest)
DEBUG_REQUEST = TypeAdapter(DebugRequest)
NOTE_REQUEST = TypeAdapter(NoteRequest)
POINTED_REQUEST = TypeAdapter(PointedRequest)
TICKET_REQUEST = TypeAdapter(TicketRequest)
REMOVE_REQUEST = TypeAdapter(RemoveRequest)
UNFURL_REQUEST = TypeAdapter(UnfurlRequest)
SESSION_ERRORS_REQUEST = TypeAdapter(SessionErrorsRequest)
