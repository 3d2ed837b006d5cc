"""Reading the audit trail: who looked whom up, where, what came of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Row, func, select

from bot.audit.trail import earlier_hashes_of, forgotten_hashes, hashes_of, is_same, seals_of, unseal
from bot.domain.model import Subject
from bot.operations.clock import from_ms, milliseconds
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import audit, now_ms


@dataclass(frozen=True, slots=True)
class AuditRow:
    """
    A row of the trail as it is told.

    `subject` is whom it is about, as typed; `hash` is all there is where nobody is to be named, or was
    forgotten; both are None for what was about nobody in particular. `who` is a Slack id or an account.
    """

    at: datetime
    who: str | None
    channel: str | None
    way: str
    subject: Subject | None
    hash: str | None
    sources: tuple[str, ...]
    sessions: int
    errors: int
    shown_to: str
    outcome: str


async def search(
    store: Store,
    keyring: Keyring,
    *,
    since: timedelta | None = None,
    subject: Subject | None = None,
    by: str | None = None,
) -> Sequence[AuditRow]:
    """
    Rows of the trail, oldest first.

    Args:
        store: where the trail is.
        keyring: under each of its keys a subject's rows are looked for.
        since: only those of the last so many days or hours.
        subject: only those about them, under any spelling; also where they have been forgotten since.
        by: only those of this person.

    """
    wanted: list[ColumnElement[bool]] = []
    if since is not None:
        wanted.append(audit.c.at_ms >= now_ms() - milliseconds(since))
    if subject is not None:
        hashes = (*hashes_of(keyring, subject), *forgotten_hashes(keyring, subject))
        earlier = earlier_hashes_of(keyring, await _spelled(store, keyring, subject))
        wanted.append(audit.c.subject.in_((*hashes, *earlier)))
    if by is not None:
        wanted.append(audit.c.who == by)
    query = select(audit).where(*wanted).order_by(audit.c.at_ms, audit.c.id)
    async with store.read(is_long=True) as connection:
        rows = (await connection.execute(query)).all()
    seals = seals_of(keyring)
    return [_told(row, unseal(seals, row.sealed)) for row in rows]


async def _spelled(store: Store, keyring: Keyring, subject: Subject) -> set[str]:
    """How an address stands in the trail: earlier versions hashed it as it was written."""
    if "@" not in subject.value:
        return set()
    each = select(func.min(audit.c.sealed)).where(audit.c.sealed.is_not(None)).group_by(audit.c.subject)
    async with store.read(is_long=True) as connection:
        sealed = (await connection.execute(each)).scalars().all()
    seals = seals_of(keyring)
    # Opening some takes milliseconds, for which nobody else should wait.
    opened = await asyncio.to_thread(lambda: [unseal(seals, one) for one in sealed])
    same = {one.typed for one in opened if one and is_same(one, subject)}
    return {subject.value, subject.typed, *same}


def _told(row: Row[Any], subject: Subject | None) -> AuditRow:
    return AuditRow(
        from_ms(row.at_ms),
        row.who,
        row.channel,
        row.way,
        subject,
        row.subject,
        tuple(row.sources.split()),
        row.sessions,
        row.errors,
        row.shown_to,
        row.outcome,
    )
