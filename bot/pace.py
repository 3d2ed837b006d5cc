"""
How often something is done in a channel, over all processes: turns are written down in the database.

Slack: one post a second a channel on average, short bursts tolerated (`slack.md`, rate limits).
"""

from datetime import timedelta

from sqlalchemy import delete, insert, select, update

from bot.store import Store, now_ms, turns

_EACH_MS, _BURST = 1_000, 4
_DAY_MS, _FURTHEST_MS = 24 * 3600 * 1000, 10 * 60 * 1000


class Pace:
    """Gives turns in the order in which they are asked for."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def turn(self, channel: str) -> timedelta:
        """Take the next turn in a channel; gives how long it is until then."""
        async with self._store.write() as connection:
            now = int((await connection.execute(select(now_ms()))).scalar_one())
            ours = turns.c.channel == channel
            query = select(turns.c.taken_until_ms).where(ours)
            taken = (await connection.execute(query)).scalar_one_or_none()
            # What a step of the database's clock put far ahead is not waited for.
            until = now if taken is None else min(max(taken, now), now + _FURTHEST_MS)
            after = {"taken_until_ms": until + _EACH_MS}
            if taken is None:
                await connection.execute(delete(turns).where(turns.c.taken_until_ms < now - _DAY_MS))
                await connection.execute(insert(turns).values(channel=channel, **after))
            else:
                await connection.execute(update(turns).where(ours).values(after))
        return timedelta(milliseconds=max(0, until - now - (_BURST - 1) * _EACH_MS))
