"""What people type, read as a subject: an address in any of Slack's spellings, or a uid exactly as it is."""

import html
import re
from dataclasses import dataclass

from bot.domain.addresses import LONGEST_SUBJECT, find_addresses, read_address
from bot.domain.model import Subject, SubjectKind

# Slack writes <mailto:a@b|label>; the label may differ from the address, so the URL's part is read.
_MAILTO = re.compile(r"<mailto:([^|>]*)(?:\|[^>]*)?>")
# A host that Slack took for a link: jane@<http://contoso.example|contoso.example>.
_LINKED = re.compile(r"<https?://[^|>]*\|([^>]*)>")
# Marks that a sentence puts around an address.
_AROUND = "<>()[]{}\"'`*_~,;:.!?“”‘’«»"
_MENTION = re.compile(r"<@[UW][A-Z0-9]+(?:\|[^>]*)?>")
# Characters of a message in which addresses are searched; Slack's own recommended length of a message.
_LONGEST_SENTENCE = 4_000
_DAYS = re.compile(r"([1-9][0-9]{0,2})d", re.IGNORECASE)
# As LOOKUP__DAYS.
_LONGEST_DAYS = 365
_COMMAND_WORDS = frozenset({"help", "debug"})


@dataclass(frozen=True, slots=True)
class Ask:
    """A lookup that somebody typed; `days` is None where they left it to the setting."""

    subject: Subject
    days: int | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Help:
    """Somebody asked what the command understands."""


@dataclass(frozen=True, slots=True)
class Debug:
    """Somebody asked for the state of the sources."""


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Somebody typed something else; `why` is a sentence for them."""

    why: str


@dataclass(frozen=True, slots=True)
class Several:
    """Somebody named several people in one sentence."""

    subjects: tuple[Subject, ...]


def read_command(text: str) -> Ask | Help | Debug | NotUnderstood:
    """What was typed after the command means: one subject, then perhaps `7d` and `fresh`."""
    words = _plain(text).split()
    if not words:
        return Help()
    first, *options = words
    if not options and first.lower() in _COMMAND_WORDS:
        return Help() if first.lower() == "help" else Debug()
    if first.lower() in _COMMAND_WORDS and options:
        return NotUnderstood(f"“{first}” stands alone. For a uid of that name, write uid:{first}.")
    days, fresh = None, False
    for option in options:
        span = _DAYS.fullmatch(option)
        if span and days is None and int(span[1]) <= _LONGEST_DAYS:
            days = int(span[1])
        elif option.lower() == "fresh" and not fresh:
            fresh = True
        else:
            return NotUnderstood(
                "After the address or uid, only a number of days (7d) and “fresh” are understood."
            )
    subject = read_subject(first)
    if isinstance(subject, NotUnderstood):
        return subject
    return Ask(subject, days, fresh)


def read_sentence(text: str) -> Ask | Help | Debug | NotUnderstood | Several:
    """
    What a message to the bot asks for: written as after the command, or an address in a sentence.

    A single word is taken for a uid only where it looks like one: people write "thanks" to bots.
    """
    words = _MENTION.sub(" ", text).strip()
    read = read_command(words)
    if isinstance(read, Ask) and _is_plain_word(read.subject, words):
        return NotUnderstood(f"If that is a uid, write uid:{read.subject.value}.")
    if not isinstance(read, NotUnderstood):
        return read
    found = (read_address(address.typed) for address in find_addresses(_plain(words)[:_LONGEST_SENTENCE]))
    people = tuple({subject.value: subject for subject in found if subject is not None}.values())
    if not people:
        return read
    return Ask(people[0]) if len(people) == 1 else Several(people)


def _is_plain_word(subject: Subject, words: str) -> bool:
    looks_like_one = words.startswith("uid:") or re.search(r"[\d_-]", subject.value)
    return subject.kind is SubjectKind.UID and not looks_like_one


def read_subject(word: str) -> Subject | NotUnderstood:
    """
    The subject that one word names: an address or, where there is no @ in it, a uid.

    A word with an @ that is no address is refused rather than taken for a uid: it is most likely a typing
    error. Whoever means a uid writes `uid:` before it.
    """
    if word.startswith("uid:"):
        return _uid(word.removeprefix("uid:"))
    if "@" not in word:
        return _uid(word)
    if len(word) > 2 * LONGEST_SUBJECT:
        return NotUnderstood(_too_long())
    return _address(word) or NotUnderstood(
        "That looks like an address and is none. For a uid with an @ in it, write uid: before it."
    )


def _address(word: str) -> Subject | None:
    """The address in a word, with or without brackets, quotes or punctuation around it; None without any."""
    typed = word.strip(_AROUND).removesuffix("'s").removesuffix("’s")
    return read_address(re.sub(r"^mailto:", "", typed, flags=re.IGNORECASE))


def _uid(word: str) -> Subject | NotUnderstood:
    if not word:
        return NotUnderstood("After uid: the uid is missing.")
    if len(word) > LONGEST_SUBJECT:
        return NotUnderstood(_too_long())
    if not word.isprintable():
        return NotUnderstood("A uid is made of characters that can be seen.")
    return Subject(SubjectKind.UID, word, word)


def _too_long() -> str:
    return f"An address or uid has at most {LONGEST_SUBJECT} characters."


def _plain(text: str) -> str:
    """The text without Slack's markup: links as their labels, `mailto` as its address, no escapes."""
    without_links = _LINKED.sub(r"\1", _MAILTO.sub(r" \1 ", text))
    return html.unescape(without_links)
