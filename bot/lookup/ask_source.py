"""
One question to one source: answered from the cache where that is fresh enough, else by the vendor.

A question has up to three findings: the cached answer while it is stale, a "late" once the deadline has
passed, and the last one. The deadline ends the waiting, never the call: a late answer is still stored, and
reported to whoever still waits.
"""

import asyncio
import uuid
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import TypeVar

import structlog
from cachetools import LRUCache

from bot.domain.answer import Answer
from bot.domain.model import Failure, Finding, Reason, SourceName, State
from bot.lookup.answer_cache import AnswerCache
from bot.lookup.findings import Findings
from bot.lookup.kept_answers import KeptAnswers, KnownAnswer
from bot.lookup.known_links import KnownLinks
from bot.lookup.single_flight import Flights
from bot.operations.clock import Clock, expiring_cache
from bot.sources.http import CallFailed, Calls
from bot.sources.protocol import Effort, Indexed, Question, Source
from bot.sources.raygun.pushed_errors import PushedErrors
from bot.storage.database import Connection
from bot.storage.gathered import Gathered
from bot.storage.keyring import Keyring
from bot.storage.leases import Leases
from bot.storage.store import Write

# After a refused key, how long an account is not asked: each try would cost a call.
_REFUSAL_LASTS = timedelta(minutes=5)
_REFUSALS_KEPT = 1_000
# How long a process keeps the right to ask a question without renewing it, should it die while it asks; and
# how often the others look whether its answer has come.
_LEASE_LASTS = timedelta(seconds=6)
_BETWEEN_LOOKS_SECONDS = 0.15
# Questions of which the number of answers is kept.
_ANSWERED_KEPT = 10_000
# A repeated question takes an answer that is no older than this for a new one.
_JUST_NOW = timedelta(seconds=5)

Kept = Mapping[SourceName, KnownAnswer | None]
"""What was read of the answers to a question, by source: None where nothing is kept."""
NOTHING_READ: Kept = MappingProxyType({})
T = TypeVar("T")

Report = Callable[[Finding, bool], None]
"""Called with each finding, and whether it is the last one."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A vendor's answer or the failure, and how many calls it took."""

    result: KnownAnswer | Failure
    calls: int


@dataclass(slots=True)
class Spent:
    """What asking one source has cost so far, also while it is still being asked."""

    calls: Calls | None = None

    @property
    def made(self) -> int:
        """How many calls were made."""
        return self.calls.made if self.calls else 0


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
        self._findings = Findings(pushed, clock)
        self._known_links = known_links
        self._leases = leases
        self._process = uuid.uuid4().hex
        # All sources are asked at once.
        self._claims = Gathered(self._claim_all)
        # How often each question has been answered: where the number has grown meanwhile, nobody need ask.
        self._answered_times: LRUCache[str, int] = LRUCache(_ANSWERED_KEPT)
        self._refused: MutableMapping[SourceName, Failure] = expiring_cache(
            _REFUSALS_KEPT, _REFUSAL_LASTS, clock
        )

    async def __call__(
        self,
        source: Source,
        question: Question,
        report: Report,
        at_vendor: Callable[[Spent], None] = lambda _spent: None,
        kept: Kept = NOTHING_READ,
    ) -> None:
        """
        Ask one source, and report its findings.

        Args:
            source: the account to ask.
            question: about whom, how far back, and whether a cached answer will do.
            report: called with each finding, with True for the last.
            at_vendor: called before the vendor is asked, where what is known is not enough, with what will
                hold the calls that this question costs.
            kept: what `kept_with` has read just now; a source that is not in it is looked up.

        """
        begun = question.heard_since or self._clock()
        answered_before = self._answered_times.get(self._flight_name(source, question), 0)
        remembered = await self._remembered(source, question, kept)
        known, fresh = remembered.known, question.effort is Effort.FRESH
        if known is not None:
            is_last = remembered.fits and (remembered.enough or question.effort is Effort.KNOWN)
            if is_last or known.answer.found:
                # While the vendor is asked, what is known is shown, marked as being asked for again.
                report(await self._findings.of(source, question, remembered.state, known), is_last)
            if is_last:
                return
        if (refusal := self._refused.get(source.name)) and not fresh:
            report(await self._findings.failed(source, question, refusal, known), True)
            return
        if self._answered_times.get(self._flight_name(source, question), 0) != answered_before:
            # The same question, asked by somebody else, was answered while the database was read.
            just_now = await self._remembered(source, replace(question, effort=Effort.USUAL), NOTHING_READ)
            if just_now.known is not None and just_now.enough and just_now.fits:
                report(await self._findings.of(source, question, just_now.state, just_now.known), True)
                return
        spent = Spent()
        at_vendor(spent)
        await self._ask_vendor(source, question, known, report, begun, spent)

    async def kept_with(
        self, first: Callable[[Connection], Callable[[], T]], sources: Sequence[Source], question: Question
    ) -> tuple[T, Kept]:
        """
        The kept answers to a question, by source, read in one transaction after what `first` reads.

        Sources with an index of their own have none here. In this order, so that names that were learnt of
        an answer are not known without it.
        """
        cached = {self._key(one, question): one for one in sources if not isinstance(one, Indexed)}
        enough = {key: partial(self._is_fresh, source) for key, source in cached.items()}
        told, known = await self._cache.all_of(enough, question.days, first)
        return told, {cached[key].name: one for key, one in known.items()}

    async def _remembered(self, source: Source, question: Question, kept: Kept) -> "_Remembered":
        if isinstance(source, Indexed):
            return await self._recalled(source, question)
        if source.name in kept:
            known = kept[source.name]
        else:
            key = self._key(source, question)
            known = await self._cache.get(key, question.days, partial(self._is_fresh, source))
        if known is None:
            return _Remembered(None)
        age = self._clock() - known.as_of
        state = State.CACHED if self._is_fresh(source, known) else State.STALE
        # A question repeated by another name may just have been asked, by that name, by somebody else.
        anew = question.effort is Effort.FRESH and not (question.again and age < _JUST_NOW)
        if _is_heard_again(question, known):
            return _Remembered(known, enough=True, state=State.CACHED, fits=known.days >= question.days)
        enough = state is State.CACHED and not anew
        return _Remembered(known, enough, state, fits=known.days >= question.days)

    async def _recalled(self, source: Indexed, question: Question) -> _Remembered:
        """What an index has; it is enough where it was read since a job was begun, if that is begun again."""
        usual = question if question.heard_since is None else replace(question, effort=Effort.USUAL)
        recall = await source.recall(usual)
        known = self._known(_noting_left_out(recall.answer), question) if recall.answer else None
        anew = usual is not question and question.effort is Effort.FRESH
        enough = recall.enough and (not anew or (known is not None and _is_heard_again(question, known)))
        return _Remembered(known, enough, State.INDEX)

    def _is_fresh(self, source: Source, known: KnownAnswer) -> bool:
        """Whether an answer will do for now; one of which a part failed does not."""
        if known.answer.partial:
            return False
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
        spent: Spent,
    ) -> None:
        name = self._flight_name(source, question)
        flight, ours = self._flights.join(name, lambda: self._outcome(source, question, begun, spent))
        done, _ = await asyncio.wait({flight}, timeout=self._deadline.total_seconds())
        if not done:
            late = self._late(source)
            report(await self._findings.failed(source, question, late, known, spent.made), False)
        # Shielded: one caller that is cancelled must not cancel the call for the others.
        outcome = await asyncio.shield(flight)
        while not ours and _is_kept_back(outcome):
            # It was refused to whoever asked first: calls may be left for who asks now, or the likes of them.
            flight, ours = self._flights.join(name, lambda: self._outcome(source, question, begun, spent))
            outcome = await asyncio.shield(flight)
        calls = outcome.calls if ours else 0
        if isinstance(outcome.result, Failure):
            report(await self._findings.failed(source, question, outcome.result, known, calls), True)
        else:
            state = State.LIVE if outcome.result.answer.covers is None else State.INDEX
            report(await self._findings.of(source, question, state, outcome.result, calls), True)

    async def _outcome(self, source: Source, question: Question, begun: datetime, spent: Spent) -> _Outcome:
        name = self._flight_name(source, question)
        try:
            if isinstance(source, Indexed):
                return await self._answered(source, question, spent)
            return await self._answered_once(source, question, name, begun, spent)
        finally:
            self._answered_times[name] = self._answered_times.get(name, 0) + 1

    async def _answered_once(
        self, source: Source, question: Question, name: str, begun: datetime, spent: Spent
    ) -> _Outcome:
        """The vendor's answer, or that of another process which is asking the same question now."""
        while True:
            key = self._key(source, question)
            ours, kept = await self._claims.ask((name, key)) or (False, ())
            known = self._cache.best(key, question.days, kept)
            if known is not None and self._is_answer(source, question, known, begun):
                if ours:
                    await self._leases.release(name, self._process)
                return _Outcome(known, 0)
            if ours:
                break
            await asyncio.sleep(_BETWEEN_LOOKS_SECONDS)
        renewing = asyncio.create_task(self._renew(name))
        released = False

        async def release(connection: Connection) -> None:
            nonlocal released
            await self._leases.releasing(name, self._process)(connection)
            released = True

        try:
            return await self._answered(source, question, spent, release)
        finally:
            renewing.cancel()
            if not released:
                await self._leases.release(name, self._process)

    async def _claim_all(
        self, questions: tuple[tuple[str, str], ...]
    ) -> dict[tuple[str, str], tuple[bool, KeptAnswers]]:
        """Of questions by name and cache key: whether each is ours to ask, and what has come of it so far."""
        names, keys = zip(*questions, strict=True)
        take = partial(self._leases.taking, keys=names, holder=self._process, lasting=_LEASE_LASTS)
        ours, kept = await self._cache.after(take, keys)
        return {(name, key): (name in ours, kept.get(key, ())) for name, key in questions}

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

    async def _answered(self, source: Source, question: Question, spent: Spent, *also: Write) -> _Outcome:
        """The vendor's answer, kept where the source has no index; what else is written goes with it."""
        spent.calls = calls = source.http.asking(question.purpose, await source.account(), question.by)
        try:
            answer = await source.find(question, calls)
        except CallFailed as failed:
            if failed.failure.reason is Reason.NOT_AUTHORISED:
                self._refused[source.name] = failed.failure
            return _Outcome(failed.failure, calls.made)
        self._refused.pop(source.name, None)
        if calls.left_out:
            log = structlog.get_logger("sources")
            log.warning("source.left_out", source=str(source.name), records=calls.left_out)
        # An index counts those of earlier readings too.
        answer = _noting_left_out(replace(answer, left_out=max(answer.left_out, calls.left_out)))
        known, subject = self._known(answer, question), question.subject
        if not isinstance(source, Indexed):
            key = self._key(source, question)
            links = self._known_links.learning(source.name, subject, answer.sessions)
            await self._cache.put(
                key, self._keyring.hash(subject.kind, subject.value), known, links, *calls.learnt, *also
            )
        return _Outcome(known, calls.made)

    def _flight_name(self, source: Source, question: Question) -> str:
        """A name for the question; questions that have the same answer have the same name."""
        return f"{self._key(source, question)}:{question.days}:{len(question.other_names)}"

    def _key(self, source: Source, question: Question) -> str:
        """
        The cache's key of a question.

        Each spelling of an address has its own: vendors tell capitals apart, so what is found by one need not
        be the same by another.
        """
        subject = question.subject
        return self._keyring.hash("finding", str(source.name), subject.kind, *subject.spellings)

    def _late(self, source: Source) -> Failure:
        seconds = f"{self._deadline.total_seconds():g} s"
        message = f"{source.title} did not answer within {seconds}; its answer is added when it comes"
        return Failure(Reason.TIMED_OUT, message)


def _noting_left_out(answer: Answer) -> Answer:
    """The answer that says how many records could not be read, if any: what the others say stands."""
    number = answer.left_out
    if not number:
        return answer
    records = f"{number} of its records" if number > 1 else "one of its records"
    note = f"{records} could not be read and {'are' if number > 1 else 'is'} left out"
    return replace(answer, notes=(*answer.notes, note))


def _is_kept_back(outcome: _Outcome) -> bool:
    return isinstance(outcome.result, Failure) and outcome.result.reason is Reason.QUOTA_SPENT


def _is_heard_again(question: Question, known: KnownAnswer) -> bool:
    """Whether an answer was heard for an earlier try of the job that asks."""
    return question.heard_since is not None and known.as_of >= question.heard_since
