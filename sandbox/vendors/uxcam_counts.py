"""
UXCam's counts of sessions (`/v2/session/analytics`), by the vendor's documents.

See developer.uxcam.com/docs/sessions-1, Analyze Sessions, and the vendor's collection of recorded answers.
The crowd are sessions of people whom nobody looks up: they are counted, and listed nowhere.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

GROUPS = ("app_version", "device_model", "device_platform")
_CROWD_DAYS = 6


@dataclass(frozen=True, slots=True)
class CountedSession:
    """One session, as far as it is counted."""

    user: str
    app_version: str
    device_model: str
    device_platform: str
    uploaded_at: datetime
    crashed: bool


def crowd(now: datetime, people: int = 120) -> tuple[CountedSession, ...]:
    """
    Two sessions of each of so many people in the last days, on two versions and three devices.

    Of the newer version every eighth session crashes, of the older one none.
    """
    devices = (("Pixel 9", "android"), ("SM-S931B", "android"), ("iPhone17,1", "ios"))
    sessions = []
    for number in range(2 * people):
        model, platform = devices[number % len(devices)]
        is_newer = number % 4 != 0
        sessions.append(
            CountedSession(
                f"crowd-{number // 2}",
                "5.2.0" if is_newer else "5.1.3",
                model,
                platform,
                now - timedelta(days=number % _CROWD_DAYS, hours=1 + number % 5),
                crashed=is_newer and number % 8 == 1,
            )
        )
    return tuple(sessions)


def is_counted(session: CountedSession, filters: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a session of the crowd passes the filters: those that a count is asked by."""
    for one in filters:
        match one["attribute"], one["value"]:
            case "session_crashed", wanted:
                if session.crashed is not wanted:
                    return False
            case "date_range", span:
                day = session.uploaded_at.date().isoformat()
                if not span["lower"] <= day <= span["upper"]:
                    return False
            case _:
                # The crowd has no custom properties, and no ids.
                return False
    return True


def grouped(sessions: Iterable[CountedSession], groups: Sequence[str], link: str) -> list[dict[str, Any]]:
    """A row for each group that has sessions, those with the most first; one for all without groups."""
    by_group: dict[tuple[str, ...], list[CountedSession]] = {}
    for session in sessions:
        by_group.setdefault(tuple(getattr(session, name) for name in groups), []).append(session)
    ordered = sorted(by_group.items(), key=lambda item: (-len(item[1]), item[0]))
    return [
        dict(zip(groups, group, strict=True))
        | {
            "session_count": len(theirs),
            "session_unique_user_count": len({one.user for one in theirs}),
            "session_new_users_count": 0,
            "avg_session_gesture_count": 0,
            "avg_session_rage_gesture_count": 0,
            "avg_session_responsive_gesture_count": 0,
            "avg_session_unresponsive_gesture_count": 0,
            "avg_session_duration": 90.5,
            "avg_session_unique_screen_count": 1,
            "dashboard_link": link,
        }
        for group, theirs in ordered
    ]
