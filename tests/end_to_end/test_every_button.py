"""Every button and menu below our messages, pressed by every kind of person in every kind of place."""

from typing import Any

import pytest

from bot.answers.buttons import (
    ANSWER_MENU,
    LOOK_FURTHER,
    MORE_OF_PERSON,
    MUTE,
    REFRESH,
    REMOVE,
    SESSION_ERRORS,
    SHOW_MORE,
    STOP_WATCHING,
    TRY_OTHER,
    WATCH,
)
from bot.answers.prompts import LOOK_UP
from bot.answers.targets.masked import SHARE_HERE, SHOW_ME
from sandbox.slack import Message
from sandbox.vendors.uxcam import session_url as uxcam_url
from tests.end_to_end.conftest import Desk
from tests.end_to_end.every_way_in import JANE, Act, Row, Table, button, fill, option

NOBODY, MANY_VISITS = "nobody+tag@contoso.example", "busy@tailspin.example"
OFFERED = f"New <https://acme.zendesk.com/agent/tickets/9|#9>\n\nplease write to {JANE}, bob@x.example"
TICKET = f"New <https://acme.zendesk.com/agent/tickets/9|#9>\nRequester: {JANE}"
MASKED = {"VISIBILITY": "masked"}
FOUND = "found"


@pytest.fixture(params=["http"])
def transport(request: pytest.FixtureRequest) -> str:
    """Who is let in is the same by either transport: `test_sessions_command.py` runs both."""
    return str(request.param)


async def answer(table: Table, subject: str) -> Message:
    """The reply below the answer about somebody."""
    await table.desk.ask(subject, user=table.admin)
    await table.desk.idle(table.bot)
    _, reply = await table.desk.thread()
    return reply


async def below_ticket(table: Table, text: str) -> Message:
    """What the bot says below a ticket."""
    slack = table.slack
    root = await slack.post_as_app(table.support, text)
    await slack.wait_for(lambda: slack.replies(root.channel, root.ts))
    await table.desk.idle(table.bot)
    [ours] = slack.replies(root.channel, root.ts)
    return ours  # type: ignore[no-any-return]


def pressing(table: Table, on: Message, action: str, *where: str) -> Act:
    async def act(who: str, channel: str) -> None:
        await table.press(on, action, who, channel, *where)

    return act


async def refresh(table: Table) -> Act:
    return pressing(table, await answer(table, JANE), REFRESH)


async def more_visits(table: Table) -> Act:
    return pressing(table, await answer(table, MANY_VISITS), SHOW_MORE)


async def thirty_more_days(table: Table) -> Act:
    reply = await answer(table, JANE)
    return pressing(table, reply, ANSWER_MENU, *option(reply, ANSWER_MENU, "look_further"))


async def is_it_just_them(table: Table) -> Act:
    reply = await answer(table, JANE)
    return pressing(table, reply, ANSWER_MENU, *option(reply, ANSWER_MENU, "others"))


async def is_it_watched(table: Table) -> Act:
    reply = await answer(table, JANE)
    return pressing(table, reply, ANSWER_MENU, *option(reply, ANSWER_MENU, "~watching"))


async def watch_this_thread(table: Table) -> Act:
    reply = await answer(table, JANE)
    return pressing(table, await told_whether_watched(table, reply, "No:"), WATCH)


async def stop_watching(table: Table) -> Act:
    ours = await below_ticket(table, TICKET)
    return pressing(table, await told_whether_watched(table, ours, "Yes:"), STOP_WATCHING)


async def told_whether_watched(table: Table, ours: Message, such: str) -> Message:
    """What the admin is told of an answer's thread."""
    block, value = option(ours, ANSWER_MENU, "~watching")
    await table.slack.press(ours.channel, ours.ts, ANSWER_MENU, table.admin, block, option=value)
    return await table.desk.ephemeral(user=table.admin, channel=ours.channel, such=such)


async def thirty_more_days_where_nobody_is(table: Table) -> Act:
    return pressing(table, await answer(table, NOBODY), LOOK_FURTHER)


async def try_without_the_tag(table: Table) -> Act:
    return pressing(table, await answer(table, NOBODY), TRY_OTHER)


async def errors_in_this_visit(table: Table) -> Act:
    reply = await answer(table, JANE)
    return pressing(table, reply, SESSION_ERRORS, *option(reply, SESSION_ERRORS))


async def sum_up_this_visit(table: Table) -> Act:
    reply = await answer(table, JANE)
    menu = next(block["accessory"] for block in reply.blocks if block.get("accessory"))
    value = next(one["value"] for one in menu["options"] if one["text"]["text"] == "Sum up this visit")
    block, _ = option(reply, SESSION_ERRORS)
    return pressing(table, reply, SESSION_ERRORS, block, value)


async def thirty_more_days_in_the_menu(table: Table) -> Act:
    ours = await below_ticket(table, TICKET)
    return pressing(table, ours, ANSWER_MENU, *option(ours, ANSWER_MENU, "look_further"))


async def somebody_else_in_the_menu(table: Table) -> Act:
    ours = await below_ticket(table, TICKET)
    return pressing(table, ours, ANSWER_MENU, *option(ours, ANSWER_MENU, "ask_customer"))


async def remove(table: Table) -> Act:
    return pressing(table, await below_ticket(table, TICKET), REMOVE)


async def no_replies_here_in_the_menu(table: Table) -> Act:
    ours = await below_ticket(table, TICKET)
    return pressing(table, ours, ANSWER_MENU, *option(ours, ANSWER_MENU, MUTE))


async def no_replies_here_below_an_offer(table: Table) -> Act:
    return pressing(table, await below_ticket(table, OFFERED), MUTE)


async def name_in_an_offer(table: Table) -> Act:
    ours = await below_ticket(table, OFFERED)
    return pressing(table, ours, button(ours, f"{LOOK_UP}0"))


async def more_of_this_person(table: Table) -> Act:
    slack = table.slack
    noor = next(person for person in table.desk.world.people if person.email == "noor@contoso.example")
    pasted = await slack.post_as_user(table.support, table.admin, f"<{uxcam_url(noor, noor.visits[0])}>")
    await table.desk.idle(table.bot)
    return pressing(table, slack.state.find(pasted.channel, pasted.ts), MORE_OF_PERSON)


async def show_me(table: Table) -> Act:
    return pressing(table, await answer(table, JANE), SHOW_ME)


async def share_here(table: Table) -> Act:
    reply = await answer(table, JANE)
    await table.press(reply, SHOW_ME, table.admin, table.support)
    shown: Any = await table.desk.ephemeral(user=table.admin, such=JANE)
    await table.desk.idle(table.bot)

    async def act(who: str, channel: str) -> None:
        table.bring(reply.channel, reply.thread_ts, channel)
        await table.press(shown, SHARE_HERE, who, channel)

    return act


ROWS = {
    "Refresh": Row(refresh, "refresh", ("refresh", FOUND)),
    "More visits": Row(more_visits, "show_more", ("show_more", FOUND)),
    "30 more days": Row(thirty_more_days, "look_further", ("look_further", FOUND)),
    "30 more days, nobody": Row(thirty_more_days_where_nobody_is, "look_further", ("look_further", "nobody")),
    "Try": Row(try_without_the_tag, "try_other", ("try_other", "nobody")),
    "Is it just them?": Row(is_it_just_them, "others", ("others", FOUND)),
    "Errors in this visit": Row(errors_in_this_visit, "session_errors", ("session_errors", FOUND)),
    "Sum up this visit": Row(sum_up_this_visit, "session_summary", ("session_summary", FOUND)),
    "30 more days in a ticket": Row(thirty_more_days_in_the_menu, "look_further", ("look_further", FOUND)),
    "Somebody else in a ticket": Row(somebody_else_in_the_menu, "open_modal", None),
    "Is this thread watched?": Row(is_it_watched, "watch", ("watch", "told")),
    "Watch this thread": Row(watch_this_thread, "watch", ("watch", "watched")),
    "Stop watching": Row(stop_watching, "stop_watching", ("stop_watching", "unwatched")),
    "Remove": Row(remove, "remove", ("remove", "removed")),
    "No replies here": Row(no_replies_here_in_the_menu, "mute", ("mute", "muted")),
    "No replies here, offer": Row(no_replies_here_below_an_offer, "mute", ("mute", "muted")),
    "a name in an offer": Row(name_in_an_offer, "look_up", ("look_up", FOUND)),
    "More of this person": Row(more_of_this_person, "more", ("more", FOUND)),
    "Show me": Row(show_me, "show_me", ("show_me", FOUND), environment=MASKED),
    "Share here": Row(share_here, "share", ("share", FOUND), environment=MASKED),
}


@pytest.mark.parametrize("name", ROWS)
async def test_only_who_may_passes_and_each_press_is_in_the_trail(desk: Desk, name: str) -> None:
    told, expected, wronged = await fill(desk, ROWS[name])
    assert told == expected
    assert wronged == []
