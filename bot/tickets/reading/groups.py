"""Labels and sentences with the addresses that they name, as `roles` finds them."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from bot.domain.model import Subject
from bot.tickets.reading import words
from bot.tickets.reading.labels import Label, plain
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
    has_value: bool = False
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
    # Everybody with the number of the passage, which is its place in the message.
    found: list[tuple[int, Subject]] = field(default_factory=list)
    # Addresses of the desk's words that nobody's label explains: beside unknown labels, in prose.
    unexplained: list[Subject] = field(default_factory=list)
    # Beside "To:".
    sent_to: list[Subject] = field(default_factory=list)
    has_label: bool = False
    lines: list[str] = field(default_factory=list)

    @property
    def everybody(self) -> list[Subject]:
        """All addresses in the order of the message's passages."""
        return [address for _number, address in sorted(self.found, key=lambda one: one[0])]


def is_exchange(
    roles: Roles, group: Group, is_outside: Callable[[Subject], bool], said: Iterable[str]
) -> bool:
    """
    Whether a "From:" has a "To:" with somebody's own address where something changed, or mail went out.

    Mail to a desk goes to a mailbox, which is ours or has a mailbox's name. `said` is what the message says.
    """
    theirs = [a for a in roles.sent_to if is_outside(a) and a.value not in {b.value for b in group.addresses}]
    if group.phrase not in _FROM or all(a.value.partition("@")[0] in _MAILBOXES for a in theirs):
        return False
    return any(_CHANGES.search(text[:_LONGEST_CHANGE]) is not None for text in said)
