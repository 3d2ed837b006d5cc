"""The step "Find a customer's sessions" of somebody's workflow, from the event to its one end."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from bot.app import Bot
from bot.audit.mentions import mentions_in
from bot.audit.search import search
from bot.cli.commands.forget import erase_person, receipt_json, receipt_text
from bot.domain.model import Subject, SubjectKind
from bot.slack.manifest import STEP
from bot.storage.tables import jobs
from sandbox.faults import Fault
from sandbox.slack.state import Execution
from sandbox.slack.steps import install, started
from tests.end_to_end.conftest import BY_BOTH_TRANSPORTS, Desk

JANE = "jane@contoso.example"
ENDS = ("functions.completeSuccess", "functions.completeError")


@pytest.fixture(autouse=True)
def installed(desk: Desk) -> None:
    install(desk.world.slack.state)


async def run(desk: Desk, bot: Bot, customer: str = JANE, **given: Any) -> Execution:
    """Have the agent run a workflow, in the support channel; the step's execution when all is done."""
    slack = desk.world.slack
    inputs = {"customer": customer, "channel": given.get("channel", slack.places.support)}
    outcome = await slack.run_step(given.get("user", slack.people.agent), STEP, inputs)
    assert outcome.error is None
    await desk.idle(bot)
    return the_last(desk)


def the_last(desk: Desk) -> Execution:
    return list(desk.world.slack.state.executions.values())[-1]


def ends(desk: Desk) -> list[dict[str, Any]]:
    """What Slack answered to each try to end a step."""
    return [call.result for call in desk.world.slack.api_calls if call.method in ENDS]


async def trail(bot: Bot) -> list[tuple[str, str, str | None, str]]:
    rows = await search(bot.engine.store, bot.engine.keyring)
    return [(row.way, row.outcome, row.who, row.shown_to) for row in rows]


@BY_BOTH_TRANSPORTS
async def test_a_workflow_gets_text_numbers_and_links_and_the_trail_says_who_ran_it(desk: Desk) -> None:
    async with desk.casefile() as bot:
        execution = await run(desk, bot)
        rows = await trail(bot)
    found = execution.outputs
    assert found
    assert (found["found"], found["complete"], found["visits"]) == (True, True, 4)
    assert found["answer"].startswith("Jane Doe · jane@contoso.example · uid u-77")
    assert "4 visits and 2 errors in the last 30 days" in found["answer"]
    assert found["session_link"].startswith("https://app.fullstory.com/ui/")
    assert found["session_link"] in found["answer"]
    assert found["error_link"].startswith("https://")
    assert rows == [("workflow", "found", desk.world.slack.people.agent, "public")]
    assert ends(desk) == [{"ok": True}]


async def test_whoever_runs_it_is_told_where_nothing_is_found(desk: Desk) -> None:
    async with desk.casefile() as bot:
        execution = await run(desk, bot, "nobody@contoso.example")
    found = execution.outputs
    assert found
    assert (found["found"], found["visits"], found["errors"]) == (False, 0, 0)
    assert "Nobody found" in found["answer"] or "Nothing found" in found["answer"]
    assert {"session_link", "error_link"}.isdisjoint(found)


@pytest.mark.parametrize(
    ("customer", "words"),
    [
        ("jane@", "“jane@” was not understood"),
        ("<!channel> & more", "“‹!channel› & more” was not understood"),
        ("   ", "No customer was named"),
    ],
)
async def test_what_names_nobody_ends_the_step_with_words(desk: Desk, customer: str, words: str) -> None:
    async with desk.casefile() as bot:
        execution = await run(desk, bot, customer)
        rows = await trail(bot)
    assert words in str(execution.error)
    assert [outcome for _way, outcome, _who, _shown in rows] == ["told"]


async def test_where_no_tool_can_answer_the_workflow_does_not_go_on_as_if_there_was_nobody(
    desk: Desk,
) -> None:
    for vendor in desk.world.vendors:
        vendor.fault = Fault.BROKEN
    async with desk.casefile() as bot:
        execution = await run(desk, bot)
        rows = await trail(bot)
    assert "No tool could answer" in str(execution.error)
    assert JANE not in str(execution.error)
    assert [outcome for _way, outcome, _who, _shown in rows] == ["no_answer"]


@pytest.mark.parametrize(
    "person", [None, "U0AGENT001", {"id": "U0AGENT001"}, {"secret": "s"}, {"id": 7, "secret": "s"}]
)
async def test_nobody_is_looked_up_where_slack_does_not_vouch_for_whoever_runs_it(
    desk: Desk, person: object
) -> None:
    slack = desk.world.slack
    inputs = {"customer": JANE, "channel": slack.places.support, "person": person}
    async with desk.casefile() as bot:
        await slack.send_event(started(slack.state, STEP, inputs))
        await desk.idle(bot)
        rows = await trail(bot)
        calls = sum(len(vendor.calls) for vendor in desk.world.vendors)
    assert "was not told who runs this workflow" in str(the_last(desk).error)
    assert rows == [("workflow", "refused_nobody", None, "nobody")]
    assert calls == 0


@pytest.mark.parametrize("visibility", ["masked", "ephemeral"])
async def test_what_channels_are_not_to_see_is_in_no_output(desk: Desk, visibility: str) -> None:
    desk.extra["VISIBILITY"] = visibility
    async with desk.casefile() as bot:
        execution = await run(desk, bot)
        rows = await trail(bot)
    found = execution.outputs
    assert found
    assert set(found) == {"answer", "found", "complete", "visits", "errors"}
    assert found["answer"].startswith("Visits of j***@contoso.example: 4 visits · 2 errors · last seen ")
    assert not {word for word in (JANE, "Jane", "u-77", "https://", "TypeError") if word in str(found)}
    assert [shown for _way, _outcome, _who, shown in rows] == ["masked"]


@pytest.mark.parametrize("where", ["nowhere", "unseen"])
async def test_where_nobody_knows_who_reads_it_the_answer_is_masked(desk: Desk, where: str) -> None:
    slack = desk.world.slack
    if where == "unseen":
        channel = next(one for one in slack.state.channels.values() if one.kind.value == "private")
        slack.state.remove_from(channel.id)
        inputs = {"channel": channel.id}
    else:
        inputs = {}
    person = {"id": slack.people.agent, "secret": "s"}
    async with desk.casefile() as bot:
        await slack.send_event(started(slack.state, STEP, {"customer": JANE, "person": person, **inputs}))
        await desk.idle(bot)
    found = the_last(desk).outputs
    assert found
    assert "j***@contoso.example" in found["answer"]
    assert "session_link" not in found


async def test_where_customers_are_looked_up_in_certain_channels_only_a_workflow_is_held_to_them(
    desk: Desk,
) -> None:
    slack = desk.world.slack
    desk.extra["ACCESS__CHANNELS"] = slack.places.support
    async with desk.casefile() as bot:
        assert (await run(desk, bot)).outputs
        refused = await run(desk, bot, channel=slack.places.random)
    assert "Customers are looked up in" in str(refused.error)


async def test_a_step_that_is_delivered_again_is_ended_once(desk: Desk) -> None:
    slack = desk.world.slack
    async with desk.casefile() as bot:
        outcome = await slack.run_step(
            slack.people.agent, STEP, {"customer": JANE, "channel": slack.places.support}
        )
        await slack.redeliver(outcome)
        await desk.idle(bot)
        assert len(await trail(bot)) == 1
    assert ends(desk) == [{"ok": True}]


async def test_an_answer_that_was_lost_on_the_way_is_found_to_have_arrived(desk: Desk) -> None:
    desk.world.slack.fail_next("functions.completeSuccess", lose_answer=True)
    async with desk.casefile() as bot:
        execution = await run(desk, bot)
        await bot.engine.tasks.settle()
        await desk.world.slack.wait_for(lambda: len(ends(desk)) > 1)
        await desk.idle(bot)
        rows = await trail(bot)
    assert execution.outputs
    assert rows == [("workflow", "found", desk.world.slack.people.agent, "public")]


async def test_where_its_own_token_is_no_good_any_more_the_bots_own_ends_it(desk: Desk) -> None:
    slack = desk.world.slack
    slack.fail_next("functions.completeSuccess", error="token_expired")
    async with desk.casefile() as bot:
        execution = await run(desk, bot)
    assert execution.outputs
    assert [result.get("error") for result in ends(desk)] == ["token_expired", None]


async def test_a_manifest_from_before_is_said_to_whoever_runs_it(desk: Desk) -> None:
    del desk.world.slack.state.functions[STEP]["output_parameters"]["complete"]
    async with desk.casefile() as bot:
        execution = await run(desk, bot)
    assert "casefile manifest --with-workflow-step" in str(execution.error)


async def test_who_asks_too_often_is_held_back_in_workflows_too_as_soon_as_slack_can_be_told(
    desk: Desk,
) -> None:
    desk.extra["ACCESS__PER_PERSON_MINUTE"] = "1"
    async with desk.casefile() as bot:
        assert (await run(desk, bot)).outputs
        desk.world.slack.fail_next("functions.completeError", status=500)
        await run(desk, bot)
        await desk.world.slack.wait_for(lambda: the_last(desk).is_over)
        await desk.idle(bot)
        rows = await trail(bot)
    assert "as often as one person may" in str(the_last(desk).error)
    assert sorted(outcome for _way, outcome, _who, _shown in rows) == ["found", "refused_too_often"]


async def test_a_step_that_was_begun_before_a_restart_is_ended_after_it(desk: Desk) -> None:
    slack, held = desk.world.slack, asyncio.Event()
    slack.fail_next("users.info", hold=held)
    async with desk.casefile():
        await slack.run_step(slack.people.agent, STEP, {"customer": JANE, "channel": slack.places.support})
        # As if killed: whoever worked on it is gone, and its lease runs out.
        for task in asyncio.all_tasks():
            if task.get_name().startswith("job "):
                task.cancel()
    held.set()
    assert not the_last(desk).is_over
    async with desk.casefile() as bot:
        await slack.wait_for(lambda: the_last(desk).outputs)
        await desk.idle(bot)
        assert len(await trail(bot)) == 1
    assert ends(desk) == [{"ok": True}]


async def test_what_a_workflow_posts_is_taken_for_no_ticket(desk: Desk) -> None:
    slack = desk.world.slack
    async with desk.casefile() as bot:
        execution = await run(desk, bot)
        assert execution.outputs
        text = f"{execution.outputs['answer']}\n{execution.outputs['session_link']}"
        posted = await slack.post_as_app(
            slack.places.support, text, bot_id="B0WORKFLOW", app_id="A0WORKFLOW", subtype="bot_message"
        )
        await desk.idle(bot)
        assert slack.replies(posted.channel, posted.ts) == []


async def test_a_step_under_way_is_found_where_its_customer_is_to_be_forgotten(desk: Desk) -> None:
    slack, held = desk.world.slack, asyncio.Event()
    slack.fail_next("users.info", hold=held)
    async with desk.casefile() as bot:
        inputs = {"customer": "u-77", "channel": slack.places.support}
        await slack.run_step(slack.people.agent, STEP, inputs)
        async with bot.engine.store.read() as connection:
            [sealed] = (await connection.execute(select(jobs.c.sealed))).scalars().all()
        assert mentions_in(bot.engine.keyring.unseal(sealed)).uids == {"u-77"}
        held.set()
        await desk.idle(bot)


async def test_what_workflows_were_handed_is_told_as_out_of_reach_where_its_customer_is_forgotten(
    desk: Desk,
) -> None:
    jane = Subject(SubjectKind.EMAIL, JANE, JANE)
    async with desk.casefile() as bot:
        await run(desk, bot)
        await run(desk, bot, user=desk.world.slack.people.guest)
        receipt = await erase_person(bot.engine, jane, is_dry_run=True, with_posts=False)
    beyond = {"cards": 0, "shown_to_one": 0, "desk_notes": 0, "workflow_answers": 1}
    assert receipt_json(receipt)["out_of_reach"] == beyond
    assert "No app can take back: 1 answer that a workflow was handed" in receipt_text(receipt)
