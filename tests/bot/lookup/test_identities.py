"""Who is who, where that is sure."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.domain.model import SessionUser, SourceName, Subject, SubjectKind
from bot.lookup.identities import Identities, OtherNames
from bot.lookup.shared_uids import SharedUids
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import identities as table
from tests.conftest import stored
from tests.subjects import email, uid

WWW = SourceName("rybbit", "www")
MAIN = SourceName("fullstory", "main")
ONE_PRODUCT = SharedUids.of([["rybbit/www", "fullstory/main"]])


@pytest.fixture
def identities(store: Store, keyring: Keyring) -> Identities:
    return Identities(store, keyring, timedelta(days=7), ONE_PRODUCT)


def sure(names: OtherNames) -> tuple[Subject, ...]:
    assert names.doubts == ()
    return tuple(name.subject for name in names.sure)


async def learn(identities: Identities, *pairs: tuple[str | None, str | None]) -> None:
    users = [SessionUser(uid=uid_, email=email_) for email_, uid_ in pairs]
    await identities.learn((WWW, user) for user in users)


async def test_an_address_leads_to_its_uid_and_the_other_way_round(identities: Identities) -> None:
    await learn(identities, ("jane@contoso.example", "u-77"))
    assert sure(await identities.other_names(email("jane@contoso.example"))) == (uid("u-77"),)
    assert sure(await identities.other_names(uid("u-77"))) == (email("jane@contoso.example"),)
    assert await identities.other_names(uid("u-78")) == OtherNames()
    await learn(identities, ("jürgen@bücher.example", "u-79"))
    in_unicode = Subject(SubjectKind.EMAIL, "jürgen@xn--bcher-kva.example", "jürgen@bücher.example")
    assert sure(await identities.other_names(uid("u-79"))) == (in_unicode,)
    assert sure(await identities.other_names(in_unicode)) == (uid("u-79"),)


async def test_a_uid_that_addresses_share_is_a_doubt_from_every_side(identities: Identities) -> None:
    jane, bob = email("jane@contoso.example"), email("bob@contoso.example")
    await learn(identities, (jane.value, "kiosk"), (bob.value, "kiosk"))
    for subject in (jane, bob, uid("kiosk")):
        names = await identities.other_names(subject)
        assert names.sure == ()
        [doubt] = names.doubts
        assert doubt.name == uid("kiosk")
        assert set(doubt.shared_by) == {jane, bob}
        assert doubt.told_by == ("rybbit/www",)


async def test_an_address_with_two_uids_is_a_doubt_from_every_side(identities: Identities) -> None:
    jane = email("jane@contoso.example")
    await identities.learn([(WWW, SessionUser(uid="u-1", email=jane.value))])
    await identities.learn([(MAIN, SessionUser(uid="u-2", email=jane.value))])
    for subject in (jane, uid("u-1"), uid("u-2")):
        names = await identities.other_names(subject)
        assert names.sure == ()
        [doubt] = names.doubts
        assert doubt.name == jane
        assert set(doubt.shared_by) == {uid("u-1"), uid("u-2")}
        assert set(doubt.told_by) == {"rybbit/www", "fullstory/main"}


async def test_a_pair_that_two_sources_tell_is_as_sure_as_one(identities: Identities) -> None:
    for source in (WWW, MAIN):
        await identities.learn([(source, SessionUser(uid="u-77", email="jane@contoso.example"))])
    assert sure(await identities.other_names(uid("u-77"))) == (email("jane@contoso.example"),)


@pytest.mark.parametrize(
    "pair",
    [
        ("jane@contoso.example", None),
        (None, "u-1"),
        ("no address", "u-1"),
        ("jane@contoso.example", "jane@contoso.example"),
        ("jane@contoso.example", "Guest"),
        ("jane@contoso.example", "0"),
    ],
)
async def test_half_a_pair_is_none(identities: Identities, pair: tuple[str | None, str | None]) -> None:
    await learn(identities, pair)
    assert await identities.other_names(email("jane@contoso.example")) == OtherNames()


async def test_no_name_stands_in_the_database(identities: Identities, store: Store) -> None:
    await learn(identities, ("unmistakable@contoso.example", "unmistakable-uid"))
    told = await stored(store)
    assert "identities" in told
    assert "unmistakable" not in told


async def test_what_a_source_no_longer_tells_is_forgotten_when_it_is_asked_anew(
    identities: Identities,
) -> None:
    address = "jane@contoso.example"
    for source in (WWW, MAIN):
        await identities.learn([(source, SessionUser(uid="u-old", email=address))])
    moved = [(WWW, SessionUser(uid="u-new", email=address))]
    await identities.renew(email(address), [WWW, MAIN], moved)
    assert sure(await identities.other_names(email(address))) == (uid("u-new"),)
    assert await identities.other_names(uid("u-old")) == OtherNames()


async def test_what_a_source_that_did_not_answer_has_told_stays(identities: Identities) -> None:
    address = "jane@contoso.example"
    await identities.learn([(MAIN, SessionUser(uid="u-77", email=address))])
    await identities.renew(email(address), [WWW], [])
    assert sure(await identities.other_names(email(address))) == (uid("u-77"),)


async def test_of_many_names_the_ones_seen_last_are_told_and_how_many_there_are_besides(
    identities: Identities, store: Store
) -> None:
    for number in range(5):
        await identities.learn([(WWW, SessionUser(uid=f"u-{number}", email="jane@contoso.example"))])
        async with store.write() as connection:
            await connection.execute(update(table).values(seen_ms=table.c.seen_ms - 1_000))
    [doubt] = (await identities.other_names(email("jane@contoso.example"))).doubts
    assert (doubt.shared_by, doubt.more) == ((uid("u-4"), uid("u-3"), uid("u-2")), 2)


async def test_each_products_uid_of_an_address_is_sure_in_that_product(
    store: Store, keyring: Keyring
) -> None:
    identities = Identities(store, keyring, timedelta(days=7))
    jane = "jane@contoso.example"
    await identities.learn(
        [(WWW, SessionUser(uid="17", email=jane)), (MAIN, SessionUser(uid="9", email=jane))]
    )
    names = await identities.other_names(email(jane))
    assert names.doubts == ()
    assert [name.subject for name in names.in_product("www")] == [uid("17")]
    assert [name.subject for name in names.in_product("main")] == [uid("9")]
    assert names.in_product("shop") == ()


async def test_a_uid_of_two_people_in_two_products_is_a_doubt(store: Store, keyring: Keyring) -> None:
    identities = Identities(store, keyring, timedelta(days=7))
    people = [(WWW, "jane@contoso.example"), (MAIN, "bob@contoso.example")]
    await identities.learn((source, SessionUser(uid="17", email=address)) for source, address in people)
    [doubt] = (await identities.other_names(uid("17"))).doubts
    assert doubt.name == uid("17")
    for source, address in people:
        assert [name.told_by for name in (await identities.other_names(email(address))).sure] == [
            (str(source),)
        ]


def test_lists_with_an_account_in_common_are_of_one_product() -> None:
    shared = SharedUids.of([["a/1", "b/1"], ["c/1", "d/1"], ["b/1", "c/1"], ["e/1"]])
    assert len({shared.product_of(account) for account in ("a/1", "b/1", "c/1", "d/1")}) == 1
    assert len({shared.product_of(account) for account in ("a/1", "e/1", "f/1")}) == 3
