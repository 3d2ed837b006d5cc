"""Sessions of several tools, invented: of a few people, on a few devices, near each other in time."""

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from bot.domain.model import ErrorEvent, Session, SessionUser, SourceName
from bot.domain.visits.model import Visit

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SOURCES = (
    SourceName("fullstory", "main"),
    SourceName("raygun", "shop"),
    SourceName("rybbit", "www"),
    SourceName("rybbit", "docs"),
    SourceName("uxcam", "ios"),
)
NOBODY = SessionUser()
PEOPLE = (
    NOBODY,
    SessionUser(uid="u-1"),
    SessionUser(uid="u-1", email="jane@contoso.example"),
    SessionUser(email="Jane@contoso.example"),
    SessionUser(uid="jane@contoso.example"),
    SessionUser(uid="u-2"),
    SessionUser(uid="u-2", email="bob@contoso.example"),
)
JANE = PEOPLE[:5]
DEVICES = (
    (None, None),
    ("Desktop", "Windows 11"),
    ("Desktop", "macOS 15"),
    ("Mobile", None),
    ("Pixel 9", "Android 16"),
    ("iPhone", "iOS 18"),
    (None, "Windows"),
)
Identified = tuple[str, str]


def sessions_of(
    people: tuple[SessionUser, ...], devices: tuple[tuple[str | None, str | None], ...]
) -> st.SearchStrategy[list[Session]]:
    """Sessions of different ids within some hours, with and without ends."""

    @st.composite
    def one(draw: st.DrawFn) -> Session:
        source = draw(st.sampled_from(SOURCES))
        start = NOON + timedelta(seconds=draw(st.integers(0, 4 * 3600)))
        lasted = draw(st.none() | st.integers(0, 3600))
        device, os = draw(st.sampled_from(devices))
        number = str(draw(st.integers(0, 10**6)))
        return Session(
            source,
            number,
            f"https://{source.vendor}.example/{number}",
            started_at=draw(st.sampled_from((start, start, start, None))),
            ended_at=None if lasted is None else start + timedelta(seconds=lasted),
            live=draw(st.sampled_from((None, False, True))) if lasted is None else False,
            user=draw(st.sampled_from(people)),
            device=device,
            os=os,
            pages=draw(st.none() | st.integers(0, 9)),
        )

    return st.lists(one(), max_size=9, unique_by=named)


def named(session: Session) -> Identified:
    return str(session.source), session.id


def error(source: SourceName, title: str, seconds: int | None, **fields: str) -> ErrorEvent:
    """An error so many seconds after noon."""
    moment = None if seconds is None else NOON + timedelta(seconds=seconds)
    return ErrorEvent(source, title, occurred_at=moment, **fields)  # type: ignore[arg-type]


def ids(visit: Visit) -> frozenset[Identified]:
    return frozenset(map(named, visit.sessions))
