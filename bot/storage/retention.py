"""Retention by the clock: what is too old is deleted from every table, also while nobody asks anything."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, Table, and_, delete, exists, or_, select, tuple_

from bot.operations.clock import Clock, milliseconds, to_ms
from bot.storage.store import Store
from bot.storage.tables import (
    audit,
    cached_findings,
    claims,
    digest_tickets,
    digests,
    erasures,
    identities,
    index_asked,
    index_customers,
    index_lookups,
    index_names,
    index_opened,
    index_sessions,
    jobs,
    known_sessions,
    now_ms,
    posts,
    pushed_deliveries,
    pushed_errors,
    pushed_hits,
    quota_calls,
    quota_told,
    slack_calls,
    source_memory,
    tickets,
    turns,
    watch_keys,
    watches,
)

# So many rows are deleted in one transaction: others want to write too.
_AT_ONCE = 1_000
# Calls are counted in the longest window of their account; no vendor's is longer than a month.
_LONGEST_WINDOW = timedelta(days=32)
# When people were looked up in the last week shapes how calls are spread over the day.
_LOOKUPS_KEPT = timedelta(days=8)
_TURNS_KEPT = timedelta(days=1)
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Kept:
    """How long things are kept: vendors' answers, the index and who is who, ended jobs, the audit trail."""

    answers: timedelta
    index: timedelta
    jobs: timedelta
    audit: timedelta


@dataclass(frozen=True, slots=True)
class TooOld:
    """The rows of a table that are kept no longer."""

    table: Table
    rows: ColumnElement[bool]


def too_old(kept: Kept, windows: dict[str, timedelta], now: int) -> tuple[TooOld, ...]:
    """
    What is kept no longer, in an order in which it can be deleted.

    Args:
        kept: how long things are kept.
        windows: of accounts at vendors, how long a call counts.
        now: the time that the index goes by, in milliseconds since 1970; all else goes by the database's.

    """
    job_is_old = jobs.c.ended_ms < _before(kept.jobs)
    return (
        TooOld(posts, exists(select(jobs.c.id).where(jobs.c.id == posts.c.job, job_is_old))),
        TooOld(jobs, job_is_old),
        TooOld(tickets, tickets.c.created_ms < _before(kept.jobs)),
        # As long as the register of posts, so that whoever is forgotten can be taken out of what was posted.
        *(TooOld(table, table.c.at_ms < _before(kept.jobs)) for table in (digest_tickets, digests)),
        *(TooOld(table, table.c.until_ms <= now_ms()) for table in (watch_keys, watches)),
        TooOld(audit, audit.c.at_ms < _before(kept.audit)),
        TooOld(erasures, erasures.c.at_ms < _before(kept.audit)),
        TooOld(cached_findings, cached_findings.c.stored_ms < _before(kept.answers)),
        TooOld(identities, identities.c.seen_ms < _before(kept.index)),
        TooOld(known_sessions, known_sessions.c.kept_until_ms < now_ms()),
        TooOld(source_memory, source_memory.c.until_ms <= now_ms()),
        TooOld(claims, claims.c.until_ms <= now_ms()),
        TooOld(turns, turns.c.taken_until_ms < _before(_TURNS_KEPT)),
        TooOld(slack_calls, slack_calls.c.at_ms < _before(_MINUTE * 2)),
        TooOld(quota_told, quota_told.c.until_ms <= now_ms()),
        TooOld(quota_calls, _counts_no_more(windows)),
        *(TooOld(table, table.c.at_ms < _before(kept.index)) for table in _PUSHED),
        *(TooOld(table, table.c.kept_until_ms < now) for table in _INDEX),
        TooOld(index_asked, index_asked.c.asked_ms < now - milliseconds(kept.answers)),
        TooOld(index_lookups, index_lookups.c.at_ms < now - milliseconds(_LOOKUPS_KEPT)),
    )


_PUSHED = (pushed_hits, pushed_errors, pushed_deliveries)
_INDEX = (index_sessions, index_customers, index_names, index_opened)


class Retention:
    """
    Deletes what is too old.

    Args:
        store: the database.
        kept: how long things are kept.
        windows: returns how long calls of accounts at vendors count.
        clock: the time that the index goes by.
        between: how long after one sweep the next one begins.

    """

    def __init__(
        self,
        store: Store,
        kept: Kept,
        windows: Callable[[], dict[str, timedelta]],
        clock: Clock,
        between: timedelta = timedelta(minutes=10),
    ) -> None:
        self._store = store
        self._kept = kept
        self._windows = windows
        self._clock = clock
        self._between = between

    async def sweep_for_ever(self) -> None:
        """Delete what is too old now, and again and again, though nobody asks anything."""
        while True:
            await self.sweep()
            await asyncio.sleep(self._between.total_seconds())

    async def sweep(self) -> int:
        """Delete what is too old in every table; returns how many rows that were."""
        now = to_ms(self._clock())
        gone = 0
        for old in await self._there(too_old(self._kept, self._windows(), now)):
            gone += await self._delete(old)
        return gone

    async def _there(self, kinds: Sequence[TooOld]) -> list[TooOld]:
        """Those of which there are any: all are looked for in one statement."""
        each = (select(*old.table.primary_key).where(old.rows).exists() for old in kinds)
        query = select(*(there.label(f"_{number}") for number, there in enumerate(each)))
        async with self._store.read(is_long=True) as connection:
            found = (await connection.execute(query)).one()
        return [old for old, is_there in zip(kinds, found, strict=True) if is_there]

    async def _delete(self, old: TooOld) -> int:
        """Delete the rows of one table, some at a time."""
        gone = 0
        key = tuple_(*old.table.primary_key)
        some = select(*old.table.primary_key).where(old.rows).limit(_AT_ONCE)
        while True:
            async with self._store.write(is_long=True) as connection:
                deleted = await connection.change(delete(old.table).where(key.in_(some)))
            gone += deleted
            if deleted < _AT_ONCE:
                return gone


def _before(kept: timedelta) -> ColumnElement[int]:
    """The moment before which something is too old, by the database's clock."""
    return now_ms() - milliseconds(kept)


def _counts_no_more(windows: dict[str, timedelta]) -> ColumnElement[bool]:
    """Calls that have left the longest window of their account."""
    known = [
        and_(quota_calls.c.account == account, quota_calls.c.at_ms <= _before(window))
        for account, window in windows.items()
    ]
    return or_(quota_calls.c.at_ms <= _before(_LONGEST_WINDOW), *known)
