"""One member's many requests are held back with a word; the order of turns is in `test_worker.py`."""

import pytest

from bot.audit.search import search
from sandbox.slack import plain_text
from tests.end_to_end.conftest import Desk

JANE, LI = "jane@contoso.example", "li.wei@fabrikam.example"


@pytest.fixture(params=["socket"])
def transport(request: pytest.FixtureRequest) -> str:
    """Turns are the same by either transport: `test_sessions_command.py` runs both."""
    return str(request.param)


async def test_the_eleventh_request_of_a_minute_is_refused_with_a_word_and_a_colleagues_is_not(
    desk: Desk,
) -> None:
    slack = desk.world.slack
    desk.extra["ACCESS__PER_PERSON_MINUTE"] = "10"
    async with desk.casefile() as bot:
        for _ in range(10):
            await desk.ask("debug")
        await desk.ask(JANE)
        told = await slack.wait_for(
            lambda: next(
                (
                    m
                    for m in slack.ephemerals(slack.places.support, slack.people.agent)
                    if "You have asked 10" in plain_text(m)
                ),
                None,
            )
        )
        assert "Please ask again in" in plain_text(told)
        await desk.ask(LI, user=slack.people.colleague)
        parent, _ = await desk.thread()
        assert LI in plain_text(parent)
        await desk.idle(bot)
        rows = await search(bot.engine.store, bot.engine.keyring, by=slack.people.agent)
        assert "refused_too_often" in [row.outcome for row in rows]
    assert len(desk.posts()) == 1


async def test_who_floods_the_bot_is_told_as_often_as_one_may_ask_and_each_is_noted(desk: Desk) -> None:
    slack, guest = desk.world.slack, desk.world.slack.people.guest
    desk.extra["ACCESS__PER_PERSON_MINUTE"] = "3"
    slack.state.invite(slack.places.support, guest)
    async with desk.casefile() as bot:
        for _ in range(10):
            await slack.post_as_user(slack.places.support, guest, f"<@{slack.people.bot}> {JANE}")
        await desk.idle(bot)
        rows = await search(bot.engine.store, bot.engine.keyring, by=guest)
        hello = await slack.post_as_user(slack.places.support, slack.people.agent, "hello")
        for _ in range(4):
            await slack.use_shortcut(hello.channel, hello.ts, "find_sessions", slack.people.colleague)
        await desk.idle(bot)
        forms = await search(bot.engine.store, bot.engine.keyring, by=slack.people.colleague)
    assert [(row.way, row.outcome) for row in forms] == [("shortcut", "refused_too_often")]
    told = [plain_text(one) for one in slack.ephemerals(slack.places.support, guest)]
    assert ["You have asked 3" in one for one in told].count(True) == 3
    assert len(told) == 6
    assert [row.outcome for row in rows].count("refused_too_often") == 7


async def test_of_one_persons_pasted_addresses_so_many_a_minute_are_looked_at(desk: Desk) -> None:
    slack, guest = desk.world.slack, desk.world.slack.people.guest
    desk.extra["ACCESS__PER_PERSON_MINUTE"] = "3"
    place = slack.places.direct_between_people
    slack.state.invite(place, guest)
    async with desk.casefile() as bot:
        for number in range(10):
            page = f"<https://app.fullstory.com/ui/KWH/session/{number}:{number}>"
            await slack.post_as_user(place, guest, page)
        await desk.idle(bot)
        rows = await search(bot.engine.store, bot.engine.keyring, by=guest)
        # Slack says of no private place what it is: that is asked each time, and all share these calls.
        assert sum(call.method == "conversations.info" for call in slack.api_calls) == 3
    outcomes = [(row.way, row.outcome) for row in rows]
    assert outcomes.count(("card", "refused_guest")) == 3
    assert outcomes.count(("card", "refused_too_often")) == 7


async def test_who_has_used_their_share_of_a_small_quota_is_told_and_a_colleague_is_answered(
    desk: Desk,
) -> None:
    # Three of Raygun's 50 calls: a page, or one with a key that has run out and a login in between.
    desk.extra["ACCESS__PER_PERSON_QUOTA_SHARE"] = "0.06"
    slack, raygun = desk.world.slack, desk.world.raygun
    async with desk.casefile() as bot:
        await desk.ask(JANE)
        await desk.idle(bot)
        assert len(raygun.calls) == 2
        desk.world.clock.advance(2 * 3600)
        await desk.ask(JANE)
        told = plain_text((await desk.thread(number=2))[1])
        assert "your share of its calls is used for now; others can still ask; again:" in told
        assert "Raygun: what it said 2 h ago" in told
        assert len(raygun.calls) == 3
        await desk.ask(JANE, user=slack.people.colleague)
        assert "your share" not in plain_text((await desk.thread(number=3))[1])
        await desk.idle(bot)
        assert len(raygun.calls) == 6
