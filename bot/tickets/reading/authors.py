"""
Whose words are these: the desk's template's, or anybody else's.

A message is cut into lines that the desk wrote and text that the customer, a colleague or a web page did.
What a template puts where is known from its structure (a field is a label and its value; a title is a
subject), from what it says (a description's label, a blank line below the ticket's link), and, of known
desks, from their profiles. In doubt the words are the customer's.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from bot.domain.addresses import without_message_ids
from bot.tickets.profiles.profile import Author, Profile
from bot.tickets.reading.boundaries import (
    begins_letter,
    begins_quote,
    ends_desks_words,
    goes_on,
    is_data,
    is_sentence,
    says_anything,
)
from bot.tickets.reading.labels import OF_REQUESTERS, Label, Labels
from bot.tickets.reading.lines import (
    Line,
    Segment,
    beside,
    is_desks_sentence,
    read_line,
    sentence_cue,
    split_line,
    spot,
)
from bot.tickets.reading.markup import LINK, TITLE, MarkupLink
from bot.tickets.reading.passages import Passage, Region, structure_of

# What is beyond these is the customer's: no desk's own words are that long, nor any line of them.
_MOST_LINES = 100
_MOST_CHARACTERS = 6_000
_LONGEST_LINE = 2_000
_SHORTEST_SUBJECT = 2
_TEMPLATE = re.compile(r"\{\{[^{}\n]{0,200}\}\}")
_ONLY_TICKET = re.compile(rf"[\s:*_-]*{LINK}?\s*{TITLE}[^\x04]*\x04[\s.]*")
_BEGINS_WITH_TICKET = re.compile(rf"[\s:*_-]*{LINK}?\s*{TITLE}[^\x04]*\x04")
# "Request: SUP-12" links the ticket; "Request: my text" is the customer's.
_MAY_BE_LINKED = frozenset({"request", "issue", "conversation", "inquiry", "enquiry", "case", "problem"})
_BEGINS_WITH_LINK = re.compile(rf"\W{{0,6}}{LINK}")
_TEXTS = frozenset({Region.BODY, Region.SECTION, Region.PRETEXT, Region.TEXT})
_FREE = frozenset({Label.DESCRIPTION, Label.TITLE})


@dataclass(frozen=True, slots=True)
class Words:
    """
    A stretch of one author's words.

    The desk's are single lines with their `segments`; a labelled field's value has that `field_label` for
    each of its lines. `container` numbers the passage that it is from, `line` the line in it.
    """

    author: Author
    text: str
    place: Region
    container: int
    line: int = 0
    segments: tuple[Segment, ...] = ()
    field_label: str = ""
    field_kind: Label | None = None
    # A titled field's line with its title, as people see it.
    shown: str = ""
    # The whole line, where its end is somebody else's.
    whole: str = ""


@dataclass(slots=True)
class Spoken:
    """A message's words in their order, and the desk's own links."""

    words: list[Words] = field(default_factory=list)
    links: list[MarkupLink] = field(default_factory=list)
    # Links that begin a line of what is taken for the customer's text: a list of tickets has such.
    listed: list[MarkupLink] = field(default_factory=list)
    # Whether fields name the requester: then running text does not.
    by_fields: bool = False


def read_authors(
    passages: Sequence[Passage], profile: Profile, labels: Labels, *, has_ticket: bool
) -> Spoken:
    """Cut a message's passages into the desk's words and everybody else's."""
    reader = _Reader(profile, labels, has_ticket, *structure_of(passages))
    # The message's own text stands above its attachments, though it is read last.
    ordered = sorted(enumerate(passages), key=lambda numbered: numbered[1].place is not Region.BODY)
    for number, passage in ordered:
        reader.read(number, passage)
    return reader.spoken


@dataclass(slots=True)
class _Reader:
    profile: Profile
    labels: Labels
    # A ticket is linked, or its requester was named: a blank line may end the desk's words.
    begun: bool
    labelled: frozenset[int]
    subjects: frozenset[str]
    spoken: Spoken = field(default_factory=Spoken)
    tainted: bool = False
    named_in_sentence: bool = False
    # A label above has its value beside it: a word that stands alone is none.
    beside: bool = False
    sections: int = 0
    lines_left: int = _MOST_LINES
    characters_left: int = _MOST_CHARACTERS

    def read(self, number: int, passage: Passage) -> None:
        match passage.place:
            case Region.FRAME:
                self.spoken.links += passage.links
            case Region.TITLE | Region.AUTHOR:
                self.say(passage, number)
                # A heading "Description", not an attachment's title: what stands below is the customer's.
                is_description = self.labels.classify_alone(passage.text) is Label.DESCRIPTION
                self.tainted = self.tainted or (is_description and not passage.attachment)
            case Region.QUOTE | Region.FALLBACK:
                self.say(passage, number)
                self.tainted = self.tainted or passage.place is Region.QUOTE
            case Region.FIELD:
                self.field(number, passage)
            case Region.UNTITLED | Region.FOOTER:
                _Container(self, passage, number).read()
            case _:
                self.running_text(number, passage)

    def is_too_much(self, line: str) -> bool:
        """Whether a line is beyond what a desk's own words are; counts it otherwise."""
        self.lines_left -= 1
        self.characters_left -= len(line)
        return len(line) > _LONGEST_LINE or self.lines_left < 0 or self.characters_left < 0

    def say(self, passage: Passage, number: int, text: str | None = None, line: int = 0) -> None:
        """Note words of anybody but the desk."""
        said = passage.text if text is None else text
        self.spoken.words.append(Words(Author.CUSTOMER, said, passage.place, number, line))

    def field(self, number: int, passage: Passage) -> None:
        """A field: its title, or else its first line, is the label of all that follows in it."""
        title = passage.title
        if title and self._is_subject(title, passage.text):
            self.say(passage, number, title)
            _Container(self, passage, number).read()
            return
        lines = passage.text.split("\n")
        kind, label, skipped = self.labels.classify(title), title, 0
        head: tuple[Segment, ...] = ()
        if not title:
            # What stands in a section's field: "*Label*", then its value, on the same line or below.
            skipped = next((place for place, line in enumerate(lines) if line.strip()), 0)
            first = read_line(lines[skipped])
            head = tuple(split_line(first, self.labels))
            if (
                head[0].kind is None
                and len(lines) > skipped + 1
                and "@" not in first.text
                and not first.has_ticket
            ):
                # Whatever has a field's first line to itself is its label.
                head = (Segment(first.text.strip(), Label.UNKNOWN, len(first.text), len(first.text)),)
            if head[0].kind is None:
                _Container(self, passage, number).read()
                return
            label = head[0].label
            kind = head[0].kind or Label.UNKNOWN
            kind = self.labels.classify(label) if kind is Label.UNKNOWN else kind
        self._value(number, passage, lines[skipped:], label, kind, has_head=not title)

    def _value(
        self, number: int, passage: Passage, lines: list[str], label: str, kind: Label, *, has_head: bool
    ) -> None:
        self.spoken.by_fields = self.spoken.by_fields or kind in OF_REQUESTERS
        self.spoken.links += [] if kind is Label.DESCRIPTION else passage.links
        ended = kind in _FREE
        for place, raw in enumerate(lines):
            ended = ended or begins_quote(raw, is_first=place == 0) or self.is_too_much(raw)
            if ended:
                self.say(passage, number, "\n".join(lines[place:]), place)
                return
            line = read_line(without_message_ids(_TEMPLATE.sub(" ", raw)))
            segments = tuple(split_line(line, self.labels)) if place == 0 and has_head else ()
            if not segments:
                segments = tuple(beside(line, label, kind, self.labels))
            shown = f"{label}: {line.text}" if place == 0 and not has_head else ""
            self.spoken.words.append(
                Words(Author.DESK, line.text, passage.place, number, place, segments, label, kind, shown)
            )
            # A blank line below a value ends it; what follows is not the template's.
            ended = place > 0 and line.is_blank

    def _is_subject(self, title: str, value: str) -> bool:
        """Whether a field's title is the ticket's subject, not a label."""
        shown = " ".join(title.split()).lower()
        within = len(shown) >= _SHORTEST_SUBJECT and any(shown in one for one in self.subjects)
        if self.profile.field_is_subject:
            return within and self.profile.opening is not None and bool(self.profile.opening.match(value))
        known = self.labels.classify(title) is not Label.UNKNOWN
        return shown in self.subjects or (within and not known)

    def running_text(self, number: int, passage: Passage) -> None:
        """A text that a template may fill, or the customer; after their first words it is all theirs."""
        if passage.place is Region.SECTION:
            self.sections += 1
        if self.tainted or self._is_customers(passage):
            self.say(passage, number)
            self.list_links(passage.text.split("\n"), passage.links)
            return
        _Container(self, passage, number).read()

    def _is_customers(self, passage: Passage) -> bool:
        profile = self.profile
        if passage.place is Region.BODY:
            return profile.body is Author.CUSTOMER
        if passage.place is Region.SECTION:
            theirs = profile.first_section if self.sections == 1 else profile.later_sections
            return theirs is Author.CUSTOMER
        if passage.place is Region.TEXT:
            return (
                profile.attachment_text is Author.CUSTOMER
                or passage.attachment in self.labelled
                or passage.below is not None
            )
        return False

    def list_links(self, lines: Sequence[str], links: Iterable[MarkupLink]) -> None:
        """Note the links that lines begin with."""
        given = iter(links)
        for raw in lines:
            here = (
                [link for _mark, link in zip(range(raw.count(LINK)), given, strict=False)]
                if LINK in raw
                else []
            )
            if here and _BEGINS_WITH_LINK.match(raw):
                self.spoken.listed.append(here[0])


@dataclass(slots=True)
class _Container:
    """One text, line by line, up to where the desk's words end."""

    reader: _Reader
    passage: Passage
    number: int
    ended: bool = False
    # A label, or the ticket's link, stands above; right above, addresses below a requester's label.
    labelled: bool = False
    linked: bool = False
    listed: bool = False
    # The kind of a label whose value may stand below.
    pending: Label | None = None
    first: bool = True

    def read(self) -> None:
        links = iter(self.passage.links)
        lines = without_message_ids(_TEMPLATE.sub(" ", self.passage.text)).split("\n")
        continues = self.passage.place in _TEXTS
        if (
            continues
            and self.reader.begun
            and not self._is_first_text()
            and not goes_on(lines, self.reader.labels, alone=not self.reader.beside)
        ):
            # Between two blocks, as between two paragraphs.
            self.ended = True
        for place, raw in enumerate(lines):
            self.ended = self.ended or self.reader.is_too_much(raw)
            if self.ended:
                self._say("\n".join(lines[place:]), place)
                self.reader.list_links(lines[place:], links)
                break
            here = [link for _mark, link in zip(range(raw.count(LINK)), links, strict=False)]
            self._line(raw, place, lines, here)
        if continues and self.ended:
            self.reader.tainted = True

    def _is_first_text(self) -> bool:
        """Whether no desk's words in running text stand above: then this is where they begin."""
        return not any(
            said.author is Author.DESK and said.place in _TEXTS for said in self.reader.spoken.words
        )

    def _say(self, text: str, place: int) -> None:
        if text.strip():
            self.reader.say(self.passage, self.number, text, place)

    def _line(self, raw: str, place: int, lines: list[str], links: list[MarkupLink]) -> None:
        line = read_line(raw)
        if line.is_blank:
            self.pending = None
            self.ended = not self.first and self._ends_at_blank(lines[place + 1 :])
            return
        if begins_quote(raw) or (is_data(raw) and not line.has_ticket):
            self.ended = True
            self._say(raw, place)
            return
        below = says_anything(islice(lines, place + 1, place + _MOST_LINES))
        segments = self._segments(line)
        may_be_letters = not (self.first or self.pending)
        if may_be_letters and begins_letter(
            line,
            segments[0],
            lines[place + 1 : place + _MOST_LINES],
            self.reader.labels,
            labelled=self.labelled,
            linked=self.linked,
            listed=self.listed,
        ):
            self.ended = True
            self._say(raw, place)
            return
        cut = self._cut(line, segments, below)
        kept, rest = line.text[:cut], line.text[cut:]
        desks = tuple(
            one if one.end <= cut else replace(one, end=cut) for one in segments if one.start <= cut
        )
        self.reader.spoken.words.append(
            Words(Author.DESK, kept, self.passage.place, self.number, place, desks, whole=line.text)
        )
        self.reader.spoken.links += links[: kept.count(LINK)]
        self._say(rest, place)
        self._after(line, segments, desks, kept)
        self.first = False

    def _segments(self, line: Line) -> list[Segment]:
        segments = split_line(line, self.reader.labels, may_be_alone=not (self.pending or self.reader.beside))
        head = segments[0]
        if self.pending in _FREE and head.kind is None:
            # The value of "Subject:" stands below it.
            segments = [Segment("", Label.TITLE, head.start, len(line.text))]
        return segments

    def _cut(self, line: Line, segments: Sequence[Segment], below: bool) -> int:
        """Where in a line the desk's words end; at its end, where the line is all the desk's."""
        for place, one in enumerate(segments):
            value = line.text[one.start : one.end]
            is_link = self.reader.labels.phrase(one.label) in _MAY_BE_LINKED and _ONLY_TICKET.fullmatch(value)
            if one.kind is Label.DESCRIPTION and not is_link:
                self.ended = True
                return one.start
            if one.kind is Label.TITLE and not _ONLY_TICKET.fullmatch(value):
                return one.start
            if one.kind is Label.UNKNOWN and self._ends_at_unknown(
                line, one, value, below=below, is_head=place == 0
            ):
                self.ended = True
                return one.start
        return len(line.text)

    def _ends_at_unknown(self, line: Line, one: Segment, value: str, below: bool, *, is_head: bool) -> bool:
        """Whether an unknown label is a description's: prose beside it, or nothing and lines below."""
        if _BEGINS_WITH_TICKET.match(value):
            # "SLA breach: #12 …": what the label announces is the ticket.
            value = _BEGINS_WITH_TICKET.sub("", value)
            below = False
        if value.strip():
            return is_sentence(value)
        is_heading = self.first and is_head and ":" not in line.text
        return below and not is_heading and not is_desks_sentence(one.label)

    def _after(self, line: Line, segments: Sequence[Segment], desks: Sequence[Segment], kept: str) -> None:
        profile, reader = self.reader.profile, self.reader
        head = segments[0]
        value = line.text[segments[-1].start : segments[-1].end].strip()
        self.pending = segments[-1].kind if not value else None
        if head.kind is not None:
            self.labelled, self.listed = True, self.pending in OF_REQUESTERS
            reader.beside = reader.beside or bool(value and not _ONLY_TICKET.fullmatch(value))
        self.listed = self.listed and (head.kind is not None or "@" in kept)
        self.linked = self.linked or line.has_ticket
        opening = profile.opening is not None and profile.opening.match(kept) is not None
        in_sentence = (
            any(sentence_cue(kept[desks[0].start : found.start]) is not None for found in spot(kept)[:1])
            if desks and desks[0].kind is None
            else False
        )
        reader.named_in_sentence = reader.named_in_sentence or in_sentence or opening
        named = any(one.kind not in (None, Label.UNKNOWN) for one in desks)
        reader.begun = reader.begun or named or in_sentence or opening or line.has_ticket
        if ends_desks_words(kept) or (profile.last_line and profile.last_line.search(kept)):
            self.ended = True

    def _ends_at_blank(self, following: Sequence[str]) -> bool:
        reader = self.reader
        if not says_anything(islice(following, _MOST_LINES)):
            return False
        if reader.named_in_sentence or (reader.profile.blank_line_ends and reader.begun):
            return True
        return reader.begun and not goes_on(following, reader.labels, alone=not reader.beside)
