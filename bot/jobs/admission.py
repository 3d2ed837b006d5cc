"""Checks whether somebody may ask, and sends private messages to them at most once."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

import structlog
from slack_sdk.errors import SlackApiError

from bot.answers.block_kit import note
from bot.answers.words import table
from bot.audit.entries import ShownTo, asked_by
from bot.audit.trail import AuditTrail
from bot.domain.asking import Asker
from bot.domain.message import Message
from bot.domain.model import Subject
from bot.jobs.inbox import Job
from bot.operations.metrics import Metrics
from bot.slack.access import Access, Refusal, Verdict
from bot.slack.client import SlackAway
from bot.slack.poster import Poster
from bot.slack.posts import Post, Posts
from bot.storage.database import StoreAway

# The part's name in the database.
_PRIVATELY = "whisper"


class NotAgain(Exception):
    """Raised when an answer failed halfway and must not be sent again."""


class Admission:
    """
    Lets people in, or tells them why not.

    Args:
        access: who may ask.
        poster: posts.
        posts: where it is stored that a message was sent.
        metrics: counts.
        trail: says who asked, and what came of it.

    """

    def __init__(
        self, access: Access, poster: Poster, posts: Posts, metrics: Metrics, trail: AuditTrail
    ) -> None:
        self.trail = trail
        self._access = access
        self._poster = poster
        self._posts = posts
        self._metrics = metrics
        self._log = structlog.get_logger("admission")

    async def admit(self, job: Job, asker: Asker, subjects: Sequence[Subject] = ()) -> Verdict | None:
        """
        The verdict for somebody who may ask; the others are told why not, and None comes back.

        Either way the job has its rows in the audit trail, which say that it is unfinished until its handler
        says more.

        Raises:
            SlackAway: when Slack cannot be asked now: nobody is told anything yet.

        """
        self.trail.note(job, asked_by(asker, subjects))
        try:
            verdict = await self._access.admit(asker)
        except SlackApiError as error:
            self._log.warning("access.unknown", slack=error.response.get("error"))
            self._metrics.lookups.labels("unsure").inc()
            await self._refuse(job, asker, subjects, Refusal("unsure", table.NOT_SURE_WHO))
            return None
        if verdict.refusal:
            self._log.info("access.refused", reason=verdict.refusal.reason)
            self._metrics.lookups.labels("refused").inc()
            await self._refuse(job, asker, subjects, verdict.refusal)
            return None
        return verdict

    async def _refuse(self, job: Job, asker: Asker, subjects: Sequence[Subject], refusal: Refusal) -> None:
        self.trail.note_refusal(job, asked_by(asker, subjects), refusal.reason)
        await self.tell(job, asker, refusal.message)

    def note(self, job: Job, asker: Asker, outcome: str, shown_to: ShownTo = ShownTo.ASKER) -> None:
        """Have the trail say what came of a request that looked nobody up."""
        [entry] = asked_by(asker)
        self.trail.note(job, [replace(entry, outcome=outcome, shown_to=shown_to)])

    async def tell(self, job: Job, asker: Asker, what: str | Message) -> None:
        """Send the asker a private message, at most once for a job."""
        async with self.at_most_once(job, asker) as is_first:
            if is_first:
                await self.say(asker, note(what) if isinstance(what, str) else what)

    async def has_told(self, job: Job) -> bool:
        """Whether a private message was, or may have been, sent for this job."""
        return _PRIVATELY in await self._posts.of(job.id)

    async def say(self, asker: Asker, message: Message) -> None:
        """
        Send the asker a private message, in the thread that they look at.

        What comes by a response URL stands in the channel, also where a button in a thread was pressed
        (https://github.com/slackapi/bolt-js/issues/963): that is for where nothing else can be shown.

        Raises:
            SlackAway: when it was not sent, or perhaps not.

        """
        if asker.in_thread and not asker.is_direct and await self._is_shown(asker, message):
            return
        if asker.response_url and await self._poster.respond(asker.response_url, message):
            return
        if not await self._poster.show_to(asker, message):
            self._log.warning("asker.not_told")

    async def _is_shown(self, asker: Asker, message: Message) -> bool:
        """Whether something was shown in the thread; False too where another way may do better now."""
        try:
            return await self._poster.show_to(asker, message)
        except SlackAway as away:
            if away.unsure or not asker.response_url:
                raise
            return False

    @asynccontextmanager
    async def at_most_once(self, job: Job, asker: Asker, part: str = _PRIVATELY) -> AsyncIterator[bool]:
        """
        Whether this private message may be sent now; Slack offers no way to check whether it arrived.

        It may be sent again later only where Slack has surely not taken it.

        Raises:
            SlackAway: when Slack has surely not taken it.
            NotAgain: when anything else went wrong in the middle.
            StoreAway: when the database was lost in the middle; the asker has been told if possible.

        """
        is_first = part not in await self._posts.of(job.id)
        if is_first:
            await self._posts.note(job.id, Post(part, asker.channel, "given", 0))
        try:
            yield is_first
        except SlackAway as away:
            if away.unsure or not is_first:
                self._log.warning("asker.perhaps_told", job=job.id, why=str(away))
                return
            await self._posts.forget(job.id, part)
            raise
        except StoreAway:
            if asker.response_url:
                await self._poster.respond(asker.response_url, note(table.BROKEN_OFF))
            raise
        except Exception as error:
            # A second try could show the answer twice, so the worker logs the error and gives the job up.
            raise NotAgain from error
