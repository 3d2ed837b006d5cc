"""
Raygun through its legacy API: people are found in a local index, so that 50 calls last a day.

`plan` decides what the next call is spent on. One lookup at a time reads pages; the others wait, and find
what it has read.
"""

import asyncio
import math
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import httpx2
from cachetools import TTLCache

from bot.domain.answer import Answer
from bot.domain.coverage import Coverage, Span
from bot.domain.links import Link
from bot.domain.model import Failure, Reason, Session, SourceName, Subject
from bot.operations.clock import expiring_cache
from bot.operations.tasks import Tasks
from bot.settings.accounts import RaygunAccount
from bot.sources.http import CallFailed, Calls, VendorHttp
from bot.sources.protocol import Effort, Freshness, Question, Recall
from bot.sources.quota import Account, Purpose, Refused, Window, reserve
from bot.sources.raygun.from_index import WORTH_OPENING, KnownPerson, Readers, answer_of, look_up
from bot.sources.raygun.index import LONGEST_VISIT, Harvest, Opened, SessionIndex
from bot.sources.raygun.legacy_api import FIRST_REST, KEY_LASTS, RaygunApi
from bot.sources.raygun.spending.forecast import Purse, days_ahead
from bot.sources.raygun.spending.plan import (
    A_PAGE,
    MOST_BEHIND,
    AskPerson,
    NoCall,
    OpenSessions,
    ReadSpan,
    Situation,
    SoughtPerson,
    Step,
    Why,
    next_gaps,
    next_step,
)
from bot.sources.raygun.spending.volume import Volume, learn_volume
from bot.sources.wiring import Wiring

_DAY_SECONDS = 24 * 3600
# The vendor counts a call when it arrives, and may take 30 seconds to answer it.
_LAG_SECONDS = 60
# Calls that an answer waits for; each of them is planned anew.
_MOST_STEPS = 8
# After a failed call, how long no other question tries the same; longest after an incomplete list, which has
# cost the most calls.
_TROUBLE_LASTS = timedelta(minutes=2)
_NOT_WHOLE_LASTS = timedelta(minutes=30)
_NOT_WHOLE = "Raygun’s list of sessions did not come whole"
# How long a forecast is used, and by how much the index must grow before then for a new one.
_FORECAST_LASTS = timedelta(minutes=10)
_FORECAST_STEP = timedelta(minutes=20)


def windows(settings: RaygunAccount) -> tuple[Window, ...]:
    """The calls of one application: in a rolling day, as it is not known when the vendor's day ends."""
    return (Window(settings.daily_calls, _DAY_SECONDS, _LAG_SECONDS),)


def rest_after_429(_now: datetime) -> timedelta:
    """How long no call is made after a first 429: it is not documented when the vendor's day ends."""
    return FIRST_REST


# So many people are known for so long as they were read: the plan looks at them before each call.
_PEOPLE_KEPT, _LATELY_SECONDS = 100, 0.25
_Asked = tuple[tuple[Subject, ...], int, int, int]


@dataclass(frozen=True, slots=True)
class _Forecast:
    """What is expected by earlier days: how many sessions begin when, and when people are looked up."""

    volume: Volume
    lookups: tuple[datetime, ...]


@dataclass(slots=True)
class _Trouble:
    """The last failure, which is reported without another call until its own time."""

    failure: Failure | None = None

    def remember(self, failure: Failure, now: datetime) -> None:
        """Remember a failure, but for those about calls: the ledger knows who may make them, and when."""
        if failure.reason in (Reason.QUOTA_SPENT, Reason.RATE_LIMITED):
            return
        lasts = _NOT_WHOLE_LASTS if failure.message == _NOT_WHOLE else _TROUBLE_LASTS
        self.failure = replace(failure, until=now + lasts)

    def at(self, now: datetime) -> Failure | None:
        """The failure, if it is still to be reported at this time."""
        until = self.failure.until if self.failure else None
        return self.failure if until is not None and now < until else None


@dataclass(frozen=True, slots=True)
class Raygun:
    """One application, through the legacy API and the index."""

    name: SourceName
    http: VendorHttp
    settings: RaygunAccount
    api: RaygunApi
    index: SessionIndex
    tasks: Tasks
    _readers: Readers = field(default_factory=Readers)
    _trouble: _Trouble = field(default_factory=_Trouble)
    _forecasts: MutableMapping[str, _Forecast] = field(init=False)
    _lately: MutableMapping[_Asked, KnownPerson] = field(
        default_factory=lambda: TTLCache(_PEOPLE_KEPT, _LATELY_SECONDS)
    )

    title = "Raygun"
    freshness = Freshness(found=timedelta(minutes=15), nobody=timedelta(minutes=5))

    def __post_init__(self) -> None:
        """Make the cache of forecasts, which uses the source's clock."""
        memory: MutableMapping[str, _Forecast] = expiring_cache(1, _FORECAST_LASTS, self.http.clock)
        object.__setattr__(self, "_forecasts", memory)

    async def account(self) -> Account:
        """The account with its rolling day."""
        return self.http.account

    async def cost(self, subject: Subject) -> int:
        """The most calls: a login, the index, gaps of it, the person by each spelling, newest sessions."""
        return self.settings.login_counts + 1 + MOST_BEHIND + len(subject.spellings) + WORTH_OPENING

    async def recall(self, question: Question) -> Recall:
        """What the index has; it is enough where the plan would spend no call on this question."""
        known = await self._known(question)
        step = next_step(await self._situation(question, known))
        answer = answer_of(known, question, self.http.clock())
        enough = isinstance(step, NoCall) and step.why is not Why.SPENT
        if question.effort is not Effort.KNOWN and not question.again:
            self.index.note_lookup(self.name, self.http.clock())
            if enough:
                self.tasks.spawn(self.index.write_noted(), f"note lookup {self.name}")
        return Recall(answer, enough)

    async def find(self, question: Question, calls: Calls) -> Answer:
        """
        The subject's sessions and errors, after the calls that the plan spends on them.

        Raises:
            CallFailed: when the first of these calls fails, or none can be made.

        """
        asked, failure = False, None
        if question.effort is Effort.KNOWN:
            # Nothing is known at all, so it is asked as usual.
            question = replace(question, effort=Effort.USUAL)
        for number in range(_MOST_STEPS):
            step = await self._plan(question)
            if isinstance(step, NoCall):
                if step.why is Why.SPENT and not number:
                    raise await self._spent(question)
                break
            try:
                await self._act(step, question, calls)
            except CallFailed as failed:
                if not number:
                    raise
                failure = failed.failure
                break
            asked = asked or isinstance(step, AskPerson)
        await self._go_on(question, calls)
        now = self.http.clock()
        known = await self._known(question)
        answer = answer_of(known, question, now, failure)
        if answer is None:
            raise CallFailed(Reason.UNREADABLE, _NOT_WHOLE)
        # The vendor itself has just told of the whole span, by every name.
        whole = asked and known.was_asked_since(question.since(now))
        return replace(answer, as_of=now, covers=None, left_out=known.unread_own) if whole else answer

    async def _plan(self, question: Question) -> Step:
        return next_step(await self._situation(question, await self._known(question)))

    async def _act(self, step: Step, question: Question, calls: Calls) -> None:
        """Make a planned call; pages serve all questions, so one task reads them and others wait."""
        if not isinstance(step, ReadSpan):
            await self._take(step, question, calls)
            return
        self._readers.waiting += 1
        try:
            async with self._readers.turn:
                step = await self._plan(question)
                if isinstance(step, ReadSpan):
                    await self._take(step, question, calls)
        finally:
            self._readers.waiting -= 1

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        """One session by its number."""
        opened = await self.api.open(session_id, calls)
        return opened.session if opened else None

    async def is_ours(self, link: Link, calls: Calls) -> bool:  # noqa: ARG002 - needs no call
        """Whether a page is of our application, whose id has to be configured for that."""
        return self.settings.application is not None and link.account_id == self.settings.application

    async def person(self, link: Link, calls: Calls) -> Subject | None:  # noqa: ARG002 - not told by an address
        """None: the URLs of users' pages are not documented."""
        return None

    async def check(self, calls: Calls) -> str:
        """Log in, or use the present login, and ask for one session of the last minute."""
        await self.api.check(calls)
        return "login and list of sessions work"

    async def _known(self, question: Question) -> KnownPerson:
        """What the index has; what was read a moment ago, unless this process has changed it since."""
        now = self.http.clock()
        moment = int(now.timestamp() / _LATELY_SECONDS)
        asked = question.names, question.days, self.index.changes, moment
        known = self._lately.get(asked)
        if known is None:
            known = self._lately[asked] = await look_up(self.index, self.name, question, now)
        return known

    async def _situation(self, question: Question, known: KnownPerson) -> Situation:
        now = self.http.clock()
        purse, forecast = await asyncio.gather(
            self._purse(question), self._forecast(known.coverage, at_hand=question.again)
        )
        return Situation(
            now=now,
            effort=question.effort,
            since=question.since(now),
            kept_since=now - self.index.retention,
            coverage=known.coverage,
            purse=purse,
            days=days_ahead(forecast.lookups, now),
            volume=forecast.volume,
            person=SoughtPerson(bool(known.sessions), known.asked, known.unopened),
        )

    async def _purse(self, question: Question) -> Purse:
        """The calls that a question may spend, and when calls come back."""
        now = self.http.clock()
        state, key = await asyncio.gather(
            self.http.ledger.state(self.http.account, now), self.api.key_is_known()
        )
        limit = self.settings.daily_calls
        left = max(0, (state.left or 0) - reserve(limit, question.purpose))
        share = self.http.ledger.share_of(question.by, self.http.account, state)
        return Purse(
            left=min(left, share.left) if share else left,
            limit=limit,
            returns=tuple(now + back for back in state.returning),
            login=int(self.settings.login_counts),
            key_until=now + KEY_LASTS if key else None,
        )

    async def _forecast(self, coverage: Coverage, *, at_hand: bool = False) -> _Forecast:
        if at_hand and (any_known := next(iter(self._forecasts.values()), None)):
            # A question goes on by what it began with, though the index has grown meanwhile.
            return any_known
        # The cache's key is the length that the index covers: as it grows, the forecast is made anew.
        covered = sum((span.length for span in coverage.spans), timedelta())
        grown = str(math.ceil(covered / _FORECAST_STEP))
        known = self._forecasts.get(grown)
        if known is None:
            since = self.http.clock() - self.index.retention
            begun, lookups = await self.index.traffic(self.name, since)
            known = _Forecast(learn_volume(begun, coverage, A_PAGE), lookups)
            self._forecasts[grown] = known
        return known

    async def _take(self, step: Step, question: Question, calls: Calls) -> None:
        """Make the planned call, and store what it brings."""
        now = self.http.clock()
        if (failure := self._trouble.at(now)) and question.effort is not Effort.FRESH:
            raise CallFailed(failure.reason, failure.message, failure.until)
        try:
            await self._call(step, question, calls)
        except CallFailed as failed:
            self._trouble.remember(failed.failure, now)
            raise
        self._trouble.failure = None

    async def _call(self, step: Step, question: Question, calls: Calls) -> None:
        match step:
            case ReadSpan(span):
                harvest = await self.api.read_span(span, calls)
                await self.index.put(self.name, harvest, self.http.clock())
                if harvest.whole is None:
                    raise CallFailed(Reason.UNREADABLE, _NOT_WHOLE)
            case AskPerson(span):
                await self.ask_person(await self._known(question), span, calls)
            case OpenSessions(ids):
                # What one of them brings is kept where another one fails.
                ended = await asyncio.gather(
                    *(self._open(session_id, calls) for session_id in ids), return_exceptions=True
                )
                for failed in ended:
                    if failed is not None:
                        raise failed

    async def _open(self, session_id: str, calls: Calls) -> None:
        opened = await self.api.open(session_id, calls)
        # A session that Raygun no longer has is not asked for again.
        missing = Opened(Session(self.name, session_id), (), self.http.clock())
        await self.index.put_opened(self.name, opened or missing)

    async def ask_person(self, known: KnownPerson, span: Span, calls: Calls) -> None:
        """Ask for one person's sessions by one of their names, in all its spellings, and store them."""
        name = known.next_name(span.start)
        if name is None:
            return
        # What began before and went on is theirs of this time too; Raygun lists sessions by their beginnings.
        wider = Span(span.start - LONGEST_VISIT, span.end)
        harvests = [await self.api.ask_person(spelling, wider, calls) for spelling in name.spellings]
        found = Harvest(
            [sighted for harvest in harvests for sighted in harvest.sessions],
            [customer for harvest in harvests for customer in harvest.customers],
            unread=sum(harvest.unread for harvest in harvests),
        )
        if all(harvest.whole for harvest in harvests):
            await self.index.put_answer(self.name, name, found, span)
            return
        # Of more than a page it is not documented which sessions come: they are kept, and nothing is claimed.
        await self.index.put(self.name, found, self.http.clock())
        raise CallFailed(Reason.UNREADABLE, _NOT_WHOLE)

    async def _go_on(self, question: Question, calls: Calls) -> None:
        """Read into the newest gaps behind the answer, if calls are spare; they count as the answer's."""
        if self._readers.filling:
            return
        self._readers.filling = True
        usual = replace(question, effort=Effort.USUAL)
        ahead: list[tuple[ReadSpan, Calls]] = []
        try:
            for step in next_gaps(await self._situation(usual, await self._known(usual))):
                later = await calls.ahead()
                if later is None:
                    break
                ahead.append((step, later))
        finally:
            self.tasks.spawn(self._fill_gaps(ahead, usual), f"fill gaps {self.name}")

    async def _fill_gaps(self, ahead: Sequence[tuple[ReadSpan, Calls]], question: Question) -> None:
        try:
            for step, calls in ahead:
                async with self._readers.turn:
                    await self._take(step, question, calls)
        except CallFailed:
            # Kept as trouble, which the next question reports.
            return
        finally:
            self._readers.filling = False

    async def _spent(self, question: Question) -> CallFailed:
        """The failure for no call left, with when one comes back."""
        now = self.http.clock()
        state = await self.http.ledger.state(self.http.account)
        share = self.http.ledger.share_of(question.by, self.http.account, state)
        left = (state.left or 0) - reserve(self.settings.daily_calls, question.purpose)
        until = state.returns_at
        if state.blocked_until is not None:
            refused = Refused(state.blocked_until, reserved=False, by_vendor=True)
        elif share is not None and share.left < left:
            until = None if share.again_in is None else now + share.again_in
            refused = Refused(until or now, reserved=False, of_person=True)
        else:
            reserved = question.purpose is not Purpose.PERSON and bool(state.left)
            refused = Refused(until or now, reserved)
        return CallFailed(Reason.QUOTA_SPENT, f"Raygun was not asked: {refused.why}", until)


def build(name: SourceName, settings: RaygunAccount, client: httpx2.AsyncClient, wiring: Wiring) -> Raygun:
    """The source of a configured application."""
    http = wiring.http(client, Raygun.title, settings.base_url, str(name), windows(settings), rest_after_429)
    api = RaygunApi(name, http, settings, wiring.memory)
    return Raygun(name, http, settings, api, wiring.index, wiring.tasks)
