"""What a source has said as a finding: of the asked days, with pushed errors and the calls that are left."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from bot.domain.answer import Answer
from bot.domain.model import (
    ErrorEvent,
    Failure,
    Finding,
    Reason,
    Session,
    State,
    Subject,
    SubjectKind,
)
from bot.lookup.kept_answers import KnownAnswer
from bot.operations.clock import Clock
from bot.sources.protocol import Question, Source
from bot.sources.raygun.pushed_errors import PushedErrors

# Vendors that send errors to us by webhook.
_PUSHING = frozenset({"raygun"})
# How old a tool's word may be that somebody is on the site now.
_NOW = timedelta(minutes=5)
# A session is over when nothing has happened in it for this long, also where a list has it as running.
_IDLE = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Findings:
    """Makes findings of answers and failures."""

    pushed: PushedErrors
    clock: Clock

    async def of(
        self, source: Source, question: Question, state: State, known: KnownAnswer, calls: int = 0
    ) -> Finding:
        """The finding for an answer."""
        now = self.clock()
        since = question.since(now)
        left, again, back = await _small_quota(source, question, now)
        return Finding(
            source.name,
            state,
            known.as_of,
            calls,
            tuple(_known_now(s, known.as_of, now) for s in _sessions_since(known.answer, since)),
            await self._errors(source, question, known.answer),
            known.answer.people,
            (*known.answer.notes, *_reaching_in(known.answer, since)),
            calls_left=left,
            calls_again=again,
            calls_back=back,
            covers=known.answer.covers,
            complete_from=_complete_from(known, since),
            partial=known.answer.partial,
            left_out=known.answer.left_out,
            by_other_name=known.answer.by_other_name,
        )

    async def failed(
        self, source: Source, question: Question, failure: Failure, known: KnownAnswer | None, calls: int = 0
    ) -> Finding:
        """The finding for a failure, with what was known before it."""
        spent = failure.reason is Reason.QUOTA_SPENT
        if known is None:
            left, again, back = await _small_quota(source, question, self.clock())
            state = State.QUOTA if spent else State.FAILED
            return Finding(
                source.name,
                state,
                calls=calls,
                errors=await self._errors(source, question, Answer()),
                failure=failure,
                calls_left=left,
                calls_again=again,
                calls_back=back,
            )
        shown = await self.of(source, question, State.QUOTA if spent else State.STALE, known, calls)
        return replace(shown, failure=failure)

    async def _errors(self, source: Source, question: Question, answer: Answer) -> tuple[ErrorEvent, ...]:
        """The errors that the vendor answered and those that it pushed, each once."""
        since = question.since(self.clock())
        answered = _errors_since(answer, since)
        if source.name.vendor not in _PUSHING:
            return answered
        pushed = await self.pushed.of(source.name, _all_names(question, answer), since)
        return _each_once(answered, pushed)


def _each_once(answered: tuple[ErrorEvent, ...], pushed: tuple[ErrorEvent, ...]) -> tuple[ErrorEvent, ...]:
    """Each error group once: when it last hit them, its status as pushed, its count and page as answered."""
    pushed_by_id = {error.id: error for error in pushed if error.id is not None}
    known = {error.id for error in answered}
    both = tuple(
        replace(
            error,
            occurred_at=max(filter(None, (error.occurred_at, more.occurred_at)), default=None),
            status=more.status or error.status,
            users_affected=more.users_affected,
            first_occurred_at=more.first_occurred_at,
            counted_at=more.counted_at,
        )
        if error.id is not None and (more := pushed_by_id.get(error.id))
        else error
        for error in answered
    )
    return (*both, *(error for error in pushed if error.id is None or error.id not in known))


def _all_names(question: Question, answer: Answer) -> tuple[Subject, ...]:
    """All names of the subject: those of the question, and the uids in its sessions."""
    uids = (session.user.uid for session in answer.sessions)
    return (*question.names, *(Subject(SubjectKind.UID, uid, uid) for uid in set(uids) if uid))


async def _small_quota(
    source: Source, question: Question, now: datetime
) -> tuple[int | None, int | None, datetime | None]:
    """Of a small quota: calls left, the most that asking anew takes, and when the next one comes back."""
    account = await source.account()
    if not account.is_small:
        return None, None, None
    state = await source.http.ledger.state(account, now)
    return state.left, await source.cost(question.subject), state.returns_at


def _complete_from(known: KnownAnswer, since: datetime) -> datetime | None:
    """From when on an answer is complete: it may be cut, or be one to a question about fewer days."""
    begins = [moment for moment in (known.answer.complete_from, known.since) if moment and moment > since]
    return max(begins, default=None)


def _known_now(session: Session, as_of: datetime, now: datetime) -> Session:
    """The session, no longer live where that was said too long ago, or of one in which nothing happens."""
    if not session.live or session.started_at is None:
        return session
    lasted = session.duration_seconds
    idle = as_of - session.started_at - timedelta(seconds=lasted) if lasted is not None else timedelta()
    return replace(session, live=None) if now - as_of > _NOW or idle > _IDLE else session


def _sessions_since(answer: Answer, since: datetime) -> tuple[Session, ...]:
    return tuple(session for session in answer.sessions if session.may_reach(since))


def _reaching_in(answer: Answer, since: datetime) -> tuple[str, ...]:
    """A note on the sessions that may have reached into the asked days, where the vendor tells no ends."""
    unsure = [
        s for s in _sessions_since(answer, since) if s.ended_at is None and (s.started_at or since) < since
    ]
    if not unsure:
        return ()
    few = "one session" if len(unsure) == 1 else f"{len(unsure)} sessions"
    return (f"{few} that began before these days may have reached into them: their ends are not told",)


def _errors_since(answer: Answer, since: datetime) -> tuple[ErrorEvent, ...]:
    shown = {session.id for session in _sessions_since(answer, since)}
    left_out = {session.id for session in answer.sessions} - shown
    return tuple(
        error
        for error in answer.errors
        if (error.occurred_at or since) >= since and error.session_id not in left_out
    )
