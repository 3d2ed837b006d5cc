"""
The note on a ticket in its help desk, in HTML: who it is, the visit at the ticket's time, the newest error.

Help desks show HTML; whatever a vendor or a customer wrote is escaped.
"""

import html
import re
from collections.abc import Sequence
from datetime import datetime

from bot.answers.words import table
from bot.answers.words.counts import headline
from bot.answers.words.errors import last_trouble, trouble_line
from bot.answers.words.people import persona_of, users_of, who_line
from bot.answers.words.style import Style, with_short_labels
from bot.answers.words.visits import Common, VisitLines
from bot.domain.model import CaseFile, SourceName
from bot.domain.visits.history import history_of
from bot.domain.visits.moments import visit_at
from bot.sources.registry import TITLES

# U+2060 is invisible: with it in the middle, help desks make no link of what looks like an address.
_ADDRESSES = re.compile(r"(?<=:)(?=//)|(?<=www)(?=\.)", re.IGNORECASE)


def _text(text: str, most: int) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    line = line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
    return html.escape(_ADDRESSES.sub("\u2060", line))


HTML = Style(
    text=_text,
    name=_text,
    bold=lambda text: f"<b>{text}</b>",
    link=lambda url, label: f'<a href="{html.escape(url)}">{label}</a>',
    time=lambda moment: f"{moment:%Y-%m-%d %H:%M} UTC",
    mark=lambda _mark: "",
    label=lambda name: f"{TITLES[name.vendor]} ({_account(name)})",
)


def _account(name: SourceName) -> str:
    return html.escape(name.account)


def desk_note(case_files: Sequence[CaseFile], ticket_at: datetime | None, mark: str) -> str:
    """The note about one to three people; `mark` is what it is found again by."""
    # Whoever reads it days later has to know when "now" was.
    times = [HTML.time(case_file.as_of) for case_file in case_files]
    lines = [HTML.bold(table.NOTE_HEAD.format(time=max(times)))]
    for case_file in case_files:
        lines += ["", *_lines(case_file, ticket_at)]
    lines += ["", table.NOTE_MARK.format(mark=html.escape(mark))]
    return "<br>".join(line.strip() for line in lines)


def _lines(case_file: CaseFile, ticket_at: datetime | None) -> list[str]:
    history, style = history_of(case_file), with_short_labels(HTML, [case_file])
    lines = [who_line(persona_of(case_file.subject, users_of(case_file)), style)]
    if trouble := last_trouble(history):
        lines.append(trouble_line(trouble, history, style))
    lines.append(headline(case_file, history, style))
    found = visit_at(history.visits, ticket_at) if ticket_at else None
    visit = found[0] if found else next(iter(history.visits), None)
    if visit is None:
        return lines
    words = (table.AT_THE_TICKET if found[1] else table.BEFORE_THE_TICKET) if found else ""
    errors = len(history.in_visit(visit))
    return [*lines, *VisitLines(style, Common()).of(visit, ticket_at, words, errors)]
