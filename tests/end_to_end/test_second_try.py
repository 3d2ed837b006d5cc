"""Offers below tickets: somebody is chosen, was the wrong one, and another one is chosen."""

import re

import pytest

from bot.answers.buttons import ANSWER_MENU, ASK_CUSTOMER, REFRESH, REMOVE
from bot.answers.prompts import LOOK_UP, SUBJECT_BLOCK, SUBJECT_INPUT
from sandbox.slack import Message, Outcome, plain_text
from tests.end_to_end.conftest import Desk
from tests.end_to_end.test_tickets import JANE, answered, ours_below, vendor_calls

WEI = "li.wei@fabrikam.example"
LINK = "<https://acme.zendesk.com/agent/tickets/9|#9>"
# Whose the addresses are is not said.
TICKET = f"New ticket {LINK}\n\nplease write to {WEI} and to {JANE}"


@pytest.fixture(params=["http"])
def transport(request: pytest.FixtureRequest) -> str:
    """What is answered here is the same by either transport: `test_sessions_command.py` runs both."""
    return str(request.param)


async def offered(desk: Desk, text: str = TICKET) -> tuple[Message, Message]:
    """A ticket that names nobody surely, and the offer below it."""
    slack = desk.world.slack
    root = await slack.post_as_app(slack.places.support, text)
    return root, await answered(desk, root, such="nobody was looked up")


async def fill_in(desk: Desk, message: Message, typed: str) -> Outcome:
    """Press the button that asks whom to look up, type something and submit it."""
    slack = desk.world.slack
    slack.state.views.clear()
    in_menu = re.search(rf"'([0-9a-f]+~{ASK_CUSTOMER}:[^']*)'", str(message.blocks))
    if in_menu:
        await slack.press(message.channel, message.ts, ANSWER_MENU, slack.people.colleague, option=in_menu[1])
    else:
        await slack.press(message.channel, message.ts, ASK_CUSTOMER, slack.people.colleague)
    view = await slack.wait_for(lambda: next(iter(slack.state.views.values()), None))
    return await slack.submit_view(view.id, {SUBJECT_BLOCK: {SUBJECT_INPUT: typed}})


async def removed(desk: Desk, root: Message, message: Message) -> None:
    slack = desk.world.slack
    await slack.press(message.channel, message.ts, REMOVE, slack.people.colleague)
    await slack.wait_for(lambda: not ours_below(desk, root))


async def test_a_wrong_one_chosen_from_the_offer_is_removed_and_the_right_one_is_chosen(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root, offer = await offered(desk)
        candidates = plain_text(offer)
        await slack.press(root.channel, offer.ts, f"{LOOK_UP}0", slack.people.agent)
        wrong = await answered(desk, root, such="Somebody else…")
        await slack.wait_for(lambda: "in the last" in plain_text(ours_below(desk, root)[0]))
        assert WEI in plain_text(ours_below(desk, root)[0])
        await desk.idle(bot)
        await slack.press(root.channel, wrong.ts, REMOVE, slack.people.colleague)
        again = await answered(desk, root, such="nobody was looked up")
        assert again.ts == offer.ts
        assert plain_text(again) == candidates
        await slack.press(root.channel, again.ts, f"{LOOK_UP}1", slack.people.colleague)
        right = await answered(desk, root, such="Somebody else…")
        assert JANE in plain_text(right)
        assert WEI not in plain_text(right)
        assert f"<@{slack.people.colleague}>" in str(right.content.blocks)
        await desk.idle(bot)
        assert [m.ts for m in ours_below(desk, root)] == [offer.ts]


async def test_somebody_else_is_typed_in_place_of_a_wrong_one_and_checked_beside_the_field(
    desk: Desk,
) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root, offer = await offered(desk)
        await slack.press(root.channel, offer.ts, f"{LOOK_UP}0", slack.people.agent)
        wrong = await answered(desk, root, such="Somebody else…")
        await desk.idle(bot)
        calls = vendor_calls(desk)
        for typed in ("jane@contoso@example", "Jane Doe", "jane.doe@"):
            told = await fill_in(desk, wrong, typed)
            assert told.ack["response_action"] == "errors"
            assert set(told.ack["errors"]) == {SUBJECT_BLOCK}
        await desk.idle(bot)
        assert vendor_calls(desk) == calls
        assert WEI in plain_text(ours_below(desk, root)[0])
        await fill_in(desk, wrong, f" {JANE} ")
        right = await slack.wait_for(
            lambda: next((m for m in ours_below(desk, root) if JANE in plain_text(m)), None)
        )
        await desk.idle(bot)
        assert right.ts == offer.ts
        assert WEI not in plain_text(ours_below(desk, root)[0])
        await slack.press(root.channel, right.ts, REFRESH, slack.people.agent)
        await desk.idle(bot)
        assert "[Remove]" in plain_text(ours_below(desk, root)[0])


async def test_an_automatic_answer_can_give_way_to_somebody_else(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root = await slack.post_as_app(slack.places.support, f"New ticket {LINK}\nRequester: {JANE}")
        answer = await answered(desk, root, such="Somebody else…")
        await desk.idle(bot)
        await fill_in(desk, answer, "cust-8841")
        await slack.wait_for(lambda: "cust-8841" in plain_text(ours_below(desk, root)[0]))
        await desk.idle(bot)
        [only] = ours_below(desk, root)
        assert only.ts == answer.ts
        assert JANE not in plain_text(only)
        # What a person decided stands, whatever the desk edits afterwards.
        await slack.edit_message(root, f"New ticket {LINK}\nRequester: {WEI}")
        await desk.idle(bot)
        assert "cust-8841" in plain_text(ours_below(desk, root)[0])
        # Removed, the offer has whom the ticket names now.
        await slack.press(root.channel, only.ts, REMOVE, slack.people.agent)
        offer = await answered(desk, root, such="nobody was looked up")
        assert WEI in plain_text(offer)


async def test_after_the_offer_is_back_an_edit_that_names_the_requester_is_answered(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root, offer = await offered(desk)
        await slack.press(root.channel, offer.ts, f"{LOOK_UP}0", slack.people.agent)
        wrong = await answered(desk, root, such="Somebody else…")
        await slack.press(root.channel, wrong.ts, REMOVE, slack.people.agent)
        await answered(desk, root, such="nobody was looked up")
        await desk.idle(bot)
        await slack.edit_message(root, f"New ticket {LINK}\nRequester: {JANE}")
        answer = await answered(desk, root, such="This ticket’s requester")
        assert answer.ts == offer.ts
        assert JANE in plain_text(answer)


async def test_an_answer_to_a_mention_below_a_ticket_has_neither_button(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root = await slack.post_as_app(slack.places.support, f"New ticket {LINK}\nRequester: {JANE}")
        await answered(desk, root)
        await desk.idle(bot)
        mention = f"<@{slack.people.bot}>"
        await slack.post_as_user(slack.places.support, slack.people.agent, mention, thread_ts=root.ts)
        await slack.wait_for(lambda: len(ours_below(desk, root)) == 2)
        await desk.idle(bot)
        said = plain_text(ours_below(desk, root)[1])
        assert "[Refresh]" in said
        assert "Somebody else" not in said
        assert "[Remove]" not in said


async def test_guests_can_take_nothing_back(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root, offer = await offered(desk)
        await slack.press(root.channel, offer.ts, f"{LOOK_UP}0", slack.people.agent)
        answer = await answered(desk, root, such="Somebody else…")
        await desk.idle(bot)
        await slack.press(root.channel, answer.ts, REMOVE, slack.people.guest)
        await desk.ephemeral(user=slack.people.guest, such="Guests")
        await desk.idle(bot)
        assert "in the last" in plain_text(ours_below(desk, root)[0])


async def test_where_the_tickets_message_cannot_be_read_the_offer_comes_back_without_names(
    desk: Desk,
) -> None:
    async with desk.casefile():
        slack = desk.world.slack
        root, offer = await offered(desk)
        await slack.press(root.channel, offer.ts, f"{LOOK_UP}1", slack.people.agent)
        answer = await answered(desk, root, such="Somebody else…")
        slack.fail_next("conversations.replies", error="missing_scope")
        await slack.press(root.channel, answer.ts, REMOVE, slack.people.agent)
        again = await answered(desk, root, such="nobody was looked up")
        assert "Look up a customer…" in plain_text(again)
        assert JANE not in plain_text(again)


async def test_where_offers_are_silent_a_chosen_answer_is_removed_for_good(desk: Desk) -> None:
    desk.extra = {"TICKETS__OFFER": "silent"}
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root = await slack.post_as_app(slack.places.support, f"New ticket {LINK}\nRequester: {JANE}")
        answer = await answered(desk, root, such="Somebody else…")
        await desk.idle(bot)
        await fill_in(desk, answer, WEI)
        await slack.wait_for(lambda: WEI in plain_text(ours_below(desk, root)[0]))
        await desk.idle(bot)
        await removed(desk, root, answer)
