"""
What is said of somebody of whom nothing was found, in words for people.

What may be said is decided in `bot/lookup/absence.py`; Slack and the terminal differ only in how they write a
time and a source.
"""

from collections.abc import Callable, Sequence
from datetime import datetime

from bot.answers.mrkdwn import counted
from bot.domain.model import CaseFile, Finding, SourceName
from bot.lookup.absence import Absence, Reach, absence, covers_from, reach

Clockface = Callable[[datetime], str]
"""Returns a time in words."""
Label = Callable[[SourceName], str]
"""Returns a source as it is written."""


def absence_line(case_file: CaseFile, time: Clockface, label: Label) -> str:
    """In one line, that nothing was found and how far each source has looked; empty where that is not so."""
    found = absence(case_file)
    if found is None:
        return ""
    if found.is_unknown:
        return "No source could answer"
    if found.is_nobody:
        return f"Nobody found in the last {counted(case_file.days, 'day')}"
    others = found.ended or found.earlier or found.partly or found.unheard
    known_since_then = found.since and not (others or found.in_doubt)
    if known_since_then and found.since:
        knows = "knows" if len(found.short) == 1 else "know"
        return f"Nobody since {time(found.since)} · {_listed(found.short, label)} {knows} no more"
    return " · ".join(["Nothing found so far", *_limits(found, time, label)])


def absence_lines(case_file: CaseFile, who: str, time: Clockface, label: Label) -> list[str]:
    """The same in sentences, for the details: where `who` was not found; empty where no source has looked."""
    found = absence(case_file)
    if found is None or found.is_unknown:
        return []
    lines = []
    if found.whole:
        back = f"{counted(case_file.days, 'day')} back"
        lines.append(f"{who} was not found in {_listed(found.whole, label)}, {back}.")
    if found.short and found.since:
        knows = f"{_listed(found.short, label)} since {time(found.since)}; what was before is not known there"
        lines.append(f"{who} was not found in {knows}.")
    if found.ended and found.until:
        knows = f"{_listed(found.ended, label)} until {time(found.until)}; what came since is not known there"
        lines.append(f"{who} was not found in {knows}.")
    if found.earlier or found.partly:
        names = (*found.earlier, *found.partly)
        lines.append(f"What {_listed(names, label)} has now could not all be asked: the reason is below.")
    if found.unheard:
        lines.append(f"{_listed(found.unheard, label)} could not answer: the reason is below.")
    return lines


def _limits(found: Absence, time: Clockface, label: Label) -> list[str]:
    """Why nothing can be said of the whole span, a clause for each kind of reason."""
    clauses = []
    if found.unheard:
        clauses.append(f"{_listed(found.unheard, label)} could not answer")
    if found.earlier:
        clauses.append(f"{_listed(found.earlier, label)} could not be asked anew")
    if found.partly:
        clauses.append(f"{_listed(found.partly, label)} answered in part")
    if found.short and found.since:
        looked = "has looked" if len(found.short) == 1 else "have looked"
        clauses.append(f"{_listed(found.short, label)} {looked} since {time(found.since)} alone")
    if found.ended and found.until:
        looked = "has looked" if len(found.ended) == 1 else "have looked"
        clauses.append(f"{_listed(found.ended, label)} {looked} until {time(found.until)} alone")
    if found.in_doubt:
        clauses.append("a name is in doubt")
    return clauses


def nothing_words(finding: Finding, case_file: CaseFile, time: Clockface) -> str:
    """What one source's line says where it has nothing; no conclusion while others are still asked."""
    if case_file.waiting:
        return "nothing so far"
    match reach(finding, case_file):
        case Reach.WHOLE:
            return "nobody found"
        case Reach.SHORT if since := covers_from(finding, case_file):
            return f"nobody since {time(since)}"
        case _:
            return "nothing found"


def _listed(names: Sequence[SourceName], label: Label) -> str:
    words = [label(name) for name in names]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"
