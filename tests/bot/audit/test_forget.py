"""A person is found in every table by every name, under every key; everybody else stays."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Table, func, select, update

from bot.audit.entries import asked_by
from bot.audit.forget import Doomed, erase, find_person
from bot.audit.records import SEALED
from bot.audit.search import search
from bot.audit.trail import AuditTrail, hash_of
from bot.domain.addresses import read_address
from bot.domain.answer import Answer
from bot.domain.asking import Asker, Way
from bot.domain.coverage import Span
from bot.domain.model import Session, SessionUser, SourceName, Subject, SubjectKind
from bot.jobs.inbox import Inbox
from bot.jobs.payloads import NOTE, NotePayload
from bot.jobs.tickets.digest_book import DigestBook, ListedTicket
from bot.lookup.answer_cache import AnswerCache
from bot.lookup.identities import Identities
from bot.lookup.kept_answers import KnownAnswer
from bot.lookup.known_links import KnownLinks
from bot.lookup.shared_uids import SharedUids
from bot.operations.metrics import make_metrics
from bot.sources.raygun.index import Customer, Harvest, Opened, SessionIndex, Sighted
from bot.sources.raygun.pushed_errors import PushedErrors
from bot.sources.raygun.webhook_events import RaygunEvent
from bot.storage.keyring import Keyring
from bot.storage.memory import Memory
from bot.storage.store import Store
from bot.storage.tables import audit, index_asked, index_sessions, jobs, metadata, source_memory, tickets
from bot.tickets.book import TicketBook, TicketMessage
from bot.tickets.watches import Watch, WatchBook, WatchedError
from tests.conftest import MovableClock, stored

OLD, NEW = "the older secret of these tests is long", "the newer secret of these tests is long"
WEEK = timedelta(days=7)
WWW, SHOP = SourceName("rybbit", "shop"), SourceName("raygun", "shop")
ELSEWHERE = SourceName("raygun", "other")
JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "Jane@contoso.example")
LI = Subject(SubjectKind.EMAIL, "li.wei@fabrikam.example", "li.wei@fabrikam.example")
U77 = Subject(SubjectKind.UID, "u-77", "u-77")
NOW = MovableClock().now


async def learn(store: Store, secret: str, subject: Subject, uid: str) -> None:
    """Write about somebody into every table, as the rooms do that own them."""
    keyring, clock = Keyring((secret,)), MovableClock()
    user = SessionUser(uid=uid, email=subject.typed, name="Somebody")
    session = Session(SHOP, f"7-{uid}", f"https://app.raygun.com/{uid}", started_at=NOW, user=user)
    index = SessionIndex(store, keyring, WEEK, WEEK)
    sighted, customer = Sighted(session, f"c-{uid}"), Customer(f"c-{uid}", user)
    await index.put_answer(SHOP, subject, Harvest((sighted,), (customer,)), Span(NOW - WEEK, NOW))
    await index.put_opened(SHOP, Opened(session, (), NOW))
    known = KnownAnswer(Answer((session,)), NOW, 30)
    cache = AnswerCache(store, keyring, clock, WEEK)
    await cache.put(keyring.hash("finding", uid), keyring.hash(subject.kind, subject.value), known)
    await KnownLinks(store, keyring, index, WEEK).learn(WWW, subject, (session,))
    await Identities(store, keyring, WEEK).learn([(WWW, user)])
    name, hashed = Memory(store, keyring, clock).name_for("uids", subject.kind, subject.value)
    await Memory(store, keyring, clock).remember("rybbit/shop", name, uid, WEEK, hashed)
    # What is read of one session, such as its summary, stands under the session's id.
    name, hashed = Memory(store, keyring, clock).name_for("summary", session.id)[0], keyring.hash(session.id)
    await Memory(store, keyring, clock).remember("rybbit/shop", name, "in words", WEEK, hashed)
    pushed = PushedErrors(store, keyring, WEEK)
    people = (subject, Subject(SubjectKind.UID, uid, uid))
    event = RaygunEvent("new", f"group {uid}", f"No cart of {subject.value}", None, NOW, 1, people)
    await pushed.take(SHOP, event, {"of": uid})
    asker, inbox = Asker("U0ANA", "C1", "T0", way=Way.COMMAND), Inbox(store, keyring)
    job = await inbox.accept("note", uid, NOTE.write(NotePayload(asker, f"about {subject.value}")))
    assert job is not None
    await TicketBook(store, keyring).take(job.id, TicketMessage("C1", uid), [subject])
    error = WatchedError("raygun/shop", f"No cart of {subject.value}", id=f"9-{uid}")
    names = (("raygun/shop", Subject(SubjectKind.UID, uid, uid)),)
    watch = Watch("C1", uid, (subject,), (error,), names)
    async with store.write() as connection:
        await WatchBook(store, keyring).begin(connection, watch, WEEK, None, by_person=False)
    listed = DigestBook(store, keyring)
    await listed.page_of("C1", uid, 0)
    async with store.write() as connection:
        await listed.add(connection, "C1", ListedTicket(uid, "a line", (subject,)), "a job")
    await AuditTrail(store, keyring, make_metrics(), inbox, names_subjects=True).write(
        asked_by(asker, [subject])
    )


async def found(store: Store, subject: Subject = JANE) -> Doomed:
    return await find_person(store, Keyring((NEW, OLD)), subject, SharedUids().product_of)


async def count(store: Store, table: Table) -> int:
    async with store.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(table))).scalar_one())


@pytest.mark.parametrize("by", [JANE, U77], ids=["address", "uid"])
async def test_what_every_room_wrote_about_somebody_goes_and_the_others_stays(
    store: Store, by: Subject
) -> None:
    await learn(store, OLD, JANE, "u-77")
    await learn(store, NEW, LI, "u-12")
    before = await stored(store)
    doomed = await found(store, by)
    assert [name for name, rows in doomed.counts.items() if not rows] == []
    lis = (await found(store, LI)).counts
    await erase(store, Keyring((NEW, OLD)), doomed)
    after = await stored(store)
    kept = Keyring((OLD,))
    for parts in (("email", JANE.value), ("email", JANE.typed), ("uid", "u-77")):
        kind, name = parts
        for gone in (kept.hash(*parts), kept.hash("identity", name), kept.hash("audit", *parts)):
            assert gone not in after
        assert kept.hash(kind, name) in before
    assert (await found(store, LI)).counts == lis
    assert await count(store, audit) == 2
    assert await count(store, jobs) == 1


async def test_a_tickets_message_is_not_answered_again_when_its_requester_was_forgotten(
    store: Store,
) -> None:
    await learn(store, NEW, JANE, "u-77")
    await erase(store, Keyring((NEW, OLD)), await found(store))
    async with store.read() as connection:
        [row] = (await connection.execute(select(tickets))).all()
    assert (row.named, row.subjects, row.state) == ("", None, "forgotten")
    book = TicketBook(store, Keyring((NEW,)))
    assert await book.take("another job", TicketMessage("C1", "u-77"), [JANE, LI]) is None


async def test_a_uid_of_another_product_is_somebody_elses(store: Store) -> None:
    keyring = Keyring((NEW,))
    await learn(store, NEW, JANE, "7")
    index = SessionIndex(store, keyring, WEEK, WEEK)
    other = Session(ELSEWHERE, "8", started_at=NOW, user=SessionUser(uid="7"))
    harvest = Harvest((Sighted(other, "c-8"),), (Customer("c-8", SessionUser(uid="7")),))
    await index.put(ELSEWHERE, harvest, NOW)
    await erase(store, Keyring((NEW, OLD)), await found(store))
    seven = Subject(SubjectKind.UID, "7", "7")
    [session] = (await index.look_up(ELSEWHERE, [seven], NOW - WEEK, NOW)).sessions
    assert session.id == "8"
    assert (await index.look_up(SHOP, [JANE, seven], NOW - WEEK, NOW)).sessions == ()
    assert await count(store, index_sessions) == 1


async def test_that_the_index_was_asked_for_them_goes_however_it_was_spelled(store: Store) -> None:
    keyring = Keyring((NEW,))
    index = SessionIndex(store, keyring, WEEK, WEEK)
    typed = Subject(SubjectKind.EMAIL, JANE.value, "JANE@contoso.example")
    await index.put_answer(SHOP, typed, Harvest(), Span(NOW - WEEK, NOW))
    assert await count(store, index_asked) == 2
    await erase(store, keyring, await found(store))
    assert await count(store, index_asked) == 0


async def test_rows_of_a_key_that_is_gone_are_counted(store: Store) -> None:
    await learn(store, "a secret that is not configured any more", JANE, "u-77")
    doomed: Any = await found(store)
    assert doomed.unreadable > 5


def test_every_table_that_holds_something_sealed_is_read() -> None:
    assert {table for table in metadata.tables.values() if "sealed" in table.c} == set(SEALED)


OBRIEN = Subject(SubjectKind.EMAIL, "o'brien@contoso.example", "O'Brien@contoso.example")
BRIEN = Subject(SubjectKind.EMAIL, "brien@contoso.example", "brien@contoso.example")
MUELLER = Subject(SubjectKind.EMAIL, "jo@xn--mller-kva.example", "Jo@müller.example")
SALES = Subject(SubjectKind.EMAIL, "a/b=c&d@contoso.example", "a/b=c&d@contoso.example")


@pytest.mark.parametrize("somebody", [OBRIEN, MUELLER, SALES], ids=["apostrophe", "unicode", "signs"])
async def test_somebody_is_found_everywhere_whatever_signs_are_in_their_address(
    store: Store, somebody: Subject
) -> None:
    await learn(store, NEW, somebody, "u-77")
    await learn(store, NEW, LI, "u-12")
    doomed = await found(store, somebody)
    assert [name for name, rows in doomed.counts.items() if not rows] == []
    lis = (await found(store, LI)).counts
    await erase(store, Keyring((NEW, OLD)), doomed)
    assert [name for name, rows in (await found(store, somebody)).counts.items() if rows] == []
    assert await count(store, source_memory) == lis["source_memory"]
    assert (await found(store, LI)).counts == lis


async def test_somebody_whose_address_ends_like_anothers_is_somebody_else(store: Store) -> None:
    await learn(store, NEW, OBRIEN, "u-77")
    whole = (await found(store, OBRIEN)).counts
    await learn(store, NEW, BRIEN, "u-12")
    assert (await found(store, BRIEN)).names == 2
    await erase(store, Keyring((NEW, OLD)), await found(store, BRIEN))
    assert (await found(store, OBRIEN)).counts == whole


@pytest.mark.parametrize("typed", ["Jane@Contoso.example", "Jo@Müller.example"])
async def test_rows_that_earlier_versions_hashed_by_an_address_as_a_vendor_wrote_it_are_found(
    store: Store, typed: str
) -> None:
    keyring, asker = Keyring((NEW,)), Asker("U0ANA", "C1", "T0", way=Way.CARD)
    trail = AuditTrail(store, keyring, make_metrics(), Inbox(store, keyring), names_subjects=True)
    for subject in [Subject(kind, one, typed) for kind in SubjectKind for one in (typed, typed.lower())]:
        await trail.write(asked_by(asker, [subject]))
        own = audit.c.subject == hash_of(keyring, subject)
        earlier = {"subject": keyring.hash("audit", subject.kind, subject.value)}
        async with store.write() as connection:
            await connection.execute(update(audit).where(own).values(earlier))
    somebody = read_address(typed)
    assert somebody is not None
    assert len(await search(store, keyring, subject=somebody)) == 4
    doomed = await found(store, somebody)
    assert doomed.counts["audit"] == 4
    await erase(store, keyring, doomed)
    async with store.read() as connection:
        assert {row.sealed for row in (await connection.execute(select(audit))).all()} == {None}


async def test_a_uid_that_is_an_address_is_the_customers_of_that_address(store: Store) -> None:
    keyring, asker = Keyring((NEW,)), Asker("U0ANA", "C1", "T0", way=Way.CARD)
    trail = AuditTrail(store, keyring, make_metrics(), Inbox(store, keyring), names_subjects=True)
    uid = Subject(SubjectKind.UID, JANE.typed, JANE.typed)
    await trail.write(asked_by(asker, [uid]))
    cache = AnswerCache(store, keyring, MovableClock(), WEEK)
    nothing = KnownAnswer(Answer(()), NOW, 30)
    await cache.put(keyring.hash("finding", "1"), keyring.hash(uid.kind, uid.value), nothing)
    assert [row.subject for row in await search(store, keyring, subject=JANE)] == [uid]
    await erase(store, keyring, await found(store))
    after = await stored(store)
    assert keyring.hash(uid.kind, uid.value) not in after
    [row] = await search(store, keyring, subject=JANE)
    assert row.subject is None
