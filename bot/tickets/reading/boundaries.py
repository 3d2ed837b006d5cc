"""Where the desk's words end: what begins a quote, and whether a known label follows a blank line."""

import re
from collections.abc import Sequence

from bot.tickets.reading.labels import Label, Labels
from bot.tickets.reading.lines import Line, is_desks_sentence, read_line, split_line

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
# Names of mail's headers: they prove nothing, for forwarded mail has them too.
_OF_MAIL = frozenset({Label.SUBMITTER, Label.EMAIL, Label.TITLE, Label.DESCRIPTION, Label.UNKNOWN})


def begins_quote(raw: str, *, is_first: bool = False) -> bool:
    """Whether a line begins what is quoted: with a mark of quotes, or words above a quote."""
    return raw.lstrip().startswith(">") or bool(not is_first and _QUOTED_BELOW.match(raw[:_LONGEST_HEADING]))


def ends_desks_words(line: str) -> bool:
    """Whether a line is a desk's last one: "Click here to view the conversation"."""
    return _BELOW_THE_LINK.search(line) is not None


def is_prose(text: str) -> bool:
    """Whether a text is somebody's sentence rather than a value or a name: three words, one in lower case."""
    words = text.split()
    return len(words) >= _FEWEST_WORDS and any(word[:1].islower() for word in words)


def begins_letter(
    line: Line, following: Sequence[str], labels: Labels, *, labelled: bool, begun: bool
) -> bool:
    """
    Whether the customer's words begin with a line that has no label, and no blank line above it.

    They do where no known label follows, as below a blank line; a sentence below labelled lines always does.
    """
    text = line.text.strip()
    has_words = any(character.isalnum() for character in text)
    if not has_words or line.has_ticket or "@" in text or is_desks_sentence(text):
        return False
    if is_prose(text) or text.endswith(_ENDS_OF_SENTENCES):
        return labelled or not goes_on(following, labels)
    below = next(iter(following), "")
    # A name may stand above an address without a label.
    is_above_label = split_line(read_line(below), labels)[0].kind is not None
    return begun and is_above_label and not goes_on(following, labels)


def goes_on(lines: Sequence[str], labels: Labels) -> bool:
    """Whether the desk's words go on: with a known label, and one of mail's headers needs company."""
    kinds: list[Label | None] = []
    for raw in lines[:12]:
        if not raw.strip():
            if kinds:
                break
            continue
        kinds.append(split_line(read_line(raw), labels)[0].kind)
        if kinds[0] is None or kinds[0] is Label.UNKNOWN:
            return False
    if not kinds:
        return False
    return any(kind is not None and kind not in _OF_MAIL for kind in kinds)
