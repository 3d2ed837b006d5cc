"""
An answer as what a workflow's step hands to the steps after it: text, numbers and links.

Nobody knows where a workflow shows them, and whether that reads Slack's markup. So the text has none, and
what a vendor or a customer wrote neither mentions anybody nor looks like a link in either case.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

from bot.answers.mrkdwn import counted, one_line
from bot.answers.targets.masked import masked_name
from bot.answers.words import table
from bot.answers.words.counts import found_line, headline
from bot.answers.words.errors import LastTrouble, last_trouble, trouble_line, watch_link
from bot.answers.words.people import doubt_lines, persona_of, users_of, who_line
from bot.answers.words.sources import source_lines
from bot.answers.words.style import LABEL, Style, joined, with_short_labels
from bot.answers.words.table import steps
from bot.answers.words.visits import Common, VisitLines
from bot.domain.addresses import LONGEST_SUBJECT
from bot.domain.model import CaseFile, UrlIs
from bot.domain.visits.history import History, history_of
from bot.lookup.absence import is_complete
from bot.sources.registry import TITLES

# Slack's markup stands in such brackets; these look much the same, and are none.
_LIKE: Mapping[int, str] = MappingProxyType(str.maketrans({"<": "‹", ">": "›"}))
# U+2060 is invisible: with it in the middle neither a call to everybody is one, nor an address a link, nor
# `:tada:` a picture.
_CALLS = re.compile(r"@(?=channel|here|everyone)|(?<=:)(?=//|[\w+'-]{1,100}:)", re.IGNORECASE)
# Characters of the whole text; a message of Slack's takes some more.
_LONGEST = 3_000


def _plain(text: str, most: int) -> str:
    line = one_line(text).translate(dict(_LIKE))
    line = line if len(line) <= most else f"{line[: most - 1].rstrip()}…"
    return _CALLS.sub(lambda call: f"{call[0]}\u2060", line)


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


PLAIN = Style(
    text=_plain,
    name=_plain,
    bold=lambda text: text,
    link=lambda url, label: steps.LINK.format(label=label, url=url),
    time=_time,
    mark=lambda _mark: "",
    label=lambda name: f"{TITLES[name.vendor]} ({_plain(name.account, LABEL)})",
)


def outputs(case_file: CaseFile) -> dict[str, Any]:
    """The whole answer: its text, whether and how much was found, and the newest links there are."""
    history = history_of(case_file)
    links = {"session_link": _session_link(history), "error_link": _error_link(history)}
    return {
        "answer": _cut(_lines(case_file, history)),
        **_numbers(case_file, history),
        **{name: url for name, url in links.items() if url},
    }


def masked_outputs(case_file: CaseFile, command: str) -> dict[str, Any]:
    """The same without the customer's name, links, and anything that a vendor wrote."""
    history = history_of(case_file)
    who = table.VISITS_OF.format(who=_plain(masked_name(case_file.subject), LONGEST_SUBJECT))
    found = [counted(len(history.visits), "visit")]
    found += [counted(history.error_count, "error")] if history.error_count else []
    if case_file.last_seen:
        found.append(table.LAST_SEEN.format(time=_time(case_file.last_seen)))
    lines = [f"{who}: {joined(found)}", steps.MASKED.format(command=command)]
    return {"answer": _cut(lines), **_numbers(case_file, history)}


def failures_line(case_file: CaseFile) -> str:
    """Why each of the tools could not answer."""
    style = with_short_labels(PLAIN, [case_file])
    return joined(
        table.SAYS.format(source=style.label(finding.source), what=_plain(finding.failure.message, 300))
        for finding in case_file.findings
        if finding.failure
    )


def _numbers(case_file: CaseFile, history: History) -> dict[str, Any]:
    return {
        "found": bool(history.visits or history.happenings),
        "complete": is_complete(case_file),
        "visits": len(history.visits),
        "errors": history.error_count,
    }


def _lines(case_file: CaseFile, history: History) -> list[str]:
    style = with_short_labels(PLAIN, [case_file])
    lines = [who_line(persona_of(case_file.subject, users_of(case_file)), style)]
    if not history.visits and not history.happenings:
        lines.append(headline(case_file, history, style))
    else:
        trouble = last_trouble(history)
        lines += [trouble_line(trouble, history, style)] if trouble else []
        lines.append(found_line(case_file, history, style))
        if history.visits:
            visit = history.visits[0]
            lines += VisitLines(style, Common()).of(visit, errors=len(history.in_visit(visit)))
    return [*lines, *doubt_lines(case_file, style), *source_lines(case_file, style)]


def _cut(lines: list[str]) -> str:
    """The lines as text; of too many the last ones are left out, for half an address leads elsewhere."""
    kept, left = [], _LONGEST
    for line in (one.strip() for one in lines):
        left -= len(line) + 1
        if left < 0:
            break
        if line:
            kept.append(line)
    return "\n".join(kept)


def _session_link(history: History) -> str | None:
    """The newest visit's replay; the person's own page where its tool has no page for a single one."""
    sessions = [one for visit in history.visits[:1] for one in visit.sessions if one.url]
    replays = [one.url for one in sessions if one.url_is is UrlIs.SESSION]
    return next((url for url in (*replays, *(one.url for one in sessions)) if url), None)


def _error_link(history: History) -> str | None:
    """What shows the newest error: the moment in a replay, else the tool's page of the error."""
    newest = next(iter(history.happenings), None)
    if newest is None:
        return None
    if watched := watch_link(LastTrouble(newest, newest.visit), history):
        return watched[0]
    return next((error.url for error in newest.errors if error.url), None)
