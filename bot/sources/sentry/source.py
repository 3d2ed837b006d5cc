"""
One Sentry organisation: a person's replays, and the errors that hit them.

Errors come from the table of events, whose rows say whose they are; the issues that Sentry finds by the same
search add what became of each group, and where it is.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx2

from bot.domain.answer import Answer
from bot.domain.links import Link, host_of
from bot.domain.model import Reason, Session, SourceName, Subject
from bot.settings.accounts import SentryAccount
from bot.sources.http import CallFailed, Calls, VendorHttp
from bot.sources.json_fields import R, to_id, to_text
from bot.sources.protocol import Freshness, Question
from bot.sources.quota import Account
from bot.sources.sentry.api import (
    MOST_ERROR_PAGES,
    MOST_REPLAY_PAGES,
    NEEDED,
    REST,
    WINDOWS,
    SentryApi,
    searched,
)
from bot.sources.sentry.links import is_cloud
from bot.sources.sentry.records import ErrorRow, IssueRow, ReplayRow, SentryWords, is_theirs
from bot.sources.wiring import Wiring

# Sentry's cloud keeps errors and replays no longer, on any plan (contract, section 5).
_KEPT = timedelta(days=90)
_NO_REPLAYS = "no replays: Session Replay is not there for this organisation"


@dataclass(slots=True)
class _Told:
    """What was gathered for one question, of all spellings of a name."""

    replays: dict[str, ReplayRow]
    errors: dict[str, ErrorRow]
    issues: dict[str, IssueRow]
    notes: list[str]
    cuts: list[datetime]
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Sentry:
    """One Sentry organisation."""

    name: SourceName
    http: VendorHttp
    settings: SentryAccount
    api: SentryApi
    describe: SentryWords

    title = "Sentry"
    freshness = Freshness(found=timedelta(minutes=2), nobody=timedelta(seconds=30))

    async def account(self) -> Account:
        """The account with the strictest of the endpoints' limits."""
        return self.http.account

    async def cost(self, subject: Subject) -> int:
        """The most calls: all pages of replays and errors and one of issues, for each spelling."""
        return len(subject.spellings) * (MOST_REPLAY_PAGES + MOST_ERROR_PAGES + 1)

    async def find(self, question: Question, calls: Calls) -> Answer:
        """
        The subject's replays and errors, newest first.

        Sentry compares capitals, so that an address is searched in each of its spellings; each may be another
        person's, and what they find is joined.
        """
        since = question.since(self.http.clock())
        told = _Told({}, {}, {}, [], [])
        begin = self.http.clock() - _KEPT
        if self._is_cloud and since < begin:
            told.cuts.append(begin)
            told.notes.append(f"Sentry keeps {_KEPT.days} days at most")
        for number, spelling in enumerate(question.subject.spellings):
            try:
                await self._gather(question.subject, searched(question.subject, spelling), since, told, calls)
            except CallFailed as failed:
                if not number:
                    raise
                told.partial = True
                told.notes.append(f"some sessions are missing: {failed.failure.message}")
                told.cuts.append(self.http.clock())
        return self._answer(told, since)

    async def _gather(
        self, subject: Subject, search: str, since: datetime, told: _Told, calls: Calls
    ) -> None:
        replays = await self.api.replays(search, since, calls)
        if replays is None:
            told.notes.append(_NO_REPLAYS)
        else:
            sure, doubtful = _sure(replays.rows, lambda row: _is_theirs(subject, row))
            told.replays |= {row.id: row for row in sure if row.id}
            if doubtful:
                told.notes.append("left out what does not say whose session it is")
            if replays.more:
                begun = [row.started_at for row in replays.rows if row.started_at]
                told.cuts.append(min(begun, default=self.http.clock()))
                told.notes.append(f"the newest {len(sure)} sessions alone")
            if replays.failure:
                told.partial = True
                told.notes.append(f"some sessions are missing: {replays.failure.message}")
        try:
            await self._gather_errors(subject, search, since, told, calls)
        except CallFailed as failed:
            if replays is None:
                raise
            told.partial = True
            told.notes.append(f"errors are missing: {failed.failure.message}")

    async def _gather_errors(
        self, subject: Subject, search: str, since: datetime, told: _Told, calls: Calls
    ) -> None:
        errors = await self.api.errors(search, since, calls)
        sure, _doubtful = _sure(errors.rows, lambda row: is_theirs(subject, row.user_id, row.user_email))
        told.errors |= {row.id: row for row in sure if row.id}
        if errors.failure:
            told.partial = True
            told.notes.append(f"errors are missing: {errors.failure.message}")
        elif errors.more:
            told.notes.append(f"the newest {len(sure)} errors alone")
        if not sure:
            return
        try:
            told.issues |= await self.api.issues(search, since, calls)
        except CallFailed as failed:
            told.partial = True
            told.notes.append(f"what became of the errors is missing: {failed.failure.message}")

    def _answer(self, told: _Told, since: datetime) -> Answer:
        rows = list(told.replays.values())
        sessions = [self.describe.session(row, row.id) for row in rows if row.id]
        recent = [s for s in sessions if (s.ended_at or s.started_at or since) >= since]
        recent.sort(key=lambda s: s.started_at or since, reverse=True)
        return Answer(
            tuple(recent),
            self.describe.errors(list(told.errors.values()), rows, told.issues),
            tuple(dict.fromkeys(told.notes)),
            complete_from=max(told.cuts, default=None),
            partial=told.partial,
        )

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        """One replay by its id."""
        row = await self.api.replay(session_id, calls)
        return self.describe.session(row, session_id) if row else None

    async def check(self, calls: Calls) -> str:
        """Ask for a row of each kind that a lookup needs."""
        if lacking := await self.api.lacking(calls):
            what = f"Sentry's token may not read all that is needed: it lacks {', '.join(lacking)}"
            if set(lacking) == set(NEEDED.values()):
                # Sentry's refusal is the same for both.
                what += ", or is of another organisation than ORGANIZATION"
            raise CallFailed(Reason.NOT_AUTHORISED, what)
        return "the token may read the organisation's replays, errors and issues"

    async def is_ours(self, link: Link, calls: Calls) -> bool:  # noqa: ARG002 - needs no call
        """Whether a page is of our organisation, on the cloud or on the server that is configured."""
        here = is_cloud(link.host) if self._is_cloud else link.host in self._hosts
        return here and link.account_id == self.settings.organization

    @property
    def _hosts(self) -> set[str]:
        return {host_of(url) for url in (self.settings.base_url, self.settings.web_url) if url}

    @property
    def _is_cloud(self) -> bool:
        return any(map(is_cloud, self._hosts))

    async def person(self, link: Link, calls: Calls) -> Subject | None:  # noqa: ARG002 - has no such pages
        """None: Sentry has no page of a person."""
        return None


def _sure(rows: tuple[R, ...], is_theirs: Callable[[R], bool | None]) -> tuple[list[R], bool]:
    """The rows that are surely theirs, and whether some do not say whose they are."""
    said = [(row, is_theirs(row)) for row in rows]
    return [row for row, theirs in said if theirs], any(theirs is None for _row, theirs in said)


def _is_theirs(subject: Subject, row: ReplayRow) -> bool | None:
    if row.is_archived:
        return False
    return is_theirs(subject, to_id(row.user.get("id")), to_text(row.user.get("email")))


def build(name: SourceName, settings: SentryAccount, client: httpx2.AsyncClient, wiring: Wiring) -> Sentry:
    """The source of a configured organisation."""
    http = wiring.http(client, Sentry.title, settings.base_url, str(name), WINDOWS, lambda _now: REST)
    return Sentry(name, http, settings, SentryApi(settings, http.clock), SentryWords(name, settings))
