"""The Home tab as Slack handles it: opened, published, used, and what it refuses."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import SlackWorkspace
from tests.sandbox.heard import Ears, listening

Desk = tuple[SlackWorkspace, Ears]
BUTTON = {"type": "button", "action_id": "go", "text": {"type": "plain_text", "text": "Go"}}
FIELD = {"type": "plain_text_input", "action_id": "typed"}
ASKS = {
    "type": "input",
    "block_id": "who",
    "dispatch_action": True,
    "label": {"type": "plain_text", "text": "Who"},
    "element": FIELD,
}


def home(*blocks: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "home", "blocks": list(blocks or [{"type": "actions", "elements": [BUTTON]}])} | more


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with listening() as (slack, ears):
        slack.subscribed_events.add("app_home_opened")
        yield slack, ears


def client(slack: SlackWorkspace) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url)


async def test_opening_it_is_told_with_the_channel_and_the_tab_as_it_was_published(desk: Desk) -> None:
    slack, ears = desk
    admin = slack.people.admin
    await slack.open_home(admin)
    await client(slack).views_publish(user_id=admin, view=home(private_metadata="kept"))
    await slack.open_home(admin)
    await slack.open_home(admin, "messages")
    first, second, third = ears.events
    channel = slack.state.direct_channel(admin)
    assert (first["type"], first["user"], first["tab"]) == ("app_home_opened", admin, "home")
    assert {event["channel"] for event in ears.events} == {channel}
    assert "view" not in first
    assert second["view"]["private_metadata"] == "kept"
    assert third["tab"] == "messages"
    assert "view" not in third


async def test_nothing_is_told_to_an_app_that_has_not_subscribed(desk: Desk) -> None:
    slack, ears = desk
    slack.subscribed_events.discard("app_home_opened")
    await slack.open_home(slack.people.agent)
    assert ears.events == []


async def test_what_is_used_on_it_comes_with_what_the_fields_hold(desk: Desk) -> None:
    slack, ears = desk
    agent = slack.people.agent
    view = home(ASKS, {"type": "actions", "block_id": "row", "elements": [BUTTON]})
    published = await client(slack).views_publish(user_id=agent, view=view)
    await slack.press_in_home(agent, "go", values={"who": {"typed": "jane"}})
    await slack.press_in_home(agent, "typed", option="jane", values={"who": {"typed": "jane"}})
    pressed, entered = ears.payloads
    assert pressed["view"]["id"] == published["view"]["id"]
    assert pressed["view"]["state"]["values"]["who"]["typed"]["value"] == "jane"
    assert pressed["container"] == {"type": "view", "view_id": published["view"]["id"]}
    assert "channel" not in pressed
    assert entered["actions"][0]["value"] == "jane"


async def test_publishing_again_keeps_the_id_and_a_stale_hash_is_refused(desk: Desk) -> None:
    slack, _ears = desk
    agent, api = slack.people.agent, client(slack)
    first = await api.views_publish(user_id=agent, view=home())
    second = await api.views_publish(user_id=agent, view=home(), hash=first["view"]["hash"])
    assert first["view"]["id"] == second["view"]["id"]
    with pytest.raises(SlackApiError, match="hash_conflict"):
        await api.views_publish(user_id=agent, view=home(), hash=first["view"]["hash"])


@pytest.mark.parametrize(
    ("view", "error"),
    [
        (home(title={"type": "plain_text", "text": "A home has none"}), "invalid_arguments"),
        (home(*[{"type": "divider"}] * 101), "invalid_arguments"),
        (
            {"type": "modal", "title": {"type": "plain_text", "text": "x"}, "blocks": [{"type": "divider"}]},
            "in",
        ),
    ],
)
async def test_what_is_no_home_tab_is_refused(desk: Desk, view: dict[str, Any], error: str) -> None:
    slack, _ears = desk
    with pytest.raises(SlackApiError, match=error):
        await client(slack).views_publish(user_id=slack.people.agent, view=view)


async def test_nobodys_and_no_bots_tab_can_be_published_and_none_where_the_app_has_no_home(
    desk: Desk,
) -> None:
    slack, _ears = desk
    api = client(slack)
    for user in ("U0NOBODY", slack.people.bot, slack.people.deactivated):
        with pytest.raises(SlackApiError, match="user_not_found"):
            await api.views_publish(user_id=user, view=home())
    slack.state.has_home = False
    with pytest.raises(SlackApiError, match="not_enabled"):
        await api.views_publish(user_id=slack.people.agent, view=home())
