"""
Which sessions are of one visit: those of one person, on one device, that overlap in time.

Sessions of different sources that are near each other are joined, the nearest first: in which order sources
answer makes no difference. A visit falls apart again only where a session of another person or of
another device comes between: nothing else that is added can take two of its sessions apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from bot.domain.addresses import address_value
from bot.domain.model import Session, SourceName
from bot.domain.visits.devices import DeviceTraits, are_other_devices, device_traits

# Tools that record the same visit begin some seconds apart: within this time it is one visit.
_BEGIN_TOGETHER = timedelta(seconds=90)
# Sessions without a time come first, where the earliest does.
_NO_TIME = datetime.min.replace(tzinfo=UTC)
_GOES_ON = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Traits:
    """What tells two sessions apart: the person, the device, and that one source has both at one time."""

    uid: str | None
    email: str | None
    device: DeviceTraits
    source: SourceName
    start: datetime
    end: datetime


def grouped(sessions: Sequence[Session]) -> tuple[tuple[Session, ...], ...]:
    """The sessions of each visit, earliest first; every session is in exactly one visit."""
    ordered = sorted(sessions, key=_rank)
    traits = [_traits(session) for session in ordered]
    group_of = list(range(len(ordered)))
    members = {number: [number] for number in group_of}
    for one, other in _nearest_first(ordered):
        first, second = sorted((group_of[one], group_of[other]))
        if first == second or _differ(members[first], members[second], traits):
            continue
        for number in members.pop(second):
            group_of[number] = first
            members[first].append(number)
    return tuple(tuple(ordered[number] for number in sorted(group)) for group in members.values())


def are_apart(one: Session, other: Session) -> bool:
    """
    Whether two sessions are never of one visit: another person's, or on another device.

    A source makes one session of what one device does: two of its sessions at one time are two devices.
    """
    return _are_apart(_traits(one), _traits(other))


def _rank(session: Session) -> tuple[datetime, str, str, datetime, str]:
    """The order of sessions, whichever source answers first."""
    start, end = session.started_at or _NO_TIME, session.ended_at or _NO_TIME
    return start, str(session.source), session.id, end, session.url or ""


def _nearest_first(ordered: Sequence[Session]) -> list[tuple[int, int]]:
    """The pairs of sessions that may be of one visit, by their places."""
    found = []
    for number, earlier in enumerate(ordered):
        if earlier.started_at is None:
            continue
        until = max(earlier.started_at + _BEGIN_TOGETHER, _end(earlier))
        for other_number in range(number + 1, len(ordered)):
            started = ordered[other_number].started_at
            if started is None or started > until:
                break
            if ordered[other_number].source != earlier.source:
                found.append((started - earlier.started_at, number, other_number))
    return [(one, other) for _, one, other in sorted(found)]


def _end(session: Session) -> datetime:
    """Until when a session is known to have gone on; its beginning where nothing more is known."""
    if session.started_at is None:
        return _NO_TIME
    if session.live:
        return _GOES_ON
    return max(filter(None, (session.ended_at, session.lasted_until)), default=_NO_TIME)


def _differ(some: Sequence[int], others: Sequence[int], traits: Sequence[_Traits]) -> bool:
    return any(_are_apart(traits[one], traits[other]) for one in some for other in others)


def _are_apart(one: _Traits, other: _Traits) -> bool:
    """Two names of a kind are two people; what a source does not say tells nothing apart."""
    other_person = _both_differ(one.uid, other.uid) or _both_differ(one.email, other.email)
    at_once = one.source == other.source and one.start < other.end and other.start < one.end
    return other_person or at_once or are_other_devices(one.device, other.device)


def _both_differ(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and one != other


def _traits(session: Session) -> _Traits:
    uid, email = session.user.uid, session.user.email
    if uid and "@" in uid:
        # Some applications give a tool the address as the uid.
        uid, email = None, email or uid
    email = address_value(email) if email else None
    start = session.started_at or _NO_TIME
    return _Traits(uid or None, email, device_traits(session), session.source, start, _end(session))
