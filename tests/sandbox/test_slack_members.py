"""`users.list` over real sockets: pages, cursors, bounds and the scope it needs."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.operations.clock import system_clock
from sandbox.slack import SlackWorkspace, start_slack
from sandbox.slack.people import User


@pytest.fixture
async def slack() -> AsyncIterator[SlackWorkspace]:
    async with start_slack(system_clock) as workspace:
        yield workspace


@pytest.fixture
def client(slack: SlackWorkspace) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url, retry_handlers=[])


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


async def test_everybody_is_on_exactly_one_page(slack: SlackWorkspace, client: AsyncWebClient) -> None:
    seen: list[str] = []
    cursor, pages = None, 0
    while cursor != "":
        answer = await client.users_list(limit=4, cursor=cursor)
        assert len(answer["members"]) <= 4
        seen += [member["id"] for member in answer["members"]]
        cursor, pages = answer["response_metadata"]["next_cursor"], pages + 1
    assert seen == list(slack.state.users)
    assert pages == -(-len(seen) // 4)
    whole = await client.users_list()
    assert [member["id"] for member in whole["members"]] == seen


async def test_a_bot_is_told_with_its_app_and_nobodys_address_without_its_scope(
    slack: SlackWorkspace, client: AsyncWebClient
) -> None:
    members = {member["id"]: member for member in (await client.users_list())["members"]}
    ours = members[slack.people.bot]
    assert ours["is_bot"]
    assert ours["profile"]["api_app_id"] == "A0CASEFILE"
    assert members[slack.people.deactivated]["deleted"]
    assert all("email" not in member["profile"] for member in members.values())
    slack.scopes.add("users:read.email")
    members = {member["id"]: member for member in (await client.users_list())["members"]}
    assert members[slack.people.agent]["profile"]["email"] == "ana@contoso.example"


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"cursor": "of my own"}, "invalid_cursor"),
        ({"cursor": "user:99999"}, "invalid_cursor"),
        ({"limit": 1_001}, "invalid_limit"),
        ({"limit": -1}, "invalid_limit"),
    ],
)
async def test_what_slack_would_not_take_is_refused(
    client: AsyncWebClient, arguments: dict[str, Any], error: str
) -> None:
    assert await refusal(client.users_list(**arguments)) == error


async def test_a_large_workspace_wants_a_limit_and_the_scope_is_needed(
    slack: SlackWorkspace, client: AsyncWebClient
) -> None:
    for number in range(1_000):
        slack.state.users[f"U1{number}"] = User(f"U1{number}", f"p{number}", f"P {number}")
    assert await refusal(client.users_list()) == "limit_required"
    assert (await client.users_list(limit=1_000))["response_metadata"]["next_cursor"]
    slack.scopes.discard("users:read")
    assert await refusal(client.users_list(limit=10)) == "missing_scope"
