"""Tickets answered by themselves: once, in the thread, for the right person or not at all."""

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import select

from bot.answers.buttons import ASK_CUSTOMER, REFRESH, REMOVE
from bot.answers.prompts import LOOK_UP, SUBJECT_BLOCK, SUBJECT_INPUT
from bot.storage.tables import quota_calls
from sandbox.faults import Fault
from sandbox.slack import Message, Stub, plain_text
from sandbox.ticket_samples import TicketSample, post_sample
from tests.end_to_end.conftest import Desk, let_uxcam_be_asked_at_once

JANE = "jane.doe@contoso.example"


@pytest.fixture(params=["socket"])
def transport(request: pytest.FixtureRequest) -> str:
    """What is answered here is the same by either transport: `test_sessions_command.py` runs both."""
    return str(request.param)


def sample(desk: Desk, number: str) -> TicketSample:
    return next(one for one in desk.world.tickets if one.name.startswith(number))


async def answered(desk: Desk, root: Message, *, such: str = "") -> Message:
    """Our message in a ticket's thread, when all jobs are done."""
    slack = desk.world.slack

    def settled() -> Message | None:
        ours = [m for m in slack.replies(root.channel, root.ts) if m.bot_id == slack.people.bot_id]
        done = [m for m in ours if "asking" not in plain_text(m).lower() and such in plain_text(m)]
        return done[-1] if done else None

    return await slack.wait_for(settled)


def ours_below(desk: Desk, root: Message) -> list[Message]:
    slack = desk.world.slack
    return [m for m in slack.replies(root.channel, root.ts) if m.bot_id == slack.people.bot_id]


def vendor_calls(desk: Desk) -> int:
    return sum(len(vendor.calls) for vendor in desk.world.vendors)


async def test_a_ticket_is_answered_in_its_thread_with_the_session_of_its_time_first(desk: Desk) -> None:
    async with desk.casefile():
        root = await post_sample(desk.world.slack, sample(desk, "05"))
        said = plain_text(await answered(desk, root))
        assert f"*Jane Doe* · `{JANE}`" in said
        assert "at the ticket" in said
        assert said.index("at the ticket") < said.index("Replay: ")
        assert "This ticket’s requester" in said
        assert "export" in said.lower()
        assert desk.posts() == []


async def test_a_ticket_delivered_three_times_is_answered_once(desk: Desk) -> None:
    async with desk.casefile() as bot:
        root = await post_sample(desk.world.slack, sample(desk, "06"))
        await desk.world.slack.deliver_again(root, 2)
        await answered(desk, root)
        await desk.idle(bot)
        assert len(ours_below(desk, root)) == 1
        assert len([c for c in desk.world.fullstory.calls if c.path == "/sessions/v2"]) == 1


async def test_a_ticket_that_two_integrations_post_is_answered_once(desk: Desk) -> None:
    async with desk.casefile() as bot:
        one = await post_sample(desk.world.slack, sample(desk, "05"))
        other = await post_sample(desk.world.slack, sample(desk, "06"))
        # Whichever is first; they are read at the same time.
        await desk.world.slack.wait_for(lambda: ours_below(desk, one) or ours_below(desk, other))
        await desk.idle(bot)
        assert len(ours_below(desk, one)) + len(ours_below(desk, other)) == 1


async def test_an_edit_that_adds_the_address_turns_the_offer_into_the_answer(desk: Desk) -> None:
    async with desk.casefile() as bot:
        root = await post_sample(desk.world.slack, sample(desk, "38"))
        said = plain_text(await answered(desk, root, such="in the last"))
        assert JANE in said
        await desk.idle(bot)
        [only] = ours_below(desk, root)
        assert "nobody was looked up" not in plain_text(only)


async def test_an_edit_after_the_offer_stood_edits_it(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        link = "<https://acme.zendesk.com/agent/tickets/9|#9>"
        root = await slack.post_as_app(slack.places.support, f"New {link}", subtype="bot_message")
        offer = await answered(desk, root, such="nobody was looked up")
        await slack.edit_message(root, f"New {link}\nRequester: {JANE}")
        answer = await answered(desk, root, such="in the last")
        assert answer.ts == offer.ts
        await slack.edit_message(root, f"New {link}\nRequester: {JANE}\nStatus: open")
        await desk.idle(bot)
        assert len(ours_below(desk, root)) == 1


async def test_our_own_reply_edited_or_unfurled_is_left_alone(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root = await post_sample(slack, sample(desk, "05"))
        answer = await answered(desk, root)
        before = vendor_calls(desk)
        # The page crawls nothing by itself: an edit of ours as Slack tells of it.
        await slack.unfurl_message(answer, {"text": "Requester: eve@fabrikam.example"})
        await desk.idle(bot)
        assert len(ours_below(desk, root)) == 1
        assert ours_below(desk, answer) == []
        assert vendor_calls(desk) == before


async def test_nothing_is_answered_in_a_channel_shared_with_another_company(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root = await post_sample(slack, sample(desk, "06"), channel=slack.places.shared)
        await desk.idle(bot)
        assert ours_below(desk, root) == []
        assert vendor_calls(desk) == 0


async def test_what_slack_says_of_the_channel_counts_where_the_event_is_silent(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        text = f"Requester: {JANE}"
        event = {"type": "message", "subtype": "bot_message", "bot_id": "B0DESK", "text": text}
        event |= {"channel": slack.places.shared, "channel_type": "channel", "ts": slack.state.next_ts()}
        await slack.send_event(event, shared=False)
        await desk.idle(bot)
        assert vendor_calls(desk) == 0


async def test_people_and_apps_that_are_no_desk_cause_nothing(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        for number in ("35", "41", "43"):
            await post_sample(slack, sample(desk, number))
        await slack.post_as_app(slack.places.support, f"{JANE} has deployed")
        await desk.idle(bot)
        assert vendor_calls(desk) == 0
        assert [m for m in slack.api_calls if m.method == "chat.postMessage"] == []


async def test_zendesks_own_app_names_a_person_whom_its_api_knows(desk: Desk) -> None:
    desk.extra = desk.world.desks_environment()
    desk.world.zendesk.know("48213", email=JANE, name="Jane Doe")
    async with desk.casefile():
        root = await post_sample(desk.world.slack, sample(desk, "01"))
        assert JANE in plain_text(await answered(desk, root, such="in the last"))
        assert sum("/tickets/" in call.path for call in desk.world.zendesk.calls) == 1


async def test_an_employees_ticket_is_not_looked_up_though_the_desk_knows_them(desk: Desk) -> None:
    desk.extra = desk.world.desks_environment()
    desk.world.zendesk.know("48213", email="sam@acme.example")
    async with desk.casefile():
        root = await post_sample(desk.world.slack, sample(desk, "01"))
        await answered(desk, root, such="nobody was looked up")
        assert vendor_calls(desk) == 0


async def test_a_desk_that_is_down_leaves_the_button_and_says_why_in_debug(desk: Desk) -> None:
    desk.extra = desk.world.desks_environment()
    desk.world.zendesk.fault = Fault.BROKEN
    async with desk.casefile():
        root = await post_sample(desk.world.slack, sample(desk, "01"))
        await answered(desk, root, such="Look up a customer")
        await desk.ask("debug")
        said = plain_text(await desk.ephemeral(such="Zendesk (main)"))
        assert "Zendesk has trouble of its own" in said


async def test_an_address_that_is_only_mentioned_costs_no_call_until_somebody_presses_it(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        link = "<https://acme.zendesk.com/agent/tickets/9|#9>"
        root = await slack.post_as_app(slack.places.support, f"New {link}\n*Description*:\nI am {JANE}")
        offer = await answered(desk, root, such="nobody was looked up")
        await desk.idle(bot)
        assert vendor_calls(desk) == 0
        await slack.press(root.channel, offer.ts, f"{LOOK_UP}0", slack.people.agent)
        answer = await answered(desk, root, such="in the last")
        assert answer.ts == offer.ts
        assert f"Asked by <@{slack.people.agent}>" in str(answer.blocks)


async def test_the_button_asks_whom_and_the_answer_takes_the_offers_place(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root = await post_sample(slack, sample(desk, "01"))
        offer = await answered(desk, root, such="Look up a customer")
        await slack.press(root.channel, offer.ts, ASK_CUSTOMER, slack.people.agent)
        view = await slack.wait_for(lambda: next(iter(slack.state.views.values()), None))
        wrong = await slack.submit_view(view.id, {SUBJECT_BLOCK: {SUBJECT_INPUT: "jane@contoso@example"}})
        assert wrong.ack["response_action"] == "errors"
        await slack.submit_view(view.id, {SUBJECT_BLOCK: {SUBJECT_INPUT: f" {JANE} "}})
        answer = await answered(desk, root, such="in the last")
        assert answer.ts == offer.ts
        # What a person decided stands, whatever the desk edits afterwards.
        await slack.edit_message(root, "Requester: li.wei@fabrikam.example")
        await desk.idle(bot)
        assert JANE in plain_text(ours_below(desk, root)[0])


async def test_guests_get_neither_the_modal_nor_an_answer(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root = await post_sample(slack, sample(desk, "01"))
        offer = await answered(desk, root, such="Look up a customer")
        await slack.press(root.channel, offer.ts, ASK_CUSTOMER, slack.people.guest)
        await desk.ephemeral(user=slack.people.guest, such="Guests")
        await desk.idle(bot)
        assert slack.state.views == {}
        assert vendor_calls(desk) == 0


async def test_a_silent_offer_says_nothing(desk: Desk) -> None:
    desk.extra = {"TICKETS__OFFER": "silent"}
    async with desk.casefile() as bot:
        root = await post_sample(desk.world.slack, sample(desk, "01"))
        await desk.idle(bot)
        assert ours_below(desk, root) == []


@pytest.mark.parametrize("stub", list(Stub))
async def test_mail_whose_sender_only_files_info_tells_is_answered(desk: Desk, stub: Stub) -> None:
    async with desk.casefile():
        root = await post_sample(desk.world.slack, sample(desk, "29"), stub_files=stub)
        assert JANE in plain_text(await answered(desk, root, such="in the last"))


async def test_nobody_found_is_silence_or_a_line(desk: Desk) -> None:
    text = "Requester: stranger@contoso.example"
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root = await slack.post_as_app(slack.places.support, text)
        await desk.idle(bot)
        assert ours_below(desk, root) == []
    desk.extra = {"TICKETS__WHEN_EMPTY": "line"}
    async with desk.casefile():
        root = await slack.post_as_app(slack.places.support, text)
        said = plain_text(await answered(desk, root, such="Nothing found by this name"))
        assert "stranger@contoso.example" in said
        assert "[Remove]" in said


async def test_where_no_source_can_answer_the_thread_says_so(desk: Desk) -> None:
    for vendor in desk.world.vendors:
        vendor.fault = Fault.BROKEN
    async with desk.casefile():
        root = await post_sample(desk.world.slack, sample(desk, "06"))
        await answered(desk, root, such="No source could answer")


async def test_two_requesters_are_answered_in_one_message(desk: Desk) -> None:
    async with desk.casefile() as bot:
        root = await post_sample(desk.world.slack, sample(desk, "45"))
        said = plain_text(await answered(desk, root, such="li.wei@fabrikam.example"))
        assert JANE in said
        await desk.idle(bot)
        assert len(ours_below(desk, root)) == 1


async def test_an_answer_can_be_removed_and_its_ticket_stays_unanswered(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root = await slack.post_as_app(slack.places.support, f"Requester: {JANE}")
        answer = await answered(desk, root)
        await slack.press(root.channel, answer.ts, REMOVE, slack.people.guest)
        await desk.ephemeral(user=slack.people.guest, such="Guests")
        assert ours_below(desk, root) != []
        await slack.press(root.channel, answer.ts, REMOVE, slack.people.colleague)
        await slack.wait_for(lambda: not ours_below(desk, root))
        await slack.edit_message(root, f"Requester: {JANE}\nContact: li.wei@fabrikam.example")
        await desk.idle(bot)
        assert ours_below(desk, root) == []
        assert b'casefile_tickets_total{outcome="removed"} 1.0' in bot.engine.metrics.text()


async def test_after_a_removed_answer_the_next_message_of_that_shape_gets_an_offer(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root = await slack.post_as_app(slack.places.support, f"Requester: {JANE}")
        answer = await answered(desk, root)
        await slack.press(root.channel, answer.ts, REMOVE, slack.people.colleague)
        await slack.wait_for(lambda: not ours_below(desk, root))
        await desk.idle(bot)
        calls = vendor_calls(desk)
        another = await slack.post_as_app(slack.places.support, "Requester: li.wei@fabrikam.example")
        offer = await slack.wait_for(lambda: next(iter(ours_below(desk, another)), None))
        assert "li.wei@fabrikam.example" in plain_text(offer)
        assert "nobody was looked up" in plain_text(offer)
        await desk.idle(bot)
        assert vendor_calls(desk) == calls
        # Another shape: the address stands beside another label.
        third = await slack.post_as_app(slack.places.support, f"Customer: {JANE}")
        await answered(desk, third)


async def test_an_answer_can_be_refreshed_where_it_stands(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root = await post_sample(slack, sample(desk, "05"))
        answer = await answered(desk, root)
        before = vendor_calls(desk)
        await slack.press(root.channel, answer.ts, REFRESH, slack.people.agent)
        await desk.idle(bot)
        assert vendor_calls(desk) > before
        [only] = ours_below(desk, root)
        assert "at the ticket" in plain_text(only)


async def test_where_only_the_asker_may_see_answers_a_ticket_gets_a_button(desk: Desk) -> None:
    desk.extra = {"VISIBILITY": "ephemeral"}
    desk.world.rybbit.latency = 0.1
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root = await post_sample(slack, sample(desk, "05"))
        offer = await answered(desk, root, such="only you will see")
        assert vendor_calls(desk) == 0
        await slack.press(root.channel, offer.ts, f"{LOOK_UP}0", slack.people.agent)
        shown = await desk.ephemeral(such="in the last")
        await desk.idle(bot)
        assert shown.thread_ts == root.ts
        assert ours_below(desk, root) == [offer]


@pytest.mark.parametrize("transport", ["http"])
async def test_a_hundred_tickets_in_a_minute_wait_behind_the_person_who_asks(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    # This is about Raygun's calls a day.
    let_uxcam_be_asked_at_once(desk.world, monkeypatch)
    async with desk.casefile() as bot:
        slack = desk.world.slack
        texts = [f"Requester: customer{number}@contoso.example" for number in range(99)]
        roots = await asyncio.gather(*(slack.post_as_app(slack.places.support, text) for text in texts))
        last = await slack.post_as_app(slack.places.support, f"Requester: {JANE}")
        await desk.ask(JANE)
        parent, _ = await desk.thread()
        assert JANE in plain_text(parent)
        await slack.wait_for(lambda: ours_below(desk, last))
        await desk.idle(bot)
        assert all(ours_below(desk, root) == [] for root in roots)
        for_tickets = (quota_calls.c.account == "raygun/shop") & (quota_calls.c.purpose == "ticket")
        async with bot.engine.store.read() as connection:
            spent = (await connection.execute(select(quota_calls.c.id).where(for_tickets))).all()
        assert 0 < len(spent) <= 40, "the reserve for people is kept"
        assert await bot.inbox.count_open() == 0


async def test_a_ticket_that_is_deleted_meanwhile_is_answered_nowhere(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        hold = asyncio.Event()
        for vendor in desk.world.vendors:
            vendor.hold = hold
        root = await slack.post_as_app(slack.places.support, f"Requester: {JANE}")
        slack.state.remove(replace(root))
        hold.set()
        await desk.idle(bot)
        assert [m for m in slack.messages(root.channel) if m.bot_id == slack.people.bot_id] == []
        desk.world.slack.violations.clear()


async def test_a_mention_is_answered_to_the_asker_alone_where_that_is_set_up(desk: Desk) -> None:
    desk.extra = {"VISIBILITY": "ephemeral"}
    async with desk.casefile() as bot:
        slack = desk.world.slack
        text = f"<@{slack.people.bot}> {JANE}"
        asked = await slack.post_as_user(slack.places.support, slack.people.agent, text)
        shown = await desk.ephemeral(such="in the last")
        await desk.idle(bot)
        assert ours_below(desk, asked) == []
        # Below a message that has no thread yet nobody would see it.
        assert shown.thread_ts is None
