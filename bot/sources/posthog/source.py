"""
One PostHog project: whom it has by a name, their recordings, and the exceptions that hit them.

Whoever is asked for is first found among its people, whose rows say which address and ids they have; only
their own recordings and exceptions count.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import httpx2

from bot.domain.addresses import subject_of_address
from bot.domain.answer import Answer
from bot.domain.links import Link, host_of
from bot.domain.model import Reason, Session, SessionUser, SourceName, Subject, SubjectKind
from bot.settings.accounts import PostHogAccount
from bot.sources.http import CallFailed, Calls, VendorHttp
from bot.sources.json_fields import read_record
from bot.sources.posthog.api import MOST_RECORDINGS, WINDOWS, PostHogApi, listings
from bot.sources.posthog.records import (
    MOST_IDS_LISTED,
    ExceptionRow,
    PersonRow,
    PostHogWords,
    RecordingRow,
    errors_by_session,
    is_theirs,
)
from bot.sources.protocol import Freshness, Question
from bot.sources.quota import Account
from bot.sources.wiring import Wiring

# People of one name whose recordings are listed; the list costs one of few calls for each.
_MOST_LISTED = 3
# Days: more are never asked for.
_EVER = 3_650
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(slots=True)
class _Told:
    """What was gathered for one question."""

    people: list[PersonRow] = field(default_factory=list)
    recordings: dict[str, tuple[RecordingRow, PersonRow]] = field(default_factory=dict)
    exceptions: list[ExceptionRow] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    cuts: list[datetime] = field(default_factory=list)
    partial: bool = False
    all_errors: bool = False

    def missed(self, what: str, failed: CallFailed) -> None:
        """A part of what was asked could not be had."""
        self.partial = True
        self.notes.append(f"{what}: {failed.failure.message}")


@dataclass(frozen=True, slots=True)
class PostHog:
    """One PostHog project."""

    name: SourceName
    http: VendorHttp
    settings: PostHogAccount
    api: PostHogApi
    words: PostHogWords

    title = "PostHog"
    freshness = Freshness(found=timedelta(minutes=2), nobody=timedelta(seconds=30))

    async def account(self) -> Account:
        """The account with what the project allows for people, recordings and queries."""
        return self.http.account

    async def more_accounts(self) -> tuple[Account, ...]:
        """The lists of recordings, of which fewer are allowed."""
        return (self.api.listings,)

    async def cost(self, subject: Subject) -> int:
        """The most calls: people by each spelling and as an id, their recordings, and their exceptions."""
        ways = 2 if subject.kind is SubjectKind.EMAIL else 1
        return len(subject.spellings) * ways + _MOST_LISTED + _MOST_LISTED + 1

    async def find(self, question: Question, calls: Calls) -> Answer:
        """
        The subject's recordings and exceptions, newest first.

        PostHog compares capitals, so that an address is searched in each of its spellings; each may be
        another person's, and what they find is joined.
        """
        subject, since = question.subject, question.since(self.http.clock())
        told = _Told()
        await self._find_people(subject, told, calls)
        listed = self._newest(told)
        for number, person in enumerate(listed):
            try:
                await self._list(person, since, told, calls)
            except CallFailed as failed:
                if not number:
                    raise
                told.missed("some sessions are missing", failed)
                told.cuts.append(self.http.clock())
        if listed:
            await self._find_exceptions(listed, since, told, calls)
        return self._answer(subject, since, told)

    async def _find_people(self, subject: Subject, told: _Told, calls: Calls) -> None:
        """By the property that is the address, else by the id: many apps identify people by their address."""
        found: dict[str, PersonRow] = {}
        ways = ("email", "distinct_id") if subject.kind is SubjectKind.EMAIL else ("distinct_id",)
        asked = [(way, spelling) for way in ways for spelling in subject.spellings]
        for number, (way, spelling) in enumerate(asked):
            if found and way != ways[0]:
                break
            try:
                rows = await self.api.people(way, spelling, calls)
            except CallFailed as failed:
                if not number:
                    raise
                told.missed("some people are missing", failed)
                told.cuts.append(self.http.clock())
                continue
            for person in rows:
                if person.uuid and await self._is_theirs(subject, spelling, person, told, calls):
                    found[person.uuid] = person
        told.people = list(found.values())

    async def _is_theirs(
        self, subject: Subject, spelling: str, person: PersonRow, told: _Told, calls: Calls
    ) -> bool:
        sure = is_theirs(subject, person)
        if sure is not None:
            return sure
        try:
            return await self.api.has_id(person, spelling, calls)
        except CallFailed as failed:
            told.missed("left out who may be meant", failed)
            return False

    def _newest(self, told: _Told) -> list[PersonRow]:
        def seen(person: PersonRow) -> float:
            moment = person.last_seen_at or person.created_at
            return moment.timestamp() if moment else 0.0

        newest = sorted(told.people, key=seen, reverse=True)[:_MOST_LISTED]
        if len(newest) < len(told.people):
            told.notes.append(f"the {len(newest)} newest of {len(told.people)} people of that name alone")
            told.cuts.append(self.http.clock())
        return newest

    async def _list(self, person: PersonRow, since: datetime, told: _Told, calls: Calls) -> None:
        rows, more = await self.api.recordings(person, since, calls)
        said = [(row, _is_of(row, person)) for row in rows]
        own = [row for row, is_theirs in said if is_theirs]
        told.recordings |= {row.id: (row, person) for row in own if row.id}
        if any(is_theirs is None for _row, is_theirs in said):
            told.notes.append("left out what does not say whose session it is")
        kept = min((row.retention_period_days for row in own if row.retention_period_days), default=_EVER)
        if kept < _EVER and since < (begin := self.http.clock() - timedelta(days=kept)):
            told.cuts.append(begin)
            told.notes.append(f"recordings are kept for {kept} days")
        if more:
            begun = [row.start_time for row in rows if row.start_time]
            told.cuts.append(min(begun, default=self.http.clock()))
            told.notes.append(f"the newest {MOST_RECORDINGS} sessions alone")

    async def _find_exceptions(
        self, people: Sequence[PersonRow], since: datetime, told: _Told, calls: Calls
    ) -> None:
        uuids = [person.uuid for person in people if person.uuid]
        try:
            rows, more = await self.api.exceptions(uuids, since, calls)
        except CallFailed as failed:
            told.missed("errors are missing", failed)
            return
        told.exceptions = [row for row in rows if row.person_id in uuids]
        told.all_errors = not more
        if more:
            told.notes.append(f"the newest {len(told.exceptions)} errors alone")

    def _answer(self, subject: Subject, since: datetime, told: _Told) -> Answer:
        hits = errors_by_session(told.exceptions)
        sessions = [
            self.words.session(
                row,
                session_id,
                self.words.user(person, subject),
                hits[session_id] if told.all_errors else hits[session_id] or None,
            )
            for session_id, (row, person) in told.recordings.items()
        ]
        recent = [s for s in sessions if (s.ended_at or s.started_at or since) >= since]
        recent.sort(key=lambda s: s.started_at or since, reverse=True)
        return Answer(
            tuple(recent),
            self.words.errors(told.exceptions),
            tuple(dict.fromkeys(told.notes)),
            people=tuple(self.words.user(person, subject) for person in told.people),
            complete_from=max(told.cuts, default=None),
            partial=told.partial,
        )

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        """One recording by its session's id."""
        row = await self.api.recording(session_id, calls)
        if row is None:
            return None
        person = read_record(row.person, PersonRow)
        return self.words.session(row, session_id, self.words.user(person) if person else SessionUser(), None)

    async def check(self, calls: Calls) -> str:
        """Ask for a row of each kind that a lookup needs."""
        if lacking := await self.api.lacking(calls):
            raise CallFailed(
                Reason.NOT_AUTHORISED,
                f"PostHog's key may not read all that is needed: it lacks {', '.join(lacking)}",
            )
        return "the key may read the project's people, recordings and events"

    async def is_ours(self, link: Link, calls: Calls) -> bool:  # noqa: ARG002 - needs no call
        """Whether a page is of our project; an address without a project may be, at our own host."""
        own = {host_of(url) for url in (self.settings.base_url, self.settings.web_url) if url}
        # The first cloud's former name, which leads there.
        own |= {"app.posthog.com"} if "us.posthog.com" in own else set()
        return link.host in own and link.account_id in (None, self.settings.project)

    async def person(self, link: Link, calls: Calls) -> Subject | None:
        """The person of a page: by an id that the app gave, or by PostHog's own."""
        if link.user_id is None:
            return None
        if not _UUID.fullmatch(link.user_id):
            return Subject(SubjectKind.UID, link.user_id, link.user_id)
        person = await self.api.person(link.user_id, calls)
        if person is None or person.uuid != link.user_id:
            # Also an id that its library made up.
            return Subject(SubjectKind.UID, link.user_id, link.user_id)
        if uid := person.uid or next(iter(person.distinct_ids), None):
            return Subject(SubjectKind.UID, uid, uid)
        return subject_of_address(person.email) if person.email else None


def _is_of(row: RecordingRow, person: PersonRow) -> bool | None:
    """Whether a recording is a person's: it names them, or is by one of their ids; None if it may be."""
    if named := row.person.get("uuid"):
        return bool(named == person.uuid)
    if row.distinct_id in person.distinct_ids:
        return True
    # Of many ids the list of people has named some alone.
    return None if len(person.distinct_ids) >= MOST_IDS_LISTED else False


def build(name: SourceName, settings: PostHogAccount, client: httpx2.AsyncClient, wiring: Wiring) -> PostHog:
    """The source of a configured project."""
    http = wiring.http(client, PostHog.title, settings.base_url, str(name), WINDOWS)
    api = PostHogApi(settings, http.clock, listings(str(name), settings))
    return PostHog(name, http, settings, api, PostHogWords(name, settings))
