"""
Recordings of Rybbit's sessions, by rrweb: each page whole when it is seen, the mouse, and clicks.

They are as small as a recording can be that still shows something. As with real ones, times are milliseconds
since 1970, and what a page loads from elsewhere is named, not contained.
"""

import itertools
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sandbox.vendors.rybbit_data import Event, Site, Visit
from sandbox.vendors.rybbit_rows import Row, as_json, device_of, moment
from sandbox.vendors.rybbit_sight import Sight

# rrweb's numbers of events, of sources of incremental ones, of nodes and of mouse interactions.
_FULL, _INCREMENTAL, _META = 2, 3, 4
_MOUSE_MOVE, _MOUSE_INTERACTION = 1, 2
_DOCUMENT, _DOCTYPE, _ELEMENT, _TEXT = 0, 1, 2, 3
_CLICK = 2
# After a page is seen the mouse goes over it for so many steps, of so many milliseconds.
_STEPS, _STEP_MS = 30, 100
_STYLE = (
    "body { font: 18px sans-serif; margin: 0; background: #fff; color: #1d2b28 }"
    " header { background: #0b5a42 url(https://cdn.shop.example/pattern.png); color: #fff }"
    " header, main { padding: 24px 48px } button { font: inherit; padding: 12px 24px }"
)


def one_replay(site: Site, sight: Sight) -> Row:
    """A recording and what is said about it; not inside `data`, unlike everything else."""
    events = list(_events(sight))
    begin, end = events[0]["timestamp"], events[-1]["timestamp"]
    visit = sight.visit
    profile = site.profiles.get(sight.identified)
    metadata = {
        "site_id": site.number,
        "session_id": visit.id,
        "user_id": visit.device_id,
        "start_time": moment(sight.begin),
        "end_time": moment(sight.end),
        "duration_ms": end - begin,
        "event_count": len(events),
        "compressed_size_bytes": len(str(events)) // 8,
        "page_url": _url(visit, sight.events[0]),
        **device_of(visit.device),
        "lat": visit.device.lat,
        "lon": visit.device.lon,
        "channel": visit.channel,
        "hostname": visit.hostname,
        "referrer": sight.events[0].referrer,
        "has_replay_data": 1,
        "created_at": moment(sight.end),
        "identified_user_id": sight.identified,
        "traits": profile.traits if profile else None,
    }
    return {"events": events, "metadata": as_json(metadata)}


def _events(sight: Sight) -> Iterator[Row]:
    for event in sight.events:
        at = _milliseconds(event.at)
        if event.type == "pageview":
            yield from _page(sight.visit, event, at)
        elif event.type in ("button_click", "custom_event"):
            yield _incremental(at, source=_MOUSE_INTERACTION, type=_CLICK, id=_BUTTON, x=120, y=240)


def _page(visit: Visit, event: Event, at: int) -> Iterator[Row]:
    device = visit.device
    yield _row(at, _META, {"href": _url(visit, event), "width": device.width, "height": device.height})
    snapshot = {"node": _document(event), "initialOffset": {"left": 0, "top": 0}}
    yield _row(at + 20, _FULL, snapshot)
    for step in range(1, _STEPS + 1):
        x, y = device.width * step // (2 * _STEPS), device.height * step // (3 * _STEPS)
        position = {"x": x, "y": y, "id": _BODY, "timeOffset": 0}
        yield _incremental(at + 20 + step * _STEP_MS, source=_MOUSE_MOVE, positions=[position])


# The ids of nodes that events are about.
_BODY, _BUTTON = 1_000, 1_001


def _document(event: Event) -> Row:
    ids = itertools.count(1)

    def text(words: str, **more: Any) -> Row:
        return {"type": _TEXT, "textContent": words, "id": next(ids), **more}

    def element(tag: str, *children: Row, id: int | None = None, **attributes: str) -> Row:  # noqa: A002
        known = {"type": _ELEMENT, "tagName": tag, "attributes": attributes, "childNodes": [*children]}
        return known | {"id": next(ids) if id is None else id}

    heading = event.title or event.path
    head = element("head", element("style", text(_STYLE, isStyle=True)), element("title", text(heading)))
    body = element(
        "body",
        element("header", element("strong", text("The shop"))),
        element(
            "main",
            element("h1", text(heading)),
            element("p", text(f"This is {event.path} of the shop.")),
            element("img", alt="A picture", src="https://cdn.shop.example/picture.png"),
            element("button", text("Go on"), id=_BUTTON),
        ),
        id=_BODY,
    )
    doctype = {"type": _DOCTYPE, "name": "html", "publicId": "", "systemId": "", "id": next(ids)}
    return {
        "type": _DOCUMENT,
        "childNodes": [doctype, element("html", head, body, lang="en")],
        "id": next(ids),
    }


def _incremental(at: int, **data: Any) -> Row:
    return _row(at, _INCREMENTAL, data)


def _row(at: int, kind: int, data: Row) -> Row:
    return {"timestamp": at, "type": kind, "data": data}


def _url(visit: Visit, event: Event) -> str:
    return f"https://{visit.hostname}{event.path}{event.query}"


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
