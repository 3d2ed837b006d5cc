"""The ledger: never a call more than the vendor allows."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from bot.sources.quota import Account, Granted, Purpose, Refused, Window
from bot.sources.quota import ledger as quota_ledger
from bot.sources.quota.ledger import Ledger
from bot.storage.store import Store, open_store
from bot.storage.tables import quota_calls
from tests.conftest import prepared_sqlite
from tests.examples import examples
from tests.processes import printed_at_once

SHOP = Account("raygun/shop", (Window(50, 86_400),))
NOON = datetime(2026, 11, 3, 12, tzinfo=UTC)

RACER = """
import asyncio
from bot.sources.quota import Account, Granted, Purpose, Window
from bot.sources.quota.ledger import Ledger
from bot.storage.store import open_store

async def race(url):
    async with open_store(url) as store:
        ledger, shop = Ledger(store), Account("raygun/shop", (Window(50, 86_400),))
        verdicts = [await ledger.spend(shop, Purpose.PERSON) for _ in range(30)]
        print(sum(isinstance(verdict, Granted) for verdict in verdicts))

def run(url):
    asyncio.run(race(url))
"""


async def spend(ledger: Ledger, times: int, purpose: Purpose = Purpose.PERSON) -> int:
    verdicts = [await ledger.spend(SHOP, purpose) for _ in range(times)]
    return sum(isinstance(verdict, Granted) for verdict in verdicts)


async def age_calls(store: Store, **span: float) -> None:
    """Let time pass for what is written down: the ledger goes by the database's clock."""
    by = int(timedelta(**span).total_seconds() * 1000)
    async with store.write() as connection:
        await connection.execute(update(quota_calls).values(at_ms=quota_calls.c.at_ms - by))


async def test_the_51st_call_is_refused_and_says_when_the_next_one_comes_back(store: Store) -> None:
    ledger = Ledger(store)
    assert await spend(ledger, 60) == 50
    refused = await ledger.spend(SHOP, Purpose.PERSON)
    assert isinstance(refused, Refused)
    assert timedelta(hours=23.9) < refused.until - datetime.now(UTC) <= timedelta(hours=24)


async def test_the_window_rolls_and_does_not_jump_at_midnight(store: Store) -> None:
    ledger = Ledger(store)
    await spend(ledger, 20)
    await age_calls(store, hours=12)
    assert await spend(ledger, 60) == 30
    await age_calls(store, hours=12, seconds=1)
    assert await spend(ledger, 60) == 20


async def test_a_restart_forgets_nothing(database_url: str) -> None:
    for expected in (30, 20):
        async with open_store(database_url) as store:
            assert await spend(Ledger(store), 30) == expected


@pytest.mark.process
async def test_four_processes_racing_for_the_last_calls_never_make_one_too_many(database_url: str) -> None:
    async with open_store(database_url) as store:
        await spend(Ledger(store), 10)
    granted = map(int, await printed_at_once(RACER, database_url, times=4))
    assert sum(granted) == 40


async def test_a_hundred_tasks_racing_in_one_process_never_make_one_too_many(store: Store) -> None:
    ledger = Ledger(store)
    verdicts = await asyncio.gather(*(ledger.spend(SHOP, Purpose.PERSON) for _ in range(100)))
    assert sum(isinstance(verdict, Granted) for verdict in verdicts) == 50


@pytest.mark.parametrize(
    ("purpose", "most"), [(Purpose.UNFURL, 45), (Purpose.TICKET, 40), (Purpose.BACKGROUND, 30)]
)
async def test_each_lower_class_leaves_a_reserve_for_those_above_it(
    store: Store, purpose: Purpose, most: int
) -> None:
    ledger = Ledger(store)
    assert await spend(ledger, 60, purpose) == most
    refused = await ledger.spend(SHOP, purpose)
    assert isinstance(refused, Refused)
    assert refused.reserved
    assert await spend(ledger, 60) == 50 - most


async def test_a_429_closes_the_account_until_it_ends(store: Store) -> None:
    ledger = Ledger(store)
    await spend(ledger, 3)
    await ledger.correct(SHOP, 0, timedelta(hours=2))
    refused = await ledger.spend(SHOP, Purpose.PERSON)
    assert isinstance(refused, Refused)
    assert timedelta(hours=1.9) < refused.until - datetime.now(UTC) <= timedelta(hours=2)
    state = await ledger.state(SHOP)
    assert (state.left, state.blocked_until) == (0, refused.until)


async def test_the_vendors_count_corrects_ours_downwards_and_never_upwards(store: Store) -> None:
    ledger = Ledger(store)
    await spend(ledger, 10)
    await ledger.correct(SHOP, 45, timedelta(hours=1))
    assert (await ledger.state(SHOP)).left == 40
    await ledger.correct(SHOP, 2, timedelta(hours=1))
    assert await spend(ledger, 10) == 2


async def test_calls_of_the_millisecond_of_the_vendors_word_count_where_they_were_made_after_it(
    tmp_path: Path,
) -> None:
    async with open_store(prepared_sqlite(tmp_path / "one.db"), simulated_time=lambda: NOON) as store:
        ledger = Ledger(store)
        await spend(ledger, 3)
        await ledger.correct(SHOP, 2, timedelta(hours=1))
        assert (await ledger.state(SHOP)).left == 2
        assert await spend(ledger, 10) == 2


async def test_of_what_the_vendor_says_is_left_each_lower_class_leaves_its_reserve_too(store: Store) -> None:
    ledger = Ledger(store)
    await ledger.correct(SHOP, 12, timedelta(hours=20))
    assert await spend(ledger, 20, Purpose.TICKET) == 2
    refused = await ledger.spend(SHOP, Purpose.TICKET)
    assert isinstance(refused, Refused)
    assert (refused.reserved, refused.by_vendor) == (True, False)
    assert await spend(ledger, 20) == 10


async def test_the_vendors_count_of_each_window_holds_beside_the_others(store: Store) -> None:
    ledger, busy = Ledger(store), Account("uxcam/app", (Window(50, 10), Window(5_000, 86_400)))
    await ledger.correct(busy, 20, timedelta(hours=12))
    await ledger.correct(busy, 45, timedelta(seconds=8))
    verdicts = [await ledger.spend(busy, Purpose.PERSON) for _ in range(30)]
    assert sum(isinstance(verdict, Granted) for verdict in verdicts) == 20
    assert isinstance(verdicts[-1], Refused)
    assert verdicts[-1].wait > timedelta(hours=11)


async def test_a_call_that_the_months_budget_refuses_is_counted_nowhere(store: Store) -> None:
    ledger, month = Ledger(store), Account("fullstory_activations/main", (Window(1, 31 * 86_400),))
    for expected in (Granted, Refused, Refused):
        assert isinstance(await ledger.spend(SHOP, Purpose.PERSON, month), expected)
    assert ((await ledger.state(SHOP)).used, (await ledger.state(month)).used) == (1, 1)


async def test_an_account_without_a_known_limit_is_only_counted(store: Store) -> None:
    ledger, free = Ledger(store), Account("fullstory/main")
    assert isinstance(await ledger.spend(free, Purpose.BACKGROUND), Granted)
    state = await ledger.state(free)
    assert (state.used, state.left, state.limit) == (1, None, None)


async def test_accounts_do_not_share_a_quota(store: Store) -> None:
    ledger = Ledger(store)
    await spend(ledger, 50)
    assert isinstance(await ledger.spend(Account("raygun/app", SHOP.windows), Purpose.PERSON), Granted)


@examples(15)
@given(st.lists(st.tuples(st.sampled_from(Purpose), st.integers(0, 40)), max_size=40))
async def test_no_rolling_window_ever_holds_more_than_allowed(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[Purpose, int]]
) -> None:
    account = Account("x", (Window(3, 30), Window(8, 100)))
    path = tmp_path_factory.mktemp("ledger") / "x.db"
    made: list[int] = []
    clock = 0
    async with open_store(prepared_sqlite(path)) as store:
        ledger = Ledger(store)
        for purpose, pause in steps:
            await age_calls(store, seconds=pause)
            clock += pause
            if isinstance(await ledger.spend(account, purpose), Granted):
                made.append(clock)
    for window in account.windows:
        for at in made:
            assert sum(at - window.seconds < other <= at for other in made) <= window.calls


LARGE = Account("rybbit/www", (Window(500, 600),))


async def calls_of(store: Store, account: Account) -> int:
    async with store.read() as connection:
        ours = select(func.count()).select_from(quota_calls).where(quota_calls.c.account == account.name)
        return int((await connection.execute(ours)).scalar_one())


async def test_of_a_large_window_two_calls_are_counted_at_once_and_none_is_made_twice(store: Store) -> None:
    ledger = Ledger(store)
    counted = []
    for _ in range(4):
        assert isinstance(await ledger.spend(LARGE, Purpose.PERSON), Granted)
        counted.append(await calls_of(store, LARGE))
    assert counted == [2, 2, 4, 4]
    assert (await ledger.state(LARGE)).used <= 4


async def test_a_call_that_was_counted_ahead_and_not_made_is_given_back(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quota_ledger, "_SPARE_LASTS_SECONDS", -1.0)
    ledger = Ledger(store)
    for number in range(1, 4):
        await ledger.spend(LARGE, Purpose.PERSON)
        assert await calls_of(store, LARGE) == number + 1
    assert (await ledger.state(LARGE)).used == 3


async def test_tasks_that_share_what_was_counted_ahead_make_no_call_too_many(store: Store) -> None:
    ledger = Ledger(store)
    verdicts = await asyncio.gather(*(ledger.spend(LARGE, Purpose.PERSON) for _ in range(520)))
    assert sum(isinstance(verdict, Granted) for verdict in verdicts) == 500


async def test_after_a_429_no_call_is_made_that_was_counted_before(store: Store) -> None:
    ledger = Ledger(store)
    await ledger.spend(LARGE, Purpose.PERSON)
    await ledger.correct(LARGE, 0, timedelta(hours=2))
    assert isinstance(await ledger.spend(LARGE, Purpose.PERSON), Refused)
