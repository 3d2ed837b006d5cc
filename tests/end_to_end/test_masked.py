"""`VISIBILITY=masked`: the channel sees neither address, uid nor link; whoever may presses "Show me"."""

import json
from collections.abc import Iterator

import pytest

from bot.answers.prompts import LOOK_UP
from bot.answers.targets.masked import SHARE_HERE, SHOW_ME
from sandbox.faults import Fault
from sandbox.slack import Message, plain_text
from sandbox.slack.clicks import clickables
from sandbox.world import World
from tests.end_to_end.conftest import Desk
from tests.end_to_end.privacy import without_sealed
from tests.end_to_end.test_tickets import JANE, answered

MASKED = "j***@contoso.example"
LINK = "<https://acme.zendesk.com/agent/tickets/9|#9>"
REPLAY = "app.fullstory.com/ui/"


@pytest.fixture
def masked(desk: Desk) -> Desk:
    desk.extra["VISIBILITY"] = "masked"
    return desk


def to_channels(world: World) -> Iterator[tuple[str, str]]:
    """Each payload that everybody in a channel sees: its method, and what it says to people."""
    for call in world.slack.api_calls:
        is_seen = call.method in ("chat.postMessage", "chat.update", "chat.unfurl")
        if is_seen and not str(call.arguments.get("channel", "")).startswith("D"):
            yield call.method, without_sealed(json.dumps(call.arguments, ensure_ascii=False))


def told(world: World) -> list[tuple[str, str]]:
    """Names and links of customers in what everybody sees."""
    people = [person for person in world.people if person.email]
    names = {str(person.email).lower() for person in people}
    uids = {person.uid for person in world.people if person.uid and len(person.uid) > 3}
    links = {REPLAY, "/session/", "/user/", "app.raygun.com/rum", "uxcam.com/app/"}
    return [
        (method, word)
        for method, said in to_channels(world)
        for word in (*names, *uids, *links)
        if word in said.lower()
    ]


def buttons_of(message: Message) -> list[str]:
    return [str(one.element["action_id"]) for one in clickables(message)]


async def test_a_command_shows_the_channel_no_customer_and_whoever_presses_all_of_her(masked: Desk) -> None:
    slack = masked.world.slack
    async with masked.casefile() as bot:
        await masked.ask(JANE)
        parent, reply = await masked.thread()
        await masked.idle(bot)
        assert MASKED in plain_text(parent) + parent.content.text
        assert "4 visits" in plain_text(parent)
        assert buttons_of(reply) == [SHOW_ME]
        assert told(masked.world) == []
        assert any('"value": "(sealed)"' in said for _, said in to_channels(masked.world))
        await slack.press(reply.channel, reply.ts, SHOW_ME, slack.people.colleague)
        shown = await masked.ephemeral(user=slack.people.colleague, such=JANE)
        assert SHARE_HERE in buttons_of(shown)
        assert shown.thread_ts == parent.ts
        await masked.idle(bot)
        assert told(masked.world) == []
    assert slack.violations == []


async def test_what_one_person_is_shown_never_stands_in_place_of_what_all_see(masked: Desk) -> None:
    # A response URL edits the message that was clicked in, however the answer grows.
    slack, rybbit = masked.world.slack, masked.world.rybbit
    rybbit.fault = Fault.HTML
    async with masked.casefile() as bot:
        await masked.ask(JANE)
        parent, reply = await masked.thread()
        rybbit.fault, rybbit.latency = Fault.NONE, 0.1
        await slack.press(reply.channel, reply.ts, SHOW_ME, slack.people.colleague)
        await masked.idle(bot)
        [shown] = slack.ephemerals(reply.channel, slack.people.colleague)
        assert JANE in plain_text(shown)
        assert slack.replies(reply.channel, parent.ts) == [reply]


async def test_what_was_shared_says_by_whom_and_stands_for_all(masked: Desk) -> None:
    slack = masked.world.slack
    async with masked.casefile() as bot:
        await masked.ask(JANE)
        parent, reply = await masked.thread()
        await slack.press(reply.channel, reply.ts, SHOW_ME, slack.people.colleague)
        shown = await masked.ephemeral(user=slack.people.colleague, such=JANE)
        await masked.idle(bot)
        await slack.press(reply.channel, shown.ts, SHARE_HERE, slack.people.colleague)
        await slack.wait_for(lambda: len(slack.replies(reply.channel, parent.ts)) > 1)
        await masked.idle(bot)
        shared = slack.replies(reply.channel, parent.ts)[-1]
    said = json.dumps(shared.blocks, ensure_ascii=False)
    assert JANE in said
    assert f"Shared by <@{slack.people.colleague}>" in said
    # What looks for names and links finds them where they are.
    assert {word for _method, word in told(masked.world)} >= {JANE, REPLAY}
    assert slack.violations == []


@pytest.mark.parametrize("who", ["guest", "stranger"])
async def test_who_may_not_ask_is_not_shown_either(masked: Desk, who: str) -> None:
    slack = masked.world.slack
    person = getattr(slack.people, who)
    slack.state.invite(slack.places.support, person)
    async with masked.casefile() as bot:
        await masked.ask(JANE)
        _, reply = await masked.thread()
        await slack.press(reply.channel, reply.ts, SHOW_ME, person)
        await masked.ephemeral(user=person, such="this workspace")
        await masked.idle(bot)
        seen = [plain_text(message) for message in slack.ephemerals(reply.channel, person)]
    assert not [text for text in seen if JANE in text]


async def test_a_ticket_is_answered_masked(masked: Desk) -> None:
    slack = masked.world.slack
    async with masked.casefile() as bot:
        root = await slack.post_as_app(slack.places.support, f"New ticket {LINK}\nRequester: {JANE}")
        ours = await answered(masked, root, such=MASKED)
        await masked.idle(bot)
        assert SHOW_ME in buttons_of(ours)
        assert told(masked.world) == []
        await slack.press(root.channel, ours.ts, SHOW_ME, slack.people.agent)
        await masked.ephemeral(such=JANE)
    assert slack.violations == []


async def test_an_offer_names_nobody(masked: Desk) -> None:
    slack = masked.world.slack
    async with masked.casefile() as bot:
        root = await slack.post_as_app(
            slack.places.support, f"New ticket {LINK}\n\nplease write to {JANE}, bob@x.example"
        )
        ours = await answered(masked, root, such="Look up")
        await masked.idle(bot)
    assert not [one for one in buttons_of(ours) if one.startswith(LOOK_UP)]
    assert told(masked.world) == []


async def test_a_pasted_address_gets_no_card(masked: Desk) -> None:
    slack = masked.world.slack
    async with masked.casefile() as bot:
        await slack.post_as_user(
            slack.places.support, slack.people.agent, "https://app.rybbit.io/1407/user/u-77"
        )
        await masked.ask(JANE)
        await masked.thread()
        await masked.idle(bot)
    assert [method for method, _said in to_channels(masked.world) if method == "chat.unfurl"] == []


async def test_in_a_direct_message_nothing_is_masked(masked: Desk) -> None:
    slack = masked.world.slack
    async with masked.casefile() as bot:
        await slack.post_as_user(slack.places.direct_with_bot, slack.people.agent, JANE)
        await slack.wait_for(
            lambda: any(JANE in plain_text(m) for m in masked.posts(slack.places.direct_with_bot))
        )
        await masked.idle(bot)
