"""
What a label says of the address beside it: the requester's, somebody else's, or no address's at all.

A label is compared whole: "Requester's manager" begins like a requester and is somebody else. What is not
known is a label all the same, of its own.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from bot.tickets.reading import words

LONGEST_LABEL = 60


class Label(StrEnum):
    """Whose address stands beside a label, or what kind of text."""

    # Who asked; who typed it in; an address of whoever was named before.
    REQUESTER = "requester"
    SUBMITTER = "submitter"
    EMAIL = "email"
    SOMEBODY_ELSE = "somebody else"
    # The customer's own text: many lines, or one.
    DESCRIPTION = "description"
    TITLE = "title"
    # Status, priority, company: nobody's.
    ATTRIBUTE = "attribute"
    UNKNOWN = "unknown"


# Beside these a requester may stand.
OF_REQUESTERS = frozenset({Label.REQUESTER, Label.SUBMITTER, Label.EMAIL})
_MARKS = re.compile(r"[\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u064b-\u065f\u3099\u309a]")
_EMAIL_WORD = re.compile(r"\be[ -]mail")
_NOT_WORDS = re.compile(r"[^\w\s'&/+?-]|_")
_EDGES = " -–—'/&+.?"
# A number in front of a label, or what says that a form wants it filled in, is decoration.
_NUMBER = re.compile(r"^(?:q?\d{1,3}[.) ]\s*)")
_REQUIRED = re.compile(
    r"\((?:required|optional|pflichtfeld|obligatoire|obligatorio|必須|必填|필수)\)", re.IGNORECASE
)
_SPLIT = re.compile(r"[\s'/&+-]+")
_DESCRIBED = re.compile(
    r"(?:(?:ticket|issue|request|problem|first|last|latest|full|customer|customer's|requester's|client's|client"
    r"|user's|user|initial|original|short|long|case|your|the|visitor|new|public|internal|incident) )*"
    r"(?:descriptions?|messages?|comments?|body|content|snippet|preview|transcript|question|enquiry|inquiry"
    r"|details|notes?|text|reply|feedback|issue|problem|request|query)"
    r"(?: (?:from|by|of) (?:(?:the|your|our) )?(?:customer|client|user|requester|visitor|sender))?"
)
_TITLED = re.compile(
    r"(?:(?:ticket|issue|request|conversation|email|case|incident|short|mail|message) )*"
    r"(?:subject|title|summary|topic|headline)|ticket name|short description"
)
_NAME = re.compile(r"\b(?:names?|nom|nombre|nome|naam|navn|namn|imie|nazwisko|fio)\b|名|이름|성함|имя|фио")
# "Raised on behalf of", "Opened for": whom somebody else typed it in for.
_TYPED_IN_FOR = re.compile(
    r"(?:requested|raised|submitted|created|opened|reported|logged|filed|entered|made) (?:on behalf of|for)"
)
_PLURAL = re.compile(
    r"(?:(?:affected|impacted) (?:users|customers)|requesters|requestors|customers|clients|contacts|callers"
    r"|reporters|submitters|senders|end users)\b"
)


# A key of data, or of a program: no template writes its labels so.
_OF_DATA = re.compile(r"^[\"'“”„«‘’]|[\"“”»]$|[{}\\<>$]|\w[_.]\w")


# Letters and marks that people write in two ways; joiners, Hebrew's and other double quotes say nothing.
_LETTERS = str.maketrans(
    {"’": "'", "ø": "o", "ł": "l", "ß": "ss", "æ": "ae", "ı": "i", "đ": "d"}
    | dict.fromkeys('"\u05f4\u200c\u200d', "")
)


def plain(label: str) -> str:
    """A label in lower case, without accents and decoration: "👤 *E-Mail-Adresse* :" is "email adresse"."""
    text = label.lower()
    if not text.isascii():
        text = unicodedata.normalize("NFC", _MARKS.sub("", unicodedata.normalize("NFKD", text))).lower()
        text = text.translate(_LETTERS)
    text = _NOT_WORDS.sub(" ", _REQUIRED.sub(" ", text))
    text = _EMAIL_WORD.sub("email", " ".join(text.split()))
    text = _NUMBER.sub("", text.strip(_EDGES)) or text
    return text.strip(_EDGES)


def is_heading(text: str) -> bool:
    """Whether a text has only words of desks' own announcements, and ends with what happened: "New lead"."""
    tokens = [part for token in text.split() if (part := plain(token))]
    announced = all(part in _ANNOUNCED or part.isdigit() for part in tokens)
    return bool(tokens) and announced and tokens[-1] not in _NO_HEADING


def _table(*kinds: tuple[Label, str]) -> dict[str, Label]:
    """All phrases with their kinds; where languages differ, the first kind given."""
    table: dict[str, Label] = {}
    for kind, text in kinds:
        for phrase in words.phrases(text):
            table.setdefault(plain(phrase), kind)
    return table


_KNOWN = _table(
    (Label.DESCRIPTION, words.DESCRIPTION),
    (Label.TITLE, words.TITLE),
    (Label.SOMEBODY_ELSE, words.SOMEBODY_ELSE),
    (Label.REQUESTER, words.REQUESTER),
    (Label.REQUESTER, words.FOR_WHOM),
    (Label.SUBMITTER, words.SUBMITTER),
    (Label.EMAIL, words.EMAIL),
    (Label.ATTRIBUTE, words.ATTRIBUTE),
)
_ANNOUNCED = frozenset(map(plain, words.phrases(words.SENTENCE)))
_NO_HEADING = frozenset(words.phrases(words.NO_HEADING))
_FOR_WHOM = frozenset(map(plain, words.phrases(words.FOR_WHOM)))
_ENTRIES = frozenset(words.phrases(words.ENTRIES))
_ELSE_WITHIN = frozenset(words.phrases(words.ELSE_WITHIN))
_LITTLE = frozenset(map(plain, words.phrases(words.LITTLE)))
_ROLES = {phrase: kind for phrase, kind in _KNOWN.items() if kind in (Label.REQUESTER, Label.SUBMITTER)}
_OF_EMAIL = frozenset(
    word for phrase, kind in _KNOWN.items() if kind is Label.EMAIL for word in phrase.split()
) - {"work", "business", "user", "primary", "your", "id", "ids", "e"}
_BESIDE_ROLE = frozenset(
    {"name", "details", "info", "information", "id", "address", "addresses", "email", "s"}
)
_DETAILS = frozenset({"details", "info", "information"})
# Scripts without blanks between words.
_JOINED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_EMAILS_JOINED = sorted(
    (phrase for phrase, kind in _KNOWN.items() if kind is Label.EMAIL and _JOINED.search(phrase)),
    key=len,
    reverse=True,
)


@dataclass(frozen=True, slots=True)
class Labels:
    """Reads labels; `more` are those that are configured as requesters'."""

    more: frozenset[str] = frozenset()
    _read: dict[str, Label] = field(default_factory=dict, compare=False)
    _plain: dict[str, str] = field(default_factory=dict, compare=False)

    def phrase(self, label: str) -> str:
        """A label in plain words, as `plain` says it; a message repeats its labels."""
        if label not in self._plain:
            self._plain[label] = plain(label)
        return self._plain[label]

    def classify(self, label: str) -> Label:
        """Read a label, such as "Requester email" or "Assigned to"."""
        if label not in self._read:
            phrase = self.phrase(label)
            is_key = _OF_DATA.search(label) is not None and phrase not in self.more
            self._read[label] = Label.UNKNOWN if is_key else self._classify(phrase)
        return self._read[label]

    def _classify(self, phrase: str) -> Label:
        if phrase in self.more or is_for_whom(phrase):
            return Label.REQUESTER
        if (known := _KNOWN.get(phrase)) is not None:
            return known
        if _DESCRIBED.fullmatch(phrase):
            return Label.DESCRIPTION
        if _TITLED.fullmatch(phrase):
            return Label.TITLE
        if (role := _composed(phrase)) is not None:
            return role
        return _somebody_else(phrase)

    def says_email(self, label: str) -> bool:
        """Whether a label asks for an address: "Requester email" does, "Requester" may hold a name."""
        phrase = self.phrase(label)
        return any(word in _OF_EMAIL for word in _SPLIT.split(phrase)) or any(
            joined in phrase for joined in _EMAILS_JOINED
        )

    def says_name(self, label: str) -> bool:
        """Whether a label asks for a name alone, which people choose as they like."""
        return bool(_NAME.search(self.phrase(label))) and not self.says_email(label)

    def classify_alone(self, line: str) -> Label:
        """Read a line that may be a label without a colon; what is none is UNKNOWN."""
        if len(line) > LONGEST_LABEL or "@" in line:
            return Label.UNKNOWN
        phrase = self.phrase(line)
        if phrase in self.more or phrase in _KNOWN:
            return self.classify(line)
        composed = _composed(phrase) if phrase and not _OF_DATA.search(line) else None
        return composed or (Label.DESCRIPTION if _DESCRIBED.fullmatch(phrase) else Label.UNKNOWN)

    def is_unclear(self, label: str) -> bool:
        """Whether a label may be of whom a ticket is about: none of its words names somebody else."""
        phrase, kind = self.phrase(label), self.classify(label)
        if kind in (Label.TITLE, Label.DESCRIPTION, *OF_REQUESTERS):
            return False
        within = {word.removesuffix("'s") for word in phrase.split()}
        return _KNOWN.get(phrase) is not Label.SOMEBODY_ELSE and not within & _ELSE_WITHIN

    def heads_somebody_else(self, line: str, *, above: bool) -> bool:
        """
        Whether a line, such as a header, heads somebody else's details: "Assigned agent".

        Where it is nobody's, it is as the one `above` it.
        """
        if self.classify_alone(line) is Label.REQUESTER:
            return False
        phrase = self.phrase(line) if len(line) <= LONGEST_LABEL else ""
        known = any(_KNOWN.get(part) is Label.SOMEBODY_ELSE for part in phrase.split())
        is_role = known and all(part in _ELSE_WITHIN or part in _DETAILS for part in phrase.split())
        return above or is_role or _KNOWN.get(phrase) is Label.SOMEBODY_ELSE

    def is_plural(self, label: str) -> bool:
        """Whether a label announces several people: "Customers"."""
        phrase = self.phrase(label)
        return bool(_PLURAL.match(phrase)) or phrase in _PLURALS


def labels_with(more: Iterable[str]) -> Labels:
    """The labels that are known, and more that are configured."""
    return Labels(frozenset(filter(None, map(plain, more))))


_PLURALS = frozenset(
    map(
        plain,
        (
            "clientes",
            "demandeurs",
            "kunden",
            "clienti",
            "klanten",
            "klienci",
            "клиенты",
            "contactos",
            "solicitantes",
        ),
    )
)


def _somebody_else(phrase: str) -> Label:
    """Read "Last reply by", "Requester's manager": of somebody else; "New submission" only announces."""
    within = {word.removesuffix("'s") for word in phrase.split()}
    if not within & _ELSE_WITHIN and not any(word in _ROLES for word in within):
        return Label.UNKNOWN
    announced, _, last = phrase.rpartition(" ")
    is_entry = last in _ENTRIES and all(word in _ANNOUNCED for word in announced.split())
    return Label.TITLE if is_entry or is_heading(phrase) else Label.SOMEBODY_ELSE


def is_about_details(phrase: str) -> bool:
    """Whether a plain label is a heading of several lines rather than one's label: "customer details"."""
    return phrase.rpartition(" ")[2] in _DETAILS


def is_for_whom(phrase: str) -> bool:
    """Whether a plain label announces whom somebody else asked for: "on behalf of", "affected user"."""
    return phrase in _FOR_WHOM or _TYPED_IN_FOR.fullmatch(phrase) is not None


def role_of(phrase: str) -> str:
    """The role in a plain label: "requester" of "requester email" and of "requester's name"."""
    for joined in _EMAILS_JOINED:
        phrase = phrase.replace(joined, "")
    parts = [part for part in _SPLIT.split(_NAME.sub("", phrase)) if part and part not in _LITTLE]
    return " ".join(part for part in parts if part not in _OF_EMAIL and part not in _BESIDE_ROLE).strip(
        "のお的"
    )


def _composed(phrase: str) -> Label | None:
    """Read "customer's email address", "E-Mail des Kunden", "お客様メールアドレス": a role and an address."""
    parts = [part for part in _SPLIT.split(phrase) if part and part not in _LITTLE]
    if 1 < len(parts) <= 5:  # noqa: PLR2004
        beside = [part for part in parts if part in _OF_EMAIL or part in _BESIDE_ROLE]
        rest = " ".join(part for part in parts if part not in beside)
        if beside and rest in _ROLES:
            return _ROLES[rest]
        if rest == "" and any(part in _OF_EMAIL for part in beside):
            return Label.EMAIL
    if _JOINED.search(phrase):
        for email in _EMAILS_JOINED:
            if email in phrase:
                rest = phrase.replace(email, "", 1).replace("の", "").replace("的", "").strip(" -")
                return _ROLES.get(rest)
    rest = " ".join(parts)
    if _KNOWN.get(rest) is Label.EMAIL and phrase.endswith(rest):
        # "What is your email?": only what leads up to it was left out.
        return Label.EMAIL
    return _ROLES.get(rest) if parts else None
