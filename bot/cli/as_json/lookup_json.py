"""The documented JSON of a case file (`design.md`, `lookup --json`): names and shapes are a promise."""

from collections.abc import Mapping
from typing import Any, TypeVar

from bot.answers.words.freshness import detail
from bot.cli.as_json.json_values import iso
from bot.domain.model import CaseFile, ErrorEvent, Finding, Session
from bot.domain.visits.history import History, history
from bot.domain.visits.model import SaidBy, Visit
from bot.lookup.absence import covers_from

T = TypeVar("T")


def case_file_json(case_file: CaseFile) -> dict[str, Any]:
    """The object that `casefile lookup --json` prints."""
    sessions, errors = case_file.sessions, case_file.errors
    own = history(sessions, errors)
    session_at = {id(session): place for place, session in enumerate(sessions)}
    error_at = {id(error): place for place, error in enumerate(errors)}
    return {
        "subject": {"kind": case_file.subject.kind.value, "value": case_file.subject.value},
        "as_of": iso(case_file.as_of),
        "days": case_file.days,
        "sessions": [_session(session) for session in sessions],
        "errors": [_error(error) for error in errors],
        "sources": [_source(finding, case_file) for finding in case_file.findings],
        "visits": [_visit(visit, own, session_at, error_at) for visit in own.visits],
    }


def _visit(
    visit: Visit, own: History, session_at: Mapping[int, int], error_at: Mapping[int, int]
) -> dict[str, Any]:
    """
    A visit: its sessions and errors by their places in `sessions` and `errors`, and what all say of it.

    `distinct_errors` are the same errors, those of one happening together; `told_by` names the sources of
    each value.
    """
    happenings = [sorted(error_at[id(e)] for e in one.errors) for one in own.in_visit(visit)]
    way, device, place = _value(visit.way), _value(visit.device), _value(visit.place)
    values: dict[str, SaidBy[Any] | None] = {
        "started_at": visit.started_at,
        "ended_at": visit.ended_at,
        "duration_seconds": visit.duration_seconds,
        "live": visit.live,
        "pages": visit.way,
        "device": visit.device,
        "place": visit.place,
    }
    return {
        "started_at": iso(_value(visit.started_at)),
        "ended_at": iso(_value(visit.ended_at)),
        "duration_seconds": _value(visit.duration_seconds),
        "live": _value(visit.live),
        "sessions": sorted(session_at[id(session)] for session in visit.sessions),
        "errors": sorted(place for one in happenings for place in one),
        "distinct_errors": happenings,
        "pages": way.count if way else None,
        "entry_page": way.first if way else None,
        "exit_page": way.last if way else None,
        "device": device.device if device else None,
        "browser": device.browser if device else None,
        "os": device.os if device else None,
        "country": place.country if place else None,
        "city": place.city if place else None,
        "told_by": {name: [str(source) for source in one.by] for name, one in values.items() if one},
    }


def _value(told: SaidBy[T] | None) -> T | None:
    return told.value if told else None


def _session(session: Session) -> dict[str, Any]:
    return {
        "vendor": session.source.vendor,
        "account": session.source.account,
        "id": session.id,
        "url": session.url,
        "url_is": session.url_is.value,
        "started_at": iso(session.started_at),
        "ended_at": iso(session.ended_at),
        "duration_seconds": session.duration_seconds,
        "live": session.live,
        "user": {"uid": session.user.uid, "email": session.user.email, "name": session.user.name},
        "pages": session.pages,
        "entry_page": session.entry_page,
        "exit_page": session.exit_page,
        "device": session.device,
        "browser": session.browser,
        "os": session.os,
        "country": session.country,
        "city": session.city,
        "errors": session.errors,
    }


def _error(error: ErrorEvent) -> dict[str, Any]:
    return {
        "vendor": error.source.vendor,
        "account": error.source.account,
        "id": error.id,
        "title": error.title,
        "url": error.url,
        "occurred_at": iso(error.occurred_at),
        "count": error.count,
        "session_id": error.session_id,
        "status": error.status,
    }


def _source(finding: Finding, case_file: CaseFile) -> dict[str, Any]:
    return {
        "vendor": finding.source.vendor,
        "account": finding.source.account,
        "state": finding.state.value,
        "as_of": iso(finding.as_of),
        "calls": finding.calls,
        "covers_from": iso(covers_from(finding, case_file)),
        "detail": detail(finding),
    }
