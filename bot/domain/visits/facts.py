"""What the sessions of one visit say of it together, each value with the sources that it is from."""

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from bot.domain.model import Session, SourceName
from bot.domain.visits.model import Device, PagesSeen, SaidBy, Signs, Visit, Whereabouts

T = TypeVar("T")
N = TypeVar("N", int, datetime)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def visit_of(sessions: Sequence[Session]) -> Visit:
    """The visit that these sessions are of."""
    live: SaidBy[bool] | None = _told((s.live or None, s) for s in sessions)
    starts = [(s.started_at, s) for s in sessions]
    ends = [(s.ended_at, s) for s in sessions]
    return Visit(
        tuple(sessions),
        started_at=_extreme(starts, min),
        ended_at=None if live else _extreme(ends, max),
        duration_seconds=_duration(sessions),
        live=live or _told((s.live, s) for s in sessions),
        way=_way(sessions),
        device=_device(sessions),
        place=_place(sessions),
        signs=_signs(sessions),
    )


def _signs(sessions: Sequence[Session]) -> Signs:
    return Signs(
        crashed=_told((s.crashed or None, s) for s in sessions),
        errors=_most(sessions, lambda s: s.errors),
        rage=_most(sessions, lambda s: _sum(s.rage_clicks, s.rage_taps)),
        dead_clicks=_most(sessions, lambda s: s.dead_clicks),
        error_clicks=_most(sessions, lambda s: s.error_clicks),
        channel=_told((s.channel, s) for s in sessions),
        has_replay=_told((s.has_replay or None, s) for s in sessions),
    )


def _duration(sessions: Sequence[Session]) -> SaidBy[int] | None:
    """The longest that a source says or, where sessions follow each other, all of it."""
    longest = _extreme([(s.duration_seconds, s) for s in sessions], max)
    start = min((s.started_at for s in sessions if s.started_at), default=None)
    end = _extreme([(s.ended_at, s) for s in sessions], max)
    if start is None or end is None or (longest and len(sessions) == 1):
        return longest
    span = int((end.value - start).total_seconds())
    return longest if longest and longest.value >= span else SaidBy(max(span, 0), end.by)


def _way(sessions: Sequence[Session]) -> SaidBy[PagesSeen] | None:
    """The pages of the source that has most, and the way of the one that knows it."""
    count = _most(sessions, lambda s: s.pages)
    knowing = [s for s in sessions if s.entry_page or s.exit_page or s.screens]
    if not knowing:
        return (
            SaidBy(PagesSeen(count.value, are_screens=_is_app(count.by, sessions)), count.by)
            if count
            else None
        )
    best = max(knowing, key=lambda s: (s.pages or 0, bool(s.entry_page) + bool(s.exit_page)))
    # A tool may have recorded a visit in several parts.
    own = [s for s in knowing if s.source == best.source]
    first, last = own[0].entry_page, own[-1].exit_page
    by = tuple(dict.fromkeys((*(count.by if count else ()), best.source)))
    is_app = bool(best.screens or best.app_version)
    return SaidBy(PagesSeen(count.value if count else None, first, last, best.screens, is_app), by)


def _is_app(sources: Sequence[SourceName], sessions: Sequence[Session]) -> bool:
    return any(s.app_version or s.screens for s in sessions if s.source in sources)


def _device(sessions: Sequence[Session]) -> SaidBy[Device] | None:
    """The device as the source knows it that says most, with what others add."""
    known = [(Device(s.device, s.browser, s.os, s.app_version), s) for s in sessions]
    known = [(device, session) for device, session in known if device != Device()]
    if not known:
        return None
    known.sort(key=lambda pair: _parts(pair[0]), reverse=True)
    merged = known[0][0]
    for device, _ in known[1:]:
        merged = Device(
            merged.device or device.device,
            merged.browser or device.browser,
            merged.os or device.os,
            merged.app_version or device.app_version,
        )
    return SaidBy(merged, _sources(session for _, session in known))


def _parts(device: Device) -> int:
    return sum(part is not None for part in (device.device, device.browser, device.os))


def _place(sessions: Sequence[Session]) -> SaidBy[Whereabouts] | None:
    """The place as one source knows it, with its city where any does: two sources' places are never mixed."""
    known = [(Whereabouts(s.city, s.country), s) for s in sessions if s.city or s.country]
    if not known:
        return None
    best = max(known, key=lambda pair: (pair[0].city is not None, pair[0].country is not None))[0]
    return SaidBy(best, _sources(session for place, session in known if place == best))


def _most(sessions: Sequence[Session], count: Callable[[Session], int | None]) -> SaidBy[int] | None:
    """The largest count of any source: the sessions that a source made of one visit are added up."""
    by_source: dict[SourceName, int] = {}
    for session in sessions:
        number = count(session)
        if number is not None:
            by_source[session.source] = by_source.get(session.source, 0) + number
    if not by_source:
        return None
    most = max(by_source.values())
    return SaidBy(most, tuple(source for source, number in by_source.items() if number == most))


def _told(values: Iterable[tuple[T | None, Session]]) -> SaidBy[T] | None:
    """The first value that any source says, and all who say the same."""
    said = [(value, session) for value, session in values if value is not None]
    if not said:
        return None
    first = said[0][0]
    return SaidBy(first, _sources(session for value, session in said if value == first))


def _extreme(
    values: Sequence[tuple[N | None, Session]], choose: Callable[[Iterable[N]], N]
) -> SaidBy[N] | None:
    said = [(value, session) for value, session in values if value is not None]
    if not said:
        return None
    chosen = choose([value for value, _ in said])
    return SaidBy(chosen, _sources(session for value, session in said if value == chosen))


def _sources(sessions: Iterable[Session]) -> tuple[SourceName, ...]:
    return tuple(dict.fromkeys(session.source for session in sessions))


def _sum(*counts: int | None) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known else None
