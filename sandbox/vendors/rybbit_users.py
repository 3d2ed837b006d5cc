"""Rybbit's rows of people: the list, one person, and the people with a trait."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.vendors.rybbit_data import Device, Event, Profile, Site, Visit
from sandbox.vendors.rybbit_rows import NO_COUNTRY, Row, as_json, device_of, moment
from sandbox.vendors.rybbit_sight import Sight, of_person

_TRAITS_SEARCHED = frozenset({"email", "username", "name"})
_SHORT = ("country", "region", "city", "browser", "operating_system", "device_type")
_ACQUISITION = (
    *("first_referrer", "first_channel", "first_entry_page", "first_utm_source", "first_utm_medium"),
    *("first_utm_campaign", "last_referrer", "last_channel", "timezone"),
)
_EPOCH = "1970-01-01 00:00:00"


@dataclass(frozen=True, slots=True)
class _Seen:
    """A person's events, oldest first, each with its visit."""

    id: str
    rows: tuple[tuple[Visit, Event], ...]

    @property
    def first(self) -> Visit:
        return self.rows[0][0]

    @property
    def last(self) -> Visit:
        return self.rows[-1][0]

    @property
    def visits(self) -> list[Visit]:
        return list({visit.id: visit for visit, _ in self.rows}.values())

    @property
    def identified(self) -> str:
        return max(event.identified for _, event in self.rows)

    @property
    def average_seconds(self) -> int:
        lengths = []
        for visit in self.visits:
            times = [event.at for of, event in self.rows if of is visit]
            lengths.append((max(times) - min(times)).total_seconds())
        return round(sum(lengths) / len(lengths))

    def count(self, kind: str) -> int:
        return sum(event.type == kind for _, event in self.rows)

    def referrers(self) -> list[str]:
        """Each visit's referrer, the first visit's first."""
        firsts: dict[str, str] = {}
        for visit, event in self.rows:
            firsts.setdefault(visit.id, event.referrer)
        return list(firsts.values())


def _people(sights: Iterable[Sight]) -> list[_Seen]:
    """All people, the one last seen first; a person is an identified id, or else a device id."""
    found: dict[str, list[tuple[Visit, Event]]] = {}
    for sight in sights:
        for event in sight.events:
            found.setdefault(event.identified or sight.visit.device_id, []).append((sight.visit, event))
    people = [_Seen(key, tuple(sorted(rows, key=lambda row: row[1].at))) for key, rows in found.items()]
    return sorted(people, key=lambda person: person.rows[-1][1].at, reverse=True)


def listed_users(site: Site, sights: Iterable[Sight], query: Mapping[str, str], *, searches: bool) -> Row:
    """A page of people; older servers ignore the search."""
    people = _people(sights)
    if query.get("identified_only") == "true":
        people = [person for person in people if person.identified]
    if searches and (wanted := query.get("search", "")):
        people = [p for p in people if _is_found(site, p, query.get("search_field", ""), wanted.lower())]
    page, size = max(1, int(query.get("page") or 1)), int(query.get("page_size") or 100)
    shown = people[(page - 1) * size : page * size]
    rows = [_listed(site, person, all_keys=searches) for person in shown]
    return {"data": rows, "totalCount": len(people), "page": page, "pageSize": size}


def _is_found(site: Site, person: _Seen, searched: str, wanted: str) -> bool:
    if searched == "user_id":
        return any(wanted in known.lower() for known in (person.identified, person.last.device_id))
    name = searched if searched in _TRAITS_SEARCHED else "username"
    profile = site.profiles.get(person.identified, Profile())
    return wanted in str((profile.traits or {}).get(name, "")).lower()


def _listed(site: Site, person: _Seen, *, all_keys: bool) -> Row:
    device = device_of(person.last.device)
    profile = site.profiles.get(person.identified, Profile())
    referrer = next((text for text in person.referrers() if text), "")
    # 2.2.4 has the last event's channel, and an event inside a visit has no referrer.
    channel = person.first.channel if all_keys or person.rows[-1][1].referrer else "Direct"
    row = {
        "effective_user_id": person.id,
        "user_id": person.last.device_id,
        "identified_user_id": person.identified,
        **device,
        "referrer": referrer,
        "channel": channel,
        "hostname": person.last.hostname,
        "pageviews": person.count("pageview"),
        "events": person.count("custom_event"),
        "sessions": len(person.visits),
        "last_seen": moment(person.rows[-1][1].at),
        "first_seen": moment(person.rows[0][1].at),
        **({"tag": ""} if all_keys else {}),
        "traits": profile.traits,
    }
    return as_json(row)


def one_user(site: Site, sights: Iterable[Sight], wanted: str, *, current: bool) -> Row:
    """One person; 200 with zeros for nobody and, on current servers, for an identified person's device."""
    matching = of_person(sights, wanted, anonymous_alone=current)
    # In 2.2.4 one visit may be two people's: before the identification it was the device's.
    people = [p for p in _people(matching) if wanted in (p.id, p.last.device_id)]
    if not people:
        owner = next((uid for uid, p in site.profiles.items() if wanted in dict(p.devices)), "")
        return _nobody(owner if current else "", site.profiles.get(owner), current=current)
    person = people[0]
    profile = site.profiles.get(wanted, Profile())
    row = {
        "sessions": len(person.visits),
        "duration": person.average_seconds,
        "user_id": person.last.device_id,
        "identified_user_id": person.identified,
        **device_of(person.last.device),
        "last_seen": moment(person.rows[-1][1].at),
        "first_seen": moment(person.rows[0][1].at),
        "pageviews": person.count("pageview"),
        "events": person.count("custom_event"),
        "ip": None,
        **(_acquisition(person) if current else {}),
        "traits": profile.traits,
        "linked_devices": [{"anonymous_id": device, "created_at": at} for device, at in profile.devices],
        **({"vitals": None, "locations": _places(person), "devices": _devices(person)} if current else {}),
    }
    return {"data": as_json(row)}


def _acquisition(person: _Seen) -> Row:
    first, last, referrers = person.first, person.last, person.referrers()
    pages = [event.path for _, event in person.rows if event.type == "pageview"]
    return {
        "first_referrer": referrers[0],
        "first_channel": first.channel,
        "first_entry_page": next(iter(pages), ""),
        **{f"first_utm_{part}": first.utm.get(part, "") for part in ("source", "medium", "campaign")},
        "last_referrer": referrers[-1],
        "last_channel": last.channel,
        "timezone": last.device.timezone,
    }


def _places(person: _Seen) -> list[Row]:
    keys = ("country", "region", "city")
    return _summed(person, keys)


def _devices(person: _Seen) -> list[Row]:
    browsers = ("device_type", "browser", "operating_system", "browser_version", "operating_system_version")
    return _summed(person, (*browsers, "screen_width", "screen_height"))


def _summed(person: _Seen, keys: tuple[str, ...]) -> list[Row]:
    found: dict[tuple[Any, ...], Row] = {}
    for visit in reversed(person.visits):
        device = device_of(visit.device)
        ends = moment(max(event.at for of, event in person.rows if of is visit))
        row = found.setdefault(
            tuple(device[key] for key in keys),
            {key: device[key] for key in keys} | {"sessions": 0, "last_seen": ends},
        )
        row["sessions"] += 1
    return [as_json(row) for row in found.values()]


def _nobody(identified: str, profile: Profile | None, *, current: bool) -> Row:
    nowhere = Device(browser="", browser_version="", system="", system_version="", type="", language="")
    row = {
        "sessions": 0,
        "duration": None,
        "user_id": "",
        "identified_user_id": identified,
        **device_of(nowhere),
        "country": NO_COUNTRY,
        "screen_width": 0,
        "screen_height": 0,
        "last_seen": _EPOCH,
        "first_seen": _EPOCH,
        "pageviews": 0,
        "events": 0,
        "ip": None,
        **(dict.fromkeys(_ACQUISITION, "") if current else {}),
        "traits": profile.traits if profile and current else None,
        "linked_devices": [],
        **({"vitals": None, "locations": [], "devices": []} if current else {}),
    }
    return {"data": row}


def with_trait(site: Site, sights: list[Sight], key: str, value: str) -> list[Row]:
    """The people with exactly this trait, capitals included."""
    rows = []
    for uid, profile in site.profiles.items():
        if key not in (profile.traits or {}) or str((profile.traits or {})[key]) != value:
            continue
        theirs = [sight for sight in sights if sight.identified == uid]
        visit = theirs[0].visit if theirs else None
        device = device_of(visit.device) if visit else dict.fromkeys(_SHORT, "")
        row = {
            "user_id": visit.device_id if visit else "",
            "identified_user_id": uid,
            "traits": profile.traits,
            **{name: device[name] for name in _SHORT},
            "sessions": len(theirs),
        }
        rows.append(as_json(row))
    return rows
