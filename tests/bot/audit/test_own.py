"""Each person's own last lookups: theirs alone, the newest first, each subject once."""

import pytest

from bot.audit.entries import AuditEntry, Came
from bot.audit.own import own_lookups
from bot.audit.trail import AuditTrail
from bot.domain.asking import Way
from bot.domain.model import Subject, SubjectKind
from bot.jobs.inbox import Inbox
from bot.operations.metrics import make_metrics
from bot.storage.keyring import Keyring
from bot.storage.store import Store


def customer(number: int) -> Subject:
    address = f"Customer{number}@contoso.example"
    return Subject(SubjectKind.EMAIL, address.lower(), address)


def entry(who: str, number: int, outcome: str = Came.FOUND) -> AuditEntry:
    return AuditEntry(who, "C1", Way.COMMAND, outcome, customer(number))


@pytest.fixture
def trail(store: Store, keyring: Keyring) -> AuditTrail:
    return AuditTrail(store, keyring, make_metrics(), Inbox(store, keyring), names_subjects=True)


async def test_they_are_ones_own_each_once_and_at_most_five(
    store: Store, keyring: Keyring, trail: AuditTrail
) -> None:
    for number in (*range(7), 3):
        await trail.write([entry("U1", number)])
    await trail.write([entry("U2", 8, Came.NOBODY), entry("U2", 9, Came.refused("guest"))])
    mine = [one.subject for one in await own_lookups(store, keyring, "U1")]
    assert len(mine) == len(set(mine)) == 5
    assert [one.subject for one in await own_lookups(store, keyring, "U2")] == [customer(8)]
    assert await own_lookups(store, keyring, "U3") == []


async def test_there_are_none_where_the_trail_names_nobody(store: Store, keyring: Keyring) -> None:
    nameless = AuditTrail(store, keyring, make_metrics(), Inbox(store, keyring), names_subjects=False)
    await nameless.write([entry("U1", 1)])
    assert await own_lookups(store, keyring, "U1") == []
