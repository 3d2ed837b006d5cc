"""How fresh and how complete an index is, and what is left of a small quota, in words for people."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.answers.mrkdwn import counted, lasting
from bot.domain.coverage import Coverage
from bot.domain.model import Finding

_DAY = timedelta(days=1)
# With fewer calls left than this, it matters when the next one comes back.
_FEW_CALLS = 10

Clockface = Callable[[datetime], str]
"""Writes a time as its reader is used to."""


def index_words(finding: Finding, time: Clockface) -> str:
    """Give up to when an index goes, and what it covers."""
    if finding.as_of is None or finding.covers is None:
        return ""
    return f"index to {time(finding.as_of)}, {covers_words(finding.covers, time)}"


def covers_words(covers: Coverage, time: Clockface) -> str:
    """Give what an index is complete for: `covers 7 days`, `covers from 09:10`, or how much of how long."""
    if not covers.spans:
        return "covers nothing yet"
    begin, end = covers.spans[0].start, covers.spans[-1].end
    known = sum((span.length for span in covers.spans), timedelta())
    if len(covers.spans) == 1:
        return f"covers {_days(known)}" if known > 1.5 * _DAY else f"covers from {time(begin)}"
    missing = end - begin - known
    if end - begin > 1.5 * _DAY and missing < (end - begin) / 10:
        return f"covers {_days(end - begin)} but for {lasting(int(missing.total_seconds()) // 60 * 60)}"
    return f"covers {_about(known)} of the last {_about(end - begin)}"


def left_words(finding: Finding, time: Clockface) -> str:
    """Give how many calls are left and, of few, until when that holds."""
    if finding.calls_left is None:
        return ""
    left = f"{counted(finding.calls_left, 'call')} left"
    few = finding.calls_left < _FEW_CALLS and finding.calls_back is not None
    return f"{left} until {time(finding.calls_back)}" if few and finding.calls_back else left


def _days(length: timedelta) -> str:
    return counted(round(length / _DAY), "day")


def _about(length: timedelta) -> str:
    return _days(length) if length > 1.5 * _DAY else lasting(int(length.total_seconds()) // 60 * 60)
