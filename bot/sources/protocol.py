"""What every source can do, and the question that it is asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Protocol, runtime_checkable

from bot.domain.answer import Answer
from bot.domain.links import Link
from bot.domain.model import ErrorEvent, Session, SourceName, Subject
from bot.sources.http import Calls, VendorHttp
from bot.sources.quota import Account, Purpose


class Effort(StrEnum):
    """Which stored answers will do: any (`known`), one that is fresh (`usual`), or none (`fresh`)."""

    KNOWN = "known"
    USUAL = "usual"
    FRESH = "fresh"


@dataclass(frozen=True, slots=True)
class Question:
    """
    Whom to find, how many days back, for which purpose, and which stored answers will do.

    `other_names` are names that are surely the subject's too; `again` marks a question that is repeated
    because more such names were found. What was heard from `heard_since` on will do, whatever the effort: the
    job was begun before, and then the vendor was asked already. `by` is the id of the person who asks, whose
    share of a small quota its calls are; None where they are nobody's.
    """

    subject: Subject
    days: int
    purpose: Purpose = Purpose.PERSON
    effort: Effort = Effort.USUAL
    other_names: tuple[Subject, ...] = ()
    again: bool = False
    heard_since: datetime | None = None
    by: str | None = None

    @property
    def names(self) -> tuple[Subject, ...]:
        """All names of the subject, beginning with the one that was asked for."""
        return (self.subject, *self.other_names)

    def since(self, now: datetime) -> datetime:
        """The beginning of the asked days, counted back from `now`."""
        return now - timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How long an answer counts as fresh: one with somebody found, and one with nobody."""

    found: timedelta
    nobody: timedelta


class Source(Protocol):
    """One account at one vendor."""

    @property
    def name(self) -> SourceName:
        """The vendor and the account's label."""

    @property
    def title(self) -> str:
        """The vendor's name as people know it."""

    @property
    def freshness(self) -> Freshness:
        """How long its answers count as fresh."""

    async def account(self) -> Account:
        """The account in the ledger, with the windows that this server allows."""

    async def cost(self, subject: Subject) -> int:
        """The most calls that a lookup of this subject would make now."""

    @property
    def http(self) -> VendorHttp:
        """What all its calls are made with."""

    async def find(self, question: Question, calls: Calls) -> Answer:
        """
        The subject's sessions and error events, newest first.

        Raises:
            CallFailed: when the vendor cannot be asked or understood.

        """

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        """
        One session by its id; None where the vendor has none.

        Raises:
            CallFailed: when the vendor cannot be asked or understood.

        """

    async def check(self, calls: Calls) -> str:
        """
        Prove URL and key by cheap calls, one a scope that a lookup needs; returns what is proved, in words.

        Raises:
            CallFailed: when the vendor cannot be asked or understood.

        """


@dataclass(frozen=True, slots=True)
class SessionErrors:
    """
    What went wrong in one session, newest first.

    `session` is its row as far as the same answer told it; `more` says that the vendor has older ones, which
    the answer left out.
    """

    errors: tuple[ErrorEvent, ...]
    session: Session | None = None
    more: bool = False


@runtime_checkable
class TellsErrors(Source, Protocol):
    """A source that charges for a session's errors: it is asked for them only when a person wants them."""

    @property
    def budget(self) -> Account:
        """The account in the ledger that the price is counted against."""

    async def errors_in(self, session_id: str, calls: Calls, until: datetime | None = None) -> SessionErrors:
        """
        One session's errors, those up to `until` where it is given.

        Raises:
            CallFailed: when the vendor cannot be asked or understood, or the budget is spent.

        """


@runtime_checkable
class TellsReplay(Source, Protocol):
    """A source that hands out sessions' recordings, by rrweb: megabytes, fetched when somebody plays one."""

    async def replay(self, session_id: str, calls: Calls) -> list[dict[str, Any]] | None:
        """
        The events of a session's recording, in their order; None where the vendor has none.

        `calls` are those of `http.for_recording()`.

        Raises:
            CallFailed: when the vendor cannot be asked or understood.

        """


@dataclass(frozen=True, slots=True)
class SessionSummary:
    """What a vendor's own machine says happened in one session, in its words, and when it said so."""

    text: str
    written_at: datetime


@runtime_checkable
class SumsUp(Source, Protocol):
    """A source that sums a session up, for a price: it is asked for that only when a person wants it."""

    @property
    def budget(self) -> Account:
        """The account in the ledger that the price is counted against."""

    async def summary_of(
        self, session_id: str, calls: Calls, until: datetime | None = None
    ) -> SessionSummary:
        """
        One session in words, up to `until` where it is given.

        Raises:
            CallFailed: when the vendor cannot be asked or understood, or the budget is spent.

        """


@dataclass(frozen=True, slots=True)
class Hit:
    """
    What hit a customer at one source, which is asked how many others it hit.

    `session` is the one that it was in, None where that is not known; `own_sessions` are the ids of the
    customer's sessions there.
    """

    error: ErrorEvent
    session: Session | None = None
    own_sessions: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Crashes:
    """How many of the sessions on one version and device crashed; `own`: the customer's is among them."""

    version: str | None
    device: str | None
    crashed: int
    sessions: int
    own: bool


@dataclass(frozen=True, slots=True)
class Spread:
    """
    How many others something hit, as far as a source counts; it names nobody.

    It counts the last `days` days, None for all time: in how many of its `of_sessions` it was, how often it
    happened, and how many `others` than the customer it hit. Where not all was counted (`whole`) there are at
    least so many others, where somebody may be counted twice (`doubled`) at most, and surely `least`. `place`
    is the customer's town: so many of the sessions that it was in are of there, and so many of all sessions.
    `crashes` are by version and device, the customer's own first; `version` is the customer's.
    """

    source: SourceName
    as_of: datetime
    days: int | None = None
    sessions: int | None = None
    of_sessions: int | None = None
    occurrences: int | None = None
    others: int | None = None
    whole: bool = True
    doubled: bool = False
    least: int = 0
    place: str | None = None
    sessions_in_place: int = 0
    all_in_place: int = 0
    version: str | None = None
    crashes: tuple[Crashes, ...] = ()


@runtime_checkable
class TellsOthers(Source, Protocol):
    """A source that counts how many people an error or a crash hit."""

    async def others(self, hit: Hit, calls: Calls) -> Spread | None:
        """
        How many others it hit in the last days; None where the source has no count of it.

        Raises:
            CallFailed: when the vendor cannot be asked or understood.

        """


@runtime_checkable
class SeveralAccounts(Source, Protocol):
    """A source with more accounts in the ledger than its own."""

    async def more_accounts(self) -> tuple[Account, ...]:
        """Its accounts besides `account`."""


@runtime_checkable
class Linked(Source, Protocol):
    """A source whose pages' URLs people paste."""

    async def is_ours(self, link: Link, calls: Calls) -> bool:
        """
        Whether a page of this vendor belongs to this account.

        Raises:
            CallFailed: when the vendor has to be asked for that and cannot be.

        """

    async def person(self, link: Link, calls: Calls) -> Subject | None:
        """
        The subject of a person's page, or of a list of one person's sessions; None where it is not known.

        Raises:
            CallFailed: when the vendor cannot be asked or understood.

        """


@dataclass(frozen=True, slots=True)
class Recall:
    """A source's own stored answer (None without any), and whether it is `enough` to make no call."""

    answer: Answer | None
    enough: bool


@runtime_checkable
class Indexed(Source, Protocol):
    """A source with an index of its own; its answers are not kept in the cache."""

    async def recall(self, question: Question) -> Recall:
        """What the index has, without a call."""
