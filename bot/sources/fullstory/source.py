"""FullStory (`contracts/fullstory.md`): sessions by address or uid, with the vendor's own replay links."""

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import httpx2
import structlog
from pydantic import TypeAdapter

from bot.domain.answer import Answer
from bot.domain.links import Link
from bot.domain.model import Failure, Reason, Session, SessionUser, SourceName, Subject, SubjectKind
from bot.settings.accounts import FullStoryAccount
from bot.sources.fullstory.api import (
    LONGEST_SESSION,
    MOST_EVENTS,
    MOST_PAGES,
    MOST_USER_PAGES,
    Budget,
    FullStoryApi,
    Listed,
)
from bot.sources.fullstory.ends import over_by
from bot.sources.fullstory.happened import read_happened
from bot.sources.fullstory.records import LINKS, USERS, SessionRow, User, Users
from bot.sources.fullstory.summary import read_summary
from bot.sources.http import CallFailed, Calls, VendorHttp
from bot.sources.json_fields import at, to_text
from bot.sources.protocol import Effort, Freshness, Question, SessionErrors, SessionSummary
from bot.sources.quota import Account, Window
from bot.sources.wiring import Wiring
from bot.storage.memory import Memory

# `o-7QX2B-na1`: the core is the part that is the same in all forms of an organisation's id.
_ORGANISATION = re.compile(r"o-(?P<core>.+)-[a-z]{2,3}\d{1,2}")
_ORGANISATION_LASTS = timedelta(days=7)
# The client's id of a session: two UUIDs, or one.
_CLIENT_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?::[0-9a-f-]{36})?", re.IGNORECASE)
# Activations in a month, of the plans that have them (contract, section 3.5).
_ACTIVATIONS = Window(1_000, 31 * 24 * 3600)
# How long a session's errors and its summary are kept, once they were paid for.
_ERRORS_LAST = timedelta(hours=6)
# How long it is kept who a subject is, and that nobody is.
_USERS_LAST, _NOBODY_LASTS = timedelta(hours=12), timedelta(minutes=10)
# The newest rows that are completed by what was paid for earlier: each is a look into storage.
_MOST_COMPLETED = 5
_TOLD = TypeAdapter(SessionErrors)
_SUMMARY = TypeAdapter(SessionSummary)
_TOLD_KIND, _SUMMARY_KIND = "told", "summary"


@dataclass(frozen=True, slots=True)
class _Spelling:
    """What the vendor has by one spelling of a name: the sessions, and the users' records or why not."""

    listed: Listed
    users: Users
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class FullStory:
    """One FullStory organisation."""

    name: SourceName
    http: VendorHttp
    settings: FullStoryAccount
    memory: Memory
    api: FullStoryApi

    title = "FullStory"
    freshness = Freshness(found=timedelta(minutes=2), nobody=timedelta(seconds=30))

    async def account(self) -> Account:
        """The account, without windows: the vendor publishes no numbers, so only its 429 closes it."""
        return self.http.account

    async def cost(self, subject: Subject) -> int:
        """The most calls: all pages of the list and of the users, for each spelling."""
        return (MOST_PAGES + MOST_USER_PAGES) * len(subject.spellings)

    async def find(self, question: Question, calls: Calls) -> Answer:
        """
        The newest sessions, and who the subject is, for sources that know them by another name.

        Addresses that differ in capitals may be two people here (contract, open doubt 6): what the vendor has
        by each spelling is joined. FullStory lists no errors and takes no dates: older sessions are left out,
        but for those that may have reached into the asked days, as the list tells no ends.
        """
        since = question.since(self.http.clock())
        spelled = await asyncio.gather(
            *(self._by(spelling, question, since, calls) for spelling in question.subject.spellings),
            return_exceptions=True,
        )
        found = [one for one in spelled if isinstance(one, _Spelling)]
        failed = [one for one in spelled if isinstance(one, BaseException)]
        for error in failed:
            if not isinstance(error, CallFailed) or not found:
                raise error
        return await self._answer(question, found, [e.failure for e in failed if isinstance(e, CallFailed)])

    async def _by(self, spelling: str, question: Question, since: datetime, calls: Calls) -> _Spelling:
        kind = question.subject.kind
        listed, users = await asyncio.gather(
            self.api.sessions_of(kind, spelling, since - LONGEST_SESSION, calls),
            self._users(spelling, question, calls),
            return_exceptions=True,
        )
        if isinstance(listed, BaseException):
            raise listed
        if isinstance(users, CallFailed):
            return _Spelling(listed, Users(()), users.failure)
        if isinstance(users, BaseException):
            raise users
        return _Spelling(listed, users)

    async def _answer(
        self, question: Question, found: Sequence[_Spelling], failures: Sequence[Failure]
    ) -> Answer:
        since = question.since(self.http.clock())
        rows: dict[str, tuple[SessionRow, Sequence[User]]] = {}
        for one in found:
            named = {row.id: (row, one.users.records) for row in one.listed.rows if row.id}
            rows |= {name: row for name, row in named.items() if name not in rows}
        ends = over_by({name: row.created_at for name, (row, _) in rows.items() if row.created_at})
        sessions = (self._session(row, question.subject, users, ends) for row, users in rows.values())
        recent = [session for session in sessions if session and session.may_reach(since)]
        recent.sort(key=lambda s: s.started_at or since, reverse=True)
        known = Users(())
        for one in found:
            known = known.joined(one.users)
        cuts = [one.listed.cut_at for one in found if one.listed.cut_at]
        missing = [*failures, *(f for one in found for f in (one.listed.failure, one.failure) if f)]
        return Answer(
            tuple(await self._completed(recent)),
            notes=tuple(_notes(found, failures, len(recent), known)),
            people=tuple(user.person for user in known.records),
            # What was not read of one spelling may be as new as anything.
            complete_from=self.http.clock() if failures else max(cuts, default=None),
            partial=bool(missing),
        )

    async def _users(self, spelling: str, question: Question, calls: Calls) -> Users:
        """The users with exactly this name; kept for hours, or for minutes if there are none."""
        subject = question.subject
        _, hashed = self.memory.name_for("", subject.kind, subject.value)
        name, _ = self.memory.name_for("users", str(self.name), subject.kind, spelling)
        kept = await self.memory.recall(str(self.name), name) if question.effort is not Effort.FRESH else None
        if kept is not None:
            return USERS.validate_json(kept)
        read = await self.api.users_named(subject.kind, spelling, calls)
        users = Users(tuple(user for user in read.records if user.is_called(subject)), read.more)
        lasting = _USERS_LAST if users.records else _NOBODY_LASTS
        kept = USERS.dump_json(users).decode()
        calls.learnt.append(self.memory.remembering(str(self.name), name, kept, lasting, hashed))
        return users

    @property
    def budget(self) -> Account:
        """The plan's Activations; with a window of 31 days no month has more, however long it is."""
        return Account(f"fullstory_activations/{self.name.account}", (_ACTIVATIONS,))

    async def more_accounts(self) -> tuple[Account, ...]:
        """The account of the Activations."""
        return (self.budget,)

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        """
        One session, by `device:session` or the client's id; None where it is not found.

        The newer list names it directly. Where an account has no such list it is searched among the sessions
        of the user whose id is the first half of the pair, which is the device's rather than the person's.
        """
        device, _, number = session_id.partition(":")
        is_pair = device.isdecimal() and number.isdecimal()
        if not is_pair and not _CLIENT_ID.fullmatch(session_id):
            return None
        row = await self.api.session_named(session_id, calls)
        if row is not None and row.user_id and (row.id == session_id or not is_pair):
            user = await self.api.user(row.user_id, calls)
            return self._session(row, None, [user] if user else [])
        user = await self.api.user(device, calls) if is_pair else None
        if user is None or user.subject is None:
            return None
        subject = user.subject
        listed = await self.api.sessions_of(subject.kind, subject.typed, None, calls)
        found = next((row for row in listed.rows if row.id == session_id), None)
        return self._session(found, subject, [user]) if found else None

    async def is_ours(self, link: Link, calls: Calls) -> bool:
        """Whether a page is of our organisation; its id is asked for once a week."""
        ours = await self.memory.recall(str(self.name), "organisation")
        if ours is None:
            ours = to_text(at(await self.api.me(calls), "orgId")) or ""
            await self.memory.remember(str(self.name), "organisation", ours, _ORGANISATION_LASTS)
        return bool(link.account_id and ours) and _core(link.account_id or "") == _core(ours)

    async def person(self, link: Link, calls: Calls) -> Subject | None:
        """The person of a user's page, by the uid or address in their record; None where it has neither."""
        user = await self.api.user(link.user_id, calls) if link.user_id else None
        return user.subject if user else None

    async def errors_in(self, session_id: str, calls: Calls, until: datetime | None = None) -> SessionErrors:
        """
        What went wrong in a session, newest first; kept, as reading it costs an Activation.

        With `until` it ends there: of a long session those events are wanted that came before a ticket.
        """
        if (known := await self._told(session_id, until)) is not None:
            return known
        budget = Budget(self.budget, self.http.ledger)
        body = await self.api.happened(session_id, budget, calls, until)
        happened = read_happened(body, Session(self.name, session_id), until)
        log = structlog.get_logger("fullstory")
        log.info("fullstory.happened", form=sorted(body or {})[:3], kinds=happened.kinds()[:20])
        cut = at(body, "context_data") is not None and len(happened.events) >= MOST_EVENTS
        told = SessionErrors(happened.errors(), happened.session, cut)
        name = self._name(_TOLD_KIND, session_id, until)
        # Whose it is stays out of what is kept: it is not kept under their name.
        nameless = replace(told, session=replace(happened.session, user=SessionUser()))
        kept = _TOLD.dump_json(nameless).decode()
        # By the session they are erased with its person.
        hashed = self.memory.name_for("", session_id)[1]
        await self.memory.remember(str(self.name), name, kept, _ERRORS_LAST, hashed)
        return told

    async def summary_of(
        self, session_id: str, calls: Calls, until: datetime | None = None
    ) -> SessionSummary:
        """One session in the words of the vendor's machine; kept, as each costs an Activation."""
        name = self._name(_SUMMARY_KIND, session_id, until)
        if (kept := await self.memory.recall(str(self.name), name)) is not None:
            return _SUMMARY.validate_json(kept)
        budget = Budget(self.budget, self.http.ledger)
        body = await self.api.summary(session_id, budget, calls, until)
        if body is None:
            raise CallFailed(Reason.UNREADABLE, "FullStory has no such session, or no such summary profile")
        if (text := read_summary(body)) is None:
            raise calls.unreadable("a summary")
        summary = SessionSummary(text, self.http.clock())
        hashed = self.memory.name_for("", session_id)[1]
        kept = _SUMMARY.dump_json(summary).decode()
        await self.memory.remember(str(self.name), name, kept, _ERRORS_LAST, hashed)
        return summary

    async def _told(self, session_id: str, until: datetime | None = None) -> SessionErrors | None:
        known = await self.memory.recall(str(self.name), self._name(_TOLD_KIND, session_id, until))
        return _TOLD.validate_json(known) if known is not None else None

    def _name(self, kind: str, session_id: str, until: datetime | None) -> str:
        ends = () if until is None else (until.isoformat(),)
        return self.memory.name_for(kind, session_id, *ends)[0]

    async def _completed(self, sessions: list[Session]) -> list[Session]:
        """The sessions, the newest with what an earlier reading of their events told of them."""
        names = [self._name(_TOLD_KIND, one.id, None) for one in sessions[:_MOST_COMPLETED]]
        kept = await self.memory.recall_rare(str(self.name), _TOLD_KIND, names) if names else {}
        told = [_TOLD.validate_json(kept[name]) if name in kept else None for name in names]
        newest = [
            _with_told(session, known.session) if known and known.session else session
            for session, known in zip(sessions, told, strict=False)
        ]
        return newest + sessions[_MOST_COMPLETED:]

    async def check(self, calls: Calls) -> str:
        """
        Ask whose key it is, and for sessions, users and a session's events that do not exist.

        `GET /me` answers keys of every role; reading needs an Admin's or an Architect's.
        """
        me = await self.api.me(calls)
        role = to_text(at(me, "role")) or "unknown"
        organisation = to_text(at(me, "orgId")) or "unknown"
        nobody = "casefile-doctor"
        missing = [
            what
            for what, path in (("sessions", "/sessions/v2"), ("users", "/v2/users"))
            if not await self.api.may_read(path, calls, uid=nobody)
        ]
        if missing:
            raise CallFailed(
                Reason.NOT_AUTHORISED,
                f"FullStory’s key of organisation {organisation} has the role {role} and may not read"
                f" {' and '.join(missing)}: make one as Admin or Architect",
            )
        works = f"the key of organisation {organisation}, with the role {role}, reads sessions and users"
        if not await self.api.may_read("/v2/sessions/0%3A0/events", calls):
            return f"{works}, but not a session’s events, so “Errors in this visit” cannot be shown"
        return f"{works}, and a session’s events"

    def _session(
        self,
        row: SessionRow,
        subject: Subject | None,
        users: Sequence[User],
        ends: Mapping[str, datetime] | None = None,
    ) -> Session | None:
        if row.id is None:
            return None
        user = next((user for user in users if user.id == row.user_id), None)
        # The row's number is the device's: where one record has the name, all its devices are that person's.
        if user is None and len(users) == 1:
            user = users[0]
        asked_for = _asked_for(subject) if subject else SessionUser()
        return Session(
            source=self.name,
            id=row.id,
            url=LINKS.allow(row.url),
            started_at=row.created_at,
            user=user.person if user else asked_for,
            errors_on_request=True,
            summary_on_request=self.settings.summary_profile is not None,
            over_by=ends.get(row.id) if ends else None,
        )


def build(
    name: SourceName, settings: FullStoryAccount, client: httpx2.AsyncClient, wiring: Wiring
) -> FullStory:
    """The source of a configured organisation."""
    http = wiring.http(client, FullStory.title, settings.base_url, str(name))
    api = FullStoryApi(str(name), settings, wiring.memory)
    return FullStory(name, http, settings, wiring.memory, api)


def _notes(found: Sequence[_Spelling], failures: Sequence[Failure], shown: int, known: Users) -> list[str]:
    notes = []
    if any(one.listed.cut_at and not one.listed.failure for one in found):
        notes.append(f"the newest {shown} sessions alone")
    notes += [f"one spelling of the address was not answered: {failure.message}" for failure in failures]
    for one in found:
        if one.listed.failure:
            notes.append(f"the newest {shown} sessions alone: {one.listed.failure.message}")
        if one.failure:
            notes.append(f"who this is was not told: {one.failure.message}")
    if known.more:
        notes.append(f"{len(known.records)} of its users by this name were read, and there are more")
    return list(dict.fromkeys(notes))


def _with_told(listed: Session, told: Session) -> Session:
    """A listed session with what its events told, except for what the list knows better."""
    return replace(
        told,
        url=listed.url,
        started_at=listed.started_at or told.started_at,
        over_by=listed.over_by,
        user=listed.user,
        errors_on_request=True,
        summary_on_request=listed.summary_on_request,
    )


def _asked_for(subject: Subject) -> SessionUser:
    """The user as the subject names them, for the list of sessions does not name its user."""
    if subject.kind is SubjectKind.EMAIL:
        return SessionUser(email=subject.value)
    return SessionUser(uid=subject.value)


def _core(organisation: str) -> str:
    """The part of an organisation's id that all its forms have: `7QX2B` of `o-7QX2B-na1`."""
    found = _ORGANISATION.fullmatch(organisation)
    return found["core"] if found else organisation
