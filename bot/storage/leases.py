"""Time-limited locks in the database, shared by all processes."""

from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select, update

from bot.operations.clock import milliseconds
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import claims, now_ms
from bot.storage.upsert import insert_new


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
        row: dict[str, Any] = {
            "key": self._hash(key),
            "holder": holder,
            "until_ms": now_ms() + milliseconds(lasting),
        }
        async with self._store.write() as connection:
            await connection.execute(delete(claims).where(claims.c.until_ms <= now_ms()))
            if await insert_new(connection, claims, row):
                return True
            query = select(claims.c.holder).where(claims.c.key == row["key"])
            return bool((await connection.execute(query)).scalar_one() == holder)

    async def renew(self, key: str, holder: str, lasting: timedelta) -> None:
        """Prolong a lease that the holder has: it lasts so long from now."""
        ours = (claims.c.key == self._hash(key)) & (claims.c.holder == holder)
        until = now_ms() + milliseconds(lasting)
        async with self._store.write() as connection:
            await connection.execute(update(claims).where(ours).values(until_ms=until))

    async def release(self, key: str, holder: str) -> None:
        """End a lease that the holder has before its time is over."""
        ours = (claims.c.key == self._hash(key)) & (claims.c.holder == holder)
        async with self._store.write() as connection:
            await connection.execute(delete(claims).where(ours))

    def _hash(self, key: str) -> str:
        return self._keyring.hash("claim", key)
