"""
Which role the desk's words give an address: the requester's, somebody else's, or none.

A label's addresses stand beside it, or right below where nothing does; a sentence names the requester right
before their address ("New conversation from Jane Doe (…"). Where two readings are possible, the group of
addresses says so and nobody is looked up by it.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from bot.domain.addresses import find_obfuscated
from bot.domain.model import Subject
from bot.tickets.profiles.profile import Author, Profile
from bot.tickets.reading import words as words_of
from bot.tickets.reading.authors import Spoken, Words
from bot.tickets.reading.cards import (
    is_card,
    is_name_before,
    is_named,
    is_persons,
    is_persons_name,
    names_role,
    without_bullet,
)
from bot.tickets.reading.groups import By, Group, Roles, is_heading_alone
from bot.tickets.reading.labels import OF_REQUESTERS, Label, Labels, plain
from bot.tickets.reading.lines import (
    Segment,
    Spotted,
    asks_for_another,
    before_address,
    ends_there,
    is_in_subject,
    is_only_ticket,
    is_part_of_title,
    is_right_before,
    named_in_sentence,
    names_somebody_else,
    sentence_cue,
    shown,
    spot,
    within_title,
)
from bot.tickets.reading.markup import TITLE
from bot.tickets.reading.passages import Region

# Lines below a label that may hold its value: a name, then the address.
_VALUE_LINES = 2
_MOST_WORDS_BEFORE = 8
_MOST_FOUND = 60
_RUNNING = frozenset(
    {Region.BODY, Region.SECTION, Region.PRETEXT, Region.TEXT, Region.FOOTER, Region.UNTITLED}
)
_TO = frozenset(map(plain, words_of.phrases(words_of.TO)))
_SAYS_NOTHING = re.compile(r"[\W_]*(?:n/?a|none|unknown|null|-)?[\W_]*", re.IGNORECASE)


Judge = Callable[[str], Subject | None]


def read_roles(
    spoken: Spoken, profile: Profile, labels: Labels, judge: Judge, is_outside: Callable[[Subject], bool]
) -> Roles:
    """Read the roles that the desk's words give to addresses; `judge` says what is an address."""
    reader = _Reader(spoken, profile, labels, judge, is_outside)
    for words in spoken.words:
        reader.read(words)
    reader.end_container()
    return reader.roles


@dataclass(slots=True)
class _Reader:
    spoken: Spoken
    profile: Profile
    labels: Labels
    judge: Judge
    is_outside: Callable[[Subject], bool]
    roles: Roles = field(default_factory=Roles)
    container: int = -1
    # The group whose value may stand below, on how many lines, and in which container.
    open: Group | None = None
    lines_left: int = 0
    # Whether values stand beside labels in this container, and the groups whose values stand below theirs.
    beside: bool = False
    below: list[Group] = field(default_factory=list)
    # Who was named last, whose a bare "Email:" then is: their group, or somebody else's name.
    owner: Group | None = None
    owned_by_other: bool = False
    found: int = 0
    # The line above, of whichever passage: it may be a label of what stands below.
    above: str = ""
    # Whether the last heading is of somebody else, whose a bare "Email:" below it is.
    headed: bool = False
    # Whose card that line is.
    card_above: Subject | None = None

    def read(self, words: Words) -> None:
        if words.container != self.container:
            self.end_container()
            self.container, self.open = words.container, None
            if words.place in _RUNNING:
                self.owner, self.owned_by_other = None, False
        if self.card_above is not None and names_role(words.text.partition("\n")[0]):
            self.roles.cards.remove(self.card_above)
            self.roles.unexplained.append(self.card_above)
            self.roles.doubted.append(self.card_above)
        self.card_above = None
        if words.author is Author.CUSTOMER:
            self.open = None
            self._mention(words.text)
            self._heading(words)
            return
        self.roles.lines.append(words.shown or words.text)
        spotted = self._spotted(words.text)
        seen = [(one, address) for one in spotted if (address := self.judge(one.typed)) is not None]
        self._note(words.text, seen)
        if not words.text.strip() and (words.field_kind is None or words.line > 0):
            self.open = None
            return
        if words.field_kind is not None and words.line > 0:
            self._below_field(words, seen)
            return
        crowd = self._is_crowd(words, seen) and not _is_plain_list(words, seen)
        for segment in words.segments:
            here = [
                pair for pair in seen if segment.start <= pair[0].start < max(segment.end, segment.start + 1)
            ]
            self._segment(words, segment, here, crowd=crowd)
        self._heading(words)

    def _heading(self, words: Words) -> None:
        if words.author is Author.DESK or words.place is Region.TITLE:
            self.above = words.text
        if words.field_kind is None and "@" not in words.text:
            self.headed = self.labels.heads_somebody_else(words.text, above=self.headed)

    def end_container(self) -> None:
        """Doubt what stands below a label where other labels have their values beside them: it has none."""
        for group in self.below if self.beside else ():
            group.is_doubtful = True
        self.beside, self.below = False, []

    def _spotted(self, text: str) -> list[Spotted]:
        if self.found >= _MOST_FOUND:
            return []
        spotted = [one for one in spot(text) if not one.is_cut]
        self.found += len(spotted)
        return spotted

    def _mention(self, text: str) -> None:
        self._note(
            text, [(one, a) for one in self._spotted(text) if (a := self.judge(one.typed)) is not None]
        )

    def _note(self, text: str, seen: Sequence[tuple[Spotted, Subject]]) -> None:
        self.roles.found += [(self.container, address) for _one, address in seen]
        if self.found < _MOST_FOUND:
            hidden = [
                address for typed in find_obfuscated(text) if (address := self.judge(typed)) is not None
            ]
            self.found += len(hidden)
            self.roles.found += [(self.container, address) for address in hidden]

    def _is_crowd(self, words: Words, seen: Sequence[tuple[Spotted, Subject]]) -> bool:
        """Whether a line holds two outside addresses outside of its title: one may be a name's making."""
        text = words.text
        if words.whole and words.whole != text:
            text = words.whole
            seen = [(one, address) for one in spot(text) if (address := self.judge(one.typed)) is not None]
        outside = (a.value for one, a in seen if not is_part_of_title(text, one) and self.is_outside(a))
        return len(set(outside)) > 1

    def _segment(
        self, words: Words, segment: Segment, seen: Sequence[tuple[Spotted, Subject]], *, crowd: bool
    ) -> None:
        if segment.kind is None:
            self._unlabelled(words, segment, seen, crowd=crowd)
            return
        if segment.label:
            self.roles.has_label = True
        value = words.text[segment.start : segment.end]
        says = not (_SAYS_NOTHING.fullmatch(value) or is_only_ticket(value))
        self.beside = self.beside or (says and segment.kind not in (Label.TITLE, Label.DESCRIPTION))
        self.open = None
        if segment.kind in OF_REQUESTERS and segment.trusted:
            self._requesters(words, segment, value, seen, crowd=crowd)
            return
        if segment.kind in (Label.SOMEBODY_ELSE, Label.UNKNOWN, *OF_REQUESTERS):
            # A name without an address: a bare "Email:" below may be theirs; below a heading it is not.
            is_name = segment.kind is Label.UNKNOWN and is_persons_name(value)
            named = is_name or not (segment.kind is Label.UNKNOWN or _SAYS_NOTHING.fullmatch(value))
            named = named or not (value.strip() or self._is_heading(words, segment))
            self.owner, self.owned_by_other = None, not seen and named
        self._note_somebody_else(segment.label, seen)
        if segment.kind is not Label.SOMEBODY_ELSE:
            self.roles.unexplained += [address for _one, address in seen]

    def _is_heading(self, words: Words, segment: Segment) -> bool:
        """Whether what looks like a label is the message's first line, and of nobody's role."""
        is_label = ":" in words.text or words.field_kind is not None or names_role(segment.label)
        return not (self.above or is_label) and self.labels.is_unclear(segment.label)

    def _note_somebody_else(self, label: str, seen: Sequence[tuple[Spotted, Subject]]) -> None:
        if self.labels.phrase(label) in _TO:
            self.roles.sent_to += [address for _one, address in seen]
        elif self.labels.is_unclear(label):
            self.roles.unclear += [address for _one, address in seen]

    def _requesters(
        self,
        words: Words,
        segment: Segment,
        value: str,
        seen: Sequence[tuple[Spotted, Subject]],
        *,
        crowd: bool,
    ) -> None:
        label = segment.label
        group = self._group(words, segment)
        says_name = self.labels.says_name(label)
        if not (seen or _SAYS_NOTHING.fullmatch(value)):
            group.value = group.value or shown(value)
        # An address that was cut short: whoever is named below is a second reading.
        group.is_doubtful = group.is_doubtful or (
            not seen and "@" in value and ("…" in value or ".." in value)
        )
        for number, (one, address) in enumerate(seen):
            begins = segment.start if number == 0 else seen[number - 1][0].end
            before = before_address(words.text[begins : one.start], is_list=group.plural)
            if says_name or is_in_subject(words.text, segment, one):
                continue
            if names_somebody_else(before) or len(before.split()) > _MOST_WORDS_BEFORE:
                break
            if segment.inline and (_is_shortened(words) or not ends_there(words.text, one.end)):
                break
            # "Contact: my boss bob@…" is whatever somebody typed.
            is_prose = not (address in group.addresses or is_name_before(before, address.value))
            is_prose = is_prose or asks_for_another(words.text[one.end : segment.end], segment.kind)
            self._add(group, address, crowd=is_prose or (crowd and not group.plural))
        self.owner, self.owned_by_other = group, False
        if words.place is Region.FIELD:
            # Its further lines are its value too: a name, then the address.
            self.open, self.lines_left = group, _VALUE_LINES if group.plural or not value.strip() else 1
        elif not value.strip():
            self.open, self.lines_left = group, 1

    def _group(self, words: Words, segment: Segment) -> Group:
        """The label's group: a bare "Email:" belongs to whoever was named before without an address."""
        label, kind = segment.label, segment.kind or Label.UNKNOWN
        owner = self.owner
        if (
            kind is Label.EMAIL
            and owner is not None
            and not owner.says_email
            and owner.kind is not Label.EMAIL
            and not is_heading_alone(owner)
        ):
            owner.says_email, owner.is_lent = True, not owner.addresses
            return owner
        group = Group(
            By.LABEL,
            kind,
            self.labels.phrase(label),
            words.place,
            self.labels.is_plural(label),
            self.labels.says_email(label),
        )
        group.is_inline = segment.inline
        if kind is Label.EMAIL and (self.owned_by_other or self.headed):
            # The address of somebody else, whose name stands above.
            group.is_doubtful = True
        self.roles.groups.append(group)
        return group

    def _add(self, group: Group, address: Subject, *, crowd: bool) -> None:
        values = {one.value for one in group.addresses}
        if address.value not in values:
            group.is_doubtful = group.is_doubtful or crowd or (bool(values) and not group.plural)
            group.addresses.append(address)

    def _unlabelled(
        self, words: Words, segment: Segment, seen: Sequence[tuple[Spotted, Subject]], *, crowd: bool
    ) -> None:
        text = words.text
        if self.open is not None:
            self._below(text, seen)
            return
        if not seen and (cue := sentence_cue(shown(text))) is not None and not self.profile.names_only:
            name = named_in_sentence(shown(text), cue)
            self.roles.named.append(Group(By.SENTENCE, Label.SUBMITTER, cue, words.place, value=name))
        for number, (one, address) in enumerate(seen):
            before = text[segment.start if number == 0 else seen[number - 1][0].end : one.start]
            cue = sentence_cue(before) if number == 0 and not self.profile.names_only else None
            opening = self._opening(text, before) if number == 0 else None
            titled = within_title(text, one.start)
            if is_part_of_title(text, one):
                continue
            ends = _ends_sentence(words, one)
            if (cue and ends and (not titled or is_right_before(before, cue))) or opening:
                group = Group(By.SENTENCE, Label.SUBMITTER, cue or "by", words.place)
                self._add(group, address, crowd=crowd)
                self.roles.groups.append(group)
            elif titled:
                continue
            elif (
                number == 0
                and not (crowd or _is_shortened(words))
                and is_card(text, one)
                and not self.profile.names_only
            ):
                self._card(words, one, address)
            else:
                self.roles.unexplained.append(address)

    def _card(self, words: Words, one: Spotted, address: Subject) -> None:
        is_persons_card = is_persons(words.text, one, address.value, self.above)
        if self.roles.has_label or words.place is Region.FOOTER or not is_persons_card:
            self.roles.unexplained.append(address)
        else:
            self.roles.cards.append(address)
            self.card_above = address

    def _opening(self, text: str, before: str) -> bool:
        opening = self.profile.opening
        return bool(opening and opening.match(text)) and len(before.split()) <= _MOST_WORDS_BEFORE

    def _below(
        self, text: str, seen: Sequence[tuple[Spotted, Subject]], *, is_in_field: bool = False
    ) -> None:
        """A line below a label: an address alone, or beside a name, is its value; whatever else ends it."""
        group = self.open
        if group is None:
            return
        # A line of digits between a name and an address is a telephone number.
        self.lines_left -= any(map(str.isalpha, text))
        had = bool(group.addresses)
        if not seen:
            group.value = group.value or shown(text)
            if had or self.lines_left <= 0:
                self.open = None
            return
        bare, one = without_bullet(text, seen[0][0])
        alone = len({address.value for _one, address in seen}) == 1 and (
            is_card(bare, one) or (is_in_field and is_named(bare, one))
        )
        if not alone or names_somebody_else(text[: seen[0][0].start]):
            self.roles.unexplained += [address for _one, address in seen]
            self.open = None
            return
        self._add(group, seen[0][1], crowd=False)
        if not (is_in_field or group.plural):
            self.below.append(group)
        self.lines_left = _VALUE_LINES if group.plural else 1

    def _below_field(self, words: Words, seen: Sequence[tuple[Spotted, Subject]]) -> None:
        """A further line of a field's value."""
        if any(segment.label != words.field_label for segment in words.segments[:1]):
            # A label inside the value is not the desk's.
            self.roles.unexplained += [address for _one, address in seen]
            self.open = None
        elif self.open is not None and words.field_kind in OF_REQUESTERS:
            self._below(words.text, seen, is_in_field=True)
        elif words.field_kind is Label.SOMEBODY_ELSE:
            self._note_somebody_else(words.field_label, seen)
            self.owned_by_other = self.owned_by_other and not seen
        else:
            self._note_somebody_else(words.field_label, seen)
            self.roles.unexplained += [address for _one, address in seen]


def _is_shortened(words: Words) -> bool:
    """Whether the end of a line was taken for the customer's words: these may begin before it."""
    return bool(words.whole) and words.whole != words.text


def _ends_sentence(words: Words, one: Spotted) -> bool:
    """Whether a desk's sentence ends with an address: at most a colon and the subject follow."""
    if not _is_shortened(words):
        return ends_there(words.text, one.end)
    # A subject may stand behind the ticket's number, and such a sentence in it.
    return TITLE not in words.text and words.whole[one.end :].lstrip(" )>]}\"'”")[:1] == ":"


def _is_plain_list(words: Words, seen: Sequence[tuple[Spotted, Subject]]) -> bool:
    """Whether a line is labels with one address beside each and nothing else: no name can have made it."""
    for segment in words.segments:
        here = [one for one, _address in seen if segment.start <= one.start < segment.end]
        if not here and is_only_ticket(words.text[segment.start : segment.end]):
            continue
        if segment.kind in (None, Label.UNKNOWN, Label.DESCRIPTION) or not segment.trusted or len(here) != 1:
            return False
        beside = words.text[segment.start : here[0].start] + words.text[here[0].end : segment.end]
        if beside.strip(" ;|·•,\t"):
            return False
    return True
