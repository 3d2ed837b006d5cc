"""Which session or visit was running at a moment."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.domain.model import Session
from bot.domain.visits.model import Visit

_NO_TIME = datetime.min.replace(tzinfo=UTC)
# A session without a known end is taken to have lasted this long.
_ASSUMED_LENGTH = timedelta(hours=2)


def holds(session: Session, moment: datetime) -> bool:
    """Whether a session was running at a moment; where its end is not known, whether it may have been."""
    if session.started_at is None or session.started_at > moment:
        return False
    if session.ended_at is not None and not session.live:
        return moment <= session.ended_at
    return bool(session.live) or moment - session.started_at <= _ASSUMED_LENGTH


def visit_at(visits: Sequence[Visit], moment: datetime) -> tuple[Visit, bool] | None:
    """
    The visit that was going on at a moment, or else the last one that began before it; None without either.

    The second value is whether it was going on then, as far as the sources say.
    """
    before = [visit for visit in visits if _start(visit) <= moment and visit.started_at]
    running = [visit for visit in before if _is_known_at(visit, moment)]
    latest = max(running or before, key=_start, default=None)
    return None if latest is None else (latest, bool(running))


def _is_known_at(visit: Visit, moment: datetime) -> bool:
    return visit.is_live or (visit.ended_at is not None and visit.ended_at.value >= moment)


def _start(visit: Visit) -> datetime:
    return visit.started_at.value if visit.started_at else _NO_TIME
