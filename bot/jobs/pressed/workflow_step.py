"""
The step "Find a customer's sessions" of somebody's workflow (https://docs.slack.dev/reference/events/function_executed).

Slack says with the event which inputs the step has, and nothing of whoever runs the workflow but what one of
them holds: it is of the type `user_context`, which whoever builds a workflow cannot fill in by hand
(https://docs.slack.dev/reference/types/user_context-type). The same rule as everywhere says whether they may.

A step is ended once, by its execution's id: Slack takes no second end
(https://docs.slack.dev/reference/methods/functions.completeSuccess, "execution_not_in_running_state"). So a
job that is taken over after a kill ends it, or finds that it has ended.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.answers.targets.workflow_step import PLAIN, failures_line, masked_outputs, outputs
from bot.answers.words import table
from bot.answers.words.table import steps
from bot.audit.entries import AuditEntry, Came, ShownTo, asked_by
from bot.audit.trail import AuditTrail
from bot.domain.asking import Asker
from bot.domain.model import CaseFile, Subject
from bot.domain.subjects import NotUnderstood, read_subject
from bot.engine.parts import Engine
from bot.jobs.inbox import Job
from bot.jobs.payloads import STEP, StepPayload
from bot.lookup.fan_out import Lookup
from bot.operations.metrics import Metrics
from bot.settings.model import Settings
from bot.slack.access import Access, Refusal, Verdict
from bot.sources.protocol import Question
from bot.sources.quota import Purpose

# Nobody looks at a screen meanwhile, and a vendor may take half a minute.
_PATIENCE_SECONDS = 40.0
# Characters of what was typed, in the words that it was not understood.
_CUSTOMER = 80
# Slack's words for a step that is not running: it was ended before, or its workflow was.
_OVER = frozenset({"execution_not_in_running_state", "function_execution_not_found"})
# Slack's words for a token that is no good any more; the bot's own may be.
_BAD_TOKEN = frozenset(
    {"access_denied", "account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"}
)
_NOBODY = Refusal("nobody", steps.NOBODY_RUNS_IT)


class StepJobs:
    """
    Answers workflows.

    Args:
        access: who may look customers up, and where.
        lookup: finds people.
        slack: ends steps.
        trail: says who asked, and what came of it.
        settings: how far back, for whose eyes.
        metrics: counts.

    """

    def __init__(
        self,
        access: Access,
        lookup: Lookup,
        slack: AsyncWebClient,
        trail: AuditTrail,
        settings: Settings,
        metrics: Metrics,
    ) -> None:
        self._access = access
        self._lookup = lookup
        self._slack = slack
        self._trail = trail
        self._settings = settings
        self._metrics = metrics
        self._log = structlog.get_logger("steps")

    async def answer(self, job: Job) -> None:
        """End a step with what was found, or with why nobody was looked up."""
        payload = STEP.read(job.payload)
        if payload.refused is not None:
            # The trail has it already.
            await self._fail(payload, payload.refused)
            return
        subject = payload.subject
        entries = asked_by(payload.asker, (subject,) if subject else ())
        self._trail.note(job, entries)
        verdict = await self._judged(payload.asker)
        if verdict.refusal is not None:
            await self._refuse(job, payload, entries, verdict.refusal)
        elif subject is None:
            await self._not_asked(job, payload, entries, _misread(payload.customer))
        elif not self._lookup.sources:
            await self._not_asked(job, payload, entries, steps.NO_SOURCE)
        else:
            await self._look_up(job, payload, subject, in_public=verdict.in_public)

    async def _judged(self, asker: Asker) -> Verdict:
        """Whether whoever runs a workflow may ask; where it names no channel, nobody knows who reads it."""
        if not asker.user:
            return Verdict(_NOBODY, in_public=False)
        try:
            if asker.channel:
                return await self._access.admit(asker)
            return Verdict(await self._access.ask_alone(asker.user, asker.team), in_public=False)
        except SlackApiError as error:
            self._log.warning("access.unknown", slack=error.response.get("error"))
            return Verdict(Refusal("unsure", table.NOT_SURE_WHO), in_public=False)

    async def _refuse(
        self, job: Job, payload: StepPayload, entries: Sequence[AuditEntry], refusal: Refusal
    ) -> None:
        self._log.info("access.refused", reason=refusal.reason)
        self._metrics.lookups.labels("unsure" if refusal.reason == "unsure" else "refused").inc()
        self._trail.note_refusal(job, entries, refusal.reason)
        await self._fail(payload, refusal.message)

    async def _not_asked(
        self, job: Job, payload: StepPayload, entries: Sequence[AuditEntry], words: str
    ) -> None:
        told = [replace(entry, outcome=Came.TOLD, shown_to=ShownTo.ASKER) for entry in entries]
        self._trail.note(job, told)
        await self._fail(payload, words)

    async def _look_up(self, job: Job, payload: StepPayload, subject: Subject, *, in_public: bool) -> None:
        asker, days = payload.asker, self._settings.lookup.days
        question = Question(subject, days, Purpose.WORKFLOW, heard_since=job.heard_since, by=asker.user)
        case_file = await self._lookup.within(question, _PATIENCE_SECONDS)
        is_whole = in_public and self._settings.visibility == "thread"
        [entry] = asked_by(asker)
        [told] = entry.about([case_file], ShownTo.PUBLIC if is_whole else ShownTo.MASKED)
        self._trail.note(job, [told])
        if told.outcome == Came.NO_ANSWER:
            self._trail.note(job, [replace(told, shown_to=ShownTo.ASKER)])
            is_taken = await self._fail(payload, steps.NONE_ANSWERED.format(lines=failures_line(case_file)))
        else:
            is_taken = await self._complete(payload, self._outputs(case_file, is_whole=is_whole))
        if not is_taken and job.attempts == 1:
            # The workflow had ended before: nothing of it was seen.
            self._trail.note(job, [replace(told, shown_to=ShownTo.NOBODY)])
        self._metrics.lookups.labels("answered").inc()
        self._log.info("step.done", job=job.id, days=days, taken=is_taken)

    def _outputs(self, case_file: CaseFile, *, is_whole: bool) -> dict[str, Any]:
        return outputs(case_file) if is_whole else masked_outputs(case_file, self._settings.slack_command)

    async def give_up(self, job: Job, words: str) -> None:
        """
        End a step with an error, whose job is given up.

        Raises:
            SlackAway: when Slack cannot be told.

        """
        await self._fail(STEP.read(job.payload), words)

    async def _complete(self, payload: StepPayload, found: dict[str, Any]) -> bool:
        try:
            return await end_step(self._slack, payload, "functions.completeSuccess", outputs=found)
        except SlackApiError as error:
            if error.response.get("error") != "parameter_validation_failed":
                raise
            self._log.error("step.manifest_is_old", slack=error.response.get("error"))
            await self._fail(payload, steps.OLD_MANIFEST)
            return False

    async def _fail(self, payload: StepPayload, words: str) -> bool:
        """End a step with an error, which whoever runs the workflow is told; False where it had ended."""
        return await end_step(self._slack, payload, "functions.completeError", error=words)


def step_jobs(engine: Engine, access: Access, slack: AsyncWebClient, trail: AuditTrail) -> StepJobs:
    """What answers workflows, on an engine."""
    return StepJobs(access, engine.lookup, slack, trail, engine.settings, engine.metrics)


async def end_step(slack: AsyncWebClient, payload: StepPayload, method: str, **arguments: Any) -> bool:
    """
    End a step by one of Slack's two methods for it; False where it had ended.

    The execution's own token is tried first, as Bolt does. It is short-lived, so then the bot's own. Both
    methods are called here as JSON: slack_sdk's would write a customer's name into the URL.

    Raises:
        SlackApiError: when Slack refuses otherwise.
        SlackAway: when Slack cannot be asked, or not now.

    """
    content = {"function_execution_id": payload.execution, **arguments}
    own = [{"token": payload.token}] if payload.token else []
    for token in (*own, {}):
        try:
            await slack.api_call(method, json={**content, **token})
        except SlackApiError as error:
            code = str(error.response.get("error"))
            if code in _OVER:
                return False
            if code not in _BAD_TOKEN or not token:
                raise
        else:
            return True
    raise AssertionError("the last try returns or raises")


def _misread(customer: str) -> str:
    read, typed = read_subject(customer), PLAIN.text(customer, _CUSTOMER)
    why = read.why if isinstance(read, NotUnderstood) else ""
    if not typed:
        return steps.NO_CUSTOMER.format(why=why)
    return steps.NOT_READ.format(customer=typed, why=why)
