"""
Slack's rate limits, kept by all processes together: turns are written in the database.

Slack allows one post a second in each channel on average, with short bursts, and other methods by tiers of
so many calls a minute (`slack.md`, rate limits; https://docs.slack.dev/apis/web-api/rate-limits).
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any

from sqlalchemy import Insert, Integer, Result, Select, String, bindparam, delete, insert, select

from bot.operations.clock import milliseconds
from bot.storage.database import Connection, Sent
from bot.storage.store import Store
from bot.storage.tables import now_ms, slack_calls, turns
from bot.storage.upsert import lock_row, upsert

POST, EDIT = "chat.postMessage", "chat.update"
# Calls a minute.
_TIER_2, _TIER_3, _TIER_4 = 20, 50, 100
# Posting is not here: Slack gives no number for all channels together, so there only its 429 counts.
A_MINUTE: Mapping[str, int] = MappingProxyType(
    {
        EDIT: _TIER_3,
        "chat.delete": _TIER_3,
        "chat.postEphemeral": _TIER_4,
        "chat.unfurl": _TIER_3,
        "conversations.history": _TIER_3,
        "conversations.info": _TIER_3,
        "conversations.replies": _TIER_3,
        "entity.presentDetails": _TIER_3,
        "files.info": _TIER_4,
        "usergroups.users.list": _TIER_2,
        "users.info": _TIER_4,
        "users.list": _TIER_2,
        "views.open": _TIER_4,
        "views.publish": _TIER_4,
    }
)
# In a channel: milliseconds for each post on average, and posts at once after a pause.
_EACH_MS, _BURST = 1_000, 4
# A minute, and two seconds by which one call may take longer to reach Slack than another.
_MINUTE_MS = 62_000
# So long a call that was promised may be made without waiting; it counts until a minute after.
_PROMISE_LASTS_MS = 35_000
# A turn further ahead than ten minutes comes from a wrong clock.
_FURTHEST_MS = 10 * 60 * 1000


class TooFar(Exception):
    """Raised when the next turn is later than the caller will wait; no turn was taken."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"{wait.total_seconds():.1f} s away")
        self.wait = wait


class RateLimits:
    """Turns for calls, in the order in which they are asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def turn(
        self,
        method: str,
        channel: str | None = None,
        longest: timedelta | None = None,
        *,
        spares: int = 0,
    ) -> timedelta:
        """
        Take the next turn of a method, and of a channel; returns how long to wait for it.

        Args:
            method: of Slack's Web API.
            channel: id of the channel that it posts in.
            longest: the longest wait that will do; None for any.
            spares: calls of a minute that are left for others.

        Raises:
            TooFar: when the wait is longer than `longest`.

        """
        async with self._store.write() as connection:
            held = Turns(connection, method, channel, spares=spares)
            await connection.deliver()
            return held.take(longest)

    async def promise(self, method: str, calls: int, *, spares: int = 0) -> bool:
        """
        Set calls of a method aside, to be made without waiting within half a minute or so.

        They count as calls that are still to be made; one that is never made counts until a minute after.

        Args:
            method: of Slack's Web API, one that has a tier.
            calls: how many.
            spares: calls of a minute that are left for others.

        Returns:
            whether they are set aside: False where fewer are left, and then none is.

        """
        async with self._store.write() as connection:
            held = Turns(connection, method, spares=spares + calls - 1)
            await connection.deliver()
            now = held.free_now()
            if now is None:
                return False
            row = {"method": method, "at_ms": now + _PROMISE_LASTS_MS, "is_promised": True}
            connection.send(_calling(), [row] * calls)
        return True

    async def promised_turns(self, method: str, most: int) -> int:
        """
        Take up to so many turns that were promised, now.

        Returns:
            how many there were to take: 0 also where Slack has asked for a pause.

        """
        async with self._store.write() as connection:
            lock_row(connection, turns, {"key": method, "taken_until_ms": 0})
            now, taken = _read(await connection.execute(_now_and_turns(), {"_keys": [method]}))
            if taken.get(method, now) > now:
                return 0
            ours, ahead = slack_calls.c.method == method, slack_calls.c.at_ms > now
            # Promised calls are as good as each other.
            promised = select(slack_calls.c.id).where(ours, ahead, slack_calls.c.is_promised)
            kept = delete(slack_calls).where(slack_calls.c.id.in_(promised.limit(most).scalar_subquery()))
            turns_left = await connection.change(kept)
            if turns_left:
                row = {"method": method, "at_ms": now}
                connection.send(_calling(), [row] * turns_left)
        return turns_left

    async def hold(self, method: str, wait: timedelta) -> None:
        """Let no process have a turn of a method for a while, as Slack has asked."""
        async with self._store.write() as connection:
            lock_row(connection, turns, {"key": method, "taken_until_ms": 0})
            now, taken = _read(await connection.execute(_now_and_turns(), {"_keys": [method]}))
            until = now + milliseconds(wait)
            _take(connection, method, max(until, taken.get(method, until)))


class Turns:
    """
    The turns of a method, and of a channel, held in a writer's transaction until it ends.

    What reads them is sent at once; a turn can be taken when that has been executed. What else is written in
    the transaction is so only with the turn.
    """

    def __init__(
        self, connection: Connection, method: str, channel: str | None = None, *, spares: int = 0
    ) -> None:
        self._connection = connection
        self._method, self._channel = method, channel
        # Who takes turns of the same channel or method meanwhile waits for this transaction.
        lock_row(connection, turns, {"key": channel or method, "taken_until_ms": 0})
        keys = [method, *([channel] if channel else [])]
        self._turns = connection.send(_now_and_turns(), {"_keys": keys})
        self._filled = _filled(connection, method, spares)
        self._queued: int | None = None

    def take(self, longest: timedelta | None = None) -> timedelta:
        """
        Take the next turn, as `RateLimits.turn`; for a method that has a tier, once.

        Raises:
            TooFar: when the wait is longer than `longest`.

        """
        now, free = self._free
        queued = free.get(self._channel or "", now) if self._queued is None else self._queued
        at = max(free.get(self._method, now), queued - (_BURST - 1) * _EACH_MS, self._tier(now))
        wait = timedelta(milliseconds=max(0, at - now))
        if longest is not None and wait > longest:
            raise TooFar(wait)
        if self._channel:
            self._queued = queued + _EACH_MS
            _take(self._connection, self._channel, self._queued)
        if self._method in A_MINUTE:
            self._connection.send(_calling(), {"method": self._method, "at_ms": max(at, now)})
        return wait

    def free_now(self) -> int | None:
        """The database's time where a turn is free without waiting; None where none is."""
        now, free = self._free
        return None if max(free.get(self._method, now), self._tier(now)) > now else now

    @cached_property
    def _free(self) -> tuple[int, dict[str, int]]:
        """The database's time, and from when on turns are free, by key; in milliseconds since 1970."""
        now, taken = _read(self._turns.result)
        # A turn that a step of the database's clock has put far ahead is not waited for.
        return now, {key: min(max(until, now), now + _FURTHEST_MS) for key, until in taken.items()}

    def _tier(self, now: int) -> int:
        """When a method's tier allows one more call: a minute after the call that filled it."""
        filled = self._filled.result.scalar_one_or_none() if self._filled else None
        return now if filled is None else int(filled) + _MINUTE_MS


def _read(found: Result[*tuple[Any, ...]]) -> tuple[int, dict[str, int]]:
    """The database's time, and until when turns are taken, by key; in milliseconds since 1970."""
    rows = found.all()
    return int(rows[0].now), {row.key: row.taken_until_ms for row in rows if row.key is not None}


@cache
def _now_and_turns() -> Select[*tuple[Any, ...]]:
    """The statement that reads the database's time and until when turns are taken."""
    clock = select(now_ms().label("now")).subquery()
    ours = turns.c.key.in_(bindparam("_keys", expanding=True))
    return select(clock.c.now, turns.c.key, turns.c.taken_until_ms).select_from(clock.outerjoin(turns, ours))


def _take(connection: Connection, key: str, until_ms: int) -> None:
    upsert(connection, turns, [{"key": key, "taken_until_ms": until_ms}])


def _filled(connection: Connection, method: str, spares: int) -> Sent[int] | None:
    """Send what reads when the call was made that fills a method's tier; None for one without a tier."""
    most = A_MINUTE.get(method)
    if most is None:
        return None
    return connection.send(_filling(), {"_method": method, "_before": most - spares - 1})


@cache
def _calling() -> Insert:
    """The statement that writes a call down."""
    return insert(slack_calls)


@cache
def _filling() -> Select[int]:
    """The statement that reads when the call was made before which there were so many in a minute."""
    # Read once, so that an index can be used.
    now = select(now_ms()).scalar_subquery()
    ours = slack_calls.c.method == bindparam("_method", type_=String())
    # A call that a step of the database's clock has put far ahead does not count.
    counts = (slack_calls.c.at_ms > now - _MINUTE_MS) & (slack_calls.c.at_ms <= now + _FURTHEST_MS)
    latest = select(slack_calls.c.at_ms).where(ours, counts).order_by(slack_calls.c.at_ms.desc())
    return latest.offset(bindparam("_before", type_=Integer())).limit(1)
