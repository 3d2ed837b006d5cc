"""
A case file on its way into Slack.

What is posted is posted early (when the first source has answered, or after a second) and edited as the
others come in: the reply at most three times, the parent at most once. Where the bot may not post, or
only the asker may see the answer, the same goes by response URL: one answer and at most three edits.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field, replace
from typing import Protocol

from bot.blocks import Message, View, parent, reply, together
from bot.casefile import CaseFile
from bot.jobs import Job, Jobs, Post
from bot.lookup import is_heard
from bot.posting import Poster, Spot
from bot.requests import LookupRequest, Shown

_FIRST_AFTER_SECONDS = 1.0
# Sources that answer from the cache come within milliseconds of each other.
_TOGETHER_SECONDS = 0.05
# Answers that come in this close to each other make one edit.
_BETWEEN_EDITS_SECONDS = 0.7
_MOST_EDITS = 3


class Surface(Protocol):
    """Somewhere in Slack that a case file can be shown and shown again."""

    async def show(self, case_file: CaseFile) -> None:
        """Show it, or show it in place of what is shown; with nothing in `waiting` it is the last time."""


async def present(updates: AsyncIterator[CaseFile], surface: Surface) -> None:
    """Show a growing case file: early, at most once while it grows, when all are heard, and at its end."""
    growth = _Growth(updates)
    reading = asyncio.create_task(growth.read())
    try:
        await growth.until(lambda: growth.answered, _FIRST_AFTER_SECONDS)
        await growth.until(lambda: growth.heard, _TOGETHER_SECONDS)
        shown = await _show(surface, growth, None)
        if not growth.heard:
            await growth.until(lambda: growth.ended or growth.latest is not shown, None)
            await growth.until(lambda: growth.heard, _BETWEEN_EDITS_SECONDS)
            shown = await _show(surface, growth, shown)
        if not growth.ended:
            await growth.until(lambda: growth.heard, None)
            await growth.until(lambda: growth.ended, _TOGETHER_SECONDS)
            shown = await _show(surface, growth, shown)
        await growth.until(lambda: growth.ended, None)
        await _show(surface, growth, shown)
        await reading
    finally:
        reading.cancel()


async def _show(surface: Surface, growth: "_Growth", shown: CaseFile | None) -> CaseFile | None:
    """Show the latest case file, unless it says nothing new."""
    latest = growth.latest
    if latest is None or (shown is not None and _says_the_same(latest, shown)):
        return latest
    await surface.show(latest)
    return latest


def _says_the_same(one: CaseFile, other: CaseFile) -> bool:
    return one.findings == other.findings and one.waiting == other.waiting


@dataclass(slots=True)
class _Growth:
    """The latest of a stream of case files, to be waited for."""

    updates: AsyncIterator[CaseFile]
    latest: CaseFile | None = None
    ended: bool = False
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    @property
    def answered(self) -> bool:
        """Whether a source has answered, or there is nothing more to wait for."""
        return self.ended or self.heard or (self.latest is not None and self.latest.answered)

    @property
    def heard(self) -> bool:
        """Whether every source has said its last, or that it is late."""
        if self.ended:
            return True
        latest = self.latest
        return latest is not None and all(is_heard(latest, name) for name in latest.waiting)

    async def read(self) -> None:
        try:
            async for case_file in self.updates:
                async with self._changed:
                    self.latest = case_file
                    self.ended = not case_file.waiting
                    self._changed.notify_all()
        finally:
            async with self._changed:
                self.ended = True
                self._changed.notify_all()

    async def until(self, so: Callable[[], bool], seconds: float | None) -> None:
        """Wait until something is so, or for as long as given."""
        try:
            async with asyncio.timeout(seconds), self._changed:
                await self._changed.wait_for(so)
        except TimeoutError:
            return


@dataclass(slots=True)
class ThreadSurface:
    """A parent message in the channel and one reply in its thread."""

    poster: Poster
    jobs: Jobs
    job: Job
    request: LookupRequest
    _parent: Post | None = None
    _reply: Post | None = None

    async def show(self, case_file: CaseFile) -> None:
        """Post both, or edit: the reply each time, the parent when nothing more will come."""
        view = View(self.request.asker, self.request.shown)
        if self._parent is None or self._reply is None:
            await self._post(case_file, view)
            return
        if self._reply.edits < _MOST_EDITS:
            self._reply = await self._edit(self._reply, reply(case_file, view))
        if not case_file.waiting and self._parent.edits == 0:
            self._parent = await self._edit(self._parent, parent(case_file, view))

    async def _post(self, case_file: CaseFile, view: View) -> None:
        resumed = self.job.attempts > 1
        self._parent = await self.poster.post(
            self.job, "parent", Spot(self.request.channel), parent(case_file, view)
        )
        spot = Spot(self.request.channel, self._parent.ts)
        self._reply = await self.poster.post(self.job, "reply", spot, reply(case_file, view))
        if resumed:
            # What stands there was written by whoever worked on the job before.
            await self.show(case_file)

    async def _edit(self, post: Post, message: Message) -> Post:
        await self.poster.edit(post.channel, post.ts or "", message)
        edited = replace(post, edits=post.edits + 1)
        await self.jobs.note_post(self.job, edited)
        return edited


@dataclass(slots=True)
class EditSurface:
    """An earlier answer that a button was pressed on, and the parent above it."""

    poster: Poster
    request: LookupRequest
    on: Shown
    _edits: int = 0

    async def show(self, case_file: CaseFile) -> None:
        """Edit the reply, one edit kept for the end; the parent when nothing more will come."""
        view = View(self.request.asker, self.request.shown)
        ended = not case_file.waiting
        if ended or self._edits < _MOST_EDITS - 1:
            await self.poster.edit(self.request.channel, self.on.message_ts, reply(case_file, view))
            self._edits += 1
        if ended and self.on.parent_ts and self.on.parent_ts != self.on.message_ts:
            await self.poster.edit(self.request.channel, self.on.parent_ts, parent(case_file, view))


@dataclass(slots=True)
class WhisperSurface:
    """An answer that only the asker sees: by response URL, five uses at most, of which we take four."""

    poster: Poster
    request: LookupRequest
    response_url: str
    hint: str | None
    _uses: int = 0

    async def show(self, case_file: CaseFile) -> None:
        """Answer, or replace the answer; the last use is kept for the end."""
        ended = not case_file.waiting
        if not ended and self._uses >= _MOST_EDITS:
            return
        message = together(case_file, View(self.request.asker, self.request.shown, self.hint))
        again = self._uses > 0 or (self.request.on is not None and self.request.on.ephemeral)
        await self.poster.whisper(self.response_url, message, replace=again)
        self._uses += 1
