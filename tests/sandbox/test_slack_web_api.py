"""The Web API over real sockets, called by Slack's own client."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.operations.clock import system_clock
from sandbox.slack import Limit, SlackWorkspace, broadcasts, start_slack

SAY = {"type": "section", "text": {"type": "mrkdwn", "text": "3 sessions"}}


@pytest.fixture
async def slack() -> AsyncIterator[SlackWorkspace]:
    async with start_slack(system_clock) as workspace:
        yield workspace


@pytest.fixture
def client(slack: SlackWorkspace) -> AsyncWebClient:
    # Without its own retries: a refusal is what these tests are about.
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


async def test_a_wrong_token_and_an_unknown_method_are_refused(slack: SlackWorkspace) -> None:
    stranger = AsyncWebClient("xoxb-other", base_url=slack.api_url)
    assert await refusal(stranger.auth_test()) == "invalid_auth"
    assert await refusal(stranger.api_call("chat.shout")) == "unknown_method"
    assert await refusal(AsyncWebClient("", base_url=slack.api_url).auth_test()) == "not_authed"


async def test_the_answer_names_the_granted_scopes(slack: SlackWorkspace, client: AsyncWebClient) -> None:
    answer = await client.auth_test()
    assert set(answer.headers["x-oauth-scopes"].split(",")) == slack.scopes


async def test_a_missing_scope_is_named(slack: SlackWorkspace, client: AsyncWebClient) -> None:
    slack.scopes.discard("chat:write")
    with pytest.raises(SlackApiError) as refused:
        await client.chat_postMessage(channel=slack.places.support, text="hello")
    assert refused.value.response["error"] == "missing_scope"
    assert refused.value.response["needed"] == "chat:write"


@pytest.mark.parametrize(
    ("place", "expected"),
    [
        ("private_without_bot", "channel_not_found"),
        ("direct_between_people", "channel_not_found"),
        ("archived", "is_archived"),
    ],
)
async def test_the_bot_cannot_post_where_it_is_not(
    slack: SlackWorkspace, client: AsyncWebClient, place: str, expected: str
) -> None:
    channel = getattr(slack.places, place)
    assert await refusal(client.chat_postMessage(channel=channel, text="hello")) == expected


async def test_a_public_channel_it_is_not_in_takes_a_scope_of_its_own(
    slack: SlackWorkspace, client: AsyncWebClient
) -> None:
    await client.chat_postMessage(channel=slack.places.general, text="hello")
    slack.scopes.discard("chat:write.public")
    assert (
        await refusal(client.chat_postMessage(channel=slack.places.general, text="hello")) == "not_in_channel"
    )


async def test_a_post_keeps_its_thread_its_metadata_and_its_unfurl_flags(
    slack: SlackWorkspace, client: AsyncWebClient
) -> None:
    support = slack.places.support
    root = await client.chat_postMessage(channel=support, text="one", blocks=[SAY])
    metadata = {"event_type": "job", "event_payload": {"id": "7"}}
    await client.chat_postMessage(
        channel=support, text="two", thread_ts=root["ts"], metadata=metadata, unfurl_links=False
    )
    (message,) = slack.messages(support)
    (reply,) = slack.replies(support, message.ts)
    assert (reply.text, reply.metadata, reply.content.unfurl_links) == ("two", metadata, False)
    page = await client.conversations_replies(channel=support, ts=message.ts, include_all_metadata=True)
    assert [one["text"] for one in page["messages"]] == ["one", "two"]
    assert page["messages"][1]["metadata"] == metadata
    bare = await client.conversations_replies(channel=support, ts=message.ts)
    assert "metadata" not in bare["messages"][1]


async def test_a_reply_to_nothing_is_refused(slack: SlackWorkspace, client: AsyncWebClient) -> None:
    call = client.chat_postMessage(channel=slack.places.support, text="x", thread_ts="1.000001")
    assert await refusal(call) == "thread_not_found"
    assert slack.violations


async def test_an_edit_keeps_what_was_said_before_and_when(client: AsyncWebClient) -> None:
    now = datetime(2026, 11, 20, 14, tzinfo=UTC)
    moments = [now]
    async with start_slack(lambda: moments[-1]) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        posted = await client.chat_postMessage(channel=slack.places.support, text="one", blocks=[SAY])
        moments.append(now + timedelta(seconds=2))
        await client.chat_update(channel=posted["channel"], ts=posted["ts"], text="two")
        (message,) = slack.messages(slack.places.support)
        assert (message.text, message.edited_at) == ("two", now + timedelta(seconds=2))
        assert [(old.text, old.at) for old in message.edits] == [("one", now)]
        assert message.blocks == message.edits[0].blocks


async def test_only_its_own_messages_can_be_edited(slack: SlackWorkspace, client: AsyncWebClient) -> None:
    support = slack.places.support
    other = await slack.post_as_user(support, slack.people.agent, "mine")
    assert await refusal(client.chat_update(channel=support, ts=other.ts, text="x")) == "cant_update_message"
    assert await refusal(client.chat_update(channel=support, ts="1.1", text="x")) == "message_not_found"


async def test_an_ephemeral_message_needs_its_reader_in_the_channel_and_is_never_found_again(
    slack: SlackWorkspace, client: AsyncWebClient
) -> None:
    support, agent = slack.places.support, slack.people.agent
    shown = await client.chat_postEphemeral(channel=support, user=agent, text="psst")
    assert [m.text for m in slack.ephemerals(support, agent)] == ["psst"]
    assert slack.messages(support) == []
    assert (
        await refusal(client.chat_update(channel=support, ts=shown["message_ts"], text="x"))
        == "message_not_found"
    )
    stranger = slack.people.stranger
    call = client.chat_postEphemeral(channel=support, user=stranger, text="psst")
    assert await refusal(call) == "user_not_in_channel"


async def test_a_channel_that_the_bot_cannot_see_is_not_described(
    slack: SlackWorkspace, client: AsyncWebClient
) -> None:
    places = slack.places
    shared = await client.conversations_info(channel=places.shared)
    assert shared["channel"]["is_ext_shared"] is True
    assert (await client.conversations_info(channel=places.general))["channel"]["is_member"] is False
    for hidden in (places.private_without_bot, places.direct_between_people):
        assert await refusal(client.conversations_info(channel=hidden)) == "channel_not_found"
    assert await refusal(client.conversations_history(channel=places.general)) == "not_in_channel"


async def test_people_are_described_with_what_access_depends_on(
    slack: SlackWorkspace, client: AsyncWebClient
) -> None:
    people = slack.people
    guest = (await client.users_info(user=people.single_channel_guest))["user"]
    assert guest["is_restricted"]
    assert guest["is_ultra_restricted"]
    stranger = (await client.users_info(user=people.stranger))["user"]
    assert stranger["is_stranger"]
    assert stranger["team_id"] != (await client.auth_test())["team_id"]
    assert (await client.users_info(user=people.deactivated))["user"]["deleted"] is True
    assert await refusal(client.users_info(user="U0NOBODY")) == "user_not_found"


async def test_posting_faster_than_slack_allows_is_refused_with_a_time_to_wait() -> None:
    async with start_slack(
        system_clock, limits={"chat.postMessage": Limit(2, 60, in_each_channel=True)}
    ) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        for _ in range(2):
            await client.chat_postMessage(channel=slack.places.support, text="x")
        await client.chat_postMessage(channel=slack.places.random, text="each channel counts alone")
        with pytest.raises(SlackApiError) as refused:
            await client.chat_postMessage(channel=slack.places.support, text="x")
        assert refused.value.response.status_code == 429
        assert int(refused.value.response.headers["Retry-After"]) >= 1


async def test_faults_come_in_the_order_they_were_asked_for(
    slack: SlackWorkspace, client: AsyncWebClient
) -> None:
    slack.fail_next("auth.test", error="account_inactive")
    slack.fail_next("auth.test", retry_after=1)
    assert await refusal(client.auth_test()) == "account_inactive"
    assert await refusal(client.auth_test()) == "ratelimited"
    assert (await client.auth_test())["ok"]
    assert [call.method for call in slack.api_calls] == ["auth.test"] * 3


async def test_a_lost_answer_is_lost_after_the_call_took_effect(
    slack: SlackWorkspace, client: AsyncWebClient
) -> None:
    slack.fail_next("chat.postMessage", lose_answer=True)
    with pytest.raises(aiohttp.ClientError):
        await client.chat_postMessage(channel=slack.places.support, text="x")
    assert [m.text for m in slack.messages(slack.places.support)] == ["x"]


async def test_a_held_answer_waits_for_its_event(slack: SlackWorkspace, client: AsyncWebClient) -> None:
    gate = asyncio.Event()
    slack.fail_next("chat.postMessage", hold=gate)
    call = asyncio.create_task(client.chat_postMessage(channel=slack.places.support, text="x"))
    await slack.wait_for(lambda: slack.messages(slack.places.support))
    assert not call.done()
    gate.set()
    assert (await call)["ok"]


async def test_a_message_that_rings_everybody_is_a_violation(
    slack: SlackWorkspace, client: AsyncWebClient
) -> None:
    await client.chat_postMessage(channel=slack.places.support, text="&lt;!channel&gt; is only text")
    assert slack.violations == []
    await client.chat_postMessage(channel=slack.places.support, text="<!here|look>")
    assert broadcasts(slack.messages(slack.places.support)[-1]) == {"here"}
    assert len(slack.violations) == 1


async def test_a_link_is_unfurled_by_the_letter_of_its_event_and_without_rich_text(
    slack: SlackWorkspace, client: AsyncWebClient
) -> None:
    url = "https://app.fullstory.example/ui/1"
    slack.unfurl_domains.add("fullstory.example")
    slack.subscribed_events.add("link_shared")
    support = slack.places.support
    message = await slack.post_as_user(support, slack.people.agent, f"see <{url}>")
    await client.chat_unfurl(channel=support, ts=message.ts, unfurls={url: {"blocks": [SAY]}})
    assert url in slack.messages(support)[0].unfurls
    wrong = client.chat_unfurl(channel=support, ts=message.ts, unfurls={f"{url}/": {"blocks": [SAY]}})
    assert await refusal(wrong) == "cannot_unfurl_url"
    rich = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}]
    call = client.chat_unfurl(channel=support, ts=message.ts, unfurls={url: {"blocks": rich}})
    assert await refusal(call) == "invalid_blocks"


async def test_a_trigger_id_opens_one_modal(slack: SlackWorkspace, client: AsyncWebClient) -> None:
    view: Any = {"type": "modal", "title": {"type": "plain_text", "text": "Find"}, "blocks": [SAY]}
    trigger = slack.state.new_trigger(slack.people.agent)
    assert (await client.views_open(trigger_id=trigger, view=view))["ok"]
    assert await refusal(client.views_open(trigger_id=trigger, view=view)) == "exchanged_trigger_id"
    assert await refusal(client.views_open(trigger_id="x", view=view)) == "invalid_trigger_id"
