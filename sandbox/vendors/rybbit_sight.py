"""What a request to Rybbit sees of a visit: its events in the span asked for, and sums over them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sandbox.vendors.rybbit_data import Event, Site, Visit
from sandbox.vendors.rybbit_time import Span


@dataclass(frozen=True, slots=True)
class Sight:
    """A visit and those of its events that are in the span, oldest first; there is at least one."""

    visit: Visit
    events: tuple[Event, ...]

    @property
    def begin(self) -> datetime:
        """When it began."""
        return self.events[0].at

    @property
    def end(self) -> datetime:
        """The time of its last event."""
        return self.events[-1].at

    @property
    def seconds(self) -> int:
        """Its length in whole seconds."""
        return int((self.end - self.begin).total_seconds())

    @property
    def identified(self) -> str:
        """The id that its visitor was identified by; empty where they were not."""
        return max(event.identified for event in self.events)

    @property
    def counts(self) -> Counter[str]:
        """The number of events of each type."""
        return Counter(event.type for event in self.events)

    @property
    def pages(self) -> tuple[str, ...]:
        """The paths of its page views."""
        return tuple(event.path for event in self.events if event.type == "pageview")

    @property
    def listed_events(self) -> tuple[Event, ...]:
        """The events that a session's own page lists."""
        return tuple(event for event in self.events if event.type != "performance")


def look(site: Site, span: Span, now: datetime) -> list[Sight]:
    """The visits with events in the span, the one with the latest event first; none of the future."""
    sights = []
    for visit in site.visits:
        events = sorted((e for e in visit.events if e.at in span and e.at <= now), key=lambda e: e.at)
        if events:
            sights.append(Sight(visit, tuple(events)))
    return sorted(sights, key=lambda sight: sight.end, reverse=True)


def of_person(sights: Iterable[Sight], person: str, *, anonymous_alone: bool) -> list[Sight]:
    """
    The visits of an identified id or a device id.

    With `anonymous_alone` a device id finds only visits of nobody identified.
    """
    return [sight for sight in sights if is_of(sight, person, anonymous_alone=anonymous_alone)]


def is_of(sight: Sight, person: str, *, anonymous_alone: bool) -> bool:
    """Whether a visit is that person's; an empty text means visits of nobody identified."""
    if sight.identified == person:
        return True
    return sight.visit.device_id == person and not (anonymous_alone and sight.identified)
