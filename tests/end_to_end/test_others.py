"""Is it just them? What each vendor of the sandbox counts, pressed below an answer and in the terminal."""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from bot.answers.buttons import ANSWER_MENU
from bot.cli.as_json.others_json import others_json
from bot.cli.lookup_text.screen import print_others
from bot.cli.main import run
from bot.domain.model import Subject, SubjectKind
from bot.engine.opening import open_engine
from bot.sources.protocol import Question
from sandbox.faults import Fault
from sandbox.people import RYBBIT, Customer, Visit
from sandbox.slack import Message, plain_text
from sandbox.world import World
from tests.end_to_end.conftest import Desk
from tests.end_to_end.test_raygun_webhook import pushed, pushing

JANE = "jane@contoso.example"
NOOR = Subject(SubjectKind.EMAIL, "noor@contoso.example", "noor@contoso.example")
NOBODY = Subject(SubjectKind.EMAIL, "nobody@contoso.example", "nobody@contoso.example")
CART = "Cannot read properties of undefined (reading 'total')"


@pytest.fixture(params=["http"])
def transport(request: pytest.FixtureRequest) -> str:
    """What is answered here is the same by either transport: `test_sessions_command.py` runs both."""
    return str(request.param)


def option_of(message: Message, name: str) -> str:
    [menu] = [
        element
        for block in message.blocks
        for element in block.get("elements", ())
        if element.get("action_id") == ANSWER_MENU
    ]
    [value] = [one["value"] for one in menu["options"] if f"~{name}:" in one["value"]]
    return str(value)


async def press(desk: Desk, reply: Message, user: str) -> None:
    await desk.world.slack.press(
        reply.channel, reply.ts, ANSWER_MENU, user, option=option_of(reply, "others")
    )


async def pressed(desk: Desk, reply: Message) -> str:
    """What stands in the thread of an answer after a colleague has pressed below it."""
    slack = desk.world.slack
    before = len(slack.replies(reply.channel, reply.thread_ts or reply.ts))
    await press(desk, reply, slack.people.colleague)
    ours = await slack.wait_for(
        lambda: next(iter(slack.replies(reply.channel, reply.thread_ts or reply.ts)[before:]), None)
    )
    return plain_text(ours)


async def answer(desk: Desk, subject: str) -> Message:
    await desk.ask(subject)
    _, reply = await desk.thread()
    return reply


def recent(world: World, days: int = 7) -> Iterator[tuple[Customer, Visit]]:
    """The visits that Rybbit recorded in the last days, as it counts days."""
    since = (world.clock() - timedelta(days=days - 1)).date()
    for person in world.people:
        if RYBBIT in person.vendors:
            yield from ((person, visit) for visit in person.visits if visit.ended_at.date() >= since)


def check_nobody_is_named(told: str, world: World, but: str) -> None:
    for person in world.people:
        names = (person.uid, person.email, person.name) if person.email != but else ()
        assert not [name for name in names if name and name in told]


async def test_rybbits_true_share_of_sessions_and_its_other_visitors_are_told(desk: Desk) -> None:
    async with desk.casefile():
        told = await pressed(desk, await answer(desk, JANE))
    seen = list(recent(desk.world))
    hit = [(person, visit) for person, visit in seen if CART in {error.message for error in visit.errors}]
    others = {person.number for person, _ in hit} - {77}
    assert others
    assert "Not just `jane@contoso.example` · TypeError" in told
    share = round(100 * len(hit) / len(seen))
    assert f"Rybbit: in {share} % of sessions ({len(hit)} of {len(seen)} in 7 days)" in told
    assert f"{len(others)} other user{'s' if len(others) > 1 else ''}; not only Wellington" in told
    assert "Raygun and FullStory cannot tell how many others" in told
    check_nobody_is_named(told, desk.world, JANE)


async def test_uxcams_true_share_of_crashes_is_told_with_the_customers_own_device(desk: Desk) -> None:
    world = desk.world
    async with desk.casefile():
        told = await pressed(desk, await answer(desk, NOOR.value))
    own = next(person for person in world.people if person.email == NOOR.value)
    crowd = [one for one in world.uxcam.crowd if one.app_version == own.app_version]
    crashed = [one for one in crowd if one.crashed]
    count, of_all = len(crashed) + 1, len(crowd) + len(own.visits)
    share = round(100 * count / of_all)
    assert f"UXCam: {share} % of sessions on app 5.2.0 crash ({count} of {of_all} in 7 days)" in told
    by_model = {
        model: {one.user for one in crashed if one.device_model == model}
        for model in {one.device_model for one in crashed}
    }
    assert f"at most {sum(map(len, by_model.values()))} other users" in told
    on_pixel = [one for one in crowd if one.device_model == own.device]
    here = f"{sum(one.crashed for one in on_pixel) + 1} of {len(on_pixel) + len(own.visits)}"
    assert f"{here} on Pixel 9 (theirs)" in told
    check_nobody_is_named(told, world, NOOR.value)


async def test_raygun_says_of_an_error_that_it_pushed_how_many_it_had_hit_by_then(desk: Desk) -> None:
    now = desk.world.clock()
    first, later = (
        {"usersAffected": users, "totalOccurrences": times, "lastOccurredOn": f"{at:%Y-%m-%dT%H:%M:%SZ}"}
        for users, times, at in ((1, 1, now - timedelta(minutes=2)), (41, 977, now))
    )
    async with pushing(desk) as (_bot, push):
        await push(pushed("NewErrorOccurred", JANE, **first))
        reply = await answer(desk, JANE)
        told = await pressed(desk, reply)
        assert "Whether it is just `jane@contoso.example` is not known · TypeError: cart is undefined" in told
        assert "Raygun: 1 time among all users; counted 2 min ago" in told
        await push(pushed("NewErrorOccurred", JANE, **later))
        told = await pressed(desk, reply)
    assert "Not just `jane@contoso.example` · TypeError: cart is undefined" in told
    assert "Raygun: 977 times among all users; at least 40 other users" in told


async def test_it_is_asked_only_when_pressed_and_once_an_hour(desk: Desk) -> None:
    async with desk.casefile():
        reply = await answer(desk, NOOR.value)
        assert not [call for call in desk.world.uxcam.calls if call.path.endswith("/analytics")]
        first = await pressed(desk, reply)
        calls = len(desk.world.uxcam.calls), len(desk.world.rybbit.calls)
        assert await pressed(desk, reply) == first
        assert (len(desk.world.uxcam.calls), len(desk.world.rybbit.calls)) == calls


async def test_a_vendor_that_cannot_be_asked_says_why_and_the_others_count(desk: Desk) -> None:
    async with desk.casefile():
        reply = await answer(desk, NOOR.value)
        desk.world.rybbit.fault = Fault.BROKEN
        told = await pressed(desk, reply)
    assert "Rybbit: Rybbit has trouble of its own" in told
    assert "Whether it is just `noor@contoso.example` is not known · PaymentError" in told
    assert "% of sessions on app 5.2.0 crash" in told


async def test_a_guest_may_not_press_it(desk: Desk) -> None:
    async with desk.casefile() as bot:
        reply = await answer(desk, JANE)
        before = len(desk.world.rybbit.calls)
        await press(desk, reply, desk.world.slack.people.guest)
        await desk.idle(bot)
    assert len(desk.world.rybbit.calls) == before


async def test_where_answers_are_for_the_asker_alone_so_is_this(desk: Desk) -> None:
    desk.extra["VISIBILITY"] = "ephemeral"
    async with desk.casefile() as bot:
        await desk.ask(JANE)
        await desk.ephemeral(such=JANE)
        await desk.idle(bot)
        shown = await desk.ephemeral(such=JANE)
        # What only they see has buttons in place of a menu.
        await desk.world.slack.press(shown.channel, shown.ts, "others", desk.world.slack.people.agent)
        told = await desk.ephemeral(such="Not just")
    assert "cannot tell how many others" in plain_text(told)
    assert desk.posts() == []


async def test_in_the_terminal_the_same_is_told_and_json_has_the_numbers(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    async with open_engine(desk.settings, desk.world.clock) as engine:
        case_file = await engine.lookup.within(Question(NOOR, 30), 60)
        hits = await engine.others.of(case_file)
        print_others(case_file, hits, engine.clock())
        printed = others_json(case_file, hits)
        nothing = await engine.lookup.within(Question(NOBODY, 30), 60)
        print_others(nothing, await engine.others.of(nothing), engine.clock())
    [crash] = [error for error in printed["errors"] if error["kind"] == "crash"]
    [uxcam] = [one for one in crash["told"] if one["vendor"] == "uxcam"]
    assert uxcam["share"] == round(uxcam["sessions"] / uxcam["of_sessions"], 4)
    assert [row["own"] for row in uxcam["crashes"]].count(True) == 1
    told = capsys.readouterr().out
    assert (
        f"% of sessions on app 5.2.0 crash ({uxcam['sessions']} of {uxcam['of_sessions']} in 7 days)" in told
    )
    assert "Nothing is known that went wrong for nobody@contoso.example" in told


def test_the_terminals_command_is_typed_as_lookup_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["others"]) == 2
    assert run(["others", "two words"]) == 2
    assert run(["others", JANE, "--days", "0"]) == 2
    assert "--days takes 1 to 365" in capsys.readouterr().err
