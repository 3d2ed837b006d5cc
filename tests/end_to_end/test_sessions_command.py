"""`/sessions` as an agent uses it, each kind of acknowledgement over both transports."""

import asyncio

import pytest

from bot.answers import progress
from bot.answers.buttons import REFRESH, SHOW_MORE
from sandbox.faults import Fault
from sandbox.slack import Message, plain_text
from tests.end_to_end.conftest import BY_BOTH_TRANSPORTS, Desk
from tests.end_to_end.privacy import without_sealed

JANE = "jane@contoso.example"


# What only this tool's links have.
SHOWN_BY = {
    "fullstory": "//app.fullstory.com/ui/",
    "raygun": "//app.raygun.com/rum/",
    "rybbit": "/1407/user/",
}


def is_shown(vendor: str, text: str) -> bool:
    """Whether an answer has what this tool recorded."""
    return SHOWN_BY[vendor] in text


@BY_BOTH_TRANSPORTS
async def test_a_customer_is_found_by_address_in_one_parent_and_one_reply(desk: Desk) -> None:
    async with desk.casefile():
        outcome = await desk.ask(JANE)
        assert outcome.error is None
        parent, reply = await desk.thread()
    assert len(desk.posts()) == 1
    assert JANE in plain_text(parent)
    assert "On the site now" in plain_text(parent)
    assert f"<@{desk.world.slack.people.agent}>" in str(parent.blocks)
    said = plain_text(reply)
    for vendor in SHOWN_BY:
        assert is_shown(vendor, said)
    assert "Cannot read properties of undefined" in said
    assert reply.thread_ts == parent.ts


async def test_a_customer_is_found_by_uid(desk: Desk) -> None:
    async with desk.casefile():
        await desk.ask("cust-8841")
        parent, reply = await desk.thread()
    said = plain_text(reply)
    assert "2 visits" in plain_text(parent)
    assert "4 tools, all live" in said
    assert "Lagos" in said


async def test_an_address_typed_as_slack_links_it_is_understood(desk: Desk) -> None:
    async with desk.casefile():
        await desk.ask(f"<mailto:{JANE}|{JANE}> 7d")
        parent, _ = await desk.thread()
    assert "last 7 days" in plain_text(parent)


PASTED = [
    f"Jane Doe &lt;{JANE}&gt; 7d",
    f"\u200b{JANE}\u200e, 7d",
    "jane＠contoso．example ７ｄ",
    f"{JANE} (Jane) 7d",
]


async def test_an_address_is_understood_as_it_is_pasted(desk: Desk) -> None:
    async with desk.casefile():
        for number, words in enumerate(PASTED, 1):
            await desk.ask(words)
            parent, _ = await desk.thread(number=number)
            assert JANE in plain_text(parent), words
            assert "last 7 days" in plain_text(parent), words


NOT_UNDERSTOOD = {
    f"{JANE} 400d": "Between 1 and 365 days",
    f"{JANE} please": "only a number of days",
    "jane@localhost": "looks like an address and is none",
    "<tel:+64215550123|+64 21 555 0123>": "a phone number",
    "<@U0SOMEBODY|jane>": "not a customer",
}


async def test_what_is_not_understood_is_said_to_the_asker_alone(desk: Desk) -> None:
    async with desk.casefile() as bot:
        for words, why in NOT_UNDERSTOOD.items():
            outcome = await desk.ask(words)
            assert outcome.seen is not None, words
            assert why in plain_text(outcome.seen), words
            await desk.idle(bot)
    assert desk.posts() == []


async def test_an_address_with_capitals_is_found(desk: Desk) -> None:
    async with desk.casefile():
        await desk.ask("Amir.Haddad@Northwind.example")
        _, reply = await desk.thread()
    assert is_shown("rybbit", plain_text(reply))


async def test_a_customer_whose_address_contains_anothers_is_not_confused_with_them(desk: Desk) -> None:
    async with desk.casefile():
        await desk.ask("ann@wingtip.example")
        _, reply = await desk.thread()
    assert "u-71" in str(reply.blocks)
    assert "u-72" not in without_sealed(str(reply.blocks))


async def test_where_nobody_is_found_it_says_where_it_looked_and_what_helps(desk: Desk) -> None:
    async with desk.casefile():
        await desk.ask("nobody+tag@contoso.example")
        parent, reply = await desk.thread()
    # Raygun may know them by a uid, which nobody has told.
    assert "Nothing found by this name in the last 30 days · Raygun may know them" in plain_text(parent)
    said = plain_text(reply)
    assert "FullStory, Rybbit and UXCam in the last 30 days" in said
    assert "Raygun by this name in the last 30 days" in said
    assert "nobody@contoso.example" in said


# What each source makes of each fault, and that the others answer meanwhile, is tested from near.
FAULTS = [
    ("fullstory", Fault.SLOW, "4 tools, all live"),
    ("raygun", Fault.RATE_LIMITED, "asks us to wait"),
    ("rybbit", Fault.BROKEN, "has trouble of its own"),
    ("fullstory", Fault.TRUNCATED, "broke its answer off"),
    ("raygun", Fault.HTML, "something that is not JSON"),
    ("rybbit", Fault.HUGE, "more than 10 MiB"),
    ("fullstory", Fault.REFUSED, "refuses our key"),
    ("raygun", Fault.BROKEN, "has trouble of its own"),
]


@pytest.mark.parametrize(("vendor", "fault", "words"), FAULTS, ids=lambda value: str(value).replace(" ", "-"))
async def test_one_sources_failure_is_said_and_hides_no_other_answer(
    desk: Desk, vendor: str, fault: Fault, words: str
) -> None:
    getattr(desk.world, vendor).fault = fault
    async with desk.casefile():
        await desk.ask("cust-8841")
        _, reply = await desk.thread()
    said = plain_text(reply)
    assert words in said
    assert all(is_shown(other, said) for other in SHOWN_BY if other != vendor or fault is Fault.SLOW)


@pytest.mark.parametrize("vendor", ["fullstory", "raygun", "rybbit"])
async def test_a_source_that_hangs_is_said_to_be_late_and_hides_no_other_answer(
    desk: Desk, vendor: str
) -> None:
    desk.extra["LOOKUP__DEADLINE_SECONDS"] = "1.5"
    getattr(desk.world, vendor).fault = Fault.HANG
    late, others = "did not answer within 1.5 s", [other for other in SHOWN_BY if other != vendor]

    def whole() -> str | None:
        """The reply with what the others recorded, when this or an earlier version said who was late."""
        for reply in replies(desk):
            now, earlier = plain_text(reply), "".join(str(version.blocks) for version in reply.edits)
            if late in now + earlier and all(is_shown(other, now) for other in others):
                return now
        return None

    async with desk.casefile():
        await desk.ask("cust-8841")
        said = await desk.world.slack.wait_for(whole)
    assert not is_shown(vendor, said)


def replies(desk: Desk) -> list[Message]:
    """The replies in the threads of the bot's posts."""
    slack = desk.world.slack
    return [m for post in desk.posts() for m in slack.replies(slack.places.support, post.ts)]


async def test_an_answer_after_the_deadline_is_edited_in(desk: Desk) -> None:
    desk.extra["LOOKUP__DEADLINE_SECONDS"] = "0.3"
    desk.world.raygun.hold = hold = asyncio.Event()
    async with desk.casefile() as bot:
        await desk.ask("cust-8841")
        slack = desk.world.slack
        await slack.wait_for(
            lambda: any("did not answer within 0.3 s" in plain_text(reply) for reply in replies(desk))
        )
        hold.set()
        await slack.wait_for(lambda: any(is_shown("raygun", plain_text(reply)) for reply in replies(desk)))
        _, reply = await desk.thread()
        await slack.wait_for(lambda: b"casefile_lookup_seconds_count 1.0" in bot.engine.metrics.text())
        told = bot.engine.metrics.text().decode()
    # From accepting on: the waiting for the slow vendor is part of it.
    assert float(told.partition("\ncasefile_lookup_seconds_sum ")[2].split()[0]) >= 0.3
    assert is_shown("raygun", plain_text(reply))
    assert "4 tools, all live" in plain_text(reply)
    assert any("did not answer within 0.3 s" in str(version.blocks) for version in reply.edits)


async def test_nobody_waits_for_the_slowest_and_edits_are_few(desk: Desk) -> None:
    desk.world.raygun.hold = hold = asyncio.Event()
    async with desk.casefile():
        await desk.ask("cust-8841")
        slack = desk.world.slack
        await slack.wait_for(lambda: any(is_shown("fullstory", plain_text(reply)) for reply in replies(desk)))
        early_parent, early_reply = await desk.thread(done=False)
        hold.set()
        parent, reply = await desk.thread()
    assert is_shown("fullstory", plain_text(early_reply))
    assert "asking Raygun" in plain_text(early_parent)
    assert 1 <= len(reply.edits) <= 3
    assert len(parent.edits) <= 1


async def test_where_nothing_answers_within_a_second_it_is_posted_all_the_same(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_FIRST_AFTER_SECONDS", 1.0)
    hold = asyncio.Event()
    for vendor in desk.world.vendors:
        vendor.hold = hold
    async with desk.casefile():
        await desk.ask("cust-8841")
        parent, _ = await desk.thread(done=False)
        assert "sking FullStory, Raygun, Rybbit and UXCam" in plain_text(parent)
        hold.set()
        await desk.thread()


async def test_where_all_sources_fail_nobody_is_claimed_to_be_missing(desk: Desk) -> None:
    for vendor in desk.world.vendors:
        vendor.fault = Fault.BROKEN
    async with desk.casefile():
        await desk.ask(JANE)
        parent, reply = await desk.thread()
    assert "No source could answer" in plain_text(parent)
    assert plain_text(reply).count("has trouble of its own") == 4


async def test_a_fully_cached_answer_is_one_parent_and_one_reply_without_edits(desk: Desk) -> None:
    async with desk.casefile() as bot:
        await desk.ask("cust-8841")
        await desk.thread()
        await desk.idle(bot)
        calls = [len(vendor.calls) for vendor in desk.world.vendors]
        await desk.ask("cust-8841")
        parent, reply = await desk.thread(number=2)
    assert [len(vendor.calls) for vendor in desk.world.vendors] == calls
    assert (parent.edits, reply.edits) == ((), ())
    assert "asked just now" in plain_text(reply)


@BY_BOTH_TRANSPORTS
async def test_the_same_command_delivered_twice_is_answered_once(desk: Desk) -> None:
    async with desk.casefile() as bot:
        outcome = await desk.ask(JANE)
        await desk.world.slack.redeliver(outcome)
        await desk.thread()
        await desk.world.slack.redeliver(outcome)
        await desk.idle(bot)
    assert len(desk.posts()) == 1


async def test_when_rayguns_quota_is_spent_the_answer_says_until_when(desk: Desk) -> None:
    desk.extra["RAYGUN__SHOP__DAILY_CALLS"] = "1"
    async with desk.casefile():
        await desk.ask(JANE)
        _, reply = await desk.thread()
    said = plain_text(reply)
    assert "Raygun was not asked" in said
    assert said.count("Replay: FullStory") == 4


@BY_BOTH_TRANSPORTS
async def test_refresh_asks_the_vendors_anew_and_edits_the_answer(desk: Desk) -> None:
    async with desk.casefile() as bot:
        await desk.ask("cust-8841")
        parent, reply = await desk.thread()
        before = len(desk.world.fullstory.calls)
        desk.world.fullstory.fault = Fault.BROKEN
        await desk.world.slack.press(reply.channel, reply.ts, REFRESH, desk.world.slack.people.colleague)
        await desk.idle(bot)
        _, again = await desk.thread()
    assert len(desk.world.fullstory.calls) == before + 2
    assert "has trouble of its own" in plain_text(again)
    assert "FullStory: what it said" in plain_text(again)
    assert len(again.edits) > len(reply.edits)
    assert f"<@{desk.world.slack.people.agent}>" in str(parent.blocks)


async def test_show_more_shows_twenty_and_asks_nobody(desk: Desk) -> None:
    async with desk.casefile() as bot:
        await desk.ask("busy@tailspin.example")
        _, reply = await desk.thread()
        await desk.idle(bot)
        calls = [len(vendor.calls) for vendor in desk.world.vendors]
        await desk.world.slack.press(reply.channel, reply.ts, SHOW_MORE, desk.world.slack.people.agent)
        await desk.idle(bot)
        _, more = await desk.thread()
    assert [len(vendor.calls) for vendor in desk.world.vendors] == calls
    assert plain_text(more).count(" · 60 s") <= plain_text(more).count("min")
    assert len(more.blocks) == len(reply.blocks) + 15


@BY_BOTH_TRANSPORTS
async def test_anything_else_gets_a_private_line_that_says_what_is_understood(desk: Desk) -> None:
    async with desk.casefile():
        for words in ("help", "", "jane@", "a b c", "jane@contoso.example someday"):
            outcome = await desk.ask(words)
            assert outcome.seen is not None, words
            assert "jane@contoso.example 7d fresh" in plain_text(outcome.seen), words
    assert desk.posts() == []


@BY_BOTH_TRANSPORTS
async def test_debug_says_privately_what_is_left(desk: Desk) -> None:
    async with desk.casefile():
        await desk.ask("debug")
        message = await desk.ephemeral(such="How the tools are")
    assert "50 of 50 calls left in 24 h" in plain_text(message)


async def test_hostile_text_of_customers_mentions_nobody(desk: Desk) -> None:
    async with desk.casefile():
        await desk.ask("mallory@litware.example")
        _, reply = await desk.thread()
    assert "<!channel>" not in str(reply.blocks)
    assert "secret" not in str(reply.blocks)
