"""
The tools: whom is asked about, what is asked of vendors for it, and what the audit trail says.

They only read. A lookup goes through the same cache, ledger and fair use as a person's, and leaves a tenth
of each quota to people.
"""

import math
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from bot.audit.entries import AuditEntry, Came, ShownTo
from bot.audit.trail import AuditTrail
from bot.domain.asking import Way
from bot.domain.links import read_link
from bot.domain.model import CaseFile, Subject, SubjectKind
from bot.domain.subjects import NotUnderstood, read_subject
from bot.domain.typed.options import MOST_DAYS
from bot.lookup.fan_out import Lookup
from bot.lookup.pages.named import NamedPages, Undescribed, Unnamed
from bot.mcp.callers import Caller
from bot.mcp.from_findings import (
    described_link,
    found_sessions,
    quota_left,
    read_ticket,
    undescribed_link,
)
from bot.mcp.results import DescribedLink, FoundSessions, QuotaLeft, ReadTicket
from bot.operations.clock import Clock
from bot.operations.fair_use import FairRoom, PersonalPace
from bot.operations.tasks import Tasks
from bot.sources.http import CallFailed
from bot.sources.protocol import Question
from bot.sources.quota import Purpose, QuotaState
from bot.tickets.decide import read_ticket as read_message
from bot.tickets.rules import TicketRules

# Clients of the protocol wait for a minute; a vendor may take half of it.
_PATIENCE_SECONDS = 40.0
_TOO_OFTEN = "You have asked {} times in the last minute, which is as often as one may. Ask again in {} s."


@dataclass(frozen=True, slots=True)
class Declined:
    """A question that is not answered; `why` says what is wrong, and what to do."""

    why: str


@dataclass(frozen=True, slots=True)
class McpTools:
    """
    What every tool needs.

    Args:
        lookup: asks all sources.
        named: says what addresses name.
        rules: how messages are read as tickets.
        quotas: what every account has left.
        trail: has a row for each question.
        clock: the time.
        days: how far back a lookup goes that names no days.
        a_minute: how many questions one caller may ask in a minute.
        pace: counts them, together with what the same person asks in Slack.
        room: how many are answered at once, and of one caller.
        tasks: what outlives a question that is broken off.

    """

    lookup: Lookup
    named: NamedPages
    rules: TicketRules
    quotas: Callable[[], Awaitable[Sequence[QuotaState]]]
    trail: AuditTrail
    clock: Clock
    days: int
    a_minute: int
    pace: PersonalPace
    room: FairRoom
    tasks: Tasks

    async def find_sessions(
        self, caller: Caller, subject: str, days: int | None = None
    ) -> FoundSessions | Declined:
        """
        The sessions and errors of an address or uid, newest first.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        understood = read_subject(subject.strip())
        if isinstance(understood, NotUnderstood):
            return Declined(understood.why)
        if days is not None and not 1 <= days <= MOST_DAYS:
            return Declined(f"days are 1 to {MOST_DAYS}")
        entry = replace(_entry(caller), subject=understood)
        async with self._turn([entry]) as declined:
            if declined:
                return declined
            question = Question(understood, days or self.days, Purpose.MCP, by=caller.who)
            case_file = await self.lookup.within(question, _PATIENCE_SECONDS)
            told = found_sessions(case_file)
            # Before anything is told.
            await self.trail.write(entry.about([case_file], ShownTo.ASKER))
        return told

    async def read_ticket(self, caller: Caller, message: dict[str, Any]) -> ReadTicket | Declined:
        """
        Whom a Slack message is about, if it is a help desk's; nobody is asked.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        entry = _entry(caller)
        async with self._turn([entry]) as declined:
            if declined:
                return declined
            reading = read_message(message, self.rules)
            told = read_ticket(reading, self.clock())
            named = [*reading.requester, *reading.uids, *reading.mentioned]
            rows = [replace(entry, subject=one) for one in named] or [entry]
            await self.trail.write([replace(row, outcome=Came.TOLD, shown_to=ShownTo.ASKER) for row in rows])
        return told

    async def describe_link(self, caller: Caller, url: str) -> DescribedLink | Declined:
        """
        What an address of a vendor's page names, and what its source has of it.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        rows = [_entry(caller)]
        async with self._turn(rows) as declined:
            if declined:
                return declined
            told = await self._described(url, rows)
            await self.trail.write(rows)
        return told

    async def _described(self, url: str, rows: list[AuditEntry]) -> DescribedLink:
        """What is told of an address; `rows` are what the trail says of it, the latest that is known."""
        [entry] = rows
        link = read_link(url, self.named.known)
        rows[:] = [nothing] = [replace(entry, outcome=Came.NO_CARD, shown_to=ShownTo.ASKER)]
        try:
            named = await self.named.name(url, entry.who)
            if isinstance(named, Unnamed):
                return described_link(link, named, self.clock())
            asked = replace(nothing, subject=named.subject, sources=(str(named.source.name),))
            rows[:] = [asked]
            found = await self.named.describe(named, partial(self._question, by=entry.who), entry.who)
        except CallFailed as failed:
            return undescribed_link(link, failed.failure.message)
        if isinstance(found, Undescribed):
            rows[:] = [replace(asked, subject=found.subject)]
            return described_link(link, found, self.clock())
        case_file = CaseFile(
            found.subject or Subject(SubjectKind.UID, "", ""), self.clock(), self.days, (found.finding,)
        )
        rows[:] = [
            replace(one, subject=found.subject, outcome=Came.FOUND)
            for one in entry.about([case_file], ShownTo.ASKER)
        ]
        return described_link(link, found, self.clock())

    def _question(self, subject: Subject, by: str | None) -> Question:
        return Question(subject, self.days, Purpose.MCP, by=by)

    async def quota(self, caller: Caller) -> QuotaLeft | Declined:
        """
        What every account has left of its calls, by Casefile's own ledger.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        entry = _entry(caller)
        async with self._turn([entry]) as declined:
            if declined:
                return declined
            told = quota_left(await self.quotas(), self.clock())
            await self.trail.write([replace(entry, outcome=Came.TOLD, shown_to=ShownTo.ASKER)])
        return told

    @asynccontextmanager
    async def _turn(self, rows: list[AuditEntry]) -> AsyncIterator[Declined | None]:
        """
        The caller's turn, or that they have asked too often; then the trail says so.

        Where the block is broken off, as when the client cancels the question or leaves, the trail has the
        rows as of then: vendors may have been asked.
        """
        who = rows[0].who or ""
        if wait := self.pace.wait(who, uuid.uuid4().hex):
            await self.trail.write_refusal(rows, "too_often")
            yield Declined(_TOO_OFTEN.format(self.a_minute, math.ceil(wait.total_seconds())))
            return
        await self.room.enter(who)
        try:
            yield None
        except BaseException:
            unfinished = [replace(row, outcome=Came.UNFINISHED, shown_to=ShownTo.NOBODY) for row in rows]
            self.tasks.spawn(self.trail.write(unfinished), "mcp.broken_off")
            raise
        finally:
            self.room.leave(who)


def _entry(caller: Caller) -> AuditEntry:
    return AuditEntry(caller.who, None, Way.MCP)
