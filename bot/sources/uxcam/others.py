"""
How many sessions crash at UXCam, by app version and device model over the last days; nobody is named.

Sessions are counted by the vendor (`/v2/session/analytics`), all of them and those that crashed, in the same
groups.
"""

from datetime import datetime, timedelta
from typing import Any

from bot.sources.http import Calls
from bot.sources.json_fields import AnyText, Count, Record, read_records
from bot.sources.protocol import Crashes, Hit, Spread
from bot.sources.uxcam.api import UXCamApi

DAYS = 7
_GROUPS = ("app_version", "device_model")
# Rows that are told, those with the most crashes first.
_MOST_ROWS = 20


class _Group(Record):
    app_version: AnyText = None
    device_model: AnyText = None
    session_count: Count = None
    session_unique_user_count: Count = None

    @property
    def group(self) -> tuple[str | None, str | None]:
        return (self.app_version, self.device_model)


async def count_crashes(api: UXCamApi, hit: Hit, now: datetime, calls: Calls) -> Spread | None:
    """
    How many sessions on the customer's version crashed in the last days; None where no session is counted.

    Raises:
        CallFailed: when the vendor cannot be asked or understood.

    """
    since = now - timedelta(days=DAYS)
    # Days are counted in the app's zone: the one that has begun somewhere is asked for too.
    span = {"lower": f"{since:%Y-%m-%d}", "upper": f"{now + timedelta(days=1):%Y-%m-%d}"}
    days: dict[str, Any] = {"attribute": "date_range", "operator": "between_dates", "value": span}
    crashed = {"attribute": "session_crashed", "operator": "equal", "value": True}
    every = _groups(await api.counted([days], _GROUPS, calls))
    failed = _groups(await api.counted([days, crashed], _GROUPS, calls))
    version = hit.session.app_version if hit.session else None
    device = hit.session.device if hit.session else None
    on_version = {group: one for group, one in every.items() if version is None or group[0] == version}
    sessions = sum(one.session_count or 0 for one in on_version.values())
    if not sessions:
        return None
    groups = [one for group, one in failed.items() if group in on_version]
    of_groups = [one.session_unique_user_count or 0 for one in groups]
    was_lately = hit.error.occurred_at is not None and hit.error.occurred_at >= since
    themselves = 1 if was_lately else 0
    rows = [
        Crashes(
            *group,
            crashed=_count(failed.get(group)),
            sessions=_count(one),
            own=version is not None and group == (version, device),
        )
        for group, one in every.items()
    ]
    rows.sort(key=lambda row: (not row.own, -row.crashed, -row.sessions))
    return Spread(
        hit.error.source,
        now,
        DAYS,
        sessions=sum(map(_count, groups)),
        of_sessions=sessions,
        others=max(0, sum(of_groups) - themselves),
        # Whoever has two devices is counted on both: the customer too.
        doubled=len(groups) > 1,
        least=max(0, max(of_groups, default=0) - themselves),
        version=version,
        crashes=tuple(rows[:_MOST_ROWS]),
    )


def _groups(rows: list[Any]) -> dict[tuple[str | None, str | None], _Group]:
    return {one.group: one for one in read_records(rows, _Group) or []}


def _count(group: _Group | None) -> int:
    return (group.session_count or 0) if group else 0
