"""Restarts, races and forged requests."""

import asyncio
import time

import pytest

from bot.app import Bot
from bot.domain.model import CaseFile, Subject, SubjectKind
from bot.sources.protocol import Effort, Question
from bot.storage.store import open_store
from bot.storage.tables import identities
from sandbox.slack import plain_text
from tests.conftest import stored
from tests.end_to_end.conftest import BY_BOTH_TRANSPORTS, TIMING, Desk, let_uxcam_be_asked_at_once

JANE = "jane@contoso.example"


async def test_fifty_lookups_at_once_of_one_customer_cost_no_more_calls_than_one(desk: Desk) -> None:
    for vendor in desk.world.vendors:
        vendor.latency = 0.1
    async with desk.casefile() as bot:
        await look_up(bot, "cust-8841")
        await desk.idle(bot)
        once = [len(vendor.calls) for vendor in desk.world.vendors]
        for vendor in desk.world.vendors:
            vendor.calls.clear()
        await asyncio.gather(*(look_up(bot, "cust-8841", fresh=True) for _ in range(50)))
        await desk.idle(bot)
    again = [len(vendor.calls) for vendor in desk.world.vendors]
    assert all(calls <= first for calls, first in zip(again, once, strict=True))


async def test_many_agents_asking_for_one_customer_at_once_are_all_answered_for_the_price_of_one(
    desk: Desk,
) -> None:
    slack = desk.world.slack
    places = [slack.places.support, slack.places.random, slack.places.private_with_bot, slack.places.general]
    async with desk.casefile() as bot:
        await asyncio.gather(*(desk.ask("cust-8841", channel=places[n % 4]) for n in range(12)))
        await desk.idle(bot)
    assert [len(desk.posts(place)) for place in places] == [3, 3, 3, 3]
    person = [call for call in desk.world.raygun.calls if "userIdentifier" in call.query]
    assert (sorted(call.path for call in desk.world.fullstory.calls), len(person)) == (
        ["/sessions/v2", "/v2/users"],
        1,
    )


async def test_51_customers_in_a_day_never_make_a_51st_call_to_raygun_with_a_restart_in_between(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    let_uxcam_be_asked_at_once(desk.world, monkeypatch)
    async with desk.casefile() as bot:
        for number in range(26):
            await look_up(bot, f"customer{number}@contoso.example", fresh=True)
    async with desk.casefile() as bot:
        for number in range(26, 52):
            await look_up(bot, f"customer{number}@contoso.example", fresh=True)
        last = await look_up(bot, "cust-8841")
    assert desk.world.raygun.refused_calls == 0
    assert desk.world.raygun.calls_counted <= 50
    raygun = next(finding for finding in last.findings if finding.source.vendor == "raygun")
    assert raygun.sessions


async def look_up(bot: Bot, value: str, *, fresh: bool = False) -> CaseFile:
    kind = SubjectKind.EMAIL if "@" in value else SubjectKind.UID
    effort = Effort.FRESH if fresh else Effort.USUAL
    return await bot.engine.lookup.until_deadline(Question(Subject(kind, value, value), 30, effort=effort))


@BY_BOTH_TRANSPORTS
async def test_a_restart_finishes_what_was_accepted_and_not_answered(desk: Desk) -> None:
    hold = asyncio.Event()
    async with desk.casefile():
        desk.world.slack.fail_next("users.info", hold=hold)
        await desk.ask(JANE)
        # As if killed: whoever worked on it is gone, and its lease runs out.
        for task in asyncio.all_tasks():
            if task.get_name().startswith("job "):
                task.cancel()
    hold.set()
    assert desk.posts() == []
    desk.world.clock.advance(TIMING.lease.total_seconds())
    async with desk.casefile():
        await desk.thread()
    assert len(desk.posts()) == 1


async def test_a_restart_between_parent_and_reply_posts_no_second_parent(desk: Desk) -> None:
    async with desk.casefile():
        desk.world.slack.fail_next("chat.postMessage")
        await desk.ask(JANE)
        await desk.thread()
    assert len(desk.posts()) == 1


async def test_what_says_all_that_there_is_to_say_is_not_edited_after_a_restart(desk: Desk) -> None:
    slack = desk.world.slack
    async with desk.casefile() as bot:
        await desk.ask(JANE)
        await desk.thread()
        await desk.idle(bot)
    # All is in the cache by now: what is posted first says it all. Then it ends in the middle of the reply.
    edits = sum(call.method == "chat.update" for call in slack.api_calls)
    async with desk.casefile():
        slack.fail_next("chat.postMessage", hold=asyncio.Event())
        await desk.ask(JANE)
        await slack.wait_for(lambda: len(desk.posts()) == 2)
    async with desk.casefile() as bot:
        await desk.thread(number=2)
        await desk.idle(bot)
    assert len(desk.posts()) == 2
    assert sum(call.method == "chat.update" for call in slack.api_calls) == edits


async def test_a_post_whose_answer_was_lost_is_looked_for_and_not_made_again(desk: Desk) -> None:
    desk.world.slack.fail_next("chat.postMessage", lose_answer=True)
    async with desk.casefile() as bot:
        await desk.ask(JANE)
        await desk.thread()
        await desk.idle(bot)
    assert len(desk.posts()) == 1


async def test_slacks_wish_to_wait_is_obeyed(desk: Desk) -> None:
    desk.world.slack.fail_next("chat.postMessage", retry_after=1)
    async with desk.casefile():
        await desk.ask(JANE)
        _, reply = await desk.thread()
    assert plain_text(reply).count("Replay: FullStory") == 4


async def test_what_was_cached_survives_a_restart_and_holds_no_address(desk: Desk) -> None:
    async with desk.casefile():
        await desk.ask(JANE)
        await desk.thread()
    calls = [len(vendor.calls) for vendor in desk.world.vendors]
    async with desk.casefile():
        await desk.ask(JANE)
        await desk.thread(number=2)
    assert [len(vendor.calls) for vendor in desk.world.vendors] == calls
    assert all(b"contoso" not in content for content in desk.database_files())


async def test_a_bot_that_nobody_asks_anything_deletes_what_is_too_old(desk: Desk) -> None:
    pair = {"email": "e", "uid": "u", "account": "fullstory/main", "sealed": "of a year ago", "seen_ms": 1}
    async with open_store(desk.settings.database_url) as store, store.write() as connection:
        await connection.execute(identities.insert().values(pair))
    async with desk.casefile() as bot, asyncio.timeout(60):
        while "of a year ago" in await stored(bot.engine.store):  # noqa: ASYNC110 - the database tells nobody
            await asyncio.sleep(0.02)


async def test_a_bad_signature_is_refused_with_401(desk: Desk) -> None:
    slack = desk.world.slack
    async with desk.casefile():
        body = "command=%2Fsessions&text=jane%40contoso.example&user_id=U1&channel_id=C1&trigger_id=1"
        headers = slack.sign(body) | {"Content-Type": "application/x-www-form-urlencoded"}
        for wrong in (
            headers | {"X-Slack-Signature": "v0=" + "0" * 64},
            slack.sign(body, int(time.time()) - 3600) | {"Content-Type": "application/x-www-form-urlencoded"},
            {"Content-Type": "application/x-www-form-urlencoded"},
        ):
            assert (await slack.post_raw(body, wrong)).status == 401
    assert desk.posts() == []


@pytest.mark.parametrize("transport", ["socket"])
async def test_socket_mode_connections_that_are_exchanged_lose_and_double_nothing(desk: Desk) -> None:
    slack = desk.world.slack
    places = [slack.places.support, slack.places.random, slack.places.general]
    async with desk.casefile() as bot:
        asked = []
        for number in range(12):
            if number % 4 == 2:
                await slack.refresh_connections("refresh_requested" if number < 6 else "link_disabled")
                await slack.wait_for(lambda: slack.connections)
            asked.append(await desk.ask(f"nobody{number}@contoso.example", channel=places[number % 3]))
        await desk.idle(bot)
    told = "".join(plain_text(post) for place in places for post in desk.posts(place))
    taken = [n for n, outcome in enumerate(asked) if outcome.delivery and outcome.delivery.acknowledged]
    assert len(taken) >= 9
    assert all(told.count(f"nobody{number}@contoso.example") == 1 for number in taken)
    # What no connection took is on the sandbox's record.
    slack.violations.clear()
