"""
One question to one source: answered from the cache where that is fresh enough, else by the vendor.

A question has up to three findings: the cached answer while it is stale, a "late" once the deadline has
passed, and the last one. The deadline ends the waiting, never the call: a late answer is still stored, and
reported to whoever still waits.
"""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from cachetools import LRUCache, TTLCache

from bot.domain.answer import Answer
from bot.domain.model import (
    ErrorEvent,
    Failure,
    Finding,
    Reason,
    Session,
    SourceName,
    State,
    Subject,
    SubjectKind,
)
from bot.lookup.answer_cache import AnswerCache, KnownAnswer
from bot.lookup.known_links import KnownLinks
from bot.lookup.single_flight import Flights
from bot.operations.clock import Clock
from bot.sources.http import CallFailed
from bot.sources.protocol import Effort, Indexed, Question, Source
from bot.sources.raygun.pushed_errors import PushedErrors
from bot.storage.keyring import Keyring
from bot.storage.leases import Leases

# After a refused key, how long an account is not asked: each try would cost a call.
_REFUSAL_LASTS = timedelta(minutes=5)
_REFUSALS_KEPT = 1_000
# A quota with at most so many calls in its longest window is shown to people.
_SMALL_QUOTA = 200
# How long a process keeps the right to ask a question without renewing it, should it die while it asks; and
# how often the others look whether its answer has come.
_LEASE_LASTS = timedelta(seconds=6)
_BETWEEN_LOOKS_SECONDS = 0.15
# Questions of which the number of answers is kept.
_ANSWERED_KEPT = 10_000
# A repeated question takes an answer that is no older than this for a new one.
_JUST_NOW = timedelta(seconds=5)
# Vendors that send errors to us by webhook.
_PUSHING = frozenset({"raygun"})

Report = Callable[[Finding, bool], None]
"""Called with each finding, and whether it is the last one."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A vendor's answer or the failure, and how many calls it took."""

    result: KnownAnswer | Failure
    calls: int


@dataclass(frozen=True, slots=True)
class _Remembered:
    """
    What is known without a call, and where from.

    `enough`: the vendor need not be asked; `fits`: it goes as far back as the question.
    """

    known: KnownAnswer | None
    enough: bool = False
    state: State = State.STALE
    fits: bool = True


class AskSource:
    """
    Asks sources, through the cache.

    Args:
        cache: earlier answers.
        flights: the questions that are being asked in this process.
        keyring: makes the cache's keys.
        clock: the time.
        deadline: how long a source is waited for before it is reported as late.
        pushed: errors that vendors sent by webhook.
        known_links: learns the sessions found, for when somebody pastes the URL of one.
        leases: lets one process at a time ask a question.

    """

    def __init__(
        self,
        cache: AnswerCache,
        flights: Flights,
        keyring: Keyring,
        clock: Clock,
        deadline: timedelta,
        pushed: PushedErrors,
        known_links: KnownLinks,
        leases: Leases,
    ) -> None:
        self._cache = cache
        self._flights = flights
        self._keyring = keyring
        self._clock = clock
        self._deadline = deadline
        self._pushed = pushed
        self._known_links = known_links
        self._leases = leases
        self._process = uuid.uuid4().hex
        # How often each question has been answered: where the number has grown meanwhile, nobody need ask.
        self._answered_times: LRUCache[str, int] = LRUCache(_ANSWERED_KEPT)
        self._refused: TTLCache[SourceName, Failure] = TTLCache(
            _REFUSALS_KEPT,
            _REFUSAL_LASTS,
            timer=clock,  # type: ignore[arg-type] # any ordered clock will do
        )

    async def __call__(
        self,
        source: Source,
        question: Question,
        report: Report,
        at_vendor: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Ask one source, and report its findings.

        Args:
            source: the account to ask.
            question: about whom, how far back, and whether a cached answer will do.
            report: called with each finding, with True for the last.
            at_vendor: called before the vendor is asked, where what is known is not enough.

        """
        begun = self._clock()
        answered_before = self._answered_times.get(self._flight_name(source, question), 0)
        remembered = await self._remembered(source, question)
        known, fresh = remembered.known, question.effort is Effort.FRESH
        if known is not None and remembered.fits:
            if remembered.enough or question.effort is Effort.KNOWN:
                report(await self._finding(source, question, remembered.state, known), True)
                return
            if known.answer.found and not fresh:
                report(await self._finding(source, question, remembered.state, known), False)
        if (refusal := self._refused.get(source.name)) and not fresh:
            report(await self._failed(source, question, refusal, known), True)
            return
        if self._answered_times.get(self._flight_name(source, question), 0) != answered_before:
            # The same question, asked by somebody else, was answered while the database was read.
            just_now = await self._remembered(source, replace(question, effort=Effort.USUAL))
            if just_now.known is not None and just_now.enough and just_now.fits:
                report(await self._finding(source, question, just_now.state, just_now.known), True)
                return
        at_vendor()
        await self._ask_vendor(source, question, known, report, begun)

    async def _remembered(self, source: Source, question: Question) -> "_Remembered":
        if isinstance(source, Indexed):
            recall = await source.recall(question)
            known = self._known(recall.answer, question) if recall.answer else None
            return _Remembered(known, recall.enough, State.INDEX)
        key = self._key(source, question)
        known = await self._cache.get(key)
        if known is None or not self._is_fresh(source, known):
            # Another process may have asked since.
            known = await self._cache.latest(key) or known
        if known is None:
            return _Remembered(None)
        age = self._clock() - known.as_of
        state = State.CACHED if self._is_fresh(source, known) else State.STALE
        # A question repeated by another name may just have been asked, by that name, by somebody else.
        anew = question.effort is Effort.FRESH and not (question.again and age < _JUST_NOW)
        enough = state is State.CACHED and not anew
        return _Remembered(known, enough, state, fits=known.days >= question.days)

    def _is_fresh(self, source: Source, known: KnownAnswer) -> bool:
        lasting = source.freshness.found if known.answer.found else source.freshness.nobody
        return self._clock() - known.as_of < lasting

    def _known(self, answer: Answer, question: Question) -> KnownAnswer:
        return KnownAnswer(answer, answer.as_of or self._clock(), question.days)

    async def _ask_vendor(
        self,
        source: Source,
        question: Question,
        known: KnownAnswer | None,
        report: Report,
        begun: datetime,
    ) -> None:
        name = self._flight_name(source, question)
        flight, ours = self._flights.join(name, lambda: self._outcome(source, question, begun))
        done, _ = await asyncio.wait({flight}, timeout=self._deadline.total_seconds())
        if not done:
            report(await self._failed(source, question, self._late(source), known), False)
        # Shielded: one caller that is cancelled must not cancel the call for the others.
        outcome = await asyncio.shield(flight)
        calls = outcome.calls if ours else 0
        if isinstance(outcome.result, Failure):
            report(await self._failed(source, question, outcome.result, known, calls), True)
        else:
            state = State.LIVE if outcome.result.answer.covers is None else State.INDEX
            report(await self._finding(source, question, state, outcome.result, calls), True)

    async def _outcome(self, source: Source, question: Question, begun: datetime) -> _Outcome:
        name = self._flight_name(source, question)
        try:
            if isinstance(source, Indexed):
                return await self._answered(source, question)
            return await self._answered_once(source, question, name, begun)
        finally:
            self._answered_times[name] = self._answered_times.get(name, 0) + 1

    async def _answered_once(
        self, source: Source, question: Question, name: str, begun: datetime
    ) -> _Outcome:
        """The vendor's answer, or that of another process which is asking the same question now."""
        while True:
            ours = await self._leases.take(name, self._process, _LEASE_LASTS)
            known = await self._cache.latest(self._key(source, question))
            if known is not None and self._is_answer(source, question, known, begun):
                if ours:
                    await self._leases.release(name, self._process)
                return _Outcome(known, 0)
            if ours:
                break
            await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)
        renewing = asyncio.create_task(self._renew(name))
        try:
            return await self._answered(source, question)
        finally:
            renewing.cancel()
            await self._leases.release(name, self._process)

    def _is_answer(self, source: Source, question: Question, known: KnownAnswer, begun: datetime) -> bool:
        """Whether a cached answer, perhaps of another process, will do for a question asked at `begun`."""
        if known.days < question.days:
            return False
        usual = question.effort is not Effort.FRESH
        return known.as_of > begun or (usual and self._is_fresh(source, known))

    async def _renew(self, name: str) -> None:
        """Renew the right to ask a question until cancelled, however long the vendor takes."""
        while True:
            await asyncio.sleep(_LEASE_LASTS.total_seconds() / 3)
            await self._leases.renew(name, self._process, _LEASE_LASTS)

    async def _answered(self, source: Source, question: Question) -> _Outcome:
        calls = source.http.asking(question.purpose, await source.account())
        try:
            answer = await source.find(question, calls)
        except CallFailed as failed:
            if failed.failure.reason is Reason.NOT_AUTHORISED:
                self._refused[source.name] = failed.failure
            return _Outcome(failed.failure, calls.made)
        self._refused.pop(source.name, None)
        known, subject = self._known(answer, question), question.subject
        if not isinstance(source, Indexed):
            key = self._key(source, question)
            await self._cache.put(key, self._keyring.hash(subject.kind, subject.value), known)
            await self._known_links.learn(source.name, subject, answer.sessions)
        return _Outcome(known, calls.made)

    def _flight_name(self, source: Source, question: Question) -> str:
        """A name for the question; questions that have the same answer have the same name."""
        return f"{self._key(source, question)}:{question.days}:{len(question.other_names)}"

    def _key(self, source: Source, question: Question) -> str:
        return self._keyring.hash("finding", str(source.name), question.subject.kind, question.subject.value)

    def _late(self, source: Source) -> Failure:
        seconds = f"{self._deadline.total_seconds():g} s"
        message = f"{source.title} did not answer within {seconds}; its answer is added when it comes"
        return Failure(Reason.TIMED_OUT, message)

    async def _finding(
        self, source: Source, question: Question, state: State, known: KnownAnswer, calls: int = 0
    ) -> Finding:
        since = question.since(self._clock())
        left, again, back = await _small_quota(source, question)
        return Finding(
            source.name,
            state,
            known.as_of,
            calls,
            _sessions_since(known.answer, since),
            await self._errors(source, question, known.answer),
            known.answer.people,
            known.answer.notes,
            calls_left=left,
            calls_again=again,
            calls_back=back,
            covers=known.answer.covers,
            complete_from=_complete_from(known, since),
            partial=known.answer.partial,
        )

    async def _failed(
        self, source: Source, question: Question, failure: Failure, known: KnownAnswer | None, calls: int = 0
    ) -> Finding:
        """The finding for a failure, with what was known before it."""
        spent = failure.reason is Reason.QUOTA_SPENT
        if known is None:
            left, again, back = await _small_quota(source, question)
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
        shown = await self._finding(source, question, State.QUOTA if spent else State.STALE, known, calls)
        return replace(shown, failure=failure)

    async def _errors(self, source: Source, question: Question, answer: Answer) -> tuple[ErrorEvent, ...]:
        """The errors that the vendor answered and those that it pushed, each once."""
        since = question.since(self._clock())
        answered = _errors_since(answer, since)
        if source.name.vendor not in _PUSHING:
            return answered
        pushed = await self._pushed.of(source.name, _all_names(question, answer), since)
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


async def _small_quota(source: Source, question: Question) -> tuple[int | None, int | None, datetime | None]:
    """Of a small quota: calls left, the most that asking anew takes, and when the next one comes back."""
    account = await source.account()
    window = account.longest
    if window is None or window.calls > _SMALL_QUOTA:
        return None, None, None
    state = await source.http.ledger.state(account)
    return state.left, await source.cost(question.subject), state.returns_at


def _complete_from(known: KnownAnswer, since: datetime) -> datetime | None:
    """From when on an answer is complete: it may be cut, or be one to a question about fewer days."""
    asked_back_to = known.as_of - timedelta(days=known.days)
    begins = [moment for moment in (known.answer.complete_from, asked_back_to) if moment and moment > since]
    return max(begins, default=None)


def _sessions_since(answer: Answer, since: datetime) -> tuple[Session, ...]:
    return tuple(s for s in answer.sessions if (s.ended_at or s.started_at or since) >= since)


def _errors_since(answer: Answer, since: datetime) -> tuple[ErrorEvent, ...]:
    shown = {session.id for session in _sessions_since(answer, since)}
    left_out = {session.id for session in answer.sessions} - shown
    return tuple(
        error
        for error in answer.errors
        if (error.occurred_at or since) >= since and error.session_id not in left_out
    )
