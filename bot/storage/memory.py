"""Small facts kept for a while: a login, a server's kind, whose uid an address is, a person in Slack."""

from collections.abc import Collection, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Select, String, bindparam, delete, select

from bot.operations.clock import Clock, expiring_cache
from bot.storage.database import Connection
from bot.storage.keyring import Keyring, Unsealable
from bot.storage.store import Store, Write
from bot.storage.tables import now_ms, source_memory
from bot.storage.upsert import upsert

# So many values are kept in this process, for so long: another process may have changed them since.
_KEPT_LATELY, _LATELY = 10_000, timedelta(seconds=30)
# For so long it is taken as given that an account has none but the facts that were read.
_NONE_LASTS = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class _Kept:
    """A value, and until when it holds."""

    value: str
    until: datetime


class Memory:
    """
    Small sealed values by account and name, each with its time to live, shared by all processes.

    What was read or written a moment ago is taken from this process's own memory: one lookup asks for the
    same login or the same server's kind dozens of times. An account's own facts, whose names have no colon,
    are read all at once.
    """

    def __init__(self, store: Store, keyring: Keyring, clock: Clock) -> None:
        self._store = store
        self._keyring = keyring
        self._clock = clock
        self._lately: MutableMapping[tuple[str, str], _Kept] = expiring_cache(_KEPT_LATELY, _LATELY, clock)
        self._read: MutableMapping[str, bool] = expiring_cache(_KEPT_LATELY, _NONE_LASTS, clock)
        self._there: MutableMapping[tuple[str, str], frozenset[str]] = expiring_cache(
            _KEPT_LATELY, _NONE_LASTS, clock
        )

    async def recall(self, account: str, name: str, *, anew: bool = False) -> str | None:
        """
        A value whose time is not over; None where there is none.

        With `anew` it is read from the database, as another process may have written it a moment ago.
        """
        if anew or ":" in name:
            return (await self.recall_all(account, [name], anew=anew)).get(name)
        if (lately := self._kept_lately(account, name)) is not None:
            return lately
        if account not in self._read:
            await self._stored(account, None)
            self._read[account] = True
        return self._kept_lately(account, name)

    async def recall_all(self, account: str, names: Collection[str], *, anew: bool = False) -> dict[str, str]:
        """The values by name, of these names, whose time is not over."""
        found = (
            {} if anew else {n: kept for n in names if (kept := self._kept_lately(account, n)) is not None}
        )
        if missing := [name for name in names if name not in found]:
            found |= await self._stored(account, missing)
        return found

    async def recall_rare(self, account: str, kind: str, names: Collection[str]) -> dict[str, str]:
        """
        As `recall_all`, of a kind of facts that an account has few of.

        Which there are is read at once, so that most of the time nothing else need be.
        """
        there = self._there.get((account, kind))
        if there is None:
            its = source_memory.c.name.startswith(f"{kind}:", autoescape=True)
            ours = (source_memory.c.account == account) & (source_memory.c.until_ms > now_ms())
            async with self._store.read() as connection:
                found = await connection.execute(select(source_memory.c.name).where(ours, its))
                there = self._there[account, kind] = frozenset(found.scalars().all())
        known = [n for n in names if n in there or self._kept_lately(account, n) is not None]
        return await self.recall_all(account, known) if known else {}

    def _kept_lately(self, account: str, name: str) -> str | None:
        kept = self._lately.get((account, name))
        return kept.value if kept is not None and self._clock() < kept.until else None

    async def _stored(self, account: str, names: Collection[str] | None) -> dict[str, str]:
        """What the database has of these names; with None of the account's own, which have no colon."""
        values = {"_account": account} | ({} if names is None else {"_names": [*names]})
        async with self._store.read() as connection:
            rows = (await connection.execute(_facts(named=names is not None), values)).all()
        found = {}
        for name, sealed, left_ms in rows:
            try:
                found[name] = self._keyring.unseal(sealed)
            except Unsealable:
                # The key that sealed it is retired: it will be found out again.
                continue
            self._keep_lately(account, name, found[name], timedelta(milliseconds=left_ms))
        return found

    def _keep_lately(self, account: str, name: str, value: str, lasting: timedelta) -> None:
        self._lately[account, name] = _Kept(value, self._clock() + lasting)

    async def remember(
        self, account: str, name: str, value: str, lasting: timedelta, subject_hash: str | None = None
    ) -> None:
        """Keep a value for a while."""
        async with self._store.write() as connection:
            await self.remembering(account, name, value, lasting, subject_hash)(connection)

    def remembering(
        self, account: str, name: str, value: str, lasting: timedelta, subject_hash: str | None = None
    ) -> Write:
        """As `remember`, but for the database: what writes it there in a writer's transaction."""
        row = {
            "account": account,
            "name": name,
            "subject_hash": subject_hash,
            "sealed": self._keyring.seal(value),
        }
        self._keep_lately(account, name, value, lasting)

        async def write(connection: Connection) -> None:
            upsert(connection, source_memory, [row], until_ms=lasting)

        return write

    async def forget(self, account: str, name: str) -> None:
        """Drop a value that has proved wrong."""
        self._lately.pop((account, name), None)
        it = (source_memory.c.account == account) & (source_memory.c.name == name)
        async with self._store.write() as connection:
            connection.send(delete(source_memory).where(it))

    def drop(self) -> None:
        """Drop the copies in this process: somebody was forgotten."""
        self._lately.clear()
        self._read.clear()
        self._there.clear()

    def name_for(self, kind: str, *parts: str) -> tuple[str, str]:
        """The name and the hash under which something about a subject is kept."""
        hashed = self._keyring.hash(*parts)
        return f"{kind}:{hashed}", hashed


@cache
def _facts(*, named: bool) -> Select[*tuple[Any, ...]]:
    """The statement that reads an account's facts: those that are named, or its own."""
    name = source_memory.c.name
    such = name.in_(bindparam("_names", expanding=True)) if named else ~name.contains(":")
    ours = source_memory.c.account == bindparam("_account", type_=String())
    left = (source_memory.c.until_ms - now_ms()).label("left_ms")
    return select(name, source_memory.c.sealed, left).where(ours, source_memory.c.until_ms > now_ms(), such)
