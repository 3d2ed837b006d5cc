"""Where the desk's words end: what begins a quote, and whether a known label follows a blank line."""

import re
from collections.abc import Iterable, Sequence

from bot.tickets.reading.cards import is_card
from bot.tickets.reading.labels import Label, Labels
from bot.tickets.reading.lines import (
    Line,
    Segment,
    is_desks_sentence,
    read_line,
    sentence_cue,
    split_line,
    spot,
)
from bot.tickets.reading.markup import LINK

_LONGEST_HEADING = 300
_FEWEST_WORDS = 3
_ENDS_OF_SENTENCES = (",", "!", "?", "。", "！", "？")
_QUOTED_BELOW = re.compile(
    r"\s{0,9}(?:[-_=*]{2,}\s?.{0,40}(?:original|forwarded|weitergeleitet|transféré|reenviado|inoltrato|пересыл|転送)"
    r"|[-_=]{5,}\s*$|on .{4,200} wrote:\s*$|begin forwarded message"
    r"|am .{4,200} schrieb .{0,100}:\s*$|le .{4,200} a écrit\s?:\s*$|el .{4,200} escribió:\s*$"
    r"|em .{4,200} escreveu:\s*$|il .{4,200} ha scritto:\s*$|op .{4,200} schreef .{0,100}:\s*$)",
    re.IGNORECASE,
)
_BELOW_THE_LINK = re.compile(
    r"\bto view (?:the|this|your) (?:conversation|ticket|request|case)\b", re.IGNORECASE
)
# A program's data, or code: an object, a row of a table, an option, a comment; or a label inside quotes.
_DATA = re.compile(
    r"[\s\x01-\x07•●▪◦·*-]*(?:[{}]|\[\s*[\[{\"'“”]|\[[\w.-]{1,60}\]\s*=>|\$\w|/[/*\s]|<!--|\([^()]*:|\|[^|]*\|[^|]*\|"
    r"|[&?]?[\w.-]{1,60}=[^\s=]|[\"'“”„«»‘’‹›│┃▎|]\s*[^:\"”»]{1,60}:)|[\s•]*--\w"
)
_KEY = re.compile(r"[\"'“”„«‘’][\w .@-]{1,60}[\"'“”»‘’]\s{0,3}(?::|=>?)|</\w")
# Names of mail's headers: they prove nothing, for forwarded mail has them too.
_OF_MAIL = frozenset({Label.SUBMITTER, Label.EMAIL, Label.TITLE, Label.DESCRIPTION, Label.UNKNOWN})


def begins_quote(raw: str, *, is_first: bool = False) -> bool:
    """Whether a line begins what is quoted: with a mark of quotes, or words above a quote."""
    return raw.lstrip().startswith(">") or bool(not is_first and _QUOTED_BELOW.match(raw[:_LONGEST_HEADING]))


def ends_desks_words(line: str) -> bool:
    """Whether a line is a desk's last one: "Click here to view the conversation"."""
    return _BELOW_THE_LINK.search(line) is not None


def says_anything(lines: Iterable[str]) -> bool:
    """Whether any line has more than blanks; it stops at the first that does."""
    return any(line.strip() for line in lines)


def is_sentence(text: str) -> bool:
    """Whether a text is prose, or ends like a sentence."""
    return is_prose(text) or text.rstrip().endswith(_ENDS_OF_SENTENCES)


def is_prose(text: str) -> bool:
    """Whether a text is somebody's sentence rather than a value or a name: three words, one in lower case."""
    words = text.split()
    return len(words) >= _FEWEST_WORDS and any(word[:1].islower() for word in words)


def is_data(raw: str) -> bool:
    """Whether a line is a program's data or code, as `{"email": …}` is: no template has a label there."""
    return _DATA.match(raw) is not None or _KEY.search(raw[:_LONGEST_HEADING]) is not None


def begins_letter(
    line: Line,
    head: Segment,
    following: Sequence[str],
    labels: Labels,
    *,
    labelled: bool,
    linked: bool,
    listed: bool,
) -> bool:
    """
    Whether the customer's words begin with a line that has no label, and no blank line above it.

    `head` is what the line begins with: a word of labels that stands alone may be theirs too.

    Below a label they do, whatever the line says, for they may write a label too; `listed` says that only
    addresses stand between the line and a requester's label. So they do below the ticket's link, but for a
    name with its address. Above both, a line is a heading where a known label follows.
    """
    text = line.text.strip()
    is_word = head.kind is None or _is_word(line, head, following, labels)
    if line.has_ticket or not is_word or (listed and "@" in text):
        return False
    below = _head_of(following, labels)
    is_last_link = text.startswith(LINK) and below.kind is None
    if labelled or is_last_link:
        return not is_last_link
    if "@" in text:
        return not _names_somebody(text)
    if linked:
        # A name may stand above its address.
        return below.kind is not None or not _names_somebody(next(iter(following), ""))
    if not any(character.isalnum() for character in text) or is_desks_sentence(text):
        return False
    return is_sentence(text) and not goes_on(following, labels)


def _is_word(line: Line, head: Segment, following: Sequence[str], labels: Labels) -> bool:
    """Whether what looks like a label, alone and without a mark of one, has no value below: it is a word."""
    if head.kind is None or line.bold or ":" in line.text or head.start < len(line.text.rstrip()):
        return False
    below = _head_of(following, labels)
    return not says_anything(following) or (below.kind is not None and below.start < below.end)


def _head_of(lines: Sequence[str], labels: Labels) -> Segment:
    """What the first line begins with that says anything."""
    return split_line(read_line(next((raw for raw in lines if raw.strip()), "")), labels)[0]


def _names_somebody(text: str) -> bool:
    """Whether a line is a name with an address, or a desk's sentence that names somebody."""
    first = next(iter(spot(text)), None)
    return first is not None and (is_card(text, first) or sentence_cue(text[: first.start]) is not None)


def goes_on(lines: Sequence[str], labels: Labels, *, alone: bool = True) -> bool:
    """
    Whether the desk's words go on: with a known label, and one of mail's headers needs company.

    `alone` says whether a word that stands alone in its line may be a label.
    """
    kinds: list[Label | None] = []
    for place, raw in enumerate(lines[:12]):
        if not raw.strip():
            if kinds:
                break
            continue
        line = read_line(raw)
        head = split_line(line, labels, may_be_alone=alone)[0]
        kinds.append(None if _is_word(line, head, lines[place + 1 :], labels) else head.kind)
        if kinds[0] is None or kinds[0] is Label.UNKNOWN:
            return False
    if not kinds:
        return False
    return any(kind is not None and kind not in _OF_MAIL for kind in kinds)
