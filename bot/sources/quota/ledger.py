"""
The quota ledger: every call to a vendor is written down before it is made.

No rolling window ever holds more calls than the vendor allows, whatever crashes, restarts or runs at the
same time: the account's row is locked, and then one statement counts its calls and adds the new one, by the
database's clock. Each purpose leaves a reserve for those above it, and of a small quota one person takes no
more than a share. A vendor's own count (a 429, a rate-limit
header) can lower what we think is left, never raise it, and is kept for each of its windows.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from cachetools import TTLCache
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Insert,
    Integer,
    Row,
    Select,
    String,
    and_,
    bindparam,
    func,
    insert,
    literal,
    select,
    union_all,
)

from bot.sources.quota import (
    Account,
    FairShare,
    Granted,
    PersonsShare,
    Purpose,
    QuotaState,
    Refused,
    Window,
    reserve,
)
from bot.storage.database import Connection
from bot.storage.store import Store
from bot.storage.tables import now_ms, quota_accounts, quota_calls, quota_told
from bot.storage.upsert import upsert, upsert_returning

# Calls to accounts without a limit are counted for a day and then forgotten.
_DAY_SECONDS = 24 * 3600
# Of so many accounts it is known for so long what was left of their quota.
_STATES_KEPT, _STATE_LASTS_SECONDS = 200, 0.25
# Under this the vendor's word that no call is left is kept, whatever its windows.
_CLOSED = 0


@dataclass(frozen=True, slots=True)
class _Told:
    """
    What the vendor said is left of one of its windows, less what was called since.

    `of` are the window's calls; `until_ms` is when the count ends, in milliseconds since 1970.
    """

    over_seconds: int
    left: int
    of: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class _Asked:
    """
    What a call is for, and for whom.

    `name` is the person's in the ledger, of whose calls there may be `most`; None where no share is kept.
    """

    purpose: Purpose
    name: str | None
    most: int


class _Refusal(Exception):
    """Raised in a transaction to take back what was counted in it."""

    def __init__(self, refused: Refused) -> None:
        super().__init__()
        self.refused = refused


class Ledger:
    """The calls of all accounts, in the database; of a small quota, one person takes no more than `share`."""

    def __init__(self, store: Store, share: FairShare | None = None) -> None:
        self._store = store
        self._share = share or FairShare()
        # A statement has a condition for each window: made once for accounts with the same ones.
        self._counting: dict[tuple[tuple[Window, ...], bool], Insert] = {}
        self._windows: dict[str, timedelta] = {}
        self._states: TTLCache[tuple[Account, int, int], QuotaState] = TTLCache(
            _STATES_KEPT, _STATE_LASTS_SECONDS
        )
        self._changes = 0

    async def spend(
        self, account: Account, purpose: Purpose, budget: Account | None = None, by: str | None = None
    ) -> Granted | Refused:
        """
        Count one call, if the account's windows, reserve and share allow it, and the budget's do.

        Args:
            account: whose call it is.
            purpose: what for.
            budget: a second account that the call counts against: it is counted in both or in none.
            by: the id of the person whose question it is; None where it is nobody's.

        """
        try:
            async with self._store.write() as connection:
                for one in filter(None, (account, budget)):
                    await self._count(connection, one, purpose, by)
        except _Refusal as refusal:
            return refusal.refused
        finally:
            self._changes += 1
        return Granted()

    async def give_back(self, account: Account) -> None:
        """Take back the newest call of an account, which the vendor did not count after all."""
        newest = select(func.max(quota_calls.c.id)).where(quota_calls.c.account == account.name)
        async with self._store.write() as connection:
            await _lock(connection, account.name)
            await connection.execute(quota_calls.delete().where(quota_calls.c.id == newest.scalar_subquery()))
        self._changes += 1

    def share_of(self, by: str | None, account: Account, state: QuotaState) -> PersonsShare | None:
        """What is left of a person's share by an account's state; None where they may take all of it."""
        most = self._share.most(account)
        if by is None or most is None:
            return None
        name = self._share.named(by)
        back = [back for back, who in zip(state.returning, state.askers, strict=True) if who == name]
        return PersonsShare(max(0, most - len(back)), back[len(back) - most] if len(back) >= most else None)

    async def state(self, account: Account, at: datetime | None = None) -> QuotaState:
        """What the account has left now; with the time, what was read a moment ago will do."""
        if at is None:
            return await self._state(account)
        asked = account, int(at.timestamp() / _STATE_LASTS_SECONDS), self._changes
        if (state := self._states.get(asked)) is None:
            state = self._states[asked] = await self._state(account)
        return state

    async def _state(self, account: Account) -> QuotaState:
        window = account.longest
        counted = window or Window(0, _DAY_SECONDS)
        async with self._store.read() as connection:
            now, told, calls = await _told_and_calls(connection, account, counted)
        closed = max((one.until_ms for one in told if one.left <= 0), default=None)
        blocked = None if closed is None else _moment(closed)
        if window is None:
            return QuotaState(account.name, None, None, len(calls), None, None, blocked)
        of_this = [one.left for one in told if one.over_seconds in (_CLOSED, window.seconds)]
        left = min([window.calls - len(calls), *of_this])
        back = tuple(timedelta(milliseconds=at + window.milliseconds - now) for at, _ in calls)
        returns = _moment(calls[0][0] + window.milliseconds) if calls else None
        if blocked is not None:
            # One time: the vendor's word has ended, and a window that is full has one call back.
            full = len(calls) >= window.calls
            returns = max(blocked, returns) if full and returns else blocked
            blocked = returns
        return QuotaState(
            account.name,
            window.calls,
            window.seconds,
            len(calls),
            max(0, left),
            returns,
            blocked,
            back,
            tuple(asker for _, asker in calls),
        )

    async def correct(self, account: Account, left: int, until_in: timedelta) -> None:
        """
        Keep the vendor's own count of one of its windows, where less is left by it than by ours.

        Args:
            account: the account that the vendor has counted.
            left: how many calls the vendor says are left (0 on a 429).
            until_in: how long that is so, from now; the shortest window that is as long is the one meant.

        """
        window = _meant(account, until_in)
        over = _CLOSED if left <= 0 else window.seconds
        async with self._store.read() as connection:
            now, told = _read_told((await connection.execute(_of_told(account.name))).all())
            until = now + math.ceil(until_in.total_seconds() * 1000)
            ours = window.calls - await _used(connection, account, window, now)
            if left > 0 and window.calls and left > ours:
                return
            if any(one.over_seconds == over and one.left <= left and one.until_ms >= until for one in told):
                return
        row = {"account": account.name, "over_seconds": over, "left": left, "of_calls": window.calls or left}
        async with self._store.write() as connection:
            await upsert(connection, quota_told, [row | {"told_ms": now, "until_ms": until}])
        self._changes += 1

    def windows(self) -> dict[str, timedelta]:
        """How long the calls of each account that was asked by this process count."""
        return dict(self._windows)

    async def _count(
        self, connection: Connection, account: Account, purpose: Purpose, by: str | None
    ) -> None:
        """Count a call, or raise `_Refusal`."""
        longest = account.longest or Window(0, _DAY_SECONDS)
        self._windows[account.name] = timedelta(milliseconds=longest.milliseconds)
        now = await _lock(connection, account.name)
        most = self._share.most(account)
        asked = _Asked(purpose, self._share.named(by) if by and most is not None else None, most or 0)
        is_shared = asked.name is not None
        kind = account.windows, is_shared
        if kind not in self._counting:
            self._counting[kind] = _counting(account, is_shared=is_shared)
        values: dict[str, Any] = {
            "_account": account.name,
            "_purpose": purpose.value,
            "_now": now,
            "_percent": reserve(100, purpose),
            "_asker": asked.name,
        }
        if is_shared:
            values["_most"] = asked.most
        for number, window in enumerate(account.windows):
            values[f"_spendable_{number}"] = window.calls - reserve(window.calls, purpose)
        if (await connection.execute(self._counting[kind], values)).rowcount == 0:
            raise _Refusal(await _refused(connection, account, asked, now))


def _counting(account: Account, *, is_shared: bool) -> Insert:
    """The statement that adds a call to an account with such windows, if they and the vendor allow it."""
    name = bindparam("_account", type_=String())
    now, asker = bindparam("_now", type_=BigInteger()), bindparam("_asker", type_=String())
    calls = select(func.count()).select_from(quota_calls).where(quota_calls.c.account == name)
    conditions: list[ColumnElement[bool]] = []
    for number, window in enumerate(account.windows):
        inside = calls.where(quota_calls.c.at_ms > now - window.milliseconds)
        conditions.append(inside.scalar_subquery() < bindparam(f"_spendable_{number}", type_=Integer()))
    if is_shared and account.longest:
        theirs = calls.where(quota_calls.c.at_ms > now - account.longest.milliseconds)
        theirs = theirs.where(quota_calls.c.asker == asker)
        conditions.append(theirs.scalar_subquery() < bindparam("_most", type_=Integer()))
    since = calls.where(quota_calls.c.at_ms > quota_told.c.told_ms).correlate(quota_told)
    # Whole numbers for: what is left is no more than the reserve, rounded up.
    too_few = (quota_told.c.left - since.scalar_subquery() - 1) * 100 < quota_told.c.of_calls * bindparam(
        "_percent", type_=Integer()
    )
    told = select(quota_told.c.account).where(
        quota_told.c.account == name, quota_told.c.until_ms > now, too_few
    )
    row = select(name, now, bindparam("_purpose", type_=String()), asker).where(*conditions, ~told.exists())
    return insert(quota_calls).from_select(["account", "at_ms", "purpose", "asker"], row)


async def _lock(connection: Connection, name: str) -> int:
    """
    Lock the account's row, on PostgreSQL; on SQLite the transaction is the only writer already.

    Returns:
        the database's time, in milliseconds since 1970.

    """
    row = {"account": name, "touched_ms": now_ms()}
    return int(await upsert_returning(connection, quota_accounts, row, quota_accounts.c.touched_ms))


async def _told_and_calls(
    connection: Connection, account: Account, window: Window
) -> tuple[int, list[_Told], list[tuple[int, str | None]]]:
    """The database's time, what the vendor said, and when and for whom calls were made, earliest first."""
    clock = select(now_ms().label("now")).subquery()
    nothing = [literal(None, BigInteger()) for _ in range(3)]
    calls = (
        select(clock.c.now, *nothing, quota_calls.c.at_ms, quota_calls.c.asker, literal(True, Boolean()))
        .select_from(clock.join(quota_calls, quota_calls.c.at_ms > clock.c.now - window.milliseconds))
        .where(quota_calls.c.account == account.name)
    )
    told = _of_told(account.name).add_columns(literal(None, String()), literal(False, Boolean()))
    rows = (await connection.execute(union_all(told, calls))).all()
    now, still = _read_told([row for row in rows if not row[-1]])
    calls_made = sorted((row for row in rows if row[-1]), key=lambda row: int(row[4]))
    return now, still, [(int(row[4]), row[5]) for row in calls_made]


def _of_told(name: str) -> Select[Any]:
    since = (
        select(func.count())
        .select_from(quota_calls)
        .where(quota_calls.c.account == quota_told.c.account, quota_calls.c.at_ms > quota_told.c.told_ms)
        .correlate(quota_told)
    )
    left = (quota_told.c.left - since.scalar_subquery()).label("left")
    clock = select(now_ms().label("now")).subquery()
    ours = and_(quota_told.c.account == name, quota_told.c.until_ms > clock.c.now)
    return select(
        clock.c.now, quota_told.c.over_seconds, left, quota_told.c.of_calls, quota_told.c.until_ms
    ).select_from(clock.outerjoin(quota_told, ours))


def _read_told(rows: Sequence[Row[Any]]) -> tuple[int, list[_Told]]:
    """The database's time in milliseconds, and what the vendor said that is so still."""
    still = [row for row in rows if row.over_seconds is not None]
    return int(rows[0].now), [_Told(r.over_seconds, r.left, r.of_calls, r.until_ms) for r in still]


def _meant(account: Account, until_in: timedelta) -> Window:
    """The window that a vendor's count is of: the shortest that does not end sooner."""
    long_enough = [window for window in account.windows if window.seconds >= until_in.total_seconds()]
    shortest = min(long_enough, key=lambda window: window.seconds, default=account.longest)
    return shortest or Window(0, _DAY_SECONDS)


async def _used(
    connection: Connection, account: Account, window: Window, now: int, asker: str | None = None
) -> int:
    query = select(func.count()).select_from(quota_calls).where(_inside(account, window, now, asker))
    return int((await connection.execute(query)).scalar_one())


def _inside(account: Account, window: Window, now: int, asker: str | None) -> ColumnElement[bool]:
    """The condition for calls that still count in a window; with an asker, for theirs."""
    inside = (quota_calls.c.account == account.name) & (quota_calls.c.at_ms > now - window.milliseconds)
    return inside if asker is None else inside & (quota_calls.c.asker == asker)


async def _back_at(
    connection: Connection,
    account: Account,
    window: Window,
    now: int,
    number: int,
    asker: str | None = None,
) -> int:
    """
    When one of the calls that still count comes back, in milliseconds; the oldest is number 0.

    Where there is none of that number, a whole window must pass.
    """
    query = select(quota_calls.c.at_ms).where(_inside(account, window, now, asker))
    found = await connection.execute(query.order_by(quota_calls.c.at_ms).offset(number).limit(1))
    return (found.scalar_one_or_none() or now) + window.milliseconds


async def _refused(connection: Connection, account: Account, asked: _Asked, now: int) -> Refused:
    """The refusal of a call, until the latest time at which one of the rules allows it."""
    _, told = _read_told((await connection.execute(_of_told(account.name))).all())
    reasons = [
        (one.until_ms, one.left > 0, one.left <= 0)
        for one in told
        if one.left <= reserve(one.of, asked.purpose)
    ]
    for window in account.windows:
        used = await _used(connection, account, window, now)
        spendable = window.calls - reserve(window.calls, asked.purpose)
        if used >= spendable:
            # Where a purpose may spend nothing at all, a whole window must pass.
            back = await _back_at(connection, account, window, now, max(0, used - max(spendable, 1)))
            reasons.append((back, used < window.calls, False))
    # Between two statements a window may have moved on: then the call may be made at once.
    until, reserved, by_vendor = max(reasons, default=(now, False, False))
    of_person = False
    if asked.name is not None and account.longest:
        theirs = await _used(connection, account, account.longest, now, asked.name)
        if theirs >= asked.most:
            number = theirs - asked.most
            back = await _back_at(connection, account, account.longest, now, number, asked.name)
            until, of_person = max(until, back), not reasons
    wait = timedelta(milliseconds=max(0, until - now))
    return Refused(_moment(until), reserved, wait, by_vendor, of_person)


def _moment(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
