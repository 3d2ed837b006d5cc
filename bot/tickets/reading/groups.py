"""Labels and sentences with the addresses that they name, as `roles` finds them."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.model import Subject
from bot.tickets.reading import words
from bot.tickets.reading.cards import is_company_of, is_name_of
from bot.tickets.reading.labels import Label, is_about_details, is_for_whom, plain, role_of
from bot.tickets.reading.passages import Region

_MAILBOXES = frozenset(words.phrases(words.MAILBOXES))
_CHANGES = re.compile("|".join(words.phrases(words.CHANGES)), re.IGNORECASE)
_LONGEST_CHANGE = 300
_FROM = frozenset(map(plain, words.phrases(words.FROM)))


class By(StrEnum):
    """What made an address the requester's."""

    LABEL = "label"
    SENTENCE = "sentence"
    ALONE = "alone"


@dataclass(slots=True)
class Group:
    """One label, or sentence, and the addresses that it names; `phrase` is the label in plain words."""

    by: By
    kind: Label
    phrase: str
    place: Region
    plural: bool = False
    says_email: bool = False
    # What stands beside the label, or below it, where that is no address.
    value: str = ""
    # Its address stands beside a bare "Email:" that follows.
    is_lent: bool = False
    # In the middle of a line: a label that begins one goes before it.
    is_inline: bool = False
    addresses: list[Subject] = field(default_factory=list)
    # Two readings are possible: another address stands in the same line or beside the same label.
    is_doubtful: bool = False


@dataclass(slots=True)
class Roles:
    """Who is named as the requester, by which groups; and every address in the order of the message."""

    groups: list[Group] = field(default_factory=list)
    cards: list[Subject] = field(default_factory=list)
    # Cards with somebody's role, or another label, right below them.
    doubted: list[Subject] = field(default_factory=list)
    # Sentences that name somebody without an address.
    named: list[Group] = field(default_factory=list)
    # Everybody with the number of the passage, which is its place in the message.
    found: list[tuple[int, Subject]] = field(default_factory=list)
    # Addresses of the desk's words that nobody's label explains: beside unknown labels, in prose.
    unexplained: list[Subject] = field(default_factory=list)
    # Beside labels that may be of anybody: "User", "Patient", "Original requester".
    unclear: list[Subject] = field(default_factory=list)
    # Beside "To:".
    sent_to: list[Subject] = field(default_factory=list)
    has_label: bool = False
    lines: list[str] = field(default_factory=list)

    @property
    def everybody(self) -> list[Subject]:
        """All addresses in the order of the message's passages."""
        return [address for _number, address in sorted(self.found, key=lambda one: one[0])]


def is_contradicted(chosen: Group, roles: Roles, is_outside: Callable[[Subject], bool]) -> bool:
    """
    Whether another label of the chosen one's rank, or above it, speaks of somebody else, or of nobody.

    It does with a name that is not the address's, with an address that is ours, and with nothing. So does the
    chosen label itself where its address stands beside a bare "Email:" below, a bare "Email:" of nobody else,
    and a sentence of whom the ticket is from.
    """
    addresses = [one for one in chosen.addresses if is_outside(one)]
    if chosen.is_lent and not any(is_name_of(chosen.value, one.value) for one in addresses):
        return True
    if any(one.value and not _agrees(one, chosen, addresses) for one in roles.named if one.phrase in _FROM):
        return True
    from_others = (
        one
        for one in roles.groups
        if (one.by is By.SENTENCE and one.phrase in _FROM)
        or (one.kind is Label.EMAIL and not one.is_doubtful)
    )
    if any(is_outside(one) and one not in addresses for group in from_others for one in group.addresses):
        return True
    if _typed_in_for_another(chosen, roles, is_outside):
        return True
    return any(
        _RANKS.index(other.kind) <= _RANKS.index(chosen.kind)
        and other.kind is not Label.EMAIL
        and not any(map(is_outside, other.addresses))
        and not _agrees(other, chosen, addresses)
        for other in roles.groups
        if other is not chosen
    )


def _typed_in_for_another(chosen: Group, roles: Roles, is_outside: Callable[[Subject], bool]) -> bool:
    """
    Whether the one that was chosen asked for somebody else: "On behalf of: …" stands in the message as well.

    Beside whoever only typed the ticket in, that may be anybody whose label is not known.
    """
    others = [a for one in roles.groups if is_for_whom(one.phrase) for a in one.addresses]
    if chosen.kind is not Label.REQUESTER:
        others += roles.unclear
    return not is_for_whom(chosen.phrase) and any(is_outside(a) and a not in chosen.addresses for a in others)


_RANKS = (Label.REQUESTER, Label.SUBMITTER, Label.EMAIL)


def is_heading_alone(group: Group) -> bool:
    """Whether a label, such as "Customer details", only heads the lines that have them."""
    return not group.value and not group.addresses and is_about_details(group.phrase)


def _agrees(other: Group, chosen: Group, addresses: Sequence[Subject]) -> bool:
    """Whether a label without an outside address speaks of the same person."""
    if other.addresses:
        # Cut short, and whole beside the other label.
        return all(any(one.value.startswith(cut.value) for one in addresses) for cut in other.addresses)
    if is_heading_alone(other):
        return True
    if other.phrase != chosen.phrase and role_of(other.phrase) == (role_of(chosen.phrase) or None):
        return True
    return any(
        is_name_of(other.value, one.value) or is_company_of(other.value, one.value) for one in addresses
    )


def _is_mailbox(address: Subject) -> bool:
    parts = re.split(r"[._+-]", address.value.partition("@")[0])
    return any(part in _MAILBOXES for part in parts)


def is_exchange(
    roles: Roles, group: Group, is_outside: Callable[[Subject], bool], said: Iterable[str]
) -> bool:
    """
    Whether a "From:" has a "To:" with somebody's own address where something changed, or mail went out.

    Mail to a desk goes to a mailbox, which is ours or has a mailbox's name. `said` is what the message says.
    """
    theirs = [a for a in roles.sent_to if is_outside(a) and a.value not in {b.value for b in group.addresses}]
    if group.phrase not in _FROM or all(map(_is_mailbox, theirs)):
        return False
    return any(_CHANGES.search(text[:_LONGEST_CHANGE]) is not None for text in said)
