"""The same tiny Bolt app over signed HTTP and over Socket Mode: what Slack's own framework makes of us."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.app.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult
from slack_sdk.web.async_client import AsyncWebClient

from bot.operations.clock import system_clock
from sandbox.slack import SlackWorkspace, plain_text, start_slack

BUTTON = {"type": "button", "action_id": "more", "value": "7", "text": {"type": "plain_text", "text": "More"}}
BLOCKS = [
    {
        "type": "section",
        "text": {"type": "mrkdwn", "text": "*3 sessions* of <mailto:a@b.example|a@b.example>"},
    },
    {"type": "actions", "elements": [BUTTON]},
]


def tiny_app(slack: SlackWorkspace) -> tuple[AsyncApp, list[Any]]:
    """An app with one listener for each kind of delivery, and the list of what they received."""
    heard: list[Any] = []

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=None,
            team_id="T0CONTOSO1",
            bot_token=slack.bot_token,
            bot_id=slack.people.bot_id,
            bot_user_id=slack.people.bot,
        )

    app = AsyncApp(
        client=AsyncWebClient(slack.bot_token, base_url=slack.api_url),
        signing_secret=slack.signing_secret,
        authorize=authorize,
        process_before_response=True,
    )

    async def command(ack: Any, body: Any, client: Any) -> None:
        heard.append(body)
        await ack(f"Looking up {body['text']}")
        await client.chat_postMessage(channel=body["channel_id"], text="3 sessions", blocks=BLOCKS)

    async def click(ack: Any, body: Any, respond: Any) -> None:
        heard.append(body)
        await ack()
        await respond(text=f"More of {body['actions'][0]['value']}", replace_original=False)

    async def shortcut(ack: Any, body: Any, client: Any) -> None:
        heard.append(body)
        await ack()
        await client.chat_postMessage(
            channel=body["channel"]["id"], thread_ts=body["message"]["ts"], text="found"
        )

    async def message(event: Any, context: Any, request: Any) -> None:
        heard.append((event, context.actor_team_id, request.headers.get("x-slack-retry-num")))

    app.command("/sessions")(command)
    app.action("more")(click)
    app.shortcut("find_sessions")(shortcut)
    app.event("message")(message)
    return app, heard


@asynccontextmanager
async def by_http(slack: SlackWorkspace, app: AsyncApp) -> AsyncIterator[None]:
    runner = web.AppRunner(app.server(port=1, host="127.0.0.1").web_app, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        slack.connect(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
        assert await slack.verify_request_url()
        yield
    finally:
        await runner.cleanup()


@asynccontextmanager
async def by_socket(slack: SlackWorkspace, app: AsyncApp) -> AsyncIterator[None]:
    handler = AsyncSocketModeHandler(app, slack.app_token)
    await handler.connect_async()  # type: ignore[no-untyped-call]
    try:
        await slack.wait_for(lambda: slack.connections)
        yield
    finally:
        await handler.close_async()  # type: ignore[no-untyped-call]


@pytest.fixture(params=[by_http, by_socket], ids=["http", "socket"])
async def connected(request: pytest.FixtureRequest) -> AsyncIterator[tuple[SlackWorkspace, list[Any]]]:
    async with AsyncExitStack() as stack:
        slack = await stack.enter_async_context(start_slack(system_clock))
        app, heard = tiny_app(slack)
        await stack.enter_async_context(request.param(slack, app))
        yield slack, heard
        assert slack.violations == []


Connected = tuple[SlackWorkspace, list[Any]]


async def test_a_command_is_acknowledged_with_a_line_for_its_author_and_answered_in_the_channel(
    connected: Connected,
) -> None:
    slack, heard = connected
    done = await slack.type_command(slack.places.support, slack.people.agent, "/sessions a@b.example")
    assert done.error is None
    assert done.seen
    assert (done.seen.text, done.seen.only_for) == ("Looking up a@b.example", slack.people.agent)
    (posted,) = await slack.wait_for(lambda: slack.messages(slack.places.support))
    assert plain_text(posted) == "3 sessions of a@b.example\n[More]".replace("3 sessions", "*3 sessions*")
    assert heard[0]["channel_name"] == "support"
    assert "thread_ts" not in heard[0]
    assert heard[0]["text"] == "a@b.example"


async def test_a_click_carries_the_message_and_is_answered_to_the_one_who_clicked(
    connected: Connected,
) -> None:
    slack, heard = connected
    support, colleague = slack.places.support, slack.people.colleague
    await slack.type_command(support, slack.people.agent, "/sessions a@b.example")
    (posted,) = await slack.wait_for(lambda: slack.messages(support))
    done = await slack.press(support, posted.ts, "more", colleague)
    assert done.error is None
    (answer,) = await slack.wait_for(lambda: slack.ephemerals(support, colleague))
    assert answer.text == "More of 7"
    assert heard[-1]["message"]["ts"] == heard[-1]["container"]["message_ts"] == posted.ts
    assert heard[-1]["user"]["id"] == colleague


async def test_a_message_shortcut_is_answered_in_the_thread_of_its_message(connected: Connected) -> None:
    slack, _ = connected
    support, agent = slack.places.support, slack.people.agent
    ticket = await slack.post_as_app(support, "New ticket")
    await slack.use_shortcut(support, ticket.ts, "find_sessions", agent)
    (reply,) = await slack.wait_for(lambda: slack.replies(support, ticket.ts))
    assert reply.text == "found"


async def test_messages_are_told_of_only_once_they_are_subscribed_to(connected: Connected) -> None:
    slack, heard = connected
    await slack.post_as_user(slack.places.support, slack.people.agent, "hello")
    assert heard == []
    slack.subscribed_events.add("message.channels")
    await slack.post_as_user(slack.places.support, slack.people.agent, "hello again")
    await slack.post_as_user(slack.places.general, slack.people.agent, "not in here")
    assert [event["text"] for event, *_ in heard] == ["hello again"]


async def test_a_redelivered_command_is_the_same_payload(connected: Connected) -> None:
    slack, heard = connected
    first = await slack.type_command(slack.places.support, slack.people.agent, "/sessions a@b.example")
    again = await slack.redeliver(first)
    assert heard[0] == heard[1]
    assert again.trigger_id == first.trigger_id


async def test_a_redelivered_event_says_which_repetition_it_is(connected: Connected) -> None:
    slack, heard = connected
    event = {"type": "message", "channel": slack.places.shared, "user": slack.people.stranger}
    event |= {"text": "hi", "ts": "1700000000.000100", "team": "T0FABRIKAM", "user_team": "T0FABRIKAM"}
    first = await slack.send_event(event)
    again = await slack.redeliver(first)
    assert [number for *_, number in heard] == [None, ["1"]] or [n for *_, n in heard] == [None, "1"]
    assert first.payload["is_ext_shared_channel"] is True
    assert again.event_id == first.event_id


async def test_socket_mode_goes_on_after_its_connections_were_refreshed() -> None:
    async with start_slack(system_clock) as slack:
        app, _ = tiny_app(slack)
        async with by_socket(slack, app):
            await slack.refresh_connections()
            await slack.wait_for(lambda: slack.connections)
            done = await slack.type_command(slack.places.support, slack.people.agent, "/sessions u-77")
            assert done.error is None
