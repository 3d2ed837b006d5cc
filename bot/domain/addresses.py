"""
Addresses in a text: found by an expression that is linear on any input, judged by email-validator.

The usual expression for addresses is quadratic: with nothing before the local part, every letter of a long
word is a place to begin. Here a look-behind allows one beginning for each word, and lengths are bounded.
"""

import re
import unicodedata
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass

from email_validator import EmailNotValidError, validate_email

from bot.domain.model import Subject, SubjectKind

# Characters of an address or uid that is looked up; an address of the standards may have 254.
LONGEST_SUBJECT = 128
# Characters that cannot be in a local part here: blanks, brackets, quotes, separators, an ellipsis, and
# \x01 to \x07, by which the reader of a message marks links.
_NOT_LOCAL = r"\s<>()\[\]{},;:\"“”‘’«»„…\\|@=/?\x01-\x07"
_FOUND = re.compile(
    rf"\x01(?P<linked>[^\x01-\x04]{{3,320}})\x02"
    rf"|(?<![^{_NOT_LOCAL}])(?P<bare>[^{_NOT_LOCAL}]{{1,64}}@[\w.-]{{3,255}})"
)
# In brackets or in words: jane [at] contoso.example, jane at contoso dot example.
_AT = r"(?:\s?[\[({]\s?at\s?[\])}]\s?|\sat\s)"
_DOT = r"(?:\s?[\[({]\s?dot\s?[\])}]\s?|\sdot\s)"
_OBFUSCATED = re.compile(
    rf"(?<![\w.+-])([\w.+-]{{1,64}})(?:\s?[\[({{]\s?at\s?[\])}}]\s?([\w-]{{1,63}}(?:(?:\.|{_DOT})[\w-]{{1,63}}){{1,4}})"
    rf"|{_AT}([\w-]{{1,63}}(?:{_DOT}[\w-]{{1,63}}){{1,4}}))",
    re.IGNORECASE,
)
# Characters of a text in which hidden addresses are searched; the expression above is the slow one.
_OBFUSCATED_WITHIN = 4_000
# Endings of files and of versions, which look like domains: icon@2x.png, left-pad@1.3.0, pkg@1.2.3-beta.
_FILE = re.compile(
    r"\.(?:png|jpe?g|gif|svg|webp|avif|ico|bmp|pdf|js|mjs|ts|tsx|jsx|css|scss|html?|json|ya?ml|xml|py|rb|go|rs|"
    r"java|kt|swift|txt|csv|log|gz|tgz|tar|woff2?|mp[34])$",
    re.IGNORECASE,
)
_VERSION = re.compile(r"v?\d+(?:\.[\dx*]+)+(?:$|[-+.])", re.IGNORECASE)
_ID = r"[^\s<>,;\x01-\x04]{1,150}@[^\s<>,;\x01-\x04]{1,150}"
_BEFORE_IDS = ("message", "in-reply-to", "references")
_MESSAGE_ID = re.compile(
    rf"(?:message-?\s?id|in-reply-to|references)[\s:]{{0,3}}[<\x01]{{0,2}}{_ID}[\x02>]{{0,2}}"
    rf"(?:[\s,]{{1,3}}<\x01?{_ID}\x02?>){{0,20}}",
    re.IGNORECASE,
)
# Unicode's categories of what is within words of Indic and other scripts, and no letter: marks, joiners.
_WITHIN_WORDS = frozenset({"Mn", "Mc", "Me", "Cf"})
# Signs that stand for letters of an address.
_MASK = re.compile(r"\*{2,}|[•●∙■█]")
# Users of version control, in `git@host:path`.
_PROGRAMS = frozenset({"git", "hg", "svn", "ssh"})


# Scripts without blanks between words: what is written so goes on right behind an address, or stops right
# before it. No top-level domain begins in Latin letters and goes on in another script.
_UNSPACED = r"\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af"
_GOES_ON = re.compile(rf"(?<=[a-zA-Z])(?=[{_UNSPACED}])")
_STOPS = re.compile(rf"^[^@]*[{_UNSPACED}](?=[a-zA-Z0-9][\w.+-]*@)")


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate for an address as it was typed, and where it begins and ends in the text."""

    typed: str
    start: int
    end: int


def without_message_ids(text: str) -> str:
    """The text with mail's Message-IDs blanked out, at the same length: they look like addresses."""
    # The expression is slow to say that there are none.
    lower = text.lower() if "@" in text else ""
    if not any(name in lower for name in _BEFORE_IDS):
        return text
    return _MESSAGE_ID.sub(lambda found: " " * len(found[0]), text)


def find_addresses(text: str) -> Iterator[Found]:
    """Candidates for addresses, in the order of the text; `read_address` says which of them are addresses."""
    if "@" not in text:
        return
    for match in _FOUND.finditer(text):
        if match["linked"] is not None:
            yield Found(match["linked"].strip(), match.start(), match.end())
        else:
            if _goes_on(text, match.end()):
                continue
            start, end = _without_neighbours(match["bare"], match.start(), match.end())
            if not _is_noise(bare := _trimmed(text[start:end]), text, end):
                yield Found(bare, start, end)


def find_obfuscated(text: str) -> Iterator[str]:
    """Addresses that somebody hid from programs (`jane [at] contoso.example`), in their usual form."""
    text = text[:_OBFUSCATED_WITHIN]
    lower = text.lower()
    if "at" not in lower or ("dot" not in lower and "." not in lower):
        return
    for match in _OBFUSCATED.finditer(text):
        domain = re.sub(_DOT, ".", match[2] or match[3], flags=re.IGNORECASE)
        yield f"{match[1]}@{domain}"


def _goes_on(text: str, end: int) -> bool:
    """Whether the word goes on where a candidate ends, with a vowel's mark or a joiner: then it was cut."""
    following = text[end : end + 1]
    return not following.isascii() and unicodedata.category(following) in _WITHIN_WORDS


def _without_neighbours(bare: str, start: int, end: int) -> tuple[int, int]:
    """Where an address begins and ends, without the words of unspaced scripts that touch it."""
    if bare.isascii():
        return start, end
    if (before := _STOPS.match(bare)) is not None:
        start += before.end()
    last = bare.rpartition(".")[2]
    if (behind := _GOES_ON.search(last)) is not None:
        end -= len(last) - behind.start()
    return start, end


def _trimmed(bare: str) -> str:
    """The candidate without marks around it, as of `_jane@x.example_`, `'jane@x.example'` or a full stop."""
    local, _, domain = bare.rpartition("@")
    domain = domain.rstrip("._-")
    if bare.endswith("_") or local.startswith("'"):
        local = local.lstrip("_'")
    return f"{local.lstrip('.!#$%&^')}@{domain}"


def _is_noise(bare: str, text: str, end: int) -> bool:
    local, _, domain = bare.rpartition("@")
    if local.lower() in _PROGRAMS or _FILE.search(domain) or _VERSION.match(domain):
        return True
    # git@host:path and user@host:8080; a colon that ends a clause is followed by a blank.
    return text[end : end + 1] == ":" and bool(re.match(r"[\w~/.]", text[end + 1 : end + 2]))


def read_address(word: str) -> Subject | None:
    """
    The subject that an address names; None where the word is no address, or longer than `LONGEST_SUBJECT`.

    The subject's `typed` keeps capitals and Unicode as written; its `value` is lower-cased with the domain
    in its ASCII form, so that both spellings of it are one subject.
    """
    if len(word) > LONGEST_SUBJECT or word.count("@") != 1:
        return None
    try:
        valid = validate_email(unicodedata.normalize("NFC", word), check_deliverability=False)
    except EmailNotValidError:
        return None
    domain = valid.ascii_domain or valid.domain
    return Subject(SubjectKind.EMAIL, f"{valid.local_part}@{domain}".lower(), valid.original)


def is_masked(word: str) -> bool:
    """Whether signs stand for letters of an address, as in `j***@contoso.example`: then it names nobody."""
    return _MASK.search(word) is not None


def subject_of_address(address: str) -> Subject:
    """The subject of an address that a vendor has: as `read_address`, and lower-cased where it is none."""
    return read_address(address) or Subject(SubjectKind.EMAIL, address.lower(), address)


def address_value(written: str) -> str:
    """An address as written, in the form that subjects are compared by: lower-cased, its domain in ASCII."""
    return written.lower() if written.isascii() else subject_of_address(written).value


def subject_of_value(value: str) -> Subject:
    """The subject of an address whose domain is in ASCII; its `typed` is as people write it, in Unicode."""
    typed = value
    if "xn--" in value:
        with suppress(EmailNotValidError):
            typed = validate_email(value, check_deliverability=False).normalized
    return Subject(SubjectKind.EMAIL, value, typed)


def shown_address(address: Subject) -> str:
    """The address as people and programs are shown it: lower-cased, Unicode kept."""
    return address.typed.lower()


def domain_of(address: Subject) -> str:
    """The address's domain in its ASCII form, lower-cased."""
    return address.value.rpartition("@")[2]
