"""
Rybbit (`contracts/rybbit.md`, `contracts/rybbit_observed.md`): sessions and errors of an identified user.

An address is first resolved to the product's uids. Older servers ignore parameters silently and then answer
with everybody's sessions, so person and time of each are checked again here.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2

from bot.domain.answer import Answer
from bot.domain.links import Link
from bot.domain.model import Reason, Session, SourceName, Subject, SubjectKind
from bot.settings.accounts import RybbitAccount
from bot.sources.http import CallFailed, Calls, VendorHttp
from bot.sources.json_fields import AnyText, Record, at, read_record
from bot.sources.protocol import Freshness, Hit, Question, Spread
from bot.sources.quota import Account
from bot.sources.rybbit.errors import MOST_OLDER, MOST_OPENED, ErrorReader, Told, notes_on
from bot.sources.rybbit.others import count_others
from bot.sources.rybbit.people import MOST_UIDS, resolve
from bot.sources.rybbit.records import Describer, Row, read_list, window
from bot.sources.rybbit.replays import read_replay
from bot.sources.rybbit.server import RybbitServer
from bot.sources.wiring import Wiring
from bot.storage.memory import Memory

# Sessions that are listed of one uid; one more is asked for, to see whether there are more.
_LIMIT = 200
# What a lookup needs of a key: an operation of each scope, by the scope's name.
_NEEDED = {"sessions:read": "sessions", "users:read": "users", "analytics:read": "error_names"}


class _Event(Record):
    type: AnyText = None


@dataclass(frozen=True, slots=True)
class _Listed:
    """The sessions of some uids, what was left out, and from when on nothing was."""

    sessions: dict[str, Session]
    notes: tuple[str, ...] = ()
    complete_from: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rybbit:
    """One site on one Rybbit server."""

    name: SourceName
    http: VendorHttp
    settings: RybbitAccount
    memory: Memory
    server: RybbitServer

    title = "Rybbit"
    freshness = Freshness(found=timedelta(minutes=2), nobody=timedelta(seconds=30))

    async def account(self) -> Account:
        """The account with the limits of this server."""
        return await self.server.account()

    async def cost(self, subject: Subject) -> int:
        """The most calls: to find the person, for each uid's sessions and errors, for the site's number."""
        known = subject.kind is SubjectKind.UID
        resolving = 0 if known else len(subject.spellings) + 2
        # A session's own page may take two calls, where it is very long.
        errors = 2 * (MOST_OPENED + 1) + 1 + MOST_OLDER
        return resolving + (1 if known else MOST_UIDS) * (1 + errors) + 1

    async def find(self, question: Question, calls: Calls) -> Answer:
        """The subject's sessions and the errors in them."""
        resolved = await resolve(self.server, question, calls)
        sessions: dict[str, Session] = {}
        notes: list[str] = []
        complete_from: list[datetime] = []
        told = Told(sessions)
        partial = False
        for uid in resolved.uids:
            listed = await self._list(uid, question, calls)
            notes += listed.notes
            complete_from += [listed.complete_from] if listed.complete_from else []
            theirs = Told(dict(listed.sessions))
            if any(session.errors for session in theirs.sessions.values()):
                try:
                    now = self.http.clock()
                    await ErrorReader(self.server, calls, theirs).read(uid, window(question.since(now), now))
                except CallFailed as failed:
                    partial = True
                    notes.append(f"errors are missing: {failed.failure.message}")
            sessions |= theirs.sessions
            told.errors.extend(theirs.errors)
        if resolved.more:
            notes.append(
                f"the {len(resolved.uids)} newest of {len(resolved.uids) + resolved.more} uids alone"
            )
            complete_from.append(resolved.more_seen or self.http.clock())
        if not partial:
            notes += notes_on(told)
        return Answer(
            tuple(sessions.values()),
            tuple(told.errors),
            tuple(dict.fromkeys(notes)),
            people=resolved.people(question.subject),
            complete_from=max(complete_from, default=None),
            partial=partial,
        )

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        """One session by its id; whose it is comes from the list of its day."""
        reply = await self.server.get("session", calls, {}, session=session_id)
        row = read_record(at(reply.body, "data", "session"), Row) if reply and reply.ok else None
        if reply is None or row is None or row.session_id != session_id:
            return None
        events = calls.records(at(reply.body, "data", "events"), _Event) or []
        errors = sum(event.type == "error" for event in events)
        if row.session_start:
            row = await self._listed_row(row, calls) or row
        describe = await self._describer(calls)
        described = describe.session(row, row.identified_user_id or row.user_id or "")
        return replace(described, errors=errors) if described and described.errors is None else described

    async def check(self, calls: Calls) -> str:
        """Ask for one row of each kind that a lookup needs; on a public site that proves the URL alone."""
        now = self.http.clock()
        one = window(now, now) | {"limit": "1", "page_size": "1"}
        lacking = []
        for scope, operation in _NEEDED.items():
            try:
                reply = await self.server.get(operation, calls, one)
            except CallFailed as failed:
                if scope not in failed.failure.message:
                    raise
                lacking.append(scope)
                continue
            if reply is None or not reply.ok:
                raise calls.unreadable(f"a list of {operation.replace('_', ' ')}")
        if lacking:
            raise CallFailed(
                Reason.NOT_AUTHORISED,
                f"Rybbit's key may not read all that is needed: it lacks {', '.join(lacking)}",
            )
        return "the key may read the site's sessions, users and errors"

    async def is_ours(self, link: Link, calls: Calls) -> bool:
        """Whether a page is of our site, on the server where people open it."""
        hosts = {
            urlsplit(url).netloc.lower() for url in (self.settings.base_url, self.settings.web_url) if url
        }
        if link.host not in hosts or link.account_id is None:
            return False
        return link.account_id in (self.settings.site, await self.server.site_number(calls))

    async def person(self, link: Link, calls: Calls) -> Subject | None:  # noqa: ARG002 - needs no call
        """The person of a page: the uid is in its URL."""
        return Subject(SubjectKind.UID, link.user_id, link.user_id) if link.user_id else None

    async def others(self, hit: Hit, calls: Calls) -> Spread | None:
        """How many others an error hit in the last seven days."""
        return await count_others(self.server, hit, calls)

    async def replay(self, session_id: str, calls: Calls) -> list[dict[str, Any]] | None:
        """The events of a session's recording, by rrweb; what Rybbit says of it besides is left out."""
        return await read_replay(self.server, session_id, calls)

    async def _list(self, uid: str, question: Question, calls: Calls) -> _Listed:
        """One uid's sessions that reach into the asked days, the newest `_LIMIT`."""
        rows = await self._rows_of(uid, question, calls)
        if not rows:
            return _Listed({})
        shown = rows[:_LIMIT]
        describe = await self._describer(calls)
        found = [session for row in shown if (session := describe.session(row, uid))]
        sessions = {session.id: session for session in found}
        if len(rows) <= _LIMIT:
            return _Listed(sessions)
        ends = [end for row in shown if (end := row.session_end or row.session_start)]
        # The list is by end: whatever began after the earliest of these is among them.
        return _Listed(sessions, (f"the newest {_LIMIT} sessions alone",), min(ends, default=None))

    async def _rows_of(self, uid: str, question: Question, calls: Calls) -> list[Row]:
        now = self.http.clock()
        since = question.since(now)
        params = window(since, now) | {"user_id": uid, "limit": str(_LIMIT + 1)}
        reply = await self.server.get("sessions", calls, params)
        if reply is None or not reply.ok:
            raise calls.unreadable("a list of sessions")
        raw = at(reply.body, "data")
        rows: list[Row] = read_list(raw, Row, calls)
        if rows and not any("identified_user_id" in row for row in raw if isinstance(row, dict)):
            raise CallFailed(
                Reason.UNSUPPORTED, "Rybbit's server is too old: it cannot list one person's sessions"
            )
        return [row for row in rows if _is_of(row, uid) and _is_since(row, since)]

    async def _listed_row(self, row: Row, calls: Calls) -> Row | None:
        """The session as the list of its days has it; the id is compared here, as old servers ignore it."""
        start = row.session_start or self.http.clock()
        params = window(start, start) | {"session_id": row.session_id or "", "limit": str(_LIMIT)}
        reply = await self.server.get("sessions", calls, params)
        rows: list[Row] = read_list(at(reply.body, "data"), Row, calls) if reply and reply.ok else []
        return next((listed for listed in rows if listed.session_id == row.session_id), None)

    async def _describer(self, calls: Calls) -> Describer:
        site = await self.server.site_number(calls)
        return Describer(self.name, self.settings, site, self.http.clock())


def build(name: SourceName, settings: RybbitAccount, client: httpx2.AsyncClient, wiring: Wiring) -> Rybbit:
    """The source of a configured site."""
    http = wiring.http(client, Rybbit.title, settings.base_url, str(name))
    server = RybbitServer(http, settings, wiring.memory)
    return Rybbit(name, http, settings, wiring.memory, server)


def _is_of(row: Row, uid: str) -> bool:
    return uid in (row.identified_user_id, row.user_id)


def _is_since(row: Row, since: datetime) -> bool:
    last = row.session_end or row.session_start
    return last is None or last >= since
