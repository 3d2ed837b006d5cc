"""
What is said of somebody of whom nothing was found.

What may be said is decided in `bot/lookup/absence.py`; Slack and the terminal differ only in how they write a
time and a source.
"""

from bot.answers.mrkdwn import counted
from bot.answers.words import table
from bot.answers.words.style import Style, joined
from bot.domain.model import CaseFile
from bot.lookup.absence import Absence, Looked, absence


def absence_line(case_file: CaseFile, style: Style) -> str:
    """In one line, that nothing was found and how far each source has looked; empty where that is not so."""
    found = absence(case_file)
    if found is None:
        return ""
    if found.is_unknown:
        return table.NO_SOURCE_ANSWERED
    if found.is_nobody:
        return table.NOBODY.format(days=counted(case_file.days, "day"))
    others = found.ended or found.between or found.earlier or found.partly or found.unheard
    if found.by_name and not (others or found.short or found.in_doubt):
        days, sources = counted(case_file.days, "day"), style.labels(found.by_name)
        return table.NOTHING_BY_NAME.format(days=days, sources=sources)
    if found.since and not (others or found.by_name or found.in_doubt):
        sources, knows = style.labels(found.short), _knows(len(found.short))
        return table.NOBODY_SINCE.format(time=style.time(found.since), sources=sources, knows=knows)
    return joined([table.NOTHING_SO_FAR, *_limits(found, style)])


def absence_lines(case_file: CaseFile, style: Style) -> list[str]:
    """The same in sentences, for the details: where nobody was found; empty where no source has looked."""
    found = absence(case_file)
    if found is None or found.is_unknown:
        return []
    lines = []
    if found.whole:
        days = counted(case_file.days, "day")
        lines.append(table.NOT_FOUND.format(sources=style.labels(found.whole), days=days))
    so_far = (*found.short, *found.ended, *(looked.source for looked in found.between))
    if by_name := [name for name in found.by_name if name not in so_far]:
        days = counted(case_file.days, "day")
        lines.append(table.NOT_FOUND_BY_NAME.format(sources=style.labels(by_name), days=days))
    if found.short and found.since:
        sources, time = style.labels(found.short), style.time(found.since)
        lines.append(table.NOT_FOUND_SINCE.format(sources=sources, time=time))
    if found.ended and found.until:
        sources, time = style.labels(found.ended), style.time(found.until)
        lines.append(table.NOT_FOUND_UNTIL.format(sources=sources, time=time))
    lines += [_between(table.NOT_FOUND_BETWEEN, looked, style) for looked in found.between]
    if found.earlier or found.partly:
        names = (*found.earlier, *found.partly)
        lines.append(table.NOT_ALL_ASKED.format(sources=style.labels(names)))
    if found.unheard:
        lines.append(table.UNHEARD.format(sources=style.labels(found.unheard)))
    return lines


def _limits(found: Absence, style: Style) -> list[str]:
    """Why nothing can be said of the whole span, a clause for each kind of reason."""
    clauses = []
    if found.unheard:
        clauses.append(table.COULD_NOT_ANSWER.format(sources=style.labels(found.unheard)))
    if found.earlier:
        clauses.append(table.NOT_ASKED_ANEW.format(sources=style.labels(found.earlier)))
    if found.partly:
        clauses.append(table.ANSWERED_IN_PART.format(sources=style.labels(found.partly)))
    if found.short and found.since:
        sources, knows, time = style.labels(found.short), _knows(len(found.short)), style.time(found.since)
        clauses.append(table.LOOKED_SINCE.format(sources=sources, knows=knows, time=time))
    if found.ended and found.until:
        sources, knows, time = style.labels(found.ended), _knows(len(found.ended)), style.time(found.until)
        clauses.append(table.LOOKED_UNTIL.format(sources=sources, knows=knows, time=time))
    clauses += [_between(table.KNOWS_BETWEEN, looked, style) for looked in found.between]
    if found.by_name:
        clauses.append(table.MAY_KNOW_OTHERWISE.format(sources=style.labels(found.by_name)))
    if found.in_doubt:
        clauses.append(table.NAME_IN_DOUBT)
    return clauses


def _between(sentence: str, looked: Looked, style: Style) -> str:
    since, until = style.time(looked.since), style.time(looked.until)
    return sentence.format(source=style.label(looked.source), since=since, until=until)


def _knows(number: int) -> str:
    return "knows" if number == 1 else "know"
