"""Visits and happenings as plain data: each value beside the sources that it is from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from bot.domain.model import ErrorEvent, ErrorKind, Session, SourceName

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SaidBy(Generic[T]):
    """A value, and the sources that say so."""

    value: T
    by: tuple[SourceName, ...]


@dataclass(frozen=True, slots=True)
class Device:
    """What a visit was made on, in the words of the source that knows most of it."""

    device: str | None = None
    browser: str | None = None
    os: str | None = None
    app_version: str | None = None


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a visit was made from: a city, and an ISO 3166 code of a country."""

    city: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class PagesSeen:
    """
    Which pages or screens a visit went by.

    `count` is how many, `first` and `last` are paths, `screens` names of some screens; with `are_screens` an
    app's screens are counted.
    """

    count: int | None = None
    first: str | None = None
    last: str | None = None
    screens: tuple[str, ...] = ()
    are_screens: bool = False


@dataclass(frozen=True, slots=True)
class Signs:
    """
    What is special about a visit, each None or False where no source says so.

    `errors`, `rage` (clicks or taps), `dead_clicks` and `error_clicks` are counts.
    """

    crashed: SaidBy[bool] | None = None
    errors: SaidBy[int] | None = None
    rage: SaidBy[int] | None = None
    dead_clicks: SaidBy[int] | None = None
    error_clicks: SaidBy[int] | None = None
    channel: SaidBy[str] | None = None
    has_replay: SaidBy[bool] | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """
    One visit of one person: the sessions that sources recorded of it, earliest first, and what they say.

    `ended_at` is None while it is `live`, and where no source says; `duration_seconds` are whole seconds from
    the first beginning to the last end that is known.
    """

    sessions: tuple[Session, ...]
    started_at: SaidBy[datetime] | None = None
    ended_at: SaidBy[datetime] | None = None
    duration_seconds: SaidBy[int] | None = None
    live: SaidBy[bool] | None = None
    way: SaidBy[PagesSeen] | None = None
    device: SaidBy[Device] | None = None
    place: SaidBy[Whereabouts] | None = None
    signs: Signs = Signs()

    @property
    def is_live(self) -> bool:
        """Whether it goes on, as far as any source says."""
        return self.live is not None and self.live.value


@dataclass(frozen=True, slots=True)
class Happening:
    """
    One thing that went wrong, as one or several sources tell it; `visit` is the visit that it was in.

    `errors` has at most one of each source, those with a time first. `occurred_at` is None where no source
    says when it was.
    """

    errors: tuple[ErrorEvent, ...]
    visit: Visit | None = None

    @property
    def title(self) -> str:
        """What it is, in the words of the source that says most."""
        return max((error.title for error in self.errors), key=len)

    @property
    def occurred_at(self) -> datetime | None:
        """When it hit the person; the earliest where sources differ by seconds."""
        return min((error.occurred_at for error in self.errors if error.occurred_at), default=None)

    @property
    def moment(self) -> datetime | None:
        """When it was or, where no source says, when its visit began."""
        started = self.visit.started_at if self.visit else None
        return self.occurred_at or (started.value if started else None)

    @property
    def kind(self) -> ErrorKind:
        """What kind of thing it is."""
        return self.errors[0].kind

    @property
    def page(self) -> str | None:
        """The path that it was on."""
        return next((error.page for error in self.errors if error.page), None)

    @property
    def count(self) -> int | None:
        """How often it hit the person; None where no source has counted that."""
        counts = [error.count for error in self.errors if error.count and not error.counts_everybody]
        return max(counts, default=None)
