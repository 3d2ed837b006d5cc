"""Somebody who is forgotten is taken out of lists of tickets in Slack; the others' lines stay there."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import delete, select

from bot.audit.forget import erase, find_person
from bot.audit.own_posts import Removed
from bot.domain.model import Subject
from bot.jobs.slack_results import answering_in_slack
from bot.jobs.tickets.digest_book import DigestBook
from bot.jobs.tickets.digest_erasure import take_lines_out
from bot.lookup.shared_uids import SharedUids
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import digest_tickets, turns
from sandbox.slack import Message
from tests.bot.jobs.known_people import JANE, LI
from tests.bot.jobs.newsroom import SHOP
from tests.bot.jobs.ticket_desk import Desk, open_desk

URL = "https://contoso.slack.example/"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    # The SQL is the book's, which has tests on both databases.
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def desk(store: Store, keyring: Keyring) -> AsyncIterator[Desk]:
    """A channel in which every ticket but the first is listed."""
    async with open_desk(store, keyring, SHOP, settings={"TICKETS__DIGEST_ABOVE": "1"}, limits={}) as opened:
        opened.knows(JANE, LI)
        await opened.answer(await opened.ticket())
        yield opened


async def listed(desk: Desk, *requesters: Subject) -> list[Message]:
    """A ticket of each of them comes in; what stands in the channel then."""
    for requester in requesters:
        await desk.answer(await desk.ticket(), requester)
        async with desk.at.store.write() as connection:
            # How fast may be posted in one channel is not what this is about.
            await connection.execute(delete(turns))
    for job in await desk.at.inbox.take_over(100):
        await answering_in_slack(desk.digest().tell)(job)
        await desk.at.inbox.finish(job)
    return desk.at.posted()


async def forget(desk: Desk, who: Subject = JANE) -> Removed:
    """Forget somebody, with the posts."""
    at = desk.at
    book = DigestBook(at.store, at.keyring)
    doomed = await find_person(at.store, at.keyring, who, SharedUids().product_of)
    pages = await book.pages_of([place for (place,) in doomed.rows[digest_tickets]])
    await erase(at.store, at.keyring, doomed)
    return await take_lines_out(book, at.client, pages, 1, URL)


async def test_the_line_is_taken_out_and_the_others_stay(desk: Desk) -> None:
    [page] = await listed(desk, JANE, LI, JANE)
    assert str(page.blocks).count(JANE.value) == 2
    assert await forget(desk) == Removed(edited=1)
    [page] = desk.at.posted()
    assert JANE.value not in str(page.blocks) + page.text
    assert LI.value in str(page.blocks)
    assert str(page.blocks).count("/archives/") == 1


async def test_a_list_of_nobody_else_is_deleted_and_the_next_ticket_has_a_new_one(desk: Desk) -> None:
    await listed(desk, JANE)
    assert await forget(desk) == Removed(deleted=1)
    assert desk.at.posted() == []
    [page] = await listed(desk, LI)
    assert LI.value in str(page.blocks)
    assert JANE.value not in str(page.blocks)


async def test_an_edit_that_slack_refused_is_told_and_made_up_for_by_the_next_forgetting(desk: Desk) -> None:
    [before] = await listed(desk, JANE, LI)
    desk.at.slack.fail_next("chat.update", error="edit_window_closed")
    [left] = (await forget(desk)).left
    assert (left.channel, left.ts, left.why) == (before.channel, before.ts, "edit_window_closed")
    assert JANE.value in str(desk.at.posted()[0].blocks)
    assert await forget(desk) == Removed(edited=1)
    assert JANE.value not in str(desk.at.posted()[0].blocks)
    assert await forget(desk) == Removed()


async def test_a_line_is_not_written_again_by_the_job_that_was_at_it(desk: Desk) -> None:
    root = await desk.ticket()
    job = await desk.accept(root, JANE)
    await desk.jobs().answer(job)
    await forget(desk)
    await desk.digest().add(job, root.channel, "a page", root.ts, "Jane again", [JANE])
    async with desk.at.store.read() as connection:
        sealed = (await connection.execute(select(digest_tickets.c.sealed))).scalars().all()
    assert {*sealed} == {None}


async def test_a_line_that_comes_in_while_the_list_is_edited_is_not_lost(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    await listed(desk, JANE, LI)
    update, more = (
        desk.at.client.chat_update,
        Subject(LI.kind, "later@fabrikam.example", "later@fabrikam.example"),
    )

    async def update_late(**arguments: object) -> object:
        monkeypatch.setattr(desk.at.client, "chat_update", update)
        # The running bot's own edit comes first, and this one, which knows less, after it.
        await listed(desk, more)
        return await update(**arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(desk.at.client, "chat_update", update_late)
    desk.knows(more)
    assert await forget(desk) == Removed(edited=1)
    [page] = desk.at.posted()
    assert more.value in str(page.blocks)
    assert JANE.value not in str(page.blocks)
