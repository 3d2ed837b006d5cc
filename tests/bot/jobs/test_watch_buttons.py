"""The buttons that begin and end it that a thread is told what becomes of its errors, and muted channels."""

from pathlib import Path

import pytest
from sqlalchemy import select

from bot.storage.tables import audit
from sandbox.slack import plain_text
from tests.bot.jobs.known_people import JANE, LI
from tests.bot.jobs.newsroom import Newsroom


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    # The SQL is the book's, which has tests on both databases.
    return f"sqlite:///{tmp_path / 'casefile.db'}"


async def test_a_thread_that_was_stopped_is_told_nothing_until_it_is_watched_again(room: Newsroom) -> None:
    root = await room.ticket_of(JANE)
    await room.press(root, on=False)
    await room.push("StatusChanged", status="Resolved")
    await room.work()
    assert room.told(root) == []
    # Its next notification does not watch it again.
    await room.desk.answer(root, JANE, LI)
    await room.press(root, JANE, on=True)
    await room.push("StatusChanged", status="Ignored")
    await room.work()
    # What became of an error in between may be told too, where the thread still showed it as it was before.
    *between, last = room.told(root)
    assert "*ignored*" in last
    assert ["*resolved*" in one for one in between] in ([], [True])
    stopped, watched = room.at.seen_by_agent()
    assert "told nothing more" in stopped.text
    assert "Watch this thread" in plain_text(stopped)
    assert "Stop watching" in plain_text(watched)


async def test_a_thread_whose_answer_was_removed_before_it_was_complete_is_not_watched(
    room: Newsroom,
) -> None:
    await room.push("NewErrorOccurred", hit=JANE)
    room.desk.knows(JANE)
    root = await room.desk.ticket()
    job = await room.desk.accept(root, JANE)
    await room.desk.jobs().answer(job)
    [reply] = room.desk.below(root)
    await room.desk.remove(reply, room.at.slack.people.agent)
    # A late source answers after that.
    await room.at.inbox.finish(job)
    await room.push("StatusChanged", status="Resolved")
    await room.work()
    assert room.desk.below(root) == []


async def test_whoever_asks_is_told_whether_a_thread_is_watched_with_the_button_for_the_other(
    room: Newsroom,
) -> None:
    root = await room.ticket_of(JANE)
    await room.press(root, JANE, on=None)
    await room.press(root, on=False)
    await room.press(root, JANE, on=None)
    before, _, after = room.at.seen_by_agent()
    assert before.text.startswith("Yes: the thread is told")
    assert "Stop watching" in plain_text(before)
    assert after.text.startswith("No: the thread is told nothing")
    assert "Watch this thread" in plain_text(after)


async def test_a_muted_channels_threads_are_told_nothing_but_for_one_that_a_person_asked_to_watch(
    room: Newsroom,
) -> None:
    root, other = await room.ticket_of(JANE), await room.ticket_of(LI)
    await room.mute(root.channel)
    await room.press(root, JANE, on=None)
    await room.press(other, LI, on=True)
    await room.push("StatusChanged", status="Resolved")
    await room.work()
    assert (len(room.told(root)), len(room.told(other))) == (0, 1)
    not_told, _ = room.at.seen_by_agent()
    assert not_told.text.startswith("No: the thread is told nothing")
    await room.mute(root.channel, on=False)
    await room.push("StatusChanged", status="Ignored")
    await room.work()
    assert ["*ignored*" in line for line in room.told(root)] == [True]


async def test_whoever_asks_where_it_is_switched_off_is_told_so(room: Newsroom) -> None:
    root = await room.ticket_of(JANE)
    room.desk.settings["WATCH__DAYS"] = "0"
    await room.press(root, JANE, on=None)
    assert "has switched that off" in room.at.seen_by_agent()[-1].text


async def test_who_may_not_ask_stops_nothing(room: Newsroom) -> None:
    root = await room.ticket_of(JANE)
    job = await room.press(root, on=False, user=room.at.slack.people.guest)
    await room.push("StatusChanged", status="Resolved")
    await room.work()
    assert len(room.told(root)) == 1
    async with room.at.store.read() as connection:
        [row] = (await connection.execute(select(audit).where(audit.c.job == job.id))).all()
    assert row.outcome == "refused_guest"
