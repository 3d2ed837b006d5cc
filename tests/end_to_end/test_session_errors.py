""" "Errors in this visit" and its summary: read when a person presses, out of the month's budget."""

import pytest

from bot.answers.buttons import SESSION_ERRORS
from bot.audit.own_posts import Removed
from bot.cli.commands.forget import erase_person
from bot.domain.model import Subject, SubjectKind
from sandbox.faults import Fault
from sandbox.slack import Message, plain_text
from tests.end_to_end.conftest import Desk

JANE = "jane@contoso.example"


@pytest.fixture(params=["http"])
def transport(request: pytest.FixtureRequest) -> str:
    """What is answered here is the same by either transport: `test_sessions_command.py` runs both."""
    return str(request.param)


def events_read(desk: Desk) -> int:
    return sum(call.path.endswith(("/context", "/events")) for call in desk.world.fullstory.calls)


def session_menu(message: Message, label: str = "Errors in this visit") -> tuple[str, str, str]:
    """The action, the block and the option of this name of the newest FullStory session's menu."""
    block = next(block for block in message.blocks if block.get("accessory"))
    menu = block["accessory"]
    option = next(option for option in menu["options"] if option["text"]["text"] == label)
    return menu["action_id"], block["block_id"], option["value"]


async def pressed(desk: Desk, message: Message, label: str = "Errors in this visit") -> Message:
    slack = desk.world.slack
    action, block, option = session_menu(message, label)
    assert action == SESSION_ERRORS
    before = len(slack.replies(message.channel, message.thread_ts or message.ts))
    await slack.press(message.channel, message.ts, action, slack.people.colleague, block, option=option)
    return await slack.wait_for(
        lambda: next(iter(slack.replies(message.channel, message.thread_ts or message.ts)[before:]), None)
    )


async def test_a_lookup_reads_no_sessions_events(desk: Desk) -> None:
    async with desk.casefile():
        await desk.ask(JANE)
        await desk.thread()
    assert events_read(desk) == 0


async def test_a_press_posts_that_sessions_errors_in_the_thread_and_what_is_left(desk: Desk) -> None:
    async with desk.casefile():
        await desk.ask(JANE)
        _, reply = await desk.thread()
        told = plain_text(await pressed(desk, reply))
    assert "3 errors in FullStory’s replay" in told
    newest_first = ("rage clicks on “Pay now”", "POST /api/pay: 502", "TypeError: Cannot read")
    assert sorted(newest_first, key=told.index) == list(newest_first)
    assert "TypeError: Cannot read properties of undefined (reading 'total')" in told
    assert "Chrome 142 · Windows 11" in told
    assert "999 of 1000 such readings left this month" in told
    assert events_read(desk) == 1


async def test_the_same_session_pressed_again_costs_nothing_more(desk: Desk) -> None:
    async with desk.casefile():
        await desk.ask(JANE)
        _, reply = await desk.thread()
        await pressed(desk, reply)
        told = plain_text(await pressed(desk, reply))
    assert "999 of 1000" in told
    assert events_read(desk) == 1


async def test_where_it_cannot_be_read_whoever_pressed_is_told_why(desk: Desk) -> None:
    async with desk.casefile():
        await desk.ask(JANE)
        _, reply = await desk.thread()
        desk.world.fullstory.fault = Fault.BROKEN
        slack = desk.world.slack
        action, block, option = session_menu(reply)
        await slack.press(reply.channel, reply.ts, action, slack.people.agent, block, option=option)
        told = await desk.ephemeral(such="trouble of its own")
    assert "FullStory has trouble of its own" in plain_text(told)


async def test_a_guest_may_not_press_it(desk: Desk) -> None:
    async with desk.casefile() as bot:
        await desk.ask(JANE)
        _, reply = await desk.thread()
        slack = desk.world.slack
        action, block, option = session_menu(reply)
        await slack.press(reply.channel, reply.ts, action, slack.people.guest, block, option=option)
        await desk.idle(bot)
    assert events_read(desk) == 0


async def test_a_visit_is_summed_up_in_the_thread_once_for_all_who_press(desk: Desk) -> None:
    async with desk.casefile():
        await desk.ask(JANE)
        _, reply = await desk.thread()
        first = plain_text(await pressed(desk, reply, "Sum up this visit"))
        again = plain_text(await pressed(desk, reply, "Sum up this visit"))
    assert "FullStory’s summary of the visit of" in first
    assert "What went wrong: " in first
    assert "POST /api/pay 502" in first
    assert "999 of 1000" in first
    assert again == first
    assert [call.status for call in desk.world.fullstory.calls if call.path.endswith("/summary")] == [200]


@pytest.mark.parametrize("label", ["Errors in this visit", "Sum up this visit"])
async def test_what_was_read_of_somebody_forgotten_is_deleted_with_the_answer_it_was_pressed_in(
    desk: Desk, label: str
) -> None:
    jane, slack = Subject(SubjectKind.EMAIL, JANE, JANE), desk.world.slack
    async with desk.casefile() as bot:
        await desk.ask(JANE)
        parent, reply = await desk.thread()
        await desk.idle(bot)
        await erase_person(bot.engine, jane, is_dry_run=False, with_posts=False)
        await pressed(desk, reply, label)
        await desk.idle(bot)
        receipt = await erase_person(bot.engine, jane, is_dry_run=False, with_posts=True)
    assert receipt.removed == Removed(deleted=3)
    assert slack.replies(parent.channel, parent.ts) == []
