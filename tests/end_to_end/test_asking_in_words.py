"""Mentions, direct messages and the message shortcut: people who name somebody, or point at a message."""

import pytest

from bot.answers.buttons import ASK_CUSTOMER
from bot.answers.prompts import LOOK_UP, SUBJECT_BLOCK, SUBJECT_INPUT
from sandbox.slack import Message, plain_text
from sandbox.ticket_samples import post_sample
from tests.end_to_end.conftest import Desk
from tests.end_to_end.test_tickets import JANE, answered, ours_below, sample, vendor_calls

LI = "li.wei@fabrikam.example"


@pytest.fixture(params=["http"])
def transport(request: pytest.FixtureRequest) -> str:
    """What is answered here is the same by either transport: `test_sessions_command.py` runs both."""
    return str(request.param)


async def mention(
    desk: Desk, words: str, *, user: str | None = None, under: Message | None = None
) -> Message:
    slack = desk.world.slack
    text = f"<@{slack.people.bot}> {words}"
    channel = under.channel if under else slack.places.support
    thread_ts = under.ts if under else None
    return await slack.post_as_user(channel, user or slack.people.agent, text, thread_ts=thread_ts)


async def written(desk: Desk, words: str) -> Message:
    """Write to the bot itself, and give its answer there."""
    slack = desk.world.slack
    place = slack.places.direct_with_bot
    before = len(slack.messages(place))
    await slack.post_as_user(place, slack.people.agent, words)

    def settled() -> Message | None:
        ours = [m for m in slack.messages(place)[before:] if m.bot_id == slack.people.bot_id]
        return ours[-1] if ours and "asking" not in plain_text(ours[-1]).lower() else None

    return await slack.wait_for(settled)


@pytest.mark.parametrize("words", [f"<mailto:{JANE}|{JANE}>", f"who is {JANE}?", f"{JANE} 7d"])
async def test_a_mention_with_an_address_is_answered_in_a_thread_below_it(desk: Desk, words: str) -> None:
    async with desk.casefile() as bot:
        asked = await mention(desk, words)
        said = plain_text(await answered(desk, asked, such="in the last"))
        assert JANE in said
        await desk.idle(bot)
        assert len(ours_below(desk, asked)) == 1
        assert desk.posts() == []


async def test_a_mention_in_a_tickets_thread_is_answered_about_its_requester(desk: Desk) -> None:
    desk.extra = {"TICKETS__CHANNELS": "C0ELSEWHERE"}
    async with desk.casefile():
        root = await post_sample(desk.world.slack, sample(desk, "06"))
        await mention(desk, "", under=root)
        assert JANE in plain_text(await answered(desk, root, such="in the last"))


async def test_a_mention_below_a_message_of_several_asks_whom_and_answers_there(desk: Desk) -> None:
    async with desk.casefile():
        slack = desk.world.slack
        root = await slack.post_as_user(slack.places.support, slack.people.colleague, f"{JANE} or {LI}?")
        await mention(desk, "?", under=root)
        question = await desk.ephemeral(such="Whom do you want to look up?")
        assert vendor_calls(desk) == 0
        await slack.press(root.channel, question.ts, f"{LOOK_UP}1", slack.people.agent)
        assert LI in plain_text(await answered(desk, root, such="in the last"))
        await slack.wait_for(lambda: not slack.ephemerals(root.channel, slack.people.agent))


async def test_a_mention_below_a_message_of_nobody_offers_the_form(desk: Desk) -> None:
    async with desk.casefile():
        slack = desk.world.slack
        root = await slack.post_as_user(slack.places.support, slack.people.colleague, "Good morning")
        await mention(desk, "", under=root)
        told = await desk.ephemeral(such="names nobody")
        await slack.press(root.channel, told.ts, ASK_CUSTOMER, slack.people.agent)
        view = await slack.wait_for(lambda: next(iter(slack.state.views.values()), None))
        await slack.submit_view(view.id, {SUBJECT_BLOCK: {SUBJECT_INPUT: JANE}})
        assert JANE in plain_text(await answered(desk, root, such="in the last"))


async def test_what_a_sentence_says_of_days_and_freshness_counts(desk: Desk) -> None:
    async with desk.casefile():
        asked = await mention(desk, f"<mailto:{JANE}|{JANE}>, 7d fresh please")
        assert "last 7 days" in plain_text(await answered(desk, asked, such="in the last"))


@pytest.mark.parametrize(
    ("words", "why"),
    [
        ("Help", "@Casefile jane@contoso.example"),
        ("bob@localhost", "“bob@localhost” looks like an address and is none"),
        (f"{LI} 400d", "Between 1 and 365 days"),
        ("7d", "Name the customer"),
        (f"{LI}...", "cut off"),
    ],
)
async def test_in_a_thread_what_cannot_be_read_is_said_and_the_threads_customer_is_left_alone(
    desk: Desk, words: str, why: str
) -> None:
    desk.extra = {"TICKETS__CHANNELS": "C0ELSEWHERE"}
    async with desk.casefile() as bot:
        root = await post_sample(desk.world.slack, sample(desk, "06"))
        await mention(desk, words, under=root)
        await desk.ephemeral(such=why)
        await desk.idle(bot)
        assert vendor_calls(desk) == 0
        assert ours_below(desk, root) == []


@pytest.mark.parametrize("words", ["thanks!", "help", "please look at this"])
async def test_a_mention_that_names_nobody_is_told_what_is_understood_and_costs_nothing(
    desk: Desk, words: str
) -> None:
    async with desk.casefile():
        await mention(desk, words)
        await desk.ephemeral(such="@Casefile jane@contoso.example")
        assert vendor_calls(desk) == 0


async def test_whoever_may_not_ask_is_refused_before_anything_is_asked(
    desk: Desk,
) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        await mention(desk, JANE, user=slack.people.guest)
        await desk.ephemeral(user=slack.people.guest, such="Guests")
        text = f"<@{slack.people.bot}> {JANE}"
        await slack.post_as_user(slack.places.shared, slack.people.agent, text)
        await desk.ephemeral(channel=slack.places.shared, such="shared with another company")
        await desk.idle(bot)
        assert vendor_calls(desk) == 0


async def test_an_address_or_a_uid_in_a_direct_message_is_answered_there(desk: Desk) -> None:
    async with desk.casefile():
        assert JANE in plain_text(await written(desk, f"<mailto:{JANE}|{JANE}>"))
        assert "cust-8841" in plain_text(await written(desk, "cust-8841"))
        assert "Raygun (shop)" in plain_text(await written(desk, "debug"))


async def test_small_talk_in_a_direct_message_costs_nothing(
    desk: Desk,
) -> None:
    async with desk.casefile():
        said = plain_text(await written(desk, "thanks"))
        assert "uid:thanks" in said
        assert vendor_calls(desk) == 0


async def test_the_shortcut_answers_in_the_thread_of_the_message_it_was_used_on(desk: Desk) -> None:
    async with desk.casefile():
        slack = desk.world.slack
        root = await post_sample(slack, sample(desk, "35"))
        await slack.use_shortcut(root.channel, root.ts, "find_sessions", slack.people.agent)
        assert JANE in plain_text(await answered(desk, root, such="in the last"))


async def test_the_shortcut_on_a_message_that_names_nobody_opens_the_form(desk: Desk) -> None:
    async with desk.casefile():
        slack = desk.world.slack
        root = await slack.post_as_user(slack.places.support, slack.people.colleague, "Good morning")
        await slack.use_shortcut(root.channel, root.ts, "find_sessions", slack.people.agent)
        view = await slack.wait_for(lambda: next(iter(slack.state.views.values()), None))
        await slack.submit_view(view.id, {SUBJECT_BLOCK: {SUBJECT_INPUT: "cust-8841"}})
        assert "cust-8841" in plain_text(await answered(desk, root, such="in the last"))


@pytest.mark.parametrize(
    ("typed", "why"),
    [
        ("not an address !!", "Only an address or a uid"),
        ("jane@localhost", "looks like an address and is none"),
        (f"{JANE} {LI}", "One person"),
    ],
)
async def test_the_form_says_beside_the_field_what_is_no_address_or_uid_and_looks_nobody_up(
    desk: Desk, typed: str, why: str
) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        root = await slack.post_as_user(slack.places.support, slack.people.colleague, "Good morning")
        await slack.use_shortcut(root.channel, root.ts, "find_sessions", slack.people.agent)
        view = await slack.wait_for(lambda: next(iter(slack.state.views.values()), None))
        await slack.submit_view(view.id, {SUBJECT_BLOCK: {SUBJECT_INPUT: typed}})
        assert why in slack.state.views[view.id].errors[SUBJECT_BLOCK]
        await desk.idle(bot)
        assert vendor_calls(desk) == 0
        await slack.submit_view(view.id, {SUBJECT_BLOCK: {SUBJECT_INPUT: f"Jane Doe <\u2066{JANE}\u2069>"}})
        assert JANE in plain_text(await answered(desk, root, such="in the last"))


async def test_the_shortcut_on_a_message_of_several_asks_which(desk: Desk) -> None:
    async with desk.casefile():
        slack = desk.world.slack
        root = await post_sample(slack, sample(desk, "45"))
        await answered(desk, root)
        before = vendor_calls(desk)
        await slack.use_shortcut(root.channel, root.ts, "find_sessions", slack.people.agent)
        await desk.ephemeral(such="Whom do you want to look up?")
        assert vendor_calls(desk) == before


async def test_the_shortcut_asks_the_help_desk_where_the_message_has_no_address(desk: Desk) -> None:
    desk.extra = desk.world.desks_environment() | {"TICKETS__CHANNELS": "C0ELSEWHERE"}
    desk.world.zendesk.know("48213", email=JANE)
    async with desk.casefile():
        slack = desk.world.slack
        root = await post_sample(slack, sample(desk, "01"))
        await slack.use_shortcut(root.channel, root.ts, "find_sessions", slack.people.agent)
        assert JANE in plain_text(await answered(desk, root, such="in the last"))


async def test_the_shortcut_where_the_bot_is_not_answers_the_asker_alone(desk: Desk) -> None:
    async with desk.casefile():
        slack = desk.world.slack
        place = slack.places.private_without_bot
        root = await slack.post_as_user(place, slack.people.colleague, f"see {JANE}")
        await slack.use_shortcut(place, root.ts, "find_sessions", slack.people.agent)
        told = await desk.ephemeral(channel=place, such="in the last")
        assert "/invite @Casefile" in plain_text(told)
