"""Spans of time, and the sum of those for which something is completely known. Pure data."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From `start` on, up to and without `end`; `end` is later than `start`."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise ValueError("a span ends after it starts")

    @property
    def length(self) -> timedelta:
        """Give how long it is."""
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Coverage:
    """What is completely known: spans that neither overlap nor touch, the earliest first."""

    spans: tuple[Span, ...] = ()

    @staticmethod
    def of(spans: Iterable[Span]) -> "Coverage":
        """Give the sum of any spans, in whatever order, overlapping or not."""
        joined: list[Span] = []
        for span in sorted(spans):
            if joined and span.start <= joined[-1].end:
                joined[-1] = Span(joined[-1].start, max(joined[-1].end, span.end))
            else:
                joined.append(span)
        return Coverage(tuple(joined))

    @property
    def end(self) -> datetime | None:
        """Give up to when anything is known."""
        return self.spans[-1].end if self.spans else None

    @property
    def latest(self) -> Span | None:
        """Give the last stretch without a gap."""
        return self.spans[-1] if self.spans else None

    def within(self, span: Span) -> "Coverage":
        """Give the part of it that lies in a span."""
        cut = ((max(own.start, span.start), min(own.end, span.end)) for own in self.spans)
        return Coverage(tuple(Span(start, end) for start, end in cut if start < end))

    def gaps(self, span: Span) -> tuple[Span, ...]:
        """Give what a span has that is not covered, the earliest first."""
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
        """Whether a span is known from its start to its end."""
        return not self.gaps(span)
