"""
How many others an error hit at Rybbit, by the site's own counts of the last days; nobody is named.

The list of messages tells in how many sessions it was, its events on how many devices and in which towns, and
the sessions' towns how many sessions there are at all (`contracts/rybbit_observed.md`, Errors; answers in
`contracts/recorded/rybbit_2.8.0/session_locations.json`).
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from bot.sources.http import Calls
from bot.sources.json_fields import AnyText, Count, Id, Record, at, to_count
from bot.sources.protocol import Hit, Spread
from bot.sources.rybbit.errors import MESSAGES, ErrorName
from bot.sources.rybbit.records import read_list, rows_of
from bot.sources.rybbit.server import RybbitServer

DAYS = 7
# The newest events that are read of one error: a larger limit costs no more.
_EVENTS = 1_000


class _Event(Record):
    needed = "session_id"
    session_id: Id = None
    user_id: Id = None
    country: AnyText = None
    city: AnyText = None

    @property
    def town(self) -> tuple[str, str]:
        return (self.country or "", self.city or "")


class _Location(Record):
    count: Count = None
    country: AnyText = None
    city: AnyText = None

    @property
    def town(self) -> tuple[str, str]:
        return (self.country or "", self.city or "")


async def count_others(server: RybbitServer, hit: Hit, calls: Calls) -> Spread | None:
    """
    How many others an error hit in the last days; None where it is not among the site's errors of them.

    Raises:
        CallFailed: when the vendor cannot be asked or understood.

    """
    now = server.http.clock()
    days = {
        "start_date": f"{now - timedelta(days=DAYS - 1):%Y-%m-%d}",
        "end_date": f"{now:%Y-%m-%d}",
        "time_zone": "UTC",
    }
    paged = days | {"page": "1"}
    named = await server.get("error_names", calls, paged | {"limit": str(MESSAGES)})
    names = read_list(rows_of(named), ErrorName, calls)
    error = next((one for one in names if one.title == hit.error.title), None)
    if error is None:
        return None
    asked = paged | {"errorMessage": error.as_it_came, "limit": str(_EVENTS)}
    told = await server.get("error_events", calls, asked)
    events = read_list(rows_of(told), _Event, calls)
    located = await server.get("locations", calls, days)
    if located is None or not located.ok:
        raise calls.unreadable("where the sessions come from")
    towns = read_list(at(located.body, "data"), _Location, calls)
    of_all = to_count(at(told.body, "data", "totalCount")) if told else None
    return _spread(hit, error, events, towns, now=now, is_whole=(of_all or 0) <= len(events))


def _spread(
    hit: Hit,
    error: ErrorName,
    events: Sequence[_Event],
    towns: Sequence[_Location],
    *,
    now: datetime,
    is_whole: bool,
) -> Spread:
    own = [event for event in events if event.session_id in hit.own_sessions]
    devices = {event.user_id for event in own}
    others = {event.user_id for event in events if event.user_id} - devices
    # A device is an address and a browser: in one office it is several people's (observed, Identities).
    is_shared = any(e.user_id in devices and e.session_id not in hit.own_sessions for e in events)
    town = own[0].town if own and own[0].city else None
    sessions = {event.session_id: event.town for event in events}
    return Spread(
        hit.error.source,
        now,
        DAYS,
        sessions=error.sessionCount,
        of_sessions=sum(one.count or 0 for one in towns) or None,
        occurrences=error.count,
        others=len(others),
        whole=is_whole and not is_shared,
        place=town[1] if town else None,
        sessions_in_place=sum(one == town for one in sessions.values()) if town else 0,
        all_in_place=sum(one.count or 0 for one in towns if one.town == town) if town else 0,
    )
