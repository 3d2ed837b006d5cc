"""
How often something is done in Slack, over all processes: turns are written down in the database.

Slack: one post a second a channel on average, short bursts tolerated; other methods by tiers of so many a
minute (`slack.md`, rate limits; https://docs.slack.dev/apis/web-api/rate-limits).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.store import Store, now_ms, turns

POST, EDIT = "chat.postMessage", "chat.update"
_DAY_MS, _FURTHEST_MS = 24 * 3600 * 1000, 10 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Rate:
    """One each so many milliseconds on average, and so many at once after a pause."""

    each_ms: int
    burst: int


def _tier(a_minute: int) -> Rate:
    """Give a rate that never makes more in any minute: a fifth of them may come at once."""
    at_once = a_minute // 5
    return Rate(60_000 // (a_minute - at_once), at_once)


_TIER_2, _TIER_3, _TIER_4 = _tier(20), _tier(50), _tier(100)
IN_A_CHANNEL = Rate(1_000, 4)
RATES: Mapping[str, Rate] = MappingProxyType(
    {
        # Slack gives no number for all channels together: there its wish to wait alone is obeyed.
        POST: Rate(0, 1),
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


class TooFar(Exception):
    """Raised when a turn is further away than is waited for; it was not taken."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(f"{wait.total_seconds():.1f} s away")
        self.wait = wait


class Pace:
    """Gives turns in the order in which they are asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def turn(self, wanted: Mapping[str, Rate], longest: timedelta | None = None) -> timedelta:
        """
        Take the next turn that several rates allow, each known by its key; gives how long it is until then.

        Raises:
            TooFar: when it is further away than `longest`.

        """
        async with self._store.write() as connection:
            now = int((await connection.execute(select(now_ms()))).scalar_one())
            taken = await _taken(connection, wanted)
            # What a step of the database's clock put far ahead is not waited for.
            free = {key: min(max(taken.get(key, now), now), now + _FURTHEST_MS) for key in wanted}
            wait_ms = max(free[key] - now - (rate.burst - 1) * rate.each_ms for key, rate in wanted.items())
            wait = timedelta(milliseconds=max(0, wait_ms))
            if longest is not None and wait > longest:
                raise TooFar(wait)
            for key, rate in wanted.items():
                await _take(connection, key, free[key] + rate.each_ms, now, is_new=key not in taken)
        return wait

    async def hold(self, key: str, rate: Rate, wait: timedelta) -> None:
        """Give nobody a turn for a while: Slack said so."""
        async with self._store.write() as connection:
            now = int((await connection.execute(select(now_ms()))).scalar_one())
            taken = await _taken(connection, {key: rate})
            held = now + int(wait.total_seconds() * 1000) + (rate.burst - 1) * rate.each_ms
            until = max(held, taken.get(key, held))
            await _take(connection, key, until, now, is_new=key not in taken)


async def _taken(connection: AsyncConnection, wanted: Mapping[str, Rate]) -> dict[str, int]:
    query = select(turns.c.key, turns.c.taken_until_ms).where(turns.c.key.in_(wanted))
    return {key: until for key, until in (await connection.execute(query)).all()}  # noqa: C416 - rows are no pairs to mypy


async def _take(connection: AsyncConnection, key: str, until_ms: int, now: int, *, is_new: bool) -> None:
    if is_new:
        await connection.execute(delete(turns).where(turns.c.taken_until_ms < now - _DAY_MS))
        await connection.execute(insert(turns).values(key=key, taken_until_ms=until_ms))
    else:
        await connection.execute(update(turns).where(turns.c.key == key).values(taken_until_ms=until_ms))
