"""
Forgetting a person: everything about them goes from the database, under each of the configured keys.

What is sealed is opened and read, so that nothing is overlooked for standing under another name; what is
hashed is found by the hashes of all their names. What remains is one hash of a kind of its own: on the
receipt, and in the rows of the audit trail about them, which name nobody any more.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, literal, select, tuple_, update

from bot.audit.person import Named, NamesOfOne, ProductOf, person_of
from bot.audit.records import SealedRecord, every_record
from bot.audit.trail import earlier_hashes_of, forgotten_hash, forgotten_hashes, hashes_of
from bot.domain.model import Subject, SubjectKind
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import (
    audit,
    cached_findings,
    digest_tickets,
    identities,
    index_asked,
    index_customers,
    index_names,
    index_opened,
    index_sessions,
    jobs,
    known_sessions,
    pushed_errors,
    pushed_hits,
    source_memory,
    tickets,
    watch_keys,
    watches,
)
from bot.tickets.book import TicketState

# Rows that one statement changes.
_AT_ONCE = 400
Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Doomed:
    """
    What is to go: the primary keys of rows by table, and what was found on the way.

    `jobs` are the jobs that were about the person; `names` is how many names of theirs are known;
    `unreadable` is how many rows none of the configured keys opens.
    """

    subject: Subject
    rows: dict[Table, set[Key]] = field(default_factory=dict)
    jobs: frozenset[str] = frozenset()
    names: int = 0
    unreadable: int = 0

    @property
    def counts(self) -> dict[str, int]:
        """How many rows that are, by the table's name."""
        return {table.name: len(keys) for table, keys in self.rows.items()}


async def find_person(store: Store, keyring: Keyring, subject: Subject, product_of: ProductOf) -> Doomed:
    """Everything that is stored about a person, by whichever of their names."""
    records = await every_record(store, keyring)
    named = [(one, Named(one.mentions, _product(one, product_of))) for one in records if one.mentions]
    person = person_of(subject, (what for _, what in named))
    rows = {table: set[Key]() for table in _TABLES}
    for record, what in named:
        if record.table is not audit and person.is_in(what.mentions, what.product):
            rows[record.table].add(record.key)
    finder = _Finder(store, keyring, person, product_of)
    for column, names in finder.columns():
        rows[column.table] |= await finder.keys_under(column, names)
    await finder.add_customers(rows, records)
    was_forgotten = audit.c.subject.in_(forgotten_hashes(keyring, subject))
    hashes = [h for one in person.subjects for h in hashes_of(keyring, one)]
    hashes += earlier_hashes_of(keyring, person.spelled)
    about = audit.c.subject.in_(hashes)
    rows[audit] = await finder.keys(audit, about)
    theirs = await finder.jobs(about | was_forgotten) | {str(key[0]) for key in rows[jobs]}
    rows[tickets] |= await finder.keys(tickets, tickets.c.job.in_(theirs) & (tickets.c.named != ""))
    watched = [place for (place,) in rows[watches]]
    rows[watch_keys] |= await finder.keys(watch_keys, watch_keys.c.place.in_(watched))
    unreadable = sum(record.mentions is None for record in records)
    return Doomed(subject, rows, frozenset(theirs), len(person.subjects), unreadable)


async def erase(store: Store, keyring: Keyring, doomed: Doomed) -> None:
    """
    Delete what was found; the audit trail's rows stay and name nobody.

    A ticket's message stays known as one that is not to be answered again, or was listed, without whom it was
    about.
    """
    nobody = {"subject": forgotten_hash(keyring, doomed.subject), "sealed": None}
    nothing = {"named": "", "subjects": None, "state": TicketState.FORGOTTEN.value}
    for table, keys in doomed.rows.items():
        for some in _chunks(sorted(keys)):
            these = tuple_(*table.primary_key).in_(some)
            statement: Any = delete(table).where(these)
            if table is audit:
                statement = update(audit).where(these).values(nobody)
            elif table is tickets:
                statement = update(tickets).where(these).values(nothing)
            elif table is digest_tickets:
                statement = update(digest_tickets).where(these).values(sealed=None, is_told=False)
            async with store.write(is_long=True) as connection:
                await connection.execute(statement)


# In an order in which nothing is learnt again from what is still there.
_TABLES = (
    jobs,
    pushed_hits,
    pushed_errors,
    index_sessions,
    index_opened,
    index_customers,
    index_names,
    index_asked,
    cached_findings,
    known_sessions,
    source_memory,
    identities,
    tickets,
    watch_keys,
    watches,
    digest_tickets,
    audit,
)


def _product(record: SealedRecord, product_of: ProductOf) -> str | None:
    if record.table not in (index_sessions, index_customers, index_opened, identities):
        return None
    return product_of(record.account) if record.account else None


@dataclass(frozen=True, slots=True)
class _Finder:
    """Finds rows by the hashes of a person's names."""

    store: Store
    keyring: Keyring
    person: NamesOfOne
    product_of: ProductOf

    def columns(self) -> Iterable[tuple[Column[Any], dict[str, Subject]]]:
        """The columns that hold hashes of names, and whose hashes those are there."""
        subjects = self.person.subjects
        spelled = [Subject(SubjectKind.EMAIL, one, one) for one in self.person.spelled]
        named = self._hashes((one.kind.value, one.value, one) for one in subjects)
        # Many applications have addresses as uids.
        named |= self._hashes((SubjectKind.UID.value, one.value, one) for one in spelled)
        in_any_spelling = named | self._hashes((one.kind.value, one.value, one) for one in spelled)
        # A session's own page stands under the session's id.
        sessions = self._hashes((one, subjects[0]) for one in self.person.sessions)
        identity = self._hashes(("identity", one.value, one) for one in subjects)
        in_ticket = self._hashes(("named", f"{one.kind}:{one.value}", one) for one in subjects)
        yield from (
            (column, named) for column in (cached_findings.c.subject_hash, known_sessions.c.subject_hash)
        )
        yield source_memory.c.subject_hash, named | sessions
        yield from ((column, identity) for column in (identities.c.email, identities.c.uid))
        yield from ((column, named) for column in (pushed_hits.c.who, index_names.c.who))
        yield from ((column, in_any_spelling) for column in (index_asked.c.who, index_asked.c.subject_hash))
        yield from ((column, in_ticket) for column in (tickets.c.named, tickets.c.subjects))

    async def keys_under(self, column: Column[Any], names: dict[str, Subject]) -> set[Key]:
        """The primary keys of the rows in which a column has one of these hashes, and means them by it."""
        table = column.table
        account = table.c.account if "account" in table.c else literal(None)
        query = select(column, account, *table.primary_key).where(column.in_(names))
        async with self.store.read(is_long=True) as connection:
            rows = (await connection.execute(query)).all()
        return {tuple(key) for hashed, at, *key in rows if self._is_their_name(names[hashed], at)}

    async def keys(self, table: Table, such: ColumnElement[bool]) -> set[Key]:
        """The primary keys of the rows for which something holds."""
        async with self.store.read(is_long=True) as connection:
            query = select(*table.primary_key).where(such)
            return {tuple(row) for row in (await connection.execute(query)).all()}

    async def add_customers(self, rows: dict[Table, set[Key]], records: Sequence[SealedRecord]) -> None:
        """Add the person's customers in the index, with all their sessions, and what these were opened as."""
        place = {column.name: number for number, column in enumerate(index_names.primary_key)}
        customers = {(key[place["account"]], key[place["customer"]]) for key in rows[index_names]}
        customers |= {
            (record.account, record.customer)
            for record in records
            if record.customer and record.key in rows[record.table]
        }
        for record in records:
            if (record.account, record.customer) in customers:
                rows[record.table].add(record.key)
            elif record.table is index_opened and record.key in rows[index_sessions]:
                rows[index_opened].add(record.key)
        for some in _chunks(sorted(customers)):
            theirs = tuple_(index_names.c.account, index_names.c.customer).in_(some)
            rows[index_names] |= await self.keys(index_names, theirs)

    async def jobs(self, such: ColumnElement[bool]) -> set[str]:
        """The jobs of some rows of the audit trail."""
        async with self.store.read(is_long=True) as connection:
            query = select(audit.c.job).where(such, audit.c.job.is_not(None)).distinct()
            return set((await connection.execute(query)).scalars().all())

    def _is_their_name(self, name: Subject, account: str | None) -> bool:
        if name.kind is SubjectKind.EMAIL or account is None:
            return True
        return self.person.is_called(name.value, self.product_of(account))

    def _hashes(self, names: Iterable[tuple[Any, ...]]) -> dict[str, Subject]:
        """The subjects by the hashes, under each of the keys, of the words before them."""
        return {one: subject for *words, subject in names for one in self.keyring.hashes(*words)}


def _chunks(keys: Sequence[Key]) -> Iterable[Sequence[Key]]:
    return (keys[begin : begin + _AT_ONCE] for begin in range(0, len(keys), _AT_ONCE))
