"""
Tickets listed in one message of their channel, where too many come in to answer each in its thread.

A ticket's line is written down together with the job that has its page show it; so no ticket is lost where a
process dies. A page is posted once, as everything is, and edited: every edit shows all lines there are, and
whoever has edited looks whether there are more by then, so that of two edits the older cannot stay the last.
"""

import asyncio
from collections.abc import Sequence

import structlog
from cachetools import LRUCache

from bot.domain.message import Message
from bot.domain.model import Subject
from bot.engine.parts import Engine
from bot.jobs.inbox import Inbox, Job
from bot.jobs.payloads import DIGEST, DigestPayload
from bot.jobs.tickets.digest_book import DigestBook, DigestLine, ListedTicket
from bot.jobs.tickets.digest_message import listing
from bot.jobs.tickets.places import why_not_in
from bot.operations.metrics import Metrics
from bot.settings.model import Settings
from bot.slack.access import Access
from bot.slack.lost_posts import Spot
from bot.slack.poster import NotHere, Poster
from bot.slack.posts import Part
from bot.slack.priority_lock import Rank
from bot.storage.store import Store
from bot.tickets.switches import Switches

_PAGES_KEPT = 1_000
# Slack allows 50 edits a minute in all: a page takes no more of them than one in so many seconds.
_BETWEEN_EDITS_SECONDS = 3.0


class DigestJobs:
    """
    Lists tickets.

    Args:
        store: where lines and jobs are written together.
        book: the lines.
        inbox: the jobs.
        access: what Slack says of a channel.
        switches: which channels are muted.
        poster: posts and edits.
        settings: above how many tickets an hour they are listed.
        metrics: counts.
        workspace_url: the workspace's own address.
        between_edits_seconds: a page is edited no more often.

    """

    def __init__(
        self,
        store: Store,
        book: DigestBook,
        inbox: Inbox,
        access: Access,
        switches: Switches,
        poster: Poster,
        settings: Settings,
        metrics: Metrics,
        workspace_url: str,
        between_edits_seconds: float = _BETWEEN_EDITS_SECONDS,
    ) -> None:
        self._store = store
        self._book = book
        self._inbox = inbox
        self._access = access
        self._switches = switches
        self._poster = poster
        self._above = settings.tickets.digest_above
        self._metrics = metrics
        self._workspace_url = workspace_url
        self._between_edits_seconds = between_edits_seconds
        self._turns: LRUCache[str, asyncio.Lock] = LRUCache(_PAGES_KEPT)
        self._edited: LRUCache[str, float] = LRUCache(_PAGES_KEPT)
        self._log = structlog.get_logger("tickets")

    async def page_of(self, channel: str, root_ts: str) -> str | None:
        """Count a ticket's message, once; returns the page that it is to be listed on, None where on none."""
        return await self._book.page_of(channel, root_ts, self._above) if self._above else None

    async def add(
        self, job: Job, channel: str, page: str, root_ts: str, text: str, subjects: Sequence[Subject]
    ) -> None:
        """
        Write down a ticket's line, and the job that has the page show it.

        Args:
            job: the ticket's.
            channel: where the ticket stands.
            page: where it is to be listed.
            root_ts: the ticket's message.
            text: what is said of it, in Slack's markup.
            subjects: about whom that is.

        """
        key = f"{self._book.place(channel, root_ts)} {job.id}"
        payload = DIGEST.write(DigestPayload(channel, page))
        async with self._store.write() as connection:
            await self._book.add(connection, channel, ListedTicket(root_ts, text, tuple(subjects)), job.id)
            await self._inbox.add(connection, [(DIGEST.name, key, payload)])
        self._inbox.has_more.set()

    async def tell(self, job: Job) -> None:
        """
        Have a page show all of its lines.

        Raises:
            BeingAnswered: while another process posts it.

        """
        payload = DIGEST.read(job.payload)
        if reason := await why_not_in(self._access, self._switches, payload.channel):
            self._log.info("digest.not_shown", job=job.id, why=reason)
            self._metrics.tickets.labels("not_listed").inc()
            return
        async with self._turns.setdefault(payload.page, asyncio.Lock()):
            try:
                await self._bring_up_to_date(job, payload)
            except NotHere as refusal:
                self._log.info("digest.not_posted", job=job.id, slack=refusal.code)
                self._metrics.tickets.labels("not_listed").inc()

    async def _bring_up_to_date(self, job: Job, payload: DigestPayload) -> None:
        page = payload.page
        ts = await self._book.begin(page, job.id)
        lines = await self._book.lines(page)
        # One that was begun before may have been stopped right after an edit that showed less than there is.
        if not lines or (ts and job.attempts == 1 and all(line.is_told for line in lines)):
            return
        while True:
            if ts is None:
                message = self._message(payload, lines)
                posted = await self._poster.post(
                    job, Part("digest"), Spot(payload.channel), message, Rank.UNASKED
                )
                ts = posted.post.ts
                if ts and posted.before:
                    # It shows what there was when it was posted.
                    await self._book.note(page, ts)
                    continue
            else:
                await self._pause(page)
                lines = await self._book.lines(page)
                # Where somebody has deleted it, it stays deleted.
                await self._poster.edit(payload.channel, ts, self._message(payload, lines))
            await self._book.note(page, ts, lines)
            there = await self._book.lines(page)
            if [line.sealed for line in there] == [line.sealed for line in lines]:
                return
            lines = there

    def _message(self, payload: DigestPayload, lines: Sequence[DigestLine]) -> Message:
        return listing(payload.channel, [line.ticket for line in lines], self._above, self._workspace_url)

    async def _pause(self, page: str) -> None:
        """Wait until the page may be edited again; what comes meanwhile is in the same edit."""
        now = asyncio.get_running_loop().time()
        free = self._edited.get(page, now - self._between_edits_seconds) + self._between_edits_seconds
        await asyncio.sleep(max(0.0, free - now))
        self._edited[page] = max(now, free)


def digest_jobs(
    engine: Engine, inbox: Inbox, access: Access, switches: Switches, poster: Poster, workspace_url: str
) -> DigestJobs:
    """What lists tickets, by the engine's store, settings and metrics."""
    book = DigestBook(engine.store, engine.keyring)
    parts = (engine.store, book, inbox, access, switches, poster)
    return DigestJobs(*parts, engine.settings, engine.metrics, workspace_url)
