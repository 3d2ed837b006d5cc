"""
Whom a stored record names: every address and uid that is in it, whatever its shape.

Records were written by many rooms, and by older versions; so that nobody is overlooked they are all read the
same way, as JSON or as text.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from bot.domain.model import SubjectKind

_ADDRESS = re.compile(r"[^\s\"'<>()\[\]{},;:\\/=?&|]+@[^\s\"'<>()\[\]{},;:\\/=?&|@]+")


@dataclass(frozen=True, slots=True)
class Mentions:
    """
    What a record names.

    `addresses` are lower-cased, `spelled` as they stand there; `pairs` are an address and a uid that are said
    to be one person's; `sessions` are ids of sessions.
    """

    addresses: frozenset[str] = frozenset()
    spelled: frozenset[str] = frozenset()
    uids: frozenset[str] = frozenset()
    pairs: frozenset[tuple[str, str]] = frozenset()
    sessions: frozenset[str] = frozenset()


def mentions_in(text: str) -> Mentions:
    """What a record, JSON or any other text, names."""
    spelled = frozenset(address.rstrip(".") for address in _ADDRESS.findall(text.replace("%40", "@")))
    try:
        objects = tuple(_objects(json.loads(text)))
    except (ValueError, RecursionError):
        objects = ()
    uids = {uid for one in objects if (uid := _uid(one))}
    pairs = {(one["email"].lower(), one["uid"]) for one in objects if _is_text(one, "email", "uid")}
    sessions = {one["id"] for one in objects if _is_text(one, "id") and isinstance(one.get("user"), dict)}
    sessions |= {one["session_id"] for one in objects if _is_text(one, "session_id")}
    return Mentions(
        frozenset(address.lower() for address in spelled),
        spelled,
        frozenset(uids),
        frozenset(pairs),
        frozenset(sessions),
    )


def pair_in(text: str) -> Mentions:
    """What a record of who is who names: an address, a uid and their source."""
    address, uid, _account = json.loads(text)
    lower = str(address).lower()
    return Mentions(
        frozenset({lower}), frozenset({address}), frozenset({uid}), frozenset({(lower, uid)}), frozenset()
    )


def _uid(one: dict[str, Any]) -> str | None:
    if _is_text(one, "uid"):
        return str(one["uid"])
    if one.get("kind") == SubjectKind.UID and _is_text(one, "value"):
        return str(one["value"])
    return None


def _is_text(one: dict[str, Any], *names: str) -> bool:
    return all(isinstance(one.get(name), str) and one[name] for name in names)


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object in some JSON, however deep."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
