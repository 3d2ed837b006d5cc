"""Ticket jobs: the answer below a ticket, an offer or nothing, and an answer that is taken away again."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.answers.buttons import ASK_CUSTOMER, REMOVE
from bot.answers.prompts import LOOK_UP
from bot.domain.model import SourceName, TicketReference
from bot.jobs.payloads import TICKET, TicketPayload
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.tickets.book import BeingAnswered, TicketBook, TicketMessage
from bot.tickets.decide import Action, TicketReading
from bot.tickets.desks.protocol import Requester
from sandbox.slack import plain_text
from sandbox.slack.people import TEAM
from tests.bot.jobs.known_people import BROKEN, JANE, LI
from tests.bot.jobs.ticket_desk import Desk, open_desk

MAIN = SourceName("fullstory", "main")
TICKET_9 = TicketReference("zendesk", "9", "https://acme.zendesk.com/agent/tickets/9")
POST = "chat.postMessage"


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    # The SQL is the book's and the inbox's, which have tests on both databases.
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def desk(store: Store, keyring: Keyring) -> AsyncIterator[Desk]:
    async with open_desk(store, keyring, MAIN) as opened:
        yield opened


async def test_a_requester_who_is_known_is_answered_in_the_tickets_thread(desk: Desk) -> None:
    desk.knows(JANE)
    root = await desk.ticket()
    [answer] = await desk.answer(root, JANE)
    assert "`jane@contoso.example`" in plain_text(answer)
    assert "This ticket’s requester" in plain_text(answer)
    assert (desk.at.posted(), desk.outcomes) == ([], {"answered": 1})


async def test_several_requesters_are_answered_in_one_message(desk: Desk) -> None:
    desk.knows(JANE, LI)
    [answer] = await desk.answer(await desk.ticket(), JANE, LI)
    assert all(person.value in plain_text(answer) for person in (JANE, LI))


async def test_whom_one_source_knows_is_shown_while_another_is_asked_and_the_rest_is_edited_in(
    desk: Desk,
) -> None:
    desk.knows(JANE)
    desk.fullstory.may_answer.clear()
    root = await desk.ticket()
    answering = asyncio.create_task(desk.answer(root, JANE))
    first = await desk.at.slack.wait_for(lambda: next(iter(desk.below(root)), None))
    assert "FullStory: asking …" in plain_text(first)
    desk.fullstory.may_answer.set()
    [answer] = await answering
    assert answer.ts == first.ts
    assert "asking" not in plain_text(answer)


async def test_an_answer_that_a_restart_broke_off_is_finished_where_it_stands(desk: Desk) -> None:
    desk.knows(JANE)
    desk.fullstory.may_answer.clear()
    root = await desk.ticket()
    broken_off = asyncio.create_task(desk.jobs().answer(await desk.accept(root, JANE)))
    first = await desk.at.slack.wait_for(lambda: next(iter(desk.below(root)), None))
    broken_off.cancel()
    with pytest.raises(asyncio.CancelledError):
        await broken_off
    desk.fullstory.may_answer.set()
    other = desk.at.another_process()
    await desk.jobs(other).answer(await desk.at.taken_over(other))
    [answer] = desk.below(root)
    assert answer.ts == first.ts
    assert "asking" not in plain_text(answer)
    assert desk.outcomes == {"answered": 1}


async def test_where_no_source_could_answer_the_thread_says_so(desk: Desk) -> None:
    for source in desk.found.sources:
        source.failure = BROKEN
    [answer] = await desk.answer(await desk.ticket(), JANE)
    assert "No source could answer" in plain_text(answer)


async def test_a_help_desk_says_who_wrote_in_where_the_message_does_not(desk: Desk) -> None:
    desk.knows(JANE)
    desk.requesters["9"] = Requester(JANE.value, None, "Jane")
    [answer] = await desk.answer(await desk.ticket(), ticket=TICKET_9)
    assert "`jane@contoso.example`" in plain_text(answer)


async def test_our_own_people_are_not_looked_up_though_the_help_desk_says_they_wrote_in(desk: Desk) -> None:
    desk.settings["TICKETS__INTERNAL_DOMAINS"] = "contoso.example"
    desk.requesters["9"] = Requester(JANE.value, None, "Jane")
    [offer] = await desk.answer(await desk.ticket(), ticket=TICKET_9)
    assert "nobody was looked up" in plain_text(offer)
    assert desk.asked == []


async def test_a_message_whose_files_had_to_be_fetched_is_read_anew(desk: Desk) -> None:
    desk.knows(JANE)
    root = await desk.ticket(f"Requester: {JANE.value}")
    event = {**root.as_slack(), "channel": root.channel, "channel_type": "channel"}
    unread = TicketReading(Action.OFFER, "…", channel=root.channel, root_ts=root.ts)
    payload = TicketPayload(unread, TEAM, {"type": "event_callback", "event": event})
    await desk.jobs().answer(await desk.at.accept(TICKET.name, TICKET.write(payload)))
    [answer] = desk.below(root)
    assert "`jane@contoso.example`" in plain_text(answer)


async def test_where_nobody_is_found_nothing_is_said(desk: Desk) -> None:
    assert await desk.answer(await desk.ticket(), JANE) == []
    assert desk.outcomes == {"empty": 1}


async def test_where_nobody_is_found_a_line_says_so_if_that_is_set_up(desk: Desk) -> None:
    desk.settings["TICKETS__WHEN_EMPTY"] = "line"
    [line] = await desk.answer(await desk.ticket(), JANE)
    assert line.text == "No visit of `jane@contoso.example` in the last 30 days."
    assert REMOVE in str(line.blocks)
    assert desk.outcomes == {"empty": 1}


@pytest.mark.parametrize("when_empty", ["silent", "line"])
async def test_a_ticket_of_whom_not_every_source_could_say_that_there_is_nobody_is_not_closed_as_empty(
    desk: Desk, when_empty: str
) -> None:
    desk.settings["TICKETS__WHEN_EMPTY"] = when_empty
    desk.rybbit.failure = BROKEN
    said = await desk.answer(await desk.ticket(), JANE, ticket=TICKET_9)
    assert ["Nothing found so far · Rybbit could not answer" in one.text for one in said] == (
        [True] if when_empty == "line" else []
    )
    desk.rybbit.failure = None
    desk.knows(JANE)
    [answer] = await desk.answer(await desk.ticket(), JANE, ticket=TICKET_9)
    assert "`jane@contoso.example`" in plain_text(answer)


async def test_where_nobody_is_surely_the_requester_a_lookup_is_offered_and_nobody_asked(desk: Desk) -> None:
    [offer] = await desk.answer(await desk.ticket(), mentioned=(LI,))
    assert "nobody was looked up" in plain_text(offer)
    assert LI.value in plain_text(offer)
    assert all(action in str(offer.blocks) for action in (f"{LOOK_UP}0", ASK_CUSTOMER, REMOVE))
    assert (desk.asked, desk.outcomes) == ([], {"offered": 1})


async def test_a_silent_offer_says_nothing(desk: Desk) -> None:
    desk.settings["TICKETS__OFFER"] = "silent"
    assert await desk.answer(await desk.ticket(), mentioned=(LI,)) == []
    assert desk.outcomes == {"left": 1}


async def test_where_only_the_asker_may_see_answers_even_a_known_requester_is_only_offered(
    desk: Desk,
) -> None:
    desk.settings["VISIBILITY"] = "ephemeral"
    desk.knows(JANE)
    [offer] = await desk.answer(await desk.ticket(), JANE)
    assert "only you will see them" in plain_text(offer)
    assert desk.asked == []


async def test_without_a_source_nothing_is_offered(desk: Desk) -> None:
    desk.found = replace(desk.found, lookup=replace(desk.found.lookup, sources=()))
    assert await desk.answer(await desk.ticket(), mentioned=(LI,)) == []


async def test_what_is_no_ticket_is_left_alone(desk: Desk) -> None:
    assert await desk.answer(await desk.ticket(), action=Action.IGNORE) == []
    assert desk.outcomes == {"ignored": 1}


@pytest.mark.parametrize("where", ["shared", "private_without_bot"])
async def test_where_others_read_or_the_bot_cannot_see_who_does_nobody_is_looked_up(
    desk: Desk, where: str
) -> None:
    desk.knows(JANE)
    root = await desk.ticket(channel=getattr(desk.at.slack.places, where))
    assert await desk.answer(root, JANE) == []
    assert (desk.asked, desk.outcomes) == ([], {"not_ours": 1})


async def test_where_the_bot_may_not_post_the_ticket_is_left(desk: Desk) -> None:
    desk.knows(JANE)
    desk.at.slack.fail_next(POST, error="restricted_action")
    assert await desk.answer(await desk.ticket(), JANE) == []
    assert desk.outcomes == {"left": 1}


async def test_a_message_that_is_told_of_again_is_not_answered_again(desk: Desk) -> None:
    desk.knows(JANE)
    root = await desk.ticket()
    [answer] = await desk.answer(root, JANE)
    assert await desk.answer(root, JANE) == [answer]
    assert desk.outcomes == {"answered": 1, "seen_before": 1}


async def test_two_jobs_of_one_message_at_once_answer_it_once(desk: Desk) -> None:
    desk.knows(JANE)
    root, jobs = await desk.ticket(), desk.jobs()
    every = [await desk.accept(root, JANE) for _ in range(3)]
    await asyncio.gather(*(jobs.answer(job) for job in every))
    assert len(desk.below(root)) == 1
    assert desk.outcomes == {"answered": 1, "seen_before": 2}


async def test_while_another_process_answers_a_message_its_turn_has_not_come(desk: Desk) -> None:
    root = await desk.ticket()
    other = await desk.at.accept(TICKET.name, by=desk.at.another_process())
    book = TicketBook(desk.at.store, desk.at.keyring)
    await book.take(other.id, TicketMessage(root.channel, root.ts), [JANE])
    with pytest.raises(BeingAnswered):
        await desk.jobs().answer(await desk.accept(root, JANE))
    assert desk.asked == []


async def test_an_edit_that_names_somebody_puts_the_answer_in_the_offers_place(desk: Desk) -> None:
    desk.knows(JANE)
    root = await desk.ticket()
    [offer] = await desk.answer(root)
    [answer] = await desk.answer(root, JANE)
    assert answer.ts == offer.ts
    assert "`jane@contoso.example`" in plain_text(answer)


async def test_an_edit_that_names_somebody_else_replaces_the_answer(desk: Desk) -> None:
    desk.knows(JANE, LI)
    root = await desk.ticket()
    [first] = await desk.answer(root, JANE)
    [second] = await desk.answer(root, LI)
    assert second.ts == first.ts
    assert LI.value in plain_text(second)
    assert JANE.value not in plain_text(second)


async def test_of_two_messages_of_one_ticket_one_is_answered(desk: Desk) -> None:
    desk.knows(JANE)
    one, other = await desk.ticket(), await desk.ticket()
    assert len(await desk.answer(one, JANE, ticket=TICKET_9)) == 1
    assert await desk.answer(other, JANE, ticket=TICKET_9) == []
    assert desk.outcomes == {"answered": 1, "left": 1}


async def test_a_removed_answer_is_gone_and_its_ticket_is_not_answered_again(desk: Desk) -> None:
    desk.knows(JANE, LI)
    root = await desk.ticket()
    [answer] = await desk.answer(root, JANE)
    await desk.remove(answer, desk.at.slack.people.colleague)
    assert desk.below(root) == []
    assert await desk.answer(root, LI) == []
    assert desk.outcomes == {"answered": 1, "removed": 1, "seen_before": 1}


async def test_who_may_not_ask_may_not_remove(desk: Desk) -> None:
    desk.knows(JANE)
    root, guest = await desk.ticket(), desk.at.slack.people.guest
    [answer] = await desk.answer(root, JANE)
    await desk.remove(answer, guest)
    assert desk.below(root) == [answer]
    [told] = desk.at.slack.ephemerals(root.channel, guest)
    assert "Guests" in told.text


@pytest.mark.parametrize(("attempts", "told"), [(1, 1), (2, 0)], ids=["somebody else", "perhaps this job"])
async def test_who_removes_what_somebody_else_has_removed_is_told_so(
    desk: Desk, attempts: int, told: int
) -> None:
    desk.knows(JANE)
    [answer] = await desk.answer(await desk.ticket(), JANE)
    await desk.at.slack.delete_message(answer)
    await desk.remove(answer, desk.at.slack.people.agent, attempts=attempts)
    assert len([one for one in desk.at.seen_by_agent() if "gone already" in one.text]) == told
