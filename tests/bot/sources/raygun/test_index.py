"""The local index: what it claims to know whole, whom it finds, what it forgets."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from bot.domain.addresses import read_address
from bot.domain.coverage import Span
from bot.domain.model import Session, SessionUser, SourceName, Subject, SubjectKind
from bot.sources.raygun.index import Customer, Harvest, Opened, SessionIndex, Sighted
from bot.sources.raygun.index_rows import Unread, unread_after
from bot.storage.keyring import Keyring
from bot.storage.store import Store, open_store
from bot.storage.tables import metadata
from tests.conftest import prepared_sqlite, stored
from tests.examples import examples

SHOP = SourceName("raygun", "shop")
NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")
U77 = Subject(SubjectKind.UID, "u-77", "u-77")
WEEK, DAY = timedelta(days=7), timedelta(days=1)


def sighted(
    number: int, at: datetime, customer: str = "5", uid: str | None = None, email: str | None = None
) -> Sighted:
    session = Session(SHOP, str(number), started_at=at, user=SessionUser(uid, email))
    return Sighted(session, customer)


def harvest(*sessions: Sighted, whole: Span | None = None) -> Harvest:
    customers = [Customer(s.customer, s.session.user) for s in sessions if s.customer]
    return Harvest(sessions, customers, whole)


@pytest.fixture
def index(store: Store, keyring: Keyring) -> SessionIndex:
    return SessionIndex(store, keyring, WEEK, DAY)


async def ids(index: SessionIndex, *names: Subject, now: datetime = NOW) -> list[str]:
    found = await index.look_up(SHOP, names, now - WEEK, now)
    return [session.id for session in found.sessions]


async def test_somebody_is_found_by_every_name_newest_first(index: SessionIndex) -> None:
    first = sighted(1, NOW - timedelta(hours=3), uid="u-77", email="jane@contoso.example")
    second = sighted(2, NOW - timedelta(hours=1), uid="u-77", email="jane@contoso.example")
    await index.put(SHOP, harvest(first, second), NOW)
    assert await ids(index, JANE) == ["2", "1"]
    assert await ids(index, U77) == ["2", "1"]
    assert await ids(index, Subject(SubjectKind.UID, "U-77", "U-77")) == []


async def test_an_identifier_that_is_an_address_is_found_whatever_its_case(index: SessionIndex) -> None:
    await index.put(SHOP, harvest(sighted(1, NOW - DAY, uid="Jane@Contoso.example")), NOW)
    assert await ids(index, JANE) == ["1"]


async def test_an_address_is_found_whose_domain_the_vendor_writes_in_unicode(index: SessionIndex) -> None:
    await index.put(SHOP, harvest(sighted(1, NOW - DAY, email="Jo@Müller.example")), NOW)
    await index.put(SHOP, harvest(sighted(2, NOW - DAY, email="jo@xn--mller-kva.example")), NOW)
    jo = read_address("jo@xn--mller-kva.example")
    assert jo is not None
    assert sorted(await ids(index, jo)) == ["1", "2"]


async def test_the_vendors_own_id_leads_to_sessions_that_name_nobody(index: SessionIndex) -> None:
    nameless = Sighted(Session(SHOP, "3", started_at=NOW - DAY), "5")
    named = sighted(4, NOW - DAY, uid="u-77", email="jane@contoso.example")
    await index.put(SHOP, Harvest([nameless], [Customer("5", named.session.user)]), NOW)
    found = await index.look_up(SHOP, [JANE], NOW - WEEK, NOW)
    assert [(session.id, session.user.uid) for session in found.sessions] == [("3", "u-77")]


async def test_accounts_know_nothing_of_each_other(index: SessionIndex) -> None:
    await index.put(SHOP, harvest(sighted(1, NOW - DAY, uid="u-77"), whole=Span(NOW - DAY, NOW)), NOW)
    other = SourceName("raygun", "blog")
    assert (await index.look_up(other, [U77], NOW - WEEK, NOW)).sessions == ()
    assert (await index.coverage(other, NOW)).spans == ()


async def test_a_session_that_was_running_is_renewed_when_it_is_read_again(index: SessionIndex) -> None:
    running = sighted(1, NOW - timedelta(minutes=5), uid="u-77")
    await index.put(SHOP, harvest(running), NOW)
    ended = Session(SHOP, "1", started_at=running.session.started_at, ended_at=NOW, user=running.session.user)
    await index.put(SHOP, harvest(Sighted(ended, "5")), NOW)
    found = await index.look_up(SHOP, [U77], NOW - WEEK, NOW)
    assert [session.ended_at for session in found.sessions] == [NOW]


async def test_what_is_older_than_the_retention_is_gone_and_no_longer_claimed(index: SessionIndex) -> None:
    await index.put(SHOP, harvest(sighted(1, NOW - DAY, uid="u-77"), whole=Span(NOW - DAY, NOW)), NOW)
    later = NOW + timedelta(days=6, hours=12)
    coverage = await index.coverage(SHOP, later)
    assert coverage.spans == (Span(later - WEEK, NOW),)
    assert (await index.look_up(SHOP, [U77], NOW - WEEK, NOW + DAY)).sessions != ()
    assert (await index.look_up(SHOP, [U77], NOW - WEEK, later + DAY)).sessions == ()


async def test_an_answer_about_one_person_claims_nothing_but_is_remembered(index: SessionIndex) -> None:
    asked = Span(NOW - timedelta(days=30), NOW)
    old = sighted(1, NOW - timedelta(days=20), uid="u-77")
    await index.put_answer(SHOP, U77, harvest(old), asked)
    found = await index.look_up(SHOP, [U77], asked.start, NOW)
    assert [session.id for session in found.sessions] == ["1"]
    assert await index.asked(SHOP, [U77, JANE], NOW) == ({U77: asked}, 0)
    assert found.coverage.spans == ()
    after_a_day = NOW + DAY + timedelta(minutes=1)
    assert (await index.look_up(SHOP, [U77], asked.start, after_a_day)).sessions == ()
    assert await index.asked(SHOP, [U77], after_a_day) == ({}, 0)


async def test_what_a_sessions_own_page_told_is_kept_with_it(index: SessionIndex) -> None:
    seen = sighted(1, NOW - DAY, uid="u-77")
    await index.put(SHOP, harvest(seen), NOW)
    opened = Opened(seen.session, (), NOW)
    await index.put_opened(SHOP, opened)
    assert (await index.look_up(SHOP, [U77], NOW - WEEK, NOW)).opened == {"1": opened}


async def test_no_address_and_no_uid_stands_in_the_database(index: SessionIndex, store: Store) -> None:
    seen = sighted(1, NOW - DAY, uid="unmistakable-uid", email="unmistakable@contoso.example")
    await index.put(SHOP, harvest(seen, whole=Span(NOW - DAY, NOW)), NOW)
    await index.put_answer(SHOP, JANE, harvest(seen), Span(NOW - DAY, NOW))
    told = await stored(store)
    assert "index_sessions" in told
    assert "unmistakable" not in told


async def test_it_is_known_when_people_were_looked_up_from_a_moment_on(index: SessionIndex) -> None:
    for days in (9, 3, 0):
        index.note_lookup(SHOP, NOW - timedelta(days=days))
    await index.write_noted()
    _, lookups = await index.traffic(SHOP, NOW - timedelta(days=8))
    assert lookups == (NOW - timedelta(days=3), NOW)


async def test_sessions_are_counted_by_the_hour_they_began_in(index: SessionIndex) -> None:
    some = [sighted(n, NOW + timedelta(minutes=n), uid=f"u-{n}") for n in (0, 10, 59, 60)]
    await index.put(SHOP, harvest(*some), NOW)
    begun, _ = await index.traffic(SHOP, NOW - DAY)
    assert begun == {NOW: 3, NOW + timedelta(hours=1): 1}


# A claimed span with a session missing would hide a customer's visit.
Read = tuple[int, int, bool]


@examples(20)
@given(
    st.lists(st.tuples(st.integers(0, 200), st.integers(1, 60), st.booleans()), min_size=1, max_size=8),
    st.randoms(use_true_random=False),
)
async def test_no_span_is_ever_claimed_of_which_a_session_is_missing(
    tmp_path_factory: pytest.TempPathFactory, reads: list[Read], chance: random.Random
) -> None:
    everything = [
        sighted(n, NOW - timedelta(minutes=chance.uniform(0, 300)), customer=str(n), uid=f"u-{n}")
        for n in range(60)
    ]
    async with open_store(prepared_sqlite(tmp_path_factory.mktemp("index") / "casefile.db")) as store:
        index = SessionIndex(store, Keyring(("secret",)), WEEK, DAY)
        for offset, length, succeeds in reads:
            span = Span(NOW - timedelta(minutes=offset + length), NOW - timedelta(minutes=offset))
            within = [one for one in everything if _began(one, span)]
            # What fails brings a part, and claims nothing.
            given_ = within if succeeds else within[: len(within) // 2]
            await index.put(SHOP, harvest(*given_, whole=span if succeeds else None), NOW)
        coverage = await index.coverage(SHOP, NOW)
        for one in everything:
            if any(_began(one, span) for span in coverage.spans):
                assert await ids(index, Subject(SubjectKind.UID, one.session.user.uid or "", ""))


def _began(one: Sighted, span: Span) -> bool:
    return one.session.started_at is not None and span.start <= one.session.started_at < span.end


def test_every_table_of_the_index_has_an_end_to_what_it_keeps() -> None:
    ends = {"kept_until_ms", "asked_ms", "at_ms", "end_ms"}
    tables = [table for name, table in metadata.tables.items() if name.startswith("index_")]
    assert all(ends & set(table.c.keys()) for table in tables)


async def test_who_has_an_address_no_more_is_not_found_by_it(index: SessionIndex) -> None:
    for customer, at in (("5", NOW - timedelta(hours=3)), ("6", NOW - timedelta(hours=2))):
        await index.put(SHOP, Harvest([Sighted(Session(SHOP, customer, started_at=at), customer)]), NOW)

    async def has(customer: str, email: str) -> None:
        known = Customer(customer, SessionUser(f"u-{customer}", email))
        await index.put(SHOP, Harvest(customers=[known], current=True), NOW)

    async def found() -> list[str]:
        return [one.id for one in (await index.look_up(SHOP, [JANE], NOW - WEEK, NOW)).sessions]

    await has("5", "jane@contoso.example")
    assert await found() == ["5"]
    await has("5", "gone@contoso.example")
    await has("6", "jane@contoso.example")
    assert await found() == ["6"]


async def test_what_began_before_the_asked_days_and_went_on_in_them_is_found(index: SessionIndex) -> None:
    began = NOW - timedelta(hours=25)
    for number, ended in (("1", NOW - timedelta(hours=23)), ("2", NOW - timedelta(hours=24, minutes=30))):
        session = Session(SHOP, number, started_at=began, ended_at=ended, user=SessionUser("u-77"))
        await index.put(SHOP, harvest(Sighted(session, "5")), NOW)
    assert [one.id for one in (await index.look_up(SHOP, [U77], NOW - DAY, NOW)).sessions] == ["1"]


async def unread(index: SessionIndex, since: datetime, now: datetime = NOW) -> int:
    return (await index.look_up(SHOP, [JANE], since, now)).unread


async def test_what_could_not_be_read_is_told_as_long_as_it_is_in_the_asked_days(index: SessionIndex) -> None:
    day = Span(NOW - DAY, NOW)
    await index.put(SHOP, Harvest(whole=day, unread=2, whole_customers=day, unread_customers=1), NOW)
    assert await unread(index, NOW - WEEK) == 3
    assert await unread(index, NOW, NOW + DAY) == 0
    # Read again, it can be read by now.
    await index.put(SHOP, Harvest(whole=day, whole_customers=day, unread_customers=1), NOW)
    assert await unread(index, NOW - WEEK) == 1
    later = NOW + WEEK + DAY
    await index.put(SHOP, Harvest(whole_customers=Span(later - DAY, later)), later)
    assert await unread(index, NOW - WEEK, later) == 0


async def test_what_could_not_be_read_of_a_person_is_told_of_them_alone(index: SessionIndex) -> None:
    await index.put_answer(SHOP, U77, Harvest(unread=1), Span(NOW - DAY, NOW))
    assert await index.asked(SHOP, [U77], NOW) == ({U77: Span(NOW - DAY, NOW)}, 1)
    assert await index.asked(SHOP, [JANE], NOW) == ({}, 0)


@given(
    st.lists(st.tuples(st.integers(0, 40), st.integers(1, 30)), min_size=1, max_size=8),
    st.sets(st.integers(0, 70), max_size=5),
)
@example([(0, 3), (1, 1), (1, 2)], {2})
@example([(0, 3), (1, 1), (0, 1)], {2})
def test_no_more_records_are_said_to_be_unread_than_there_are_and_none_is_forgotten(
    reads: list[tuple[int, int]], broken: set[int]
) -> None:
    known: list[Unread] = []
    met: set[int] = set()
    for start, length in reads:
        found = {moment for moment in broken if start <= moment < start + length}
        met |= found
        known = unread_after(known, Unread(start, start + length, len(found)))
    told = sum(one.records for one in known)
    assert told <= len(met)
    assert bool(told) == bool(met)
