"""
What the sandbox's FullStory tells of a session: as events, or as a context (`contracts/fullstory.md`, 3).

Kinds and properties are named as in the vendor's warehouse (dbt_fullstory), contexts as in its own client
(fullstory-anywhere-activation). With `camel` the properties' names are camel-cased, which no page rules out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sandbox.people import Customer, Sign, Visit

SHOP = "https://shop.example"
# The kinds that a context's `events` may name.
CONTEXT_TYPES = frozenset(
    {
        "navigate",
        "click",
        "dead-click",
        "error-click",
        "rage-click",
        "input-change",
        "network-error",
        "console-error",
        "mouse-thrash",
        "highlight",
        "copy",
        "paste",
        "element-seen",
    }
)
_IN_CONTEXT = {
    "request": "network-error",
    "console": "console-error",
    "rage": "rage-click",
    "dead": "dead-click",
    "error click": "error-click",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing in a visit: seconds after its begin, the page's number, its kinds in both forms, and more."""

    after: float
    page: int
    kind: str
    in_context: str
    properties: Mapping[str, Any]
    words: str


def moments_of(visit: Visit) -> list[Moment]:
    """Everything that happened in a visit, in its order."""
    step = visit.seconds / max(1, len(visit.pages))
    found = [
        Moment(number * step, number, "navigate", "navigate", {}, f"Navigated to {page}")
        for number, page in enumerate(visit.pages)
    ]
    for error in visit.errors:
        properties = {"message": error.title, "exception_count": 1, "exception_source_file": "/app.js"}
        page = min(int(error.after_seconds / step), len(visit.pages) - 1) if step else 0
        found.append(Moment(error.after_seconds, page, "exception", "console-error", properties, error.title))
    for sign in visit.signs:
        page = min(int(sign.after_seconds / step), len(visit.pages) - 1) if step else 0
        kind, properties = _recorded(sign)
        in_context = _IN_CONTEXT.get(sign.what, sign.what)
        found.append(Moment(sign.after_seconds, page, kind, in_context, properties, sign.words))
    return sorted(found, key=lambda moment: moment.after)


def _recorded(sign: Sign) -> tuple[str, dict[str, Any]]:
    """The kind and the properties of the event that records a sign."""
    if sign.what == "request":
        method, path, status = sign.words.split(" ")
        url = {"full_url": f"{SHOP}{path}?token=secret", "host": "shop.example", "path": path}
        return "request", {"request_method": method, "request_status": int(status), "request_url": url}
    clicked = {"fs_rage_count": 0, "fs_dead_count": 0, "target_text": sign.words}
    events: dict[str, tuple[str, dict[str, Any]]] = {
        "rage": ("click", clicked | {"fs_rage_count": sign.count}),
        "dead": ("click", clicked | {"fs_dead_count": sign.count}),
        "error click": ("click", clicked | {"fs_error_kind": "exception"}),
        "console": ("console_message", {"console_message_level": "error", "message": sign.words}),
        "crash": ("crashed", {}),
        "custom": ("custom", {"event_name": sign.words, "code": "E42"}),
    }
    return events[sign.what]


def as_events(ids: Mapping[str, str], person: Customer, visit: Visit, *, camel: bool) -> list[dict[str, Any]]:
    """A visit as the events of its session; `ids` are the device's and the session's."""
    return [_event(ids, person, visit, moment, camel=camel) for moment in moments_of(visit)]


def _event(
    ids: Mapping[str, str], person: Customer, visit: Visit, moment: Moment, *, camel: bool
) -> dict[str, Any]:
    agent = {"device": person.device, "operating_system": person.os[0]}
    agent |= {"browser": person.browser[0], "browser_version": person.browser[1]}
    page = visit.pages[moment.page] if visit.pages else "/"
    source: dict[str, Any] = {"user_agent": agent, "url": {"full_url": f"{SHOP}{page}", "path": page}}
    source["location"] = {"city": person.city, "country": person.country}
    source["initial_referrer"] = {"full_url": "https://search.example/?q=shoes"}
    return {
        **ids,
        "view_id": "1",
        "event_time": _stamp(visit, moment.after),
        "event_type": moment.kind,
        "event_properties": _camel(moment.properties) if camel else dict(moment.properties),
        "source_type": "web",
        "source_properties": _camel(source) if camel else source,
    }


def as_context(
    person: Customer, visit: Visit, asked: Mapping[str, Any], url: str, session_id: str
) -> dict[str, Any]:
    """A visit as its session's context, with the slice and the kinds that were asked for."""
    events, pieces = asked.get("events", {}), asked.get("slice", {})
    include, exclude = set(events.get("include_types", ())), set(events.get("exclude_types", ()))
    every = [
        moment
        for moment in moments_of(visit)
        if moment.in_context not in exclude and (not include or moment.in_context in include)
    ]
    if end := pieces.get("end_timestamp"):
        until = datetime.fromisoformat(end)
        every = [moment for moment in every if visit.started_at + timedelta(seconds=moment.after) < until]
    limit = pieces.get("event_limit") or len(every)
    kept = every[-limit:] if pieces.get("mode") == "LAST" and limit else every[:limit]
    parts = set(asked.get("context", {}).get("include", ("user", "org", "location", "device")))
    return {
        "context_data": {
            "context": _about(person, visit, parts) | {"session_id": session_id, "session_url": url},
            "pages": list(_pages(visit, kept)),
        }
    }


def as_summary(person: Customer, visit: Visit, until: datetime) -> dict[str, Any]:
    """A visit in words, up to a moment, in the fields that the account's profile asks its machine for."""
    seen = [one for one in moments_of(visit) if visit.started_at + timedelta(seconds=one.after) < until]
    pages = [visit.pages[one.page] for one in seen if one.kind == "navigate"]
    wrong = [one.words for one in seen if one.kind != "navigate"]
    who = person.name or "The user"
    ended = f"and left from {pages[-1]}" if pages else "and saw no page"
    said = {
        "summary": f"{who} came to {pages[0] if pages else 'the site'}, saw {len(pages)} pages {ended}.",
        "what_went_wrong": wrong or ["nothing"],
        "was_stuck": bool(wrong),
    }
    schema = {"type": "OBJECT", "properties": {name: {} for name in said}}
    return {"response": said, "response_schema": schema}


def _about(person: Customer, visit: Visit, parts: set[str]) -> dict[str, Any]:
    told: dict[str, Any] = {"session_created_at": _stamp(visit, 0)}
    if "user" in parts:
        told["user_context"] = {
            "user_uid": person.uid,
            "display_name": person.name,
            "email": person.email,
            "properties": {"plan": person.plan} if person.plan else {},
        }
    if "location" in parts:
        told["location_context"] = {"country": person.country, "city": person.city}
    if "device" in parts:
        told["device_context"] = {
            "browser": " ".join(person.browser),
            "operating_system": " ".join(person.os),
            "screen_size": {"height_pixels": 1080, "width_pixels": 1920},
        }
    return told


def _pages(visit: Visit, kept: list[Moment]) -> Iterator[dict[str, Any]]:
    for number, page in enumerate(visit.pages):
        events = [_in_context(visit, moment) for moment in kept if moment.page == number]
        if events:
            yield {"url": f"{SHOP}{page}", "title": "Shop", "events": events, "tab": 1}


def _in_context(visit: Visit, moment: Moment) -> dict[str, Any]:
    return {
        "type": moment.in_context,
        "description": moment.words,
        "timestamp": _stamp(visit, moment.after),
        "properties": dict(moment.properties),
    }


def _stamp(visit: Visit, after: float) -> str:
    return f"{visit.started_at + timedelta(seconds=after):%Y-%m-%dT%H:%M:%S}.000Z"


def _camel(fields: Mapping[str, Any]) -> dict[str, Any]:
    named = {re.sub(r"_(\w)", lambda found: found[1].upper(), name): value for name, value in fields.items()}
    return {name: _camel(value) if isinstance(value, dict) else value for name, value in named.items()}
