"""
What differs between Rybbit's releases: paths and behaviour (`contracts/rybbit_observed.md`).

`C` is 2.8.0 and `A2` is 2.2.4, both as observed. `B` is 2.3.0, a day younger than 2.2.4: its own paths,
2.2.4's manners; that it has no search and no 400s follows from the dates that the contract gives.
"""

from dataclasses import dataclass
from enum import StrEnum

_SITE = "/api/sites/{site}"


class Generation(StrEnum):
    """Rybbit's three sets of paths."""

    A2 = "A2"
    B = "B"
    C = "C"


@dataclass(frozen=True, slots=True)
class Manners:
    """
    How a generation behaves.

    Attributes:
        version: what `/api/version` says; None where there is no such path.
        paths: operation to path.
        window_limit: calls allowed a key in ten minutes, beyond which it says "Forbidden"; None: no limit.
        current: refuses bad time parameters with 400, reads dates without a zone as UTC, knows
            `start_datetime`, `search`, `session_id` and the minima, begins a new visit at identification,
            and sends 42 keys of a session. Servers before that ignore the parameters silently.

    """

    version: str | None
    paths: dict[str, str]
    window_limit: int | None
    current: bool


_SITES = {
    "site": _SITE,
    "sessions": f"{_SITE}/sessions",
    "session": f"{_SITE}/sessions/{{session:[^/]*}}",
    "users": f"{_SITE}/users",
    "user": f"{_SITE}/users/{{user}}",
    "replay": f"{_SITE}/session-replay/{{session}}",
}
_OLD = {
    "site": _SITE,
    "sessions": "/api/sessions/{site}",
    "session": "/api/sessions/{session}/{site}",
    "users": "/api/users/{site}",
    "user": "/api/users/{user}/{site}",
    "error_names": "/api/error-names/{site}",
    "error_events": "/api/error-events/{site}",
    "locations": "/api/session-locations/{site}",
    "replay": "/api/session-replay/{session}/{site}",
}
_MIDDLE = _SITES | {
    "error_names": f"{_SITE}/error-names",
    "error_events": f"{_SITE}/error-events",
    "locations": f"{_SITE}/session-locations",
}
_NOW = _SITES | {
    "error_names": f"{_SITE}/errors/names",
    "error_events": f"{_SITE}/errors/events",
    "user_traits": f"{_SITE}/user-traits/users",
    "locations": f"{_SITE}/sessions/locations",
}
_OLD_LIMIT = 500


def manners_of(generation: Generation) -> Manners:
    """How a generation behaves."""
    match generation:
        case Generation.C:
            return Manners(version="2.8.0", paths=_NOW, window_limit=None, current=True)
        case Generation.B:
            return Manners(version="2.3.0", paths=_MIDDLE, window_limit=_OLD_LIMIT, current=False)
        case Generation.A2:
            return Manners(version=None, paths=_OLD, window_limit=_OLD_LIMIT, current=False)
