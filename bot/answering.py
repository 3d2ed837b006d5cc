"""What each kind of job owes, and how it is paid: the way from an accepted request to Slack."""

from dataclasses import replace

import aiohttp
import structlog
from slack_sdk.errors import SlackApiError

from bot.access import Access, Verdict
from bot.blocks import note
from bot.delivery import EditSurface, Surface, ThreadSurface, WhisperSurface, present
from bot.jobs import Job, Jobs, Post
from bot.keyring import Keyring
from bot.lookup import Lookup
from bot.metrics import Metrics
from bot.posting import NotHere, Poster
from bot.report import report_lines
from bot.requests import DEBUG_REQUEST, LOOKUP_REQUEST, DebugRequest, LookupRequest
from bot.sources.source import Effort, Question

_INVITE = "Only you can see this: Casefile is not in this channel. `/invite @Casefile` brings it in."
_HINTS = {
    "not_in_channel": _INVITE,
    "channel_not_found": _INVITE,
    "is_archived": "Only you can see this: the channel is archived, so nothing can be posted in it.",
    "missing_scope": (
        "Only you can see this: Casefile lacks a permission it needs to post here. Whoever installed it can"
        " see which one by `casefile doctor`, and install it again with its manifest."
    ),
}
_NOT_ALLOWED = "Only you can see this: this channel’s settings do not let Casefile post in it."
_PEOPLE_ONLY = "Only you can see this: Casefile cannot post in messages between people."
_PRIVATE = "Only you can see this, as set up by whoever installed Casefile."
_ONLY_YOU = "Only you can see this."
_UNSURE = (
    "Slack could not confirm who you are just now, so nobody was looked up. Please try again in a minute."
)
_GAVE_UP = (
    "Casefile could not finish this lookup: something unexpected went wrong, and it has been logged."
    " Please try again; if it happens again, tell whoever installed Casefile."
)
_NO_SOURCE = "No source is configured yet: whoever installed Casefile can add one, see its README."


class Answering:
    """
    Answers jobs.

    Args:
        access: who may ask.
        lookup: finds people.
        poster: posts.
        jobs: the durable inbox.
        keyring: names subjects in the log.
        metrics: counts.
        ephemeral: whether only the asker ever sees an answer.

    """

    def __init__(
        self,
        access: Access,
        lookup: Lookup,
        poster: Poster,
        jobs: Jobs,
        keyring: Keyring,
        metrics: Metrics,
        *,
        ephemeral: bool,
    ) -> None:
        self._access = access
        self._lookup = lookup
        self._poster = poster
        self._jobs = jobs
        self._keyring = keyring
        self._metrics = metrics
        self._ephemeral = ephemeral
        self._log = structlog.get_logger("answering")

    async def look_up(self, job: Job) -> None:
        """Answer a request for a case file."""
        request = LOOKUP_REQUEST.validate_json(job.payload)
        verdict = await self._admit(job, request)
        if verdict is None:
            return
        if not self._lookup.sources:
            await self._whisper(job, request, _NO_SOURCE)
            return
        question = Question(request.subject, request.days, effort=request.effort)
        if (hint := self._private_because(request, verdict)) is not None:
            await self._in_private(job, question, request, hint)
            return
        surface = self._surface(job, request)
        try:
            await self._present(job, question, surface)
        except NotHere as refusal:
            # What the sources said is in the cache by now, or on its way there: it is not asked for twice.
            again = replace(question, effort=Effort.USUAL)
            await self._in_private(job, again, request, _hint(request, refusal.code))

    async def debug(self, job: Job) -> None:
        """Answer a request for the sources' states."""
        request = DEBUG_REQUEST.validate_json(job.payload)
        if await self._admit(job, request) is None:
            return
        lines = await report_lines(self._lookup.sources)
        await self._whisper(job, request, "\n".join(["*How the sources are*", *lines]))

    async def give_up(self, job: Job) -> None:
        """Tell whoever asked that there will be no answer."""
        if job.kind == "lookup":
            request = LOOKUP_REQUEST.validate_json(job.payload)
            if request.response_url:
                await self._poster.whisper(request.response_url, note(_GAVE_UP))
        self._metrics.lookups.labels("failed").inc()

    async def _admit(self, job: Job, request: LookupRequest | DebugRequest) -> Verdict | None:
        """Give the verdict for somebody who may ask; tell the others why not."""
        try:
            verdict = await self._access.ask(request.user, request.channel, request.team)
        except (SlackApiError, aiohttp.ClientError, TimeoutError) as error:
            said = error.response.get("error") if isinstance(error, SlackApiError) else type(error).__name__
            self._log.warning("access.unknown", slack=said)
            self._metrics.lookups.labels("unsure").inc()
            await self._whisper(job, request, _UNSURE)
            return None
        if verdict.refusal:
            self._log.info("access.refused", reason=verdict.refusal.reason)
            self._metrics.lookups.labels("refused").inc()
            await self._whisper(job, request, verdict.refusal.message)
            return None
        return verdict

    def _private_because(self, request: LookupRequest, verdict: Verdict) -> str | None:
        """Say why only the asker may see the answer, None where everybody may."""
        if request.on is not None:
            return _ONLY_YOU if request.on.ephemeral else None
        if self._ephemeral:
            return _PRIVATE
        return None if verdict.in_public else _hint(request, "channel_not_found")

    def _surface(self, job: Job, request: LookupRequest) -> Surface:
        if request.on is not None:
            return EditSurface(self._poster, request, request.on)
        return ThreadSurface(self._poster, self._jobs, job, request)

    async def _in_private(self, job: Job, question: Question, request: LookupRequest, hint: str) -> None:
        if request.response_url is None or not await self._first_time(job, request.channel):
            return
        surface = WhisperSurface(self._poster, request, request.response_url, hint)
        await self._present(job, question, surface)

    async def _present(self, job: Job, question: Question, surface: Surface) -> None:
        subject = question.subject
        log = self._log.bind(job=job.id, subject=self._keyring.hash("log", subject.kind, subject.value)[:12])
        with self._metrics.lookup_seconds.time():
            await present(self._lookup.follow(question), surface)
        self._metrics.lookups.labels("answered").inc()
        log.info("lookup.done", kind=str(subject.kind), days=question.days)

    async def _whisper(self, job: Job, request: LookupRequest | DebugRequest, text: str) -> None:
        if request.response_url and await self._first_time(job, request.channel):
            await self._poster.whisper(request.response_url, note(text))

    async def _first_time(self, job: Job, channel: str) -> bool:
        """Say once that an answer which cannot be looked for is being given: at most once is the promise."""
        if "whisper" in await self._jobs.posts(job):
            return False
        await self._jobs.note_post(job, Post("whisper", channel, "given", 0))
        return True


def _hint(request: LookupRequest, code: str) -> str:
    """Say why only the asker sees the answer, and what would change that."""
    if code in ("not_in_channel", "channel_not_found") and request.channel.startswith("D"):
        return _PEOPLE_ONLY
    return _HINTS.get(code, _NOT_ALLOWED)
