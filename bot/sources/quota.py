"""
The quota ledger: every call to a vendor is written down before it is made.

No rolling window ever holds more calls than the vendor allows, whatever crashes, restarts or runs at the
same time: the account's row is locked before its calls are counted, in the transaction that adds the new
one, by the database's clock. Each purpose leaves a reserve for those above it. A vendor's own count (a 429,
a rate-limit header) can lower what we think is left, never raise it.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from sqlalchemy import ColumnElement, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.store import Store
from bot.storage.tables import now_ms, quota_accounts, quota_calls
from bot.storage.upsert import upsert

# Calls to accounts without a limit are counted for a day and then forgotten.
_DAY_SECONDS = 24 * 3600


class Purpose(StrEnum):
    """What a call is made for; the first has precedence over the second, and so on."""

    PERSON = "person"
    UNFURL = "unfurl"
    TICKET = "ticket"
    BACKGROUND = "background"


# The part of a window's calls that each purpose leaves for those above it.
RESERVES = {Purpose.PERSON: 0.0, Purpose.UNFURL: 0.1, Purpose.TICKET: 0.2, Purpose.BACKGROUND: 0.4}


def reserve(calls: int, purpose: Purpose) -> int:
    """How many of a window's calls a purpose must leave for others."""
    return math.ceil(calls * RESERVES[purpose])


@dataclass(frozen=True, slots=True)
class Window:
    """
    At most `calls` calls in any `seconds` seconds.

    A vendor counts a call when it arrives, a little later than we do. So a call counts for `lag_seconds`
    longer here: it may still be in the vendor's window.
    """

    calls: int
    seconds: int
    lag_seconds: float = 0

    @property
    def milliseconds(self) -> int:
        """How long a call counts, in milliseconds."""
        return int((self.seconds + self.lag_seconds) * 1000)


@dataclass(frozen=True, slots=True)
class Account:
    """A vendor's account in the ledger. An account without windows has no limit; calls are only counted."""

    name: str
    windows: tuple[Window, ...] = ()

    @property
    def longest(self) -> Window | None:
        """The longest window, which is the one that people are shown; None without any."""
        return max(self.windows, key=lambda window: window.seconds, default=None)


@dataclass(frozen=True, slots=True)
class Granted:
    """The call has been counted and may be made."""


@dataclass(frozen=True, slots=True)
class Refused:
    """
    The call must not be made.

    `until` is when one may be made again, `wait` how long that is by the database's clock; `reserved` says
    that calls are left, for other purposes.
    """

    until: datetime
    reserved: bool
    wait: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class QuotaState:
    """
    What an account has left in its longest window.

    `left` and `limit` are None where no limit is known. `returns_at` is when the next call comes back, None
    where none is spent. `blocked_until` is set while the vendor says that no call is left. `returning` has
    the time until each spent call comes back, the soonest first.
    """

    account: str
    limit: int | None
    seconds: int | None
    used: int
    left: int | None
    returns_at: datetime | None
    blocked_until: datetime | None
    returning: tuple[timedelta, ...] = ()


@dataclass(frozen=True, slots=True)
class _Count:
    """An account's calls by window, and the vendor's own count; times in milliseconds since 1970."""

    now: int
    used: dict[Window, int]
    vendor_left: int | None
    vendor_until: int | None

    @property
    def left(self) -> float:
        """Calls left in the fullest window, by our own count."""
        return min((window.calls - used for window, used in self.used.items()), default=math.inf)


class Ledger:
    """The calls of all accounts, in the database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def spend(self, account: Account, purpose: Purpose) -> Granted | Refused:
        """Count one call, if the account's windows and the reserve allow it."""
        async with self._store.write() as connection:
            await _lock(connection, account.name)
            count = await _count(connection, account)
            if refused := await _refusal(connection, count, account, purpose):
                return refused
            await connection.execute(
                insert(quota_calls).values(account=account.name, at_ms=now_ms(), purpose=purpose.value)
            )
            await connection.execute(
                update(quota_accounts)
                .where(quota_accounts.c.account == account.name, quota_accounts.c.vendor_left > 0)
                .values(vendor_left=quota_accounts.c.vendor_left - 1)
            )
            await _forget_old(connection, account, count.now)
        return Granted()

    async def state(self, account: Account) -> QuotaState:
        """What the account has left now."""
        window = account.longest
        counted = window or Window(0, _DAY_SECONDS)
        async with self._store.read() as connection:
            now = int((await connection.execute(select(now_ms()))).scalar_one())
            query = select(quota_calls.c.at_ms).where(_inside(account, counted, now))
            calls = (await connection.execute(query.order_by(quota_calls.c.at_ms))).scalars().all()
            vendor_left, vendor_until = await _vendor_said(connection, account, now)
        blocked = _moment(vendor_until) if vendor_until is not None and not vendor_left else None
        if window is None:
            return QuotaState(account.name, None, None, len(calls), None, None, blocked)
        left = max(0, window.calls - len(calls))
        if vendor_left is not None:
            left = min(left, vendor_left)
        back = tuple(timedelta(milliseconds=at + window.milliseconds - now) for at in calls)
        returns = _moment(calls[0] + window.milliseconds) if calls else None
        return QuotaState(
            account.name, window.calls, window.seconds, len(calls), left, returns, blocked, back
        )

    async def correct(self, account: Account, left: int, until_in: timedelta) -> None:
        """
        Keep the vendor's own count, where less is left by it than by ours.

        Args:
            account: the account that the vendor has counted.
            left: how many calls the vendor says are left (0 on a 429).
            until_in: how long that is so, from now.

        """
        async with self._store.write() as connection:
            await _lock(connection, account.name)
            count = await _count(connection, account)
            known = count.left if count.vendor_left is None else min(count.left, count.vendor_left)
            until = count.now + math.ceil(until_in.total_seconds() * 1000)
            if left > known or (count.vendor_left == left and (count.vendor_until or 0) >= until):
                return
            await connection.execute(
                update(quota_accounts)
                .where(quota_accounts.c.account == account.name)
                .values(vendor_left=left, vendor_counted_ms=count.now, vendor_until_ms=until)
            )


async def _lock(connection: AsyncConnection, name: str) -> None:
    """Lock the account's row, on PostgreSQL; on SQLite the transaction is the only writer already."""
    await upsert(connection, quota_accounts, [{"account": name}], touched_ms=now_ms())


async def _count(connection: AsyncConnection, account: Account) -> _Count:
    now = int((await connection.execute(select(now_ms()))).scalar_one())
    used = {}
    for window in account.windows:
        query = select(func.count()).select_from(quota_calls).where(_inside(account, window, now))
        used[window] = int((await connection.execute(query)).scalar_one())
    return _Count(now, used, *await _vendor_said(connection, account, now))


async def _vendor_said(
    connection: AsyncConnection, account: Account, now: int
) -> tuple[int | None, int | None]:
    """Calls that the vendor says are left, and until when (milliseconds); None twice if it said nothing."""
    query = select(quota_accounts.c.vendor_left, quota_accounts.c.vendor_until_ms).where(
        quota_accounts.c.account == account.name, quota_accounts.c.vendor_until_ms > now
    )
    said = (await connection.execute(query)).first()
    return (said[0], said[1]) if said and said[0] is not None else (None, None)


def _inside(account: Account, window: Window, now: int) -> ColumnElement[bool]:
    """The condition for calls that still count in a window."""
    return (quota_calls.c.account == account.name) & (quota_calls.c.at_ms > now - window.milliseconds)


async def _nth_call(
    connection: AsyncConnection, account: Account, window: Window, now: int, number: int
) -> int | None:
    """When call `number` of those that still count was made, in milliseconds; the oldest is number 0."""
    query = select(quota_calls.c.at_ms).where(_inside(account, window, now))
    found = await connection.execute(query.order_by(quota_calls.c.at_ms).offset(number).limit(1))
    return found.scalar_one_or_none()


async def _refusal(
    connection: AsyncConnection, count: _Count, account: Account, purpose: Purpose
) -> Refused | None:
    """The refusal of a call, until the latest time at which one of the rules allows it; None if all do."""
    reasons: list[tuple[int, bool]] = []
    if count.vendor_left is not None and count.vendor_until is not None and count.vendor_left <= 0:
        reasons.append((count.vendor_until, False))
    for window in account.windows:
        used, spendable = count.used[window], window.calls - reserve(window.calls, purpose)
        if used >= spendable:
            # Where a purpose may spend nothing at all, a whole window must pass.
            freeing = await _nth_call(
                connection, account, window, count.now, max(0, used - max(spendable, 1))
            )
            reasons.append(((freeing or count.now) + window.milliseconds, used < window.calls))
    if not reasons:
        return None
    until, reserved = max(reasons)
    return Refused(_moment(until), reserved, timedelta(milliseconds=max(0, until - count.now)))


async def _forget_old(connection: AsyncConnection, account: Account, now: int) -> None:
    kept = (account.longest or Window(0, _DAY_SECONDS)).milliseconds
    await connection.execute(
        delete(quota_calls).where(quota_calls.c.account == account.name, quota_calls.c.at_ms <= now - kept)
    )


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
