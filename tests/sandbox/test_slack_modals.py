"""Modals as Slack handles them: opening, filling in, submitting, closing, and its limits."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import pytest
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import SlackWorkspace, start_slack
from sandbox.slack.block_kit import check_view
from tests.sandbox.heard import Ears, listening

Desk = tuple[SlackWorkspace, Ears]


def text(words: str) -> dict[str, Any]:
    return {"type": "plain_text", "text": words}


def option(value: str) -> dict[str, Any]:
    return {"text": text(value), "value": value}


def field(kind: str = "plain_text_input", **more: Any) -> dict[str, Any]:
    return {"type": kind, "action_id": "text"} | more


def asks(element: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"type": "input", "block_id": "who", "label": text("Who"), "element": element or field()} | more


def modal(*blocks: Any, **more: Any) -> dict[str, Any]:
    view = {"type": "modal", "callback_id": "ask", "title": text("Find"), "submit": text("Go")}
    return view | {"blocks": list(blocks or [asks()])} | more


@pytest.fixture
async def desk() -> AsyncIterator[Desk]:
    async with listening() as (slack, ears):
        yield slack, ears


async def opened(slack: SlackWorkspace, view: dict[str, Any] | None = None) -> str:
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    trigger = slack.state.new_trigger(slack.people.agent)
    return str((await client.views_open(trigger_id=trigger, view=view or modal()))["view"]["id"])


async def test_what_was_filled_in_is_submitted_in_slacks_shape_and_closes_the_modal(desk: Desk) -> None:
    slack, ears = desk
    radio = field("radio_buttons", action_id="days", options=[option("1"), option("30")])
    menu = field("static_select", action_id="source", options=[option("a"), option("b")])
    boxes = field("checkboxes", action_id="boxes", options=[option("x"), option("y")])
    blocks = [
        asks(),
        asks(radio | {"initial_option": option("30")}, block_id="how-far"),
        asks(menu, block_id="where", optional=True),
        asks(boxes, block_id="which", optional=True),
    ]
    view_id = await opened(slack, modal(*blocks, private_metadata="C1/2"))
    given = {"who": {"text": "jane@contoso.example"}, "which": {"boxes": ["y"]}}
    done = await slack.submit_view(view_id, given)
    assert done.error is None
    heard = ears.payloads[-1]
    assert (heard["type"], heard["view"]["private_metadata"]) == ("view_submission", "C1/2")
    assert heard["view"]["state"]["values"] == {
        "who": {"text": {"type": "plain_text_input", "value": "jane@contoso.example"}},
        "how-far": {"days": {"type": "radio_buttons", "selected_option": option("30")}},
        "where": {"source": {"type": "static_select", "selected_option": None}},
        "which": {"boxes": {"type": "checkboxes", "selected_options": [option("y")]}},
    }
    assert slack.state.views == {}


@pytest.mark.parametrize(
    ("element", "value"),
    [
        (field(), ""),
        (field(max_length=3), "long"),
        (field(min_length=3), "ab"),
        (field("email_text_input"), "jane"),
        (field("radio_buttons", options=[option("1")]), None),
    ],
)
async def test_slacks_client_submits_nothing_that_does_not_fit_its_field(
    desk: Desk, element: dict[str, Any], value: str | None
) -> None:
    slack, ears = desk
    view_id = await opened(slack, modal(asks(element)))
    done = await slack.submit_view(view_id, {"who": {"text": value}})
    assert (done.error, done.delivery, ears.payloads) == ("invalid_input", None, [])
    assert slack.state.views[view_id].errors["who"]


async def test_the_apps_errors_stand_at_their_fields_until_the_next_try(desk: Desk) -> None:
    slack, ears = desk
    view_id = await opened(slack)
    ears.answer = lambda _: {"response_action": "errors", "errors": {"who": "That is no address."}}
    await slack.submit_view(view_id, {"who": {"text": "x"}})
    assert slack.state.views[view_id].errors == {"who": "That is no address."}
    ears.answer = lambda _: None
    await slack.submit_view(view_id, {"who": {"text": "jane@contoso.example"}})
    assert slack.state.views == {}
    assert slack.violations == []


@pytest.mark.parametrize(
    "answer",
    [
        {"response_action": "errors", "errors": {"elsewhere": "x"}},
        {"response_action": "errors", "errors": {}},
        {"response_action": "vanish"},
        {"text": "done"},
        {"response_action": "update", "view": {"type": "modal", "title": {}, "blocks": []}},
    ],
)
async def test_an_answer_to_a_submission_that_slack_does_not_know_is_a_violation(
    desk: Desk, answer: dict[str, Any]
) -> None:
    slack, ears = desk
    view_id = await opened(slack)
    ears.answer = lambda _: answer
    done = await slack.submit_view(view_id, {"who": {"text": "x"}})
    assert done.error
    assert slack.violations
    assert view_id in slack.state.views


async def test_a_submission_may_update_push_or_clear_all_modals(desk: Desk) -> None:
    slack, ears = desk
    view_id = await opened(slack)
    given = {"who": {"text": "x"}}
    ears.answer = lambda _: {"response_action": "update", "view": modal(title=text("Next"))}
    await slack.submit_view(view_id, given)
    assert slack.state.views[view_id].body["title"]["text"] == "Next"
    ears.answer = lambda _: {"response_action": "push", "view": modal(title=text("On top"))}
    await slack.submit_view(view_id, given)
    top = list(slack.state.views.values())[-1]
    assert (len(slack.state.views), top.root) == (2, view_id)
    ears.answer = lambda _: {"response_action": "clear"}
    await slack.submit_view(top.id, given)
    assert slack.state.views == {}
    assert slack.violations == []


async def test_a_button_inside_a_modal_tells_what_the_fields_hold(desk: Desk) -> None:
    slack, ears = desk
    button = {"type": "button", "action_id": "more", "text": text("More"), "value": "7"}
    view_id = await opened(slack, modal(asks(), {"type": "actions", "elements": [button]}))
    done = await slack.press_in_view(view_id, "more", values={"who": {"text": "jane"}})
    heard = ears.payloads[-1]
    assert heard["container"] == {"type": "view", "view_id": view_id}
    assert (heard["actions"][0]["value"], "message" in heard, "response_url" in heard) == ("7", False, False)
    assert heard["view"]["state"]["values"]["who"]["text"]["value"] == "jane"
    assert done.trigger_id


async def test_closing_is_told_only_to_an_app_that_asked_for_it(desk: Desk) -> None:
    slack, ears = desk
    await slack.close_view(await opened(slack))
    assert ears.payloads == []
    await slack.close_view(await opened(slack, modal(notify_on_close=True)))
    assert [payload["type"] for payload in ears.payloads] == ["view_closed"]
    assert slack.state.views == {}


async def test_a_trigger_is_good_for_three_seconds() -> None:
    moments = [datetime(2026, 11, 20, 14, tzinfo=UTC)]
    async with start_slack(lambda: moments[-1]) as slack:
        client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
        trigger = slack.state.new_trigger(slack.people.agent)
        moments.append(moments[0] + timedelta(seconds=3.1))
        with pytest.raises(SlackApiError) as refused:
            await client.views_open(trigger_id=trigger, view=modal())
        assert refused.value.response["error"] == "expired_trigger_id"


BEYOND = {
    "title": modal(title=text("x" * 25)),
    "submit": modal(submit=text("x" * 25)),
    "close": modal(close=text("x" * 25)),
    "metadata": modal(private_metadata="x" * 3001),
    "callback id": modal(callback_id="x" * 256),
    "no title": {"type": "modal", "blocks": [asks()], "submit": text("Go")},
    "input without submit": {"type": "modal", "title": text("x"), "blocks": [asks()]},
    "label": modal(asks(label=text("x" * 2001))),
    "label in mrkdwn": modal(asks(label={"type": "mrkdwn", "text": "x"})),
    "hint": modal(asks(hint=text("x" * 2001))),
    "placeholder": modal(asks(field(placeholder=text("x" * 151)))),
    "initial value": modal(asks(field(initial_value="x" * 3001))),
    "longest": modal(asks(field(max_length=3001))),
    "shortest": modal(asks(field(min_length=-1))),
    "multiline address": modal(asks(field("email_text_input", multiline=True))),
    "button as input": modal(asks(field("button", text=text("x")))),
    "eleven choices": modal(asks(field("radio_buttons", options=[option(str(n)) for n in range(11)]))),
    "choice's value": modal(asks(field("radio_buttons", options=[option("x" * 151)]))),
    "unknown initial": modal(asks(field("radio_buttons", options=[option("1")], initial_option=option("2")))),
    "blocks": modal(*({"type": "divider"} for _ in range(101))),
    "nothing": modal(blocks=[]),
}
WITHIN = {
    "largest": modal(
        asks(
            field(max_length=3000, min_length=0, placeholder=text("x" * 150), initial_value="x" * 3000),
            label=text("x" * 2000),
            hint=text("x" * 2000),
        ),
        title=text("x" * 24),
        submit=text("x" * 24),
        close=text("x" * 24),
        private_metadata="x" * 3000,
        callback_id="x" * 255,
    ),
    "ten choices": modal(asks(field("radio_buttons", options=[option(str(n)) for n in range(10)]))),
    "blocks": modal(*({"type": "divider"} for _ in range(100))),
}


@pytest.mark.parametrize("view", WITHIN.values(), ids=WITHIN)
def test_the_largest_modal_that_slack_takes_is_taken(view: dict[str, Any]) -> None:
    assert check_view(view).errors == []


@pytest.mark.parametrize("view", BEYOND.values(), ids=BEYOND)
def test_what_slack_refuses_in_a_modal_is_refused(view: dict[str, Any]) -> None:
    assert check_view(view).errors


async def test_choices_only_one_person_sees_are_replaced_and_deleted_by_their_response_url(
    desk: Desk,
) -> None:
    slack, _ = desk
    agent, support = slack.people.agent, slack.places.support
    button = {"type": "button", "action_id": "one", "text": text("Jane")}
    client = AsyncWebClient(slack.bot_token, base_url=slack.api_url)
    shown = await client.chat_postEphemeral(
        channel=support, user=agent, text="Who?", blocks=[{"type": "actions", "elements": [button]}]
    )
    click = await slack.press(support, shown["message_ts"], "one", agent)
    async with aiohttp.ClientSession() as session:
        await session.post(click.response_url, json={"replace_original": True, "text": "Jane it is"})
        (choice,) = slack.ephemerals(support, agent)
        assert (choice.text, choice.ts) == ("Jane it is", shown["message_ts"])
        await session.post(click.response_url, json={"delete_original": True})
    assert slack.ephemerals(support, agent) == []
    assert slack.messages(support) == []


async def test_a_response_url_deletes_nobody_elses_message(desk: Desk) -> None:
    slack, _ = desk
    support = slack.places.support
    ticket = await slack.post_as_app(support, "New ticket")
    done = await slack.use_shortcut(support, ticket.ts, "look_up", slack.people.agent)
    async with aiohttp.ClientSession() as session:
        await session.post(done.response_url, json={"delete_original": True})
    assert [m.ts for m in slack.messages(support)] == [ticket.ts]
