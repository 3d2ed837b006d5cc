"""
The side pane of a card: the same page with its details, for whoever opens it, who may look customers up.

Slack waits three seconds for it, and takes one answer for each opening: its `trigger_id` is used up then
(https://docs.slack.dev/reference/methods/entity.presentDetails). So a pane is presented at most once, and
nothing has to be written down for that; what Slack did not take, nobody waits for any more.
"""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.answers.cards import Card
from bot.answers.entities import pane_entity
from bot.answers.words import table
from bot.answers.words.table import panes
from bot.audit.entries import Came, ShownTo, asked_by
from bot.audit.trail import AuditTrail
from bot.domain.asking import Asker
from bot.jobs.inbox import Job
from bot.jobs.pages.known import TIMED_OUT, NoCard, PageCards, in_time
from bot.jobs.payloads import PANE, PanePayload
from bot.operations.metrics import Metrics
from bot.slack.access import Access, Refusal
from bot.slack.client import SlackAway

# Of Slack's three seconds, one is left for its own calls.
_ASKED_FOR_SECONDS = 2.0
# What is said where there is nothing to show, by why: Slack's status of the error, its title, its words.
_NOTHING: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        TIMED_OUT.outcome: ("custom_partial_view", panes.STILL_ASKED, panes.STILL_ASKED_WORDS),
        "unknown": ("not_found", panes.UNKNOWN, panes.UNKNOWN_WORDS),
        "not_ours": ("not_found", panes.UNKNOWN, panes.UNKNOWN_WORDS),
    }
)
_FAILED = ("custom_partial_view", panes.FAILED, panes.FAILED_WORDS)


class PaneJobs:
    """
    Answers whoever opens a card's side pane.

    Args:
        access: who may look customers up, and where.
        pages: what is known of the pages that addresses name.
        slack: shows the pane.
        metrics: counts.
        trail: says who was shown what.

    """

    def __init__(
        self, access: Access, pages: PageCards, slack: AsyncWebClient, metrics: Metrics, trail: AuditTrail
    ) -> None:
        self._access = access
        self._pages = pages
        self._slack = slack
        self._metrics = metrics
        self._trail = trail
        self._log = structlog.get_logger("panes")

    async def answer(self, job: Job) -> None:
        """Show a pane, or why there is nothing in it."""
        payload = PANE.read(job.payload)
        [entry] = asked_by(payload.asker)
        self._trail.note(job, [entry])
        if (refusal := await self._refusal(payload.asker)) is not None:
            self._trail.note_refusal(job, [entry], refusal.reason)
            error = _error("restricted", panes.NOT_FOR_YOU, refusal.message)
            await self._present(job, payload, "refused", error=error)
            return
        found = await in_time(self._found(job, payload), _ASKED_FOR_SECONDS)
        if isinstance(found, NoCard):
            self._trail.note(job, [replace(entry, outcome=Came.NO_CARD, subject=found.subject)])
            error = _error(*_NOTHING.get(found.outcome, _FAILED))
            await self._present(job, payload, found.outcome, error=error)
            return
        card, entity = found
        [told] = entry.about([card.case_file], ShownTo.ASKER)
        told = replace(told, subject=card.subject, outcome=Came.FOUND)
        self._trail.note(job, [told])
        if not await self._present(job, payload, "shown", metadata=entity):
            self._trail.note(job, [replace(told, shown_to=ShownTo.NOBODY)])

    async def _refusal(self, asker: Asker) -> Refusal | None:
        """Why whoever opened it may not look customers up there; a search's pane is in no channel."""
        try:
            if asker.channel or asker.is_foreign or asker.is_shared:
                return (await self._access.admit(asker)).refusal
            return await self._access.ask_alone(asker.user, asker.team)
        except (SlackApiError, SlackAway):
            return Refusal("unsure", table.NOT_SURE_WHO)

    async def _found(self, job: Job, payload: PanePayload) -> tuple[Card, dict[str, Any]] | NoCard:
        """The page that was opened, and its entity as Slack knows it."""
        none = NoCard("unknown")
        for url in payload.urls:
            named = await self._pages.name(url, payload.asker.user)
            if isinstance(named, NoCard):
                none = named
                continue
            described = self._pages.describe(named, job, payload.asker.user, has_thread=payload.has_thread)
            if isinstance(card := await described, NoCard):
                return card
            known = self._pages.reference(named, payload.entity_url or url)
            if payload.reference:
                # The one that the card was shown with: Slack takes no other.
                known = replace(known, id=payload.reference, kind=payload.reference_kind)
            return card, pane_entity(card, known, self._pages.replay(card, payload.asker))
        return none

    async def _present(self, job: Job, payload: PanePayload, outcome: str, **content: Any) -> bool:
        """Show something in the pane; whether it may have been seen, now or at an earlier try."""
        may_be_seen = True
        try:
            await self._slack.entity_presentDetails(payload.trigger_id, **content)
        except SlackApiError as error:
            outcome, may_be_seen = "failed_slack", job.attempts > 1
            self._log.warning("pane.refused", slack=str(error.response.get("error")))
        except SlackAway as away:
            outcome, may_be_seen = "failed_slack", away.unsure or job.attempts > 1
            self._log.warning("pane.refused", slack=str(away))
        self._metrics.panes.labels(outcome).inc()
        self._log.info("pane.done", job=job.id, outcome=outcome)
        return may_be_seen


def _error(status: str, title: str, words: str) -> dict[str, Any]:
    """Slack's object for a pane without content (`entity.presentDetails`, "error")."""
    return {
        "status": status,
        "custom_title": title,
        "custom_message": words,
        "message_format": "markdown",
    }
