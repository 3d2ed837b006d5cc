"""Raygun's legacy API behind the index, against the sandbox's stand-in: what is asked, what is told, what fails."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import httpx2
import pytest

from bot.domain.answer import Answer
from bot.domain.coverage import Coverage
from bot.domain.model import Reason, SourceName, Subject
from bot.sources.http import CallFailed
from bot.sources.protocol import Effort, Question
from bot.sources.quota import Purpose
from bot.sources.raygun.legacy import Raygun
from sandbox.faults import Fault
from sandbox.people import Customer, Visit, make_people
from sandbox.vendors.raygun import Raygun as StandIn
from sandbox.vendors.raygun_traffic import Sighting, Traffic, sightings_of, strangers
from sandbox.vendors.stand_in import listening
from tests.bot.sources.canned import Bench, bench
from tests.conftest import MovableClock
from tests.subjects import email, uid

pytestmark = pytest.mark.thorough

SHOP = SourceName("raygun", "shop")


@dataclass
class Shop:
    """The stand-in, the bench and a source that asks it."""

    vendor: StandIn
    on_bench: Bench
    clock: MovableClock
    client: httpx2.AsyncClient

    def source(self, daily_calls: int = 50) -> Raygun:
        """A source as in a process that has just started."""
        vendor = self.vendor
        return self.on_bench.raygun(
            client=self.client,
            base_url=vendor.origin,
            api_key=vendor.api_key,
            client_id=vendor.client_id,
            client_secret=vendor.client_secret,
            daily_calls=daily_calls,
        )

    async def ask(
        self, source: Raygun, subject: Subject, *other_names: Subject, days: int = 30,
        effort: Effort = Effort.USUAL, purpose: Purpose = Purpose.PERSON,
    ) -> Answer:  # fmt: skip
        """Ask as the engine does: the vendor only where what is known is not enough."""
        question = Question(subject, days, purpose, effort, other_names)
        recall = await source.recall(question)
        if recall.enough and recall.answer is not None:
            return recall.answer
        return await source.find(question, source.http.asking(purpose))

    @property
    def asked(self) -> list[str]:
        """The vendor's requests, in short."""
        words = []
        for call in self.vendor.calls:
            last = call.path.rsplit("/", 1)[1]
            words.append("person" if "userIdentifier" in call.query else {"sessions": "page"}.get(last, last))
        return words

    def forget_calls(self) -> None:
        self.vendor.calls.clear()


async def until(so: Callable[[], bool]) -> None:
    while not so():  # noqa: ASYNC110 - the vendor is no one to wait on
        await asyncio.sleep(0.01)


@cache
def others(now: datetime) -> Sequence[Sighting]:
    return strangers(random.Random(7), now - timedelta(days=1), 2, 2_000)


@pytest.fixture
async def shop(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Shop]:
    traffic = Traffic([*sightings_of(make_people(clock())), *others(clock())])
    async with (
        bench(tmp_path, clock) as on_bench,
        listening(StandIn(clock, traffic)) as vendor,
        httpx2.AsyncClient() as client,
    ):
        yield Shop(vendor, on_bench, clock, client)
        await on_bench.tasks.settle()


async def test_a_first_lookup_begins_the_index_and_asks_for_the_person(shop: Shop) -> None:
    answer = await shop.ask(shop.source(), email("jane@contoso.example"))
    await shop.on_bench.tasks.settle()
    assert shop.asked == ["authenticate", "page", "person", "session", "page"]
    assert len(answer.sessions) == 4
    assert [error.title.partition(":")[0] for error in answer.errors] == ["TypeError"]
    assert (answer.as_of, answer.covers) == (shop.clock(), None)


async def test_the_next_lookup_is_answered_by_the_index_and_says_what_it_covers(shop: Shop) -> None:
    source = shop.source()
    await shop.ask(source, email("jane@contoso.example"))
    await shop.on_bench.tasks.settle()
    shop.forget_calls()
    answer = await shop.ask(source, email("jane@contoso.example"))
    assert shop.asked == []
    assert isinstance(answer.covers, Coverage)
    assert answer.covers.end == shop.clock().replace(microsecond=0)


async def test_the_errors_of_the_two_newest_sessions_are_asked_for_beside_each_other(shop: Shop) -> None:
    source = shop.source()
    await shop.ask(source, email("nobody@contoso.example"), purpose=Purpose.BACKGROUND)
    await shop.on_bench.tasks.settle()
    held = shop.vendor.hold = asyncio.Event()
    asking = asyncio.create_task(shop.ask(source, email("jane@contoso.example"), effort=Effort.FRESH))
    while "session" not in shop.asked:
        # What comes before is let through.
        held.set()
        held = shop.vendor.hold = asyncio.Event()
        await asyncio.sleep(0.01)
    await until(lambda: shop.asked.count("session") == 2)
    held.set()
    assert (await asking).errors


async def test_a_gap_is_read_behind_an_answer_and_counts_as_the_answers_before_it_is_given(
    shop: Shop,
) -> None:
    source = shop.source()
    shop.vendor.latency = 0.05
    calls = source.http.asking(Purpose.PERSON)
    await source.find(Question(email("jane@contoso.example"), 30), calls)
    told, left = calls.made, (await shop.on_bench.ledger.state(await source.account())).left
    await shop.on_bench.tasks.settle()
    assert shop.asked.count("page") == 2
    assert told == len(shop.vendor.calls) == shop.vendor.calls_counted == 50 - (left or 0)
    (span,) = (await shop.on_bench.index.coverage(SHOP, shop.clock())).spans
    assert span.length > timedelta(hours=2)


async def test_after_a_handful_of_lookups_of_a_new_installation_a_new_user_still_has_calls(
    shop: Shop,
) -> None:
    source = shop.source()
    for number, person in enumerate(
        ("jane@contoso.example", "busy@tailspin.example", "mallory@litware.example")
    ):
        await shop.ask(source, email(person))
        await shop.on_bench.tasks.settle()
        shop.clock.advance(seconds=50 + number)
    # Three lookups and all that they set off: 17 of 50 before.
    assert shop.vendor.calls_counted <= 9
    for number in range(5):
        await shop.ask(source, uid(f"u-{number}"))
        await shop.on_bench.tasks.settle()
        shop.clock.advance(seconds=50)
    left = (await shop.on_bench.ledger.state(await source.account())).left
    assert left is not None
    assert left >= 35
    assert (await shop.ask(source, uid("u-90"))).sessions


async def test_a_name_that_could_not_be_asked_by_is_asked_by_later_and_the_others_are_not_again(
    shop: Shop,
) -> None:
    source = shop.source()
    shop.vendor.refuse = lambda query: query.get("userIdentifier") == "nobody-knows@adventure.example"
    question = Question(email("nobody-knows@adventure.example"), 30, other_names=(uid("u-1"),))
    answer = await source.find(question, source.http.asking(Purpose.PERSON))
    assert answer.partial
    assert answer.covers is not None
    shop.vendor.refuse = None
    shop.clock.advance(minutes=3)
    again = await source.find(question, source.http.asking(Purpose.PERSON))
    assert (again.partial, again.covers) == (False, None)
    asked = [call.query["userIdentifier"] for call in shop.vendor.calls if "userIdentifier" in call.query]
    assert asked == ["u-1", "nobody-knows@adventure.example", "nobody-knows@adventure.example"]


async def test_somebody_anonymous_is_not_found_by_the_devices_identifier(shop: Shop) -> None:
    visit = Visit(shop.clock() - timedelta(minutes=30), 60)
    device = Customer(5, "device-1", None, None, "", (visit,), anonymous=True)
    shop.vendor._traffic = Traffic(sightings_of([device]))  # noqa: SLF001 - what it has
    answer = await shop.ask(shop.source(), uid("device-1"))
    assert answer.sessions == ()


async def test_what_raygun_tells_of_a_visit_and_its_visitor_is_kept(shop: Shop) -> None:
    answer = await shop.ask(shop.source(), email("jane@contoso.example"))
    newest, jane = answer.sessions[0], make_people(shop.clock())[0]
    assert (newest.satisfaction, newest.slowest_page, newest.slowest_page_seconds) == ("Poor", "/pay", 2.3)
    assert newest.trail == ("/", "/cart", "/pay")
    assert newest.user.url == "https://app.raygun.com/rum/19abc7x/users/55077"
    assert newest.user.first_seen == min(visit.started_at for visit in jane.visits)


async def test_people_who_are_asked_about_at_once_share_one_page(shop: Shop) -> None:
    source = shop.source()
    people = ("jane@contoso.example", "busy@tailspin.example", "mallory@litware.example")
    await asyncio.gather(*(shop.ask(source, email(person)) for person in people))
    before_gaps = shop.asked[: len(people) + 2]
    assert before_gaps.count("page") == 1
    assert before_gaps.count("authenticate") == 1


async def test_an_address_is_found_where_raygun_knows_the_uid_alone_and_the_index_saw_both(
    shop: Shop,
) -> None:
    source = shop.source()
    await shop.ask(source, uid("cust-8841"))
    await shop.on_bench.tasks.settle()
    shop.forget_calls()
    answer = await shop.ask(source, email("oluwaseun@adventure.example"))
    assert [session.user.uid for session in answer.sessions] == ["cust-8841"] * 2
    assert "person" not in shop.asked


async def test_an_address_whose_uid_another_source_told_is_asked_for_by_it(shop: Shop) -> None:
    answer = await shop.ask(shop.source(), email("nobody-knows@adventure.example"), uid("u-90"))
    assert [session.user.uid for session in answer.sessions] == ["u-90"]
    asked = [call.query["userIdentifier"] for call in shop.vendor.calls if "userIdentifier" in call.query]
    assert asked == ["u-90"]


async def test_an_address_is_asked_for_as_typed_and_then_in_small_letters(shop: Shop) -> None:
    await shop.ask(shop.source(), email("Busy@Tailspin.example"))
    asked = [call.query["userIdentifier"] for call in shop.vendor.calls if "userIdentifier" in call.query]
    assert asked == ["Busy@Tailspin.example", "busy@tailspin.example"]


async def test_an_address_that_finds_nobody_comes_with_the_reason_why(shop: Shop) -> None:
    answer = await shop.ask(shop.source(), email("nobody@contoso.example"))
    assert answer.sessions == ()
    assert "the uid may find more" in answer.notes[0]


JANE = email("jane@contoso.example")


async def test_a_key_that_dies_in_the_middle_is_renewed_and_nothing_is_lost(shop: Shop) -> None:
    source = shop.source()
    await shop.ask(source, uid("cust-8841"))
    await shop.on_bench.tasks.settle()
    shop.vendor.expire_keys()
    shop.forget_calls()
    answer = await shop.ask(source, uid("u-90"))
    assert shop.asked[:3] == ["person", "authenticate", "person"]
    assert len(answer.sessions) == 1


async def test_a_429_is_backed_off_from_for_longer_each_time_and_one_time_is_named(shop: Shop) -> None:
    source = shop.source()
    allowed, shop.vendor.daily_calls = shop.vendor.daily_calls, 1
    for minutes in (30, 60, 120):
        calls = len(shop.vendor.calls)
        with pytest.raises(CallFailed) as failed:
            await shop.ask(source, uid("cust-8841"))
        assert failed.value.failure.reason is Reason.RATE_LIMITED
        until = shop.clock() + timedelta(minutes=minutes)
        assert failed.value.failure.until == until
        shop.clock.advance(minutes=10)
        with pytest.raises(CallFailed) as refused:
            await shop.ask(source, uid("u-90"))
        assert refused.value.failure.reason is Reason.QUOTA_SPENT
        assert "told us to wait" in refused.value.failure.message
        state = await shop.on_bench.ledger.state(await source.account())
        assert abs((refused.value.failure.until or until) - until) < timedelta(seconds=1)
        assert state.returns_at == state.blocked_until == refused.value.failure.until
        assert len(shop.vendor.calls) - calls <= 2
        shop.clock.advance(minutes=minutes - 9)
    shop.vendor.daily_calls = allowed
    assert (await shop.ask(source, uid("cust-8841"))).sessions
    await shop.on_bench.tasks.settle()
    shop.vendor.daily_calls = 1
    with pytest.raises(CallFailed) as failed:
        await shop.ask(source, uid("u-90"), effort=Effort.FRESH)
    assert failed.value.failure.until == shop.clock() + timedelta(minutes=30)


async def test_a_process_that_dies_between_call_and_storing_claims_nothing_and_counts_the_call(
    shop: Shop,
) -> None:
    shop.vendor.latency = 0.5
    dying = asyncio.create_task(shop.ask(shop.source(), uid("cust-8841")))
    async with asyncio.timeout(120):
        await until(lambda: shop.asked == ["authenticate", "page"])
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    shop.vendor.latency = 0
    source = shop.source()
    assert (await shop.on_bench.index.coverage(SHOP, shop.clock())).spans == ()
    assert (await shop.on_bench.ledger.state(await source.account())).used == 2
    answer = await shop.ask(source, uid("cust-8841"))
    assert len(answer.sessions) == 2
    assert shop.asked.count("authenticate") == 1


@pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.REFUSED])
async def test_what_goes_wrong_is_not_tried_again_by_everybody_who_asks(shop: Shop, fault: Fault) -> None:
    source = shop.source()
    shop.vendor.fault = fault
    for _ in range(5):
        with pytest.raises(CallFailed):
            await shop.ask(source, uid("cust-8841"))
    assert len(shop.vendor.calls) <= 2
    shop.vendor.fault = Fault.NONE
    shop.clock.advance(minutes=3)
    assert (await shop.ask(source, uid("cust-8841"))).sessions


async def test_when_the_index_is_read_and_the_person_is_not_the_answer_says_so(shop: Shop) -> None:
    source = shop.source()
    await shop.ask(source, email("jane@contoso.example"))
    await shop.on_bench.tasks.settle()
    shop.vendor.fault = Fault.BROKEN
    with pytest.raises(CallFailed):
        await shop.ask(source, uid("u-90"))
    known = await source.recall(Question(email("jane@contoso.example"), 30))
    assert known.answer is not None
    assert len(known.answer.sessions) == 4


async def test_the_last_calls_are_kept_for_people_who_ask(shop: Shop) -> None:
    source = shop.source(daily_calls=12)
    for number in range(40):
        try:
            await shop.ask(source, uid(f"u-{number}"), purpose=Purpose.TICKET)
        except CallFailed as failed:
            assert failed.failure.reason is Reason.QUOTA_SPENT  # noqa: PT017 - each of many may fail
        await shop.on_bench.tasks.settle()
        shop.clock.advance(minutes=31)
    state = await shop.on_bench.ledger.state(await source.account())
    assert state.left is not None
    assert state.left >= 3
    shop.clock.advance(minutes=31)
    assert (await shop.ask(source, uid("cust-8841"), effort=Effort.FRESH)).as_of == shop.clock()


async def test_when_all_is_spent_the_index_still_answers_and_nothing_is_asked(shop: Shop) -> None:
    source = shop.source(daily_calls=6)
    await shop.ask(source, email("jane@contoso.example"))
    await shop.on_bench.tasks.settle()
    for _ in range(4):
        await shop.on_bench.ledger.spend(await source.account(), Purpose.PERSON)
    shop.clock.advance(hours=5)
    shop.forget_calls()
    recall = await source.recall(Question(email("jane@contoso.example"), 30))
    assert recall.answer is not None
    with pytest.raises(CallFailed) as failed:
        await shop.ask(source, email("jane@contoso.example"))
    assert failed.value.failure.reason is Reason.QUOTA_SPENT
    assert failed.value.failure.until is not None
    assert shop.asked == []


async def test_no_24_hours_ever_hold_more_than_50_calls_however_much_is_asked(shop: Shop) -> None:
    source = shop.source()
    for number in range(60):
        subject = uid(f"u-{number % 25}")
        with_all_might = Effort.FRESH if number % 3 else Effort.USUAL
        try:
            await shop.ask(source, subject, effort=with_all_might)
        except CallFailed as failed:
            assert failed.failure.reason is Reason.QUOTA_SPENT  # noqa: PT017 - each of many may fail
        await shop.on_bench.tasks.settle()
        shop.clock.advance(minutes=44)
    assert shop.vendor.refused_calls == 0
    assert shop.vendor.most_in_24_hours == 50


async def test_one_session_is_described_by_its_number(shop: Shop) -> None:
    source = shop.source()
    answer = await shop.ask(source, email("jane@contoso.example"))
    session = await source.session(answer.sessions[0].id, source.http.asking(Purpose.UNFURL))
    assert session is not None
    assert session.entry_page == "/"
    assert await source.session("1", source.http.asking(Purpose.UNFURL)) is None


async def test_a_check_is_one_short_list(shop: Shop) -> None:
    source = shop.source()
    assert "work" in await source.check(source.http.asking(Purpose.PERSON))
    assert shop.asked == ["authenticate", "page"]
