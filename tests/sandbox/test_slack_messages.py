"""What Slack tells an app of messages: new, edited, unfurled, deleted, in every kind of conversation."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import SlackWorkspace, Stub
from tests.sandbox.heard import Ears, listening

EMAIL: dict[str, Any] = {
    "id": "F0EMAIL01",
    "mode": "email",
    "filetype": "email",
    "title": "Cannot pay",
    "subject": "Cannot pay",
    "from": [{"address": "jane@contoso.example", "name": "Jane", "original": "Jane <jane@contoso.example>"}],
    "plain_text": "I cannot pay.",
}
SAY = {"type": "section", "text": {"type": "mrkdwn", "text": "3 sessions"}}


@pytest.fixture
async def desk() -> AsyncIterator[tuple[SlackWorkspace, Ears]]:
    async with listening() as (slack, ears):
        yield slack, ears


Desk = tuple[SlackWorkspace, Ears]


def client_of(slack: SlackWorkspace) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


@pytest.mark.parametrize(
    ("place", "kind", "subscription"),
    [
        ("support", "channel", "message.channels"),
        ("private_with_bot", "group", "message.groups"),
        ("direct_with_bot", "im", "message.im"),
        ("group_direct_with_bot", "mpim", "message.mpim"),
    ],
)
async def test_messages_are_heard_in_every_kind_of_conversation_that_is_subscribed(
    desk: Desk, place: str, kind: str, subscription: str
) -> None:
    slack, ears = desk
    channel = getattr(slack.places, place)
    await slack.post_as_user(channel, slack.people.agent, "hello")
    slack.subscribed_events.discard(subscription)
    await slack.post_as_user(channel, slack.people.agent, "hello again")
    assert [(event["channel_type"], event["text"]) for event in ears.events] == [(kind, "hello")]


async def test_a_mention_is_heard_as_such_but_not_between_two(desk: Desk) -> None:
    slack, ears = desk
    mention = f"<@{slack.people.bot}> hello"
    for place in (slack.places.support, slack.places.direct_with_bot, slack.places.general):
        await slack.post_as_user(place, slack.people.agent, mention)
    kinds = [(event["type"], event["channel"]) for event in ears.events]
    support, direct = slack.places.support, slack.places.direct_with_bot
    assert kinds == [("message", support), ("app_mention", support), ("message", direct)]


async def test_another_apps_message_carries_what_that_app_gave_it_and_nothing_of_ours(desk: Desk) -> None:
    slack, ears = desk
    await slack.post_as_app(slack.places.support, "x", app_id=None, subtype="bot_message", username="Zendesk")
    (event,) = ears.events
    assert (event["subtype"], event["username"], event["bot_id"]) == ("bot_message", "Zendesk", "B0HELPDESK")
    assert {"app_id", "user"}.isdisjoint(event)


async def test_an_app_edits_text_blocks_and_attachments_and_the_edit_says_what_was_there(desk: Desk) -> None:
    slack, ears = desk
    posted = await slack.post_as_app(slack.places.support, "one", attachments=[{"text": "old"}])
    await slack.edit_message(posted, "two", blocks=[SAY], attachments=[{"text": "new"}])
    edit = ears.events[-1]
    assert (edit["subtype"], edit["hidden"]) == ("message_changed", True)
    assert {"user", "bot_id", "text"}.isdisjoint(edit)
    assert edit["ts"] > posted.ts
    now, before = edit["message"], edit["previous_message"]
    assert (now["ts"], now["text"], now["attachments"]) == (posted.ts, "two", [{"text": "new"}])
    assert (now["blocks"], now["edited"]["user"]) == ([SAY], "B0HELPDESK")
    assert (before["text"], before["attachments"]) == ("one", [{"text": "old"}])


async def test_an_unfurl_changes_a_message_without_an_edit_mark(desk: Desk) -> None:
    slack, ears = desk
    posted = await slack.post_as_app(slack.places.support, "see <https://chat.example/1>")
    await slack.unfurl_message(posted, {"text": "Jane", "from_url": "https://chat.example/1"})
    now = ears.events[-1]["message"]
    assert now["attachments"][0]["text"] == "Jane"
    assert "edited" not in now


async def test_a_deleted_message_is_told_of_and_one_with_replies_leaves_a_note(desk: Desk) -> None:
    slack, ears = desk
    support = slack.places.support
    alone, root = [await slack.post_as_app(support, text) for text in ("alone", "root")]
    await slack.post_as_user(support, slack.people.agent, "reply", thread_ts=root.ts)
    await slack.delete_message(alone)
    gone = ears.events[-1]
    assert (gone["subtype"], gone["deleted_ts"]) == ("message_deleted", alone.ts)
    assert gone["previous_message"]["text"] == "alone"
    await slack.delete_message(root)
    note = ears.events[-1]
    assert (note["subtype"], note["message"]["subtype"]) == ("message_changed", "tombstone")
    assert [m.ts for m in slack.messages(support)] == [root.ts]


async def test_an_app_hears_of_what_it_does_itself(desk: Desk) -> None:
    slack, ears = desk
    client, support = client_of(slack), slack.places.support
    posted = await client.chat_postMessage(channel=support, text="one")
    await slack.wait_for(lambda: len(ears.events) == 1)
    await client.chat_update(channel=support, ts=posted["ts"], text="two")
    await slack.wait_for(lambda: len(ears.events) == 2)
    await client.chat_delete(channel=support, ts=posted["ts"])
    await slack.wait_for(lambda: len(ears.events) == 3)
    new, edit, gone = ears.events
    ours = slack.people.bot_id
    assert (new["bot_id"], new["app_id"]) == (ours, "A0CASEFILE")
    assert (edit["subtype"], edit["message"]["bot_id"], "bot_id" in edit) == ("message_changed", ours, False)
    assert (gone["subtype"], gone["previous_message"]["bot_id"]) == ("message_deleted", ours)


async def test_nothing_is_told_of_what_only_one_person_sees(desk: Desk) -> None:
    slack, ears = desk
    agent, support = slack.people.agent, slack.places.support
    await client_of(slack).chat_postEphemeral(channel=support, user=agent, text="psst")
    await slack.post_as_user(support, agent, "hello")
    assert [event["text"] for event in ears.events] == ["hello"]


async def test_an_event_can_come_three_times_under_one_id(desk: Desk) -> None:
    slack, ears = desk
    posted = await slack.post_as_app(slack.places.support, "New ticket")
    again = await slack.deliver_again(posted, 2)
    assert len({payload["event_id"] for payload in ears.payloads}) == 1
    numbers = [headers.get("x-slack-retry-num") for headers in ears.headers]
    assert numbers == [None, "1", "2"]
    assert ears.headers[-1]["x-slack-retry-reason"] == "http_timeout"
    assert all(delivery.acknowledged for delivery in again)
    unheard = await slack.post_as_app(slack.places.general, "not in here")
    with pytest.raises(LookupError):
        await slack.deliver_again(unheard)


@pytest.mark.parametrize("stub", Stub)
async def test_a_file_may_come_as_a_stub_whose_rest_is_asked_for(desk: Desk, stub: Stub) -> None:
    slack, ears = desk
    await slack.post_as_app(
        slack.places.support, subtype="file_share", user="USLACKBOT", files=[EMAIL], stub_files=stub
    )
    (file,) = ears.events[0]["files"]
    assert file["id"] == EMAIL["id"]
    assert {"from", "plain_text"}.isdisjoint(file)
    whole = await client_of(slack).files_info(file=EMAIL["id"])
    assert whole["file"]["from"][0]["address"] == "jane@contoso.example"


async def test_a_file_is_given_only_with_the_scope_and_where_the_bot_is(desk: Desk) -> None:
    slack, _ = desk
    await slack.post_as_app(slack.places.general, files=[EMAIL])
    assert await refusal(client_of(slack).files_info(file=EMAIL["id"])) == "file_not_found"
    await slack.post_as_app(slack.places.support, files=[EMAIL])
    assert (await client_of(slack).files_info(file=EMAIL["id"]))["ok"]
    slack.scopes.discard("files:read")
    assert await refusal(client_of(slack).files_info(file=EMAIL["id"])) == "missing_scope"


async def test_an_event_that_was_written_out_can_be_replied_to_whatever_its_subtype(desk: Desk) -> None:
    slack, _ = desk
    event = {"type": "message", "subtype": "bot_message", "channel": slack.places.support, "text": "x"}
    await slack.send_event(event | {"ts": "1700000000.000100", "bot_id": "B1", "username": "Zendesk"})
    client = client_of(slack)
    reply = await client.chat_postMessage(
        channel=slack.places.support, thread_ts="1700000000.000100", text="y"
    )
    assert reply["ok"]


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])
