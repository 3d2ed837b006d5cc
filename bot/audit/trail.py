"""
Writing the audit trail: a job's rows are written in the transaction in which the job ends, or is left.

So no lookup costs a transaction more, and one that is broken off and taken over has its rows once: they are
known by the job.
"""

import asyncio
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

from cryptography.fernet import InvalidToken
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.audit.entries import AuditEntry, Came
from bot.domain.addresses import read_address
from bot.domain.model import Subject, SubjectKind
from bot.operations.clock import milliseconds
from bot.operations.metrics import Metrics
from bot.storage.database import StoreAway
from bot.storage.keyring import Keyring, Seals
from bot.storage.store import Store
from bot.storage.tables import audit, now_ms
from bot.storage.upsert import upsert

_SEALS = "audit"
_SOON_SECONDS = 1.0
# So many refusals wait at most for a database that is away; of more the latest are kept.
_MOST_OWED = 1_000


class Ending(Protocol):
    """The jobs of this process, as far as the trail needs them."""

    def write_at_end(self, job_id: str, write: Callable[[AsyncConnection], Awaitable[None]]) -> None:
        """Write something in the transaction in which a job ends or is left; the latest such counts."""


class Audited(Protocol):
    """A job: its id, and when it was accepted, in milliseconds since 1970."""

    @property
    def id(self) -> str:
        """The job's id."""

    @property
    def created_ms(self) -> int:
        """When it was accepted."""


class AuditTrail:
    """
    The trail of all processes.

    Args:
        store: where it is kept.
        keyring: hashes whom a row is about, and has the key that seals it.
        metrics: counts refusals.
        jobs: the jobs of this process, at whose ends their rows are written.
        names_subjects: whether rows say, sealed, whom they are about; otherwise the hash is all there is.

    """

    def __init__(
        self, store: Store, keyring: Keyring, metrics: Metrics, jobs: Ending, *, names_subjects: bool
    ) -> None:
        self._store = store
        self._jobs = jobs
        self._soon: list[AuditEntry] = []
        # What could not be written yet, and when it happened by the loop's time.
        self._owed: deque[tuple[float, AuditEntry]] = deque(maxlen=_MOST_OWED)
        self._keyring = keyring
        self._metrics = metrics
        self._seals = seals_of(keyring) if names_subjects else None

    def note(self, job: Audited, entries: Sequence[AuditEntry]) -> None:
        """Have a job's rows written at its end, in place of those that were noted for it before."""
        rows = [
            self._row(f"{job.id}/{number}", entry) | {"job": job.id, "at_ms": job.created_ms}
            for number, entry in enumerate(entries)
        ]

        async def write(connection: AsyncConnection) -> None:
            await upsert(connection, audit, rows)

        self._jobs.write_at_end(job.id, write)

    def note_refusal(self, job: Audited, entries: Sequence[AuditEntry], reason: str) -> None:
        """Have a job's rows say that it was refused, and count that."""
        self.note(job, [replace(entry, outcome=Came.refused(reason)) for entry in entries])
        self._count(entries, reason)

    async def write_refusal(self, entries: Sequence[AuditEntry], reason: str) -> None:
        """
        Write and count a refusal of what was no job, such as a form that was not opened.

        Raises:
            StoreAway: when the database cannot be reached; then it is owed.

        """
        self._count(entries, reason)
        await self._write_or_owe([replace(entry, outcome=Came.refused(reason)) for entry in entries])

    async def write_refusal_soon(self, entries: Sequence[AuditEntry], reason: str) -> None:
        """
        As `write_refusal`, with those of a second in one go: of these there may be hundreds.

        Raises:
            StoreAway: when the database cannot be reached; then they are owed.

        """
        self._count(entries, reason)
        is_first = not self._soon
        self._soon += [replace(entry, outcome=Came.refused(reason)) for entry in entries]
        if is_first:
            await asyncio.sleep(_SOON_SECONDS)
            refusals, self._soon = self._soon, []
            await self._write_or_owe(refusals)

    def owe_refusal(self, entries: Sequence[AuditEntry], reason: str) -> None:
        """Count a refusal while the database is away; `pay` writes it when it is back."""
        self._count(entries, reason)
        self._owe([replace(entry, outcome=Came.refused(reason)) for entry in entries])

    @property
    def owes(self) -> bool:
        """Whether there is something to `pay`."""
        return bool(self._owed)

    async def pay(self) -> None:
        """
        Write what could not be written before, with the time at which it happened.

        Raises:
            StoreAway: when the database cannot be reached yet: it is kept.

        """
        owed = list(self._owed)
        self._owed.clear()
        now = asyncio.get_running_loop().time()
        try:
            async with self._store.write() as connection:
                for at, entry in owed:
                    ago = milliseconds(timedelta(seconds=now - at))
                    await upsert(
                        connection, audit, [self._row(uuid.uuid4().hex, entry)], at_ms=now_ms() - ago
                    )
        except StoreAway:
            self._owed.extendleft(reversed(owed[: _MOST_OWED - len(self._owed)]))
            raise

    async def _write_or_owe(self, entries: Sequence[AuditEntry]) -> None:
        try:
            await self.write(entries)
        except StoreAway:
            self._owe(entries)
            raise

    def _owe(self, entries: Sequence[AuditEntry]) -> None:
        now = asyncio.get_running_loop().time()
        self._owed.extend((now, entry) for entry in entries)

    async def write(self, entries: Sequence[AuditEntry]) -> None:
        """
        Write rows of what was no job.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        rows = [self._row(uuid.uuid4().hex, entry) for entry in entries]
        async with self._store.write() as connection:
            await upsert(connection, audit, rows, at_ms=now_ms())

    async def write_receipt(self, entry: AuditEntry, subject: Subject) -> None:
        """
        Write that somebody was forgotten: the row has the hash that is kept of them, and names nobody.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        row = self._row(uuid.uuid4().hex, entry) | {"subject": forgotten_hash(self._keyring, subject)}
        async with self._store.write() as connection:
            await upsert(connection, audit, [row], at_ms=now_ms())

    def _count(self, entries: Sequence[AuditEntry], reason: str) -> None:
        self._metrics.refusals.labels(reason, str(entries[0].way)).inc()

    def _row(self, row_id: str, entry: AuditEntry) -> dict[str, Any]:
        subject = entry.subject
        return {
            "id": row_id,
            "job": None,
            "who": entry.who,
            "channel": entry.channel,
            "message_ts": entry.message_ts,
            "way": str(entry.way),
            "subject": subject and hash_of(self._keyring, subject),
            "sealed": subject and self._seals and seal(self._seals, subject),
            "sources": " ".join(entry.sources),
            "sessions": entry.sessions,
            "errors": entry.errors,
            "shown_to": str(entry.shown_to),
            "outcome": entry.outcome,
        }


def hash_of(keyring: Keyring, subject: Subject) -> str:
    """By what rows about somebody are found: a hash that stands nowhere else."""
    return keyring.hash(_SEALS, subject.kind, subject.value)


def hashes_of(keyring: Keyring, subject: Subject) -> tuple[str, ...]:
    """The same under each of the configured keys."""
    return keyring.hashes(_SEALS, subject.kind, subject.value)


def forgotten_hash(keyring: Keyring, subject: Subject) -> str:
    """What is kept of somebody who was forgotten: on the receipt, and in rows about them."""
    return keyring.hash("forgotten", subject.kind, subject.value)


def forgotten_hashes(keyring: Keyring, subject: Subject) -> tuple[str, ...]:
    """The same under each of the configured keys."""
    return keyring.hashes("forgotten", subject.kind, subject.value)


def seals_of(keyring: Keyring) -> Seals:
    """The seals of a key of the trail's own."""
    return keyring.apart(_SEALS)


def seal(seals: Seals, subject: Subject) -> str:
    """Whom a row is about, sealed, as it was typed."""
    return seals.encrypt(f"{subject.kind}:{subject.typed}".encode()).decode()


def unseal(seals: Seals, sealed: str | None) -> Subject | None:
    """Whom a row is about; None where it does not say, or was sealed by a key that is gone."""
    if sealed is None:
        return None
    try:
        kind, _, typed = seals.decrypt(sealed.encode()).decode().partition(":")
    except InvalidToken:
        return None
    if kind == SubjectKind.EMAIL:
        return read_address(typed)
    return Subject(SubjectKind.UID, typed, typed)
