"""Who is to be forgotten: the names of one person, in what is stored about everybody."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bot.audit.mentions import Mentions
from bot.domain.addresses import address_value
from bot.domain.model import Subject, SubjectKind

ProductOf = Callable[[str], str]
"""The product that a source's uids are of, by the source's name."""


@dataclass(frozen=True, slots=True)
class NamesOfOne:
    """
    All names of one person.

    `addresses` are lower-cased, `spelled` as they were ever written; `sessions` are ids of their visits.
    `products` are those whose user they are by each uid; one that is not in it is theirs everywhere.
    """

    addresses: frozenset[str]
    uids: frozenset[str]
    spelled: frozenset[str]
    products: dict[str, frozenset[str]]
    sessions: frozenset[str] = frozenset()

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Each name once."""
        emails = (Subject(SubjectKind.EMAIL, one, one) for one in sorted(self.addresses))
        return (*emails, *(Subject(SubjectKind.UID, one, one) for one in sorted(self.uids)))

    def is_in(self, mentions: Mentions, product: str | None) -> bool:
        """Whether a record, of a product if that is known, names them."""
        if self.addresses & mentions.possible:
            return True
        return any(self.is_called(uid, product) for uid in self.uids & mentions.uids)

    def is_called(self, uid: str, product: str | None) -> bool:
        """Whether one of their uids is theirs in a product."""
        return product is None or product in self.products.get(uid, (product,))


@dataclass(frozen=True, slots=True)
class Named:
    """What a record names, and of which product that is, where it is of one."""

    mentions: Mentions
    product: str | None


def person_of(subject: Subject, everything: Iterable[Named]) -> NamesOfOne:
    """
    The person whom a subject names, with their other names, as far as these are surely theirs alone.

    A uid that goes with somebody else's address too (`guest`, or two products that both count from 1) is
    nobody's name: what is stored under it and names the person by their address is found by that.
    """
    everything = tuple(everything)
    uids_of: dict[str, set[str]] = defaultdict(set)
    addresses_of: dict[str, set[str]] = defaultdict(set)
    products: dict[str, set[str]] = defaultdict(set)
    for named in everything:
        for address, uid in named.mentions.pairs:
            uids_of[address].add(uid)
            addresses_of[uid].add(address)
            products[uid] |= {named.product} if named.product else set()
    addresses: set[str] = {subject.value} if subject.kind is SubjectKind.EMAIL else set()
    uids: set[str] = set() if addresses else {subject.value}
    if not addresses and len(addresses_of[subject.value]) == 1:
        addresses |= addresses_of[subject.value]
    for address in addresses:
        uids |= {uid for uid in uids_of[address] if addresses_of[uid] == {address}}
    # By a uid somebody is asked for in every product.
    only_in = {uid: frozenset(products[uid]) for uid in uids if products[uid] and uid != subject.value}
    known = NamesOfOne(frozenset(addresses), frozenset(uids), frozenset(), only_in)
    theirs = [named.mentions for named in everything if known.is_in(named.mentions, named.product)]
    spelled = {one for mentions in theirs for one in mentions.spelled if address_value(one) in addresses}
    alone = [one for one in theirs if one.addresses <= known.addresses and one.uids <= known.uids]
    return NamesOfOne(
        known.addresses,
        known.uids,
        frozenset({*spelled, *addresses, *({subject.typed} if subject.kind is SubjectKind.EMAIL else ())}),
        only_in,
        frozenset(one for mentions in alone for one in mentions.sessions),
    )
