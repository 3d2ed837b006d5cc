"""
Mail that Slack's email app posted: a file whose `mode` is `email` has the sender (`tickets/README.md`).

The sender counts; where that is no customer (a contact form, a mailing group, a no-reply sender), Reply-To;
where a colleague forwarded it, the first outside sender of the forwarded blocks. Everybody else is only
mentioned.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bot.domain.addresses import find_addresses, read_address
from bot.domain.characters import without_invisible
from bot.domain.model import Subject
from bot.tickets.reading import words
from bot.tickets.reading.labels import plain
from bot.tickets.reading.markup import BOLD, BOLD_END, MarkupLink, read_markup

_MOST_FILES = 20
_MOST_PEOPLE = 20
_MOST_TEXT = 20_000
_MOST_BLOCKS = 20
# How far from "From:" the other headers of a forwarded block stand.
_NEAR = 5
_HEADER = re.compile(r"^[>\s*_|]{0,30}([^\W\d_][^:\n@<>]{0,40}?)\s{0,2}:\s*(.{0,400})$")
_FROM_WORDS = frozenset(map(plain, words.phrases(words.MAIL_FROM)))
_OTHER_WORDS = frozenset(map(plain, words.phrases(words.MAIL_OTHERS)))
# A name in quotes, in which a comma separates nobody; one that is not closed goes on to the end.
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*+"?')


@dataclass(frozen=True, slots=True)
class Mail:
    """
    Whom a mail names, in order; `others` are only mentioned.

    `forwarded` has the senders of forwarded blocks, the outermost first.
    """

    senders: tuple[Subject, ...]
    reply_to: tuple[Subject, ...]
    forwarded: tuple[Subject, ...]
    others: tuple[Subject, ...]


def read_mails(files: Any, whole_files: Mapping[str, Any]) -> tuple[Mail, ...]:
    """Read a message's email files; `whole_files` has what `files.info` said of those that came as stubs."""
    return tuple(_read(file) for file in _whole(files, whole_files) if is_mail(file))


def stubs(files: Any) -> tuple[str, ...]:
    """The ids of files that may be mail and whose sender `files.info` has to tell."""
    return tuple(
        file["id"]
        for file in _dicts(files)
        if isinstance(file.get("id"), str) and _is_stub(file) and not _people(file.get("from"))
    )


def is_mail(file: Mapping[str, Any]) -> bool:
    """Whether a file is a mail; what else may say so differs between events and `files.info`."""
    return file.get("mode") == "email" or file.get("filetype") == "email"


def _is_stub(file: Mapping[str, Any]) -> bool:
    # Slack's own words for "ask files.info": docs.slack.dev/reference/objects/file-object.
    return is_mail(file) or file.get("file_access") == "check_file_info" or "mode" not in file


def _whole(files: Any, whole_files: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for file in _dicts(files):
        known = whole_files.get(str(file.get("id")))
        yield {**file, **known} if isinstance(known, dict) else file


def _read(file: Mapping[str, Any]) -> Mail:
    headers = file.get("headers")
    headers = headers if isinstance(headers, dict) else {}
    text = next(
        (t for key in ("plain_text", "preview_plain_text") if isinstance(t := file.get(key), str) and t), ""
    )
    shown, _links = read_markup(text[:_MOST_TEXT], _no_ticket)
    shown = shown.replace(BOLD, "").replace(BOLD_END, "")
    return Mail(
        senders=_people(file.get("from")),
        reply_to=_people(headers.get("reply_to")),
        forwarded=tuple(_forwarded(shown.split("\n"))),
        others=(*_people(file.get("to")), *_people(file.get("cc")), *_in_text(shown)),
    )


def _no_ticket(_link: MarkupLink) -> bool:
    return False


def _forwarded(lines: Sequence[str]) -> Iterator[Subject]:
    """The sender of each forwarded block: a header "From:" with another header of mail beside it."""
    headers = [_header(line) for line in lines]
    blocks = 0
    for place, header in enumerate(headers):
        if header is None or header[0] not in _FROM_WORDS or blocks >= _MOST_BLOCKS:
            continue
        if not _has_company(lines, headers, place):
            continue
        blocks += 1
        value = header[1].strip() or next(iter(lines[place + 1 : place + 2]), "")
        if (sender := _one(value)) is not None:
            yield sender


def _header(line: str) -> tuple[str, str] | None:
    found = _HEADER.match(line)
    return (plain(found[1]), found[2]) if found else None


def _has_company(lines: Sequence[str], headers: Sequence[tuple[str, str] | None], place: int) -> bool:
    for step in (1, -1):
        for distance in range(1, _NEAR + 1):
            near = place + step * distance
            if not 0 <= near < len(lines) or not lines[near].strip(" >*_\t"):
                break
            header = headers[near]
            if header is not None and header[0] in _OTHER_WORDS:
                return True
    return False


def _one(value: str) -> Subject | None:
    """The address of "Name <address>" or "address"; None where it is not clear which one it is."""
    value = without_invisible(value)
    found = list(islice(find_addresses(value), _MOST_PEOPLE))
    bracketed = [one for one in found if value[: one.start].rstrip()[-1:] in ("<", "[", "(")]
    judged = [a for one in (bracketed or found) if (a := read_address(one.typed)) is not None]
    every = {a.value for one in found if (a := read_address(one.typed)) is not None}
    if len({a.value for a in judged}) != 1 or (len(every) > 1 and found[-1] not in bracketed):
        return None
    return judged[0]


def _people(people: Any) -> tuple[Subject, ...]:
    """
    Read a list of `{address, name, original}`, or a header's text.

    Not by `email.utils.getaddresses`: of "jane@a.example via Acme <…>" it makes `jane@a.exampleviaAcme`, and
    what is not written by the standard, such as "Doe, Jane <…>", it leaves out whole in newer Pythons.
    """
    if isinstance(people, str):
        parts = _QUOTED.sub("", people[:_MOST_TEXT]).split(",")[:_MOST_PEOPLE]
        return tuple(a for part in parts if (a := _one(part)) is not None)
    if isinstance(people, dict):
        people = [people]
    found = []
    for person in _dicts(people):
        address, original = person.get("address"), person.get("original")
        read = read_address(without_invisible(address).strip()) if isinstance(address, str) else None
        if read is None and isinstance(original, str):
            read = _one(original[:_MOST_TEXT])
        if read is not None:
            found.append(read)
    return tuple(found)


def _in_text(text: str) -> Iterator[Subject]:
    for found in islice(find_addresses(text), _MOST_PEOPLE):
        if (address := read_address(found.typed)) is not None:
            yield address


def _dicts(value: Any) -> list[dict[str, Any]]:
    items = value if isinstance(value, list) else []
    return [item for item in items[:_MOST_FILES] if isinstance(item, dict)]
