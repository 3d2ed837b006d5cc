"""What people type, read as a subject: an address in any of its spellings, or a uid exactly as it is."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from bot.domain.addresses import LONGEST_SUBJECT
from bot.domain.characters import narrow, without_invisible, without_invisible_ends
from bot.domain.model import Subject, SubjectKind
from bot.domain.typed.addresses import NotAnAddress, Word, words_with_at
from bot.domain.typed.options import Options, is_option, options_in_words, read_options
from bot.domain.typed.slack_text import names_slacks_own, typed_text, without_slacks_own

# Marks that a sentence puts around a word.
_AROUND = "<>()[]{}\"'`*_~,;:.!?“”‘’«»"
_OPENING = "\"'`*_~“‘«„ \t\n"
_PAIRS = frozenset({'""', "''", "``", "**", "“”", "‘’", "«»", "„“", "「」"})
_EMOJI = re.compile(r"(?::[a-z0-9_+'-]{1,60}:)+", re.IGNORECASE)
_LINK = re.compile(r"[<(]{0,2}(?:https?|tel|mailto):", re.IGNORECASE)
_UID = "uid:"
# Characters in which people are searched; Slack's own recommended length of a message.
_LONGEST_TEXT = 4_000
_TOO_MUCH = f"That is longer than {_LONGEST_TEXT:,} characters. Write the address or uid alone."
# Words with an @ of one text that are judged, each of which takes some 0.1 ms.
_MOST_NAMED = 50
_SHOWN = 60
_COMMAND_WORDS = frozenset({"help", "debug", "mute", "unmute"})


@dataclass(frozen=True, slots=True)
class Ask:
    """A lookup that somebody typed; `days` is None where they left it to the setting."""

    subject: Subject
    days: int | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Several:
    """Somebody named several people in one sentence; `days` and `fresh` are for all of them."""

    subjects: tuple[Subject, ...]
    days: int | None = None
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Help:
    """Somebody asked what the command understands."""


@dataclass(frozen=True, slots=True)
class Debug:
    """Somebody asked for the state of the sources."""


@dataclass(frozen=True, slots=True)
class Mute:
    """Somebody wants tickets in this channel to get no reply, or (`is_on` false) to get one again."""

    is_on: bool


@dataclass(frozen=True, slots=True)
class NotUnderstood:
    """Somebody asked for something that cannot be done as typed; `why` is a sentence for them."""

    why: str


@dataclass(frozen=True, slots=True)
class NobodyNamed:
    """Somebody wrote words that ask for nobody in particular; `why` may be a sentence for them."""

    why: str = ""


def read_command(text: str) -> Ask | Help | Debug | Mute | NotUnderstood:
    """What was typed after the command means: one subject, then perhaps `7d` and `fresh`."""
    if names_slacks_own(text):
        return NotUnderstood("That names a person, group or channel of Slack, not a customer.")
    return NotUnderstood(_TOO_MUCH) if len(text) > _LONGEST_TEXT else _command(typed_text(text))


def read_sentence(text: str) -> Ask | Help | Debug | Mute | NotUnderstood | NobodyNamed | Several:
    """
    What a message to the bot asks for: written as after the command, or addresses in a sentence.

    A single word is taken for a uid only where it looks like one: people write "thanks" to bots. Where
    somebody or an option is named that cannot be read, that is said; it is never left out.
    """
    text = typed_text(without_slacks_own(text))
    if len(text) > _LONGEST_TEXT:
        return NotUnderstood(_TOO_MUCH)
    words = _words(text)
    if not words:
        return NobodyNamed()
    read = _command(text)
    if isinstance(read, Ask):
        return _uid_in_words(read, words)
    return _in_words(text, words, read) if isinstance(read, NotUnderstood) else read


def read_subject(text: str) -> Subject | NotUnderstood:
    """
    The subject that a field or an argument names: an address, or a uid where there is no @.

    A word with an @ that is no address is refused rather than taken for a uid: it is most likely a typing
    error. Whoever means a uid writes `uid:` before it.
    """
    if len(text) > _LONGEST_TEXT:
        return NotUnderstood(_TOO_MUCH)
    text = _unquoted(text.strip())
    words = _words(text)
    if not words:
        return NotUnderstood("Type an address or a uid.")
    if "@" in narrow(text) and _after_prefix(words[0]) is None:
        text = typed_text(text)
    subject, rest = _asked(text, words)
    if rest and not isinstance(subject, NotUnderstood):
        return NotUnderstood("Only an address or a uid is understood here; a uid is one word.")
    return subject


def _command(text: str) -> Ask | Help | Debug | Mute | NotUnderstood:
    text = _unquoted(text.strip())
    words = _words(text)
    if not words:
        return Help()
    first = _plain(words[0])
    if first in _COMMAND_WORDS and "@" not in narrow(text):
        if len(words) == 1:
            return _of_ours(first)
        return NotUnderstood(f"“{first}” stands alone. For a uid of that name, write uid:{first}.")
    subject, rest = _asked(text, words)
    return subject if isinstance(subject, NotUnderstood) else _with_options(subject, rest)


def _of_ours(word: str) -> Help | Debug | Mute:
    if word in ("mute", "unmute"):
        return Mute(is_on=word == "mute")
    return Help() if word == "help" else Debug()


def _asked(text: str, words: Sequence[str]) -> tuple[Subject | NotUnderstood, Sequence[str]]:
    """Who is asked for, and the words behind: `words` are the text's."""
    first, *rest = words
    uid = _after_prefix(first)
    if uid is not None:
        return (_uid(uid), rest) if uid or not rest else (_uid(rest[0]), rest[1:])
    if "@" in narrow(text):
        return _by_address(narrow(without_invisible(text)))
    if _LINK.match(first):
        return NotUnderstood(
            "That is a link or a phone number. If it is a uid, write uid: before it. A session’s link gets "
            "its card where it is pasted into a message."
        ), rest
    return _uid(first), rest


def _after_prefix(word: str) -> str | None:
    """What follows `uid:` in a word; None where it does not begin with that."""
    word = _unquoted(word)
    return word[len(_UID) :] if narrow(word[: len(_UID)]).lower() == _UID else None


def _by_address(text: str) -> tuple[Subject | NotUnderstood, Sequence[str]]:
    """The address in a text that may have the customer's name around it, and the words behind."""
    found = [*islice(words_with_at(text), _MOST_NAMED)]
    unread = next((word for word in found if isinstance(word.read, NotAnAddress)), None)
    if unread or not found:
        return NotUnderstood(_why(unread) if unread else "That is a link, not an address or a uid."), ()
    people = _people(found)
    if len(people) > 1:
        return NotUnderstood("One person is looked up at a time."), ()
    between = [text[one.end : other.start] for one, other in pairwise(found)]
    if not _is_name(text[: found[0].start]) or any(map(_words, between)):
        return NotUnderstood(
            "The address or uid comes first, then perhaps a number of days (7d) and “fresh”."
        ), ()
    return people[0], _words(_without_name(text[found[-1].end :]))


def _is_name(before: str) -> bool:
    """Whether what stands before an address is nothing, or a name as mail programs write it: `Jane <`."""
    words = _words(before)
    if not words:
        return True
    quoted = before.lstrip().startswith(('"', "“"))
    options = not quoted and any(_is_option(word) for word in words)
    return before.rstrip(_OPENING).endswith(("<", "(", "[")) and not options and "://" not in before


def _without_name(after: str) -> str:
    """What follows an address, without emoji, the marks that close it and a name in brackets."""
    after = _EMOJI.sub(" ", after).lstrip(f"{_AROUND.replace('(', '')} \t\n")
    name, closed, rest = after.partition(")")
    if not name.startswith("(") or not closed or any(_is_option(word) for word in _words(name)):
        return after
    return rest


def _uid_in_words(read: Ask, words: Sequence[str]) -> Ask | NotUnderstood | NobodyNamed:
    """What a message that reads like a command asks for: one plain word may be a uid, or small talk."""
    if read.subject.kind is not SubjectKind.UID or _after_prefix(words[0]) is not None:
        return read
    if _is_option(words[0]):
        return NotUnderstood(f"Name the customer before “{_cut(words[0])}”.")
    if re.search(r"[\d_-]", read.subject.value):
        return read
    why = f"If that is a uid, write uid:{read.subject.value}."
    return NotUnderstood(why) if len(words) > 1 else NobodyNamed(why)


def _in_words(
    text: str, words: Sequence[str], read: NotUnderstood
) -> Ask | Several | NotUnderstood | NobodyNamed:
    """What a sentence asks for; `read` is why it is no command."""
    text = narrow(without_invisible(text))
    named = [*islice(words_with_at(text), _MOST_NAMED)]
    if len(named) == _MOST_NAMED:
        return NotUnderstood("That names too many people to be looked up.")
    found = [word for word in named if not word.is_noise]
    people = _people(found)
    options = options_in_words(_around(text, found))
    if why := _unreadable(found, words):
        return NotUnderstood(why)
    if isinstance(options, str):
        return NotUnderstood(options)
    if not people:
        means_somebody = re.search(r"\d", words[0]) or _LINK.match(words[0]) or options != Options()
        return read if means_somebody else NobodyNamed("Nobody is named there by an address.")
    if len(people) == 1:
        return Ask(people[0], options.days, options.fresh)
    return Several(people, options.days, options.fresh)


def _unreadable(found: Sequence[Word], words: Sequence[str]) -> str | None:
    """What in a sentence cannot be read, as a sentence; None where nothing is left out."""
    unread = [word for word in found if isinstance(word.read, NotAnAddress)]
    if len(unread) < len(found):
        # A person of the workspace by a name alone: "@sam, who is jane@…?"
        unread = [word for word in unread if word.read is not NotAnAddress.NAME]
    if unread:
        return _why(unread[0])
    if any(_after_prefix(word) is not None for word in words):
        return "A uid is understood alone, or with a number of days (7d) and “fresh” after it."
    return None


def _people(words: Sequence[Word]) -> tuple[Subject, ...]:
    """The people that words name, each once and as spelt first."""
    people: dict[str, Subject] = {}
    for word in words:
        if isinstance(word.read, Subject):
            people.setdefault(word.read.value, word.read)
    return tuple(people.values())


def _around(text: str, words: Sequence[Word]) -> str:
    """The text without these words."""
    ends = [0, *(word.end for word in words)]
    starts = [*(word.start for word in words), len(text)]
    return " ".join(text[end:start] for end, start in zip(ends, starts, strict=True))


def _why(word: Word) -> str:
    match word.read:
        case NotAnAddress.TOO_LONG:
            return _too_long()
        case NotAnAddress.NAME:
            return f"In “{_cut(word.typed)}” there is nothing before the @, so it is no address."
        case NotAnAddress.MASKED:
            return f"“{_cut(word.typed)}” is masked. Write the whole address, with its letters for the signs."
        case NotAnAddress.CUT:
            return f"“{_cut(word.typed)}” seems to be cut off. Write the whole address, without the dots."
        case _:
            return (
                f"“{_cut(word.typed)}” looks like an address and is none. For a uid with an @ in it, write "
                "uid: before it."
            )


def _with_options(subject: Subject, words: Sequence[str]) -> Ask | NotUnderstood:
    options = read_options([_plain(word) for word in words])
    return NotUnderstood(options) if isinstance(options, str) else Ask(subject, options.days, options.fresh)


def _is_option(word: str) -> bool:
    return is_option(_plain(word))


def _uid(word: str) -> Subject | NotUnderstood:
    uid = _unquoted(word)
    if not uid:
        return NotUnderstood("After uid: the uid is missing.")
    if len(uid) > LONGEST_SUBJECT:
        return NotUnderstood(_too_long())
    if not uid.isprintable() or without_invisible(uid) != uid:
        return NotUnderstood("A uid is made of characters that can be seen; an invisible one is inside this.")
    return Subject(SubjectKind.UID, uid, uid)


def _words(text: str) -> list[str]:
    """The words of a text, without emoji and marks that stand alone."""
    return [
        word
        for word in text.split()
        if any(map(str.isalnum, word)) and not _EMOJI.fullmatch(without_invisible(word))
    ]


def _unquoted(word: str) -> str:
    """The word without quotes and signs of code around it, and without invisible characters there."""
    word = without_invisible_ends(word)
    while word[:1] + word[1:][-1:] in _PAIRS:
        word = without_invisible_ends(word[1:-1])
    return word


def _plain(word: str) -> str:
    """A word of ours, such as “Fresh!”, as we write it."""
    return narrow(without_invisible(word)).strip(_AROUND).lower()


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _too_long() -> str:
    return f"An address or uid has at most {LONGEST_SUBJECT} characters."
