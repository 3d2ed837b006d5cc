"""What every source does, and what it is asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol, runtime_checkable

from bot.domain.answer import Answer
from bot.domain.links import Link
from bot.domain.model import ErrorEvent, Session, SourceName, Subject
from bot.sources.http import Calls, VendorHttp
from bot.sources.quota import Account, Purpose


class Effort(StrEnum):
    """How far a question goes: what is remembered will do, only while it is fresh, or not at all."""

    KNOWN = "known"
    USUAL = "usual"
    FRESH = "fresh"


@dataclass(frozen=True, slots=True)
class Question:
    """
    Whom to find, how many days back, who wants to know, and how much.

    `other_names` is what else the subject is surely called; `again` marks a question that is repeated
    because more such names became known.
    """

    subject: Subject
    days: int
    purpose: Purpose = Purpose.PERSON
    effort: Effort = Effort.USUAL
    other_names: tuple[Subject, ...] = ()
    again: bool = False

    @property
    def names(self) -> tuple[Subject, ...]:
        """Give all that the subject is called, the name that was asked for first."""
        return (self.subject, *self.other_names)

    def since(self, now: datetime) -> datetime:
        """Give where the asked span of time begins."""
        return now - timedelta(days=self.days)


@dataclass(frozen=True, slots=True)
class Freshness:
    """For how long an answer is taken as it is: somebody found, nobody found."""

    found: timedelta
    nobody: timedelta


class Source(Protocol):
    """One account at one vendor."""

    @property
    def name(self) -> SourceName:
        """Give the vendor and the account's label."""

    @property
    def title(self) -> str:
        """Give the vendor's name as people know it."""

    @property
    def freshness(self) -> Freshness:
        """Give how long its answers stay fresh."""

    async def account(self) -> Account:
        """Give the account in the ledger, with the windows that hold for this server."""

    async def cost(self, subject: Subject) -> int:
        """Give the most calls that a lookup of this subject makes now."""

    @property
    def http(self) -> VendorHttp:
        """Give its way to the vendor, through which all its calls are made."""

    async def find(self, question: Question, calls: Calls) -> Answer:
        """
        Give the subject's sessions and error events, newest first.

        Raises:
            CallFailed: when the vendor cannot be asked or understood.

        """

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        """
        Describe one session by its id; None where the vendor knows none.

        Raises:
            CallFailed: when the vendor cannot be asked or understood.

        """

    async def check(self, calls: Calls) -> str:
        """
        Make one cheap call that proves address and key; gives what it proved, in words.

        Raises:
            CallFailed: when the vendor cannot be asked or understood.

        """


@runtime_checkable
class TellsErrors(Source, Protocol):
    """A source that tells a session's errors at a price: only a person may have it asked."""

    @property
    def budget(self) -> Account:
        """Give what the price is taken of, as the ledger knows it."""

    async def errors_in(self, session_id: str, calls: Calls) -> tuple[ErrorEvent, ...]:
        """
        Give one session's errors, oldest first.

        Raises:
            CallFailed: when the vendor cannot be asked or understood, or the budget is spent.

        """


@runtime_checkable
class SeveralAccounts(Source, Protocol):
    """A source with more accounts in the ledger than its own."""

    async def more_accounts(self) -> tuple[Account, ...]:
        """Give the others."""


@runtime_checkable
class Linked(Source, Protocol):
    """A source whose pages people paste addresses of."""

    async def is_ours(self, link: Link, calls: Calls) -> bool:
        """
        Whether a page of this vendor belongs to this account.

        Raises:
            CallFailed: when that has to be asked and cannot be.

        """

    async def person(self, link: Link, calls: Calls) -> Subject | None:
        """
        Give whom a person's page, or a list of one person's sessions, is about; None where that is not known.

        Raises:
            CallFailed: when the vendor cannot be asked or understood.

        """


@dataclass(frozen=True, slots=True)
class Recall:
    """What a source remembers by itself (None: nothing at all), and whether that is `enough`."""

    answer: Answer | None
    enough: bool


@runtime_checkable
class Indexed(Source, Protocol):
    """A source that answers from an index of its own, whose answers need no cache."""

    async def recall(self, question: Question) -> Recall:
        """Give what it remembers, without a call."""
