"""What the index has about one question, and the answer made of it; for both of Raygun's APIs."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from bot.domain.addresses import address_value, read_address
from bot.domain.answer import Answer
from bot.domain.coverage import Coverage, Span
from bot.domain.model import ErrorEvent, Failure, Session, SourceName, Subject, SubjectKind
from bot.sources.protocol import Question
from bot.sources.raygun.index import Opened, SessionIndex
from bot.sources.raygun.index_rows import MOST_FOUND

# The newest sessions of a person whose own page is worth a call each, for their errors.
WORTH_OPENING = 2
# Names by which one person is asked for; each costs a call for each of its spellings.
_MOST_NAMES = 3


@dataclass(frozen=True, slots=True)
class KnownPerson:
    """
    What the index has about one question: sessions, their own pages, and how complete that is.

    `names` are what the vendor is asked by for this person alone, and `spans` for which it last was, by name;
    `more_names` is how many others it is not asked by. `unread` is how many records of the asked days could
    not be read, whoever they are about; `unread_own` how many of those that it told of this person alone.
    """

    sessions: tuple[Session, ...]
    opened: Mapping[str, Opened]
    coverage: Coverage
    names: tuple[Subject, ...] = ()
    more_names: int = 0
    spans: Mapping[Subject, Span] = field(default_factory=dict)
    unread: int = 0
    unread_own: int = 0

    @property
    def asked(self) -> Span | None:
        """The span for which the vendor was asked by all of the names; None where one is missing."""
        if not self.names or any(name not in self.spans for name in self.names):
            return None
        start, end = max(s.start for s in self.spans.values()), min(s.end for s in self.spans.values())
        return Span(start, end) if start < end else None

    def was_asked_since(self, moment: datetime) -> bool:
        """Whether the vendor was asked by all names that are known, back to a moment."""
        return self.asked is not None and self.asked.start <= moment and not self.more_names

    def next_name(self, since: datetime) -> Subject | None:
        """The name to ask by next: one that was not asked back to `since`, else the one asked longest ago."""
        never = [n for n in self.names if n not in self.spans or self.spans[n].start > since]
        return next(iter(never), None) or min(self.names, key=lambda n: self.spans[n].end, default=None)

    @property
    def unopened(self) -> tuple[str, ...]:
        """Ids of the newest sessions of which not all errors are known, the newest first."""
        return tuple(s.id for s in self.sessions[:WORTH_OPENING] if not self._is_opened(s))

    def _is_opened(self, session: Session) -> bool:
        opened = self.opened.get(session.id)
        return opened is not None and (not opened.session.live or bool(session.live))


@dataclass(slots=True)
class Readers:
    """
    Who reads pages: one task at a time, by the lock `turn`.

    `filling`: whether a task reads older ones, behind the answers; `waiting`: how many questions wait.
    """

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    filling: bool = False
    waiting: int = 0


async def look_up(index: SessionIndex, source: SourceName, question: Question, now: datetime) -> KnownPerson:
    """What the index has about the subject of a question."""
    names = question.names
    found = await index.look_up(source, names, question.since(now), now)
    theirs = _each_once(session for session in found.sessions if belongs_to(session, names))
    opened = {s.id: found.opened[s.id] for s in theirs if s.id in found.opened}
    known_by = _known_by(names, theirs)
    asked_by = known_by[:_MOST_NAMES]
    spans, unread_own = await index.asked(source, asked_by, now, found.asked)
    more_names = len(known_by) - len(asked_by)
    return KnownPerson(theirs, opened, found.coverage, asked_by, more_names, spans, found.unread, unread_own)


def _known_by(names: Sequence[Subject], sessions: Sequence[Session]) -> tuple[Subject, ...]:
    """The identifiers that the person's sessions tell of, the newest first; without any, their names."""
    seen = dict.fromkeys(session.user.uid for session in sessions if session.user.uid)
    known = [
        (read_address(uid) if "@" in uid else None) or Subject(SubjectKind.UID, uid, uid)
        for uid in seen
        if uid
    ]
    by_kind = sorted(names, key=lambda name: name.kind is not SubjectKind.UID)
    return _without_repeated_spellings(known or by_kind)


def _without_repeated_spellings(names: Sequence[Subject]) -> tuple[Subject, ...]:
    """The names without those that are asked for by another one's spellings anyway."""
    return tuple(n for n in names if not any(set(n.spellings) < set(other.spellings) for other in names))


def answer_of(
    known: KnownPerson, question: Question, now: datetime, failure: Failure | None = None
) -> Answer | None:
    """The answer from the index; None where the index covers nothing and the person was never asked for."""
    times = [moment for moment in (known.coverage.end, known.asked and known.asked.end) if moment]
    if not times:
        return None
    sessions = tuple(_with_page(session, known.opened.get(session.id)) for session in known.sessions)
    return Answer(
        sessions=sessions,
        errors=_each_group_once(known),
        notes=tuple(_notes(question, known, failure)),
        as_of=max(times),
        covers=_covered(known, question.since(now), now),
        complete_from=sessions[-1].started_at if len(sessions) >= MOST_FOUND else None,
        partial=failure is not None,
        left_out=max(known.unread, known.unread_own),
        by_other_name=_may_be_known_by_a_uid(known, question),
    )


def _may_be_known_by_a_uid(known: KnownPerson, question: Question) -> bool:
    """Whether nobody was found by addresses alone: an app may name its users to Raygun by its own uids."""
    return not known.sessions and all(name.kind is SubjectKind.EMAIL for name in question.names)


def _covered(known: KnownPerson, since: datetime, now: datetime) -> Coverage:
    """The spans that are complete for this person: the index's, and the one they were asked for."""
    asked = known.asked if not known.more_names else None
    spans = (*known.coverage.spans, *((asked,) if asked else ()))
    return Coverage.of(spans).within(Span(since, now))


def _each_group_once(known: KnownPerson) -> tuple[ErrorEvent, ...]:
    """Each error group that the opened sessions tell of, as it was hit last, with all of these hits."""
    groups: dict[str, ErrorEvent] = {}
    # The newest session comes first: it tells of the last hit, as the legacy API gives errors no time.
    for session in known.sessions:
        opened = known.opened.get(session.id)
        for error in opened.errors if opened else ():
            seen = groups.setdefault(error.id or error.title, error)
            if seen is not error:
                count = (seen.count or 1) + (error.count or 1)
                groups[error.id or error.title] = replace(seen, count=count)
    return tuple(groups.values())


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
    if len(known.sessions) >= MOST_FOUND:
        yield f"the newest {MOST_FOUND} sessions alone"
    if known.more_names and known.spans:
        yield f"asked for by {len(known.names)} of {len(known.names) + known.more_names} identifiers"
    if _may_be_known_by_a_uid(known, question):
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
        trail=page.trail,
        satisfaction=page.satisfaction,
        slowest_page=page.slowest_page,
        slowest_page_seconds=page.slowest_page_seconds,
    )


def belongs_to(session: Session, names: Sequence[Subject]) -> bool:
    """
    Whether a session that was found is the person's: another customer's must never be shown.

    It must have one of the names; or, as it was found by the vendor's own id, no name that contradicts them.
    """
    uids = {name.value for name in names if name.kind is SubjectKind.UID}
    emails = {name.value for name in names if name.kind is SubjectKind.EMAIL}
    uid, email = session.user.uid, session.user.email
    if uid is not None and (uid in uids or address_value(uid) in emails):
        return True
    if email is not None:
        return address_value(email) in emails
    return uid is None or not (uids or "@" in uid)
