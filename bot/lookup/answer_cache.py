"""
Sources' answers, kept in the database and, as a faster copy, in memory.

In the database they are sealed, and their keys are hashes, so that no address can be read there. An entry
older than the retention is returned from neither.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import cache
from typing import TypeVar

from cachetools import LRUCache
from pydantic import TypeAdapter
from sqlalchemy import Row, Select, bindparam, select

from bot.lookup.kept_answers import KeptAnswers, KnownAnswer, best_for, with_newer
from bot.operations.clock import Clock
from bot.storage.database import Connection
from bot.storage.gathered import Gathered
from bot.storage.keyring import Keyring
from bot.storage.store import Store, Write
from bot.storage.tables import cached_findings
from bot.storage.upsert import upsert

# Answers that are kept in memory; each may hold hundreds of sessions.
_ENTRIES_IN_MEMORY = 500

_KEPT = TypeAdapter(KeptAnswers)
T = TypeVar("T")


class AnswerCache:
    """
    Answers by key, for `retention` at most.

    Keys come from `Keyring.hash`; `subject_hash` is stored beside them so that a person can be erased.
    """

    def __init__(self, store: Store, keyring: Keyring, clock: Clock, retention: timedelta) -> None:
        self._store = store
        self._keyring = keyring
        self._clock = clock
        self._retention = retention
        self._memory: LRUCache[str, KeptAnswers] = LRUCache(maxsize=_ENTRIES_IN_MEMORY)
        # All sources are asked at once.
        self._reads = Gathered(self._read)

    async def get(
        self, key: str, days: int, enough: Callable[[KnownAnswer], bool] = lambda _: True
    ) -> KnownAnswer | None:
        """
        What is kept under a key for a question about so many days; it may go less far back.

        What this process has will do where it is `enough`; else another one may have asked since. None where
        there is nothing, or it is older than the retention.
        """
        known = self._held(key, days)
        if known is not None and enough(known):
            return known
        return await self.latest(key, days) or known

    async def all_of(
        self,
        keys: Mapping[str, Callable[[KnownAnswer], bool]],
        days: int,
        first: Callable[[Connection], Callable[[], T]],
    ) -> tuple[T, dict[str, KnownAnswer | None]]:
        """
        As `get`, of several keys, in one transaction with something that is read just before.

        Args:
            keys: of the answers, and whether what this process has will do.
            days: how far back they are to go.
            first: sends what is to be read before; returns what tells afterwards what that was.

        """
        known = {key: self._held(key, days) for key in keys}
        missing = [key for key, one in known.items() if one is None or not keys[key](one)]
        async with self._store.read() as connection:
            read = first(connection)
            found = connection.send(_of_keys(), {"_keys": missing}) if missing else None
        kept = self._opened(found.result.all()) if found else {}
        latest = {key: self.best(key, days, kept.get(key, ())) or known[key] for key in missing}
        return read(), known | latest

    async def latest(self, key: str, days: int) -> KnownAnswer | None:
        """As `get`, but always read from the database: another process may have written a newer answer."""
        return self.best(key, days, await self._reads.ask(key) or ())

    async def after(
        self, write: Callable[[Connection], Callable[[], T]], keys: Collection[str]
    ) -> tuple[T, dict[str, KeptAnswers]]:
        """
        Write something, and read the latest answers in the same transaction.

        Args:
            write: sends what is to be written; returns what tells afterwards what came of it.
            keys: of the answers.

        """
        async with self._store.write() as connection:
            written = write(connection)
            found = connection.send(_of_keys(), {"_keys": [*keys]})
        return written(), self._opened(found.result.all())

    def best(self, key: str, days: int, kept: KeptAnswers) -> KnownAnswer | None:
        """Of the answers that were just read under a key, what is known for a question about so many days."""
        if kept:
            self._memory[key] = kept
        return best_for(self._lasting(kept), days)

    async def put(self, key: str, subject_hash: str, known: KnownAnswer, *also: Write) -> None:
        """Keep an answer under a key, beside those that say more; what else is written goes with it."""
        kept = with_newer(self._lasting(self._memory.get(key, ())), known)
        self._memory[key] = kept
        sealed = self._keyring.seal_value(_KEPT, kept)
        async with self._store.write() as connection:
            row = {"key": key, "subject_hash": subject_hash, "sealed": sealed}
            upsert(connection, cached_findings, [row], stored_ms=timedelta())
            for write in also:
                await write(connection)

    def _held(self, key: str, days: int) -> KnownAnswer | None:
        return best_for(self._lasting(self._memory.get(key, ())), days)

    def drop(self) -> None:
        """Drop the copies in memory: somebody was forgotten."""
        self._memory.clear()

    def _lasting(self, kept: KeptAnswers) -> KeptAnswers:
        now = self._clock()
        return tuple(known for known in kept if now - known.as_of <= self._retention)

    async def _read(self, keys: tuple[str, ...]) -> dict[str, KeptAnswers]:
        async with self._store.read() as connection:
            found = (await connection.execute(_of_keys(), {"_keys": [*keys]})).all()
        return self._opened(found)

    def _opened(self, found: Sequence[Row[str, str]]) -> dict[str, KeptAnswers]:
        return {key: self._keyring.unseal_value(_KEPT, sealed) or () for key, sealed in found}


@cache
def _of_keys() -> Select[str, str]:
    """The statement that reads what is kept under some keys."""
    ours = cached_findings.c.key.in_(bindparam("_keys", expanding=True))
    return select(cached_findings.c.key, cached_findings.c.sealed).where(ours)
