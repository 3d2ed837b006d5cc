"""
Where in Slack a case file is shown: a parent with its reply, one message, an earlier answer, to the asker.

A reply is edited at most four times, the last time at its end, and a parent once. Where the bot may not
post, or only the asker may see the answer, it is one message that is never edited, but in place of one that
only the asker saw.
"""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace

from bot.answers.case_file_message import View
from bot.answers.progress import found_any, is_waiting
from bot.answers.targets.masked import answer, pair, parent, reply, together
from bot.domain.asking import AnswerForm, Asker, Shown
from bot.domain.message import Message
from bot.domain.model import CaseFiles
from bot.slack.client import SlackAway
from bot.slack.lost_posts import Owner, Spot
from bot.slack.poster import Edit, Poster
from bot.slack.posts import Part, Post, Posts
from bot.slack.priority_lock import Rank
from bot.slack.rate_limits import A_MINUTE, EDIT

# Edits of one message, of which the last one is kept for the end.
_MOST_EDITS = 4
# Of a minute's edits so many are left for answers that were asked for by a button, or are late.
_FOR_OTHERS = 10
Once = Callable[[], AbstractAsyncContextManager[bool]]
"""Whether what cannot be looked for may be shown in its block: at most once is the promise."""


def one_message(case_files: CaseFiles, view: View) -> Message:
    """An answer as one message."""
    return together(case_files[0], view) if view.form is AnswerForm.PAIR else answer(case_files, view)


@dataclass(slots=True)
class PairTarget:
    """A parent message in the channel and one reply in its thread."""

    poster: Poster
    posts: Posts
    job: Owner
    asker: Asker
    view: View
    _parent: Post | None = None
    _reply: Post | None = None
    _goes_on: bool = False
    _promised: bool = False

    async def may_grow(self) -> bool:
        """Whether edits can be set aside: the reply's last one and the parent's."""
        self._promised = await self.poster.promise_edits(2, spares=_FOR_OTHERS)
        return self._promised

    async def show(self, case_files: CaseFiles) -> None:
        """Post both, or edit: the reply each time, the parent when nothing more will come."""
        [case_file] = case_files
        view = self.view
        if self._parent is None or self._reply is None:
            await self._post(case_files)
            return
        ended = not case_file.waiting
        of_reply = _may_edit(self._reply, ended=ended, goes_on=self._goes_on)
        of_parent = ended and not self._parent.whole
        edits = of_reply + of_parent
        edit = await _way_to_edit(self.poster, edits, ended=ended, promised=self._promised)
        if of_reply:
            self._reply = await self._edit(edit, self._reply, reply(case_file, view), ended=ended)
        if of_parent:
            self._parent = await self._edit(edit, self._parent, parent(case_file, view), ended=True)

    async def _post(self, case_files: CaseFiles) -> None:
        channel, view = self.asker.channel, self.view
        [case_file] = case_files
        whole = not case_file.waiting
        above, in_thread = pair(case_file, view)
        head = await self.poster.post(
            self.job, Part("parent", whole, followed_by="reply"), Spot(channel), above
        )
        part, spot = Part("reply", whole), Spot(channel, head.post.ts)
        below = await self.poster.post(self.job, part, spot, in_thread, Rank.BEGUN, head.next_turn)
        self._parent, self._reply = head.post, below.post
        if head.is_old or below.is_old:
            # The message was written by whoever worked on the job before.
            self._goes_on = True
            await self.show(case_files)

    async def _edit(self, edit: Edit, post: Post, message: Message, *, ended: bool) -> Post:
        return await _edited(edit, self.posts, self.job, post, message, ended=ended)


@dataclass(slots=True)
class MessageTarget:
    """
    One message in a thread or a direct message.

    `waits` keeps it unposted until there is something to show; `replaces` is the `ts` of a message of
    ours whose place it takes; `rank` is how soon it is to be posted.
    """

    poster: Poster
    posts: Posts
    job: Owner
    asker: Asker
    view: View
    waits: bool = False
    replaces: str | None = None
    rank: Rank = Rank.PERSON
    post: Post | None = None
    _goes_on: bool = False
    _promised: bool = False

    async def may_grow(self) -> bool:
        """Whether an edit can be set aside; answers that nobody waits for leave half of all to the others."""
        spares = _FOR_OTHERS if self.rank is Rank.PERSON else A_MINUTE[EDIT] // 2
        self._promised = await self.poster.promise_edits(1, spares=spares)
        return self._promised

    async def show(self, case_files: CaseFiles) -> None:
        """Post it, or edit it."""
        if self.waits and self.post is None and not found_any(case_files):
            return
        message, whole = answer(case_files, self.view), not is_waiting(case_files)
        if self.post is not None:
            if _may_edit(self.post, ended=whole, goes_on=self._goes_on):
                self.post = await self._edit(self.post, message, ended=whole)
            return
        asker = self.asker
        if self.replaces and (known := (await self.posts.of(self.job.id)).get("answer")) and known.ts:
            self.post, self._goes_on = known, True
            await self.show(case_files)
            return
        if self.replaces and await self.poster.edit(asker.channel, self.replaces, message):
            self.post = Post("answer", asker.channel, self.replaces, 0, whole)
            await self.posts.note(self.job.id, self.post)
            return
        spot = Spot(asker.channel, asker.thread_ts)
        posted = await self.poster.post(self.job, Part("answer", whole), spot, message, self.rank)
        self.post = posted.post
        if posted.is_old:
            self._goes_on = True
            await self.show(case_files)

    async def _edit(self, post: Post, message: Message, *, ended: bool) -> Post:
        edit = await _way_to_edit(self.poster, 1, ended=ended, promised=self._promised)
        return await _edited(edit, self.posts, self.job, post, message, ended=ended)


@dataclass(slots=True)
class EditTarget:
    """An earlier answer that a button was pressed on, and the parent above it where that is ours."""

    poster: Poster
    asker: Asker
    view: View
    on: Shown
    _edits: int = 0

    async def may_grow(self) -> bool:
        """Always: an edit on the way is made only where there are enough."""
        return True

    async def show(self, case_files: CaseFiles) -> None:
        """
        Edit the answer, one edit kept for the end; the parent when nothing more will come.

        Until something is found or the end has come, what stands there stays.
        """
        view, channel = self.view, self.asker.channel
        ended = not is_waiting(case_files)
        if not ended and not found_any(case_files):
            return
        pair = view.form is AnswerForm.PAIR
        if ended or self._edits < _MOST_EDITS - 1:
            message = reply(case_files[0], view) if pair else answer(case_files, view)
            edit = self.poster.edit if ended else self.poster.edit_at_once
            await edit(channel, self.on.message_ts, message)
            self._edits += 1
        if pair and ended and self.on.parent_ts and self.on.parent_ts != self.on.message_ts:
            await self.poster.edit(channel, self.on.parent_ts, parent(case_files[0], view))


@dataclass(slots=True)
class ResponseUrlTarget:
    """
    An answer in place of what only the asker sees, and has clicked in: by the click's response URL.

    Slack allows five uses of it. One that has expired (Slack: after half an hour) is done without: then it is
    shown once, at the end.
    """

    poster: Poster
    asker: Asker
    view: View
    response_url: str
    once: Once
    _uses: int = 0
    _has_expired: bool = False

    async def may_grow(self) -> bool:
        """Always: a response URL has uses of its own."""
        return True

    async def show(self, case_files: CaseFiles) -> None:
        """Replace what is there, once there is something to show; the last use is kept for the end."""
        waiting = is_waiting(case_files)
        if waiting and (self._uses >= _MOST_EDITS or not found_any(case_files)):
            return
        message = one_message(case_files, self.view)
        if self._has_expired:
            await self._show_at_the_end(case_files)
        elif self._uses:
            await self._replace(message, case_files)
        else:
            async with self.once() as is_first:
                if is_first:
                    await self._respond(message, case_files)

    async def _respond(self, message: Message, case_files: CaseFiles) -> None:
        taken = await self.poster.respond(self.response_url, message, in_place=True)
        await self._go_on(case_files, taken=taken)

    async def _go_on(self, case_files: CaseFiles, *, taken: bool) -> None:
        if taken:
            self._uses += 1
            return
        self._has_expired = True
        await self._show_at_the_end(case_files)

    async def _show_at_the_end(self, case_files: CaseFiles) -> None:
        if not is_waiting(case_files):
            await _show_once(self.poster, self.asker, self.view, case_files)

    async def _replace(self, message: Message, case_files: CaseFiles) -> None:
        try:
            taken = await self.poster.respond(self.response_url, message, in_place=True)
        except SlackAway as away:
            # The asker has an answer already: a second one must not be begun.
            raise SlackAway(str(away), unsure=True) from None
        await self._go_on(case_files, taken=taken)


@dataclass(slots=True)
class EphemeralTarget:
    """
    An answer that only the asker sees, and that cannot be edited: it is shown once, by `say`.

    That goes for what has a response URL as well. A click's edits the message that was clicked in, which
    everybody sees; a command's edits nothing: each use is a message of its own
    (https://github.com/slackapi/bolt-python/issues/1268).
    """

    say: Callable[[Asker, Message], Awaitable[None]]
    asker: Asker
    view: View
    once: Once
    _has_been: bool = False

    async def may_grow(self) -> bool:
        """Never: it is shown when every source has answered or is late."""
        return False

    async def show(self, case_files: CaseFiles) -> None:
        """Show it the first time alone; a source that is late is said to be, for its answer will not come."""
        if self._has_been:
            return
        self._has_been = True
        said = tuple(replace(case_file, waiting=()) for case_file in case_files)
        # What was asked for by a click can be asked anew by one.
        view = self.view if self.asker.response_url else replace(self.view, buttons=False)
        async with self.once() as is_first:
            if is_first:
                await self.say(self.asker, one_message(said, view))


async def _show_once(poster: Poster, asker: Asker, view: View, case_files: CaseFiles) -> None:
    await poster.show_to(asker, one_message(case_files, replace(view, buttons=False)))


def _may_edit(post: Post, *, ended: bool, goes_on: bool) -> bool:
    """
    Whether a post may be edited now: at the end always, before that while one edit is left for the end.

    With `goes_on` it was written before a restart, and may say more than what has been heard again so far: it
    stays as it is until the end.
    """
    if post.whole:
        return False
    return ended or (post.edits < _MOST_EDITS - 1 and not goes_on)


async def _way_to_edit(poster: Poster, edits: int, *, ended: bool, promised: bool) -> Edit:
    """While more is to come, only where that needs no waiting; at the end for sure, at once if promised."""
    if not ended:
        return poster.edit_at_once
    return await poster.promised_edits(edits) if promised and edits else poster.edit


async def _edited(edit: Edit, posts: Posts, job: Owner, post: Post, message: Message, *, ended: bool) -> Post:
    if not await edit(post.channel, post.ts or "", message):
        return post
    edited = replace(post, edits=post.edits + 1, whole=ended)
    posts.note_later(job.id, edited)
    return edited
