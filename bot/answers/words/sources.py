"""
How the sources are: in one line where all is well, in a line of its own what is late, old, spent or failed.

What is left of a quota is nothing that an agent needs here: `/sessions debug` and App Home have it.
"""

from collections.abc import Sequence

from bot.answers.mrkdwn import ago, counted
from bot.answers.words import table
from bot.answers.words.style import Mark, Style, listed
from bot.domain.model import CaseFile, Finding, State
from bot.lookup.absence import Reach, absence, covers_from, ended_at, reach

# Characters of a remark, and of what went wrong.
_REMARK, _FAILURE = 200, 250
# Remarks that begin so tell of errors that were left unread, or that could not be had; those that end so tell
# of another name to ask by.
_ON_ERRORS, _NO_ERRORS, _HELPS_TO_FIND = "errors", "errors are missing", "may find more"


def source_lines(case_file: CaseFile, style: Style) -> list[str]:
    """One line for all that are well, and one for each that is not."""
    well = [finding for finding in case_file.findings if _is_well(finding, case_file)]
    others = [finding for finding in case_file.findings if finding not in well]
    heard = {finding.source for finding in case_file.findings}
    asked = [name for name in case_file.waiting if name not in heard]
    lines = [_well_line(well, case_file, style)] if well else []
    lines += [
        _own_line(finding, case_file, style)
        for finding in others
        if _remarks(finding, case_file) or not _is_said_above(finding, case_file)
    ]
    if asked:
        lines.append(_marked(Mark.ASKING, table.STILL_ASKING.format(sources=style.labels(asked)), style))
    return lines


def _is_well(finding: Finding, case_file: CaseFile) -> bool:
    if reach(finding, case_file) is not Reach.WHOLE or finding.source in case_file.waiting:
        return False
    return all(map(_is_unread, _notes(finding, case_file)))


def _notes(finding: Finding, case_file: CaseFile) -> list[str]:
    """What there is to say of a source, without what helps to find somebody who was found."""
    notes = [note for note in finding.notes if not (case_file.sessions and note.endswith(_HELPS_TO_FIND))]
    return list(dict.fromkeys(notes))


def _is_unread(note: str) -> bool:
    """Whether a remark says that errors were left unread, to spare calls."""
    return note.startswith(_ON_ERRORS) and not note.startswith(_NO_ERRORS)


def _unread(finding: Finding, case_file: CaseFile) -> str:
    """Which errors were read, where not all of them were: "errors of 3 sessions alone", without why."""
    unread = filter(_is_unread, _notes(finding, case_file))
    return ", ".join(note.partition(":")[0] for note in unread)


def _remarks(finding: Finding, case_file: CaseFile) -> list[str]:
    """The remarks of a line of its own."""
    unread = _unread(finding, case_file)
    said = [note for note in _notes(finding, case_file) if not _is_unread(note)]
    return [*said, *([table.ERRORS_UNREAD.format(what=unread)] if unread else [])]


def _well_line(well: Sequence[Finding], case_file: CaseFile, style: Style) -> str:
    ages = [(case_file.as_of - f.as_of).total_seconds() for f in well if f.as_of]
    is_live = all(finding.state is State.LIVE for finding in well)
    names = style.labels(finding.source for finding in well)
    is_all = len(well) == len(case_file.findings) and not case_file.waiting
    if is_all and len(well) > 1:
        sentence = table.ALL_LIVE if is_live else table.ALL_ASKED
    elif is_live:
        sentence = table.ONE_LIVE if len(well) == 1 else table.SOME_LIVE
    else:
        sentence = table.SOME_ASKED
    words = sentence.format(tools=counted(len(well), "tool"), sources=names, ago=ago(max(ages, default=0)))
    unread = [
        table.OF_SOURCE.format(source=style.label(finding.source), what=style.text(what, _REMARK))
        for finding in well
        if (what := _unread(finding, case_file))
    ]
    if unread:
        words += f" · {table.ERRORS_NOT_ALL_READ.format(sources=listed(unread))}"
    return _marked(Mark.SHORT if case_file.waiting else Mark.WELL, words, style)


def _own_line(finding: Finding, case_file: CaseFile, style: Style) -> str:
    state = "" if _is_said_above(finding, case_file) else _state_words(finding, case_file, style)
    parts = [state, *(style.text(note, _REMARK) for note in _remarks(finding, case_file))]
    if finding.failure:
        parts.append(style.text(finding.failure.message, _FAILURE))
        if finding.failure.until:
            parts.append(table.AGAIN.format(time=style.time(finding.failure.until)))
    first, *rest = [part for part in parts if part] or [style.label(finding.source)]
    if not state:
        first = table.SAYS.format(source=style.label(finding.source), what=first)
    return _marked(_mark(finding, case_file), "; ".join([first, *rest]), style)


def _is_said_above(finding: Finding, case_file: CaseFile) -> bool:
    """Whether it is said already, where nobody was found, how far a source has looked."""
    looked = (Reach.SHORT, Reach.UNTIL, Reach.BETWEEN)
    return absence(case_file) is not None and reach(finding, case_file) in looked


def _state_words(finding: Finding, case_file: CaseFile, style: Style) -> str:
    """How much a source knows, and since when; empty where it knows nothing."""
    label = style.label(finding.source)
    age = ago((case_file.as_of - finding.as_of).total_seconds()) if finding.as_of else ""
    if finding.source in case_file.waiting and not finding.failure:
        return (
            table.ASKING_AGAIN.format(source=label, ago=age)
            if age
            else table.STILL_ASKING.format(sources=label)
        )
    match reach(finding, case_file):
        case Reach.EARLIER:
            return table.ANSWERED_BEFORE.format(source=label, ago=age)
        case Reach.PARTLY:
            return table.IN_PART.format(source=label)
        case Reach.SHORT | Reach.UNTIL | Reach.BETWEEN:
            return _span_words(finding, case_file, style)
        case _:
            return ""


def _span_words(finding: Finding, case_file: CaseFile, style: Style) -> str:
    """Of which time a source knows anything, where that is not the whole that was asked for; else empty."""
    label = style.label(finding.source)
    since, until = covers_from(finding, case_file), ended_at(finding, case_file)
    if since and until:
        return table.KNOWS_BETWEEN.format(source=label, since=style.time(since), until=style.time(until))
    if until:
        return table.KNOWS_UNTIL.format(source=label, time=style.time(until))
    return table.KNOWS_SINCE.format(source=label, time=style.time(since)) if since else ""


def _mark(finding: Finding, case_file: CaseFile) -> Mark:
    if finding.source in case_file.waiting:
        return Mark.ASKING
    if finding.state in (State.FAILED, State.QUOTA):
        return Mark.FAILED
    return Mark.OLD if finding.state is State.STALE else Mark.SHORT


def _marked(mark: Mark, words: str, style: Style) -> str:
    return f"{style.mark(mark)} {words}"
