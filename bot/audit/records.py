"""All sealed records of the database, opened: what each names, and of which source it is."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, Table, select, tuple_

from bot.audit.mentions import Mentions, mentions_in, pair_in
from bot.audit.trail import seals_of, unseal
from bot.storage.keyring import Keyring, Unsealable
from bot.storage.store import Store
from bot.storage.tables import (
    audit,
    cached_findings,
    digest_tickets,
    identities,
    index_customers,
    index_opened,
    index_sessions,
    jobs,
    known_sessions,
    pushed_errors,
    source_memory,
    watches,
)

SEALED = (
    cached_findings,
    source_memory,
    jobs,
    pushed_errors,
    index_sessions,
    index_customers,
    index_opened,
    identities,
    known_sessions,
    watches,
    digest_tickets,
    audit,
)
"""The tables that hold something sealed."""
# So many records are read and opened at a time.
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class SealedRecord:
    """
    A row with something sealed: its table and primary key, its source, and what it names.

    `customer` is whose session it is in the index, as a hash. `mentions` is None where none of the keys opens
    it.
    """

    table: Table
    key: tuple[Any, ...]
    account: str | None
    customer: str | None
    mentions: Mentions | None


async def every_record(store: Store, keyring: Keyring) -> list[SealedRecord]:
    """Every row that holds something sealed; nothing of it is kept but names."""
    return [record for table in SEALED for record in await _records(store, keyring, table)]


async def _records(store: Store, keyring: Keyring, table: Table) -> list[SealedRecord]:
    key: tuple[Column[Any], ...] = tuple(table.primary_key)
    query = select(table).where(table.c.sealed.is_not(None)).order_by(*key).limit(_AT_ONCE)
    found: list[SealedRecord] = []
    while True:
        page = query.where(tuple_(*key) > tuple_(*found[-1].key)) if found else query
        async with store.read(is_long=True) as connection:
            rows = (await connection.execute(page)).all()
        # Opening some takes milliseconds, for which nobody else should wait.
        found += await asyncio.to_thread(_opened, keyring, table, rows)
        if len(rows) < _AT_ONCE:
            return found


def _opened(keyring: Keyring, table: Table, rows: Sequence[Any]) -> list[SealedRecord]:
    names = [column.name for column in table.primary_key]
    return [
        SealedRecord(
            table,
            tuple(row._mapping[name] for name in names),  # noqa: SLF001 - SQLAlchemy's own name for it
            row.account if "account" in table.c else None,
            row.customer if table in (index_sessions, index_customers) else None,
            _mentions(keyring, table, row.sealed),
        )
        for row in rows
    ]


def _mentions(keyring: Keyring, table: Table, sealed: str) -> Mentions | None:
    if table is audit:
        subject = unseal(seals_of(keyring), sealed)
        return mentions_in(subject.typed) if subject else None
    try:
        text = keyring.unseal(sealed)
    except Unsealable:
        return None
    return pair_in(text) if table is identities else mentions_in(text)
