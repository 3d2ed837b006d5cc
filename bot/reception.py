"""Whoever asks is met here: judged, and told, at most once, what only they need to hear."""

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.access import Access, Verdict
from bot.block_kit import Message, note
from bot.jobs import Job, Jobs, Post
from bot.metrics import Metrics
from bot.posting import Poster
from bot.requests import Asker

_UNSURE = (
    "Slack could not confirm who you are just now, so nobody was looked up. Please try again in a minute."
)


class Reception:
    """
    Meets people.

    Args:
        access: who may ask.
        poster: posts.
        jobs: remembers who was told.
        metrics: counts.

    """

    def __init__(self, access: Access, poster: Poster, jobs: Jobs, metrics: Metrics) -> None:
        self._access = access
        self._poster = poster
        self._jobs = jobs
        self._metrics = metrics
        self._log = structlog.get_logger("reception")

    async def admit(self, job: Job, asker: Asker) -> Verdict | None:
        """Give the verdict for somebody who may ask; tell the others why not."""
        try:
            verdict = await self._access.ask(asker.user, asker.channel, asker.team)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            said = error.response.get("error") if isinstance(error, SlackApiError) else type(error).__name__
            self._log.warning("access.unknown", slack=said)
            self._metrics.lookups.labels("unsure").inc()
            await self.tell(job, asker, _UNSURE)
            return None
        if verdict.refusal:
            self._log.info("access.refused", reason=verdict.refusal.reason)
            self._metrics.lookups.labels("refused").inc()
            await self.tell(job, asker, verdict.refusal.message)
            return None
        return verdict

    async def tell(self, job: Job, asker: Asker, what: str | Message) -> None:
        """Tell somebody something that others need not see; it cannot be looked for, so at most once."""
        if not await self.is_first_time(job, asker):
            return
        message = note(what) if isinstance(what, str) else what
        if asker.response_url:
            await self._poster.whisper(asker.response_url, message)
        else:
            await self._poster.show_to(asker, message)

    async def is_first_time(self, job: Job, asker: Asker) -> bool:
        """Say once that an answer which cannot be looked for is being given: at most once is the promise."""
        if "whisper" in await self._jobs.posts(job):
            return False
        await self._jobs.note_post(job, Post("whisper", asker.channel, "given", 0))
        return True
