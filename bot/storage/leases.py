"""What one has taken for a while, so that nobody else does it too: in the database, for all processes."""

from datetime import timedelta

from sqlalchemy import delete, insert, select, update

from bot.operations.clock import milliseconds
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import claims, now_ms


class Claims:
    """Claims by key; a key is hashed, for it may hold a name."""

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self._store = store
        self._keyring = keyring

    async def take(self, key: str, holder: str, lasting: timedelta) -> bool:
        """Take something for a while, unless another holder has it; who has it may take it again."""
        hashed = self._hash(key)
        async with self._store.write() as connection:
            await connection.execute(delete(claims).where(claims.c.until_ms <= now_ms()))
            query = select(claims.c.holder).where(claims.c.key == hashed)
            taken = (await connection.execute(query)).scalar_one_or_none()
            if taken is None:
                until = now_ms() + milliseconds(lasting)
                await connection.execute(insert(claims).values(key=hashed, holder=holder, until_ms=until))
        return taken in (None, holder)

    async def renew(self, key: str, holder: str, lasting: timedelta) -> None:
        """Keep what was taken for a while from now."""
        ours = (claims.c.key == self._hash(key)) & (claims.c.holder == holder)
        until = now_ms() + milliseconds(lasting)
        async with self._store.write() as connection:
            await connection.execute(update(claims).where(ours).values(until_ms=until))

    async def release(self, key: str, holder: str) -> None:
        """Return what was taken before its time is over."""
        ours = (claims.c.key == self._hash(key)) & (claims.c.holder == holder)
        async with self._store.write() as connection:
            await connection.execute(delete(claims).where(ours))

    def _hash(self, key: str) -> str:
        return self._keyring.hash("claim", key)
