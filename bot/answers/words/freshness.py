"""How fresh and how complete an index is, and what is left of a small quota, in words for people."""

from collections.abc import Callable
from datetime import datetime, timedelta

from bot.answers.mrkdwn import counted, lasting
from bot.domain.coverage import Coverage
from bot.domain.model import Finding

_DAY = timedelta(days=1)
# Spans longer than this are said in days.
_SAID_IN_DAYS = 1.5 * _DAY
# Gaps are said as "but for" where they are less than one part in so many of the whole.
_SMALL_GAPS_IN = 10
# With fewer calls left than this, it is said when the next one comes back.
_FEW_CALLS = 10

Clockface = Callable[[datetime], str]
"""Returns a time in words."""


def covers_words(covers: Coverage, time: Clockface) -> str:
    """What an index is complete for: `covers 7 days`, `covers from 09:10`, `covers 2 h of the last 4 h`."""
    if not covers.spans:
        return "covers nothing yet"
    begin, end = covers.spans[0].start, covers.spans[-1].end
    known = sum((span.length for span in covers.spans), timedelta())
    if len(covers.spans) == 1:
        return f"covers {_days(known)}" if known > _SAID_IN_DAYS else f"covers from {time(begin)}"
    missing = end - begin - known
    if end - begin > _SAID_IN_DAYS and missing < (end - begin) / _SMALL_GAPS_IN:
        return f"covers {_days(end - begin)} but for {lasting(int(missing.total_seconds()) // 60 * 60)}"
    return f"covers {_about(known)} of the last {_about(end - begin)}"


def left_words(finding: Finding, time: Clockface) -> str:
    """
    How many calls are left and, if few, when the next one comes back; empty where that is not known.

    Where a failure names the time at which asking again makes sense, that is the one time to name.
    """
    if finding.calls_left is None:
        return ""
    left = f"{counted(finding.calls_left, 'call')} left"
    if finding.failure and finding.failure.until:
        return left
    few = finding.calls_left < _FEW_CALLS and finding.calls_back is not None
    return f"{left} until {time(finding.calls_back)}" if few and finding.calls_back else left


def detail(finding: Finding) -> str:
    """What a source's state does not say, for programs: remarks, what went wrong, and until when."""
    parts = [covers_words(finding.covers, _to_the_minute)] if finding.covers else []
    parts += finding.notes
    if finding.failure:
        parts.append(finding.failure.message)
        if finding.failure.until:
            parts.append(f"again from {finding.failure.until:%Y-%m-%dT%H:%M:%SZ}")
    parts.append(left_words(finding, _to_the_minute))
    return "; ".join(part for part in parts if part)


def _to_the_minute(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%MZ}"


def _days(length: timedelta) -> str:
    return counted(round(length / _DAY), "day")


def _about(length: timedelta) -> str:
    return _days(length) if length > _SAID_IN_DAYS else lasting(int(length.total_seconds()) // 60 * 60)
