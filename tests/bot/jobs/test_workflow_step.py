"""A workflow's step whose process is stopped at any of its awaits, and taken up by another process."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from bot.domain.asking import Way
from bot.domain.model import Session, SourceName, Subject, SubjectKind
from bot.jobs.inbox import Job
from bot.jobs.payloads import STEP, StepPayload
from bot.jobs.pressed.workflow_step import StepJobs
from bot.lookup import ask_source
from bot.operations.clock import system_clock
from bot.operations.metrics import make_metrics
from bot.settings.model import load_settings
from bot.slack.access import Access
from bot.slack.manifest import STEP as FIND
from bot.storage.keyring import Keyring
from bot.storage.memory import Memory
from bot.storage.store import Store
from bot.storage.tables import audit
from sandbox.slack.state import Execution
from sandbox.slack.steps import install, started
from tests.bot.in_slack import InSlack, Process, in_slack
from tests.bot.jobs.known_people import finding
from tests.bot.killed import Killed, run_until_killed

NAME = SourceName("rybbit", "www")


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture(autouse=True)
def _short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a stopped process asked may be asked by another one as soon as that."""
    monkeypatch.setattr(ask_source, "_LEASE_LASTS", timedelta(seconds=0.3))


@pytest.fixture
async def at(store: Store, keyring: Keyring) -> AsyncIterator[InSlack]:
    async with in_slack(store, keyring, limits={}) as opened:
        install(opened.slack.state)
        yield opened


def running(at: InSlack, number: int) -> tuple[Execution, StepPayload]:
    """A step that a workflow has come to, and what is written down of it."""
    asker = replace(at.agent(), way=Way.WORKFLOW)
    customer, person = f"u-{number}-", {"id": asker.user, "secret": "s"}
    inputs = {"customer": customer, "channel": asker.channel, "person": person}
    event = started(at.slack.state, FIND, inputs)
    execution = at.slack.state.executions[event["function_execution_id"]]
    subject = Subject(SubjectKind.UID, customer, customer)
    return execution, StepPayload(asker, customer, execution.id, execution.token, subject)


async def run(at: InSlack, process: Process, job: Job, customer: str, kill_after: int) -> Killed:
    """Answer a job in a process with nothing in memory, to its end or until it is killed."""
    settings, memory, metrics = load_settings({}), Memory(at.store, at.keyring, system_clock), make_metrics()
    access = Access(process.client, settings.access, memory)
    async with finding(at.store, at.keyring, system_clock, metrics, (NAME,)) as found:
        for source in found.sources:
            source.people[customer] = (Session(NAME, customer, started_at=system_clock()),)
        trail = process.trail(at, metrics)
        jobs = StepJobs(access, found.lookup, process.client, trail, settings, metrics)
        return await run_until_killed(jobs.answer(job), kill_after)


async def rows(at: InSlack) -> int:
    async with at.store.read() as connection:
        return int((await connection.execute(select(func.count()).select_from(audit))).scalar_one())


async def test_a_step_that_is_stopped_at_any_await_is_ended_once_and_has_one_row(at: InSlack) -> None:
    number = 0
    while True:
        number += 1
        where = f"stopped when it had waited {number} times"
        execution, payload = running(at, number)
        first, second = at.another_process(), at.another_process()
        job = await at.accept(STEP.name, STEP.write(payload), by=first)
        killed = await run(at, first, job, payload.customer, number)
        again = await at.taken_over(second)
        await run(at, second, again, payload.customer, 1_000_000)
        await second.inbox.finish(again)
        ended = at.slack.state.executions[execution.id]
        assert ended.outputs, where
        assert ended.outputs["visits"] == 1, where
        assert await rows(at) == number, where
        ends = [
            call.result["ok"]
            for call in at.calls("functions.completeSuccess")
            if call.arguments["function_execution_id"] == execution.id
        ]
        assert ends.count(True) == 1, where
        if not killed.is_dead:
            break
    assert number > 10
