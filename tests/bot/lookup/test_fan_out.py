"""All sources behind one question, and what one source's answer tells the others."""

import asyncio
import gc
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from bot.domain.addresses import subject_of_address
from bot.domain.answer import Answer
from bot.domain.model import (
    CaseFile,
    CaseFiles,
    Failure,
    Reason,
    Session,
    SessionUser,
    SourceName,
    State,
    Subject,
    SubjectKind,
)
from bot.lookup.absence import Reach, reach
from bot.lookup.answer_cache import AnswerCache
from bot.lookup.ask_source import AskSource
from bot.lookup.fan_out import Lookup
from bot.lookup.identities import Identities, OtherNames
from bot.lookup.known_links import KnownLinks
from bot.lookup.shared_uids import SharedUids
from bot.lookup.single_flight import Flights
from bot.operations.metrics import make_metrics
from bot.operations.tasks import Tasks
from bot.sources.http import CallFailed, Calls, VendorHttp
from bot.sources.protocol import Effort, Freshness, Question
from bot.sources.quota import Account
from bot.sources.quota.ledger import Ledger
from bot.sources.raygun.index import SessionIndex
from bot.sources.raygun.pushed_errors import PushedErrors
from bot.storage.keyring import Keyring
from bot.storage.leases import Leases
from bot.storage.store import Store
from tests.conftest import MovableClock

JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")
U77 = Subject(SubjectKind.UID, "u-77", "u-77")
FRESHNESS = Freshness(timedelta(minutes=2), timedelta(seconds=30))
WWW, MAIN = SourceName("rybbit", "www"), SourceName("fullstory", "main")

ONE_PRODUCT = SharedUids.of([["rybbit/www", "fullstory/main"]])


@dataclass
class Scripted:
    """A source that knows some names, or fails."""

    name: SourceName
    http: VendorHttp
    knows: dict[str, SessionUser] = field(default_factory=dict)
    failure: Failure | None = None
    fails_for: set[str] = field(default_factory=set)
    people: tuple[SessionUser, ...] = ()
    asked: list[str] = field(default_factory=list)
    # The other names that each question brought along.
    named: list[tuple[Subject, ...]] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    title: str = "Scripted"
    freshness: Freshness = FRESHNESS

    async def account(self) -> Account:
        return self.http.account

    async def cost(self, _subject: Subject) -> int:
        return 1

    async def find(self, question: Question, calls: Calls) -> Answer:
        self.asked.append(question.subject.value)
        self.named.append(question.other_names)
        calls.made += 1
        await self.gate.wait()
        if self.failure:
            raise CallFailed(self.failure.reason, self.failure.message)
        if question.subject.value in self.fails_for:
            raise CallFailed(Reason.VENDOR_ERROR, "has trouble of its own")
        user = self.knows.get(question.subject.value)
        return Answer((Session(self.name, "1", user=user),) if user else (), people=self.people)

    async def session(self, _session_id: str, _calls: Calls) -> Session | None:
        return None

    async def check(self, _calls: Calls) -> str:
        return "well"


@dataclass
class Desk:
    """Two scripted sources and a lookup over them."""

    lookup: Lookup
    rybbit: Scripted
    fullstory: Scripted

    async def look_up(self, subject: Subject, effort: Effort = Effort.USUAL) -> list[CaseFile]:
        question = Question(subject, 30, effort=effort)
        return [case_file async for case_file in self.lookup.follow(question)]


@pytest.fixture
async def desk(store: Store, keyring: Keyring, clock: MovableClock) -> AsyncIterator[Desk]:
    crashes: list[BaseException] = []
    tasks = Tasks(lambda crash, _name: crashes.append(crash))
    ledger, week = Ledger(store), timedelta(days=7)

    def scripted(name: SourceName) -> Scripted:
        http = VendorHttp(
            httpx2.AsyncClient(), ledger, Account(str(name)), clock, "Scripted", "http://x.example"
        )
        source = Scripted(name, http)
        source.gate.set()
        return source

    rybbit, fullstory = scripted(WWW), scripted(MAIN)
    ask_source = AskSource(
        AnswerCache(store, keyring, clock, timedelta(days=1)),
        Flights(tasks),
        keyring,
        clock,
        timedelta(seconds=5),
        PushedErrors(store, keyring, week),
        KnownLinks(store, keyring, SessionIndex(store, keyring, week, week), week),
        Leases(store, keyring),
    )
    identities = Identities(store, keyring, week, ONE_PRODUCT)
    yield Desk(
        Lookup((fullstory, rybbit), ask_source, identities, clock, tasks, make_metrics()), rybbit, fullstory
    )
    await tasks.settle()
    assert crashes == []


async def test_the_last_growth_of_several_is_always_told(desk: Desk) -> None:
    desk.rybbit.knows = {JANE.value: SessionUser("u-77", JANE.value), "u-9": SessionUser("u-9")}
    told: list[CaseFiles] = []
    questions = [Question(subject, 30) for subject in (JANE, Subject(SubjectKind.UID, "u-9", "u-9"))]
    case_files = await desk.lookup.ask_all(questions, told.append)
    assert told[-1] == case_files
    assert [len(one.sessions) for one in case_files] == [1, 1]
    assert all(one.waiting == () for one in case_files)


async def test_a_lookup_that_is_cancelled_leaves_no_error_in_the_log(
    desk: Desk, store: Store, keyring: Keyring
) -> None:
    unheard: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: unheard.append(context))
    grown = asyncio.Event()

    class Breaks(Identities):
        async def other_names(self, _subject: Subject) -> OtherNames:
            await grown.wait()
            raise ZeroDivisionError("invented")

    names = Breaks(store, keyring, timedelta(days=7), ONE_PRODUCT)
    lookup = replace(desk.lookup, identities=names)
    asking = asyncio.create_task(lookup.ask_all([Question(JANE, 30)] * 2, lambda _: None))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    grown.set()
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises((asyncio.CancelledError, ZeroDivisionError)):
        await asking
    del asking
    # The loop lets go of what has ended when it goes round once more.
    await asyncio.sleep(0)
    gc.collect()
    assert unheard == []


async def test_a_source_that_found_nobody_is_asked_by_the_name_that_another_one_tells(desk: Desk) -> None:
    desk.rybbit.knows = {JANE.value: SessionUser("u-77", JANE.value)}
    desk.fullstory.knows = {"u-77": SessionUser("u-77")}
    *_, last = await desk.look_up(JANE)
    assert desk.fullstory.asked == [JANE.value, "u-77"]
    assert {session.source for session in last.sessions} == {WWW, MAIN}
    assert next(f.calls for f in last.findings if f.source == MAIN) == 2


async def test_an_address_of_a_unicode_domain_is_one_persons_however_tools_write_it(desk: Desk) -> None:
    subject = subject_of_address("jürgen@bücher.example")
    desk.rybbit.knows = {subject.value: SessionUser("u-79", subject.typed)}
    desk.fullstory.knows = {"u-79": SessionUser("u-79", subject.typed)}
    *_, last = await desk.look_up(subject)
    assert {session.source for session in last.sessions} == {WWW, MAIN}


async def test_nobody_is_told_that_this_was_all_before_the_other_name_was_tried(desk: Desk) -> None:
    desk.rybbit.knows = {JANE.value: SessionUser("u-77", JANE.value)}
    desk.fullstory.knows = {"u-77": SessionUser("u-77")}
    for case_file in await desk.look_up(JANE):
        assert case_file.waiting or len({session.source for session in case_file.sessions}) == 2


async def test_fresh_uses_no_remembered_name_and_renews_it(desk: Desk) -> None:
    desk.rybbit.knows = {JANE.value: SessionUser("u-77", JANE.value)}
    desk.fullstory.knows = {"u-77": SessionUser("u-77"), "u-78": SessionUser("u-78")}
    await desk.look_up(JANE)
    desk.rybbit.knows = {JANE.value: SessionUser("u-78", JANE.value)}
    desk.fullstory.asked.clear()
    desk.fullstory.named.clear()
    *_, last = await desk.look_up(JANE, Effort.FRESH)
    assert desk.fullstory.asked == [JANE.value, "u-78"]
    # A source with an index looks for all names of a question.
    assert desk.fullstory.named == [(), ()]
    assert {session.user.uid for session in last.sessions} == {"u-78"}
    assert last.doubts == ()


async def test_a_source_that_does_not_answer_at_all_is_given_up_and_said_to_be(desk: Desk) -> None:
    desk.rybbit.knows = {JANE.value: SessionUser("u-77", JANE.value)}
    desk.fullstory.gate.clear()
    case_file = await desk.lookup.within(Question(JANE, 30), 2)
    desk.fullstory.gate.set()
    assert (case_file.waiting, len(case_file.sessions)) == ((), 1)
    failed = next(finding for finding in case_file.findings if finding.source == MAIN)
    assert (failed.state, reach(failed, case_file)) == (State.FAILED, Reach.NONE)
    assert failed.calls == 1


async def test_a_uid_of_one_product_is_never_asked_for_in_another(
    desk: Desk, store: Store, keyring: Keyring
) -> None:
    desk.lookup = replace(desk.lookup, identities=Identities(store, keyring, timedelta(days=7)))
    desk.rybbit.knows = {JANE.value: SessionUser("17", JANE.value)}
    desk.fullstory.knows = {"17": SessionUser("17")}
    for effort in (Effort.USUAL, Effort.FRESH):
        *_, last = await desk.look_up(JANE, effort)
        assert {session.source for session in last.sessions} == {WWW}
        assert set(desk.fullstory.asked) == {JANE.value}
        assert last.doubts == ()


async def test_what_names_nobody_and_was_found_by_another_sources_uid_is_a_doubt_and_no_answer(
    desk: Desk,
) -> None:
    desk.rybbit.knows = {JANE.value: SessionUser("17", JANE.value)}
    desk.fullstory.knows = {"17": SessionUser()}
    *_, last = await desk.look_up(JANE)
    assert {session.source for session in last.sessions} == {WWW}
    finding = next(finding for finding in last.findings if finding.source == MAIN)
    assert (finding.partial, reach(finding, last)) == (True, Reach.PARTLY)
    assert "may be somebody else’s" in str(finding.notes)


async def test_a_source_is_not_asked_again_by_the_uid_that_it_told_itself(desk: Desk) -> None:
    desk.rybbit.people = (SessionUser("u-77", JANE.value),)
    *_, last = await desk.look_up(JANE)
    assert desk.rybbit.asked == [JANE.value]
    assert desk.fullstory.asked == [JANE.value, "u-77"]
    assert [finding.calls for finding in last.findings] == [2, 1]


async def test_where_the_second_question_fails_nobody_is_not_said(desk: Desk) -> None:
    desk.rybbit.knows = {JANE.value: SessionUser("u-77", JANE.value)}
    desk.fullstory.fails_for = {"u-77"}
    *_, last = await desk.look_up(JANE)
    finding = next(finding for finding in last.findings if finding.source == MAIN)
    assert (finding.calls, reach(finding, last)) == (2, Reach.PARTLY)


async def test_a_uid_leads_to_what_others_have_under_the_address(desk: Desk) -> None:
    desk.rybbit.knows = {"u-77": SessionUser("u-77", JANE.value)}
    desk.fullstory.knows = {JANE.value: SessionUser(email=JANE.value)}
    *_, last = await desk.look_up(U77)
    assert {session.source for session in last.sessions} == {WWW, MAIN}


async def test_a_uid_that_is_an_address_leads_to_what_others_have_under_the_address(desk: Desk) -> None:
    as_uid = Subject(SubjectKind.UID, "Jane@Contoso.example", "Jane@Contoso.example")
    desk.rybbit.knows = {as_uid.value: SessionUser(as_uid.value)}
    desk.fullstory.knows = {JANE.value: SessionUser("u-77", JANE.value)}
    *_, last = await desk.look_up(as_uid)
    assert desk.fullstory.asked == [as_uid.value, JANE.value]
    assert {session.source for session in last.sessions} == {WWW, MAIN}


@pytest.mark.parametrize("told", [None, "bob@contoso.example"])
async def test_a_uid_that_is_an_address_leads_nowhere_where_nobody_has_it_or_somebody_of_another_address(
    desk: Desk, told: str | None
) -> None:
    as_uid = Subject(SubjectKind.UID, JANE.value, JANE.value)
    desk.rybbit.knows = {as_uid.value: SessionUser(as_uid.value, told)} if told else {}
    await desk.look_up(as_uid)
    assert desk.fullstory.asked == [as_uid.value]


async def test_who_has_found_somebody_or_has_failed_is_not_asked_again(desk: Desk) -> None:
    desk.rybbit.knows = {JANE.value: SessionUser("u-77", JANE.value)}
    desk.fullstory.failure = Failure(Reason.VENDOR_ERROR, "has trouble of its own")
    *_, last = await desk.look_up(JANE)
    assert (desk.rybbit.asked, desk.fullstory.asked) == ([JANE.value], [JANE.value])
    assert [f.failure is not None for f in last.findings] == [True, False]


async def test_a_uid_that_two_addresses_share_leads_nowhere(desk: Desk) -> None:
    desk.rybbit.knows = {
        JANE.value: SessionUser("kiosk", JANE.value),
        "bob@contoso.example": SessionUser("kiosk", "bob@contoso.example"),
    }
    await desk.look_up(Subject(SubjectKind.EMAIL, "bob@contoso.example", "bob@contoso.example"))
    desk.fullstory.asked.clear()
    *_, last = await desk.look_up(JANE)
    assert desk.fullstory.asked == [JANE.value]
    assert [doubt.name.value for doubt in last.doubts] == ["kiosk"]


async def test_where_nobody_knows_anybody_each_source_is_asked_once(desk: Desk) -> None:
    *_, last = await desk.look_up(JANE)
    assert (desk.rybbit.asked, desk.fullstory.asked) == ([JANE.value], [JANE.value])
    assert last.answered
    assert last.waiting == ()


async def test_an_address_with_a_uid_in_each_of_two_tools_is_a_doubt_and_not_followed(desk: Desk) -> None:
    desk.rybbit.knows = {JANE.value: SessionUser("u-77", JANE.value)}
    desk.fullstory.knows = {JANE.value: SessionUser("9", JANE.value)}
    *_, last = await desk.look_up(JANE)
    assert len(last.sessions) == 2
    [doubt] = last.doubts
    assert {subject.value for subject in doubt.shared_by} == {"u-77", "9"}
    *_, by_uid = await desk.look_up(U77)
    assert desk.fullstory.asked[-1] == "u-77"
    assert by_uid.doubts == last.doubts


async def test_another_customer_with_the_same_uid_in_another_product_is_never_shown(desk: Desk) -> None:
    bob = "bob@contoso.example"
    desk.rybbit.knows = {JANE.value: SessionUser("1042", JANE.value)}
    desk.fullstory.knows = {"1042": SessionUser("1042", bob)}
    *_, last = await desk.look_up(JANE)
    assert {session.source for session in last.sessions} == {WWW}
    [doubt] = last.doubts
    assert doubt.name.value == "1042"
    assert {subject.value for subject in doubt.shared_by} == {JANE.value, bob}


async def test_a_source_tells_who_somebody_is_without_having_a_session_of_them(desk: Desk) -> None:
    desk.rybbit.people = (SessionUser("u-77", JANE.value),)
    desk.fullstory.knows = {"u-77": SessionUser("u-77")}
    *_, last = await desk.look_up(JANE)
    assert [session.source for session in last.sessions] == [MAIN]
