"""By when a session was over at the latest: FullStory's list tells when sessions began, and no end."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime

from bot.domain.model import Session
from bot.sources.fullstory.api import LONGEST_SESSION


def over_by(sessions: Iterable[Session]) -> Iterator[Session]:
    """
    The sessions, each with when it was over at the latest; those without a time as they are.

    That is a day after it began, or when the same device's next one began: a device, the first half of a
    session's pair, has one session at a time.
    """
    newest_first = sorted(sessions, key=_began, reverse=True)
    later: dict[str, Session] = {}
    for one in newest_first:
        if one.started_at is None:
            yield one
            continue
        device = one.id.partition(":")[0]
        latest = one.started_at + LONGEST_SESSION
        yield replace(one, over_by=min(latest, _began(later[device])) if device in later else latest)
        later[device] = one


def _began(session: Session) -> datetime:
    return session.started_at or datetime.min.replace(tzinfo=UTC)
