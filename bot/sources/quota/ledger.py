"""
The quota ledger: every call to a vendor is written down before it is made.

No rolling window ever holds more calls than the vendor allows, whatever crashes, restarts or runs at the
same time: the account's row is locked, and then one statement counts its calls and adds the new one, by the
database's clock. Each purpose leaves a reserve for those above it, and of a small quota one person takes no
more than a share. A vendor's own count (a 429, a rate-limit header) can lower what we think is left, never
raise it, and is kept for each of its windows.
"""

import asyncio
import math
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cachetools import TTLCache
from sqlalchemy import delete, func, select

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
from bot.sources.quota.statements import (
    DAY_SECONDS,
    Call,
    calls_in,
    counting,
    lock,
    meant,
    moment,
    newest_call_at,
    of_told,
    read_told,
    refusal_of,
    told_and_calls,
)
from bot.storage.database import Connection, Sent
from bot.storage.store import Store
from bot.storage.tables import quota_calls, quota_told
from bot.storage.upsert import upsert

# Of so many accounts it is known for so long what was left of their quota.
_STATES_KEPT, _STATE_LASTS_SECONDS = 200, 0.25
# Under this the vendor's word that no call is left is kept, whatever its windows.
_CLOSED = 0
# Where every window is at least so large, a second call is counted with the first: it may be made for so
# long, and counts for longer, so that the vendor never has more in a window than we.
_LARGE_WINDOW, _SPARE_LASTS_SECONDS, _SPARE_COUNTS_MS = 500, 1.0, 2_000


@dataclass(slots=True)
class _Spare:
    """A call that is counted ahead, by its row's id (None: there is none), until a time of the event loop."""

    id: int | None = None
    until: float = 0
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def take(self) -> bool:
        """Whether it may be made now; then it is no spare call any more."""
        if self.id is None or asyncio.get_running_loop().time() > self.until:
            return False
        self.id = None
        return True


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
        self._counting: dict[tuple[tuple[Window, ...], bool], Any] = {}
        self._windows: dict[str, timedelta] = {}
        self._spares: dict[tuple[Account, Purpose], _Spare] = {}
        # What accounts had left at a moment, less what this process has spent since.
        self._states: TTLCache[Account, tuple[int, QuotaState]] = TTLCache(_STATES_KEPT, _STATE_LASTS_SECONDS)

    async def spend(
        self, account: Account, purpose: Purpose, budget: Account | None = None, by: str | None = None
    ) -> Granted | Refused:
        """
        Count one call, if the account's windows, reserve and share allow it, and the budget's do.

        Of an account whose windows are large two are counted at once: a question mostly takes more than one.
        What is left of that is given back with the next call.

        Args:
            account: whose call it is.
            purpose: what for.
            budget: a second account that the call counts against: it is counted in both or in none.
            by: the id of the person whose question it is; None where it is nobody's.

        """
        if budget is not None or any(window.calls < _LARGE_WINDOW for window in account.windows):
            return await self._spend(account, purpose, budget, by, None)
        spare = self._spares.setdefault((account, purpose), _Spare())
        async with spare.turn:
            return Granted() if spare.take() else await self._spend(account, purpose, None, by, spare)

    async def _spend(
        self,
        account: Account,
        purpose: Purpose,
        budget: Account | None,
        by: str | None,
        spare: _Spare | None,
    ) -> Granted | Refused:
        begun = asyncio.get_running_loop().time()
        try:
            async with self._store.write() as connection:
                counted = self._count(connection, account, purpose, by)
                if budget is not None:
                    await self._count_in_both(connection, counted, budget, purpose, by)
                ahead = None if spare is None else self._count_ahead(connection, account, purpose, spare)
        except _Refusal as refusal:
            self._states.clear()
            return refusal.refused
        if spare is not None and ahead is not None:
            spare.id, spare.until = _id_of(ahead), begun + _SPARE_LASTS_SECONDS
        if budget is not None:
            self._states.pop(budget, None)
        elif _id_of(counted.call) is None:
            self._states.clear()
            async with self._store.read() as connection:
                return await counted.refusal(connection)
        self._note_spent(account, counted.asked.name)
        return Granted()

    async def _count_in_both(
        self, connection: Connection, counted: "_Counted", budget: Account, purpose: Purpose, by: str | None
    ) -> None:
        """Count a call in a second account too; raises `_Refusal` where it must not be made."""
        both = counted, self._count(connection, budget, purpose, by)
        await connection.deliver()
        for one in both:
            if _id_of(one.call) is None:
                raise _Refusal(await one.refusal(connection))

    def _count_ahead(
        self, connection: Connection, account: Account, purpose: Purpose, spare: _Spare
    ) -> Sent[*tuple[Any, ...]]:
        """Take back a call that was counted ahead and not made, and count another one if it may be made."""
        if spare.id is not None:
            connection.send(delete(quota_calls).where(quota_calls.c.id == spare.id))
        return self._counted(connection, account, Call(purpose, None, 0), _SPARE_COUNTS_MS)

    def _note_spent(self, account: Account, asker: str | None) -> None:
        """Take a call from what the account was known to have left."""
        at, state = self._states.pop(account, (0, None))
        if state is None or account.longest is None or state.left is None:
            return
        back = timedelta(milliseconds=account.longest.milliseconds)
        spent = replace(
            state,
            used=state.used + 1,
            left=max(0, state.left - 1),
            returning=(*state.returning, back),
            askers=(*state.askers, asker),
            returns_at=state.returns_at or datetime.now(UTC) + back,
        )
        self._states[account] = at, spent

    async def give_back(self, account: Account) -> None:
        """Take back the newest call of an account, which the vendor did not count after all."""
        newest = select(func.max(quota_calls.c.id)).where(quota_calls.c.account == account.name)
        async with self._store.write() as connection:
            lock(connection, account.name)
            connection.send(quota_calls.delete().where(quota_calls.c.id == newest.scalar_subquery()))
        self._states.pop(account, None)

    def share_of(self, by: str | None, account: Account, state: QuotaState) -> PersonsShare | None:
        """What is left of a person's share by an account's state; None where they may take all of it."""
        most = self._share.most(account)
        if by is None or most is None:
            return None
        name = self._share.named(by)
        back = [back for back, who in zip(state.returning, state.askers, strict=True) if who == name]
        return PersonsShare(max(0, most - len(back)), back[max(0, len(back) - most)] if back else None)

    async def state(self, account: Account, at: datetime | None = None) -> QuotaState:
        """What the account has left now; with the time, what was read a moment ago will do."""
        if at is None:
            return await self._state(account)
        now = int(at.timestamp() / _STATE_LASTS_SECONDS)
        known = self._states.get(account)
        if known is None or known[0] != now:
            known = self._states[account] = now, await self._state(account)
        return known[1]

    async def _state(self, account: Account) -> QuotaState:
        window = account.longest
        counted = window or Window(0, DAY_SECONDS)
        async with self._store.read() as connection:
            now, told, counting_still = await told_and_calls(connection, account, counted)
        # What is counted ahead has not been made.
        calls = [(at, asker) for at, asker in counting_still if not now < at <= now + _SPARE_COUNTS_MS]
        closed = max((one.until_ms for one in told if one.left <= 0), default=None)
        blocked = None if closed is None else moment(closed)
        if window is None:
            return QuotaState(account.name, None, None, len(calls), None, None, blocked)
        of_this = [one.left for one in told if one.over_seconds in (_CLOSED, window.seconds)]
        left = min([window.calls - len(calls), *of_this])
        back = tuple(timedelta(milliseconds=at + window.milliseconds - now) for at, _ in calls)
        returns = moment(calls[0][0] + window.milliseconds) if calls else None
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
        window = meant(account, until_in)
        over = _CLOSED if left <= 0 else window.seconds
        async with self._store.read() as connection:
            now, told = read_told((await connection.execute(of_told(account.name))).all())
            until = now + math.ceil(until_in.total_seconds() * 1000)
            ours = window.calls - await calls_in(connection, account, window, now)
            if left > 0 and window.calls and left > ours:
                return
            if any(one.over_seconds == over and one.left <= left and one.until_ms >= until for one in told):
                return
            newest = await newest_call_at(connection, account, now)
        row = {"account": account.name, "over_seconds": over, "left": left, "of_calls": window.calls or left}
        row |= {"told_ms": now, "until_ms": until, "newest_call": newest}
        async with self._store.write() as connection:
            upsert(connection, quota_told, [row])
        self._states.pop(account, None)
        for spare in [spare for (of, _), spare in self._spares.items() if of == account]:
            spare.until = 0

    def windows(self) -> dict[str, timedelta]:
        """How long the calls of each account that was asked by this process count."""
        return dict(self._windows)

    def _count(
        self, connection: Connection, account: Account, purpose: Purpose, by: str | None
    ) -> "_Counted":
        """Send what counts a call, if it may be made."""
        longest = account.longest or Window(0, DAY_SECONDS)
        self._windows[account.name] = timedelta(milliseconds=longest.milliseconds)
        locked = lock(connection, account.name)
        most = self._share.most(account)
        asked = Call(purpose, self._share.named(by) if by and most is not None else None, most or 0)
        return _Counted(account, asked, locked, self._counted(connection, account, asked, 0))

    def _counted(
        self, connection: Connection, account: Account, asked: Call, later_ms: int
    ) -> Sent[*tuple[Any, ...]]:
        """Send what counts a call as made so much later, if it may be made: then it has the call's id."""
        is_shared = asked.name is not None
        kind = account.windows, is_shared
        if kind not in self._counting:
            self._counting[kind] = counting(account, is_shared=is_shared)
        values: dict[str, Any] = {
            "_account": account.name,
            "_purpose": asked.purpose.value,
            "_later": later_ms,
            "_percent": reserve(100, asked.purpose),
            "_asker": asked.name,
        }
        if is_shared:
            values["_most"] = asked.most
        for number, window in enumerate(account.windows):
            values[f"_spendable_{number}"] = window.calls - reserve(window.calls, asked.purpose)
        sent: Sent[*tuple[Any, ...]] = connection.send(self._counting[kind], values)
        return sent


@dataclass(frozen=True, slots=True)
class _Counted:
    """What was sent to count a call: `locked` has the time of it, `call` its id where it may be made."""

    account: Account
    asked: Call
    locked: Sent[int]
    call: Sent[*tuple[Any, ...]]

    async def refusal(self, connection: Connection) -> Refused:
        """Why it must not be made, and until when."""
        now = int(self.locked.result.scalar_one())
        return await refusal_of(connection, self.account, self.asked, now)


def _id_of(call: Sent[*tuple[Any, ...]]) -> int | None:
    """The id of a call that was counted; None where it must not be made."""
    row = call.result.first()
    return None if row is None else int(row[0])
