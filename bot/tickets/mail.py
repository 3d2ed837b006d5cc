"""
Mail that Slack's email app posted: a file whose `mode` is `email` has the sender (`tickets/README.md`).

The sender counts; after a no-reply sender, Reply-To; where a colleague forwarded it, the sender named in
the forwarded block. Everybody else in it is only mentioned.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bot.domain.addresses import find_addresses, read_address
from bot.domain.model import Subject
from bot.tickets.markup import read_markup
from bot.tickets.references import is_ticket

_MOST_FILES = 20
_MOST_PEOPLE = 20
_MOST_TEXT = 20_000
# "From:" of the forwarded block, as mail programs write it in the languages they speak.
_FORWARDED_FROM = re.compile(
    r"^[>\s*]{0,20}(?:from|von|de|da|van|från|fra|od)\s?:[ \t*]{0,5}(.{1,400})$", re.IGNORECASE | re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Mail:
    """Whom a mail names: `senders`, `reply_to` and `forwarded_from` in their order, `others` mentioned."""

    senders: tuple[Subject, ...]
    reply_to: tuple[Subject, ...]
    forwarded_from: tuple[Subject, ...]
    others: tuple[Subject, ...]


def read_mails(files: Any, whole_files: Mapping[str, Any]) -> tuple[Mail, ...]:
    """Read a message's email files; `whole_files` has what `files.info` said of those that came as stubs."""
    return tuple(_read(file) for file in _whole(files, whole_files) if is_mail(file))


def stubs(files: Any) -> tuple[str, ...]:
    """Give the ids of files that may be mail and whose sender `files.info` has to tell."""
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
        (t for key in ("plain_text", "preview_plain_text") if isinstance(t := file.get(key), str)), ""
    )
    shown, _links = read_markup(text[:_MOST_TEXT], is_ticket)
    named = [found for match in _FORWARDED_FROM.finditer(shown) for found in _in_text(match[1])]
    return Mail(
        senders=_people(file.get("from")),
        reply_to=_people(headers.get("reply_to")),
        forwarded_from=tuple(named[:1]),
        others=(*_people(file.get("to")), *_people(file.get("cc")), *_in_text(shown)),
    )


def _people(people: Any) -> tuple[Subject, ...]:
    """Read a list of `{address, name, original}`, or a header's text."""
    if isinstance(people, str):
        return tuple(_in_text(people[:_MOST_TEXT]))
    if isinstance(people, dict):
        people = [people]
    found = []
    for person in _dicts(people):
        address, original = person.get("address"), person.get("original")
        read = read_address(address.strip()) if isinstance(address, str) else None
        if read is None and isinstance(original, str):
            read = next(_in_text(original[:_MOST_TEXT]), None)
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
