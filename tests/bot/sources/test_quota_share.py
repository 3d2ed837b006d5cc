"""Of a small quota one person takes a share, so that a colleague who asks later is still answered."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from bot.sources.quota import Account, FairShare, Granted, Purpose, Refused, Window
from bot.sources.quota.ledger import Ledger
from bot.storage.store import Store, open_store
from bot.storage.tables import quota_calls
from tests.conftest import prepared_sqlite
from tests.examples import examples
from tests.processes import printed_at_once

SHOP = Account("raygun/shop", (Window(50, 86_400),))
HALF = FairShare(0.5, "hashed {}".format)

RACER = """
import asyncio
from bot.sources.quota import Account, FairShare, Granted, Purpose, Window
from bot.sources.quota.ledger import Ledger
from bot.storage.store import open_store

async def race(url):
    async with open_store(url) as store:
        ledger, shop = Ledger(store, FairShare(0.5)), Account("raygun/shop", (Window(50, 86_400),))
        print(*[
            sum([isinstance(await ledger.spend(shop, Purpose.PERSON, by=who), Granted) for _ in range(15)])
            for who in ("U1", "U2")
        ])

def run(url):
    asyncio.run(race(url))
"""


async def spend(ledger: Ledger, times: int, by: str | None, account: Account = SHOP) -> int:
    verdicts = [await ledger.spend(account, Purpose.PERSON, by=by) for _ in range(times)]
    return sum(isinstance(verdict, Granted) for verdict in verdicts)


async def askers(store: Store) -> list[str | None]:
    async with store.read() as connection:
        return list((await connection.execute(select(quota_calls.c.asker))).scalars())


async def test_one_person_takes_their_share_and_the_rest_is_left_to_others(store: Store) -> None:
    ledger = Ledger(store, HALF)
    assert await spend(ledger, 30, "U1") == 25
    refused = await ledger.spend(SHOP, Purpose.PERSON, by="U1")
    assert isinstance(refused, Refused)
    assert (refused.of_person, refused.reserved, refused.by_vendor) == (True, False, False)
    assert refused.why == "your share of its calls is used for now; others can still ask"
    assert timedelta(hours=23.9) < refused.until - datetime.now(UTC) <= timedelta(hours=24)
    assert await spend(ledger, 30, "U2") == 25


async def test_what_nobody_asked_for_is_nobodys(store: Store) -> None:
    ledger = Ledger(store, HALF)
    assert await spend(ledger, 60, None) == 50


async def test_a_share_comes_back_as_its_own_calls_grow_old(store: Store) -> None:
    ledger = Ledger(store, HALF)
    await spend(ledger, 10, "U1")
    async with store.write() as connection:
        ago = quota_calls.c.at_ms - int(timedelta(hours=20).total_seconds() * 1000)
        await connection.execute(update(quota_calls).values(at_ms=ago))
    await spend(ledger, 20, "U1")
    refused = await ledger.spend(SHOP, Purpose.PERSON, by="U1")
    assert isinstance(refused, Refused)
    assert timedelta(hours=3.9) < refused.until - datetime.now(UTC) <= timedelta(hours=4)
    share = ledger.share_of("U1", SHOP, await ledger.state(SHOP))
    assert share is not None
    assert share.left == 0
    assert share.again_in is not None
    assert timedelta(hours=3.9) < share.again_in <= timedelta(hours=4)


async def test_where_the_account_itself_has_no_call_left_nobody_is_told_that_others_can_ask(
    store: Store,
) -> None:
    ledger = Ledger(store, HALF)
    await spend(ledger, 25, "U1")
    await spend(ledger, 25, None)
    refused = await ledger.spend(SHOP, Purpose.PERSON, by="U1")
    assert isinstance(refused, Refused)
    assert refused.why == "our calls to it are spent"


@pytest.mark.parametrize(
    "windows", [(), (Window(5_000, 86_400),), (Window(60, 60),), (Window(50, 10), Window(1_000, 86_400))]
)
async def test_a_large_quota_or_one_that_comes_back_in_a_minute_is_not_shared_out(
    store: Store, windows: tuple[Window, ...]
) -> None:
    account = Account("fullstory/main", windows)
    assert await spend(Ledger(store, HALF), 45, "U1", account) == 45
    assert set(await askers(store)) == {None}


@pytest.mark.parametrize(
    ("part", "calls", "most"), [(0.5, 50, 25), (0.1, 30, 3), (0.01, 10, 1), (1.0, 50, None)]
)
def test_a_share_is_one_call_at_least_and_never_more_than_its_part(
    part: float, calls: int, most: int | None
) -> None:
    assert FairShare(part).most(Account("x", (Window(calls, 86_400),))) == most


async def test_the_ledger_keeps_no_persons_id(store: Store) -> None:
    await spend(Ledger(store, HALF), 1, "U1")
    assert await askers(store) == ["hashed U1"]


@pytest.mark.process
async def test_processes_that_race_for_one_persons_share_never_take_more(database_url: str) -> None:
    async with open_store(database_url):
        pass
    granted = [told.split() for told in await printed_at_once(RACER, database_url, times=3)]
    assert [sum(int(one[person]) for one in granted) for person in (0, 1)] == [25, 25]


@examples(15)
@given(st.lists(st.tuples(st.sampled_from(["U1", "U2", None]), st.integers(0, 40)), max_size=40))
async def test_no_window_ever_holds_more_of_one_person_than_their_share(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str | None, int]]
) -> None:
    account = Account("x", (Window(8, 7_200),))
    path = tmp_path_factory.mktemp("ledger") / "x.db"
    made: list[tuple[str | None, int]] = []
    now = 0
    async with open_store(prepared_sqlite(path)) as store:
        ledger = Ledger(store, HALF)
        for who, minutes in steps:
            now += minutes * 60
            async with store.write() as connection:
                ago = quota_calls.c.at_ms - minutes * 60_000
                await connection.execute(update(quota_calls).values(at_ms=ago))
            if isinstance(await ledger.spend(account, Purpose.PERSON, by=who), Granted):
                made.append((who, now))
    for _, at in made:
        within = [who for who, other in made if at - 7_200 < other <= at]
        assert len(within) <= 8
        assert max(within.count(who) for who in ("U1", "U2")) <= 4
