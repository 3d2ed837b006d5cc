"""Spans of time, and coverage: the spans for which something is completely known. Pure data."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` up to, and not including, `end`; ValueError unless `end` is later than `start`."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError("a span ends after it starts")

    @property
    def length(self) -> timedelta:
        """How long the span is."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Coverage:
    """The spans that are completely known, earliest first; they neither overlap nor touch."""

    spans: tuple[Span, ...] = ()

    @staticmethod
    def of(spans: Iterable[Span]) -> "Coverage":
        """The coverage of all these spans together, which may overlap and come in any order."""
        joined: list[Span] = []
        for span in sorted(spans):
            if joined and span.start <= joined[-1].end:
                joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
            else:
                joined.append(span)
        return Coverage(tuple(joined))

    @property
    def end(self) -> datetime | None:
        """The end of the last span; None where nothing is known."""
        return self.spans[-1].end if self.spans else None

    @property
    def latest(self) -> Span | None:
        """The last span; None where nothing is known."""
        return self.spans[-1] if self.spans else None

    def within(self, span: Span) -> "Coverage":
        """The part of the coverage that lies inside a span."""
        cut = ((max(own.start, span.start), min(own.end, span.end)) for own in self.spans)
        return Coverage(tuple(Span(start, end) for start, end in cut if start < end))

    def gaps(self, span: Span) -> tuple[Span, ...]:
        """The parts of a span that are not covered, earliest first."""
        found = []
        at = span.start
        for own in self.within(span).spans:
            if at < own.start:
                found.append(Span(at, own.start))
            at = own.end
        if at < span.end:
            found.append(Span(at, span.end))
        return tuple(found)

    def covers(self, span: Span) -> bool:
        """Whether the whole of a span is covered."""
        return not self.gaps(span)
