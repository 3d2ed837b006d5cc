"""
What a Rybbit server holds: sites, the events of visits, and the profiles of identified people.

Lists and pages are computed from the events, as ClickHouse does it there. All text is as the browser sent
it; a text that looks like a number is sent as a number.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.people import RYBBIT, Customer
from sandbox.people import Error as Hit
from sandbox.people import Visit as Seen

HOSTNAME = "shop.example"


@dataclass(frozen=True, slots=True)
class Event:
    """
    One row; `type` is one of the eight that are sent, or `performance`, which is not.

    `identified` is the person's own id at that time, empty before `identify()`.
    """

    at: datetime
    type: str
    path: str
    title: str = ""
    name: str = ""
    referrer: str = ""
    query: str = ""
    props: Mapping[str, Any] = field(default_factory=dict)
    identified: str = ""


@dataclass(frozen=True, slots=True)
class Device:
    """What is known by the browser and its IP address; `country` is None where it is not known."""

    type: str = "Desktop"
    browser: str = "Chrome"
    browser_version: str = "142"
    system: str = "Windows"
    system_version: str = "10"
    width: int = 1440
    height: int = 900
    language: str = "en-GB"
    country: str | None = None
    region: str = ""
    city: str = ""
    lat: float = 0
    lon: float = 0
    timezone: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    """One session: `device_id` is the fingerprint; `utm` holds source, medium, campaign, term, content."""

    id: str
    device_id: str
    device: Device
    events: tuple[Event, ...]
    hostname: str = HOSTNAME
    channel: str = "Direct"
    utm: Mapping[str, str] = field(default_factory=dict)
    has_replay: bool = False


@dataclass(frozen=True, slots=True)
class Profile:
    """
    An identified person: traits (None where `identify()` was never given any) and devices.

    `devices` are pairs of a device id and when it was linked, as Postgres prints it.
    """

    traits: Mapping[str, Any] | None = None
    devices: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """One site; `details` is what the server says about it besides its two ids."""

    number: int
    public_id: str
    visits: tuple[Visit, ...] = ()
    profiles: Mapping[str, Profile] = field(default_factory=dict)
    public: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key; None means every site, or every scope."""

    value: str
    sites: frozenset[int] | None = None
    scopes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class RybbitData:
    """A server's sites and keys; the first of each is what Casefile is configured for."""

    sites: tuple[Site, ...]
    keys: tuple[ApiKey, ...]


def from_people(people: Iterable[Customer]) -> RybbitData:
    """A server with one site and all of these customers whom Rybbit has."""
    known = [person for person in people if RYBBIT in person.vendors]
    site = Site(
        number=1407,
        public_id="5b0c8e1f27ad",
        visits=tuple(_visit(person, seen) for person in known for seen in person.visits),
        profiles={person.uid: _profile(person) for person in known},
        details={"name": HOSTNAME, "domain": HOSTNAME, "type": "web", "public": False},
    )
    return RybbitData(sites=(site,), keys=(ApiKey("rb_sandboxsandboxsandboxsandbox"),))


def _hashed(length: int, *parts: object) -> str:
    return hashlib.sha256("/".join(map(str, parts)).encode()).hexdigest()[:length]


def _profile(person: Customer) -> Profile:
    traits = {"email": person.email, "name": person.name}
    linked = min(visit.started_at for visit in person.visits).strftime("%Y-%m-%d %H:%M:%S.%f")
    return Profile(
        traits={key: value for key, value in traits.items() if value},
        devices=((_hashed(12, "device", person.number), linked),),
    )


def _visit(person: Customer, seen: Seen) -> Visit:
    device = Device(
        type=person.device,
        browser=person.browser[0],
        browser_version=person.browser[1],
        system=person.os[0],
        system_version=person.os[1],
        width=390 if person.device == "Mobile" else 1440,
        height=844 if person.device == "Mobile" else 900,
        country=person.country,
        region=person.region,
        city=person.city,
    )
    step = seen.seconds / max(1, len(seen.pages))
    views = [
        _event(seen, number * step, "pageview", page, person.uid) for number, page in enumerate(seen.pages)
    ]
    searched = seen.pages[0] == "/"
    if searched:
        # Whoever began at the front page had looked for the shop.
        views[0] = replace(views[0], referrer="https://www.search.example/?q=shop")
    last = _event(seen, seen.seconds, "custom_event", seen.pages[-1], person.uid)
    hits = [_hit(seen, error, person.uid) for error in seen.errors]
    events = sorted((*views, *hits, last), key=lambda event: event.at)
    return Visit(
        id=_hashed(14, "session", person.number, seen.started_at.timestamp()),
        device_id=_hashed(12, "device", person.number),
        device=device,
        events=tuple(events),
        channel="Organic Search" if searched else "Direct",
        has_replay=True,
    )


def _event(seen: Seen, after: float, kind: str, page: str, uid: str) -> Event:
    path, _, query = page.partition("?")
    at = (seen.started_at + timedelta(seconds=after)).replace(microsecond=0)
    name = "left" if kind == "custom_event" else ""
    title = path.strip("/").capitalize() or "Home"
    return Event(at, kind, path, title, name, query=f"?{query}" if query else "", identified=uid)


def _hit(seen: Seen, error: Hit, uid: str) -> Event:
    page = seen.pages[-1].partition("?")[0]
    source = {"fileName": f"https://{HOSTNAME}/app.js", "lineNumber": 120, "columnNumber": 33}
    stack = f"{error.title}\n    at Cart.render (https://{HOSTNAME}/app.js:120:33)"
    return Event(
        at=seen.started_at + timedelta(seconds=min(error.after_seconds, seen.seconds)),
        type="error",
        path=page,
        title=page.strip("/").capitalize() or "Home",
        name=error.kind,
        props=source | {"message": error.message, "stack": stack},
        identified=uid,
    )
