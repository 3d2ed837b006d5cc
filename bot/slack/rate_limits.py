"""
How often something is done in Slack, over all processes: turns are written down in the database.

Slack: one post a second a channel on average, short bursts tolerated; other methods by tiers of so many a
minute (`slack.md`, rate limits; https://docs.slack.dev/apis/web-api/rate-limits).
"""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.store import Store
from bot.storage.tables import now_ms, slack_calls, turns

POST, EDIT = "chat.postMessage", "chat.update"
_TIER_2, _TIER_3, _TIER_4 = 20, 50, 100
# Slack gives no number for posts in all channels together: there its wish to wait alone is obeyed.
A_MINUTE: Mapping[str, int] = MappingProxyType(
    {
        EDIT: _TIER_3,
        "chat.delete": _TIER_3,
        "chat.postEphemeral": _TIER_4,
        "chat.unfurl": _TIER_3,
        "conversations.history": _TIER_3,
        "conversations.info": _TIER_3,
        "conversations.replies": _TIER_3,
        "files.info": _TIER_4,
        "usergroups.users.list": _TIER_2,
        "users.info": _TIER_4,
        "views.open": _TIER_4,
    }
)
# In a channel: one post a second on average, and so many at once after a pause.
_EACH_MS, _BURST = 1_000, 4
# A minute, and as much as a call may take to Slack more or less than the one before it.
_MINUTE_MS = 62_000
_DAY_MS, _FURTHEST_MS = 24 * 3600 * 1000, 10 * 60 * 1000


class TooFar(Exception):
    """Raised when a turn is further away than is waited for; it was not taken."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"{wait.total_seconds():.1f} s away")
        self.wait = wait


class Pace:
    """Gives turns in the order in which they are asked for."""

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
        Take the next turn of a method, and in a channel; gives how long it is until then.

        Args:
            method: of Slack's Web API.
            channel: where it posts.
            longest: how far away the turn may be; None for however far.
            spares: so many of a minute's calls are left to others.

        Raises:
            TooFar: when it is further away than `longest`.

        """
        async with self._store.write() as connection:
            now = await _now(connection)
            taken = await _taken(connection, [method, *([channel] if channel else [])])
            # What a step of the database's clock put far ahead is not waited for.
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
                await _take(connection, channel, queued + _EACH_MS, now, is_new=channel not in taken)
            if method in A_MINUTE:
                await connection.execute(insert(slack_calls).values(method=method, at_ms=max(at, now)))
        return wait

    async def hold(self, method: str, wait: timedelta) -> None:
        """Give nobody a turn of a method for a while: Slack said so."""
        async with self._store.write() as connection:
            now = await _now(connection)
            taken = await _taken(connection, [method])
            until = now + int(wait.total_seconds() * 1000)
            until = max(until, taken.get(method, until))
            await _take(connection, method, until, now, is_new=method not in taken)


async def _now(connection: AsyncConnection) -> int:
    return int((await connection.execute(select(now_ms()))).scalar_one())


async def _taken(connection: AsyncConnection, keys: list[str]) -> dict[str, int]:
    query = select(turns.c.key, turns.c.taken_until_ms).where(turns.c.key.in_(keys))
    return {key: until for key, until in (await connection.execute(query)).all()}  # noqa: C416 - rows are no pairs to mypy


async def _take(connection: AsyncConnection, key: str, until_ms: int, now: int, *, is_new: bool) -> None:
    if is_new:
        await connection.execute(delete(turns).where(turns.c.taken_until_ms < now - _DAY_MS))
        await connection.execute(insert(turns).values(key=key, taken_until_ms=until_ms))
    else:
        await connection.execute(update(turns).where(turns.c.key == key).values(taken_until_ms=until_ms))


async def _tier(connection: AsyncConnection, method: str, now: int, spares: int) -> int:
    """Give when a method's tier allows one more call: a minute after the one that filled it."""
    most = A_MINUTE.get(method)
    if most is None:
        return now
    ours = slack_calls.c.method == method
    gone = (slack_calls.c.at_ms <= now - _MINUTE_MS) | (slack_calls.c.at_ms > now + _FURTHEST_MS)
    await connection.execute(delete(slack_calls).where(ours, gone))
    latest = select(slack_calls.c.at_ms).where(ours).order_by(slack_calls.c.at_ms.desc())
    filled = (await connection.execute(latest.offset(most - spares - 1).limit(1))).scalar_one_or_none()
    return now if filled is None else int(filled) + _MINUTE_MS
