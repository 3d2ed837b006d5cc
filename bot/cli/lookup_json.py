"""The documented JSON of a case file (`design.md`, `lookup --json`): names and shapes are a promise."""

from datetime import datetime
from typing import Any

from bot.answers.freshness import covers_words, left_words
from bot.cli.json_values import iso
from bot.domain.model import CaseFile, ErrorEvent, Finding, Session
from bot.lookup.absence import covers_from


def case_file_json(case_file: CaseFile) -> dict[str, Any]:
    """The object that `casefile lookup --json` prints."""
    return {
        "subject": {"kind": case_file.subject.kind.value, "value": case_file.subject.value},
        "as_of": iso(case_file.as_of),
        "days": case_file.days,
        "sessions": [_session(session) for session in case_file.sessions],
        "errors": [_error(error) for error in case_file.errors],
        "sources": [_source(finding, case_file) for finding in case_file.findings],
    }


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


def detail(finding: Finding) -> str:
    """What a source's state does not say: remarks, what went wrong, and until when."""
    parts = [covers_words(finding.covers, clockface)] if finding.covers else []
    parts += finding.notes
    if finding.failure:
        parts.append(finding.failure.message)
        if finding.failure.until:
            parts.append(f"again from {iso(finding.failure.until)}")
    parts.append(left_words(finding, clockface))
    return "; ".join(part for part in parts if part)


def clockface(moment: datetime) -> str:
    """A time as terminals and programs are shown it in a sentence, to the minute."""
    return f"{moment:%Y-%m-%dT%H:%MZ}"
