"""What names in TICKETS__APPS mean in a workspace, told by Slack's own list of its members."""

from collections.abc import AsyncIterator

import pytest
from structlog.testing import capture_logs

from bot.operations.clock import system_clock
from bot.slack.app_names import caution_about_names
from bot.slack.client import SlackClient, open_slack_session
from bot.slack.rate_limits import RateLimits
from bot.storage.store import Store
from sandbox.slack import SlackWorkspace, start_slack
from sandbox.slack.people import User


@pytest.fixture
async def slack() -> AsyncIterator[SlackWorkspace]:
    async with start_slack(system_clock) as workspace:
        yield workspace


@pytest.fixture
async def client(slack: SlackWorkspace, store: Store) -> AsyncIterator[SlackClient]:
    async with open_slack_session() as session:
        yield SlackClient(slack.bot_token, slack.api_url, session, RateLimits(store))


def bot(slack: SlackWorkspace, number: int, name: str, *, deleted: bool = False) -> None:
    user = User(
        f"U0BOT{number:04}",
        name.lower(),
        name,
        bot_id=f"B0BOT{number:04}",
        app_id=f"A0BOT{number:04}",
        deleted=deleted,
    )
    slack.state.users[user.id] = user


def people(slack: SlackWorkspace, count: int) -> None:
    for number in range(count):
        user = User(f"U0MANY{number:05}", f"person{number}", f"Person {number}")
        slack.state.users[user.id] = user


async def cautions(client: SlackClient, *apps: str) -> list[str]:
    with capture_logs() as logged:
        await caution_about_names(client, apps)
    return [line["caution"] for line in logged if line["event"] == "start.caution"]


def calls(slack: SlackWorkspace) -> int:
    return sum(call.method == "users.list" for call in slack.api_calls)


async def test_the_one_app_of_a_name_is_named_by_its_id(slack: SlackWorkspace, client: SlackClient) -> None:
    bot(slack, 1, "Zendesk")
    bot(slack, 2, "Front")
    bot(slack, 3, "Zendesk", deleted=True)
    [caution] = await cautions(client, "zendesk", "A0OTHER001")
    assert "'zendesk'" in caution
    assert "A0BOT0001" in caution
    assert "A0BOT0002" not in caution
    assert "A0BOT0003" not in caution


async def test_all_apps_of_a_name_are_named(slack: SlackWorkspace, client: SlackClient) -> None:
    bot(slack, 1, "Zendesk")
    bot(slack, 2, "Zendesk")
    [caution] = await cautions(client, "Zendesk")
    assert "2 apps" in caution
    assert "A0BOT0001, A0BOT0002" in caution


async def test_a_name_that_no_bot_has_is_said_too_though_a_person_has_it(client: SlackClient) -> None:
    [caution] = await cautions(client, "Ana Ferreira")
    assert "no bot of this workspace is called so" in caution


async def test_members_are_read_page_by_page(slack: SlackWorkspace, client: SlackClient) -> None:
    people(slack, 1_200)
    bot(slack, 1, "Zendesk")
    [caution] = await cautions(client, "Zendesk")
    assert "A0BOT0001" in caution
    assert calls(slack) == 3


async def test_members_are_not_read_without_end(slack: SlackWorkspace, client: SlackClient) -> None:
    people(slack, 10_100)
    bot(slack, 1, "Zendesk")
    [caution] = await cautions(client, "Zendesk")
    assert "no bot among the first members is called so" in caution
    assert calls(slack) == 20


@pytest.mark.parametrize("error", ["missing_scope", "internal_error", "limit_required"])
async def test_where_slack_does_not_tell_that_is_a_caution_and_no_failure(
    slack: SlackWorkspace, client: SlackClient, error: str
) -> None:
    slack.fail_next("users.list", error=error)
    [caution] = await cautions(client, "Zendesk", "Front")
    assert "'Zendesk', 'Front' could not be found out" in caution
    assert error in caution


async def test_where_only_ids_are_named_slack_is_not_asked(
    slack: SlackWorkspace, client: SlackClient
) -> None:
    assert await cautions(client, "A0ZENDESK1", "B0ZENDESK1") == []
    assert await cautions(client) == []
    assert calls(slack) == 0
