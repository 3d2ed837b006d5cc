"""A case file as a terminal shows it: plain lines, times in UTC."""

from bot.answers.absence_words import absence_line
from bot.answers.mrkdwn import counted, lasting
from bot.answers.wording import state_words
from bot.cli.lookup_json import clockface, detail
from bot.cli.terminal import moment_text, printable
from bot.domain.model import CaseFile, ErrorEvent, Session
from bot.domain.visits.history import history_of

_SHOWN = 20


def case_file_text(case_file: CaseFile) -> str:
    """Sessions, errors and sources, a line each, links below."""
    sessions, errors = case_file.sessions, case_file.errors
    found = f"{counted(len(sessions), 'session')}, {counted(len(errors), 'error')}"
    found = absence_line(case_file, clockface, str) or f"{found} in {counted(case_file.days, 'day')}"
    lines = [f"{printable(case_file.subject.value)}: {found}"]
    lines += [""] if sessions else []
    grouped = [
        (one, number > 0)
        for visit in history_of(case_file).visits
        for number, one in enumerate(reversed(visit.sessions))
    ]
    for session, is_twin in grouped[:_SHOWN]:
        lines += _session_lines(session, "the same visit" if is_twin else "")
    if len(sessions) > _SHOWN:
        lines.append(f"… and {counted(len(sessions) - _SHOWN, 'older session')}")
    if errors:
        lines += ["", "Errors", *(_error_line(error) for error in errors[:_SHOWN])]
    for doubt in case_file.doubts:
        names = ", ".join(printable(subject.value) for subject in doubt.shared_by)
        names += f" and {doubt.more} more" if doubt.more else ""
        lines += [
            "",
            f"{printable(doubt.name.value)} goes with several names, none of which was followed: {names}",
        ]
    lines += ["", "Sources"]
    for finding in case_file.findings:
        index = f"index to {clockface(finding.as_of)}" if finding.covers and finding.as_of else ""
        parts = (state_words(finding, case_file, clockface), index, detail(finding))
        words = "; ".join(part for part in parts if part)
        lines.append(f"  {finding.source}  {finding.state}: {words}  ({counted(finding.calls, 'call')})")
    return "\n".join(lines)


def _session_lines(session: Session, words: str) -> list[str]:
    when = moment_text(session.started_at) + (" – now" if session.live else "")
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
        moment_text(error.occurred_at) if error.occurred_at else "",
        str(error.source),
        error.title[:150],
        f"{error.count} times" if error.count and error.count > 1 else "",
        error.url or "",
    ]
    return printable("  " + "  ".join(part for part in parts if part))
