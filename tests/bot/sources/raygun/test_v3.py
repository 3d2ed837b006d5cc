"""Raygun's newer API behind the index: lists that grow while they are read, tokens, titles, the legacy API behind."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import select

from bot.domain.answer import Answer
from bot.domain.coverage import Span
from bot.domain.model import Reason, SourceName, Subject
from bot.operations.clock import from_ms
from bot.settings.accounts import RaygunV3Account
from bot.sources.http import CallFailed, VendorHttp
from bot.sources.protocol import Effort, Question
from bot.sources.quota import Account, Purpose
from bot.sources.raygun.index import Listing
from bot.sources.raygun.v3 import RaygunV3
from bot.sources.raygun.v3_api import WINDOWS, RaygunV3Api
from bot.storage.tables import index_names, index_sessions
from sandbox.faults import Fault
from sandbox.people import Customer, Visit, make_people
from sandbox.vendors.raygun import Raygun as Legacy
from sandbox.vendors.raygun_traffic import Sighting, Traffic, sightings_of, strangers
from sandbox.vendors.raygun_v3 import RaygunV3 as StandIn
from sandbox.vendors.stand_in import listening
from tests.bot.sources.canned import Bench, bench
from tests.conftest import MovableClock
from tests.subjects import email, uid

pytestmark = pytest.mark.thorough

SHOP = SourceName("raygun", "shop")
WEEK = timedelta(days=7)


@dataclass
class Shop:
    """The stand-ins, the bench and sources that ask them."""

    vendor: StandIn
    legacy: Legacy
    traffic: Traffic
    on_bench: Bench
    clock: MovableClock
    client: httpx2.AsyncClient

    def api(self, token: str = "", application: str = "") -> RaygunV3Api:
        vendor = self.vendor
        account = RaygunV3Account.model_validate(
            {
                "token": token or vendor.token,
                "application": application or vendor.application_id,
                "base_url": vendor.origin,
            }
        )
        on_bench = self.on_bench
        # The clock stands still: calls a second would never come back.
        ledger_account = Account("raygun_v3/shop", WINDOWS[1:])
        http = VendorHttp(
            self.client, on_bench.ledger, ledger_account, self.clock, "Raygun", account.base_url
        )
        return RaygunV3Api(SHOP, http, account, on_bench.memory)

    def source(self, *, with_legacy: bool = False, token: str = "", application: str = "") -> RaygunV3:
        api, old = self.api(token, application), self.legacy
        legacy = self.on_bench.raygun(
            client=self.client,
            base_url=old.origin,
            api_key=old.api_key,
            client_id=old.client_id,
            client_secret=old.client_secret,
        )
        behind = legacy if with_legacy else None
        return RaygunV3(SHOP, api.http, api, self.on_bench.index, self.on_bench.tasks, behind)

    async def ask(
        self, source: RaygunV3, subject: Subject, days: int = 7, effort: Effort = Effort.USUAL
    ) -> Answer:
        question = Question(subject, days, effort=effort)
        recall = await source.recall(question)
        if recall.enough and recall.answer is not None:
            return recall.answer
        answer = await source.find(question, source.http.asking(Purpose.PERSON))
        await self.on_bench.tasks.settle()
        return answer

    async def is_all_there(self, span: Span) -> bool:
        """Whether everybody's sessions of a span are in the index under their identifiers."""
        same = (index_names.c.account == index_sessions.c.account) & (
            index_names.c.customer == index_sessions.c.customer
        )
        query = select(index_names.c.who, index_sessions.c.started_ms).join_from(
            index_names, index_sessions, same
        )
        async with self.on_bench.store.read() as connection:
            found = {(who, from_ms(started)) for who, started in (await connection.execute(query)).all()}
        wanted = set()
        for one in self.traffic.between(span.start, span.end):
            name = email(one.identifier) if "@" in one.identifier else uid(one.identifier)
            wanted.add((self.on_bench.keyring.hash(name.kind, name.value), one.visit.started_at))
        return wanted <= found


async def until(so: Callable[[], bool]) -> None:
    while not so():  # noqa: ASYNC110 - the vendor is no one to wait on
        await asyncio.sleep(0.01)


@cache
def others(now: datetime) -> Sequence[Sighting]:
    """Everybody else's visits, invented once for all tests; in whole milliseconds, as Raygun tells them."""
    return [_in_ms(one) for one in strangers(random.Random(7), now - timedelta(days=2), 3, 1_200)]


@pytest.fixture
async def shop(tmp_path: Path, clock: MovableClock) -> AsyncIterator[Shop]:
    traffic = Traffic([*sightings_of(make_people(clock())), *others(clock())])
    async with (
        bench(tmp_path, clock) as on_bench,
        listening(StandIn(clock, traffic)) as vendor,
        listening(Legacy(clock, traffic)) as legacy,
        httpx2.AsyncClient() as client,
    ):
        vendor.limits = ((1_000, 1), *vendor.limits[1:])
        yield Shop(vendor, legacy, traffic, on_bench, clock, client)
        await on_bench.tasks.settle()


def _in_ms(one: Sighting) -> Sighting:
    start = one.visit.started_at
    return replace(
        one, visit=replace(one.visit, started_at=start.replace(microsecond=start.microsecond // 1000 * 1000))
    )


async def test_somebody_is_found_by_address_and_by_uid_though_sessions_name_neither(shop: Shop) -> None:
    source = shop.source()
    await shop.ask(source, uid("the first one, behind whose answer the week is read"))
    by_uid = await shop.ask(source, uid("cust-8841"))
    by_address = await shop.ask(source, email("jane@contoso.example"))
    assert [session.user.email for session in by_address.sessions] == ["jane@contoso.example"] * 4
    assert [session.user.uid for session in by_uid.sessions] == ["cust-8841"] * 2
    assert by_address.covers is not None


async def test_the_errors_of_the_newest_sessions_have_their_titles_and_times(shop: Shop) -> None:
    answer = await shop.ask(shop.source(), uid("cust-8841"))
    assert {error.title.partition(":")[0] for error in answer.errors} == {"TypeError", "PaymentError"}
    assert all(error.occurred_at and error.status == "active" for error in answer.errors)
    groups = [call for call in shop.vendor.calls if "error-groups" in call.path]
    await shop.ask(shop.source(), email("jane@contoso.example"))
    # The same groups: their titles are kept for hours.
    assert [call for call in shop.vendor.calls if "error-groups" in call.path] == groups


async def test_the_newest_sessions_and_the_titles_of_their_errors_are_asked_for_beside_each_other(
    shop: Shop,
) -> None:
    source = shop.source()
    await shop.ask(source, uid("nobody"))
    shop.vendor.calls.clear()
    shop.vendor.hold = asyncio.Event()
    asking = asyncio.create_task(shop.ask(source, uid("cust-8841")))
    await until(lambda: sum("/sessions/" in call.path for call in shop.vendor.calls) == 2)
    assert not any("error-groups" in call.path for call in shop.vendor.calls)
    shop.vendor.hold.set()
    assert {error.title.partition(":")[0] for error in (await asking).errors} == {"TypeError", "PaymentError"}


async def test_a_week_is_read_behind_the_first_answers_and_then_claimed(shop: Shop) -> None:
    source = shop.source()
    await shop.ask(source, uid("nobody"))
    coverage = await shop.on_bench.index.coverage(SHOP, shop.clock())
    assert coverage.covers(
        Span(shop.clock() - WEEK + timedelta(seconds=1), shop.clock() - timedelta(seconds=1))
    )
    assert await shop.is_all_there(Span(shop.clock() - WEEK, shop.clock()))


async def test_an_index_that_is_seconds_old_is_not_read_again_unless_it_is_asked_for_anew(shop: Shop) -> None:
    source = shop.source()
    await shop.ask(source, uid("u-90"))
    calls = len(shop.vendor.calls)
    shop.clock.advance(seconds=30)
    await shop.ask(source, uid("u-90"))
    assert len(shop.vendor.calls) == calls
    answer = await shop.ask(source, uid("u-90"), effort=Effort.FRESH)
    assert answer.as_of == shop.clock()


@pytest.mark.parametrize("minutes", [1, 60])
async def test_lists_that_grow_between_two_pages_lose_nothing_and_double_nothing(
    shop: Shop, minutes: int
) -> None:
    shop.vendor.between_pages = lambda: shop.clock.advance(minutes=minutes)
    source = shop.source()
    await shop.ask(source, uid("nobody"))
    shop.vendor.between_pages = None
    await shop.ask(source, uid("nobody"), effort=Effort.FRESH)
    coverage = await shop.on_bench.index.coverage(SHOP, shop.clock())
    assert coverage.spans
    for span in coverage.spans:
        assert await shop.is_all_there(span)
    count = await shop.on_bench.index.count(SHOP, Listing.SESSIONS, shop.clock() - WEEK)
    assert count <= len(shop.traffic.between(shop.clock() - WEEK, shop.clock()))


async def test_a_row_that_vanishes_between_two_pages_ends_what_is_claimed(shop: Shop) -> None:
    # As if many sessions were deleted at the list's head: the next page begins too far down.
    shop.vendor.between_pages = lambda: shop.clock.advance(hours=-6)
    wanted = Span(shop.clock() - WEEK, shop.clock())
    stretch = await shop.api().sessions(wanted, shop.api().http.asking(Purpose.PERSON), 4)
    assert stretch.whole is not None
    newest_page = sorted(shop.traffic.between(wanted.start, wanted.end), key=lambda s: s.visit.started_at)[
        -500:
    ]
    assert stretch.whole.start > newest_page[0].visit.started_at


async def test_a_page_that_fails_leaves_what_was_read_before_it(shop: Shop) -> None:
    def break_it() -> None:
        shop.vendor.fault = Fault.BROKEN

    shop.vendor.between_pages = break_it
    api = shop.api()
    wanted = Span(shop.clock() - WEEK, shop.clock())
    stretch = await api.sessions(wanted, api.http.asking(Purpose.PERSON), 4)
    assert len(stretch.rows) == 500
    assert stretch.whole is not None
    assert stretch.whole.start > wanted.start


async def test_sessions_without_their_customers_are_not_claimed(shop: Shop) -> None:
    shop.vendor.scopes.discard("customers:read")
    with pytest.raises(CallFailed) as failed:
        await shop.ask(shop.source(), uid("u-90"))
    assert "lacks a scope" in failed.value.failure.message
    assert (await shop.on_bench.index.coverage(SHOP, shop.clock())).spans == ()


async def test_a_token_that_is_not_taken_and_an_application_that_is_not_known_are_told_apart(
    shop: Shop,
) -> None:
    messages = []
    for source in (shop.source(token="old"), shop.source(application="0000000")):
        with pytest.raises(CallFailed) as failed:
            await shop.ask(source, uid("u-90"))
        assert failed.value.failure.reason is Reason.NOT_AUTHORISED
        messages.append(failed.value.failure.message)
    assert "expired" in messages[0]
    assert "application" in messages[1]


async def test_the_vendors_own_count_is_heeded(shop: Shop) -> None:
    shop.vendor.limits = ((1_000, 1), (4, 60), (10_000, 86_400))
    source = shop.source()
    reasons = []
    for number in range(6):
        try:
            await shop.ask(source, uid(f"u-{number}"), effort=Effort.FRESH)
        except CallFailed as failed:
            reasons.append(failed.failure.reason)
        shop.clock.advance(seconds=11)
    assert Reason.QUOTA_SPENT in reasons
    assert shop.vendor.refused_calls == 0


async def test_whom_the_index_does_not_have_the_legacy_api_is_asked_for(shop: Shop) -> None:
    visit = Visit(shop.clock() - timedelta(days=20), 60)
    old = Customer(4, "long-ago", None, None, "", (visit,))
    shop.legacy._traffic = Traffic(sightings_of([old]))  # noqa: SLF001 - what it alone still has
    source = shop.source(with_legacy=True)
    answer = await shop.ask(source, uid("long-ago"), days=30)
    assert [session.started_at for session in answer.sessions] == [visit.started_at]
    found = await shop.ask(source, email("jane@contoso.example"))
    assert len(found.sessions) == 4
    assert [call.query["userIdentifier"] for call in shop.legacy.calls if "userIdentifier" in call.query] == [
        "long-ago"
    ]


async def test_one_session_is_described_and_an_unknown_one_is_none(shop: Shop) -> None:
    source = shop.source()
    answer = await shop.ask(source, uid("cust-8841"))
    calls = source.http.asking(Purpose.UNFURL)
    session = await source.session(answer.sessions[0].id, calls)
    assert session is not None
    assert session.errors == 2
    assert await source.session("zzz", calls) is None


async def test_a_check_tries_every_scope_and_names_what_is_missing(shop: Shop) -> None:
    source = shop.source()
    assert "application" in await source.check(source.http.asking(Purpose.PERSON))
    application = "/v3/applications/19abc7x"
    assert [call.path for call in shop.vendor.calls] == [
        application,
        *(f"{application}/{kind}" for kind in ("customers", "sessions", "error-groups")),
    ]
    shop.vendor.scopes -= {"rum.sessions:read", "cr.errors:read"}
    with pytest.raises(CallFailed, match=r"lacks rum\.sessions:read, cr\.errors:read"):
        await source.check(source.http.asking(Purpose.PERSON))
