"""
Sources' answers, kept in the database and, as a faster copy, in memory.

In the database they are sealed, and their keys are hashes, so that no address can be read there. An entry
older than the retention is returned from neither.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from cachetools import LRUCache
from pydantic import TypeAdapter
from sqlalchemy import select

from bot.domain.answer import Answer
from bot.operations.clock import Clock
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import cached_findings, now_ms
from bot.storage.upsert import upsert

# Answers that are kept in memory; each may hold hundreds of sessions.
_ENTRIES_IN_MEMORY = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class KnownAnswer:
    """An answer as it is kept: `as_of` is when the vendor gave it, `days` how many days back it goes."""

    answer: Answer
    as_of: datetime
    days: int


_KNOWN = TypeAdapter(KnownAnswer)


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
        self._memory: LRUCache[str, KnownAnswer] = LRUCache(maxsize=_ENTRIES_IN_MEMORY)

    async def get(self, key: str) -> KnownAnswer | None:
        """The answer kept under a key; None where there is none, or it is older than the retention."""
        known = self._memory.get(key)
        if known is None and (known := await self._stored(key)):
            self._memory[key] = known
        if known is None or self._clock() - known.as_of > self._retention:
            return None
        return known

    async def latest(self, key: str) -> KnownAnswer | None:
        """As `get`, but always read from the database: another process may have written a newer answer."""
        known = await self._stored(key)
        if known is not None:
            self._memory[key] = known
        return None if known is None or self._clock() - known.as_of > self._retention else known

    async def put(self, key: str, subject_hash: str, known: KnownAnswer) -> None:
        """Keep an answer under a key."""
        self._memory[key] = known
        sealed = self._keyring.seal_value(_KNOWN, known)
        async with self._store.write() as connection:
            row = {"key": key, "subject_hash": subject_hash, "sealed": sealed}
            await upsert(connection, cached_findings, [row], stored_ms=now_ms())

    async def _stored(self, key: str) -> KnownAnswer | None:
        async with self._store.read() as connection:
            query = select(cached_findings.c.sealed).where(cached_findings.c.key == key)
            sealed = (await connection.execute(query)).scalar_one_or_none()
        return None if sealed is None else self._keyring.unseal_value(_KNOWN, sealed)
