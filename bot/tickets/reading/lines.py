"""
A line cut into labels and what stands beside them.

"New request SUP-12 from Jane Doe (…); assignee: …" is a sentence and a labelled value; "*Requester* Jane",
"Requester - Jane", "Requester = Jane", "Requester (…)" are labels with values. A bold line is a label; so
is whatever ends in a colon, known or not.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice

from bot.domain.addresses import LONGEST_SUBJECT, Found, find_addresses
from bot.tickets.reading import words
from bot.tickets.reading.labels import LONGEST_LABEL, OF_REQUESTERS, Label, Labels, is_for_whom, plain
from bot.tickets.reading.markup import BOLD, BOLD_END, LINK, TITLE, TITLE_END

_MOST_ADDRESSES = 60
_LONGEST_BEFORE = 300
_MOST_SEGMENTS = 12
# Bullets, numbers, emoji: decoration in front of a label.
_DECORATION = re.compile(r"^(?:[^\w<(\x01-\x07@'\"]|\x05(?![\x01\x03]))*(?:\d{1,2}[.)]\s+)?")
_BOLD_MARKS = re.compile(f"[{BOLD}{BOLD_END}]")
_LABEL = re.compile(
    rf"(?P<label>[^:=\n\x01-\x05|;@<]{{1,{LONGEST_LABEL}}}?)\s{{0,3}}(?:(?P<colon>:)|\s?=\s|\s(?:[-–—→]|->|=>)\s)"
)
_HAS_COLON = re.compile(r"[:=]")
_AFTER_COLON = re.compile(r"[\s<(\[_\x01\x03\x05]|$|[^\s/@]{1,64}@")
_COLON = re.compile(r":(?=[\s<(\[_\x01\x03\x05]|$|[^\s/@:\d]{1,64}@)")
_SEPARATORS = re.compile(r"[;|·•,.()\t\x02\x04>]|\s{2}")
_LISTING = re.compile(r"[;|·•\t]|\s{2}")
_TITLED = re.compile(f"{TITLE}[^{TITLE_END}]*{TITLE_END}")
_UNSEEN = re.compile("[\x01-\x07]")
_BRACKETS = " \t([<{\"'“‘`_"
_ELLIPSIS = re.compile(r"[\x02>)\]]?\s?[\[(]?(?:…|\.\.)")
_NUMBER = re.compile(r"#?\d{1,20}|#?[A-Z][A-Z0-9_]{0,9}-\d{1,9}|\W+|no\.?", re.IGNORECASE)
_SENTENCE = frozenset(map(plain, words.phrases(words.SENTENCE)))
_CUES = frozenset(tuple(plain(cue).split()) for cue in words.phrases(words.CUES))
_WORDS_ELSE = "|".join(map(re.escape, words.phrases(words.CUES_ELSE)))
_CUE_ELSE = re.compile(
    rf"(?:^|[\s(,;|/])(?:{_WORDS_ELSE})(?:\s+[^\s;|·•:<>()\[\]@]{{1,40}}){{0,5}}[\s<(\[\"'_]*$",
    re.IGNORECASE,
)
_AND = re.compile(r"^[\s,)>]*(?:and|und|et|y|e|en|og|och|i|и|та|ja|ve|&|\+)(?=[\s<(\x01])")
_CLOSING = " \t)>]}\"'”*_`\x02"
_OPENING = " \t([{,;–—-"
_ARROW = re.compile(r"(?:-+>|=+>|→|➜)\s*[^\W\d_]")
# "for Jane", where "for three days" names nobody.
_FOR_NAME = re.compile(r"(?:for|für|pour|para|per|voor|för|dla|для)\s+[^\W\d_a-zà-ÿа-я]")
_ENDS = frozenset(("", *";|·•,:.!?–—-\n\x03\x04\x05"))
# "Unassigned from Sam", "Email to customer from Sam" are of whoever had the ticket, or wrote to its customer.
_TURNED = re.compile(
    r"\b(?:(?:unassigned|requested) from$|to (?:\w+ ){0,2}(?:customer|contact|client|lead) )"
)
_TO_ADDRESS = re.compile(r"to\s[\s<(\x01]{0,3}[^\s@]{1,64}@")
_DESKS_VALUES = frozenset(words.phrases(words.DESKS_VALUES))
_MOST_NAME_WORDS = 6
_ASKED_TO = frozenset({"contact", "email", "mail"})
_NOT_IN_NAMES = frozenset(words.phrases(words.NOT_IN_NAMES))
# "New message from agent Sam": whoever does something at work is no requester.
_AT_WORK = frozenset((*words.phrases(words.AT_WORK), *words.phrases(words.ELSE_WITHIN))) - frozenset(
    words.phrases(words.REQUESTER) + words.phrases(words.SUBMITTER)
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A label and where its value begins and ends in the line; without a label, words of their own."""

    label: str
    kind: Label | None
    start: int
    end: int
    # Whether it may name the requester: not where the customer's words may have made the label.
    trusted: bool = True
    inline: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line without marks of bold; `bold` is how much of it is one bold run at its beginning."""

    text: str
    bold: int = 0

    @property
    def is_blank(self) -> bool:
        """Whether nothing stands in it."""
        return not self.text.strip()

    @property
    def has_ticket(self) -> bool:
        """Whether a link to a ticket stands in it."""
        return TITLE in self.text


@dataclass(frozen=True, slots=True)
class Spotted:
    """What may be an address: where, and whether it was cut short."""

    typed: str
    start: int
    end: int
    is_cut: bool = False


def read_line(raw: str) -> Line:
    """A line of a shown text, decoration left in its place."""
    if BOLD not in raw:
        return Line(raw.replace(BOLD_END, ""))
    begins = _DECORATION.match(raw.replace(BOLD, ""))
    offset = begins.end() if begins else 0
    opened = raw.find(BOLD)
    closed = raw.find(BOLD_END, opened)
    text = _BOLD_MARKS.sub("", raw)
    is_first = opened <= offset and closed > 0
    return Line(text, closed - 1 if is_first else 0)


def spot(text: str) -> list[Spotted]:
    """What looks like an address in a text, at most sixty of them."""
    if "@" not in text:
        return []
    found = []
    for number, one in enumerate(find_addresses(text)):
        if number >= _MOST_ADDRESSES:
            break
        found.append(Spotted(one.typed, one.start, one.end, _is_cut(text, one)))
    return found


def _is_cut(text: str, found: Found) -> bool:
    """Whether an ellipsis stands before or after it."""
    if text[found.start : found.start + 2] == ".." or text[max(0, found.start - 1) : found.start] == "…":
        return True
    if text[max(0, found.start - 3) : found.start] == "...":
        return True
    end = found.end
    if text[found.start : found.start + 1] != "\x01":
        # The dots are in the match: it is trimmed only afterwards.
        end = (
            found.start + text[found.start : found.end + LONGEST_SUBJECT].find(found.typed) + len(found.typed)
        )
    return _ELLIPSIS.match(text, max(end, found.start)) is not None


def split_line(line: Line, labels: Labels, *, may_be_alone: bool = True) -> list[Segment]:
    """Cut a line into its segments; the first one may be without a label."""
    text = line.text
    begins = _DECORATION.match(text)
    start = begins.end() if begins else 0
    first = (
        _bold_label(line, start, labels)
        or _labelled(text, start, labels)
        or (_alone(text, start, labels) if may_be_alone else None)
        or _bracketed(text, start, labels)
        or Segment("", None, start, len(text))
    )
    return list(_inline(text, first, labels))


def beside(line: Line, label: str, kind: Label, labels: Labels) -> Iterable[Segment]:
    """A line of a field's value: the field's label is its own; labels inside it are not the desk's."""
    for place, segment in enumerate(split_line(line, labels, may_be_alone=False)):
        before = line.text[: segment.start].rstrip()
        # "Jane Doe - jane@…" looks like a label with its value.
        is_name = segment.kind is Label.UNKNOWN and before[-1:] not in (":", "=") and _is_name(before.split())
        if (segment.kind is None or is_name) and place == 0:
            yield Segment(label, kind, 0 if is_name else segment.start, segment.end)
        else:
            yield replace(segment, trusted=False)


def _bold_label(line: Line, start: int, labels: Labels) -> Segment | None:
    run = line.text[start : line.bold]
    if not run.strip() or len(run) > 2 * LONGEST_LABEL or "@" in run or TITLE in run or LINK in run:
        return None
    rest = line.text[line.bold :]
    inner = _labelled(run, 0, labels)
    if inner is not None and inner.start < len(run.rstrip()):
        # A whole line is bold, label and value.
        return None
    label = run.strip().rstrip(":=-– ").strip()
    value = line.bold + len(rest) - len(rest.lstrip(" :=–—-\t"))
    separated = (
        run.rstrip().endswith(":") or rest.lstrip()[:1] in (":", "=", "-", "–", "—") or not rest.strip()
    )
    kind = labels.classify(label) if separated else labels.classify_alone(label)
    if is_desks_sentence(label) and not _HAS_COLON.search(run + rest[:2]):
        # "*New conversation* from …": the sentence's beginning, or a heading.
        return None
    if not separated and kind is Label.UNKNOWN:
        begins_with_address = next(iter(spot(rest[:LONGEST_LABEL])), None)
        if begins_with_address is None or rest[: begins_with_address.start].strip(_BRACKETS):
            return None
    return Segment(label, kind, min(value, len(line.text)), len(line.text)) if label else None


def _labelled(text: str, start: int, labels: Labels) -> Segment | None:
    found = _LABEL.match(text, start)
    if found is None:
        return None
    label = found["label"].strip()
    kind = labels.classify(label)
    is_bare = found["colon"] and not _AFTER_COLON.match(text, found.end())
    if kind is Label.UNKNOWN and is_bare and label[-1:].isascii():
        # "10:30" is no label; what is written without blanks between words may be one.
        return None
    if not found["colon"] and kind is Label.UNKNOWN and "=" not in found[0] and is_desks_sentence(label):
        return None
    return Segment(label, kind, found.end(), len(text)) if label else None


def _alone(text: str, start: int, labels: Labels) -> Segment | None:
    """A line that is a label without a colon; its value stands below."""
    if len(text) - start > LONGEST_LABEL or ":" in text or LINK in text:
        return None
    kind = labels.classify_alone(text[start:])
    if kind is Label.UNKNOWN or (kind is Label.TITLE and is_desks_sentence(text[start:])):
        return None
    return Segment(text[start:].strip(), kind, len(text), len(text))


def _bracketed(text: str, start: int, labels: Labels) -> Segment | None:
    """Read "Requester (address)": a known label and its address, with nothing or a bracket between them."""
    first = next(iter(spot(text[: start + 3 * LONGEST_SUBJECT])), None)
    if first is None:
        return None
    before = text[start : first.start].rstrip(_BRACKETS + LINK + TITLE)
    if any(mark in before for mark in (TITLE, "=", ";", ",", "\t")):
        return None
    kind = labels.classify_alone(before) if before else Label.UNKNOWN
    is_bare = not text[start + len(before) : first.start].strip(LINK + " ")
    if labels.phrase(before) in _ASKED_TO and (is_bare or not ends_there(text, first.end)):
        kind = Label.UNKNOWN
    return None if kind is Label.UNKNOWN else Segment(before, kind, start + len(before), len(text))


def _inline(text: str, first: Segment, labels: Labels) -> Iterator[Segment]:
    """The first segment, and those that begin with a label in the middle of the line."""
    current = first
    start = first.start
    is_list = True
    for colon in islice(_COLON.finditer(text, first.start), _MOST_SEGMENTS):
        if within_title(text, colon.start()):
            continue
        before = text[max(start, colon.start() - 2 * LONGEST_LABEL) : colon.start()]
        kind, label, length = _inline_label(before, labels)
        begins = colon.start() - length
        yield Segment(current.label, current.kind, current.start, begins, current.trusted, current.inline)
        # A cell without a label may be the customer's, and what follows it too.
        is_list = is_list and (
            current.kind in (None, Label.UNKNOWN, *OF_REQUESTERS)
            or not _LISTING.search(text[current.start : begins].strip(" ;|·•\t"))
        )
        trusted = is_list and _may_follow(text, first, begins)
        current = Segment(label, kind, colon.end(), len(text), trusted, inline=True)
        start = colon.end()
    yield Segment(current.label, current.kind, current.start, len(text), current.trusted, current.inline)


def _inline_label(before: str, labels: Labels) -> tuple[Label, str, int]:
    """The label that a text ends with, what it is and how long; without one, the customer's words begin."""
    phrase = _SEPARATORS.split(before)[-1]
    if not phrase.strip():
        return Label.DESCRIPTION, "", 0
    kind = labels.classify(phrase)
    if kind is Label.UNKNOWN:
        parts = phrase.split()
        for count in (3, 2, 1):
            tail = " ".join(parts[-count:])
            if count < len(parts) and (known := labels.classify(tail)) is not Label.UNKNOWN:
                return known, tail, len(phrase) - max(0, phrase.rfind(parts[-count]))
    return kind, phrase.strip(), len(phrase)


def _may_follow(text: str, first: Segment, begins: int) -> bool:
    """Whether a label in the middle of a line is the desk's: not after what a customer may have written."""
    before = text[first.start : begins]
    listed = bool(_LISTING.search(before[-2:]))
    if first.kind is None:
        head = _TITLED.sub(" ", before).replace(LINK, " ")
        return is_desks_sentence(head) or (listed and sentence_cue(head) is not None)
    if first.kind is Label.UNKNOWN and TITLE in before:
        # "SLA breach: #12 | …": nothing but the ticket stands there.
        return listed and is_only_ticket(_LISTING.split(_TITLED.sub(TITLE + TITLE_END, before).strip())[0])
    return listed and (first.kind in OF_REQUESTERS or plain(first.label) in _DESKS_VALUES)


def is_desks_sentence(text: str) -> bool:
    """Whether a text has only words of desks' own sentences: "New ticket #12 was created"."""
    return all(plain(token) in _SENTENCE or _NUMBER.fullmatch(token) for token in text.split())


def sentence_cue(before: str) -> str | None:
    """
    The words that name the requester in a desk's sentence, up to the address; None where it is none.

    "New conversation from Jane Doe (" has the cue "from"; before it, only a desk's own words may stand, for
    whatever else does may be the customer's subject.
    """
    if len(before) > _LONGEST_BEFORE:
        return None
    tokens = _TITLED.sub(" ", before).replace(LINK, " ").rstrip(_BRACKETS + LINK).split()
    read = [plain(token) for token in tokens]
    for place, word in enumerate(read):
        for length in (4, 3, 2, 1):
            cue = tuple(read[place : place + length])
            if cue in _CUES and _is_name(tokens[place + length :]):
                return None if _TURNED.search(" ".join(read[: place + length])) else " ".join(cue)
        if word and word not in _SENTENCE and not _NUMBER.fullmatch(tokens[place]):
            return None
    return None


def named_in_sentence(text: str, cue: str) -> str:
    """The name that a desk's sentence ends with, behind its cue; empty where it is in no capitals."""
    tokens = text.split()
    read = [plain(token) for token in tokens]
    length = len(cue.split())
    for place in range(len(tokens)):
        if read[place : place + length] == cue.split():
            name = tokens[place + length :]
            return " ".join(name) if all(token[:1] != token[:1].lower() for token in name) else ""
    return ""


def _is_name(tokens: list[str]) -> bool:
    if len(tokens) > _MOST_NAME_WORDS:
        return False
    named = [plain(token) for token in tokens]
    if any(part in _NOT_IN_NAMES or part in _AT_WORK for part in named):
        return False
    return not any(":" in token or ";" in token for token in tokens)


def ends_there(text: str, end: int) -> bool:
    """Whether nothing but brackets and what separates stands right after an address, or whom it went to."""
    after = text[end:].lstrip(" )>]}\"'”*_`")
    return after[:1] in _ENDS or _TO_ADDRESS.match(after) is not None


def before_address(text: str, *, is_list: bool) -> str:
    """What stands before an address; in a list, without the "and" that separates its last one."""
    return _AND.sub("", text) if is_list else text


def asks_for_another(after: str, kind: Label | None) -> bool:
    """
    Whether what stands behind an address says that it asked for somebody else: "on behalf of Jane Doe".

    Behind a requester's address an arrow leads to who that is now; behind a sender's, to where the mail went.
    """
    behind = after[:LONGEST_LABEL].lstrip(_CLOSING)
    if kind is Label.REQUESTER and _ARROW.match(behind):
        return True
    behind = behind.lstrip(_OPENING)
    read = [plain(token) for token in behind.split()[:4]]
    beginnings = (" ".join(read[:length]) for length in range(1, len(read) + 1))
    return _FOR_NAME.match(behind) is not None or any(map(is_for_whom, beginnings))


def names_somebody_else(before: str) -> bool:
    """Whether what stands before an address says that it is another's: "assigned to Sam <"."""
    return _CUE_ELSE.search(before[-160:]) is not None


def within_title(text: str, place: int) -> bool:
    """Whether a place in a line is inside the label of a link to the ticket."""
    return text.rfind(TITLE, 0, place + 1) > text.rfind(TITLE_END, 0, place + 1)


def is_part_of_title(text: str, one: Spotted) -> bool:
    """Whether an address stands in a ticket's title that has other words as well."""
    return (
        within_title(text, one.start)
        and text[one.start - 1 : one.start] + text[one.end : one.end + 1] != "\x03\x04"
    )


def is_in_subject(text: str, segment: Segment, one: Spotted) -> bool:
    """Whether an address is in a ticket's title that has more beside its label than the address."""
    return within_title(text, one.start) and bool(text[segment.start : one.start].strip(" \x01\x03\x05(<[:-"))


def is_right_before(before: str, cue: str) -> bool:
    """Whether a cue is the last of what stands before an address."""
    tokens = before.strip(" \x01\x03\x05(<[").split()
    return [plain(token) for token in tokens[-len(cue.split()) :]] == cue.split()


def shown(value: str) -> str:
    """What a value shows, without marks of links."""
    return " ".join(_UNSEEN.sub(" ", value).split())


def is_only_ticket(text: str) -> bool:
    """Whether nothing but the link to the ticket, and what separates, stands in a text."""
    return TITLE in text and not _TITLED.sub(" ", text).replace(LINK, " ").strip(" :;|·•\t")
