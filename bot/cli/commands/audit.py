"""`casefile audit`: who looked whom up."""

import json
import re
import sys
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated, Any

from cyclopts import Parameter

from bot.answers.mrkdwn import counted
from bot.audit.search import AuditRow, search
from bot.cli.arguments import AsJson
from bot.cli.as_json.json_values import iso
from bot.cli.running import run_once
from bot.cli.subjects import subject_of
from bot.cli.terminal import OK, Complaint, moment_text, print_table, printable
from bot.domain.model import Subject
from bot.engine.opening import open_engine
from bot.settings.model import Settings

_SPAN = re.compile(r"(\d{1,5})([dh])")
_HEAD = ("when", "who", "where", "asked by", "about", "came of it", "found", "shown to")
_UNITS = {"d": timedelta(days=1), "h": timedelta(hours=1)}


def audit(
    *,
    since: Annotated[
        str | None, Parameter(help="only the last so many days or hours, such as 7d or 12h")
    ] = None,
    subject: Annotated[str | None, Parameter(help="only about this address or uid")] = None,
    by: Annotated[str | None, Parameter(help="only by this person: a Slack id (U…)")] = None,
    as_json: AsJson = False,
) -> int:
    """Print who looked whom up, where, and what came of it, oldest first; the exit status."""
    span, about = _read_span(since), None if subject is None else subject_of(subject)
    return run_once(
        lambda settings: _show(settings, span, about, by, as_json=as_json), tells_what_is_stored=True
    )


def _read_span(since: str | None) -> timedelta | None:
    if since is None:
        return None
    read = _SPAN.fullmatch(since.strip().lower())
    if read is None:
        raise Complaint("--since takes days or hours, such as 7d or 12h")
    return int(read[1]) * _UNITS[read[2]]


async def _show(
    settings: Settings, since: timedelta | None, subject: Subject | None, by: str | None, *, as_json: bool
) -> int:
    async with open_engine(settings) as engine:
        rows = await search(engine.store, engine.keyring, since=since, subject=subject, by=by)
    if as_json:
        print(json.dumps([row_json(row) for row in rows], ensure_ascii=False, indent=1))
    elif rows and sys.stdout.isatty():
        print_table(_HEAD, [_cells(row) for row in rows])
    else:
        print(rows_text(rows))
    return OK


def row_json(row: AuditRow) -> dict[str, Any]:
    """One row, as the README has it."""
    return {
        "at": iso(row.at),
        "who": row.who,
        "channel": row.channel,
        "way": row.way,
        "subject": _subject_text(row),
        "sources": list(row.sources),
        "sessions": row.sessions,
        "errors": row.errors,
        "shown_to": row.shown_to,
        "outcome": row.outcome,
    }


def rows_text(rows: Sequence[AuditRow]) -> str:
    """A line for each row."""
    return "\n".join(map(_line, rows)) or "Nobody was looked up, as far back as the audit trail goes."


def _line(row: AuditRow) -> str:
    found = f"{counted(row.sessions, 'session')}, {counted(row.errors, 'error')}"
    parts = (
        moment_text(row.at),
        row.who or "nobody",
        row.channel or "-",
        row.way,
        printable(_subject_text(row) or "-"),
        row.outcome,
        *([f"{found} from {', '.join(row.sources)}"] if row.sources else []),
        f"shown to {row.shown_to}",
    )
    return "  ".join(parts)


def _cells(row: AuditRow) -> list[str]:
    """A row as a terminal's table has it."""
    found = f"{counted(row.sessions, 'session')}, {counted(row.errors, 'error')}" if row.sources else ""
    return [
        moment_text(row.at),
        row.who or "nobody",
        row.channel or "-",
        row.way,
        printable(_subject_text(row) or "-"),
        row.outcome,
        found,
        row.shown_to,
    ]


def _subject_text(row: AuditRow) -> str | None:
    """Whom a row is about; a hash where nobody is named."""
    if row.subject is not None:
        return row.subject.typed
    return f"hash:{row.hash}" if row.hash else None
