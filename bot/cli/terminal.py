"""A case file and the quotas as a terminal shows them: plain lines, times in UTC."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.answers.mrkdwn import counted, lasting
from bot.answers.quota_words import window
from bot.answers.wording import state_words
from bot.cli.lookup_json import detail
from bot.cli.ticket_json import ticket_json
from bot.domain.model import CaseFile, ErrorEvent, Session, visits
from bot.sources.quota import QuotaState
from bot.tickets.decide import Action, TicketReading

_SHOWN = 20


def case_file_text(case_file: CaseFile) -> str:
    """Give sessions, errors and sources, a line each, links below."""
    sessions, errors = case_file.sessions, case_file.errors
    found = f"{counted(len(sessions), 'session')}, {counted(len(errors), 'error')}"
    found = f"{found} in {counted(case_file.days, 'day')}" if case_file.answered else "no source could answer"
    lines = [f"{printable(case_file.subject.value)}: {found}"]
    lines += [""] if sessions else []
    grouped = [(one, number > 0) for visit in visits(sessions) for number, one in enumerate(visit)]
    for session, is_twin in grouped[:_SHOWN]:
        lines += _session_lines(session, "the same visit" if is_twin else "")
    if len(sessions) > _SHOWN:
        lines.append(f"… and {counted(len(sessions) - _SHOWN, 'older session')}")
    if errors:
        lines += ["", "Errors", *(_error_line(error) for error in errors[:_SHOWN])]
    for doubt in case_file.doubts:
        names = ", ".join(printable(subject.value) for subject in doubt.shared_by)
        lines += [
            "",
            f"{printable(doubt.name.value)} goes with several names, none of which was followed: {names}",
        ]
    lines += ["", "Sources"]
    for finding in case_file.findings:
        index = f"index to {_time(finding.as_of)}" if finding.covers is not None else ""
        parts = (state_words(finding, case_file), index, detail(finding))
        words = "; ".join(part for part in parts if part)
        lines.append(f"  {finding.source}  {finding.state}: {words}  ({counted(finding.calls, 'call')})")
    return "\n".join(lines)


def ticket_text(reading: TicketReading) -> str:
    """Give what a message calls for, and why."""
    told = ticket_json(reading)
    lines = [f"{told['action']}: {told['reason']}"]
    named = {name: told[name] for name in ("requester", "uids", "mentioned") if told[name]}
    lines += [f"  {name}: {', '.join(map(printable, values))}" for name, values in named.items()]
    if reading.ticket:
        ticket = reading.ticket
        lines.append(f"  ticket: {ticket.system} {printable(ticket.id)}  {printable(ticket.url)}")
    if reading.action is Action.REPLY and reading.root_ts:
        lines.append(f"  answered in the thread of {printable(reading.root_ts)}")
    return "\n".join(lines)


def _session_lines(session: Session, words: str) -> list[str]:
    when = _time(session.started_at) + (" – now" if session.live else "")
    parts = [
        when,
        str(session.source),
        "" if session.duration_seconds is None else lasting(session.duration_seconds),
        "" if session.pages is None else counted(session.pages, "page"),
        " → ".join(dict.fromkeys(page for page in (session.entry_page, session.exit_page) if page)),
        ", ".join(part for part in (session.device, session.browser, session.os) if part),
        counted(session.errors, "error") if session.errors else "",
        words,
    ]
    lines = [printable("  " + "  ".join(part for part in parts if part))]
    return [*lines, f"    {session.url}"] if session.url else lines


def _error_line(error: ErrorEvent) -> str:
    parts = [
        _time(error.occurred_at) if error.occurred_at else "",
        str(error.source),
        error.title[:150],
        f"{error.count} times" if error.count and error.count > 1 else "",
        error.url or "",
    ]
    return printable("  " + "  ".join(part for part in parts if part))


def link_text(told: dict[str, Any]) -> str:
    """Give what an address names, a line each; `told` is the JSON's object."""
    if told["vendor"] is None:
        return "This names no page of FullStory, Raygun, Rybbit or UXCam."
    said = [f"  {name}: {printable(value)}" for name, value in told.items() if value and name != "vendor"]
    return "\n".join([str(told["vendor"]), *said])


def quota_text(states: Sequence[QuotaState]) -> str:
    """Give a line for each account."""
    lines = [f"{state.account}  {_quota_words(state)}" for state in states]
    return "\n".join(lines) or "No source is configured."


def _quota_words(state: QuotaState) -> str:
    if state.blocked_until:
        return f"refused by the vendor until {_time(state.blocked_until)}"
    if state.left is None:
        return f"{counted(state.used, 'call')} in the last 24 h, no limit known"
    words = f"{state.left} of {state.limit} calls left in {window(state.seconds or 0)}"
    if state.returns_at and state.limit and state.left < state.limit:
        words += f", the next one back at {_time(state.returns_at)}"
    return words


def _time(moment: datetime | None) -> str:
    return "time not known" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def printable(text: str) -> str:
    """Give untrusted text without control characters: they could rewrite what a terminal shows."""
    return "".join(char if char.isprintable() else " " for char in text)
