"""The `filters` parameter: which filters are accepted, and the two forms of the 500 for others."""

import json
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from sandbox.vendors.rybbit_sight import Sight, is_of

_C_REFUSAL = "Cannot set property errors of [object Object] which has only a getter"


class BadFilters(Exception):
    """
    Raised when a request's filters are refused, always as a 500.

    `message` is the message in the web framework's own form; without it the answer has the route's `error`.
    """

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, slots=True)
class Filter:
    """One condition, which any one of the values meets."""

    parameter: str
    type: str
    values: tuple[Any, ...]


def _text(value: Any) -> str:
    return str(value)


_MATCHES: dict[str, Callable[[str, str], bool]] = {
    "equals": operator.eq,
    "contains": lambda had, wanted: wanted.lower() in had.lower(),
    "starts_with": lambda had, wanted: had.lower().startswith(wanted.lower()),
    "ends_with": lambda had, wanted: had.lower().endswith(wanted.lower()),
    "regex": lambda had, wanted: re.search(wanted, had) is not None,
}
_OLD_TYPES = frozenset({"equals", "not_equals", "contains", "not_contains", "regex", "not_regex"})
_NEW_TYPES = _OLD_TYPES | {"starts_with", "ends_with", "not_starts_with", "not_ends_with"}

_OF_VISIT: dict[str, Callable[[Sight], Iterable[Any]]] = {
    "browser": lambda s: [s.visit.device.browser],
    "browser_version": lambda s: [s.visit.device.browser_version],
    "operating_system": lambda s: [s.visit.device.system],
    "operating_system_version": lambda s: [s.visit.device.system_version],
    "language": lambda s: [s.visit.device.language],
    "country": lambda s: [s.visit.device.country or ""],
    "region": lambda s: [s.visit.device.region],
    "city": lambda s: [f"{s.visit.device.region}-{s.visit.device.city}"],
    "device_type": lambda s: [s.visit.device.type],
    "lat": lambda s: [s.visit.device.lat],
    "lon": lambda s: [s.visit.device.lon],
    "timezone": lambda s: [s.visit.device.timezone],
    "hostname": lambda s: [s.visit.hostname],
    "channel": lambda s: [s.visit.channel],
    "referrer": lambda s: [(urlsplit(s.events[0].referrer).hostname or "").removeprefix("www.")],
    "entry_page": lambda s: s.pages[:1],
    "exit_page": lambda s: s.pages[-1:],
    "event_name": lambda s: [e.name for e in s.events if e.name],
    "user_id": lambda s: [s.visit.device_id],
} | {
    f"utm_{part}": (lambda s, part=part: [s.visit.utm.get(part, "")])
    for part in ("source", "medium", "campaign", "term", "content")
}
_OF_EVENT: dict[str, Callable[[Sight], Iterable[Any]]] = {
    "pathname": lambda s: [e.path for e in s.events],
    "page_title": lambda s: [e.title for e in s.events],
    "querystring": lambda s: [e.query for e in s.events],
}


def read_filters(text: str, *, old: bool) -> tuple[Filter, ...]:
    """
    The filters in the parameter's JSON; none for an empty text.

    Raises:
        BadFilters: for bad JSON, unknown parameters and types, values that are no list or an empty one.

    """
    if not text:
        return ()
    try:
        given = json.loads(text)
    except ValueError:
        raise BadFilters("Invalid JSON format" if old else None) from None
    if not isinstance(given, list):
        raise BadFilters(_refusal("Expected array, received object", old=old))
    return tuple(_read_one(one, old=old) for one in given)


def _read_one(one: Any, *, old: bool) -> Filter:
    known = _OF_VISIT | _OF_EVENT
    if not isinstance(one, dict) or one.get("parameter") not in known:
        raise BadFilters(_refusal("Invalid enum value", old=old))
    if one.get("type") not in (_OLD_TYPES if old else _NEW_TYPES):
        raise BadFilters(_refusal("Invalid enum value", old=old))
    values = one.get("value")
    if not isinstance(values, list):
        raise BadFilters(_refusal("Expected array, received string", old=old))
    if not values or (one["parameter"] == "user_id" and not all(isinstance(v, str) for v in values)):
        raise BadFilters
    if old and one["parameter"] in _OF_EVENT:
        raise BadFilters
    return Filter(one["parameter"], one["type"], tuple(values))


def _refusal(message: str, *, old: bool) -> str:
    """The validation library's message; old servers send its list of issues as text."""
    return json.dumps([{"message": message}], indent=2) if old else _C_REFUSAL


def passes(sight: Sight, conditions: Iterable[Filter], *, old: bool) -> bool:
    """Whether a visit meets all conditions."""
    return all(_meets(sight, condition, old=old) for condition in conditions)


def _meets(sight: Sight, condition: Filter, *, old: bool) -> bool:
    kind, negated = condition.type.removeprefix("not_"), condition.type.startswith("not_")
    if condition.parameter == "user_id" and kind == "equals":
        met = any(is_of(sight, value, anonymous_alone=not old) for value in condition.values)
    elif condition.parameter == "user_id" and old:
        # Observed: in 2.2.4 every session meets `contains`.
        return True
    else:
        had = [_text(value) for value in (_OF_VISIT | _OF_EVENT)[condition.parameter](sight)]
        met = any(_MATCHES[kind](one, _text(wanted)) for one in had for wanted in condition.values)
    return met != negated
