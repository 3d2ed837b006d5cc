"""Each person's own last lookups, from the audit trail, for their Home tab."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from bot.audit.entries import Came
from bot.audit.trail import seals_of, unseal
from bot.domain.model import Subject
from bot.operations.clock import from_ms
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import audit

_SHOWN = 5
# Somebody may have looked one customer up many times.
_READ = 60


@dataclass(frozen=True, slots=True)
class OwnLookup:
    """Whom a person looked up, and when they last did."""

    subject: Subject
    at: datetime


async def own_lookups(store: Store, keyring: Keyring, who: str) -> list[OwnLookup]:
    """
    The last ones of a person (a Slack user id), each subject once, the newest first, five at most.

    There are none where the trail names nobody (`AUDIT__SUBJECTS`).
    """
    looked_up = audit.c.outcome.in_((Came.FOUND, Came.NOBODY, Came.NO_ANSWER))
    query = (
        select(audit.c.sealed, audit.c.at_ms)
        .where(audit.c.who == who, looked_up, audit.c.sealed.is_not(None))
        .order_by(audit.c.at_ms.desc(), audit.c.id)
        .limit(_READ)
    )
    async with store.read() as connection:
        rows = (await connection.execute(query)).all()
    seals, found = seals_of(keyring), dict[str, OwnLookup]()
    for row in rows:
        subject = unseal(seals, row.sealed)
        if subject is not None and len(found) < _SHOWN:
            own = OwnLookup(subject, from_ms(row.at_ms))
            found.setdefault(f"{subject.kind}:{subject.value}", own)
    return list(found.values())
