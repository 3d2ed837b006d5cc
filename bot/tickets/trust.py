"""
Who is named in a message, and how far each may be trusted.

Read line by line. A label ("Requester:", "Assignee -") says whose addresses follow it, on its line or, where
nothing follows there, below; in a sentence a cue right before a name and an address does ("from Jane Doe
<jane@…>"). After a description, a quote or the blank line that ends a desk's own words, everything is the
customer's text: mentioned at most, to the end of the message.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

from bot.domain.addresses import Found, find_addresses, find_obfuscated, without_message_ids
from bot.tickets.labels import LONGEST_LABEL, Label, begins_with_cue, classify, classify_alone, cue
from bot.tickets.markup import LINK, TITLE, TITLE_END, Link
from bot.tickets.passages import Kind, Passage

# Lines below a label that may hold its value: a name, then the address.
_VALUE_LINES = 3
# What is beyond these is the customer's: no desk's own words are that long.
_MOST_LINES = 150
_MOST_NAMED = 60
_LONGEST_CHUNK = 300
# A label ends in a colon, or in a dash between blanks; `:` inside a time or before a path is neither.
_LABEL = re.compile(
    rf"(?P<label>[^:\n\x01-\x05|;@<]{{1,{LONGEST_LABEL}}}?)\s{{0,3}}"
    r"(?::(?=[\s<(\[_\x01\x03\x05]|$)|\s[-–—]\s|:(?=[^\s/@]{1,64}@))"
)
_COLON = re.compile(r":(?=[\s<(\[_\x01\x03\x05]|$)")
_SEPARATORS = re.compile(r"[;|·•,.()\t\x02\x04>]|\s{2}")
_LINKED_TITLE = re.compile("\x03[^\x04]*\x04")
_BULLET = re.compile(r"^[\s•●▪◦·|\x05-]+")
_QUOTED_BELOW = re.compile(
    r"\s{0,9}(?:-{2,}\s?(?:original|forwarded) message|on .{4,200} wrote:\s*$|begin forwarded message)",
    re.IGNORECASE,
)
_TEMPLATE = re.compile(r"\{\{[^{}\n]{0,200}\}\}")


_HAVE_VALUES = frozenset({Label.REQUESTER, Label.SOMEBODY_ELSE, Label.TITLE})


class Trust(IntEnum):
    """Whose an address is said to be; the highest that is said of it anywhere holds."""

    MENTIONED = 0
    UNLABELLED = 1
    SOMEBODY_ELSE = 2
    REQUESTER = 3


@dataclass(frozen=True, slots=True)
class Named:
    """An address as it was found, and whose it is said to be."""

    typed: str
    trust: Trust


@dataclass(slots=True)
class Reading:
    """What was read: addresses in their order, the desk's own links and lines."""

    named: list[Named] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


def read_passages_of(passages: Iterable[Passage]) -> Reading:
    """Read a message's passages, in their order."""
    reader = _Reader()
    for passage in passages:
        reader.read(passage)
    return reader.reading


@dataclass(slots=True)
class _Reader:
    reading: Reading = field(default_factory=Reading)
    free: bool = False
    lines_read: int = 0
    # The label whose value may still come on the lines below, and on how many of them.
    pending: Label | None = None
    lines_left: int = 0
    only_addresses: bool = False
    container: int = -1

    def read(self, passage: Passage) -> None:
        if passage.container != self.container:
            self.container, self.pending = passage.container, None
        self.free = passage.kind is Kind.QUOTE or (self.free and passage.kind is not Kind.BODY)
        if passage.kind is Kind.TITLE:
            self._name_all(passage.text, Trust.MENTIONED if self.free else Trust.UNLABELLED)
            return
        if passage.kind is Kind.FRAME:
            self.reading.links += passage.links
        self._read_lines(passage)

    def _read_lines(self, passage: Passage) -> None:
        text = without_message_ids(_TEMPLATE.sub(" ", passage.text))
        links = iter(passage.links)
        titled = named_by_cue = False
        lines = text.split("\n")
        for number, line in enumerate(lines):
            if self.free or self.lines_read >= _MOST_LINES:
                self.free = True
                self._name_all("\n".join(lines[number:]), Trust.MENTIONED)
                return
            if not line.strip():
                self.free = named_by_cue or (titled and not _goes_on(lines[number + 1 :]))
                continue
            if line.lstrip().startswith(">") or _QUOTED_BELOW.match(line):
                self.free = True
                self._name_all(line, Trust.MENTIONED)
                continue
            here = [link for _mark, link in zip(range(line.count(LINK)), links, strict=False)]
            label, by_cue = self._read_line(line)
            if not self.free:
                self.reading.lines.append(line)
                self.reading.links += here if passage.kind is not Kind.FRAME else []
            titled, named_by_cue = titled or label is Label.TITLE, named_by_cue or by_cue

    def _read_line(self, line: str) -> tuple[Label | None, bool]:
        """Read one line; gives the label it begins with, and whether a sentence named the requester."""
        self.lines_read += 1
        label, body = _split_label(_BULLET.sub("", line))
        current = label
        if label is None and self.pending is not None:
            current = self._from_above(line)
        elif label is not None:
            # The value may stand below: the whole of it, or after a name the address alone.
            self.pending = label if label in _HAVE_VALUES and "@" not in body else None
            self.lines_left = 1 if body.strip(" _") else _VALUE_LINES
            self.only_addresses = bool(body.strip(" _"))
        if label is Label.DESCRIPTION:
            self.free = True
        return label, _Line(self, body, current, has_label=label is not None).read()

    def _from_above(self, line: str) -> Label | None:
        """Give the label above whose value a line is, if it is one."""
        label, alone = self.pending, _is_address_alone(line)
        self.lines_left -= 1
        if self.only_addresses and not alone:
            label = self.pending = None
        elif alone:
            # A list of them may follow.
            self.lines_left = _VALUE_LINES
        elif self.lines_left <= 0 or "@" in line:
            self.pending = None
        return label

    def _name_all(self, text: str, trust: Trust) -> None:
        for found in find_addresses(text):
            if self.is_full:
                return
            self.name(found.typed, trust)
        for address in find_obfuscated(text):
            self.name(address, Trust.MENTIONED)

    @property
    def is_full(self) -> bool:
        """Whether so many were named that more would change nothing: it is a digest, or noise."""
        return len(self.reading.named) >= _MOST_NAMED

    def name(self, typed: str, trust: Trust) -> None:
        """Note an address."""
        if not self.is_full:
            self.reading.named.append(Named(typed, trust))


@dataclass(slots=True)
class _Line:
    """What follows a line's first label: addresses, and perhaps labels and cues between them."""

    reader: _Reader
    body: str
    current: Label | None
    has_label: bool

    def read(self) -> bool:
        """Name every address in it; gives whether a cue in a sentence named the requester."""
        end, named_by_cue = 0, False
        for number, found in enumerate(find_addresses(self.body)):
            if self.reader.is_full:
                return named_by_cue
            between = self.body[max(end, found.start - _LONGEST_CHUNK) : found.start]
            trust = self._trust(between, found, is_first=number == 0)
            if trust is None:
                trust, named_by_cue = Trust.REQUESTER, True
            self.reader.name(found.typed, trust)
            end = found.end
        for address in find_obfuscated(self.body):
            self.reader.name(address, Trust.MENTIONED)
        # A label may stand after the last address, and its value below.
        self._labels(self.body[max(end, len(self.body) - _LONGEST_CHUNK) :])
        return named_by_cue

    def _trust(self, between: str, found: Found, *, is_first: bool) -> Trust | None:
        """Give how far an address is to be trusted; None where a cue names it as the requester's."""
        if self.body.rfind(TITLE, 0, found.start) > self.body.rfind(TITLE_END, 0, found.start):
            return Trust.MENTIONED if self.reader.free else Trust.UNLABELLED
        between = _LINKED_TITLE.sub(" it ", between)
        self._labels(between)
        if self.reader.free:
            return Trust.MENTIONED
        hint = cue(between)
        if hint is Label.SOMEBODY_ELSE:
            self.current = hint
        if hint is Label.REQUESTER and is_first and self._may_cue(between):
            return None
        if self.current is Label.REQUESTER:
            return Trust.REQUESTER
        return Trust.SOMEBODY_ELSE if self.current is Label.SOMEBODY_ELSE else Trust.UNLABELLED

    def _may_cue(self, between: str) -> bool:
        """Whether a cue counts: in a sentence, or right after a label of the customer's making."""
        if not self.has_label:
            return self.current is None
        by_customer = self.current in (Label.UNKNOWN, Label.SOMEBODY_ELSE)
        return by_customer and begins_with_cue(between)

    def _labels(self, between: str) -> None:
        """Take note of labels in the middle of a line: "…; assignee: …", "… | CC: …"."""
        start = 0
        for colon in _COLON.finditer(between):
            phrase = _SEPARATORS.split(between[start : colon.start()])[-1]
            start = colon.end()
            kind = classify(phrase)
            if kind is Label.UNKNOWN and (last := phrase.split()[-1:]):
                kind = Label.SOMEBODY_ELSE if classify(last[0]) is Label.SOMEBODY_ELSE else kind
            self.current = kind
            self.reader.free = self.reader.free or kind is Label.DESCRIPTION


def _split_label(line: str) -> tuple[Label | None, str]:
    """Give the label that a line begins with, None where it has none, and what follows it."""
    if "@" not in line and (alone := classify_alone(line)) is not Label.UNKNOWN:
        return alone, ""
    found = _LABEL.match(line)
    return (classify(found["label"]), line[found.end() :]) if found else (None, line)


def _is_address_alone(line: str) -> bool:
    """Whether a line is one address, perhaps in brackets or after a bullet."""
    found = next(find_addresses(line), None)
    return found is not None and not re.search(r"\w", line[: found.start] + line[found.end :])


def _goes_on(lines: Sequence[str]) -> bool:
    """Whether the desk's own words go on below a blank line: with a label that it knows."""
    following = next((line for line in lines[:5] if line.strip()), "")
    label, _ = _split_label(_BULLET.sub("", following))
    return label in (Label.REQUESTER, Label.SOMEBODY_ELSE, Label.TITLE)
