"""Findings made into what tools answer. Pure functions."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.answers.words.freshness import detail
from bot.domain.addresses import shown_address
from bot.domain.links import Link, link_json
from bot.domain.model import CaseFile, ErrorEvent, Finding, Session, SourceName
from bot.lookup.absence import covers_from, is_complete
from bot.lookup.pages.named import Described, Undescribed, Unnamed
from bot.mcp.results import (
    DescribedLink,
    FoundSessions,
    McpError,
    McpQuota,
    McpSession,
    McpSource,
    QuotaLeft,
    ReadTicket,
    TicketNamed,
)
from bot.sources.quota import QuotaState
from bot.tickets.decide import TicketReading

_MOST = 50
_MOST_OF_PERSON = 10
_WHY = {
    Unnamed.UNKNOWN: "it names no session and no person that is known",
    Unnamed.NOT_OURS: "no configured account has this page",
}


def found_sessions(case_file: CaseFile) -> FoundSessions:
    """A case file as `find_sessions` answers it."""
    now, findings = case_file.as_of, {finding.source: finding for finding in case_file.findings}
    sessions, errors = case_file.sessions, case_file.errors
    return FoundSessions(
        subject=case_file.subject.value,
        subject_is=case_file.subject.kind.value,
        as_of=now,
        days=case_file.days,
        complete=is_complete(case_file),
        sessions_in_all=len(sessions),
        errors_in_all=len(errors),
        sessions=[_session(one, findings.get(one.source), now) for one in sessions[:_MOST]],
        errors=[_error(one, findings.get(one.source), now) for one in errors[:_MOST]],
        sources=[_source(finding, case_file) for finding in case_file.findings],
        doubts=[doubt.name.value for doubt in case_file.doubts],
    )


def read_ticket(reading: TicketReading, now: datetime) -> ReadTicket:
    """A reading as `read_ticket` answers it."""
    ticket = reading.ticket
    return ReadTicket(
        source="the message",
        as_of=now,
        age_seconds=0,
        action=reading.action.value,
        reason=reading.reason,
        requester=[shown_address(address) for address in reading.requester],
        uids=[uid.value for uid in reading.uids],
        mentioned=[shown_address(address) for address in reading.mentioned],
        ticket=TicketNamed(system=ticket.system, id=ticket.id, url=ticket.url) if ticket else None,
    )


def described_link(
    link: Link | None, found: Described | Undescribed | Unnamed, now: datetime
) -> DescribedLink:
    """What `describe_link` answers of an address and of what was found by it."""
    if isinstance(found, Described):
        return _described(link, found, now)
    failure = found.finding.failure if isinstance(found, Undescribed) and found.finding else None
    why = _WHY[found] if isinstance(found, Unnamed) else "its source has nothing by it"
    return undescribed_link(link, failure.message if failure else why)


def undescribed_link(link: Link | None, why: str) -> DescribedLink:
    """What an address names by its form, and why nothing more is told."""
    return DescribedLink(
        **_named(link),
        source="the address",
        as_of=None,
        age_seconds=None,
        known=False,
        why=why,
        state=None,
        subject=None,
        session=None,
        sessions=[],
        errors=[],
    )


def _described(link: Link | None, found: Described, now: datetime) -> DescribedLink:
    finding, session = found.finding, found.session
    of_person = finding.sessions[:_MOST_OF_PERSON] if session is None else ()
    errors = [e for e in finding.errors if session is None or e.session_id == session.id]
    return DescribedLink(
        **_named(link),
        **_figure(finding.source, finding, now),
        known=True,
        why=None,
        state=finding.state.value,
        subject=found.subject.value if found.subject else None,
        session=_session(session, finding, now) if session else None,
        sessions=[_session(one, finding, now) for one in of_person],
        errors=[_error(one, finding, now) for one in errors[:_MOST]],
    )


def _named(link: Link | None) -> dict[str, Any]:
    return {name: value for name, value in link_json(link).items() if name != "at"}


def quota_left(states: Sequence[QuotaState], now: datetime) -> QuotaLeft:
    """What `quota` answers: the ledger's count is of now."""
    return QuotaLeft(
        accounts=[
            McpQuota(
                source=state.account,
                as_of=now,
                age_seconds=0,
                limit=state.limit,
                window_seconds=state.seconds,
                used=state.used,
                left=state.left,
                returns_at=state.returns_at,
                blocked_until=state.blocked_until,
            )
            for state in states
        ]
    )


def _figure(
    source: SourceName, finding: Finding | None, now: datetime, counted_at: datetime | None = None
) -> dict[str, Any]:
    """Who says it, and when: with the finding, or before, where it was counted then."""
    as_of = counted_at or (finding.as_of if finding else None)
    age = max(0, int((now - as_of).total_seconds())) if as_of else None
    return {"source": str(source), "as_of": as_of, "age_seconds": age}


def _source(finding: Finding, case_file: CaseFile) -> McpSource:
    return McpSource(
        **_figure(finding.source, finding, case_file.as_of),
        state=finding.state.value,
        calls=finding.calls,
        covers_from=covers_from(finding, case_file),
        sessions=len(finding.sessions),
        errors=len(finding.errors),
        detail=detail(finding),
    )


def _session(session: Session, finding: Finding | None, now: datetime) -> McpSession:
    return McpSession(
        **_figure(session.source, finding, now),
        id=session.id,
        url=session.url,
        url_is=session.url_is.value,
        started_at=session.started_at,
        ended_at=session.ended_at,
        duration_seconds=session.duration_seconds,
        live=session.live,
        uid=session.user.uid,
        email=session.user.email,
        name=session.user.name,
        pages=session.pages,
        entry_page=session.entry_page,
        exit_page=session.exit_page,
        device=session.device,
        browser=session.browser,
        os=session.os,
        app_version=session.app_version,
        country=session.country,
        city=session.city,
        errors=session.errors,
        crashed=session.crashed,
    )


def _error(error: ErrorEvent, finding: Finding | None, now: datetime) -> McpError:
    return McpError(
        **_figure(error.source, finding, now, error.counted_at),
        id=error.id,
        title=error.title,
        kind=error.kind.value,
        url=error.url,
        occurred_at=error.occurred_at,
        count=error.count,
        counts_everybody=error.counts_everybody,
        users_affected=error.users_affected,
        page=error.page,
        session_id=error.session_id,
        status=error.status,
    )
