"""
Where in Slack a case file is shown: a parent with its reply, one message, an earlier answer, an asker's eyes.

A reply is edited at most three times, a parent at most once; where the bot may not post, or only the asker
may see the answer, the same goes by response URL, or, where there is none, once and for all.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from bot.answers.case_file_message import View, answer, parent, reply, together
from bot.answers.progress import CaseFiles, found_any, is_waiting
from bot.domain.asking import Form, Shown
from bot.domain.message import Message
from bot.jobs.inbox import Job, Jobs, Post
from bot.jobs.payloads import LookupRequest
from bot.slack.client import SlackAway
from bot.slack.poster import Part, Poster, Spot
from bot.slack.priority_lock import Rank

_MOST_EDITS = 3
Once = Callable[[], AbstractAsyncContextManager[bool]]
"""Gives whether what cannot be looked for may be shown in its block: at most once is the promise."""


def view_of(request: LookupRequest, hint: str | None = None) -> View:
    """Give how a request's answer is to look."""
    return View(request.named, request.shown, hint, form=request.form, ticket_at=request.ticket_at)


def one_message(case_files: CaseFiles, view: View) -> Message:
    """Give an answer as one message."""
    return together(case_files[0], view) if view.form is Form.PAIR else answer(case_files, view)


@dataclass(slots=True)
class PairSurface:
    """A parent message in the channel and one reply in its thread."""

    poster: Poster
    jobs: Jobs
    job: Job
    request: LookupRequest
    _parent: Post | None = None
    _reply: Post | None = None

    async def show(self, case_files: CaseFiles) -> None:
        """Post both, or edit: the reply each time, the parent when nothing more will come."""
        [case_file] = case_files
        view = view_of(self.request)
        if self._parent is None or self._reply is None:
            await self._post(case_files, view)
            return
        ended = not case_file.waiting
        if self._reply.edits < _MOST_EDITS and not self._reply.whole:
            self._reply = await self._edit(self._reply, reply(case_file, view), ended=ended)
        if ended and self._parent.edits == 0 and not self._parent.whole:
            self._parent = await self._edit(self._parent, parent(case_file, view), ended=True)

    async def _post(self, case_files: CaseFiles, view: View) -> None:
        channel = self.request.asker.channel
        [case_file] = case_files
        whole = not case_file.waiting
        head = await self.poster.post(self.job, Part("parent", whole), Spot(channel), parent(case_file, view))
        part, spot = Part("reply", whole), Spot(channel, head.post.ts)
        below = await self.poster.post(self.job, part, spot, reply(case_file, view), Rank.BEGUN)
        self._parent, self._reply = head.post, below.post
        if head.is_old or below.is_old:
            # What stands there was written by whoever worked on the job before.
            await self.show(case_files)

    async def _edit(self, post: Post, message: Message, *, ended: bool) -> Post:
        return await _edit(self.poster, self.jobs, self.job, post, message, ended=ended)


@dataclass(slots=True)
class MessageSurface:
    """
    One message in a thread or a direct message.

    `waits` keeps it unposted until there is something to show; `stands` is a message of ours whose place it
    takes; `rank` is how soon it is to be posted.
    """

    poster: Poster
    jobs: Jobs
    job: Job
    request: LookupRequest
    waits: bool = False
    stands: str | None = None
    rank: Rank = Rank.PERSON
    post: Post | None = None

    async def show(self, case_files: CaseFiles) -> None:
        """Post it, or edit it."""
        if self.waits and self.post is None and not found_any(case_files):
            return
        message, whole = answer(case_files, view_of(self.request)), not is_waiting(case_files)
        if self.post is not None:
            if self.post.edits < _MOST_EDITS and not self.post.whole:
                self.post = await _edit(self.poster, self.jobs, self.job, self.post, message, ended=whole)
            return
        asker = self.request.asker
        if self.stands and await self.poster.edit(asker.channel, self.stands, message):
            self.post = Post("answer", asker.channel, self.stands, 0, whole)
            await self.jobs.note_post(self.job, self.post)
            return
        spot = Spot(asker.channel, asker.thread_ts)
        posted = await self.poster.post(self.job, Part("answer", whole), spot, message, self.rank)
        self.post = posted.post
        if posted.is_old:
            await self.show(case_files)


@dataclass(slots=True)
class EditSurface:
    """An earlier answer that a button was pressed on, and the parent above it where that is ours."""

    poster: Poster
    request: LookupRequest
    on: Shown
    _edits: int = 0

    async def show(self, case_files: CaseFiles) -> None:
        """Edit the answer, one edit kept for the end; the parent when nothing more will come."""
        view, channel = view_of(self.request), self.request.asker.channel
        ended = not is_waiting(case_files)
        pair = view.form is Form.PAIR
        if ended or self._edits < _MOST_EDITS - 1:
            message = reply(case_files[0], view) if pair else answer(case_files, view)
            edit = self.poster.edit if ended else self.poster.edit_at_once
            await edit(channel, self.on.message_ts, message)
            self._edits += 1
        if pair and ended and self.on.parent_ts and self.on.parent_ts != self.on.message_ts:
            await self.poster.edit(channel, self.on.parent_ts, parent(case_files[0], view))


@dataclass(slots=True)
class WhisperSurface:
    """
    An answer that only the asker sees: by response URL, five uses at most, of which we take four.

    A URL that has expired (Slack: after half an hour) is done without: then it is shown once, at the end.
    """

    poster: Poster
    request: LookupRequest
    response_url: str
    hint: str | None
    once: Once
    _uses: int = 0
    _has_expired: bool = False

    async def show(self, case_files: CaseFiles) -> None:
        """Answer, or replace the answer; the last use is kept for the end."""
        if is_waiting(case_files) and self._uses >= _MOST_EDITS:
            return
        message = one_message(case_files, view_of(self.request, self.hint))
        if self._uses:
            await self._replace(message)
        elif self._has_expired:
            await self._glimpse(case_files)
        else:
            async with self.once() as is_first:
                if is_first:
                    await self._whisper(message, case_files)

    async def _whisper(self, message: Message, case_files: CaseFiles) -> None:
        in_place = self.request.on is not None and self.request.on.ephemeral
        if await self.poster.whisper(self.response_url, message, in_place=in_place):
            self._uses += 1
            return
        self._has_expired = True
        await self._glimpse(case_files)

    async def _glimpse(self, case_files: CaseFiles) -> None:
        if not is_waiting(case_files):
            await _glimpse(self.poster, self.request, self.hint, case_files)

    async def _replace(self, message: Message) -> None:
        try:
            await self.poster.whisper(self.response_url, message, in_place=True)
        except SlackAway as away:
            # Something stands there already: it must not be said again from the beginning.
            raise SlackAway(str(away), unsure=True) from None
        self._uses += 1


@dataclass(slots=True)
class GlimpseSurface:
    """An answer that only the asker sees where there is no response URL: it can be shown once."""

    poster: Poster
    request: LookupRequest
    hint: str | None
    once: Once

    async def show(self, case_files: CaseFiles) -> None:
        """Show it when nothing more will come."""
        if not is_waiting(case_files):
            async with self.once() as is_first:
                if is_first:
                    await _glimpse(self.poster, self.request, self.hint, case_files)


async def _glimpse(poster: Poster, request: LookupRequest, hint: str | None, case_files: CaseFiles) -> None:
    view = replace(view_of(request, hint), buttons=False)
    await poster.show_to(request.asker, one_message(case_files, view))


async def _edit(poster: Poster, jobs: Jobs, job: Job, post: Post, message: Message, *, ended: bool) -> Post:
    """Edit a post; while more is to come, only where that needs no waiting."""
    edit = poster.edit if ended else poster.edit_at_once
    if not await edit(post.channel, post.ts or "", message):
        return post
    edited = replace(post, edits=post.edits + 1, whole=ended)
    await jobs.note_post(job, edited)
    return edited
