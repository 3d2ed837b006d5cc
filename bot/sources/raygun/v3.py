"""
Raygun through its API v3: calls enough to keep the index minutes old, but no search by user.

Sessions and customers are read newest first until they are known already; older gaps are read after the
answer, some pages at a time. Where the legacy API is configured for the same account, it is asked for people
whom the index does not have.
"""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import httpx2

from bot.domain.answer import Answer
from bot.domain.coverage import Coverage, Span
from bot.domain.links import Link
from bot.domain.model import Failure, Reason, Session, SourceName, Subject
from bot.operations.tasks import Tasks
from bot.settings.accounts import RaygunAccount, RaygunV3Account
from bot.sources.http import CallFailed, Calls, VendorHttp
from bot.sources.protocol import Effort, Freshness, Question, Recall
from bot.sources.quota import Account, Purpose, reserve
from bot.sources.raygun import legacy as raygun
from bot.sources.raygun.from_index import KnownPerson, Readers, answer_of, look_up
from bot.sources.raygun.index import Harvest, Listing, Opened, SessionIndex
from bot.sources.raygun.legacy import Raygun
from bot.sources.raygun.v3_api import WINDOWS, RaygunV3Api
from bot.sources.wiring import Wiring

# An index younger than this is not read on: for a usual question, and for one that wants a fresh answer.
_YOUNG = timedelta(minutes=2)
_BRAND_NEW = timedelta(seconds=10)
# The end of what is known is read again each time: some sessions came late, some were still running.
_OVERLAP = timedelta(minutes=10)
# Pages of each list that an answer waits for.
_PAGES_WAITED_FOR = 4
# After an answer: pages that are read in one turn, and turns.
_PAGES_A_TURN = 4
_TURNS_AFTER_ANSWER = 20
# Of the rows that are known to come before a gap in a list, the part that is skipped: rather too few than too
# many, for a row of the gap that is skipped is missed.
_SKIPPED = 0.9
# The newest sessions of a person whose own page is read, for their errors; each costs a call.
_MOST_OPENED = 3


@dataclass(frozen=True, slots=True)
class RaygunV3:
    """One application, through API v3, the index and, where there is one, the legacy API."""

    name: SourceName
    http: VendorHttp
    api: RaygunV3Api
    index: SessionIndex
    tasks: Tasks
    legacy: Raygun | None = None
    _readers: Readers = field(default_factory=Readers)

    title = "Raygun"
    freshness = Freshness(found=_YOUNG, nobody=_YOUNG)

    async def account(self) -> Account:
        """The account of the newer API."""
        return self.http.account

    async def more_accounts(self) -> tuple[Account, ...]:
        """The legacy API's account, where that is configured."""
        return (await self.legacy.account(),) if self.legacy else ()

    async def cost(self, subject: Subject) -> int:
        """The most calls: both lists, the newest sessions with a title each, the legacy API."""
        legacy = await self.legacy.cost(subject) if self.legacy else 0
        return 2 * _PAGES_WAITED_FOR + 2 * _MOST_OPENED + legacy

    async def recall(self, question: Question) -> Recall:
        """What the index has; enough while it is young and the newest sessions' errors are known."""
        known = await self._known(question)
        answer = answer_of(known, question, self.http.clock())
        return Recall(answer, enough=not self._is_due(known.coverage, question) and not self._unopened(known))

    async def find(self, question: Question, calls: Calls) -> Answer:
        """
        The subject's sessions and errors, after the index was brought up to date.

        Raises:
            CallFailed: when not even the newest sessions can be read.

        """
        if self._is_due((await self._known(question)).coverage, question):
            await self._take_turn(question, calls)
        known = await self._known(question)
        failure = await self._open_newest(known, calls)
        asked = not known.sessions and await self._ask_legacy(question, calls)
        self.tasks.spawn(self._read_back(question.purpose), f"read back {self.name}")
        known = await self._known(question)
        answer = answer_of(known, question, self.http.clock(), failure)
        if answer is None:
            raise CallFailed(Reason.UNREADABLE, "Raygun’s list of sessions did not come whole")
        if not asked:
            return answer
        return replace(answer, as_of=self.http.clock(), covers=None, left_out=known.unread_own)

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        """One session by its identifier."""
        opened = await self.api.open(session_id, calls)
        return opened.session if opened else None

    async def is_ours(self, link: Link, calls: Calls) -> bool:  # noqa: ARG002 - needs no call
        """Whether a page is of our application."""
        return link.account_id == self.api.settings.application

    async def person(self, link: Link, calls: Calls) -> Subject | None:  # noqa: ARG002 - not told by an address
        """None: the URLs of users' pages are not documented."""
        return None

    async def check(self, calls: Calls) -> str:
        """Ask for what each scope lets read, and check the legacy API where there is one."""
        await self.api.check(calls)
        proved = "the token may read the application, its customers, sessions and errors"
        if self.legacy is None:
            return proved
        return f"{proved}; {await self.legacy.check(self.legacy.http.asking(Purpose.PERSON))}"

    async def _known(self, question: Question) -> KnownPerson:
        return await look_up(self.index, self.name, question, self.http.clock())

    def _is_due(self, coverage: Coverage, question: Question) -> bool:
        if question.effort is Effort.KNOWN and coverage.end is not None:
            return False
        old = _BRAND_NEW if question.effort is Effort.FRESH else _YOUNG
        return coverage.end is None or self.http.clock() - coverage.end > old

    async def _take_turn(self, question: Question, calls: Calls) -> None:
        """Wait for the turn to read pages, then bring the index up to date, unless another task just has."""
        self._readers.waiting += 1
        try:
            async with self._readers.turn:
                if self._is_due((await self._known(question)).coverage, question):
                    await self._catch_up(calls)
        finally:
            self._readers.waiting -= 1

    async def _catch_up(self, calls: Calls) -> None:
        """Read both lists from their newest rows to those known, and record the spans read completely."""
        now = self.http.clock()
        known = await asyncio.gather(
            self.index.coverage(self.name, now), self.index.coverage(self.name, now, Listing.CUSTOMERS)
        )
        sessions, customers = (self._missing(coverage) for coverage in known)
        # Customers first: a session without its customer is nobody's.
        people = await self.api.customers(customers, calls, _PAGES_WAITED_FOR)
        visits = await self.api.sessions(sessions, calls, _PAGES_WAITED_FOR)
        both = _both(visits.whole, people.whole)
        harvest = Harvest(
            self.api.sighted(visits),
            self.api.known(people),
            both,
            people.whole,
            current=True,
            unread=visits.unread,
            unread_customers=people.unread,
        )
        await self.index.put(self.name, harvest, self.http.clock())

    def _missing(self, coverage: Coverage) -> Span:
        """The span that is to be read: from a little before the end of what is known until now."""
        now = self.http.clock()
        since = now - self.index.retention
        return Span(max(since, coverage.end - _OVERLAP) if coverage.end else since, now)

    async def _read_back(self, purpose: Purpose) -> None:
        """Read older gaps, newest first, while nobody waits for an answer."""
        if self._readers.filling:
            return
        self._readers.filling = True
        calls = self.http.asking(Purpose.BACKGROUND if purpose is Purpose.PERSON else purpose)
        try:
            for _ in range(_TURNS_AFTER_ANSWER):
                if self._readers.waiting or not await self._read_further(calls):
                    return
        finally:
            self._readers.filling = False

    async def _read_further(self, calls: Calls) -> bool:
        """Read into the newest gap of a list; False where there is none, or nothing more was read."""
        async with self._readers.turn:
            for kind in (Listing.CUSTOMERS, Listing.SESSIONS):
                now = self.http.clock()
                coverage = await self.index.coverage(self.name, now, kind)
                gaps = coverage.gaps(Span(now - self.index.retention, coverage.end or now))
                if not gaps or coverage.end is None:
                    continue
                try:
                    await self._fill(kind, gaps[-1], calls)
                except CallFailed:
                    # The next question reports the failure, or goes on from here.
                    return False
                return await self.index.coverage(self.name, now, kind) != coverage
        return False

    async def _fill(self, kind: Listing, gap: Span, calls: Calls) -> None:
        known = await self.index.count(self.name, kind, gap.end)
        harvest = await self._read(kind, gap, calls, max(1, int(known * _SKIPPED)))
        if harvest.whole is None and harvest.whole_customers is None:
            harvest = await self._read(kind, Span(gap.start, self.http.clock()), calls, 0)
        await self.index.put(self.name, harvest, self.http.clock())

    async def _read(self, kind: Listing, wanted: Span, calls: Calls, newer: int) -> Harvest:
        if kind is Listing.CUSTOMERS:
            people = await self.api.customers(wanted, calls, _PAGES_A_TURN, newer)
            known = self.api.known(people)
            return Harvest((), known, None, people.whole, current=True, unread_customers=people.unread)
        visits = await self.api.sessions(wanted, calls, _PAGES_A_TURN, newer)
        customers = await self.index.coverage(self.name, self.http.clock(), Listing.CUSTOMERS)
        whole = _both(visits.whole, customers.latest)
        return Harvest(self.api.sighted(visits), (), whole, unread=visits.unread)

    def _unopened(self, known: KnownPerson) -> list[str]:
        """Ids of the newest sessions of which not all errors are known."""
        found = []
        for session in known.sessions[:_MOST_OPENED]:
            opened = known.opened.get(session.id)
            if opened is None or (opened.session.live and not session.live):
                found.append(session.id)
        return found

    async def _open_newest(self, known: KnownPerson, calls: Calls) -> Failure | None:
        """Ask for the newest sessions' errors, beside each other; what each of them brings is kept."""
        opening = [self._open(session_id, calls) for session_id in self._unopened(known)]
        return next((failure for failure in await asyncio.gather(*opening) if failure), None)

    async def _open(self, session_id: str, calls: Calls) -> Failure | None:
        try:
            opened = await self.api.open(session_id, calls)
        except CallFailed as failed:
            return failed.failure
        # A session that Raygun no longer has is not asked for again.
        missing = Opened(Session(self.name, session_id), (), self.http.clock())
        await self.index.put_opened(self.name, opened or missing)
        return None

    async def _ask_legacy(self, question: Question, calls: Calls) -> bool:
        """Ask the legacy API for a person whom the index lacks, if it has calls to spare; returns whether."""
        if self.legacy is None or question.effort is Effort.KNOWN:
            return False
        account, ledger = await self.legacy.account(), self.http.ledger
        state = await ledger.state(account)
        kept = reserve(state.limit or 0, Purpose.TICKET) + reserve(state.limit or 0, question.purpose)
        left = (state.left or 0) - kept
        if share := ledger.share_of(question.by, account, state):
            left = min(left, share.left)
        if left < await self.legacy.cost(question.subject):
            return False
        legacy_calls = self.legacy.http.asking(question.purpose, by=question.by)
        try:
            now = self.http.clock()
            span = Span(question.since(now), now)
            known = await self._known(question)
            while known.asked is None or known.asked.start > span.start:
                await self.legacy.ask_person(known, span, legacy_calls)
                known = await self._known(question)
        except CallFailed:
            # The index has answered already; without the legacy API that is the answer.
            return False
        finally:
            calls.made += legacy_calls.made
        return bool(legacy_calls.made) and known.was_asked_since(span.start)


def _both(some: Span | None, other: Span | None) -> Span | None:
    """The span that both have in common; None where there is none."""
    if some is None or other is None:
        return None
    start, end = max(some.start, other.start), min(some.end, other.end)
    return Span(start, end) if start < end else None


def build(
    name: SourceName,
    apis: tuple[RaygunAccount | None, RaygunV3Account | None],
    client: httpx2.AsyncClient,
    wiring: Wiring,
) -> Raygun | RaygunV3:
    """The source of one label's APIs: both together, or the one that is configured."""
    account, newer = apis
    legacy = raygun.build(name, account, client, wiring) if account else None
    if newer is None:
        if legacy is None:
            raise ValueError("an account without any API")
        return legacy
    http = wiring.http(client, RaygunV3.title, newer.base_url, f"raygun_v3/{name.account}", WINDOWS)
    api = RaygunV3Api(name, http, newer, wiring.memory)
    return RaygunV3(name, http, api, wiring.index, wiring.tasks, legacy)
