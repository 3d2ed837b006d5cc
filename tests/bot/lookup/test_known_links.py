"""Whose session a pasted address is, by what sources told of before."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from bot.domain.addresses import read_address
from bot.domain.model import Session, SessionUser, SourceName, Subject, SubjectKind, UrlIs
from bot.lookup.known_links import KnownLinks, Pointer
from bot.sources.raygun.index import Customer, Harvest, SessionIndex, Sighted
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import known_sessions
from tests.conftest import MovableClock, stored

MAIN, APP, SHOP = SourceName("fullstory", "main"), SourceName("uxcam", "app"), SourceName("raygun", "shop")
JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "Jane@contoso.example")
U77 = Subject(SubjectKind.UID, "u-77", "u-77")
WEEK = timedelta(days=7)
URL = "https://app.fullstory.example/ui/ORG/session/1%3A2"
SESSION = Session(MAIN, "1:2", URL)
TO_JANES = Pointer("fullstory/main", "1:2", JANE)


@pytest.fixture
def index(store: Store, keyring: Keyring) -> SessionIndex:
    return SessionIndex(store, keyring, WEEK, WEEK)


@pytest.fixture
def links(store: Store, keyring: Keyring, index: SessionIndex) -> KnownLinks:
    return KnownLinks(store, keyring, index, WEEK)


async def change_all(store: Store, **values: Any) -> None:
    async with store.write() as connection:
        await connection.execute(update(known_sessions).values(values))


async def count(store: Store) -> int:
    async with store.read() as connection:
        query = select(func.count()).select_from(known_sessions)
        return int((await connection.execute(query)).scalar_one())


async def test_a_session_is_known_by_its_address_and_by_its_id(links: KnownLinks) -> None:
    await links.learn(MAIN, JANE, [SESSION])
    assert await links.by_url(URL) == TO_JANES
    assert await links.by_id(MAIN, "1:2") == TO_JANES


@pytest.mark.parametrize(
    "pasted",
    [
        "https://app.fullstory.example/ui/ORG/session/1:2",
        f"<{URL}>",
        f"<{URL}|the session>",
        f"{URL}#top",
        f"{URL}?utm_source=mail&amp;x=1",
        f"  {URL}).",
    ],
)
async def test_an_address_is_known_in_whatever_way_it_was_pasted(links: KnownLinks, pasted: str) -> None:
    await links.learn(MAIN, JANE, [SESSION])
    assert await links.by_url(pasted) == TO_JANES


async def test_sessions_that_differ_in_their_query_alone_are_told_apart(links: KnownLinks) -> None:
    pages = "https://x.example/replay?session="
    await links.learn(MAIN, JANE, [Session(MAIN, "1", f"{pages}1"), Session(MAIN, "2", f"{pages}2&a=b")])
    found = [await links.by_url(f"{pages}{rest}") for rest in ("1", "2&amp;a=b", "3")]
    assert [one and one.session_id for one in found] == ["1", "2", None]


@pytest.mark.parametrize(
    "other",
    [f"{URL}9", "https://app.fullstory.example/ui/OTHER/session/1%3A2", "", "<", "http://[", "\0" * 9_000],
)
async def test_what_no_source_told_of_is_not_known(links: KnownLinks, other: str) -> None:
    await links.learn(MAIN, JANE, [SESSION])
    assert await links.by_url(other) is None


async def test_another_accounts_session_of_the_same_id_is_another_one(links: KnownLinks) -> None:
    await links.learn(MAIN, JANE, [SESSION])
    assert await links.by_id(SourceName("fullstory", "other"), "1:2") is None
    assert await links.by_id(APP, "1:2") is None


async def test_a_persons_page_is_nobodys_session(links: KnownLinks, store: Store) -> None:
    await links.learn(MAIN, JANE, [replace(SESSION, url_is=UrlIs.PERSON)])
    assert await links.by_url(URL) is None
    assert await links.by_id(MAIN, "1:2") is None
    assert await count(store) == 0


async def test_a_session_without_an_address_is_known_by_its_id(links: KnownLinks) -> None:
    await links.learn(APP, U77, [Session(APP, "5")])
    assert await links.by_id(APP, "5") == Pointer("uxcam/app", "5", U77)


async def test_the_name_by_which_a_session_was_found_last_counts(links: KnownLinks, store: Store) -> None:
    await links.learn(MAIN, JANE, [SESSION])
    await links.learn(MAIN, U77, [SESSION, SESSION])
    assert await links.by_url(URL) == replace(TO_JANES, subject=U77)
    assert await count(store) == 2


async def test_of_very_many_sessions_the_newest_are_remembered(links: KnownLinks) -> None:
    await links.learn(MAIN, JANE, [Session(MAIN, str(number)) for number in range(101)])
    assert await links.by_id(MAIN, "99") is not None
    assert await links.by_id(MAIN, "100") is None


async def test_what_is_older_than_the_retention_is_unknown(links: KnownLinks, store: Store) -> None:
    await links.learn(MAIN, JANE, [SESSION])
    await change_all(store, kept_until_ms=0)
    assert await links.by_url(URL) is None
    assert await links.by_id(MAIN, "1:2") is None


@pytest.mark.parametrize("sealed_as", ["nothing", '{"source": 1}', "[]"])
async def test_what_cannot_be_opened_or_read_any_more_is_unknown(
    links: KnownLinks, store: Store, keyring: Keyring, sealed_as: str
) -> None:
    await links.learn(MAIN, JANE, [SESSION])
    await change_all(store, sealed=sealed_as if sealed_as == "nothing" else keyring.seal(sealed_as))
    assert await links.by_url(URL) is None


async def test_neither_who_nor_which_session_can_be_read_in_the_database(
    links: KnownLinks, store: Store
) -> None:
    await links.learn(MAIN, JANE, [SESSION])
    written = await stored(store)
    for secret in ("contoso", "fullstory.example", "1:2", "1%3A2"):
        assert secret not in written


@pytest.mark.parametrize(
    ("user", "subject"),
    [
        (SessionUser("u-77", "Jane@contoso.example"), JANE),
        (SessionUser("u-77"), U77),
        (SessionUser(email="Jo@Müller.example"), read_address("Jo@Müller.example")),
        (SessionUser(name="Jane"), None),
    ],
)
async def test_sessions_of_an_index_are_known_by_the_surest_name_of_their_person(
    links: KnownLinks, index: SessionIndex, clock: MovableClock, user: SessionUser, subject: Subject | None
) -> None:
    url = "https://app.raygun.example/rum/1/sessions/s-1"
    session = Session(SHOP, "s-1", url, started_at=clock() - timedelta(hours=1))
    await index.put(SHOP, Harvest([Sighted(session, "5")], [Customer("5", user)]), clock())
    expected = Pointer("raygun/shop", "s-1", subject)
    assert await links.by_url(f"{url}?from=mail") == expected
    assert await links.by_id(SHOP, "s-1") == expected
    assert await links.by_id(MAIN, "s-1") is None


async def test_what_a_source_answered_goes_before_what_the_index_has(
    links: KnownLinks, index: SessionIndex, clock: MovableClock
) -> None:
    session = Session(SHOP, "s-1", URL, started_at=clock(), user=SessionUser("u-77"))
    await index.put(SHOP, Harvest([Sighted(session, None)]), clock())
    await links.learn(SHOP, JANE, [session])
    assert await links.by_url(URL) == Pointer("raygun/shop", "s-1", JANE)
    assert await links.by_id(SHOP, "s-1") == Pointer("raygun/shop", "s-1", JANE)
