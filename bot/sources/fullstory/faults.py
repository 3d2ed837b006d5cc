"""Which of FullStory's events say that something went wrong, and the words that say what."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from bot.domain.model import ErrorKind
from bot.sources.json_fields import by_snake, to_count, to_page, to_text

# A request is a failed one from this status on; the vendor records no others, or is said to.
_FAILED_FROM = 400
# Properties of a custom event that are shown beside its name.
_MOST_PROPERTIES = 3
_CLICKS = {
    "rage_click": (ErrorKind.RAGE_CLICK, "rage clicks"),
    "dead_click": (ErrorKind.DEAD_CLICK, "dead click"),
    "error_click": (ErrorKind.ERROR_CLICK, "click that caused an error"),
    "click_error": (ErrorKind.ERROR_CLICK, "click that caused an error"),
}
# Words in the name of a custom event by which it names an error.
_NAMES_ERROR = re.compile(
    r"error|exception|fail|crash|declin|reject|denied|refus|timed?_?out|unavailable", re.IGNORECASE
)
# The query of an address may hold reset tokens.
_QUERY = re.compile(r"(https?://[^\s?#\"'<>]*)[?#][^\s\"'<>]*")
_Properties = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that went wrong: its kind, what it was in words, and how often it happened at once."""

    kind: ErrorKind
    title: str
    count: int = 1


def faults_of(kind: str, properties: _Properties, words: str | None) -> tuple[Fault, ...]:
    """
    What one event says went wrong; a click may be several things at once.

    Args:
        kind: the event's type in snake case.
        properties: its properties, by their names in snake case.
        words: the vendor's own description of it, where it has one.

    """
    said = _without_queries(words)
    if read := _READERS.get(kind):
        return tuple(read(properties, said))
    if kind in _CLICKS:
        meaning, noun = _CLICKS[kind]
        return (Fault(meaning, _click(noun, properties, said), _marked(meaning, properties) or 1),)
    return tuple(_custom(kind, properties, said))


def _exception(properties: _Properties, said: str | None) -> Iterator[Fault]:
    file = to_page(properties.get("exception_source_file"))
    nameless = f"exception in {file}" if file else "exception without a message"
    yield Fault(ErrorKind.EXCEPTION, _message(properties) or said or nameless, _burst(properties))


def _console(properties: _Properties, said: str | None) -> Iterator[Fault]:
    level = to_text(properties.get("console_message_level")) or to_text(properties.get("level"))
    if level is None or level.lower() in ("error", "assert"):
        title = _message(properties) or said or "console error without a message"
        yield Fault(ErrorKind.EXCEPTION, title, _burst(properties))


def _crash(properties: _Properties, said: str | None) -> Iterator[Fault]:
    yield Fault(ErrorKind.CRASH, _message(properties) or said or "the app crashed")


def _message(properties: _Properties) -> str | None:
    found = to_text(properties.get("message")) or to_text(properties.get("error_message"))
    return _without_queries(found)


def _without_queries(text: str | None) -> str | None:
    return _QUERY.sub(r"\1", text) if text else None


def _burst(properties: _Properties) -> int:
    return to_count(properties.get("exception_count")) or 1


def _request(properties: _Properties, said: str | None) -> Iterator[Fault]:
    status = to_count(properties.get("request_status") or properties.get("status"))
    if status and status < _FAILED_FROM:
        return
    method = to_text(properties.get("request_method")) or to_text(properties.get("method"))
    path = _path(properties)
    if path is None and said:
        yield Fault(ErrorKind.FAILED_REQUEST, said)
        return
    named = " ".join(part for part in (method, path) if part) or "a request"
    yield Fault(ErrorKind.FAILED_REQUEST, f"{named}: {status or 'no answer'}")


def _path(properties: _Properties) -> str | None:
    """The path that was asked for: the address comes whole, in parts, or as an object of its parts."""
    for name in ("request_url", "url"):
        parts = by_snake(properties.get(name))
        if found := to_page(parts.get("path") or parts.get("full_url") or properties.get(name)):
            return found
    return to_page(properties.get("request_url_path") or properties.get("request_url_full_url"))


def _click_faults(properties: _Properties, said: str | None) -> Iterator[Fault]:
    for kind, (meaning, noun) in _CLICKS.items():
        if kind != "click_error" and (count := _marked(meaning, properties)):
            yield Fault(meaning, _click(noun, properties, said), count)


def _marked(meaning: ErrorKind, properties: _Properties) -> int:
    """How often a click is marked as one of this kind."""
    if meaning is ErrorKind.ERROR_CLICK:
        return int(bool(to_text(properties.get("fs_error_kind"))))
    name = "fs_rage_count" if meaning is ErrorKind.RAGE_CLICK else "fs_dead_count"
    return to_count(properties.get(name)) or 0


def _click(noun: str, properties: _Properties, said: str | None) -> str:
    target = to_text(properties.get("target_text")) or to_text(properties.get("target_raw_selector"))
    if target:
        return f"{noun} on “{target}”"
    return f"{noun}: {said}" if said else noun


def _custom(kind: str, properties: _Properties, said: str | None) -> Iterator[Fault]:
    """An event that the application named itself, where its name names an error."""
    name = to_text(properties.get("event_name")) or (kind if kind != "custom" else said) or ""
    if not _NAMES_ERROR.search(name):
        return
    inner = by_snake(properties.get("event_properties")) or properties
    told = [
        f"{key}: {text}"
        for key, value in inner.items()
        if key not in ("event_name", "target_text") and (text := _without_queries(to_text(value)))
    ]
    shown = ", ".join(told[:_MOST_PROPERTIES])
    yield Fault(ErrorKind.CUSTOM, f"{name} ({shown})" if shown else name)


_READERS: dict[str, Callable[[_Properties, str | None], Iterator[Fault]]] = {
    **dict.fromkeys(("exception", "uncaught_exception", "unhandled_exception"), _exception),
    **dict.fromkeys(("console_message", "console_error"), _console),
    **dict.fromkeys(("crash", "crashed"), _crash),
    **dict.fromkeys(("request", "network_error", "request_error", "network_request"), _request),
    **dict.fromkeys(("click", "tap"), _click_faults),
}
