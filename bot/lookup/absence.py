"""
What may be said of somebody of whom nothing was found: it depends on the span each source has looked at.

The one place that decides it, for every text and for `lookup --json`. "Nobody" may be said only where every
source has looked at the whole span that was asked for, by every name that it may know them by.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from bot.domain.coverage import Coverage
from bot.domain.model import CaseFile, Finding, SourceName, State

# The longest that "nobody" is kept for now by any source (`Freshness.nobody`).
_NOW_LASTS = timedelta(minutes=5)


class Reach(StrEnum):
    """How much of the asked span a source has looked at."""

    WHOLE = "whole"
    # From some time within the span on.
    SHORT = "short"
    # Up to some time before now.
    UNTIL = "until"
    # From some time within the span on, up to some time before now.
    BETWEEN = "between"
    # Some time ago, and not now.
    EARLIER = "earlier"
    # At the whole span, by a name that may not be the one by which it knows the person.
    BY_NAME = "by name"
    # A part of what was asked failed, or could not be read.
    PARTLY = "partly"
    NONE = "none"


class Looked(NamedTuple):
    """From when until when a source has looked."""

    source: SourceName
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Absence:
    """
    The sources by how much of the asked span they have looked at, where nothing was found.

    `since` is from when on all of `short` have looked, None without any; `until` is up to when all of `ended`
    have; `between` are those that have done neither up to now nor from the beginning; `by_name` may know the
    subject by another name, beside how far they have looked; `in_doubt` says that something was found
    of which it is not known whose it is.
    """

    whole: tuple[SourceName, ...] = ()
    short: tuple[SourceName, ...] = ()
    ended: tuple[SourceName, ...] = ()
    between: tuple[Looked, ...] = ()
    earlier: tuple[SourceName, ...] = ()
    partly: tuple[SourceName, ...] = ()
    by_name: tuple[SourceName, ...] = ()
    unheard: tuple[SourceName, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    in_doubt: bool = False

    @property
    def is_nobody(self) -> bool:
        """Whether there is surely nobody: every source has looked at the whole span, by every name."""
        short = self.short or self.ended or self.between or self.earlier or self.partly
        return bool(self.whole) and not (short or self.by_name or self.unheard or self.in_doubt)

    @property
    def is_unknown(self) -> bool:
        """Whether no source has looked at all."""
        looked = self.whole or self.short or self.ended or self.between
        return not (looked or self.earlier or self.partly or self.by_name)


def asked_from(case_file: CaseFile) -> datetime:
    """The beginning of the span that a case file was asked for."""
    return case_file.as_of - timedelta(days=case_file.days)


def covers_from(finding: Finding, case_file: CaseFile) -> datetime | None:
    """
    The time from which on a source has looked; None where it has looked at the whole span asked for.

    A source that has not looked at all has done so from the case file's own time on.
    """
    if not finding.answered:
        return case_file.as_of
    begins = [finding.complete_from] if finding.complete_from else []
    if finding.covers is not None:
        begins.append(_unbroken_from(finding.covers, finding.as_of or case_file.as_of))
    begin = max(begins, default=None)
    return begin if begin is not None and begin > asked_from(case_file) else None


def _unbroken_from(covers: Coverage, as_of: datetime) -> datetime:
    """From when on an index has no gap; its own time where it covers nothing."""
    return covers.latest.start if covers.latest else as_of


def reach(finding: Finding, case_file: CaseFile) -> Reach:
    """How much of the span that was asked for a source has looked at."""
    if not finding.answered:
        return Reach.NONE
    if finding.failure is not None or finding.state in (State.STALE, State.QUOTA, State.FAILED):
        return Reach.EARLIER
    if finding.partial or finding.left_out:
        return Reach.PARTLY
    is_short, has_ended = covers_from(finding, case_file), ended_at(finding, case_file)
    if is_short or has_ended:
        return Reach.BETWEEN if is_short and has_ended else Reach.SHORT if is_short else Reach.UNTIL
    # Whoever was found elsewhere is not missed here.
    return Reach.BY_NAME if finding.by_other_name and not case_file.sessions else Reach.WHOLE


def is_complete(case_file: CaseFile) -> bool:
    """Whether every source has looked at the whole span, so that what is not there was not."""
    if case_file.waiting or case_file.doubts or not case_file.findings:
        return False
    return all(reach(finding, case_file) is Reach.WHOLE for finding in case_file.findings)


def ended_at(finding: Finding, case_file: CaseFile) -> datetime | None:
    """When a source looked last, where that is longer ago than may be called now; None where it is not."""
    as_of = finding.as_of
    return as_of if as_of is not None and case_file.as_of - as_of > _NOW_LASTS else None


def looked_between(finding: Finding, case_file: CaseFile) -> Looked | None:
    """From when until when a source has looked, where that is neither from the beginning nor up to now."""
    since, until = covers_from(finding, case_file), ended_at(finding, case_file)
    return Looked(finding.source, since, until) if since and until else None


def absence(case_file: CaseFile) -> Absence | None:
    """How the sources have looked for somebody; None where something was found or is still asked for."""
    if case_file.waiting or case_file.sessions or case_file.errors:
        return None
    by_reach: dict[Reach, list[Finding]] = {}
    for finding in case_file.findings:
        by_reach.setdefault(reach(finding, case_file), []).append(finding)
    short, ended = by_reach.get(Reach.SHORT, []), by_reach.get(Reach.UNTIL, [])
    between = by_reach.get(Reach.BETWEEN, [])
    looked = _names([*by_reach.get(Reach.BY_NAME, ()), *short, *ended, *between])
    begins = [begin for finding in short if (begin := covers_from(finding, case_file))]
    return Absence(
        whole=_names(by_reach.get(Reach.WHOLE, ())),
        short=_names(short),
        ended=_names(ended),
        between=tuple(one for finding in between if (one := looked_between(finding, case_file))),
        earlier=_names(by_reach.get(Reach.EARLIER, ())),
        partly=_names(by_reach.get(Reach.PARTLY, ())),
        by_name=_names([f for f in case_file.findings if f.by_other_name and f.source in looked]),
        unheard=_names(by_reach.get(Reach.NONE, ())),
        since=max(begins, default=None),
        until=min((end for finding in ended if (end := ended_at(finding, case_file))), default=None),
        in_doubt=bool(case_file.doubts),
    )


def is_surely_nobody(case_files: Sequence[CaseFile]) -> bool:
    """Whether each of these case files is about somebody whom surely no source has."""
    every = [absence(case_file) for case_file in case_files]
    return bool(every) and all(one is not None and one.is_nobody for one in every)


def _names(findings: Sequence[Finding]) -> tuple[SourceName, ...]:
    return tuple(finding.source for finding in findings)
