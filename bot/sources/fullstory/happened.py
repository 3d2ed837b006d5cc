"""
What happened in a session, from either of the forms in which FullStory tells it, and what of it went wrong.

Kinds and properties have the names of the vendor's warehouse (github.com/fullstorydev/dbt_fullstory,
event types; `exceptions`, `clicks`, `requests`, `console_messages`, `custom_events`) or those of its contexts
(`network-error`, `rage-click`; fullstory-anywhere-activation, projects/sdk/src/profile.ts). Which of them an
account's answers have is not documented, so each is taken, in snake and in camel case.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, urlsplit

from bot.domain.model import ErrorEvent, ErrorKind, Session, SessionUser
from bot.sources.fullstory.faults import Fault, faults_of
from bot.sources.json_fields import at, by_snake, joined, snake, to_moment, to_page, to_text

# Pages at the end of a session that are kept.
_LAST_PAGES = 6
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """One event: its kind in snake case, its properties by their names in snake case, its words and page."""

    kind: str
    when: datetime | None
    properties: dict[str, Any]
    words: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Happened:
    """A session's events, oldest first, and the parts of the session's row that came with them."""

    events: tuple[Event, ...]
    session: Session

    def errors(self) -> tuple[ErrorEvent, ...]:
        """What went wrong, newest first; what has no time comes last."""
        found = [self._error(event, fault) for event in self.events for fault in _faults(event)]
        return tuple(sorted(found, key=lambda error: error.occurred_at or _LONG_AGO, reverse=True))

    def kinds(self) -> list[str]:
        """The kinds of events that the vendor told, for the log: each name once."""
        return sorted({event.kind for event in self.events if re.fullmatch(r"[a-z_]{1,30}", event.kind)})

    def _error(self, event: Event, fault: Fault) -> ErrorEvent:
        return ErrorEvent(
            self.session.source,
            fault.title,
            occurred_at=event.when,
            count=fault.count,
            session_id=self.session.id,
            page=to_page(event.url),
            kind=fault.kind,
        )


def read_happened(body: Any, bare: Session, until: datetime | None = None) -> Happened:
    """
    What an answer tells of a session; `bare` is its row with nothing but source and id.

    Events after `until` are left out: events come whole, and a server may not know where to end a context.
    """
    if isinstance(context := at(body, "context_data"), dict):
        events = list(_of_context(context))
        session = _told(bare, by_snake(context.get("context")))
    else:
        rows = _rows(at(body, "events"))
        events = [_of_event(row) for row in rows]
        session = _agent(bare, [by_snake(row.get("source_properties")) for row in rows])
    if until is not None:
        events = [event for event in events if event.when is None or event.when <= until]
    # The sort keeps the vendor's order among those of the same time, and of those without one.
    events.sort(key=lambda event: event.when or _LONG_AGO)
    return Happened(tuple(events), _travelled(session, events))


def _of_context(context: dict[str, Any]) -> Iterator[Event]:
    for page in _rows(context.get("pages")):
        url = to_text(page.get("url"))
        for row in _rows(page.get("events")):
            words = to_text(row.get("description")) or to_text(row.get("content"))
            properties = by_snake(row.get("properties"))
            # What was clicked stands beside its description.
            properties.setdefault("target_text", row.get("content"))
            yield Event(_kind(row.get("type")), to_moment(row.get("timestamp")), properties, words, url)


def _rows(value: Any) -> list[dict[str, Any]]:
    """The objects in a list, with the names of their fields in snake case; empty where it is no list."""
    return [by_snake(row) for row in value if isinstance(row, dict)] if isinstance(value, list) else []


def _of_event(row: dict[str, Any]) -> Event:
    source = by_snake(row.get("source_properties"))
    url = by_snake(source.get("url"))
    page = to_text(url.get("full_url")) or to_text(url.get("path")) or to_text(source.get("url_full_url"))
    kind, properties = _kind(row.get("event_type")), by_snake(row.get("event_properties"))
    return Event(kind, to_moment(row.get("event_time")), properties, None, page)


def _kind(value: Any) -> str:
    return snake(to_text(value) or "").removeprefix("event_type_")


def _faults(event: Event) -> tuple[Fault, ...]:
    return faults_of(event.kind, event.properties, event.words)


def _told(bare: Session, told: dict[str, Any]) -> Session:
    """The row with what a context says of the user, the device and the place."""
    user, device = by_snake(told.get("user_context")), by_snake(told.get("device_context"))
    place = by_snake(told.get("location_context"))
    email = to_text(user.get("email"))
    return replace(
        bare,
        started_at=to_moment(told.get("session_created_at")),
        user=SessionUser(
            to_text(user.get("user_uid")), email.lower() if email else None, to_text(user.get("display_name"))
        ),
        browser=to_text(device.get("browser")),
        os=to_text(device.get("operating_system")),
        country=to_text(place.get("country")),
        city=to_text(place.get("city")),
    )


def _agent(bare: Session, sources: list[dict[str, Any]]) -> Session:
    """The row with what the events say of the browser and the place; the first that says anything counts."""
    agents = [by_snake(source.get("user_agent")) for source in sources]
    agent = next((one for one in agents if one), {})
    places = [by_snake(source.get("location")) for source in sources]
    place = next((one for one in places if one), {})
    referrers = (source.get("initial_referrer") for source in sources)
    urls = (to_text(by_snake(one).get("full_url")) or to_text(one) for one in referrers)
    return replace(
        bare,
        device=to_text(agent.get("device")),
        browser=joined(agent.get("browser"), agent.get("browser_version")),
        os=to_text(agent.get("operating_system")),
        country=to_text(place.get("country")),
        city=to_text(place.get("city")),
        referrer=next((host for url in urls if (host := _host(url))), None),
    )


def _travelled(session: Session, events: list[Event]) -> Session:
    """The row with the way through the site, and how often the person clicked in vain."""
    trail: list[str] = []
    for page in (to_page(event.url) for event in events):
        if page and trail[-1:] != [page]:
            trail.append(page)
    faults = [fault for event in events for fault in _faults(event)]
    counts: Counter[ErrorKind] = Counter()
    for fault in faults:
        counts[fault.kind] += fault.count
    in_vain = (ErrorKind.RAGE_CLICK, ErrorKind.DEAD_CLICK)
    return replace(
        session,
        entry_page=trail[0] if trail else None,
        exit_page=trail[-1] if trail else None,
        trail=tuple(trail[-_LAST_PAGES:]),
        campaign=next((name for event in events if (name := _campaign(event.url))), None),
        errors=sum(count for kind, count in counts.items() if kind not in in_vain),
        rage_clicks=counts[ErrorKind.RAGE_CLICK],
        dead_clicks=counts[ErrorKind.DEAD_CLICK],
        error_clicks=counts[ErrorKind.ERROR_CLICK],
    )


def _host(url: str | None) -> str | None:
    try:
        return urlsplit(url or "").hostname
    except ValueError:
        return None


def _campaign(url: str | None) -> str | None:
    try:
        query = parse_qs(urlsplit(url or "").query, max_num_fields=50)
    except ValueError:
        return None
    return to_text(next(iter(query.get("utm_campaign", [])), None))
