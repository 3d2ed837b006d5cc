"""What Raygun recorded: visits in order of time, of the demo's customers and of thousands of strangers."""

import math
import random
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sandbox.people import RAYGUN, Customer, Visit

_FIRST_STRANGER = 1_000_000
# Visits a week of one stranger, on average.
_RETURNS = 1.6
_BUSIEST_HOUR, _SWING = 13.5, 0.7
_MEAN_SECONDS, _LONGEST_SECONDS = 420, 5_400


@dataclass(frozen=True, slots=True)
class Sighting:
    """One visit of one person, as Raygun recorded it."""

    person: Customer
    visit: Visit

    @property
    def identifier(self) -> str:
        """The identifier that the app gave Raygun for the person."""
        return self.person.raygun_identifier or self.person.uid

    @property
    def number(self) -> int:
        """The session's number."""
        return self.person.number * 10**10 + int(self.visit.started_at.timestamp())

    def is_running(self, now: datetime) -> bool:
        """Whether it was running at a time."""
        return self.visit.running or now < self.visit.ended_at

    def last_event_at(self, now: datetime) -> datetime:
        """The time of its last event, as known at a time."""
        return min(now, self.visit.ended_at)


class Traffic:
    """All visits, earliest first; more may be added."""

    def __init__(self, sightings: Iterable[Sighting] = ()) -> None:
        self._sightings = sorted(sightings, key=lambda one: one.visit.started_at)
        self._starts = [one.visit.started_at for one in self._sightings]
        self._by_identifier: dict[str, list[Sighting]] = {}
        self._by_number: dict[int, Sighting] = {}
        for one in self._sightings:
            self._by_identifier.setdefault(one.identifier, []).append(one)
            self._by_number[one.number] = one

    def __iter__(self) -> Iterator[Sighting]:
        return iter(self._sightings)

    def between(self, begin: datetime, end: datetime) -> Sequence[Sighting]:
        """Those that began in a span, its end not included."""
        return self._sightings[bisect_left(self._starts, begin) : bisect_left(self._starts, end)]

    def of(self, identifier: str) -> Sequence[Sighting]:
        """One person's, earliest first."""
        return self._by_identifier.get(identifier, ())

    def numbered(self, number: int) -> Sighting | None:
        """The one with a number; None where there is none."""
        return self._by_number.get(number)


def sightings_of(people: Iterable[Customer]) -> list[Sighting]:
    """The visits of those of the demo's customers whom Raygun has."""
    known = (person for person in people if RAYGUN in person.vendors)
    return [Sighting(person, visit) for person in known for visit in person.visits]


def strangers(rng: random.Random, since: datetime, days: int, sessions_a_day: int) -> list[Sighting]:
    """
    Whole days of strangers' visits: most of them in the afternoon, some of returning visitors.

    Args:
        rng: decides everything but the number of sessions.
        since: begin of the first day; the busy hours are those of its zone.
        days: how many days.
        sessions_a_day: how many sessions in each of them.

    """
    people = _people(rng, max(1, round(sessions_a_day * 7 / _RETURNS)))
    found = []
    for day in range(days):
        begin = since + timedelta(days=day)
        for moment in _moments(rng, begin, sessions_a_day):
            seconds = min(_LONGEST_SECONDS, int(rng.expovariate(1 / _MEAN_SECONDS)) + 5)
            pages = ("/", "/cart", "/pay")[: 1 + seconds % 3]
            found.append(Sighting(rng.choice(people), Visit(moment, seconds, pages)))
    return found


def wave(hour: float) -> float:
    """How busy a time of day is; 1 is the day's average."""
    return 1 + _SWING * math.cos(2 * math.pi * (hour - _BUSIEST_HOUR) / 24)


def _moments(rng: random.Random, begin: datetime, count: int) -> list[datetime]:
    edges = [begin + timedelta(hours=hour) for hour in range(25)]
    hours = list(pairwise(edges))
    chosen = rng.choices(hours, [wave(start.hour + 0.5) for start, _end in hours], k=count)
    return sorted(start + rng.random() * (end - start) for start, end in chosen)


def _people(rng: random.Random, count: int) -> list[Customer]:
    return [
        Customer(
            _FIRST_STRANGER + number,
            f"s-{number}",
            f"visitor{number}@strangers.example" if rng.random() < 0.7 else None,  # noqa: PLR2004 - a share
            None,
            "",
            vendors=frozenset({RAYGUN}),
        )
        for number in range(count)
    ]
