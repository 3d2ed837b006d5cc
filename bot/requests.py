"""What an accepted request holds: all that is needed to answer it, also in another process."""

from dataclasses import dataclass

from pydantic import ConfigDict, TypeAdapter

from bot.casefile import Subject
from bot.sources.source import Effort

# A payload that cannot be read must not be printed in the complaint about it.
_PRIVATE = ConfigDict(hide_input_in_errors=True)


@dataclass(frozen=True, slots=True)
class Shown:
    """The message that a button was pressed on; the parent is the message at the head of its thread."""

    message_ts: str
    parent_ts: str | None
    ephemeral: bool


@dataclass(frozen=True, slots=True)
class LookupRequest:
    """
    Somebody wants a case file.

    `user` asks now, `asker` is named in the answer. `response_url` is a secret: the whole request is
    sealed. `on` is set when a button on an earlier answer asks for it anew.
    """

    __pydantic_config__ = _PRIVATE

    subject: Subject
    days: int
    effort: Effort
    shown: int
    user: str
    asker: str
    channel: str
    team: str
    response_url: str | None = None
    on: Shown | None = None


@dataclass(frozen=True, slots=True)
class DebugRequest:
    """Somebody wants to know how the sources are."""

    user: str
    channel: str
    team: str
    response_url: str


LOOKUP_REQUEST = TypeAdapter(LookupRequest)
DEBUG_REQUEST = TypeAdapter(DebugRequest)
