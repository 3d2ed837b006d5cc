"""
Writing the audit trail: a job's rows are written in the transaction in which the job ends, or is left.

So no lookup costs a transaction more, and one that is broken off and taken over has its rows once: they are
known by the job.
"""

import asyncio
import uuid
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any, Protocol

import structlog
from cryptography.fernet import InvalidToken

from bot.audit.entries import AuditEntry, Came
from bot.domain.addresses import read_address
from bot.domain.model import Subject, SubjectKind
from bot.operations.metrics import Metrics
from bot.storage.database import Connection, StoreAway
from bot.storage.keyring import Keyring, Seals
from bot.storage.store import Store
from bot.storage.tables import audit
from bot.storage.upsert import upsert

_SEALS = "audit"
_PAID_EVERY_SECONDS = 2.0
# So many refusals wait at most for a database that is away; of more the latest are kept.
_MOST_OWED = 1_000


class Ending(Protocol):
    """The jobs of this process, as far as the trail needs them."""

    def write_at_end(self, job_id: str, write: Callable[[Connection], Awaitable[None]]) -> None:
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
        # Refusals that are written next, and the turn to write them.
        self._next: list[tuple[str, AuditEntry]] = []
        self._writing = asyncio.Lock()
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

        async def write(connection: Connection) -> None:
            upsert(connection, audit, rows)

        self._jobs.write_at_end(job.id, write)

    def note_refusal(self, job: Audited, entries: Sequence[AuditEntry], reason: str) -> None:
        """Have a job's rows say that it was refused, and count that."""
        self.note(job, [replace(entry, outcome=Came.refused(reason)) for entry in entries])
        self._count(entries, reason)

    async def write_refusal(
        self, entries: Sequence[AuditEntry], reason: str, request: str | None = None
    ) -> None:
        """
        Write and count a refusal of what was no job, such as a form that was not opened.

        Those that come while others are being written are written together: there may be hundreds.

        Args:
            entries: who asked, and for what.
            reason: why it was refused.
            request: what redeliveries of the request have in common: it has its rows once.

        Raises:
            StoreAway: when the database cannot be reached; then it is owed.

        """
        self._count(entries, reason)
        key = uuid.uuid4().hex if request is None else self._keyring.hash("refused", request)
        self._next += [
            (f"{key}/{number}", replace(entry, outcome=Came.refused(reason)))
            for number, entry in enumerate(entries)
        ]
        async with self._writing:
            # Whoever had the turn before has written them already.
            refusals, self._next = self._next, []
            if refusals:
                await self._write_or_owe(refusals)

    def owe_refusal(self, entries: Sequence[AuditEntry], reason: str) -> None:
        """Count a refusal while the database is away; `pay` writes it when it is back."""
        self._count(entries, reason)
        self._owe([replace(entry, outcome=Came.refused(reason)) for entry in entries])

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
                    row = self._row(uuid.uuid4().hex, entry)
                    upsert(connection, audit, [row], at_ms=timedelta(seconds=at - now))
        except StoreAway:
            self._owed.extendleft(reversed(owed[: _MOST_OWED - len(self._owed)]))
            raise

    async def pay_if_possible(self) -> None:
        """Write what could not be written before, if there is any and the database is back."""
        try:
            if self._owed:
                await self.pay()
        except StoreAway as error:
            structlog.get_logger("audit").warning("refusal.not_written", why=str(error))

    async def pay_for_ever(self) -> None:
        """Write what could not be written as soon as it can be, until cancelled."""
        while True:
            await asyncio.sleep(_PAID_EVERY_SECONDS)
            await self.pay_if_possible()

    async def _write_or_owe(self, refusals: Sequence[tuple[str, AuditEntry]]) -> None:
        try:
            await self._write([self._row(row_id, entry) for row_id, entry in refusals])
        except StoreAway:
            self._owe([entry for _, entry in refusals])
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
        await self._write([self._row(uuid.uuid4().hex, entry) for entry in entries])

    async def _write(self, rows: Sequence[dict[str, Any]]) -> None:
        async with self._store.write() as connection:
            upsert(connection, audit, rows, at_ms=timedelta())

    async def write_receipt(self, entry: AuditEntry, subject: Subject) -> None:
        """
        Write that somebody was forgotten: the row has the hash that is kept of them, and names nobody.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        row = self._row(uuid.uuid4().hex, entry) | {"subject": forgotten_hash(self._keyring, subject)}
        async with self._store.write() as connection:
            upsert(connection, audit, [row], at_ms=timedelta())

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
    return keyring.hash(_SEALS, *_name(subject))


def hashes_of(keyring: Keyring, subject: Subject) -> tuple[str, ...]:
    """The same under each of the configured keys."""
    return keyring.hashes(_SEALS, *_name(subject))


def earlier_hashes_of(keyring: Keyring, spelled: Iterable[str]) -> list[str]:
    """
    The same of an address by earlier versions, to which it was as it was written, and may be a uid too.

    Args:
        keyring: has the keys.
        spelled: how it was ever written.

    """
    written = {spelling for one in spelled for spelling in (one, one.lower())}
    return [h for one in written for kind in SubjectKind for h in keyring.hashes(_SEALS, kind, one)]


def is_same(one: Subject, other: Subject) -> bool:
    """Whether rows about the one are about the other, however they are written."""
    return _name(one) == _name(other)


def forgotten_hash(keyring: Keyring, subject: Subject) -> str:
    """What is kept of somebody who was forgotten: on the receipt, and in rows about them."""
    return keyring.hash("forgotten", *_name(subject))


def forgotten_hashes(keyring: Keyring, subject: Subject) -> tuple[str, ...]:
    """The same under each of the configured keys."""
    return keyring.hashes("forgotten", *_name(subject))


def _name(subject: Subject) -> tuple[str, str]:
    """The kind and value that rows are found by: a uid that is an address is the customer of that address."""
    address = read_address(subject.value) if "@" in subject.value else None
    named = address or subject
    return named.kind, named.value


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
