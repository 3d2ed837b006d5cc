"""The client for Slack's Web API, against the sandbox's."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from aiohttp import web
from slack_sdk.errors import SlackApiError

from bot.operations.clock import system_clock
from bot.slack.client import SlackAway, SlackClient, open_slack_session
from bot.slack.rate_limits import RateLimits
from bot.storage.store import Store
from sandbox.slack import SlackWorkspace, start_slack


@pytest.fixture
async def slack() -> AsyncIterator[SlackWorkspace]:
    async with start_slack(system_clock) as workspace:
        yield workspace


@pytest.fixture
async def clients(slack: SlackWorkspace, store: Store) -> AsyncIterator[list[SlackClient]]:
    """Two clients, as two processes have them."""
    async with open_slack_session() as session:
        yield [SlackClient(slack.bot_token, slack.api_url, session, RateLimits(store)) for _ in range(2)]


def asked(slack: SlackWorkspace, method: str) -> list[str]:
    return [str(call.result.get("error", "ok")) for call in slack.api_calls if call.method == method]


async def test_what_slack_refuses_for_its_rate_is_repeated_when_it_may_be(
    slack: SlackWorkspace, clients: list[SlackClient]
) -> None:
    slack.fail_next("users.info", retry_after=1)
    answer = await clients[0].users_info(user=slack.people.agent)
    assert answer["ok"]
    assert asked(slack, "users.info") == ["ratelimited", "ok"]


async def test_the_other_processes_wait_too_and_are_refused_nothing(
    slack: SlackWorkspace, clients: list[SlackClient]
) -> None:
    slack.fail_next("users.info", retry_after=1)
    first = asyncio.create_task(clients[0].users_info(user=slack.people.agent))
    await slack.wait_for(lambda: asked(slack, "users.info"))
    await clients[1].users_info(user=slack.people.agent)
    await first
    assert asked(slack, "users.info").count("ratelimited") == 1


async def test_a_wish_to_be_left_alone_for_long_is_told_and_not_waited_for(
    slack: SlackWorkspace, clients: list[SlackClient]
) -> None:
    slack.fail_next("users.info", retry_after=3600)
    with pytest.raises(SlackAway) as away:
        await clients[0].users_info(user=slack.people.agent)
    assert (away.value.wait, away.value.unsure) == (timedelta(hours=1), False)
    with pytest.raises(SlackAway) as again:
        await clients[1].users_info(user=slack.people.agent)
    assert again.value.wait > timedelta(minutes=9)
    assert asked(slack, "users.info") == ["ratelimited"]


async def test_two_processes_together_keep_inside_a_methods_tier(
    slack: SlackWorkspace, clients: list[SlackClient]
) -> None:
    places = [slack.places.support, slack.places.random]
    await asyncio.gather(*(clients[n % 2].conversations_info(channel=places[n % 2]) for n in range(14)))
    assert asked(slack, "conversations.info") == ["ok"] * 14


@pytest.mark.parametrize(
    "fault",
    [{"status": 503}, {"error": "internal_error"}, {"lose_answer": True}],
    ids=["503", "internal_error", "lost"],
)
async def test_where_slack_is_ill_it_is_not_sure_what_was_done_and_nothing_is_repeated(
    slack: SlackWorkspace, clients: list[SlackClient], fault: dict[str, Any]
) -> None:
    slack.fail_next("chat.postMessage", **fault)
    with pytest.raises(SlackAway) as away:
        await clients[0].chat_postMessage(channel=slack.places.support, text="hello")
    assert away.value.unsure
    assert len(asked(slack, "chat.postMessage")) == 1


async def test_where_no_connection_is_made_nothing_was_done(store: Store) -> None:
    async with open_slack_session() as session:
        client = SlackClient("xoxb-1", "http://127.0.0.1:9/api/", session, RateLimits(store))
        with pytest.raises(SlackAway) as away:
            await client.auth_test()
    assert not away.value.unsure


async def test_an_answer_that_is_no_json_is_none(store: Store) -> None:
    async def cut_off(_request: web.Request) -> web.Response:
        return web.Response(text='{"ok": tr', content_type="application/json")

    app = web.Application()
    app.router.add_post("/api/auth.test", cut_off)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    try:
        async with open_slack_session() as session:
            client = SlackClient("xoxb-1", f"http://127.0.0.1:{port}/api/", session, RateLimits(store))
            with pytest.raises(SlackAway) as away:
                await client.auth_test()
        assert away.value.unsure
    finally:
        await runner.cleanup()


async def test_what_slack_refuses_otherwise_is_raised_as_it_is(clients: list[SlackClient]) -> None:
    with pytest.raises(SlackApiError):
        await clients[0].users_info(user="U404")
