"""What is known of a page, as the content of a card; or why there is none."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, TypeVar

from bot.answers.cards import Card
from bot.answers.entities import Reference, Replay
from bot.domain.asking import Asker
from bot.domain.characters import unescaped
from bot.domain.model import CaseFile, Finding, Reason, Session, Subject, SubjectKind
from bot.jobs.inbox import Job
from bot.lookup.pages.named import NamedPage, NamedPages, Undescribed, Unnamed
from bot.operations.clock import Clock
from bot.replay.addresses import ReplayAddresses
from bot.settings.behaviour import LookupSettings
from bot.sources.http import CallFailed
from bot.sources.protocol import Question
from bot.sources.quota import Purpose
from bot.storage.keyring import Keyring

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class NoCard:
    """No card, and why, as the metric's label; `subject` is whom the page is about, where that is known."""

    outcome: str
    subject: Subject | None = None


TIMED_OUT = NoCard("failed_timed_out")
"""Whoever was asked has not answered in time, and is asked to the end all the same."""


@dataclass(frozen=True, slots=True)
class PageCards:
    """
    Reads pages.

    Args:
        named: what addresses name, and what is known of it.
        clock: the process's time.
        keyring: hashes what Slack knows a page by.
        lookup: how far back, how much.
        replays: makes addresses that play recordings in side panes; None where none are played.

    """

    named: NamedPages
    clock: Clock
    keyring: Keyring
    lookup: LookupSettings
    replays: ReplayAddresses | None = None

    async def name(self, url: str, by: str) -> NamedPage | NoCard:
        """
        What an address names, at which of our accounts; `by` is the id of the person who asks.

        Raises:
            CallFailed: when a vendor has to be asked for that and cannot be.

        """
        named = await self.named.name(url, by)
        return NoCard(named) if isinstance(named, Unnamed) else named

    async def describe(
        self, named: NamedPage, job: Job, by: str, *, has_thread: bool = True
    ) -> Card | NoCard:
        """
        What is known of a page, for the person with the id `by`.

        `has_thread`: there is a thread in which more of that person can be answered.
        """

        def question(subject: Subject) -> Question:
            return Question(subject, self.lookup.days, Purpose.UNFURL, heard_since=job.heard_since, by=by)

        try:
            found = await self.named.describe(named, question, by)
        except CallFailed as error:
            return NoCard(failed(error.failure.reason), named.subject)
        if isinstance(found, Undescribed):
            failure = found.finding.failure if found.finding else None
            return NoCard(failed(failure.reason) if failure else "unknown", found.subject)
        return self._made(found.finding, found.session, found.subject, has_thread=has_thread)

    def _made(
        self, finding: Finding, session: Session | None, subject: Subject | None, *, has_thread: bool
    ) -> Card:
        lookup = self.lookup
        named = subject or Subject(SubjectKind.UID, "", "")
        case_file = CaseFile(named, self.clock(), lookup.days, (finding,))
        return Card(case_file, session, subject, lookup.days, lookup.shown, not has_thread)

    def recorded(self, card: Card) -> Session | None:
        """The session of a card whose recording can be played in its side pane; None without any."""
        return self.replays.recorded(card) if self.replays else None

    def replay(self, card: Card, asker: Asker) -> Replay | None:
        """What plays in the side pane of a card, for whoever opened it; None where nothing does."""
        session = self.recorded(card)
        if session is None or self.replays is None:
            return None
        return Replay(session.started_at, self.replays.address(session, card.subject, asker))

    def reference(self, named: NamedPage, url: str) -> Reference:
        """How Slack is to know a page: by a keyed hash, as the page of a person is known by their address."""
        kind = "session" if named.session_id else "person"
        return Reference(self.keyring.hash("page", named.page), kind, unescaped(url))


async def in_time(asking: Coroutine[Any, Any, T], seconds: float) -> T | NoCard:
    """
    The result, or the reason where there is none in time.

    The time limit ends the waiting alone: vendors are asked by what goes on without it.
    """
    try:
        async with asyncio.timeout(seconds):
            return await asking
    except TimeoutError:
        return TIMED_OUT
    except CallFailed as error:
        return NoCard(failed(error.failure.reason))


def failed(reason: Reason) -> str:
    """The metric's label for a card that there is not, as a vendor failed."""
    return f"failed_{reason}"
