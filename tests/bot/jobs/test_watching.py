"""Threads that are told, once each, what becomes of the errors that they show."""

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from bot.audit.forget import find_person
from bot.audit.own_posts import posts_about
from bot.domain.model import Session, Subject, SubjectKind
from bot.jobs.payloads import WATCH_TELL
from bot.jobs.tickets import news
from bot.lookup.shared_uids import SharedUids
from bot.operations.clock import system_clock
from bot.slack.client import SlackAway
from bot.sources.protocol import Freshness
from bot.sources.quota import Account, Window
from bot.storage.tables import audit, watch_keys, watches
from tests.bot.jobs.known_people import JANE, LI
from tests.bot.jobs.newsroom import WWW, Newsroom
from tests.bot.killed import run_until_killed

TITLE = "Error number 1"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    # The SQL is the book's, which has tests on both databases.
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.mark.parametrize(
    ("kind", "fields", "words"),
    [
        ("StatusChanged", {"status": "Resolved", "user": "Kim Ito"}, "was marked *resolved* by Kim Ito"),
        ("StatusChanged", {"status": "Ignored"}, "was marked *ignored*"),
        ("AssignedToUser", {"assignedTo": "Lee Park"}, "was assigned to Lee Park"),
    ],
)
async def test_a_thread_is_told_what_becomes_of_its_error(
    room: Newsroom, kind: str, fields: dict[str, Any], words: str
) -> None:
    root, other = await room.ticket_of(JANE), await room.ticket_of(LI, error=2)
    await room.push(kind, **fields)
    await room.work()
    [told] = room.told(root)
    assert words in told
    assert TITLE in told
    assert room.told(other) == []


async def test_an_error_that_comes_back_is_told_once_however_often_it_occurs(room: Newsroom) -> None:
    root = await room.ticket_of(JANE)
    await room.push("StatusChanged", status="Resolved")
    for _ in range(5):
        await room.push("ErrorReoccurred", hit=LI)
        await room.work()
    resolved, back = room.told(root)
    assert "*resolved*" in resolved
    assert "has come back" in back
    await room.push("StatusChanged", status="Resolved", user="Lee Park")
    await room.work()
    assert "by Lee Park" in room.told(root)[-1]


async def test_a_line_that_comes_after_a_newer_one_says_that_it_is_so_no_more(room: Newsroom) -> None:
    root = await room.ticket_of(JANE)
    await room.push("StatusChanged", status="Resolved", user="Kim Ito")
    # Whoever has this job is killed, and the next webhook's is done in the meantime.
    [killed] = await room.at.inbox.take_over(1)
    await room.push("ErrorReoccurred", hit=LI)
    await room.work()
    await room.at.inbox.release(killed)
    await room.work()
    back, resolved = room.told(root)
    assert "has come back" in back
    assert "changed again since" not in back
    assert "was marked *resolved* by Kim Ito" in resolved
    assert "changed again since" in resolved
    assert "white_check_mark" not in resolved


async def test_what_is_known_already_is_not_told_again(room: Newsroom) -> None:
    root = await room.ticket_of(JANE)
    body = {"eventType": "StatusChanged", "error": {"url": "", "message": "of nobody", "status": "Resolved"}}
    for _ in range(2):
        await room.push("StatusChanged", status="Resolved", user="Kim Ito")
        await room.push("CommentAdded", comment="seen")
        await room.push("HourlyFollowUp", totalOccurrences=977)
        await room.deliver(body)
    await room.work()
    assert len(room.told(root)) == 1


async def test_what_came_between_reading_an_error_and_watching_it_is_told_once(room: Newsroom) -> None:
    await room.push("NewErrorOccurred", hit=JANE)
    room.desk.knows(JANE)
    root = await room.desk.ticket()
    job = await room.desk.accept(root, JANE)
    await room.desk.jobs().answer(job)
    # The answer stands; that its thread is watched is written when its job ends.
    await room.push("StatusChanged", status="Resolved", user="Kim Ito")
    await room.at.inbox.finish(job)
    await room.work()
    [told] = room.told(root)
    assert "*resolved* by Kim Ito" in told


async def test_many_tickets_with_one_error_are_told_so_once_each(room: Newsroom) -> None:
    room.desk.settings["WATCH__CHANNEL"] = room.at.slack.places.random
    people = [Subject(SubjectKind.EMAIL, f"c{n}@contoso.example", f"c{n}@contoso.example") for n in range(4)]
    roots = [await room.ticket_of(one) for one in people]
    await room.work()
    assert [len(room.told(root)) for root in roots] == [0, 0, 1, 1]
    assert "4 open tickets have this error" in room.told(roots[3])[0]
    await room.push("StatusChanged", status="Resolved", user="Kim Ito")
    await room.work()
    assert all("4 open tickets have this error" in room.told(root)[-1] for root in roots)
    many, resolved = (message.text for message in room.at.posted(room.at.slack.places.random))
    assert "3 open tickets have this error" in many
    assert f"in <#{roots[0].channel}> (4)" in resolved


async def test_while_slack_is_away_the_channels_lines_are_counted_once(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "CHANNEL_LINES", Account("casefile/watch_channel", (Window(1, 86_400),)))
    room.desk.settings["WATCH__CHANNEL"] = channel = room.at.slack.places.random
    await room.ticket_of(JANE)
    await room.push("StatusChanged", status="Resolved")
    [spread] = await room.at.inbox.take_over(10)
    await room.jobs().spread(spread)
    [line] = [
        job for job in await room.at.inbox.take_over(10) if WATCH_TELL.read(job.payload).root_ts is None
    ]
    for _ in range(2):
        room.at.slack.fail_next("chat.postMessage", error="service_unavailable")
    with pytest.raises(SlackAway):
        await room.jobs().tell(line)
    await room.jobs().tell(replace(line, attempts=2))
    assert len(room.at.posted(channel)) == 1


async def test_an_error_that_changes_without_end_makes_a_few_lines_in_each_thread_and_in_the_channel(
    room: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(news, "CHANNEL_LINES", Account("casefile/watch_channel", (Window(3, 86_400),)))
    room.desk.settings["WATCH__CHANNEL"] = channel = room.at.slack.places.random
    roots = [await room.ticket_of(JANE), await room.ticket_of(LI)]
    for number in range(25):
        await room.push("StatusChanged", status=f"status {number}", user="call +1 555 0100")
    await room.work()
    for root in roots:
        assert len(room.told(root)) == 20
        assert "of further changes nothing is told here" in room.told(root)[-1]
        assert "nothing is told" not in "".join(room.told(root)[:-1])
    assert len(room.at.posted(channel)) == 3


async def test_many_errors_that_change_while_a_ticket_is_answered_make_no_more_lines_than_later_ones(
    room: Newsroom,
) -> None:
    for error in range(1, 16):
        await room.push("NewErrorOccurred", error=error, hit=JANE)
    room.desk.knows(JANE)
    root = await room.desk.ticket()
    job = await room.desk.accept(root, JANE)
    await room.desk.jobs().answer(job)
    for error in range(1, 16):
        await room.push("StatusChanged", error=error, status="Resolved", user="call +1 555 0100")
        await room.push("AssignedToUser", error=error, assignedTo="call +1 555 0100")
    await room.at.inbox.finish(job)
    for number in range(5):
        await room.push("StatusChanged", status=f"status {number}", user="call +1 555 0100")
    await room.work()
    assert len(room.told(root)) == 20
    assert sum("of further changes nothing is told here" in line for line in room.told(root)) == 1


async def test_another_error_that_hits_the_customer_is_told_and_then_watched_too(room: Newsroom) -> None:
    root, other = await room.ticket_of(JANE), await room.ticket_of(LI, error=2)
    for _ in range(2):
        await room.push("NewErrorOccurred", error=3, hit=JANE)
        await room.work()
    [told] = room.told(root)
    assert "This customer hit another error" in told
    await room.push("StatusChanged", error=3, status="Ignored")
    await room.work()
    assert "Error number 3" in room.told(root)[-1]
    assert room.told(other) == []


async def test_an_error_that_hits_the_customer_while_their_ticket_is_answered_is_told_once(
    room: Newsroom,
) -> None:
    await room.push("NewErrorOccurred", hit=JANE)
    room.desk.knows(JANE)
    root = await room.desk.ticket()
    job = await room.desk.accept(root, JANE)
    await room.desk.jobs().answer(job)
    for _ in range(2):
        await room.push("NewErrorOccurred", error=2, hit=JANE)
    await room.at.inbox.finish(job)
    await room.push("NewErrorOccurred", error=2, hit=JANE)
    await room.work()
    [told] = room.told(root)
    assert "This customer hit another error" in told
    assert "Error number 2" in told


async def test_each_of_a_customers_tickets_is_told_how_many_have_the_error_that_they_hit(
    room: Newsroom,
) -> None:
    roots = [await room.ticket_of(JANE) for _ in range(2)]
    await room.push("NewErrorOccurred", error=3, hit=JANE)
    await room.work()
    assert ["2 open tickets have this error" in room.told(root)[-1] for root in roots] == [True, True]


async def test_a_thread_whose_answer_is_about_somebody_else_by_now_is_told_nothing_of_whom_it_was_about(
    room: Newsroom,
) -> None:
    root = await room.ticket_of(JANE)
    room.desk.knows(LI)
    await room.desk.answer(root, LI)
    await room.push("NewErrorOccurred", error=2, hit=JANE)
    await room.push("StatusChanged", error=1, status="Resolved")
    await room.work()
    assert room.told(root) == []
    await room.push("NewErrorOccurred", error=3, hit=LI)
    # A person asks for both, and what comes in for one of them takes the other away from nobody.
    await room.press(root, JANE, on=True)
    await room.desk.answer(root, LI)
    await room.push("NewErrorOccurred", error=4, hit=JANE)
    await room.work()
    hits = [line for line in room.told(root) if "hit another error" in line]
    assert ["number 3" in hits[0], "number 4" in hits[1]] == [True, True]


async def test_a_customer_who_hits_many_errors_makes_a_few_lines(room: Newsroom) -> None:
    root = await room.ticket_of(JANE)
    for error in range(2, 12):
        await room.push("NewErrorOccurred", error=error, hit=JANE)
    await room.work()
    assert len(room.told(root)) == 5
    assert "nothing is told here" in room.told(root)[-1]


async def look_now(room: Newsroom) -> None:
    """Look whether customers are back, as when the time for it has come."""
    async with room.at.store.write() as connection:
        await connection.execute(update(watches).where(watches.c.look_ms.is_not(None)).values(look_ms=0))
    await room.jobs().watching.write_looks()
    await room.work()


async def test_a_customer_who_is_back_is_told_once_and_a_vendor_with_few_calls_is_not_asked(
    room: Newsroom,
) -> None:
    root = await room.ticket_of(JANE)
    rybbit, raygun = room.desk.found.sources
    asked = len(raygun.asked)
    await look_now(room)
    assert room.told(root) == []
    visit = Session(WWW, "back", "https://app.rybbit.io/1407/user/u", started_at=system_clock())
    rybbit.people[JANE.value] = (visit,)
    rybbit.freshness = Freshness(timedelta(), timedelta())
    for _ in range(2):
        await look_now(room)
    [told] = room.told(root)
    assert "This customer is back on the site" in told
    assert len(raygun.asked) == asked
    # Whoever asks to watch it is promised that it is told.
    await room.press(root, JANE, on=True)
    rybbit.people[JANE.value] = (replace(visit, id="again", started_at=system_clock()),)
    for _ in range(2):
        await look_now(room)
    assert ["is back" in line for line in room.told(root)] == [True, True]


async def test_what_a_thread_is_told_stands_in_the_trail_of_whom_it_is_about(room: Newsroom) -> None:
    root = await room.ticket_of(JANE)
    await room.push("StatusChanged", status="Resolved")
    await room.work()
    assert room.told(root)
    async with room.at.store.read() as connection:
        [row] = (await connection.execute(select(audit).where(audit.c.way == "news"))).all()
    assert (row.outcome, row.shown_to, row.subject is not None) == ("told", "public", True)


async def test_whoever_stands_in_an_errors_title_is_found_by_what_threads_and_the_channel_were_told(
    room: Newsroom,
) -> None:
    room.desk.settings["WATCH__CHANNEL"] = channel = room.at.slack.places.random
    root = await room.ticket_of(LI)
    await room.push("StatusChanged", status="Resolved", message=f"No cart for {JANE.value}: again")
    await room.work()
    doomed = await find_person(room.at.store, room.at.keyring, JANE, SharedUids().product_of)
    lines = [*room.desk.below(root)[1:], *room.at.posted(channel)]
    assert [JANE.value in line.text for line in lines] == [True, True]
    assert await posts_about(room.at.store, doomed) == sorted((one.channel, one.ts) for one in lines)


async def test_masked_threads_are_told_without_title_name_and_link(room: Newsroom) -> None:
    room.desk.settings |= {"VISIBILITY": "masked", "WATCH__CHANNEL": room.at.slack.places.random}
    root = await room.ticket_of(JANE)
    await room.push("StatusChanged", status="Resolved", user="Kim Ito")
    await room.push("StatusChanged", status="kept for jane@contoso.example")
    await room.push("NewErrorOccurred", error=2, hit=JANE)
    await room.work()
    elsewhere = room.at.posted(room.at.slack.places.random)
    told = [*room.desk.below(root)[1:], *elsewhere]
    said = " ".join([message.text + str(message.blocks) for message in told])
    assert len(told) == 5
    assert "*resolved*" in said
    for hidden in ("number", "Kim", "raygun.com", "contoso"):
        assert hidden not in said


@pytest.mark.parametrize("settings", [{"VISIBILITY": "ephemeral"}, {"WATCH__DAYS": "0"}])
async def test_nothing_is_watched_where_it_is_switched_off(room: Newsroom, settings: dict[str, str]) -> None:
    room.desk.settings |= settings
    root = await room.ticket_of(JANE)
    await room.push("StatusChanged", status="Resolved")
    await room.work()
    assert room.told(root) == []
    async with room.at.store.read() as connection:
        assert (await connection.execute(select(watch_keys))).all() == []


async def test_a_channel_that_is_shared_by_now_is_told_nothing(room: Newsroom) -> None:
    root = await room.ticket_of(JANE)
    room.at.slack.state.channels[root.channel] = replace(
        room.at.slack.state.channels[root.channel], shared=True
    )
    async with room.at.store.write() as connection:
        await connection.execute(text("DELETE FROM source_memory"))
    await room.push("StatusChanged", status="Resolved")
    await room.work()
    assert room.told(root) == []


async def test_a_process_that_dies_at_any_of_its_jobs_leaves_each_thread_told_once(room: Newsroom) -> None:
    channels = [room.at.slack.places.support, room.at.slack.places.random]
    people = [Subject(SubjectKind.UID, f"u-{n}", f"u-{n}") for n in range(4)]
    roots = [await room.ticket_of(one, error=n % 2, channel=channels[n % 2]) for n, one in enumerate(people)]
    for error in range(2):
        await room.push("StatusChanged", error=error, status="Resolved")
    for waits in (1, 3, 6, 9, 12, 15, 18, 21):
        process = room.at.another_process()
        await run_until_killed(room.work(process), waits)
        await room.let_leases_end()
    await room.work(room.at.another_process())
    for n, root in enumerate(roots):
        resolved = [line for line in room.told(root) if "*resolved*" in line]
        assert len(resolved) == 1
        assert f"Error number {n % 2}" in resolved[0]
