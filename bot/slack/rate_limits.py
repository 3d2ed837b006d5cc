"""
Slack's rate limits, kept by all processes together: turns are written in the database.

Slack allows one post a second in each channel on average, with short bursts, and other methods by tiers of
so many calls a minute (`slack.md`, rate limits; https://docs.slack.dev/apis/web-api/rate-limits).
"""

from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

from sqlalchemy import BigInteger, Insert, Integer, Select, String, bindparam, delete, insert, select

from bot.operations.clock import milliseconds
from bot.storage.database import Connection
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
        "functions.completeError": _TIER_3,
        "functions.completeSuccess": _TIER_3,
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
            return await take_turn(connection, method, channel, longest, spares=spares)

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
            await lock_row(connection, turns, {"key": method, "taken_until_ms": 0})
            now, taken = await _taken(connection, [method])
            if max(taken.get(method, now), await _tier(connection, method, now, spares + calls - 1)) > now:
                return False
            row = {"method": method, "at_ms": now + _PROMISE_LASTS_MS}
            await connection.execute(_calling(), [row] * calls)
        return True

    async def promised_turn(self, method: str) -> bool:
        """Take a turn that was promised, now; False where none is left, or Slack has asked for a pause."""
        return bool(await self.promised_turns(method, 1))

    async def promised_turns(self, method: str, most: int) -> int:
        """Take up to so many turns that were promised, now; returns how many were left to take."""
        async with self._store.write() as connection:
            await lock_row(connection, turns, {"key": method, "taken_until_ms": 0})
            now, taken = await _taken(connection, [method])
            if taken.get(method, now) > now:
                return 0
            ours, ahead = slack_calls.c.method == method, slack_calls.c.at_ms > now
            # Promised calls are as good as each other; one that merely waits for its turn is nearer.
            furthest = select(slack_calls.c.id).where(ours, ahead).order_by(slack_calls.c.at_ms.desc())
            kept = delete(slack_calls).where(slack_calls.c.id.in_(furthest.limit(most).scalar_subquery()))
            turns_left = await connection.change(kept)
            if turns_left:
                row = {"method": method, "at_ms": now}
                await connection.execute(_calling(), [row] * turns_left)
        return turns_left

    async def hold(self, method: str, wait: timedelta) -> None:
        """Let no process have a turn of a method for a while, as Slack has asked."""
        async with self._store.write() as connection:
            await lock_row(connection, turns, {"key": method, "taken_until_ms": 0})
            now, taken = await _taken(connection, [method])
            until = now + milliseconds(wait)
            await _take(connection, method, max(until, taken.get(method, until)))


async def take_turn(
    connection: Connection,
    method: str,
    channel: str | None = None,
    longest: timedelta | None = None,
    *,
    spares: int = 0,
) -> timedelta:
    """
    As `RateLimits.turn`, in a writer's transaction: what else is written in it is so only with the turn.

    Raises:
        TooFar: when the wait is longer than `longest`.

    """
    # Who takes turns of the same channel or method meanwhile waits for this transaction.
    await lock_row(connection, turns, {"key": channel or method, "taken_until_ms": 0})
    now, taken = await _taken(connection, [method, *([channel] if channel else [])])
    # A turn that a step of the database's clock has put far ahead is not waited for.
    free = {key: min(max(until, now), now + _FURTHEST_MS) for key, until in taken.items()}
    queued = free.get(channel or "", now)
    at = max(
        free.get(method, now),
        queued - (_BURST - 1) * _EACH_MS,
        await _tier(connection, method, now, spares),
    )
    wait = timedelta(milliseconds=max(0, at - now))
    if longest is not None and wait > longest:
        raise TooFar(wait)
    if channel:
        await _take(connection, channel, queued + _EACH_MS)
    if method in A_MINUTE:
        await connection.execute(_calling(), {"method": method, "at_ms": max(at, now)})
    return wait


async def _taken(connection: Connection, keys: list[str]) -> tuple[int, dict[str, int]]:
    """The database's time, and until when turns are taken, by key; in milliseconds since 1970."""
    rows = (await connection.execute(_now_and_turns(), {"_keys": keys})).all()
    return int(rows[0].now), {row.key: row.taken_until_ms for row in rows if row.key is not None}


@cache
def _now_and_turns() -> Select[*tuple[Any, ...]]:
    """The statement that reads the database's time and until when turns are taken."""
    clock = select(now_ms().label("now")).subquery()
    ours = turns.c.key.in_(bindparam("_keys", expanding=True))
    return select(clock.c.now, turns.c.key, turns.c.taken_until_ms).select_from(clock.outerjoin(turns, ours))


async def _take(connection: Connection, key: str, until_ms: int) -> None:
    await upsert(connection, turns, [{"key": key, "taken_until_ms": until_ms}])


async def _tier(connection: Connection, method: str, now: int, spares: int) -> int:
    """When a method's tier allows one more call, in milliseconds: a minute after the call that filled it."""
    most = A_MINUTE.get(method)
    if most is None:
        return now
    # A call that a step of the database's clock has put far ahead does not count.
    span = {"_after": now - _MINUTE_MS, "_until": now + _FURTHEST_MS}
    values = {"_method": method, **span, "_later_ones": most - spares - 1}
    filled = (await connection.execute(_call_before(), values)).scalar_one_or_none()
    return now if filled is None else int(filled) + _MINUTE_MS


@cache
def _calling() -> Insert:
    """The statement that writes a call down."""
    return insert(slack_calls)


@cache
def _call_before() -> Select[int]:
    """The statement that reads when the call was made that so many later ones of a method follow."""
    at_ms, late = slack_calls.c.at_ms, BigInteger()
    ours = slack_calls.c.method == bindparam("_method", type_=String())
    within = (at_ms > bindparam("_after", type_=late)) & (at_ms <= bindparam("_until", type_=late))
    latest = select(at_ms).where(ours, within).order_by(at_ms.desc())
    return latest.offset(bindparam("_later_ones", type_=Integer())).limit(1)
