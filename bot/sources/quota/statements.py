"""The ledger's statements: a call counted where the windows allow it, and what is known of an account."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Integer,
    Row,
    Select,
    String,
    and_,
    bindparam,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.sql.dml import ReturningInsert

from bot.sources.quota import Account, Purpose, Refused, Window, reserve
from bot.storage.database import Connection, Sent
from bot.storage.tables import now_ms, quota_accounts, quota_calls, quota_told
from bot.storage.upsert import upsert_returning

DAY_SECONDS = 24 * 3600
"""Calls to accounts without a limit are counted for so long and then forgotten."""


@dataclass(frozen=True, slots=True)
class VendorsCount:
    """
    What the vendor said is left of one of its windows, less what was called since.

    `of` are the window's calls; `until_ms` is when the count ends, in milliseconds since 1970.
    """

    over_seconds: int
    left: int
    of: int
    until_ms: int


@dataclass(frozen=True, slots=True)
class Call:
    """
    What a call is for, and for whom.

    `name` is the person's in the ledger, of whose calls there may be `most`; None where no share is kept.
    """

    purpose: Purpose
    name: str | None
    most: int


def counting(account: Account, *, is_shared: bool) -> ReturningInsert[*tuple[Any, ...]]:
    """
    The statement that adds a call to an account with such windows, if they and the vendor allow it.

    It returns the call's id. Now is when the account's row was locked; the call is written as made `_later`
    than that, in milliseconds.
    """
    name, asker = bindparam("_account", type_=String()), bindparam("_asker", type_=String())
    now = select(quota_accounts.c.touched_ms).where(quota_accounts.c.account == name).scalar_subquery()
    calls = select(func.count()).select_from(quota_calls).where(quota_calls.c.account == name)
    conditions: list[ColumnElement[bool]] = []
    for number, window in enumerate(account.windows):
        inside = calls.where(quota_calls.c.at_ms > now - window.milliseconds)
        conditions.append(inside.scalar_subquery() < bindparam(f"_spendable_{number}", type_=Integer()))
    if is_shared and account.longest:
        theirs = calls.where(quota_calls.c.at_ms > now - account.longest.milliseconds)
        theirs = theirs.where(quota_calls.c.asker == asker)
        conditions.append(theirs.scalar_subquery() < bindparam("_most", type_=Integer()))
    since = calls.where(_made_after_told()).correlate(quota_told)
    # Whole numbers for: what is left is no more than the reserve, rounded up.
    too_few = (quota_told.c.left - since.scalar_subquery() - 1) * 100 < quota_told.c.of_calls * bindparam(
        "_percent", type_=Integer()
    )
    told = select(quota_told.c.account).where(
        quota_told.c.account == name, quota_told.c.until_ms > now, too_few
    )
    made_at = now + bindparam("_later", type_=BigInteger())
    values = select(name, made_at, bindparam("_purpose", type_=String()), asker)
    row = values.where(*conditions, ~told.exists())
    columns = ["account", "at_ms", "purpose", "asker"]
    return insert(quota_calls).from_select(columns, row).returning(quota_calls.c.id)


def lock(connection: Connection, name: str) -> Sent[int]:
    """
    Send what locks the account's row, on PostgreSQL; on SQLite the transaction is the only writer already.

    Returns:
        the database's time then, in milliseconds since 1970.

    """
    touched_ms = quota_accounts.c.touched_ms
    return upsert_returning(connection, quota_accounts, {"account": name}, touched_ms, touched_ms=timedelta())


async def told_and_calls(
    connection: Connection, account: Account, window: Window
) -> tuple[int, list[VendorsCount], list[tuple[int, str | None]]]:
    """The database's time, what the vendor said, and when and for whom calls were made, earliest first."""
    clock = select(now_ms().label("now")).subquery()
    nothing = [literal(None, BigInteger()) for _ in range(3)]
    calls = (
        select(clock.c.now, *nothing, quota_calls.c.at_ms, quota_calls.c.asker, literal(True, Boolean()))
        .select_from(clock.join(quota_calls, quota_calls.c.at_ms > clock.c.now - window.milliseconds))
        .where(quota_calls.c.account == account.name)
    )
    told = of_told(account.name).add_columns(literal(None, String()), literal(False, Boolean()))
    rows = (await connection.execute(union_all(told, calls))).all()
    now, still = read_told([row for row in rows if not row[-1]])
    calls_made = sorted((row for row in rows if row[-1]), key=lambda row: int(row[4]))
    return now, still, [(int(row[4]), row[5]) for row in calls_made]


def of_told(name: str) -> Select[Any]:
    """What reads the database's time, and what the vendor said of an account that is so still."""
    since = (
        select(func.count())
        .select_from(quota_calls)
        .where(quota_calls.c.account == quota_told.c.account, _made_after_told())
        .correlate(quota_told)
    )
    left = (quota_told.c.left - since.scalar_subquery()).label("left")
    clock = select(now_ms().label("now")).subquery()
    ours = and_(quota_told.c.account == name, quota_told.c.until_ms > clock.c.now)
    return select(
        clock.c.now, quota_told.c.over_seconds, left, quota_told.c.of_calls, quota_told.c.until_ms
    ).select_from(clock.outerjoin(quota_told, ours))


def _made_after_told() -> ColumnElement[bool]:
    """The condition for calls that the vendor had not counted when it said what is left."""
    # Of that millisecond itself, those that came after the newest of then.
    later = or_(quota_calls.c.at_ms > quota_told.c.told_ms, quota_calls.c.id > quota_told.c.newest_call)
    return and_(quota_calls.c.at_ms >= quota_told.c.told_ms, later)


def read_told(rows: Sequence[Row[Any]]) -> tuple[int, list[VendorsCount]]:
    """The database's time in milliseconds, and what the vendor said that is so still."""
    still = [row for row in rows if row.over_seconds is not None]
    return int(rows[0].now), [VendorsCount(r.over_seconds, r.left, r.of_calls, r.until_ms) for r in still]


def meant(account: Account, until_in: timedelta) -> Window:
    """The window that a vendor's count is of: the shortest that does not end sooner."""
    long_enough = [window for window in account.windows if window.seconds >= until_in.total_seconds()]
    shortest = min(long_enough, key=lambda window: window.seconds, default=account.longest)
    return shortest or Window(0, DAY_SECONDS)


async def calls_in(
    connection: Connection, account: Account, window: Window, now: int, asker: str | None = None
) -> int:
    """How many calls of an account still count in a window; with an asker, of theirs."""
    query = select(func.count()).select_from(quota_calls).where(_inside(account, window, now, asker))
    return int((await connection.execute(query)).scalar_one())


async def newest_call_at(connection: Connection, account: Account, now: int) -> int:
    """The id of the newest of the calls that were counted in that very millisecond; 0 where none was."""
    made = (quota_calls.c.account == account.name) & (quota_calls.c.at_ms == now)
    return int((await connection.execute(select(func.max(quota_calls.c.id)).where(made))).scalar_one() or 0)


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


async def refusal_of(connection: Connection, account: Account, asked: Call, now: int) -> Refused:
    """The refusal of a call, until the latest time at which one of the rules allows it."""
    _, told = read_told((await connection.execute(of_told(account.name))).all())
    reasons = [
        (one.until_ms, one.left > 0, one.left <= 0)
        for one in told
        if one.left <= reserve(one.of, asked.purpose)
    ]
    for window in account.windows:
        used = await calls_in(connection, account, window, now)
        spendable = window.calls - reserve(window.calls, asked.purpose)
        if used >= spendable:
            # Where a purpose may spend nothing at all, a whole window must pass.
            back = await _back_at(connection, account, window, now, max(0, used - max(spendable, 1)))
            reasons.append((back, used < window.calls, False))
    # Between two statements a window may have moved on: then the call may be made at once.
    until, reserved, by_vendor = max(reasons, default=(now, False, False))
    of_person = False
    if asked.name is not None and account.longest:
        theirs = await calls_in(connection, account, account.longest, now, asked.name)
        if theirs >= asked.most:
            number = theirs - asked.most
            back = await _back_at(connection, account, account.longest, now, number, asked.name)
            until, of_person = max(until, back), not reasons
    wait = timedelta(milliseconds=max(0, until - now))
    return Refused(moment(until), reserved, wait, by_vendor, of_person)


def moment(milliseconds: int) -> datetime:
    """The time of milliseconds since 1970."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
