"""The audit trail: written with the end of a job, once, and found again by whom it is about."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import update

from bot.audit.entries import AuditEntry, Came, ShownTo, asked_by
from bot.audit.search import AuditRow, search
from bot.audit.trail import AuditTrail
from bot.domain.asking import Asker, Way
from bot.domain.model import (
    CaseFile,
    Failure,
    Finding,
    Reason,
    Session,
    SourceName,
    State,
    Subject,
    SubjectKind,
)
from bot.jobs.inbox import Inbox, Job
from bot.operations.metrics import Metrics, make_metrics
from bot.storage.database import Connection, StoreAway
from bot.storage.keyring import Keyring, Unsealable
from bot.storage.store import Store
from bot.storage.tables import audit
from tests.conftest import MovableClock, stored

JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "Jane@contoso.example")
WWW, SHOP = SourceName("rybbit", "www"), SourceName("raygun", "shop")
ANA = Asker("U0ANA", "C0SUPPORT", "T0", way=Way.REFRESH)


@pytest.fixture
def inbox(store: Store, keyring: Keyring) -> Inbox:
    return Inbox(store, keyring)


@pytest.fixture
def metrics() -> Metrics:
    return make_metrics()


@pytest.fixture
def trail(store: Store, keyring: Keyring, inbox: Inbox, metrics: Metrics) -> AuditTrail:
    return AuditTrail(store, keyring, metrics, inbox, names_subjects=True)


async def accepted(inbox: Inbox) -> Job:
    job = await inbox.accept("lookup", "once", "{}")
    assert job is not None
    return job


async def rows(store: Store, *secrets: str) -> list[AuditRow]:
    return list(await search(store, Keyring(secrets or ("a secret of the tests",))))


def case_file(*findings: Finding) -> CaseFile:
    return CaseFile(JANE, MovableClock().now, 30, findings)


async def test_a_jobs_rows_are_written_when_it_ends_and_say_what_was_noted_last(
    store: Store, inbox: Inbox, trail: AuditTrail
) -> None:
    job = await accepted(inbox)
    trail.note(job, asked_by(ANA, [JANE]))
    found = Finding(WWW, State.LIVE, MovableClock().now, 1, (Session(WWW, "1"), Session(WWW, "2")))
    failed = Finding(SHOP, State.FAILED, failure=Failure(Reason.TIMED_OUT, "…"))
    [entry] = asked_by(ANA)
    trail.note(job, entry.about([case_file(found, failed)], ShownTo.PUBLIC))
    assert await rows(store) == []
    await inbox.finish(job)
    [row] = await rows(store)
    assert (row.who, row.channel, row.way, row.outcome) == ("U0ANA", "C0SUPPORT", "refresh", Came.FOUND)
    assert (row.sources, row.sessions, row.errors) == (("rybbit/www", "raygun/shop"), 2, 0)
    assert row.shown_to == ShownTo.PUBLIC
    assert row.subject == JANE


async def test_a_job_that_is_left_and_taken_over_has_its_rows_once(
    store: Store, keyring: Keyring, inbox: Inbox, trail: AuditTrail, metrics: Metrics
) -> None:
    job = await accepted(inbox)
    trail.note(job, asked_by(ANA, [JANE]))
    await inbox.release(job)
    [row] = await rows(store)
    assert row.outcome == Came.UNFINISHED
    another = Inbox(store, keyring)
    [again] = await another.take_over(1)
    its = AuditTrail(store, keyring, metrics, another, names_subjects=True)
    its.note_refusal(again, asked_by(ANA, [JANE]), "guest")
    await another.finish(again)
    [row] = await rows(store)
    assert row.outcome == "refused_guest"


async def test_a_refusal_is_counted_by_why_and_way(trail: AuditTrail, metrics: Metrics) -> None:
    await trail.write_refusal(asked_by(ANA), "guest")
    labels = {"reason": "guest", "way": "refresh"}
    assert metrics.registry.get_sample_value("casefile_refusals_total", labels) == 1


async def test_refusals_that_come_at_once_are_written_together_each_before_it_is_told(
    store: Store, trail: AuditTrail, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, write = 0, Store.write

    def counted(self: Store) -> AbstractAsyncContextManager[Connection]:
        nonlocal begun
        begun += 1
        return write(self)

    async def refuse(number: int) -> bool:
        await trail.write_refusal(asked_by(replace(ANA, user=f"U{number}")), "too_often", f"request {number}")
        return f"U{number}" in {row.who for row in await rows(store)}

    monkeypatch.setattr(Store, "write", counted)
    assert all(await asyncio.gather(*(refuse(number) for number in range(40))))
    assert begun <= 3


async def test_a_request_that_is_refused_twice_as_it_was_delivered_twice_has_one_row(
    store: Store, trail: AuditTrail
) -> None:
    for _ in range(2):
        await trail.write_refusal(asked_by(ANA), "app", "Ev1")
    await trail.write_refusal(asked_by(ANA), "app", "Ev2")
    assert len(await rows(store)) == 2


async def test_a_refusal_while_the_database_is_away_is_counted_once_and_written_when_it_is_back(
    store: Store, trail: AuditTrail, metrics: Metrics, monkeypatch: pytest.MonkeyPatch
) -> None:
    @asynccontextmanager
    async def away(_self: Store) -> AsyncIterator[None]:
        raise StoreAway("invented")
        yield

    with monkeypatch.context() as patch:
        patch.setattr(Store, "write", away)
        with pytest.raises(StoreAway):
            await trail.write_refusal(asked_by(ANA), "guest")
        trail.owe_refusal(asked_by(ANA), "not_stored")
        with pytest.raises(StoreAway):
            await trail.pay()
        await trail.pay_if_possible()
    assert await rows(store) == []
    await trail.pay_if_possible()
    assert sorted(row.outcome for row in await rows(store)) == ["refused_guest", "refused_not_stored"]
    labels = {"reason": "guest", "way": "refresh"}
    assert metrics.registry.get_sample_value("casefile_refusals_total", labels) == 1


@pytest.mark.parametrize(
    ("finding", "outcome"),
    [
        (Finding(WWW, State.LIVE, MovableClock().now), Came.NOBODY),
        (Finding(WWW, State.FAILED, failure=Failure(Reason.TIMED_OUT, "…")), Came.NO_ANSWER),
    ],
    ids=["nobody", "no answer"],
)
async def test_nobody_found_and_nobody_asked_are_told_apart(
    store: Store, trail: AuditTrail, finding: Finding, outcome: str
) -> None:
    [entry] = asked_by(ANA)
    await trail.write(entry.about([case_file(finding)], ShownTo.ASKER))
    [row] = await rows(store)
    assert row.outcome == outcome


async def test_with_hashes_alone_the_trail_names_nobody_and_is_found_by_the_name_all_the_same(
    store: Store, keyring: Keyring, inbox: Inbox, metrics: Metrics
) -> None:
    trail = AuditTrail(store, keyring, metrics, inbox, names_subjects=False)
    await trail.write(asked_by(ANA, [JANE]))
    [row] = await search(store, keyring, subject=JANE)
    assert row.subject is None
    assert row.hash
    assert "contoso" not in await stored(store)


async def test_the_address_is_sealed_by_a_key_of_its_own(
    store: Store, keyring: Keyring, trail: AuditTrail
) -> None:
    await trail.write(asked_by(ANA, [JANE]))
    assert "contoso" not in await stored(store)
    async with store.read() as connection:
        sealed = (await connection.execute(audit.select())).one().sealed
    with pytest.raises(Unsealable):
        keyring.unseal(sealed)


async def test_rows_are_found_by_any_spelling_and_under_each_configured_key(
    store: Store, trail: AuditTrail
) -> None:
    await trail.write(asked_by(ANA, [JANE]))
    after_a_change_of_keys = Keyring(("a newer secret", "a secret of the tests"))
    lower = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")
    [row] = await search(store, after_a_change_of_keys, subject=lower)
    assert row.subject == JANE
    other = Subject(SubjectKind.UID, "jane", "jane")
    assert await search(store, after_a_change_of_keys, subject=other) == []


async def test_rows_are_found_by_who_asked_and_since_when(
    store: Store, keyring: Keyring, trail: AuditTrail
) -> None:
    await trail.write([AuditEntry("U0TOM", "C0SUPPORT", Way.COMMAND)])
    async with store.write() as connection:
        await connection.execute(update(audit).values(at_ms=audit.c.at_ms - 8 * 24 * 3_600_000))
    await trail.write(asked_by(ANA))
    assert [row.who for row in await search(store, keyring)] == ["U0TOM", "U0ANA"]
    assert [row.who for row in await search(store, keyring, since=timedelta(days=7))] == ["U0ANA"]
    assert [row.who for row in await search(store, keyring, by="U0TOM")] == ["U0TOM"]
