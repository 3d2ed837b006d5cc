"""Tickets listed in one message of their channel, where too many come in to answer each."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from bot.domain.model import Subject, SubjectKind
from bot.jobs.inbox import Job
from bot.jobs.payloads import DIGEST, TICKET
from bot.jobs.results import Answered
from bot.jobs.slack_results import answering_in_slack
from bot.jobs.tickets.digest_book import LINES_OF_PAGE
from bot.operations.clock import system_clock
from bot.settings.model import load_settings
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import digest_tickets, jobs, turns
from bot.tickets.switches import Switches
from sandbox.slack import Message, plain_text
from tests.bot.in_slack import Process
from tests.bot.jobs.known_people import JANE, LI
from tests.bot.jobs.newsroom import SHOP
from tests.bot.jobs.ticket_desk import Desk, open_desk
from tests.bot.killed import run_until_killed


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    # The SQL is the book's, which has tests on both databases.
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def desk(store: Store, keyring: Keyring) -> AsyncIterator[Desk]:
    async with open_desk(store, keyring, SHOP, settings={"TICKETS__DIGEST_ABOVE": "2"}, limits={}) as opened:
        opened.knows(JANE, LI)
        yield opened


async def comes(desk: Desk, *requester: Subject) -> Message:
    """A ticket that comes in and is dealt with."""
    root = await desk.ticket()
    await desk.answer(root, *requester)
    async with desk.at.store.write() as connection:
        # How fast may be posted in one channel is not what this is about.
        await connection.execute(delete(turns))
    return root


async def owed(desk: Desk, process: Process | None = None) -> list[Job]:
    """The jobs that have pages show their lines."""
    found = await (process or desk.at.process).inbox.take_over(1_000)
    assert {job.kind for job in found} <= {DIGEST.name}
    return list(found)


async def work(desk: Desk) -> None:
    """Do what is owed to pages."""
    for job in await owed(desk):
        assert await answering_in_slack(desk.digest().tell)(job) == Answered()
        await desk.at.inbox.finish(job)


def link_to(root: Message) -> str:
    return f"https://contoso.slack.example/archives/{root.channel}/p{root.ts.replace('.', '')}"


def pages(desk: Desk) -> list[str]:
    return [str(message.blocks) for message in desk.at.posted()]


async def test_tickets_are_answered_each_until_they_are_too_many_and_listed_from_then_on(desk: Desk) -> None:
    answered = [await comes(desk, JANE), await comes(desk)]
    listed = [await comes(desk, JANE), await comes(desk, LI), await comes(desk)]
    await work(desk)
    assert [len(desk.below(root)) for root in answered] == [1, 1]
    assert [desk.below(root) for root in listed] == [[], [], []]
    [page] = desk.at.posted()
    said = plain_text(page)
    assert "More than 2 tickets came in here within an hour" in said
    assert [said.count(link_to(root)) for root in (*answered, *listed)] == [0, 0, 1, 1, 1]
    assert f"{JANE.value}*: *Last seen" in said
    assert "whom it is about is not surely known" in said
    assert "No replies in this channel" in said
    # Of the next one nothing is posted: the page is edited.
    await comes(desk, LI)
    await work(desk)
    assert len(desk.at.posted()) == 1
    assert "4 tickets, listed" in desk.at.posted()[0].text


async def test_a_page_that_is_full_is_followed_by_the_next(desk: Desk) -> None:
    for _ in range(2 + LINES_OF_PAGE + 1):
        last = await comes(desk)
    await work(desk)
    assert [page.count("whom it is about") for page in pages(desk)] == [LINES_OF_PAGE, 1]
    assert link_to(last) in pages(desk)[1]


async def test_another_channel_is_answered_as_before(desk: Desk) -> None:
    for _ in range(3):
        await comes(desk, JANE)
    elsewhere = await desk.ticket(channel=desk.at.slack.places.random)
    assert len(await desk.answer(elsewhere, JANE)) == 1


async def test_where_an_hour_has_passed_tickets_are_answered_again(desk: Desk) -> None:
    for _ in range(3):
        await comes(desk, JANE)
    async with desk.at.store.write() as connection:
        await connection.execute(update(digest_tickets).values(at_ms=digest_tickets.c.at_ms - 3_600_001))
    assert len(desk.below(await comes(desk, JANE))) == 1


async def test_masked_the_list_names_nobody_and_links_to_tickets_alone(desk: Desk) -> None:
    desk.settings["VISIBILITY"] = "masked"
    for _ in range(4):
        await comes(desk, JANE)
    await work(desk)
    [page] = pages(desk)
    assert JANE.value not in page
    assert "j***@contoso.example" in page
    assert page.count("https://") == page.count("https://contoso.slack.example/archives/") == 2


async def test_where_answers_are_private_nobody_is_looked_up_for_the_list(desk: Desk) -> None:
    desk.settings["VISIBILITY"] = "ephemeral"
    for _ in range(3):
        await comes(desk, JANE)
    await work(desk)
    [page] = pages(desk)
    assert JANE.value not in page
    assert "only you will see the answer" in page
    assert desk.asked == []


async def test_what_a_customer_calls_himself_formats_and_mentions_nothing(desk: Desk) -> None:
    hostile = Subject(SubjectKind.UID, "<!channel>*<https://evil.example|x>", "x")
    desk.knows(hostile)
    for _ in range(3):
        await comes(desk, hostile)
    await work(desk)
    [page] = pages(desk)
    assert "<!channel>" not in page
    assert "<https://evil" not in page


async def test_an_edit_that_names_somebody_changes_the_tickets_line(desk: Desk) -> None:
    for _ in range(2):
        await comes(desk)
    root = await comes(desk)
    await work(desk)
    await desk.answer(root, JANE)
    await work(desk)
    [page] = pages(desk)
    assert page.count(link_to(root)) == 1
    assert JANE.value in page
    assert "whom it is about" not in page


@pytest.mark.parametrize("waits", range(1, 10))
async def test_a_process_that_is_killed_anywhere_posts_the_list_once_and_loses_no_ticket(
    desk: Desk, waits: int
) -> None:
    roots = [await comes(desk) for _ in range(5)]
    one, *others = await owed(desk)
    await run_until_killed(desk.digest().tell(one), waits)
    async with desk.at.store.write() as connection:
        await connection.execute(update(jobs).values(leased_until_ms=0))
    later = desk.at.another_process()
    for job in await owed(desk, later):
        assert await answering_in_slack(desk.digest(later).tell)(job) == Answered()
        await later.inbox.finish(job)
    [page] = pages(desk)
    assert [page.count(link_to(root)) for root in roots[2:]] == [1, 1, 1]
    assert len(others) == 2


@pytest.mark.parametrize("waits", range(1, 30, 2))
async def test_a_process_that_is_killed_while_it_lists_a_ticket_lists_it_once(desk: Desk, waits: int) -> None:
    for _ in range(2):
        await comes(desk, LI)
    root = await desk.ticket()
    await run_until_killed(desk.jobs().answer(await desk.accept(root, JANE)), waits)
    later = desk.at.another_process()
    async with desk.at.store.write() as connection:
        await connection.execute(update(jobs).values(leased_until_ms=0))
    while found := await later.inbox.take_over(1_000):
        answers = {TICKET.name: desk.jobs(later).answer, DIGEST.name: desk.digest(later).tell}
        for job in found:
            assert await answering_in_slack(answers[job.kind])(job) == Answered()
            await later.inbox.finish(job)
    [page] = pages(desk)
    assert page.count(link_to(root)) == 1
    assert desk.below(root) == []


async def test_jobs_at_the_same_time_end_with_every_line_shown(desk: Desk) -> None:
    roots = [await comes(desk) for _ in range(10)]
    first, *others = await owed(desk)
    await desk.digest().tell(first)
    await desk.at.inbox.finish(first)
    # Each in a process of its own: nothing but the database holds them apart.
    await asyncio.gather(*(desk.digest().tell(job) for job in others))
    [page] = pages(desk)
    assert [page.count(link_to(root)) for root in roots[2:]] == [1] * 8


async def test_what_nobody_may_say_in_the_channel_any_more_is_not_said(desk: Desk) -> None:
    for _ in range(3):
        await comes(desk)
    switches = Switches(desk.at.store, load_settings({}).tickets, system_clock)
    await switches.mute(desk.at.slack.places.support, is_on=True)
    [job] = await owed(desk)
    await desk.digest().tell(job)
    assert desk.at.posted() == []
    assert desk.outcomes["not_listed"] == 1
