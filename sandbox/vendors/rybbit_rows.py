"""Rybbit's rows of sessions and errors (`contracts/rybbit_observed.md`)."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sandbox.vendors.rybbit_data import Device, Event, Site, Visit
from sandbox.vendors.rybbit_sight import Sight

NO_COUNTRY = "\0\0"
"""What a server says for no country: ClickHouse's two empty bytes."""
_KEPT_AS_TEXT = frozenset({"session_id", "user_id", "identified_user_id", "effective_user_id"})
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_UTM = ("source", "medium", "campaign", "term", "content")

Row = dict[str, Any]


def as_json(row: Mapping[str, Any]) -> Row:
    """The row with each text that JavaScript takes for a number as a number, but for ids."""
    return {key: value if key in _KEPT_AS_TEXT else _as_number(value) for key, value in row.items()}


def _as_number(value: Any) -> Any:
    if not isinstance(value, str) or not value:
        return value
    text = value.strip(" \t\r\n")
    if not text:
        return 0
    if text[:2].lower() == "0x":
        return int(text, 16) if re.fullmatch(r"0[xX][0-9a-fA-F]+", text) else value
    return whole(float(text)) if _NUMBER.fullmatch(text) else value


def whole(number: float) -> float:
    """A number as in JSON from JavaScript: without `.0`."""
    return int(number) if number == int(number) else number


def moment(at: datetime) -> str:
    """A time as ClickHouse prints it: UTC, whole seconds, no zone."""
    return at.strftime("%Y-%m-%d %H:%M:%S")


def device_of(device: Device) -> Row:
    """What every row says about a device."""
    return {
        "country": device.country or NO_COUNTRY,
        "region": device.region,
        "city": device.city,
        "language": device.language,
        "device_type": device.type,
        "browser": device.browser,
        "browser_version": device.browser_version,
        "operating_system": device.system,
        "operating_system_version": device.system_version,
        "screen_width": device.width,
        "screen_height": device.height,
    }


def listed_session(site: Site, sight: Sight, *, all_keys: bool) -> Row:
    """A row of the list of sessions; with `all_keys` it has the 42 keys of current servers."""
    visit, counts = sight.visit, sight.counts
    profile = site.profiles.get(sight.identified)
    newer = {
        "button_clicks": counts["button_click"],
        "copies": counts["copy"],
        "form_submits": counts["form_submit"],
        "input_changes": counts["input_change"],
    }
    row = {
        "session_id": visit.id,
        "user_id": visit.device_id,
        "identified_user_id": sight.identified,
        **device_of(visit.device),
        "referrer": sight.events[0].referrer,
        "channel": visit.channel,
        "hostname": visit.hostname,
        **{f"utm_{part}": visit.utm.get(part, "") for part in _UTM},
        "session_end": moment(sight.end),
        "session_start": moment(sight.begin),
        "session_duration": sight.seconds,
        "entry_page": next(iter(sight.pages), ""),
        "exit_page": next(reversed(sight.pages), ""),
        "pageviews": counts["pageview"],
        "events": counts["custom_event"],
        "errors": counts["error"],
        "outbound": counts["outbound"],
        **(newer if all_keys else {}),
        "ip": None,
        "lat": visit.device.lat,
        "lon": visit.device.lon,
        **({"tag": "", "timezone": visit.device.timezone} if all_keys else {}),
        "has_replay": int(visit.has_replay),
        "traits": profile.traits if profile else None,
    }
    return as_json(row)


def one_session(sight: Sight, limit: int, offset: int) -> Row:
    """One session with its events, without its person."""
    visit, events = sight.visit, sight.listed_events
    session = {
        "session_id": visit.id,
        "user_id": visit.device_id,
        **device_of(visit.device),
        "referrer": sight.events[0].referrer,
        "channel": visit.channel,
        "session_start": moment(sight.begin),
        "session_end": moment(sight.end),
        "session_duration": sight.seconds,
        "pageviews": sight.counts["pageview"],
        "events": len(sight.events),
        "entry_page": next(iter(sight.pages), ""),
        "exit_page": next(reversed(sight.pages), ""),
        "ip": None,
    }
    page = events[offset : offset + limit]
    return {
        "session": as_json(session),
        "events": [_event(visit, event) for event in page],
        "pagination": {
            "total": len(events),
            "limit": limit,
            "offset": offset,
            "hasMore": offset + len(page) < len(events),
        },
    }


def _event(visit: Visit, event: Event) -> Row:
    row = {
        "timestamp": moment(event.at),
        "pathname": event.path,
        "hostname": visit.hostname,
        "querystring": event.query,
        "page_title": event.title,
        "referrer": event.referrer,
        "type": event.type,
        "event_name": event.name,
        "props": dict(sorted(event.props.items())),
    }
    return as_json(row)


def _errors(sights: Iterable[Sight]) -> list[tuple[Visit, Event]]:
    return [(sight.visit, event) for sight in sights for event in sight.events if event.type == "error"]


def error_names(sights: Iterable[Sight]) -> list[Row]:
    """The error messages, the most frequent one first."""
    found = _errors(sights)
    counts: Counter[str] = Counter()
    kinds: dict[str, str] = {}
    visits: defaultdict[str, set[str]] = defaultdict(set)
    for visit, event in found:
        message = str(event.props.get("message", ""))
        counts[message] += 1
        kinds.setdefault(message, event.name)
        visits[message].add(visit.id)
    return [
        as_json(
            {
                "value": message,
                "errorName": kinds[message],
                "count": count,
                "sessionCount": len(visits[message]),
                "percentage": whole(round(100 * count / len(found), 2)),
            }
        )
        for message, count in sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    ]


def error_events(sights: Iterable[Sight], message: str) -> list[Row]:
    """Each occurrence of exactly this message, newest first."""
    met = [pair for pair in _errors(sights) if str(pair[1].props.get("message", "")) == message]
    met.sort(key=lambda pair: pair[1].at, reverse=True)
    return [_error(visit, event) for visit, event in met]


def _error(visit: Visit, event: Event) -> Row:
    device, props = device_of(visit.device), event.props
    row = {
        "timestamp": moment(event.at),
        "session_id": visit.id,
        "user_id": visit.device_id,
        "pathname": event.path,
        "hostname": visit.hostname,
        "page_title": event.title,
        "referrer": event.referrer,
        **{key: value for key, value in device.items() if not key.startswith(("screen_", "language"))},
        "message": str(props.get("message", "")),
        "stack": props.get("stack", ""),
        "fileName": props.get("fileName", ""),
        "lineNumber": props.get("lineNumber"),
        "columnNumber": props.get("columnNumber"),
    }
    return as_json(row)


def locations(sights: Iterable[Sight]) -> list[Row]:
    """How many sessions came from each place, with what the server has of it."""
    counts: Counter[tuple[float, float, str, str]] = Counter()
    for sight in sights:
        device = sight.visit.device
        counts[device.lat, device.lon, device.city, device.country or NO_COUNTRY] += 1
    return [
        as_json({"lat": lat, "lon": lon, "city": city, "country": country, "count": count})
        for (lat, lon, city, country), count in counts.items()
    ]
