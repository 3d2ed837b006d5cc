"""Visits: the sessions of one person that several sources recorded of the same time."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.domain.model import Session

# Sessions without a time come last.
_NO_TIME = datetime.min.replace(tzinfo=UTC)
# Tools that record the same visit begin some seconds apart: within this time it is one visit.
_BEGIN_TOGETHER = timedelta(seconds=90)
# A session that begins later than this after another is never taken for the same visit.
_FURTHEST_APART = timedelta(hours=1)


def visits(sessions: Sequence[Session]) -> tuple[tuple[Session, ...], ...]:
    """
    Sessions grouped by visit, newest first: several sources may have recorded the same visit.

    Each group begins with its newest session and has at most one session of each source.
    """
    ordered = sorted(sessions, key=lambda session: session.started_at or _NO_TIME, reverse=True)
    placed: set[int] = set()
    groups = []
    for number, first in enumerate(ordered):
        if number in placed:
            continue
        group = [first]
        for other_number, other in enumerate(ordered[number + 1 :], number + 1):
            if not _is_near(first, other):
                break
            if other_number in placed or other.source in {session.source for session in group}:
                continue
            if _is_same_visit(first, other):
                group.append(other)
                placed.add(other_number)
        groups.append(tuple(group))
    return tuple(groups)


def _is_near(later: Session, earlier: Session) -> bool:
    if later.started_at is None or earlier.started_at is None:
        return False
    return later.started_at - earlier.started_at <= _FURTHEST_APART


def _is_same_visit(later: Session, earlier: Session) -> bool:
    if later.started_at is None or earlier.started_at is None:
        return False
    if later.started_at - earlier.started_at <= _BEGIN_TOGETHER:
        return True
    return earlier.ended_at is not None and later.started_at <= earlier.ended_at


# A session without a known end is taken to have lasted this long.
_ASSUMED_LENGTH = timedelta(hours=2)


def holds(session: Session, moment: datetime) -> bool:
    """Whether a session was running at a moment; where its end is not known, whether it may have been."""
    if session.started_at is None or session.started_at > moment:
        return False
    if session.ended_at is not None and not session.live:
        return moment <= session.ended_at
    return bool(session.live) or moment - session.started_at <= _ASSUMED_LENGTH


def session_at(sessions: Sequence[Session], moment: datetime) -> tuple[Session, bool] | None:
    """
    The session that was running at a moment, or else the last one that began before it; None without either.

    The second value is whether it was running then, as far as the vendor says.
    """
    before = [s for s in sessions if s.started_at is not None and s.started_at <= moment]
    running = [s for s in before if s.live or (s.ended_at is not None and s.ended_at >= moment)]
    latest = max(running or before, key=lambda s: s.started_at or _NO_TIME, default=None)
    return None if latest is None else (latest, bool(running))
