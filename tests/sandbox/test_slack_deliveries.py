"""Deliveries to an app that misbehaves, what Slack refuses by itself, and response_urls."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from slack_sdk.signature import SignatureVerifier

from bot.operations.clock import system_clock
from sandbox.slack import Panel, SlackWorkspace, TryThis, start_slack

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def app_that(answer: Answer, **options: Any) -> AsyncIterator[SlackWorkspace]:
    """A workspace with an app that answers every delivery with this function."""
    app = web.Application()
    app.router.add_post("/slack/events", answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        async with start_slack(system_clock, **options) as slack:
            slack.connect(f"http://127.0.0.1:{runner.addresses[0][1]}/slack/events")
            slack.courier.retry_waits = (0.0, 0.0, 0.0)
            yield slack
    finally:
        await runner.cleanup()


async def say_nothing(_request: web.Request) -> web.Response:
    return web.Response()


async def never(_request: web.Request) -> web.Response:
    await asyncio.Event().wait()
    return web.Response()


async def fail(_request: web.Request) -> web.Response:
    return web.Response(status=500)


async def test_a_command_that_is_not_acknowledged_in_time_fails_before_the_persons_eyes() -> None:
    async with app_that(never, ack_seconds=0.05) as slack:
        done = await slack.type_command(slack.places.support, slack.people.agent, "/sessions u-77")
        assert done.error == "operation_timeout"
        assert done.seen
        assert "operation_timeout" in done.seen.text
        assert slack.violations


async def test_a_command_answered_with_an_error_or_by_nobody_is_a_failed_dispatch() -> None:
    async with app_that(fail) as slack:
        done = await slack.type_command(slack.places.support, slack.people.agent, "/sessions u-77")
        assert done.error == "dispatch_failed"
        assert len(slack.violations) == 1
    async with start_slack(system_clock) as slack:
        done = await slack.type_command(slack.places.support, slack.people.agent, "/sessions u-77")
        assert done.error == "dispatch_failed"


async def test_slack_refuses_commands_in_threads_in_archived_channels_and_of_strangers() -> None:
    async with app_that(say_nothing) as slack:
        places, people = slack.places, slack.people
        root = await slack.post_as_user(places.support, people.agent, "hi")
        errors = [
            (await slack.type_command(places.support, people.agent, "/sessions x", thread_ts=root.ts)).error,
            (await slack.type_command(places.archived, people.agent, "/sessions x")).error,
            (await slack.type_command(places.shared, people.stranger, "/sessions x")).error,
            (await slack.type_command(places.support, people.agent, "/unheard-of")).error,
        ]
        assert errors == ["not_in_threads", "is_archived", "unknown_command", "unknown_command"]
        assert slack.deliveries == []


async def test_every_request_is_signed_and_a_private_channel_keeps_its_name() -> None:
    seen: list[tuple[bool, Any]] = []

    async def check(request: web.Request) -> web.Response:
        body = await request.text()
        genuine = SignatureVerifier(slack.signing_secret).is_valid_request(body, dict(request.headers))
        seen.append((genuine, await request.post()))
        return web.Response()

    async with app_that(check) as slack:
        await slack.type_command(slack.places.private_with_bot, slack.people.agent, "/sessions  a b")
        await slack.post_raw("text=x", {"X-Slack-Signature": "v0=0", "X-Slack-Request-Timestamp": "1"})
    (genuine, form), (forged, _) = seen
    assert (genuine, forged) == (True, False)
    assert (form["channel_name"], form["text"]) == ("privategroup", "a b")


async def test_an_unacknowledged_event_is_repeated_three_times_with_its_number_and_reason() -> None:
    heard: list[tuple[str | None, str | None]] = []

    async def refuse(request: web.Request) -> web.Response:
        headers = request.headers
        heard.append((headers.get("X-Slack-Retry-Num"), headers.get("X-Slack-Retry-Reason")))
        return web.Response(status=503)

    async with app_that(refuse) as slack:
        await slack.send_event({"type": "app_home_opened", "user": slack.people.agent})
        await slack.wait_for(lambda: len(slack.deliveries) == 4)
        assert {one.payload["event_id"] for one in slack.deliveries} == {
            slack.deliveries[0].payload["event_id"]
        }
    assert heard == [(None, None), *((str(n), "http_error") for n in (1, 2, 3))]


async def test_an_app_can_ask_for_no_repetition() -> None:
    async def refuse(_request: web.Request) -> web.Response:
        return web.Response(status=500, headers={"X-Slack-No-Retry": "1"})

    async with app_that(refuse) as slack:
        done = await slack.send_event({"type": "app_home_opened", "user": slack.people.agent})
        assert done.delivery
        assert not done.delivery.may_retry


async def test_a_response_url_is_good_for_five_uses_within_half_an_hour() -> None:
    moments = [datetime(2026, 11, 20, 14, tzinfo=UTC)]
    async with start_slack(lambda: moments[-1]) as slack, aiohttp.ClientSession() as session:
        agent, support = slack.people.agent, slack.places.support
        first, second = [
            (await slack.type_command(support, agent, "/sessions x")).response_url for _ in range(2)
        ]

        async def post(url: str, **body: Any) -> int:
            async with session.post(url, json=body) as response:
                return response.status

        statuses = [await post(first, text="1")]
        statuses += [await post(first, text=str(n)) for n in (2, 3, 4)]
        # What a command's URL has shown it does not edit.
        statuses += [await post(first, text=str(n), replace_original=True) for n in (5, 6)]
        assert statuses == [200] * 5 + [404]
        shown = [m for m in slack.ephemerals(support, agent) if m.user == slack.people.bot]
        assert [m.text for m in shown] == ["1", "2", "3", "4", "5"]
        assert slack.messages(support) == []
        moments.append(moments[0] + timedelta(minutes=30, seconds=1))
        assert await post(second, text="late") == 404
        edits, *others = slack.violations
        assert "replace_original" in edits
        assert others == ["response_url: used_url", "response_url: expired_url"]


async def test_an_acknowledgement_with_broken_blocks_is_a_violation() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.json_response({"text": "x", "blocks": [{"type": "marquee"}]})

    async with app_that(answer) as slack:
        done = await slack.type_command(slack.places.support, slack.people.agent, "/sessions u-77")
        assert done.error == "invalid_blocks"
        assert slack.violations


async def test_a_click_on_an_ephemeral_message_carries_its_place_and_not_its_text() -> None:
    button = {"type": "button", "action_id": "more", "text": {"type": "plain_text", "text": "More"}}
    blocks = [{"type": "actions", "elements": [button]}]

    async def answer(request: web.Request) -> web.Response:
        form = await request.post()
        return web.json_response({"text": "x", "blocks": blocks} if "command" in form else {})

    async with app_that(answer) as slack:
        agent, support = slack.people.agent, slack.places.support
        done = await slack.type_command(support, agent, "/sessions u-77")
        assert done.seen
        click = await slack.press(support, done.seen.ts, "more", agent)
        assert click.payload["container"]["is_ephemeral"] is True
        assert "message" not in click.payload
        with pytest.raises(LookupError):
            await slack.press(support, done.seen.ts, "more", slack.people.colleague)


async def test_the_page_types_commands_and_shows_each_person_only_what_is_theirs() -> None:
    async def answer(_request: web.Request) -> web.Response:
        return web.Response(text="Looking")

    panel = Panel(customers=(TryThis("jane@contoso.example", "12 sessions"),))
    async with app_that(answer, panel=panel) as slack, aiohttp.ClientSession(slack.base_url) as page:
        agent, support = slack.people.agent, slack.places.support
        typed = {"user": agent, "channel": support, "text": "/sessions u-77"}
        assert (await page.post("/page/type", json=typed)).status == 200
        assert (await page.post("/page/type", data=b"{}")).status == 415
        counts = {}
        for user in (agent, slack.people.colleague):
            response = await page.get("/page/view", params={"user": user, "channel": support})
            counts[user] = len((await response.json())["messages"])
        assert counts == {agent: 1, slack.people.colleague: 0}
        assert "jane@contoso.example" in await (await page.get("/page/panel")).text()
        for path in ("/", "/js/page.js", "/css/layout.css", "/js/blocks.js"):
            response = await page.get(path)
            assert "default-src 'none'" in response.headers["Content-Security-Policy"]


async def test_the_page_is_told_of_changes_and_is_closed_to_other_host_names() -> None:
    async with start_slack(system_clock) as slack, aiohttp.ClientSession(slack.base_url) as page:
        live = await page.get("/page/live")
        await live.content.readuntil(b"\n\n")
        await slack.post_as_user(slack.places.support, slack.people.agent, "hi")
        assert (await live.content.readuntil(b"\n\n")).startswith(b"data: ")
        assert (await page.get("/", headers={"Host": "sandbox.contoso.example"})).status == 403
        live.close()
