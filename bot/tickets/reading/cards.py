"""
Cards: an address that stands alone in a line, or beside a name and nothing else.

No label says whose it is, so every other word there may be the role that the template gives it: "Account
executive · bob@…" is built like "Jane Doe · jane@…". Such words pass for a name only where they agree with
the address, and for a company where they agree with its domain.
"""

import re
from collections.abc import Sequence

from bot.tickets.reading import words
from bot.tickets.reading.labels import is_heading, plain
from bot.tickets.reading.lines import Spotted
from bot.tickets.reading.markup import LINK, TITLE, TITLE_END

_BRACKETS = " \t([<{\"'“‘`_"
_AROUND = " \t()[]<>{}\"'“”‘’`_.,:;!?*\x01-\x07"
_TITLED = re.compile(f"{TITLE}[^{TITLE_END}]*{TITLE_END}")
_BETWEEN = re.compile(r"[·•|,;–—\t]|\s-\s")
_PRONOUNS = re.compile(r"\(\w{2,5}(?:/\w{2,6}){1,2}\)")
_BULLET = re.compile(r"^[\s•●▪◦·|*-]+")
_LONGEST_BEFORE = 300
_MOST_NAME_WORDS = 6
_PARTICLES = frozenset(words.phrases(words.PARTICLES))
_MAY_BE_CUE = _PARTICLES & frozenset(words.phrases(words.CUES))
_AT_WORK = frozenset(words.phrases(words.AT_WORK)) | frozenset(words.phrases(words.ELSE_WITHIN))
# A longer line above a card is a sentence, and no label.
_MOST_LABEL_WORDS = 4
_ENDS_SENTENCE = re.compile(r"[.!?]\s*$")
# "#12 assigned to", and the card below it.
_ENDS_WITH_CUE = re.compile(
    rf"(?:^|\s)(?:{'|'.join(map(re.escape, words.phrases(words.CUES_ELSE)))})\s*:?\s*$"
)
# What of a name is found anywhere in an address; a shorter part has to stand by itself.
_LONG_ENOUGH = 3
_MOST_PARTS = 12
_MOST_WORDS_OF_NUMBER = 2


def is_card(text: str, found: Spotted) -> bool:
    """
    Whether an address stands like on a card: alone, or beside a name and nothing else.

    "Jane Doe <…>", "Jane Doe · … · Contoso" are cards; "please ask …" is prose.
    """
    cells = _cells_before(text, found)
    if cells is None:
        return False
    bracketed = text[: found.start].rstrip()[-1:] in ("(", "<", "[") or not cells[-1].strip(_BRACKETS)
    named = _words(cells)
    if len(named) > _MOST_NAME_WORDS or not (bracketed or not named):
        return False
    return all(map(_is_name_word, named)) and _is_alone_to_the_right(text, found)


def is_named(text: str, found: Spotted) -> bool:
    """Whether a name stands right before an address and nothing else in the line: "Jane Doe jane@…"."""
    cells = _cells_before(text, found)
    named = _words(cells or [])
    return (
        cells is not None
        and len(named) <= _MOST_NAME_WORDS
        and all(map(_is_name_word, named))
        and not text[found.end :].strip(_AROUND)
    )


def is_persons(text: str, found: Spotted, address: str, above: str) -> bool:
    """
    Whether a card is a person's: no word on it, or right above it, may be a role.

    Args:
        text: the line that is a card.
        found: the address in it.
        address: the same, as it is compared.
        above: the line that stands above the card, of whichever passage; empty where it is the first one.

    """
    before = [cell for cell in _cells_before(text, found) or [] if cell.strip(_AROUND)]
    after = [cell for cell in _BETWEEN.split(text[found.end :]) if cell.strip(_AROUND)]
    return (
        all(_agrees(cell, address) for cell in before)
        and all(_agrees(cell, address) or _is_harmless(cell, address) for cell in after)
        and (not _may_be_label(above) or _agrees(above, address))
        and not _ENDS_WITH_CUE.search(above)
    )


def is_name_before(before: str, address: str) -> bool:
    """Whether what stands before an address in a label's value is a name: in capitals, or of the address."""
    shown = _TITLED.sub(" ", before).replace(LINK, " ")
    # A telephone number, or "(she/her)", may stand there too.
    named = [token for token in _PRONOUNS.sub(" ", shown).split() if any(map(str.isalpha, token))]
    # "coolgamer99 <…>": whatever stands alone in front of brackets is what somebody calls themselves.
    is_nick = len(named) == 1 and before.rstrip()[-1:] in ("<", "(") and plain(named[0]) not in _AT_WORK
    return (
        is_nick or all(_is_name_word(token.lstrip(_AROUND)) for token in named) or is_name_of(before, address)
    )


def is_name_of(name: str, address: str) -> bool:
    """
    Whether a name is that of whoever has an address, as addresses are made of names, and nobody else's.

    "Jane Doe" has jane.doe@…, doe.jane@…, jdoe@…, jd@… and jane@…; doe@… may be anybody's of that family.
    """
    named = [part for token in re.split(r"[\s,.]+", name.strip(_AROUND)) if (part := plain(token))]
    local = plain(address.rpartition("@")[0].partition("+")[0])
    parts = [part for part in re.split(r"[\W\d_]+", local) if part]
    if not named or not parts or len(named) > _MOST_NAME_WORDS or any(part in _AT_WORK for part in named):
        return False
    own = [part for part in named if part not in _PARTICLES]
    if not own:
        return False
    whole = "".join(parts)
    return (
        whole in (own[0], "".join(named))
        or (len(own) == 1 and parts[0] == own[0])
        or (len(own) > 1 and _is_made_of(whole, own))
    )


def _is_made_of(whole: str, named: Sequence[str]) -> bool:
    """Whether a word is these names one after another in any order, each whole or by its first letter."""
    if not named:
        return not whole
    return any(
        whole.startswith(form) and _is_made_of(whole[len(form) :], [*named[:place], *named[place + 1 :]])
        for place, name in enumerate(named)
        for form in (name, name[0])
    )


def is_company_of(name: str, address: str) -> bool:
    """Whether a name is that of an address's domain: "Contoso" of jane@contoso.example."""
    joined = "".join(part for token in name.strip(_AROUND).split() if (part := plain(token)))
    return len(joined) >= _LONG_ENOUGH and joined in map(plain, address.rpartition("@")[2].split(".")[:-1])


def without_bullet(text: str, found: Spotted) -> tuple[str, Spotted]:
    """A line without the bullet that it begins with, and where an address stands in it then."""
    bare = _BULLET.sub("", text)
    cut = len(text) - len(bare)
    return bare, Spotted(found.typed, max(0, found.start - cut), max(0, found.end - cut))


def is_persons_name(value: str) -> bool:
    """Whether a value looks like somebody's name."""
    parts = value.split()
    return 1 < len(parts) <= _MOST_LABEL_WORDS and all(
        part[:1].isalpha() and part[:1] != part[:1].lower() for part in parts
    )


def names_role(line: str) -> bool:
    """Whether a line, such as the one below a card, names somebody's role: "Account executive"."""
    named = line.strip(_AROUND).split()
    return len(named) <= _MOST_LABEL_WORDS and any(plain(token) in _AT_WORK for token in named)


def _cells_before(text: str, found: Spotted) -> list[str] | None:
    """What stands before an address, between separators; None where that is too long for a card."""
    before = _TITLED.sub(" ", text[: found.start]).replace(LINK, " ")
    return None if len(before) > _LONGEST_BEFORE else _BETWEEN.split(before)


def _is_alone_to_the_right(text: str, found: Spotted) -> bool:
    return not _BETWEEN.split(text[found.end :])[0].strip(" )>]}\"'_.:`")


def _words(cells: Sequence[str]) -> list[str]:
    return [
        token for cell in cells for token in cell.strip(_BRACKETS).split() if token.strip(_BRACKETS + ".")
    ]


def _is_name_word(token: str) -> bool:
    first = token.lstrip("\"'“(")[:1]
    return (
        token.lower() in _PARTICLES
        or any(part[:1].isupper() for part in re.split(r"['’-]", token)[:2])
        or (first.isalpha() and first.lower() != first)
        or (first.isalpha() and first.lower() == first.upper())
    )


def _agrees(cell: str, address: str) -> bool:
    """Whether words are the name in an address: "Jane Doe" in jane.doe@…, jdoe@… and jd@…."""
    named = [
        part for token in cell.strip(_AROUND).split() if (part := plain(token)) and part not in _PARTICLES
    ]
    if not named or len(named) > _MOST_NAME_WORDS or any(part in _AT_WORK for part in named):
        return False
    if _MAY_BE_CUE.intersection(map(plain, cell.split()[1:])) and not is_name_of(cell, address):
        # "Neue Antwort von Sam Lee" is built like "Ludwig van der Berg".
        return False
    local = plain(address.rpartition("@")[0].partition("+")[0])
    parts = re.split(r"[\W\d_]+", local)[:_MOST_PARTS]
    whole = "".join(parts)
    initials = "".join(part[0] for part in named)
    return (len(named) > 1 and whole == initials) or any(
        part in parts or (len(part) >= _LONG_ENOUGH and part in whole) for part in named
    )


def _is_harmless(cell: str, address: str) -> bool:
    """Whether words behind an address are no role: its company, a number or time, a desk's own words."""
    domain = plain(address.rpartition("@")[2].rpartition(".")[0])
    # What the link to the ticket shows says nothing of the address.
    shown = _TITLED.sub(" ", cell).replace(LINK, " ").strip(_AROUND)
    named = [part for token in shown.split() if (part := plain(token))]
    if any(part in _AT_WORK for part in named):
        return False
    company = any(len(part) >= _LONG_ENOUGH and part in domain for part in named)
    return company or not named or _is_number_or_time(shown) or is_heading(shown)


def _is_number_or_time(shown: str) -> bool:
    """Whether words are a number or a time: "12 Nov 10:45", "5 min ago", "Priority 1"; a sentence is none."""
    tokens = shown.split()
    is_short = len(tokens) <= _MOST_WORDS_OF_NUMBER or tokens[0][:1].isdigit()
    return is_short and any(character.isdigit() for character in shown)


def _may_be_label(above: str) -> bool:
    """Whether the line above a card may be a label: a few words that are no heading and link no ticket."""
    words_above = above.strip(_AROUND).split()
    if not words_above or len(words_above) > _MOST_LABEL_WORDS or TITLE in above:
        return False
    return not is_heading(above) and not _ENDS_SENTENCE.search(above)
