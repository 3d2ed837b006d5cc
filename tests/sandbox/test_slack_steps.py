"""A step of the app's in a workflow: who may run it, what the app hears of it, and its one end."""

from typing import Any

import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.manifest import STEP
from sandbox.slack import SlackWorkspace
from sandbox.slack.steps import install
from tests.sandbox.heard import listening

GOOD = {"answer": "a visit", "found": True, "complete": True, "visits": 1, "errors": 0}


def client(slack: SlackWorkspace, token: str = "") -> AsyncWebClient:
    return AsyncWebClient(token or slack.bot_token, base_url=slack.api_url, retry_handlers=[])


async def refusal(call: Any) -> str:
    with pytest.raises(SlackApiError) as refused:
        await call
    return str(refused.value.response["error"])


def inputs(slack: SlackWorkspace, **given: object) -> dict[str, object]:
    return {"customer": "jane@contoso.example", "channel": slack.places.support} | given


async def test_the_event_says_who_runs_it_in_the_one_input_that_slack_fills_in() -> None:
    async with listening() as (slack, ears):
        install(slack.state)
        await slack.run_step(slack.people.agent, STEP, inputs(slack))
        [event] = ears.events
    assert "user" not in event
    assert event["function"]["callback_id"] == STEP
    assert event["inputs"]["person"]["id"] == slack.people.agent
    assert event["bot_access_token"].startswith("xwfp-")


@pytest.mark.parametrize(
    ("user", "given", "why"),
    [
        (None, {}, "cannot be published"),
        ("U0STRANGER", {}, "home_team_only"),
        ("U0AGENT001", {"customer": ""}, "customer is missing"),
        ("U0AGENT001", {"channel": 7}, "channel is no slack#/types/channel_id"),
        ("U0AGENT001", {"days": 7}, "days is no parameter"),
    ],
)
async def test_what_workflow_builder_would_not_take_is_not_run(
    user: str | None, given: dict[str, object], why: str
) -> None:
    async with listening() as (slack, ears):
        install(slack.state)
        outcome = await slack.run_step(user, STEP, inputs(slack, **given))
    assert why in str(outcome.error)
    assert ears.events == []


async def test_an_app_without_the_step_or_its_event_has_none() -> None:
    async with listening() as (slack, _):
        assert (await slack.run_step(slack.people.agent, STEP, inputs(slack))).error
        install(slack.state)
        slack.subscribed_events.discard("function_executed")
        assert (await slack.run_step(slack.people.agent, STEP, inputs(slack))).error


@pytest.mark.parametrize(
    "outputs",
    [
        {name: value for name, value in GOOD.items() if name != "complete"},
        GOOD | {"visits": "1"},
        GOOD | {"found": 1},
        GOOD | {"more": "than the manifest says"},
    ],
)
async def test_outputs_that_are_not_as_the_manifest_says_end_nothing(outputs: dict[str, object]) -> None:
    async with listening() as (slack, ears):
        install(slack.state)
        await slack.run_step(slack.people.agent, STEP, inputs(slack))
        name = ears.events[0]["function_execution_id"]
        ended = client(slack).functions_completeSuccess(function_execution_id=name, outputs=outputs)
        assert await refusal(ended) == "parameter_validation_failed"
        assert not slack.state.executions[name].is_over


async def test_a_step_is_ended_once_by_its_own_token_or_the_bots() -> None:
    async with listening() as (slack, ears):
        install(slack.state)
        for _ in range(2):
            await slack.run_step(slack.people.agent, STEP, inputs(slack))
        first, second = ears.events
        name, token = first["function_execution_id"], first["bot_access_token"]
        bot, own, other = client(slack), client(slack, token), client(slack, second["bot_access_token"])
        wrong = other.functions_completeSuccess(function_execution_id=name, outputs=GOOD)
        assert await refusal(wrong) == "access_denied"
        nowhere = bot.functions_completeError(function_execution_id="Fx0", error="no")
        assert await refusal(nowhere) == "function_execution_not_found"
        silent = bot.functions_completeError(function_execution_id=name, error="")
        assert await refusal(silent) == "invalid_arguments"
        await own.functions_completeSuccess(function_execution_id=name, outputs=GOOD)
        again = own.functions_completeSuccess(function_execution_id=name, outputs=GOOD)
        assert await refusal(again) == "token_revoked"
        by_bot = bot.functions_completeError(function_execution_id=name, error="too late")
        assert await refusal(by_bot) == "execution_not_in_running_state"
        await bot.functions_completeError(
            function_execution_id=second["function_execution_id"], error="nobody was looked up"
        )
    assert slack.state.executions[name].outputs == GOOD
    assert slack.state.executions[second["function_execution_id"]].error == "nobody was looked up"
