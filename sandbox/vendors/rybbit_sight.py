"""What a request to Rybbit can see of a visit: its events inside the asked span, and sums over them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sandbox.vendors.rybbit_data import Event, Site, Visit
from sandbox.vendors.rybbit_time import Span


@dataclass(frozen=True, slots=True)
class Sight:
    """A visit and those of its events that count, oldest first; there is at least one."""

    visit: Visit
    events: tuple[Event, ...]

    @property
    def begin(self) -> datetime:
        """Give when it began."""
        return self.events[0].at

    @property
    def end(self) -> datetime:
        """Give when it was last heard of."""
        return self.events[-1].at

    @property
    def seconds(self) -> int:
        """Give its length."""
        return int((self.end - self.begin).total_seconds())

    @property
    def identified(self) -> str:
        """Give the id its visitor was identified by, or an empty text."""
        return max(event.identified for event in self.events)

    @property
    def counts(self) -> Counter[str]:
        """Give how many events there are of each type."""
        return Counter(event.type for event in self.events)

    @property
    def pages(self) -> tuple[str, ...]:
        """Give the viewed paths."""
        return tuple(event.path for event in self.events if event.type == "pageview")

    @property
    def told(self) -> tuple[Event, ...]:
        """Give the events that a session's own page lists."""
        return tuple(event for event in self.events if event.type != "performance")


def look(site: Site, span: Span, now: datetime) -> list[Sight]:
    """Give the visits with events in the span, the one last heard of first; the future has not happened."""
    sights = []
    for visit in site.visits:
        events = sorted((e for e in visit.events if e.at in span and e.at <= now), key=lambda e: e.at)
        if events:
            sights.append(Sight(visit, tuple(events)))
    return sorted(sights, key=lambda sight: sight.end, reverse=True)


def of_person(sights: Iterable[Sight], person: str, *, anonymous_alone: bool) -> list[Sight]:
    """
    Give the visits of an identified id or a device id.

    Where `anonymous_alone`, a device id finds the visits of nobody identified.
    """
    return [sight for sight in sights if is_of(sight, person, anonymous_alone=anonymous_alone)]


def is_of(sight: Sight, person: str, *, anonymous_alone: bool) -> bool:
    """Say whether a visit is that person's; an empty text means the visits of nobody identified."""
    if sight.identified == person:
        return True
    return sight.visit.device_id == person and not (anonymous_alone and sight.identified)
