"""Who is who: which address and which uid are the same person's, as the sources say."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import Any

from cachetools import TTLCache
from pydantic import TypeAdapter
from sqlalchemy import BigInteger, Row, Select, String, bindparam, delete, select

from bot.domain.addresses import LONGEST_SUBJECT, address_value, read_address, subject_of_value
from bot.domain.model import Doubt, SessionUser, SourceName, Subject, SubjectKind
from bot.lookup.shared_uids import SharedUids
from bot.operations.clock import milliseconds
from bot.storage.database import Connection, Sent
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import identities, now_ms
from bot.storage.upsert import upsert

# Other names that a doubt shows.
_MOST_SHOWN = 3
# A pair that was written within this time is not written again.
_WRITTEN_LATELY = timedelta(hours=1)
# So many pairs are known in this process to be written, for so long: another one may delete them.
_PAIRS_KEPT, _KNOWN_WRITTEN_SECONDS = 10_000, 60
# What applications send as uid when they do not know the user: it is nobody's.
_NOBODY = frozenset(
    "0 -1 null nil none undefined nan n/a guest anonymous anon unknown user visitor default test".split()  # noqa: SIM905
)

# Address, uid and the source that has them for one person.
_PAIR = TypeAdapter(tuple[str, str, str])
SeenPerson = tuple[SourceName, SessionUser]
"""A person in a source's answer, and the source."""


@dataclass(frozen=True, slots=True)
class OtherName:
    """
    Another name that is surely the subject's, and the sources that told it.

    A uid is of one `product`, and nobody's name in another; None for an address, the same everywhere.
    """

    subject: Subject
    product: str | None
    told_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OtherNames:
    """The subject's other names that are surely the same person's, and those that are in doubt."""

    sure: tuple[OtherName, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    def in_product(self, product: str) -> tuple[OtherName, ...]:
        """Those that name the subject in one product."""
        return tuple(name for name in self.sure if name.product in (None, product))


@dataclass(frozen=True, slots=True)
class _Pair:
    """An address and a uid that one source (`account`) has for one person."""

    email: str
    uid: str
    account: str

    def name(self, kind: SubjectKind) -> Subject:
        return (
            subject_of_value(self.email) if kind is SubjectKind.EMAIL else Subject(kind, self.uid, self.uid)
        )


class Identities:
    """
    Pairs of address and uid with their source, kept for `retention` after they were last seen.

    A pair is used only where it is the only one. A uid with several addresses (`guest`, a shared account), or
    an address with several uids in one product, is a doubt: nobody may be shown another customer's visits.
    """

    def __init__(
        self, store: Store, keyring: Keyring, retention: timedelta, shared: SharedUids | None = None
    ) -> None:
        self.shared = shared or SharedUids()
        self._store = store
        self._keyring = keyring
        self._retention = retention
        self._written: TTLCache[tuple[str, str, str], bool] = TTLCache(_PAIRS_KEPT, _KNOWN_WRITTEN_SECONDS)

    async def learn(self, people: Iterable[SeenPerson], subject: Subject | None = None) -> OtherNames | None:
        """
        Store the pairs of address and uid of these people.

        Returns:
            the subject's other names by what is known then; None where all had been stored lately, or there
            is no subject.

        """
        pairs = _pairs(people)
        new = [pair for pair in pairs if self._key(pair) not in self._written]
        if not new:
            return None
        async with self._store.write() as connection:
            upsert(connection, identities, [self._row(pair) for pair in new], seen_ms=timedelta())
            around = self._sending_around(connection, subject) if subject else None
        self._written.update({self._key(pair): True for pair in new})
        return self._names_by(subject, self._pairs_of(around.result.all())) if subject and around else None

    async def renew(
        self, subject: Subject, told_anew: Iterable[SourceName], people: Iterable[SeenPerson]
    ) -> None:
        """
        Store the pairs that a subject is in, and delete those that these sources no longer tell.

        A trait may have moved to another user; `told_anew` are the sources that have just said whom they have
        by the subject's name.
        """
        people = tuple(people)
        pairs = _pairs(people)
        column = identities.c[subject.kind.value]
        other = identities.c.uid if subject.kind is SubjectKind.EMAIL else identities.c.email
        async with self._store.write() as connection:
            for account in sorted({str(source) for source in told_anew}):
                told = [pair.name(_other(subject.kind)).value for pair in pairs if pair.account == account]
                ours = (column == self._hash(subject.value)) & (identities.c.account == account)
                gone = delete(identities).where(ours, other.not_in([self._hash(name) for name in told]))
                connection.send(gone)
        self._written.clear()
        await self.learn(people)

    async def other_names(self, subject: Subject) -> OtherNames:
        """An address's uid in each product, or a uid's address, where there is exactly one, or the doubts."""
        async with self._store.read() as connection:
            names = self.asking_names(connection, subject)
        return names()

    def asking_names(self, connection: Connection, subject: Subject) -> Callable[[], OtherNames]:
        """As `other_names`, sent in a transaction; what comes back tells them when that has been executed."""
        around = self._sending_around(connection, subject)
        return lambda: self._names_by(subject, self._pairs_of(around.result.all()))

    async def other_names_in(self, connection: Connection, subject: Subject) -> OtherNames:
        """As `other_names`, read in a transaction that is open already."""
        names = self.asking_names(connection, subject)
        await connection.deliver()
        return names()

    def _names_by(self, subject: Subject, around: list[_Pair]) -> OtherNames:
        pairs = _of(subject, around)
        if subject.kind is SubjectKind.UID:
            return self._address_of(subject, pairs, around)
        sure: list[OtherName] = []
        doubts: list[Doubt] = []
        for product in dict.fromkeys(self._product(pair) for pair in pairs):
            told = [pair for pair in pairs if self._product(pair) == product]
            uids = _names(told, SubjectKind.UID)
            if doubt := self._doubt_of(subject, uids, told, product, around):
                doubts.append(doubt)
            else:
                sure.append(OtherName(uids[0], product, _accounts(told)))
        return OtherNames(tuple(sure), tuple(doubts))

    def _address_of(self, uid: Subject, pairs: list[_Pair], around: list[_Pair]) -> OtherNames:
        addresses = _names(pairs, SubjectKind.EMAIL)
        if not addresses:
            return OtherNames()
        # Those who told it: in their products an address with another uid is somebody else's, or doubtful.
        for product in dict.fromkeys(self._product(pair) for pair in pairs):
            if doubt := self._doubt_of(uid, addresses, pairs, product, around):
                return OtherNames(doubts=(doubt,))
        return OtherNames((OtherName(addresses[0], None, _accounts(pairs)),))

    def _doubt_of(
        self,
        name: Subject,
        others: tuple[Subject, ...],
        pairs: list[_Pair],
        product: str,
        around: list[_Pair],
    ) -> Doubt | None:
        """The doubt where a name has several others, or its other name goes with several of its own kind."""
        if len(others) > 1:
            return _doubt(name, others, pairs)
        back = [pair for pair in _of(others[0], around) if self._product(pair) == product]
        sharing = _names(back, name.kind)
        return _doubt(others[0], sharing, back) if len(sharing) > 1 else None

    def _product(self, pair: _Pair) -> str:
        return self.shared.product_of(pair.account)

    def _sending_around(self, connection: Connection, subject: Subject) -> Sent[*tuple[Any, ...]]:
        """Send what reads all pairs that a name is in, and all that one of its other names is in."""
        values = {
            "_name": self._hash(subject.value),
            "_kept": milliseconds(self._retention),
            "_lately": milliseconds(min(_WRITTEN_LATELY, self._retention / 2)),
        }
        return connection.send(_pairs_around(subject.kind), values)

    def _pairs_of(self, rows: Sequence[Row[*tuple[Any, ...]]]) -> list[_Pair]:
        """
        The pairs in what was read, those seen last first.

        Pairs that were sealed by a key since removed are left out.
        """
        self._written.update({(row.email, row.uid, row.account): True for row in rows if row.lately})
        return [pair for row in rows if (pair := self._opened(row.sealed))]

    def _row(self, pair: _Pair) -> dict[str, str]:
        return {
            "email": self._hash(pair.email),
            "uid": self._hash(pair.uid),
            "account": pair.account,
            "sealed": self._keyring.seal_value(_PAIR, (pair.email, pair.uid, pair.account)),
        }

    def _key(self, pair: _Pair) -> tuple[str, str, str]:
        return self._hash(pair.email), self._hash(pair.uid), pair.account

    def _opened(self, sealed: str) -> _Pair | None:
        pair = self._keyring.unseal_value(_PAIR, sealed)
        return _Pair(*pair) if pair else None

    def _hash(self, name: str) -> str:
        return self._keyring.hash("identity", name)


@cache
def _pairs_around(kind: SubjectKind) -> Select[*tuple[Any, ...]]:
    """The statement that reads the pairs of a name, and those of its other names, those seen last first."""
    column, other = identities.c[kind.value], identities.c[_other(kind).value]
    its = column == bindparam("_name", type_=String())
    near = its | other.in_(select(other).where(its))
    recent = identities.c.seen_ms >= now_ms() - bindparam("_kept", type_=BigInteger())
    lately = (identities.c.seen_ms > now_ms() - bindparam("_lately", type_=BigInteger())).label("lately")
    key = (identities.c.email, identities.c.uid, identities.c.account)
    query = select(*key, identities.c.sealed, lately).where(near, recent)
    return query.order_by(identities.c.seen_ms.desc(), identities.c.email, identities.c.uid)


def address_in_uid(subject: Subject, people: Iterable[SeenPerson]) -> OtherNames:
    """
    The address that a subject's uid itself is, by which sources can be asked that know no such uid.

    None where no source has anybody of that uid, and where one has another address for it: the uid may be
    from before that was changed, and the address somebody else's by now.
    """
    address = read_address(subject.typed) if subject.kind is SubjectKind.UID else None
    theirs = [(source, user.email) for source, user in people if user.uid == subject.value]
    if address is None or any(email and address_value(email) != address.value for _source, email in theirs):
        return OtherNames()
    told_by = tuple(dict.fromkeys(str(source) for source, _email in theirs))
    return OtherNames((OtherName(address, None, told_by),)) if told_by else OtherNames()


def _pairs(people: Iterable[SeenPerson]) -> set[_Pair]:
    """The pairs of some people, of whom each is mostly there once for each session."""
    return {pair for source, user in set(people) if (pair := _pair(source, user))}


def _pair(source: SourceName, user: SessionUser) -> _Pair | None:
    """The pair of a user's address and uid; None without both, or where the uid is an address or nobody's."""
    address = read_address(user.email) if user.email else None
    uid = user.uid
    if address is None or not uid or len(uid) > LONGEST_SUBJECT or "@" in uid or uid.lower() in _NOBODY:
        return None
    return _Pair(address.value, uid, str(source))


def _of(name: Subject, around: list[_Pair]) -> list[_Pair]:
    """Those of some pairs that a name is in."""
    return [pair for pair in around if pair.name(name.kind).value == name.value]


def _other(kind: SubjectKind) -> SubjectKind:
    return SubjectKind.UID if kind is SubjectKind.EMAIL else SubjectKind.EMAIL


def _names(pairs: list[_Pair], kind: SubjectKind) -> tuple[Subject, ...]:
    return tuple(dict.fromkeys(pair.name(kind) for pair in pairs))


def _accounts(pairs: list[_Pair]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(pair.account for pair in pairs))


def _doubt(name: Subject, shared_by: tuple[Subject, ...], pairs: list[_Pair]) -> Doubt:
    return Doubt(name, shared_by[:_MOST_SHOWN], _accounts(pairs), len(shared_by[_MOST_SHOWN:]))
