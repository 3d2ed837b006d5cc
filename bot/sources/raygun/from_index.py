"""What the index has about one question, and the answer made of it; for both of Raygun's APIs."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain.answer import Answer
from bot.domain.coverage import Coverage, Span
from bot.domain.model import ErrorEvent, Failure, Session, SourceName, Subject, SubjectKind
from bot.sources.protocol import Question
from bot.sources.raygun.index import Opened, SessionIndex

# The newest sessions of a person whose own page is worth a call each, for their errors.
WORTH_OPENING = 2


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """What the index has about one question: sessions, their own pages, and how complete that is."""

    sessions: tuple[Session, ...]
    opened: Mapping[str, Opened]
    asked: Span | None
    coverage: Coverage

    @property
    def unopened(self) -> str | None:
        """Id of the newest session of which not all errors are known; None where there is none."""
        return next((s.id for s in self.sessions[:WORTH_OPENING] if not self._is_opened(s)), None)

    def _is_opened(self, session: Session) -> bool:
        opened = self.opened.get(session.id)
        return opened is not None and (not opened.session.live or bool(session.live))


@dataclass(slots=True)
class Readers:
    """Locks for reading pages: one task at a time; `waiting`: how many questions are waiting for the lock."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    filling: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0


async def look_up(index: SessionIndex, source: SourceName, question: Question, now: datetime) -> KnownPerson:
    """What the index has about the subject of a question."""
    names = question.names
    found = await index.look_up(source, names, question.since(now), now)
    theirs = _each_once(session for session in found.sessions if belongs_to(session, names))
    opened = {s.id: found.opened[s.id] for s in theirs if s.id in found.opened}
    return KnownPerson(theirs, opened, found.asked, found.coverage)


def answer_of(
    known: KnownPerson, index: SessionIndex, question: Question, now: datetime, failure: Failure | None = None
) -> Answer | None:
    """The answer from the index; None where the index covers nothing and the person was never asked for."""
    times = [moment for moment in (known.coverage.end, known.asked and known.asked.end) if moment]
    if not times:
        return None
    sessions = tuple(_with_page(session, known.opened.get(session.id)) for session in known.sessions)
    errors: list[ErrorEvent] = [e for opened in known.opened.values() for e in opened.errors]
    kept = Span(max(question.since(now), now - index.retention), now)
    return Answer(
        sessions=sessions,
        errors=tuple(errors),
        notes=tuple(_notes(question, known, failure)),
        as_of=max(times),
        covers=known.coverage.within(kept),
    )


def _each_once(sessions: Iterable[Session]) -> tuple[Session, ...]:
    """Each session once: the two APIs have different ids for a session, and the same start."""
    found: dict[object, Session] = {}
    for session in sessions:
        found.setdefault(session.started_at or session.id, session)
    return tuple(found.values())


def _notes(question: Question, known: KnownPerson, failure: Failure | None) -> Iterable[str]:
    """Remarks on how complete an answer is, besides what the index covers."""
    opened = sum(session.id in known.opened for session in known.sessions)
    if known.sessions and not opened:
        yield "errors not asked for: the calls left are kept for finding people"
    elif opened < len(known.sessions):
        yield f"errors of {'the newest session' if opened == 1 else f'{opened} sessions'} alone"
    if failure is not None:
        yield failure.message
    names = question.names
    if not known.sessions and all(name.kind is SubjectKind.EMAIL for name in names):
        yield "it may know people by the app's own identifier alone: the uid may find more"


def _with_page(session: Session, opened: Opened | None) -> Session:
    """The session with what its own page adds."""
    if opened is None:
        return session
    page = opened.session
    return replace(
        session,
        url=session.url or page.url,
        pages=session.pages or page.pages,
        entry_page=page.entry_page,
        exit_page=page.exit_page,
        city=page.city,
        errors=page.errors,
    )


def belongs_to(session: Session, names: Sequence[Subject]) -> bool:
    """
    Whether a session that was found is the person's: another customer's must never be shown.

    It must have one of the names; or, as it was found by the vendor's own id, no name that contradicts them.
    """
    uids = {name.value for name in names if name.kind is SubjectKind.UID}
    emails = {name.value for name in names if name.kind is SubjectKind.EMAIL}
    uid, email = session.user.uid, session.user.email
    if uid is not None and (uid in uids or uid.lower() in emails):
        return True
    if email is not None:
        return email in emails
    return uid is None or not (uids or "@" in uid)
