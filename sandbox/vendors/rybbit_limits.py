"""Rybbit's limits of calls: the cloud's burst and day, the old servers' ten minutes, a key's day."""

import math
from datetime import datetime, timedelta

from sandbox.vendors.stand_in import Clock

_BURST = 50
_A_SECOND = 5
_OLD_WINDOW = timedelta(minutes=10)
_DAY = timedelta(days=1)


class CloudLimits:
    """
    A bucket of 50 that fills by 5 a second, and a day that ends at midnight in UTC.

    As recorded in `contracts/recorded/rybbit_cloud`: a call refused by one limit costs the other nothing,
    and every reset is in seconds.
    """

    def __init__(self, clock: Clock, daily: int) -> None:
        self._clock = clock
        self._daily = daily
        self._tokens = float(_BURST)
        self._filled_at = clock()
        self._day = clock().date()
        self._today = 0

    def take(self) -> str | None:
        """Count a call; returns the scope of the limit that forbids it, or None."""
        self._catch_up()
        if self._today >= self._daily:
            return "daily"
        if self._tokens < 1:
            return "burst"
        self._tokens -= 1
        self._today += 1
        return None

    def _catch_up(self) -> None:
        now = self._clock()
        gained = (now - self._filled_at).total_seconds() * _A_SECOND
        self._tokens, self._filled_at = min(float(_BURST), self._tokens + gained), now
        if now.date() != self._day:
            self._day, self._today = now.date(), 0

    def headers(self) -> dict[str, str]:
        """The headers of every answer to a known key; the nearer limit is also there without its name."""
        burst = (_BURST, int(self._tokens), math.ceil((_BURST - self._tokens) / _A_SECOND))
        day = (self._daily, self._daily - self._today, _seconds_to_midnight(self._clock()))
        nearer = min(burst, day, key=lambda limit: limit[1])
        limits = {"X-RateLimit-Burst": burst, "X-RateLimit-Daily": day, "RateLimit": nearer}
        return {
            f"{name}-{part}": str(value)
            for name, limit in limits.items()
            for part, value in zip(("Limit", "Remaining", "Reset"), limit, strict=True)
        }

    def refusal(self, scope: str) -> dict[str, str | int]:
        """The body of a 429; `retryAfter` is in seconds."""
        if scope == "daily":
            wait, limit = _seconds_to_midnight(self._clock()), self._daily
        else:
            wait, limit = max(1, math.ceil((1 - self._tokens) / _A_SECOND)), _BURST
        return {"error": "Rate limit exceeded", "scope": scope, "limit": limit, "retryAfter": wait}


class OldLimit:
    """A number of calls for each key in ten minutes from the first one; further ones get "Forbidden"."""

    def __init__(self, clock: Clock, calls: int) -> None:
        self._clock = clock
        self._calls = calls
        self._made: dict[str, tuple[datetime, int]] = {}

    def allows(self, key: str) -> bool:
        """Count a call of a key; returns whether it is allowed."""
        now = self._clock()
        since, made = self._made.get(key, (now, 0))
        if now - since >= _OLD_WINDOW:
            since, made = now, 0
        self._made[key] = (since, made + 1)
        return made < self._calls


class KeyLimit:
    """
    A number of calls for each key until a day without one, beyond which a server answers 429 and no more.

    What self-hosted servers of the spring of 2026 did without meaning to, with 10 calls (upstream's pull
    request 977).
    """

    def __init__(self, clock: Clock, calls: int) -> None:
        self._clock = clock
        self._calls = calls
        self._made: dict[str, tuple[datetime, int]] = {}

    def allows(self, key: str) -> bool:
        """Count a call of a key, if it is allowed; returns whether it is."""
        now = self._clock()
        last, made = self._made.get(key, (now, 0))
        if now - last >= _DAY:
            made = 0
        if made >= self._calls:
            return False
        self._made[key] = (now, made + 1)
        return True


def _seconds_to_midnight(now: datetime) -> int:
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return math.ceil((midnight - now).total_seconds())
