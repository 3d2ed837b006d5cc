"""One question to one source: fresh, stale, failed, late; and the same question asked by many."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from bot.domain.answer import Answer
from bot.domain.model import (
    CaseFile,
    ErrorEvent,
    Failure,
    Finding,
    Reason,
    Session,
    State,
    Subject,
    SubjectKind,
)
from bot.lookup.answer_cache import AnswerCache
from bot.lookup.ask_source import AskSource, Spent
from bot.lookup.known_links import KnownLinks
from bot.lookup.single_flight import Flights
from bot.operations.tasks import Tasks
from bot.sources.http import VendorHttp
from bot.sources.protocol import Effort, Question
from bot.sources.quota import Account, Purpose, Window
from bot.sources.quota.ledger import Ledger
from bot.sources.raygun.index import SessionIndex
from bot.sources.raygun.pushed_errors import PushedErrors
from bot.storage.keyring import Keyring
from bot.storage.leases import Leases
from bot.storage.store import Store
from tests.bot.lookup.scripted import NAME, ScriptedSource, WithIndex
from tests.conftest import MovableClock

JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")


@dataclass
class Asking:
    """An ask_source with one scripted source, and what it reported."""

    ask_source: AskSource
    source: ScriptedSource
    clock: MovableClock
    tasks: Tasks
    at_vendor: int = 0
    told: list[Finding] = field(default_factory=list)

    async def until(self, so: Callable[[], object]) -> None:
        """Let others go on until something is so."""
        async with asyncio.timeout(120):
            while not so():  # noqa: ASYNC110 - what is waited for is in many tasks
                await asyncio.sleep(0.001)

    async def ask(
        self, *, days: int = 30, fresh: bool = False, effort: Effort = Effort.USUAL, **more: Any
    ) -> list[Finding]:
        heard: list[Finding] = []
        effort = Effort.FRESH if fresh else effort
        question = Question(more.pop("subject", JANE), days, effort=effort, **more)

        def hear(finding: Finding, _last: bool) -> None:
            heard.append(finding)
            self.told.append(finding)

        def begin(_spent: Spent) -> None:
            self.at_vendor += 1

        await self.ask_source(self.source, question, hear, begin)
        return heard


@pytest.fixture
def deadline() -> timedelta:
    return timedelta(minutes=2)


@pytest.fixture
async def asking(
    store: Store, keyring: Keyring, clock: MovableClock, deadline: timedelta
) -> AsyncIterator[Asking]:
    async with httpx2.AsyncClient() as client:
        http = VendorHttp(
            client, Ledger(store), Account(str(NAME), (Window(50, 86_400),)), clock, "Raygun", ""
        )
        tasks = Tasks(lambda *_: None)
        cache = AnswerCache(store, keyring, clock, timedelta(hours=24))
        pushed = PushedErrors(store, keyring, timedelta(days=7))
        week = timedelta(days=7)
        known_links = KnownLinks(store, keyring, SessionIndex(store, keyring, week, week), week)
        ask_source = AskSource(
            cache,
            Flights(tasks),
            keyring,
            clock,
            deadline,
            pushed,
            known_links,
            Leases(store, keyring),
        )
        source = ScriptedSource(http, answers=[found(clock)])
        source.gate.set()
        yield Asking(ask_source, source, clock, tasks)
        await tasks.settle()


def found(clock: MovableClock, *ids: str) -> Answer:
    return Answer(
        tuple(Session(NAME, name, started_at=clock() - timedelta(days=2)) for name in ids or ("s1",))
    )


def states(findings: list[Finding]) -> list[State]:
    return [finding.state for finding in findings]


BROKEN = Failure(Reason.VENDOR_ERROR, "Raygun has trouble of its own")
SPENT = Failure(Reason.QUOTA_SPENT, "Raygun was not asked")
REFUSED = Failure(Reason.NOT_AUTHORISED, "Raygun refuses our key")


async def test_a_first_question_is_answered_live_and_a_second_one_from_the_cache(asking: Asking) -> None:
    assert states(await asking.ask()) == [State.LIVE]
    again = await asking.ask()
    assert (states(again), again[0].calls, asking.source.asked) == ([State.CACHED], 0, 1)
    assert again[0].calls_left == 50


async def test_a_stale_answer_is_given_at_once_and_renewed_behind(asking: Asking) -> None:
    await asking.ask()
    asking.clock.advance(minutes=11)
    asking.source.answers = [found(asking.clock, "s1", "s2")]
    heard = await asking.ask()
    assert states(heard) == [State.STALE, State.LIVE]
    assert [len(finding.sessions) for finding in heard] == [1, 2]


async def test_whoever_was_on_the_site_is_not_said_to_be_there_still_when_that_is_minutes_old(
    asking: Asking,
) -> None:
    began = asking.clock() - timedelta(minutes=20)
    there = Session(NAME, "s1", started_at=began, duration_seconds=19 * 60, live=True)
    left = replace(there, id="s2", started_at=began - timedelta(hours=3))
    asking.source.answers = [Answer((there, left))]
    [now] = await asking.ask()
    # A tool's list may keep as running what nothing happened in for hours.
    assert [session.live for session in now.sessions] == [True, None]
    asking.clock.advance(minutes=6)
    asking.source.answers = [BROKEN]
    later = (await asking.ask())[-1]
    assert [session.live for session in later.sessions] == [None, None]
    assert CaseFile(JANE, asking.clock(), 30, (later,)).last_seen == began + timedelta(minutes=19)


async def test_a_stale_answer_is_better_than_none_when_the_vendor_fails_and_says_so(asking: Asking) -> None:
    await asking.ask()
    asking.clock.advance(hours=3)
    asking.source.answers = [BROKEN]
    last = (await asking.ask())[-1]
    assert (last.state, last.failure, len(last.sessions)) == (State.STALE, BROKEN, 1)


async def test_a_spent_quota_says_so_and_shows_what_is_known(asking: Asking) -> None:
    await asking.ask()
    asking.clock.advance(hours=3)
    asking.source.answers = [SPENT]
    last = (await asking.ask())[-1]
    assert (last.state, last.failure, len(last.sessions)) == (State.QUOTA, SPENT, 1)


async def test_nothing_known_and_a_failure_is_a_failure(asking: Asking) -> None:
    asking.source.answers = [BROKEN]
    (finding,) = await asking.ask()
    assert (finding.state, finding.answered, finding.calls) == (State.FAILED, False, 1)


async def test_nobody_found_is_remembered_for_a_shorter_time(asking: Asking) -> None:
    asking.source.answers = [Answer()]
    await asking.ask()
    asking.clock.advance(seconds=50)
    assert states(await asking.ask()) == [State.CACHED]
    asking.clock.advance(seconds=20)
    assert states(await asking.ask()) == [State.LIVE]


async def test_what_has_outlived_the_retention_is_gone(asking: Asking) -> None:
    await asking.ask()
    asking.clock.advance(hours=25)
    asking.source.answers = [BROKEN]
    assert states(await asking.ask()) == [State.FAILED]


async def test_an_answer_for_30_days_answers_for_7_and_not_the_other_way_round(asking: Asking) -> None:
    await asking.ask(days=7)
    assert states(await asking.ask(days=30)) == [State.CACHED, State.LIVE]
    shorter = await asking.ask(days=1)
    assert states(shorter) == [State.CACHED]
    assert shorter[0].sessions == ()


async def test_a_narrow_fresh_answer_leaves_what_is_known_of_the_wide_one(asking: Asking) -> None:
    clock = asking.clock
    old = Session(NAME, "old", started_at=clock() - timedelta(days=20))
    asking.source.answers = [Answer((Session(NAME, "gone", started_at=clock() - timedelta(days=1)), old))]
    await asking.ask()
    clock.advance(hours=1)
    wide_as_of = clock() - timedelta(hours=1)
    asking.source.answers = [found(clock, "new")]
    await asking.ask(days=7, fresh=True)
    asking.source.answers = [BROKEN]
    clock.advance(hours=1)
    wide = (await asking.ask())[-1]
    assert ([session.id for session in wide.sessions], wide.as_of) == (["new", "old"], wide_as_of)
    assert (wide.state, wide.complete_from) == (State.STALE, None)
    narrow = (await asking.ask(days=7))[-1]
    assert [session.id for session in narrow.sessions] == ["new"]


async def test_a_narrow_answer_shown_for_a_wider_question_says_how_far_it_goes_back(asking: Asking) -> None:
    await asking.ask(days=7)
    asking.source.answers = [BROKEN]
    for finding in await asking.ask():
        assert finding.complete_from == asking.clock() - timedelta(days=7)


async def test_nobody_by_one_spelling_is_no_answer_to_another(asking: Asking) -> None:
    other = Subject(SubjectKind.EMAIL, JANE.value, "Jane@Contoso.example")
    asking.source.answers = [Answer(), found(asking.clock)]
    assert states(await asking.ask()) == [State.LIVE]
    [finding] = await asking.ask(subject=other)
    assert (finding.state, len(finding.sessions)) == (State.LIVE, 1)
    assert asking.source.spellings == [JANE.value, "Jane@Contoso.example", JANE.value]
    assert (await asking.ask())[0].sessions == ()


async def test_an_answer_of_which_a_part_failed_is_asked_for_again_at_the_next_lookup(asking: Asking) -> None:
    partial = replace(found(asking.clock), partial=True, notes=("errors are missing",))
    asking.source.answers = [partial, found(asking.clock)]
    [first] = await asking.ask()
    assert (first.partial, first.notes) == (True, ("errors are missing",))
    shown_meanwhile, recovered = await asking.ask()
    assert (shown_meanwhile.state, recovered.state, recovered.partial) == (State.STALE, State.LIVE, False)
    assert states(await asking.ask()) == [State.CACHED]


async def test_what_a_partial_answer_misses_stays_known_from_before(asking: Asking) -> None:
    error = ErrorEvent(NAME, "TypeError: x", id="1")
    asking.source.answers = [replace(found(asking.clock), errors=(error,))]
    await asking.ask()
    asking.source.answers = [replace(found(asking.clock), partial=True)]
    await asking.ask(fresh=True)
    asking.source.answers = [BROKEN]
    asking.clock.advance(minutes=1)
    last = (await asking.ask())[-1]
    assert (last.state, last.errors, last.partial) == (State.STALE, (error,), True)


async def test_fresh_asks_the_vendor_whatever_is_remembered_and_shows_that_meanwhile(asking: Asking) -> None:
    await asking.ask()
    assert states(await asking.ask(fresh=True)) == [State.CACHED, State.LIVE]
    assert asking.source.asked == 2


async def test_what_was_heard_for_a_job_before_will_do_when_it_is_begun_again(asking: Asking) -> None:
    await asking.ask()
    asking.clock.advance(minutes=1)
    accepted = asking.clock()
    await asking.ask(fresh=True)
    asking.clock.advance(minutes=20)
    [again] = await asking.ask(fresh=True, heard_since=accepted)
    assert (again.state, again.calls, asking.source.asked) == (State.CACHED, 0, 2)


async def test_a_job_that_is_begun_again_before_anything_was_heard_for_it_asks(asking: Asking) -> None:
    await asking.ask()
    asking.clock.advance(seconds=1)
    heard = await asking.ask(fresh=True, heard_since=asking.clock())
    assert (states(heard)[-1], asking.source.asked) == (State.LIVE, 2)


async def test_where_what_is_known_will_do_nobody_is_asked_however_old_it_is(asking: Asking) -> None:
    await asking.ask()
    asking.clock.advance(hours=3)
    assert states(await asking.ask(effort=Effort.KNOWN)) == [State.STALE]
    assert asking.source.asked == 1


async def test_the_same_question_by_fifty_at_once_is_asked_once(asking: Asking) -> None:
    asking.source.gate.clear()
    waiting = [asyncio.create_task(asking.ask()) for _ in range(50)]
    await asking.until(lambda: asking.at_vendor == 50)
    asking.source.gate.set()
    heard = [findings[-1] for findings in await asyncio.gather(*waiting)]
    assert asking.source.asked == 1
    assert sum(finding.calls for finding in heard) == 1
    # Whoever comes when the answer is there already finds it remembered.
    assert {finding.state for finding in heard} <= {State.LIVE, State.CACHED}


async def test_one_waiter_giving_up_cancels_nobody_elses_answer(asking: Asking) -> None:
    asking.source.gate.clear()
    first, second = (asyncio.create_task(asking.ask()) for _ in range(2))
    await asking.until(lambda: asking.at_vendor == 2)
    first.cancel()
    await asyncio.sleep(0)
    asking.source.gate.set()
    assert states(await second)[-1] is State.LIVE
    assert asking.source.asked == 1


@pytest.mark.parametrize("deadline", [timedelta(seconds=0.1)])
async def test_the_deadline_ends_the_waiting_and_not_the_call(asking: Asking) -> None:
    asking.source.gate.clear()
    task = asyncio.create_task(asking.ask())
    await asking.until(lambda: asking.told)
    asking.source.gate.set()
    heard = await task
    assert states(heard) == [State.FAILED, State.LIVE]
    assert heard[0].failure is not None
    assert heard[0].failure.reason is Reason.TIMED_OUT
    assert states(await asking.ask()) == [State.CACHED]


async def test_a_refused_key_is_not_tried_at_every_lookup(asking: Asking) -> None:
    asking.source.answers = [REFUSED]
    for _ in range(3):
        assert (await asking.ask())[-1].failure == REFUSED
    assert asking.source.asked == 1
    await asking.ask(fresh=True)
    asking.clock.advance(minutes=6)
    await asking.ask()
    assert asking.source.asked == 3


async def test_an_unexpected_error_spoils_no_later_question(asking: Asking) -> None:
    asking.source.answers = []
    with pytest.raises(IndexError):
        await asking.ask()
    asking.source.answers = [found(asking.clock)]
    assert states(await asking.ask()) == [State.LIVE]


async def test_a_person_who_joins_a_tickets_question_is_not_refused_what_is_kept_for_people(
    asking: Asking,
) -> None:
    kept = Failure(Reason.QUOTA_SPENT, "what is left is kept for people who ask")
    asking.source.answers = [kept, Answer()]
    asking.source.gate.clear()
    ticket = asyncio.create_task(asking.ask(purpose=Purpose.TICKET))
    await asking.until(lambda: asking.source.asked)
    person = asyncio.create_task(asking.ask(purpose=Purpose.PERSON))
    await asking.until(lambda: asking.at_vendor == 2)
    asking.source.gate.set()
    assert (await ticket)[-1].state is State.QUOTA
    assert (await person)[-1].state is State.LIVE
    assert asking.source.asked == 2


async def test_whoever_joins_the_question_of_somebody_whose_share_is_used_is_answered(asking: Asking) -> None:
    used = Failure(Reason.QUOTA_SPENT, "your share of its calls is used for now; others can still ask")
    asking.source.answers = [used, used, Answer()]
    asking.source.gate.clear()
    first = asyncio.create_task(asking.ask(by="U1"))
    await asking.until(lambda: asking.source.asked)
    again = asyncio.create_task(asking.ask(by="U1"))
    await asking.until(lambda: asking.at_vendor == 2)
    colleague = asyncio.create_task(asking.ask(by="U2"))
    await asking.until(lambda: asking.at_vendor == 3)
    asking.source.gate.set()
    told = [(await one)[-1].state for one in (first, again, colleague)]
    assert told == [State.QUOTA, State.QUOTA, State.LIVE]


async def test_an_answer_from_an_index_says_how_many_records_it_could_not_read(asking: Asking) -> None:
    asking.source = WithIndex(asking.source.http)
    [finding] = await asking.ask()
    assert (finding.left_out, finding.state) == (2, State.INDEX)
    assert finding.notes == ("2 of its records could not be read and are left out",)
