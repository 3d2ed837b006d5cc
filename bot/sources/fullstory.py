"""FullStory (`contracts/fullstory.md`): sessions by address or uid, one call, ready-made replay links."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx
from pydantic import Field

from bot.cache import Answer
from bot.casefile import Session, SessionUser, SourceName, Subject, SubjectKind
from bot.quota import Account
from bot.settings import FullStoryAccount
from bot.sources.http import Calls, Reply, VendorHttp, segment
from bot.sources.reading import (
    AnyText,
    Id,
    Moment,
    Part,
    Record,
    at,
    joined,
    read_records,
    to_page,
    to_text,
)
from bot.sources.source import Freshness, Question
from bot.sources.weblinks import LinkRule
from bot.sources.wiring import Wiring

# The vendor's default; no maximum is documented, so no more is asked for.
_LIMIT = 20
# Open vocabulary: these, and whatever names an error or exception (contract, section 3.2).
_ERROR_TYPES = frozenset({"console_message", "exception", "crash", "crashed"})


class _ListedSession(Record):
    userId: Id = None  # noqa: N815 - the vendor's spelling
    sessionId: Id = None  # noqa: N815
    createdTime: Moment = None  # noqa: N815
    fsUrl: AnyText = None  # noqa: N815


class _Event(Record):
    event_time: Moment = None
    event_type: AnyText = None
    source_properties: Part = Field(default_factory=dict)

    @property
    def is_error(self) -> bool:
        kind = (self.event_type or "").lower()
        return kind in _ERROR_TYPES or "error" in kind or "exception" in kind


@dataclass(frozen=True, slots=True)
class FullStory:
    """One FullStory organisation."""

    name: SourceName
    http: VendorHttp
    settings: FullStoryAccount

    title = "FullStory"
    freshness = Freshness(found=timedelta(minutes=2), nobody=timedelta(seconds=30))

    async def account(self) -> Account:
        """Give the account; the vendor publishes no numbers, so a 429 alone closes it."""
        return self.http.account

    async def cost(self, subject: Subject) -> int:
        """Give 1, or 2 for an address with capitals: it may be stored lower-cased."""
        return len(subject.spellings)

    async def find(self, question: Question, calls: Calls) -> Answer:
        """
        Give the newest sessions; FullStory lists no errors, and takes no dates: older ones are left out here.

        One identifier a call: both together give the union, which would be other people's sessions.
        """
        subject = question.subject
        rows: list[_ListedSession] = []
        for spelling in subject.spellings:
            reply = await calls.get(
                "/sessions/v2",
                params={subject.kind.value: spelling, "limit": str(_LIMIT)},
                headers=self._headers(),
            )
            rows = _listed(reply, calls)
            if rows:
                break
        since = question.since(self.http.clock())
        sessions = [session for row in rows if (session := self._session(row, subject)) is not None]
        recent = [s for s in sessions if s.started_at is None or s.started_at >= since]
        more = len(rows) >= _LIMIT and len(recent) == len(sessions)
        return Answer(
            sessions=tuple(recent),
            notes=(f"the newest {_LIMIT} sessions alone",) if more else (),
        )

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        """
        Describe one session from its events; `session_id` is `device:session` or a client id.

        There is no cheaper call. It costs one Activation of the plan's 1,000 a month: on request only.
        """
        reply = await calls.get(f"/v2/sessions/{segment(session_id)}/events", headers=self._headers())
        if reply.status == 404:  # noqa: PLR2004
            return None
        if not reply.ok:
            raise calls.refused(reply)
        events = read_records(at(reply.body, "events"), _Event)
        if events is None:
            raise calls.unreadable("a list of events")
        return self._from_events(session_id, events)

    async def check(self, calls: Calls) -> str:
        """Ask whose key it is (`GET /me`)."""
        reply = await calls.get("/me", headers=self._headers())
        if not reply.ok:
            raise calls.refused(reply)
        role = to_text(at(reply.body, "role")) or "unknown"
        organisation = to_text(at(reply.body, "orgId")) or "unknown"
        return f"the key of organisation {organisation} works, with the role {role}"

    def _headers(self) -> dict[str, str]:
        # The key is in its final form already: encoding it again is the classic mistake.
        return {"Authorization": f"Basic {self.settings.api_key.get_secret_value()}"}

    def _session(self, row: _ListedSession, subject: Subject) -> Session | None:
        if row.userId is None or row.sessionId is None:
            return None
        return Session(
            source=self.name,
            id=f"{row.userId}:{row.sessionId}",
            url=_LINKS.allow(row.fsUrl),
            started_at=row.createdTime,
            user=_asked_for(subject),
        )

    def _from_events(self, session_id: str, events: list[_Event]) -> Session:
        times = sorted(event.event_time for event in events if event.event_time)
        visits = [page for event in events if event.event_type == "navigate" and (page := _page(event))]
        agent: dict[str, Any] = next((a for e in events if (a := _agent(e))), {})
        return Session(
            source=self.name,
            id=session_id,
            started_at=times[0] if times else None,
            ended_at=times[-1] if times else None,
            duration_seconds=int((times[-1] - times[0]).total_seconds()) if times else None,
            pages=len(visits) or None,
            entry_page=visits[0] if visits else None,
            exit_page=visits[-1] if visits else None,
            device=to_text(agent.get("device")),
            browser=joined(agent.get("browser"), agent.get("browser_version")),
            os=to_text(agent.get("operating_system")),
            errors=sum(event.is_error for event in events),
        )


def build(
    name: SourceName, settings: FullStoryAccount, client: httpx.AsyncClient, wiring: Wiring
) -> FullStory:
    """Make an organisation of a configured account."""
    http = wiring.http(client, FullStory.title, settings.base_url, str(name))
    return FullStory(name, http, settings)


_LINKS = LinkRule(hosts=("fullstory.com",))


def _listed(reply: Reply, calls: Calls) -> list[_ListedSession]:
    if not reply.ok:
        raise calls.refused(reply)
    if not isinstance(reply.body, dict):
        raise calls.unreadable("a list of sessions")
    # An empty list may be left out altogether.
    rows = read_records(reply.body.get("sessions") or [], _ListedSession)
    if rows is None:
        raise calls.unreadable("a list of sessions")
    return rows


def _asked_for(subject: Subject) -> SessionUser:
    """Give what the vendor matched on; the list itself names nobody."""
    if subject.kind is SubjectKind.EMAIL:
        return SessionUser(email=subject.value)
    return SessionUser(uid=subject.value)


def _page(event: _Event) -> str | None:
    return to_page(at(event.source_properties, "url", "full_url"))


def _agent(event: _Event) -> dict[str, Any] | None:
    agent = at(event.source_properties, "user_agent")
    return agent if isinstance(agent, dict) else None
