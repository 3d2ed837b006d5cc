"""
The kinds of jobs, and what each holds: all that is needed to answer it, also in another process.

Names of kinds and of fields are in the database: an older job must still be readable.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from pydantic import ConfigDict, TypeAdapter

from bot.answers.news import ThreadNews
from bot.domain.asking import AnswerForm, Asker, Shown, Way
from bot.domain.model import Subject, TicketReference
from bot.sources.protocol import Effort
from bot.sources.raygun.webhook_events import ErrorNews
from bot.tickets.decide import TicketReading

# A payload that cannot be read must not be printed in the complaint about it. What reads and writes a kind is
# built with its first job: a start needs none.
_PRIVATE = ConfigDict(hide_input_in_errors=True, defer_build=True)
P = TypeVar("P")


@dataclass(frozen=True, slots=True)
class JobKind(Generic[P]):
    """
    A kind of job: its name, and what reads and writes its payload.

    `asked_by_person`: whether somebody waits for its answer, and is told where there will be none.
    """

    name: str
    adapter: TypeAdapter[P]
    asked_by_person: bool = True

    def write(self, payload: P) -> str:
        """The payload as JSON, to be sealed."""
        return self.adapter.dump_json(payload).decode()

    def read(self, written: str) -> P:
        """
        The payload of a job.

        Raises:
            ValidationError: when it was written by something else; it shows nothing of the payload.

        """
        return self.adapter.validate_json(written)


@dataclass(frozen=True, slots=True)
class LookupPayload:
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
    form: AnswerForm = AnswerForm.PAIR
    on: Shown | None = None
    ticket_at: datetime | None = None
    dismisses: bool = False
    offered_below: str | None = None


@dataclass(frozen=True, slots=True)
class DebugPayload:
    """Somebody wants to know how the sources are."""

    asker: Asker


@dataclass(frozen=True, slots=True)
class NotePayload:
    """A message for one person, such as the usage text."""

    asker: Asker
    text: str


@dataclass(frozen=True, slots=True)
class PointedPayload:
    """
    Somebody points at a message and wants to know about whomever it names.

    `message` is Slack's; None where it is the head of the thread they asked in, and still to be fetched.
    """

    __pydantic_config__ = _PRIVATE

    asker: Asker
    message: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class TicketPayload:
    """
    A help desk posted a ticket.

    `envelope` is kept where files have to be fetched before it can be read. `is_shared`: Slack said with it
    that the channel is shared with another company. `by_allowed_app`: an app wrote it whose id is in
    `TICKETS__APPS`.
    """

    __pydantic_config__ = _PRIVATE

    reading: TicketReading
    team: str
    envelope: dict[str, Any] | None = None
    is_shared: bool = False
    by_allowed_app: bool = False


@dataclass(frozen=True, slots=True)
class RemovePayload:
    """
    Somebody presses Remove on an answer in a ticket's thread.

    `was_chosen`: a person had chosen whom it is about; then the offer comes back in its place.
    """

    asker: Asker
    message_ts: str
    was_chosen: bool = False


@dataclass(frozen=True, slots=True)
class SessionErrorsPayload:
    """
    Somebody presses "Errors in this visit", or, where it is `in_words`, "Sum up this visit".

    `source` is the session's (`fullstory/main`); the answer goes into `thread_ts`, or to the asker alone. The
    session is read up to `until`, when the ticket came, where it may have been running then. `pressed_on` is
    the button's message, None where one person alone sees it.
    """

    __pydantic_config__ = _PRIVATE

    asker: Asker
    source: str
    session_id: str
    started_at: datetime | None
    url: str | None
    thread_ts: str | None
    ephemeral: bool
    until: datetime | None = None
    in_words: bool = False
    pressed_on: str | None = None


@dataclass(frozen=True, slots=True)
class OthersPayload:
    """
    Somebody presses "Is it just them?".

    It is about what hit the subject in the last `days` days; the answer goes into `thread_ts`, to the asker
    alone, or onto their Home tab.
    """

    __pydantic_config__ = _PRIVATE

    asker: Asker
    subject: Subject
    days: int
    thread_ts: str | None
    ephemeral: bool
    on_home: bool = False


@dataclass(frozen=True, slots=True)
class HomeLookupPayload:
    """
    Somebody looks a person up on their Home tab; the asker's channel is their direct one with the bot.

    `days` and `shown` are as usual where no button says otherwise.
    """

    __pydantic_config__ = _PRIVATE

    asker: Asker
    subject: Subject
    effort: Effort
    days: int | None = None
    shown: int | None = None


@dataclass(frozen=True, slots=True)
class UnfurlPayload:
    """
    Somebody pasted addresses; `urls` are exactly as Slack wrote them.

    Where `unfurl_id` and `source` are missing (Enterprise Grid), `channel` and `message_ts` name the message.
    With `is_refresh` somebody asks for a card anew that is there.
    """

    __pydantic_config__ = _PRIVATE

    user: str
    team: str
    channel: str
    message_ts: str
    unfurl_id: str | None
    source: str | None
    urls: tuple[str, ...]
    is_foreign: bool = False
    is_shared: bool = False
    is_refresh: bool = False

    @property
    def asker(self) -> Asker:
        """Whoever pasted them, who is told nothing."""
        way = Way.COMPOSER if self.is_preview else Way.CARD
        foreign, shared = self.is_foreign, self.is_shared
        return Asker(self.user, self.channel, self.team, way=way, is_foreign=foreign, is_shared=shared)

    @property
    def is_preview(self) -> bool:
        """Whether it is still being written, seen by its author alone."""
        return self.source == "composer"


@dataclass(frozen=True, slots=True)
class PanePayload:
    """
    Somebody opens a card's side pane.

    `trigger_id` is what it is presented by. `urls` name the page, the one that was pasted first; `entity_url`
    and `reference` are how Slack knows it. `has_thread`: it was opened below a message, which has a thread.
    """

    __pydantic_config__ = _PRIVATE

    asker: Asker
    trigger_id: str
    urls: tuple[str, ...]
    entity_url: str | None = None
    reference: str | None = None
    reference_kind: str | None = None
    has_thread: bool = False


@dataclass(frozen=True, slots=True)
class WatchNewsPayload:
    """Raygun pushed what concerns a watched thread; the threads are still to be found."""

    __pydantic_config__ = _PRIVATE

    news: ErrorNews


@dataclass(frozen=True, slots=True)
class WatchTellPayload:
    """
    A thread is to be told something, or a channel where `root_ts` is None.

    `place` is what the thread is known by: it may be told nothing any more when its turn comes.
    """

    __pydantic_config__ = _PRIVATE

    channel: str
    root_ts: str | None
    place: str
    told: ThreadNews


@dataclass(frozen=True, slots=True)
class WatchPayload:
    """
    Somebody presses Watch or Stop watching in the asker's thread, or asks whether it is watched (None).

    `subjects` and `days` say which answer's errors are meant.
    """

    __pydantic_config__ = _PRIVATE

    asker: Asker
    is_on: bool | None
    subjects: tuple[Subject, ...] = ()
    days: int = 1


@dataclass(frozen=True, slots=True)
class MutePayload:
    """Somebody wants tickets in the asker's channel to get no reply, or (`is_on` false) to get one again."""

    asker: Asker
    is_on: bool


@dataclass(frozen=True, slots=True)
class DigestPayload:
    """A ticket was listed on a page of a channel: the page is to show it."""

    channel: str
    page: str


@dataclass(frozen=True, slots=True)
class WatchLookPayload:
    """It is to be looked whether a watched thread's customer is back on the site."""

    place: str


@dataclass(frozen=True, slots=True)
class DeskNotePayload:
    """
    A ticket is to get a note in its help desk about these people; `ticket_at` is when it came.

    `ticket` is None where somebody asks for it below the ticket's message, which is still to be read.
    """

    __pydantic_config__ = _PRIVATE

    asker: Asker
    subjects: tuple[Subject, ...]
    days: int
    ticket_at: datetime | None = None
    ticket: TicketReference | None = None


@dataclass(frozen=True, slots=True)
class StepPayload:
    """
    A workflow has come to our step, for the asker; `subject` is None where `customer` was not understood.

    `execution` is what Slack knows that by. `token` is a secret of this execution, with which it is ended.
    `refused` is why nobody is looked up: then the step's end, in these words, is all that is owed.
    """

    __pydantic_config__ = _PRIVATE

    asker: Asker
    customer: str
    execution: str
    token: str | None
    subject: Subject | None = None
    refused: str | None = None


LOOKUP = JobKind("lookup", TypeAdapter(LookupPayload))
DEBUG = JobKind("debug", TypeAdapter(DebugPayload))
NOTE = JobKind("note", TypeAdapter(NotePayload))
POINTED = JobKind("pointed", TypeAdapter(PointedPayload))
TICKET = JobKind("ticket", TypeAdapter(TicketPayload), asked_by_person=False)
REMOVE = JobKind("remove", TypeAdapter(RemovePayload))
UNFURL = JobKind("unfurl", TypeAdapter(UnfurlPayload), asked_by_person=False)
PANE = JobKind("pane", TypeAdapter(PanePayload))
SESSION_ERRORS = JobKind("errors", TypeAdapter(SessionErrorsPayload))
OTHERS = JobKind("others", TypeAdapter(OthersPayload))
HOME_LOOKUP = JobKind("home", TypeAdapter(HomeLookupPayload))
WATCH_NEWS = JobKind("watch_news", TypeAdapter(WatchNewsPayload), asked_by_person=False)
WATCH_TELL = JobKind("watch_tell", TypeAdapter(WatchTellPayload), asked_by_person=False)
WATCH_LOOK = JobKind("watch_look", TypeAdapter(WatchLookPayload), asked_by_person=False)
WATCH = JobKind("watch", TypeAdapter(WatchPayload))
DESK_NOTE = JobKind("desk_note", TypeAdapter(DeskNotePayload))
DESK_NOTE_UNASKED = JobKind("desk_note_auto", TypeAdapter(DeskNotePayload), asked_by_person=False)
MUTE = JobKind("mute", TypeAdapter(MutePayload))
DIGEST = JobKind("digest", TypeAdapter(DigestPayload), asked_by_person=False)
STEP = JobKind("step", TypeAdapter(StepPayload))
KINDS: tuple[JobKind[Any], ...] = (
    LOOKUP,
    DEBUG,
    NOTE,
    POINTED,
    TICKET,
    REMOVE,
    UNFURL,
    PANE,
    SESSION_ERRORS,
    OTHERS,
    HOME_LOOKUP,
    WATCH_NEWS,
    WATCH_TELL,
    WATCH_LOOK,
    WATCH,
    DESK_NOTE,
    DESK_NOTE_UNASKED,
    MUTE,
    DIGEST,
    STEP,
)
UNASKED = frozenset(kind.name for kind in KINDS if not kind.asked_by_person)
"""The names of the kinds that no person waits for."""
