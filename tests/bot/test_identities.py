"""Who is who, where that is sure."""

from datetime import timedelta
from pathlib import Path

import pytest

from bot.casefile import Session, SessionUser, SourceName, Subject, SubjectKind
from bot.identities import Identities
from bot.keyring import Keyring
from bot.store import Store
from tests.conftest import stored

WWW = SourceName("rybbit", "www")


def email(address: str) -> Subject:
    return Subject(SubjectKind.EMAIL, address, address)


def uid(value: str) -> Subject:
    return Subject(SubjectKind.UID, value, value)


@pytest.fixture
def identities(store: Store, keyring: Keyring) -> Identities:
    return Identities(store, keyring, timedelta(days=7))


async def learn(identities: Identities, *pairs: tuple[str | None, str | None]) -> None:
    users = [SessionUser(uid=uid_, email=email_) for email_, uid_ in pairs]
    await identities.learn(Session(WWW, str(n), user=user) for n, user in enumerate(users))


async def test_an_address_leads_to_its_uid_and_the_other_way_round(identities: Identities) -> None:
    await learn(identities, ("jane@contoso.example", "u-77"))
    assert await identities.other_names(email("jane@contoso.example")) == (uid("u-77"),)
    assert await identities.other_names(uid("u-77")) == (email("jane@contoso.example"),)
    assert await identities.other_names(uid("u-78")) == ()


async def test_a_uid_that_addresses_share_leads_to_nobody(identities: Identities) -> None:
    await learn(identities, ("jane@contoso.example", "kiosk"), ("bob@contoso.example", "kiosk"))
    assert await identities.other_names(email("jane@contoso.example")) == ()
    assert await identities.other_names(uid("kiosk")) == ()


async def test_an_address_with_two_accounts_leads_to_both(identities: Identities) -> None:
    await learn(identities, ("jane@contoso.example", "u-1"), ("jane@contoso.example", "u-2"))
    assert set(await identities.other_names(email("jane@contoso.example"))) == {uid("u-1"), uid("u-2")}


async def test_an_address_with_very_many_accounts_leads_nowhere(identities: Identities) -> None:
    await learn(identities, *(("shared@contoso.example", f"u-{n}") for n in range(9)))
    assert await identities.other_names(email("shared@contoso.example")) == ()


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
    assert await identities.other_names(email("jane@contoso.example")) == ()


async def test_no_name_stands_in_the_database(identities: Identities, tmp_path: Path) -> None:
    await learn(identities, ("unmistakable@contoso.example", "unmistakable-uid"))
    files = stored(tmp_path)
    assert b"identities" in files
    assert b"unmistakable" not in files
