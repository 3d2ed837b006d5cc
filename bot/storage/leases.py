"""Time-limited locks in the database, shared by all processes."""

from collections.abc import Callable, Collection
from datetime import timedelta
from functools import cache

from sqlalchemy import BigInteger, Delete, String, bindparam, case, delete, or_, update
from sqlalchemy.sql.dml import ReturningInsert

from bot.operations.clock import milliseconds
from bot.storage.database import Connection
from bot.storage.keyring import Keyring
from bot.storage.store import Store, Write
from bot.storage.tables import claims, now_ms
from bot.storage.upsert import insertion


@cache
def _taking(dialect: str, leases: int) -> ReturningInsert[str]:
    """The statement that takes so many leases, and returns the keys of those that the holder has then."""
    holder = bindparam("_holder", type_=String())
    until = now_ms() + bindparam("_lasting", type_=BigInteger())
    keys = (bindparam(f"_key_{number}", type_=String()) for number in range(leases))
    is_over = claims.c.until_ms <= now_ms()
    rows = [{"key": key, "holder": holder, "until_ms": until} for key in keys]
    # What is compiled of one row is kept; SQLAlchemy keeps nothing of several.
    new = insertion(dialect, claims).values(rows if leases > 1 else rows[0])
    ends = case((is_over, new.excluded.until_ms), else_=claims.c.until_ms)
    taken = new.on_conflict_do_update(
        index_elements=[claims.c.key],
        set_={"holder": holder, "until_ms": ends},
        where=or_(is_over, claims.c.holder == holder),
    )
    return taken.returning(claims.c.key)


@cache
def _releasing() -> Delete:
    """The statement that ends a lease that the holder has."""
    is_it = claims.c.key == bindparam("_key", type_=String())
    return delete(claims).where(is_it, claims.c.holder == bindparam("_holder", type_=String()))


class Leases:
    """Leases by key; a key is hashed, for it may hold a name."""

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self._store = store
        self._keyring = keyring

    async def take(self, key: str, holder: str, lasting: timedelta) -> bool:
        """
        Take a lease, unless another holder has it; False then.

        Who has it already may take it again, which does not prolong it.
        """
        async with self._store.write() as connection:
            taken = self.taking(connection, [key], holder, lasting)
        return bool(taken())

    def taking(
        self, connection: Connection, keys: Collection[str], holder: str, lasting: timedelta
    ) -> Callable[[], set[str]]:
        """
        As `take`, of several, sent in a writer's transaction.

        Returns:
            what tells, when that has been executed, the keys whose leases the holder has now.

        """
        named = {self._hash(key): key for key in keys}
        values = {"_holder": holder, "_lasting": milliseconds(lasting)}
        # In one order: two transactions that take the same ones do not wait for each other in a circle.
        values |= {f"_key_{number}": name for number, name in enumerate(sorted(named))}
        taken = connection.send(_taking(connection.dialect.name, len(named)), values)
        return lambda: {named[name] for name in taken.result.scalars().all()}

    async def renew(self, key: str, holder: str, lasting: timedelta) -> None:
        """Prolong a lease that the holder has: it lasts so long from now."""
        ours = (claims.c.key == self._hash(key)) & (claims.c.holder == holder)
        until = now_ms() + milliseconds(lasting)
        async with self._store.write() as connection:
            connection.send(update(claims).where(ours).values(until_ms=until))

    async def release(self, key: str, holder: str) -> None:
        """End a lease that the holder has before its time is over."""
        async with self._store.write() as connection:
            await self.releasing(key, holder)(connection)

    def releasing(self, key: str, holder: str) -> Write:
        """What ends a lease in a writer's transaction."""
        values = {"_key": self._hash(key), "_holder": holder}

        async def write(connection: Connection) -> None:
            connection.send(_releasing(), values)

        return write

    def _hash(self, key: str) -> str:
        return self._keyring.hash("claim", key)
