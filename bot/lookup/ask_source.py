"""
One question to one source: from the cache where that is fresh enough, else from the vendor.

Whoever asks hears at most three times: what was remembered (when it is stale), that the deadline has
passed (when it has), and the outcome. The deadline ends the waiting, never the call: a late answer is
stored, and told to whoever still listens.
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
from bot.lookup.answer_cache import Cache, Known
from bot.lookup.known_links import KnownLinks
from bot.lookup.single_flight import Flights
from bot.operations.clock import Clock
from bot.sources.http import CallFailed
from bot.sources.protocol import Effort, Indexed, Question, Source
from bot.sources.raygun.pushed_errors import PushedErrors
from bot.storage.keyring import Keyring
from bot.storage.leases import Claims

# A refused key costs a call a try: it is not tried again at every lookup.
_REFUSAL_LASTS = timedelta(minutes=5)

_SMALL_QUOTA = 200
# A process that died while it asked is waited for no longer than this.
_ASKING_LASTS = timedelta(seconds=6)
_BETWEEN_LOOKS_SECONDS = 0.15
_LANDINGS_KEPT = 10_000
_A_MOMENT = timedelta(seconds=5)
# Vendors that tell of errors by themselves.
_PUSHING = frozenset({"raygun"})

Report = Callable[[Finding, bool], None]
"""Told of a finding, and whether it is the last one."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What asking a vendor came to, and the calls it took."""

    result: Known | Failure
    calls: int


@dataclass(frozen=True, slots=True)
class _Remembered:
    """
    What is known without asking, and how it came to be known.

    `enough` says that nobody need be asked; `fits` that it goes as far back as the question.
    """

    known: Known | None
    enough: bool = False
    state: State = State.STALE
    fits: bool = True


class Inquiry:
    """
    How sources are asked.

    Args:
        cache: what has been answered before.
        flights: the questions under way, shared by all who ask the same.
        keyring: keys the cache.
        clock: the process's time.
        deadline: how long a source is waited for before others hear that it is late.
        pushed: errors that vendors told of by themselves.
        known_links: learns which sessions there are, for when somebody pastes one's address.
        claims: lets one process at a time ask a question.

    """

    def __init__(
        self,
        cache: Cache,
        flights: Flights,
        keyring: Keyring,
        clock: Clock,
        deadline: timedelta,
        pushed: PushedErrors,
        known_links: KnownLinks,
        claims: Claims,
    ) -> None:
        self._cache = cache
        self._flights = flights
        self._keyring = keyring
        self._clock = clock
        self._deadline = deadline
        self._pushed = pushed
        self._known_links = known_links
        self._claims = claims
        self._process = uuid.uuid4().hex
        # How many answers to each question have come in: who finds one more than before need not ask.
        self._landed: LRUCache[str, int] = LRUCache(_LANDINGS_KEPT)
        self._refused: TTLCache[SourceName, Failure] = TTLCache(
            1_000,
            _REFUSAL_LASTS,
            timer=clock,  # type: ignore[arg-type] # any ordered clock will do
        )

    async def ask(
        self,
        source: Source,
        question: Question,
        report: Report,
        at_vendor: Callable[[], None] = lambda: None,
    ) -> None:
        """
        Find out what a source says, and report it.

        Args:
            source: the account to ask.
            question: about whom, how far back, and whether what is remembered will do.
            report: told of each finding; the last call has True.
            at_vendor: told when what is remembered will not do.

        """
        begun = self._clock()
        landed = self._landed.get(self._flight(source, question), 0)
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
        if self._landed.get(self._flight(source, question), 0) != landed:
            # Somebody who asked the same was answered while we looked for what is known.
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
            # Another process may have asked meanwhile.
            known = await self._cache.latest(key) or known
        if known is None:
            return _Remembered(None)
        age = self._clock() - known.as_of
        state = State.CACHED if self._is_fresh(source, known) else State.STALE
        # Whoever asks again by another name, anew, may find that somebody else did so a moment ago.
        anew = question.effort is Effort.FRESH and not (question.again and age < _A_MOMENT)
        enough = state is State.CACHED and not anew
        return _Remembered(known, enough, state, fits=known.days >= question.days)

    def _is_fresh(self, source: Source, known: Known) -> bool:
        lasting = source.freshness.found if known.answer.found else source.freshness.nobody
        return self._clock() - known.as_of < lasting

    def _known(self, answer: Answer, question: Question) -> Known:
        return Known(answer, answer.as_of or self._clock(), question.days)

    async def _ask_vendor(
        self,
        source: Source,
        question: Question,
        known: Known | None,
        report: Report,
        begun: datetime,
    ) -> None:
        name = self._flight(source, question)
        flight, ours = self._flights.join(name, lambda: self._fly(source, question, begun))
        done, _ = await asyncio.wait({flight}, timeout=self._deadline.total_seconds())
        if not done:
            report(await self._failed(source, question, self._late(source), known), False)
        # Shielded: whoever stops listening must not stop the call for the others.
        outcome = await asyncio.shield(flight)
        calls = outcome.calls if ours else 0
        if isinstance(outcome.result, Failure):
            report(await self._failed(source, question, outcome.result, known, calls), True)
        else:
            state = State.LIVE if outcome.result.answer.covers is None else State.INDEX
            report(await self._finding(source, question, state, outcome.result, calls), True)

    async def _fly(self, source: Source, question: Question, begun: datetime) -> _Outcome:
        name = self._flight(source, question)
        try:
            if isinstance(source, Indexed):
                return await self._answered(source, question)
            return await self._answered_once(source, question, name, begun)
        finally:
            self._landed[name] = self._landed.get(name, 0) + 1

    async def _answered_once(
        self, source: Source, question: Question, name: str, begun: datetime
    ) -> _Outcome:
        """Ask, unless another process is asking the same: then its answer is waited for."""
        while True:
            ours = await self._claims.take(name, self._process, _ASKING_LASTS)
            known = await self._cache.latest(self._key(source, question))
            if known is not None and self._will_do(source, question, known, begun):
                if ours:
                    await self._claims.release(name, self._process)
                return _Outcome(known, 0)
            if ours:
                break
            await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)
        renewing = asyncio.create_task(self._renew(name))
        try:
            return await self._answered(source, question)
        finally:
            renewing.cancel()
            await self._claims.release(name, self._process)

    def _will_do(self, source: Source, question: Question, known: Known, begun: datetime) -> bool:
        """Whether what another process has written meanwhile answers a question that began at a moment."""
        if known.days < question.days:
            return False
        usual = question.effort is not Effort.FRESH
        return known.as_of > begun or (usual and self._is_fresh(source, known))

    async def _renew(self, name: str) -> None:
        """Keep a question ours while it is asked, however long the vendor takes."""
        while True:
            await asyncio.sleep(_ASKING_LASTS.total_seconds() / 3)
            await self._claims.renew(name, self._process, _ASKING_LASTS)

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

    def _flight(self, source: Source, question: Question) -> str:
        """Name a question so that two which would be answered alike have one name."""
        return f"{self._key(source, question)}:{question.days}:{len(question.other_names)}"

    def _key(self, source: Source, question: Question) -> str:
        return self._keyring.hash("finding", str(source.name), question.subject.kind, question.subject.value)

    def _late(self, source: Source) -> Failure:
        seconds = f"{self._deadline.total_seconds():g} s"
        message = f"{source.title} did not answer within {seconds}; its answer is added when it comes"
        return Failure(Reason.TIMED_OUT, message)

    async def _finding(
        self, source: Source, question: Question, state: State, known: Known, calls: int = 0
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
        )

    async def _failed(
        self, source: Source, question: Question, failure: Failure, known: Known | None, calls: int = 0
    ) -> Finding:
        """Give a failure, beside what was known before it."""
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
        """Give what the vendor answered and what it pushed, each error once."""
        since = question.since(self._clock())
        answered = _errors_since(answer, since)
        if source.name.vendor not in _PUSHING:
            return answered
        pushed = await self._pushed.of(source.name, _all_names(question, answer), since)
        return _each_once(answered, pushed)


def _each_once(answered: tuple[ErrorEvent, ...], pushed: tuple[ErrorEvent, ...]) -> tuple[ErrorEvent, ...]:
    """Give each error group once: when and in which state as pushed, how often and where as answered."""
    told = {error.id: error for error in pushed if error.id is not None}
    known = {error.id for error in answered}
    both = tuple(
        replace(error, occurred_at=more.occurred_at, status=more.status)
        if error.id is not None and (more := told.get(error.id))
        else error
        for error in answered
    )
    return (*both, *(error for error in pushed if error.id is None or error.id not in known))


def _all_names(question: Question, answer: Answer) -> tuple[Subject, ...]:
    """Give all that somebody is called, by what their sessions say too."""
    uids = (session.user.uid for session in answer.sessions)
    return (*question.names, *(Subject(SubjectKind.UID, uid, uid) for uid in set(uids) if uid))


async def _small_quota(source: Source, question: Question) -> tuple[int | None, int | None, datetime | None]:
    """Give what is left of a small quota, the most that asking anew would take, and when one comes back."""
    account = await source.account()
    window = account.longest
    if window is None or window.calls > _SMALL_QUOTA:
        return None, None, None
    state = await source.http.ledger.state(account)
    return state.left, await source.cost(question.subject), state.returns_at


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
