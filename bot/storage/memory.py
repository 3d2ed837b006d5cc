"""Small facts kept for a while: a login, a server's kind, whose uid an address is, a person in Slack."""

from datetime import timedelta

from cachetools import TTLCache
from sqlalchemy import delete, select

from bot.operations.clock import Clock, milliseconds
from bot.storage.keyring import Keyring, Unsealable
from bot.storage.store import Store
from bot.storage.tables import now_ms, source_memory
from bot.storage.upsert import upsert

# So many values are kept in this process, for so long: another process may have changed them since.
_KEPT_LATELY, _LATELY = 10_000, timedelta(seconds=5)


class Memory:
    """
    Small sealed values by account and name, each with its time to live, shared by all processes.

    What was read or written a moment ago is taken from this process's own memory: one lookup asks for the
    same login or the same server's kind dozens of times.
    """

    def __init__(self, store: Store, keyring: Keyring, clock: Clock) -> None:
        self._store = store
        self._keyring = keyring
        self._lately: TTLCache[tuple[str, str], str] = TTLCache(
            _KEPT_LATELY,
            _LATELY,
            timer=clock,  # type: ignore[arg-type] # any ordered clock will do
        )

    async def recall(self, account: str, name: str) -> str | None:
        """A value whose time is not over; None where there is none."""
        if (lately := self._lately.get((account, name))) is not None:
            return lately
        value = await self._stored(account, name)
        if value is not None:
            self._lately[account, name] = value
        return value

    async def _stored(self, account: str, name: str) -> str | None:
        async with self._store.read() as connection:
            query = select(source_memory.c.sealed).where(
                source_memory.c.account == account,
                source_memory.c.name == name,
                source_memory.c.until_ms > now_ms(),
            )
            sealed = (await connection.execute(query)).scalar_one_or_none()
        if sealed is None:
            return None
        try:
            return self._keyring.unseal(sealed)
        except Unsealable:
            # The key that sealed it is retired: it will be found out again.
            return None

    async def remember(
        self, account: str, name: str, value: str, lasting: timedelta, subject_hash: str | None = None
    ) -> None:
        """Keep a value for a while."""
        row = {
            "account": account,
            "name": name,
            "subject_hash": subject_hash,
            "sealed": self._keyring.seal(value),
        }
        async with self._store.write() as connection:
            await upsert(connection, source_memory, [row], until_ms=now_ms() + milliseconds(lasting))
        if lasting > _LATELY:
            self._lately[account, name] = value
        else:
            self._lately.pop((account, name), None)

    async def forget(self, account: str, name: str) -> None:
        """Drop a value that has proved wrong."""
        self._lately.pop((account, name), None)
        it = (source_memory.c.account == account) & (source_memory.c.name == name)
        async with self._store.write() as connection:
            await connection.execute(delete(source_memory).where(it))

    def name_for(self, kind: str, *parts: str) -> tuple[str, str]:
        """The name and the hash under which something about a subject is kept."""
        hashed = self._keyring.hash(*parts)
        return f"{kind}:{hashed}", hashed
