"""Lookups from the Home tab: the answer appears there, and grows as slower sources come in."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import structlog
from slack_sdk.errors import SlackApiError

from bot.answers.case_file_message import View, together
from bot.answers.progress import present
from bot.answers.words import table
from bot.audit.entries import AuditEntry, ShownTo, asked_by
from bot.audit.own import OwnLookup
from bot.audit.trail import AuditTrail
from bot.domain.asking import AnswerForm, Asker
from bot.domain.model import CaseFiles
from bot.jobs.home.tab import HomeTab
from bot.jobs.inbox import Job
from bot.jobs.payloads import HOME_LOOKUP
from bot.lookup.fan_out import Lookup
from bot.operations.metrics import Metrics
from bot.settings.model import Settings
from bot.slack.access import Access
from bot.sources.protocol import Question


@dataclass(slots=True)
class HomeTarget:
    """
    Somebody's Home tab, as a place where case files are shown.

    An answer that was closed, or gave way to the next one, does not come back when it grows: the tab is
    published over the state of it (`hash`) that was published last, or not at all.
    """

    tab: HomeTab
    asker: Asker
    view: View
    _state: str | None = None
    _is_gone: bool = False

    async def may_grow(self) -> bool:
        """Always: tabs are published anew, which is no edit."""
        return True

    async def show(self, case_files: CaseFiles) -> None:
        """Publish the tab with them, unless somebody else has published it since."""
        if self._is_gone:
            return
        [case_file] = case_files
        asked = OwnLookup(case_file.subject, case_file.as_of)
        blocks = together(case_file, self.view).blocks
        try:
            self._state = await self.tab.show(self.asker, answer=blocks, asked=asked, over=self._state)
        except SlackApiError as error:
            if error.response.get("error") != "hash_conflict":
                raise
            self._is_gone = True


class HomeJobs:
    """
    Answers what is asked on Home tabs; publishing the same tab twice does no harm.

    Args:
        tab: publishes.
        access: who may ask.
        lookup: finds people.
        trail: says who asked, and what came of it.
        settings: how far back, how much.
        metrics: counts.

    """

    def __init__(
        self,
        tab: HomeTab,
        access: Access,
        lookup: Lookup,
        trail: AuditTrail,
        settings: Settings,
        metrics: Metrics,
    ) -> None:
        self._tab = tab
        self._access = access
        self._lookup = lookup
        self._trail = trail
        self._settings = settings
        self._metrics = metrics
        self._log = structlog.get_logger("home")

    async def answer(self, job: Job) -> None:
        """Look somebody up for whoever may ask; the others' tab says why not."""
        payload = HOME_LOOKUP.read(job.payload)
        asker, entries = payload.asker, asked_by(payload.asker, (payload.subject,))
        self._trail.note(job, entries)
        try:
            verdict = await self._access.admit(asker)
        except SlackApiError as error:
            self._log.warning("access.unknown", slack=error.response.get("error"))
            await self._refuse(job, asker, entries, "unsure")
            return
        if verdict.refusal:
            await self._refuse(job, asker, entries, verdict.refusal.reason)
            return
        lookup = self._settings.lookup
        days, shown = payload.days or lookup.days, payload.shown or lookup.shown
        question = Question(
            payload.subject,
            days,
            effort=payload.effort,
            heard_since=job.heard_since,
            by=asker.user,
        )
        view = View(None, shown, form=AnswerForm.HOME)
        ask = partial(self._lookup.ask_all, [question])
        case_files = await present(ask, HomeTarget(self._tab, asker, view))
        [entry] = asked_by(asker)
        self._trail.note(job, entry.about(case_files, ShownTo.ASKER))
        self._metrics.lookups.labels("answered").inc()
        self._log.info("lookup.done", job=job.id, days=days)

    async def _refuse(self, job: Job, asker: Asker, entries: Sequence[AuditEntry], reason: str) -> None:
        """Show on the tab why somebody may not ask; it says so itself."""
        self._metrics.lookups.labels("unsure" if reason == "unsure" else "refused").inc()
        self._trail.note_refusal(job, entries, reason)
        # Slack may know again by the time that the tab is drawn.
        await self._tab.show_if_possible(asker, wrong=table.UNSURE_AT_HOME if reason == "unsure" else None)
