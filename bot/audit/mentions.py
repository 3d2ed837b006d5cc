"""
Whom a stored record names: every address and uid that is in it, whatever its shape.

Records were written by many rooms, and by older versions; so that nobody is overlooked they are all read the
same way, as JSON or as text.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from bot.domain.addresses import address_value, read_address
from bot.domain.model import SubjectKind

# Characters before an @ that are looked at: a local part has no more.
_LONGEST_LOCAL = 64
# What no local part holds; and what one may hold, but mostly separates it from what is before, as in a path.
_ENDS_LOCAL = re.compile(r"[\s\"<>()\[\],;:\\@]")
_MAY_SEPARATE = re.compile(r"[/=?|{}]")
_DOMAIN = re.compile(r"[^\s\"'<>()\[\]{},;:\\/=?&|@]{1,255}")
# Marks that stand around an address: quotes, and Slack's for bold, italics and code. An apostrophe or an
# ampersand within is part of it: brien@ is somebody else than o'brien@.
_MARKS_BEFORE, _MARKS_BEHIND = "'*_~`.!#$%&^", "*_~`.!"


@dataclass(frozen=True, slots=True)
class Mentions:
    """
    What a record names.

    `addresses` are lower-cased, with their domains in ASCII; `spelled` is what may be one, as it stands,
    for where an address begins in a path is not certain. `pairs` are an address and a uid that are said to be
    one person's; `sessions` are ids of sessions.
    """

    addresses: frozenset[str] = frozenset()
    spelled: frozenset[str] = frozenset()
    uids: frozenset[str] = frozenset()
    pairs: frozenset[tuple[str, str]] = frozenset()
    sessions: frozenset[str] = frozenset()

    @property
    def possible(self) -> frozenset[str]:
        """What may be an address, as `addresses` are written."""
        return self.addresses | {address_value(address) for address in self.spelled}


def mentions_in(text: str) -> Mentions:
    """What a record, JSON or any other text, names."""
    try:
        read = json.loads(text)
    except (ValueError, RecursionError):
        read = text
    values = tuple(_values(read))
    objects = [one for one in values if isinstance(one, dict)]
    said = {one[name] for one in objects for name in _fields_of_address(one) if _is_text(one, name)}
    certain = {one for one in said if read_address(one)}
    texts = [value for value in values if isinstance(value, str)]
    found = [one for text in texts for one in (_only(text) if text in certain else _addresses(text))]
    uids = {uid for one in objects if (uid := _uid(one))}
    pairs = {(address_value(one["email"]), one["uid"]) for one in objects if _is_text(one, "email", "uid")}
    sessions = {one["id"] for one in objects if _is_text(one, "id") and isinstance(one.get("user"), dict)}
    sessions |= {one["session_id"] for one in objects if _is_text(one, "session_id")}
    return Mentions(
        frozenset(address_value(address) for address, is_likely in found if is_likely),
        frozenset(address for address, _ in found),
        frozenset(uids),
        frozenset(pairs),
        frozenset(sessions),
    )


def pair_in(text: str) -> Mentions:
    """What a record of who is who names: an address, a uid and their source."""
    address, uid, _account = json.loads(text)
    known_as = address_value(str(address))
    return Mentions(
        frozenset({known_as}),
        frozenset({address}),
        frozenset({uid}),
        frozenset({(known_as, uid)}),
        frozenset(),
    )


def _addresses(text: str) -> Iterator[tuple[str, bool]]:
    """What may be an address in a text, from each @ back to what may begin it; True with what is likely."""
    if "%40" in text:
        yield from _addresses(unquote(text).replace("%40", ""))
    at = text.find("@")
    while at >= 0:
        local = _ENDS_LOCAL.split(text[max(0, at - _LONGEST_LOCAL) : at])[-1]
        found = _DOMAIN.match(text, at + 1)
        domain = found[0].rstrip(_MARKS_BEHIND) if found else ""
        begins = [0, *(mark.end() for mark in _MAY_SEPARATE.finditer(local))]
        is_all = len(local) + 1 + len(domain) == len(text)
        for begin in begins if domain else ():
            bare = local[begin:].lstrip(_MARKS_BEFORE)
            likely = local if is_all and begins == [0] else bare
            is_last = begin == begins[-1]
            yield from (
                (f"{one}@{domain}", is_last and one == likely) for one in {bare, local[begin:]} if one
            )
        at = text.find("@", at + 1)


def _fields_of_address(one: dict[str, Any]) -> Sequence[str]:
    """The fields of an object that hold an address and nothing else."""
    return ("email", "value", "typed") if one.get("kind") == SubjectKind.EMAIL else ("email",)


def _only(address: str) -> Iterator[tuple[str, bool]]:
    """As `_addresses`, of a field that is an address: none of its signs separates it from something else."""
    return ((one, one == address) for one in {address, *(one for one, _ in _addresses(address))})


def _uid(one: dict[str, Any]) -> str | None:
    if _is_text(one, "uid"):
        return str(one["uid"])
    if one.get("kind") == SubjectKind.UID and _is_text(one, "value"):
        return str(one["value"])
    return None


def _is_text(one: dict[str, Any], *names: str) -> bool:
    return all(isinstance(one.get(name), str) and one[name] for name in names)


def _values(read: Any) -> Iterator[Any]:
    """Every object and text in some JSON, however deep, the names of fields among them."""
    waiting = [read]
    while waiting:
        one = waiting.pop()
        yield one
        if isinstance(one, dict):
            waiting += one.keys()
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
