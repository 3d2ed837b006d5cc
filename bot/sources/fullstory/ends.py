"""By when a session was over at the latest: FullStory's list tells when sessions began, and no end."""

from collections.abc import Mapping
from datetime import datetime

from bot.sources.fullstory.api import LONGEST_SESSION


def over_by(began: Mapping[str, datetime]) -> dict[str, datetime]:
    """
    When each of some sessions was over at the latest, by id; `began` is when each began.

    That is a day after it began, or when the same device's next one began: a device, the first half of a
    session's pair, has one session at a time.
    """
    ends: dict[str, datetime] = {}
    next_began: dict[str, datetime] = {}
    for session_id, start in sorted(began.items(), key=lambda one: one[1], reverse=True):
        device = session_id.partition(":")[0]
        latest = start + LONGEST_SESSION
        ends[session_id] = min(latest, next_began.get(device, latest))
        next_began[device] = start
    return ends
