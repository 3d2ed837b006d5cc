"""
Posting to Slack, a part of an answer once.

Each part's place is written down before it is posted and again when Slack has named it. A post whose
outcome is unknown is looked for by its metadata, after a settling time, before it is made again.
"""

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
from cachetools import LRUCache
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient
from slack_sdk.webhook.webhook_response import WebhookResponse

from bot.domain.asking import Asker
from bot.domain.message import Message
from bot.slack.client import LONGEST_WAIT, SlackAway, lost, retry_after
from bot.slack.lost_posts import EVENT_TYPE, Owner, Spot, find_post
from bot.slack.posts import Post, Posts
from bot.slack.priority_lock import PriorityLock, Rank
from bot.slack.rate_limits import A_MINUTE, EDIT, POST, RateLimits, TooFar, take_turn
from bot.slack.signed_values import ButtonSeals
from bot.storage.database import Connection

_CHANNELS_KEPT = 1_000
# Slack's words for "not here": said at once, nothing was posted.
_NOT_HERE = frozenset(
    {
        "not_in_channel",
        "channel_not_found",
        "is_archived",
        "missing_scope",
        "no_permission",
        "restricted_action",
        "restricted_action_read_only_channel",
        "restricted_action_thread_only_channel",
        "restricted_action_non_threadable_channel",
        "posting_to_general_channel_denied",
        "access_denied",
        "ekm_access_denied",
        "team_access_not_granted",
        # The message whose thread it was is gone.
        "thread_not_found",
        "cannot_reply_to_message",
    }
)
# Slack's words where somebody cannot be shown what only they would see.
_CANNOT_SHOW = _NOT_HERE | {"user_not_in_channel", "user_not_found", "messages_tab_disabled"}
# The message is gone, or not ours: nothing is left to edit.
_NOTHING_TO_EDIT = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"}
)
# A response URL that failed is tried again after so many seconds each.
_RESPOND_AGAIN_SECONDS = (1.0, 3.0)
# An edit that has to wait longer is made by whoever takes the job up again: others are waiting to post.
_EDIT_WAIT = timedelta(seconds=3)
_NEAR = timedelta(seconds=1)


class NotHere(Exception):
    """Raised when Slack does not let the bot post in a channel; `code` is Slack's word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Part:
    """
    A part of an answer.

    `whole` says that nothing will have to be edited in; `followed` that another part is posted right after.
    """

    name: str
    whole: bool = True
    followed: bool = False


@dataclass(frozen=True, slots=True)
class Posted:
    """A part that is in Slack; with `before` it was posted by whoever had the job before."""

    post: Post
    before: bool = False

    @property
    def is_old(self) -> bool:
        """Whether what it says may be less than there is to say by now."""
        return self.before and not self.post.whole


class Poster:
    """
    Posts and edits; everything raises `SlackAway` where Slack cannot be asked.

    Args:
        client: Slack's Web API.
        session: for response URLs, which are no part of that API.
        posts: where the places of posts are written down.
        limits: keeps to Slack's rate limits.
        seals: signs the values of buttons in what is shown by response URL.
        settling_seconds: how long Slack is given before a lost post is looked for.

    """

    def __init__(
        self,
        client: AsyncWebClient,
        session: aiohttp.ClientSession,
        posts: Posts,
        limits: RateLimits,
        seals: ButtonSeals,
        settling_seconds: float,
    ) -> None:
        self._seals = seals
        self._client = client
        self._session = session
        self._posts = posts
        self._settling_seconds = settling_seconds
        self._limits = limits
        self._locks: LRUCache[str, PriorityLock] = LRUCache(_CHANNELS_KEPT)

    async def post(
        self, job: Owner, part: Part, spot: Spot, message: Message, rank: Rank = Rank.PERSON
    ) -> Posted:
        """
        Post a part of a job's answer, unless it is there already.

        Args:
            job: whose answer it is.
            part: which part of it.
            spot: where it goes.
            message: what it says.
            rank: how soon it is to be posted, among what waits for the same channel.

        Raises:
            NotHere: when the bot may not post there.
            OutcomeUnknown: when it may stand there and the bot may not look.
            TakenOver: when another process has the job by now.
            SlackApiError: when Slack refuses otherwise.

        """
        post = Post(part.name, spot.channel, None, 0, part.whole)
        known = await self._begin(job, post, rank, unless_known=True)
        if known is not None and known.ts is not None:
            return Posted(known, before=True)
        if known is not None:
            # Whoever began it was stopped in the middle: Slack may be taking it just now.
            await asyncio.sleep(self._settling_seconds)
            if found := await find_post(self._client, job, part.name, spot):
                return Posted(await self._noted(job, replace(known, ts=found)), before=True)
            await self._begin(job, post, rank)
        there = replace(post, ts=await self._send_surely(job, post, spot, message, rank))
        if part.whole or part.followed:
            self._posts.note_later(job.id, there)
            return Posted(there)
        return Posted(await self._noted(job, there))

    async def edit(self, channel: str, ts: str, message: Message) -> bool:
        """Replace a message of ours; False where there is nothing to replace any more."""
        return await self._edit(channel, ts, message, _EDIT_WAIT)

    async def edit_at_once(self, channel: str, ts: str, message: Message) -> bool:
        """Replace a message of ours, unless others stand in line: then the next edit says it too."""
        try:
            return await self._edit(channel, ts, message, timedelta(), spares=A_MINUTE[EDIT] // 2)
        except SlackAway:
            return False

    async def promise_edits(self, number: int, *, spares: int = 0) -> bool:
        """
        Set edits aside for what is about to be posted and will have to be edited soon.

        Where they are short (Slack allows 50 a minute in all), what is posted had better be whole.

        Args:
            number: of edits.
            spares: edits of a minute that are left for others.

        Returns:
            whether they are set aside, for `edit_as_promised`.

        """
        return await self._limits.promise(EDIT, number, spares=spares)

    async def edit_as_promised(self, channel: str, ts: str, message: Message) -> bool:
        """Make an edit that was set aside; as `edit` where it comes too late for that."""
        if await self._limits.promised_turn(EDIT):
            return await self._replace(channel, ts, message)
        return await self.edit(channel, ts, message)

    async def respond(self, response_url: str, message: Message, *, in_place: bool = False) -> bool:
        """
        Answer by a response URL, seen by the asker alone; False where Slack no longer takes it.

        What surely failed is tried again, and so is what takes the place of something.
        """
        webhook = self._webhook(response_url)
        for again in (*_RESPOND_AGAIN_SECONDS, None):
            try:
                answer = await webhook.send(
                    text=message.text,
                    blocks=self._seals.signed(message.blocks),
                    response_type="ephemeral",
                    replace_original=in_place,
                    unfurl_links=False,
                    unfurl_media=False,
                )
                return _was_taken(answer)
            except (aiohttp.ClientError, TimeoutError) as error:
                away = lost(error)
            except SlackAway as error:
                away = error
            if again is None or away.wait > LONGEST_WAIT or (away.unsure and not in_place):
                raise away
            await asyncio.sleep(max(again, away.wait.total_seconds()))
        raise AssertionError("the last try returns or raises")

    async def show_to(self, asker: Asker, message: Message) -> bool:
        """
        Show something to whoever asked: in a direct message to all who are in it, else to them alone.

        It can be neither found nor edited again; False where Slack does not show it.
        """
        content: dict[str, Any] = {
            "channel": asker.channel,
            "thread_ts": asker.thread_ts,
            "text": message.text,
            "blocks": message.blocks,
        }
        try:
            if asker.is_direct:
                await self._take_turn(asker.channel, Rank.PERSON)
                await self._client.chat_postMessage(**content, unfurl_links=False, unfurl_media=False)
            else:
                await self._client.chat_postEphemeral(user=asker.user, **content)
        except SlackApiError as error:
            if error.response.get("error") in _CANNOT_SHOW:
                return False
            raise
        return True

    async def remove(self, channel: str, ts: str) -> bool:
        """Delete a message of ours; False where there is nothing to delete any more."""
        try:
            await self._client.chat_delete(channel=channel, ts=ts)
        except SlackApiError as error:
            if error.response.get("error") in _NOTHING_TO_EDIT | _NOT_HERE | {"cant_delete_message"}:
                return False
            raise
        return True

    async def dismiss(self, response_url: str) -> None:
        """Take away the message, seen by the asker alone, that a button was pressed on."""
        try:
            await self._webhook(response_url).send(delete_original=True)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise lost(error) from None

    def _webhook(self, response_url: str) -> AsyncWebhookClient:
        # slack_sdk's own handlers would say it twice where an answer was lost.
        return AsyncWebhookClient(response_url, session=self._session, retry_handlers=[])

    async def _noted(self, job: Owner, post: Post) -> Post:
        await self._posts.note(job.id, post)
        return post

    async def _edit(
        self, channel: str, ts: str, message: Message, longest: timedelta, *, spares: int = 0
    ) -> bool:
        try:
            wait = await self._limits.turn(EDIT, longest=longest, spares=spares)
        except TooFar as far:
            raise SlackAway("too many edits", far.wait, unsure=False) from None
        await asyncio.sleep(wait.total_seconds())
        return await self._replace(channel, ts, message)

    async def _replace(self, channel: str, ts: str, message: Message) -> bool:
        try:
            await self._client.chat_update(channel=channel, ts=ts, text=message.text, blocks=message.blocks)
        except SlackApiError as error:
            if error.response.get("error") in _NOTHING_TO_EDIT | _NOT_HERE:
                return False
            raise
        return True

    async def _begin(self, job: Owner, post: Post, rank: Rank, *, unless_known: bool = False) -> Post | None:
        """
        Wait until a part may be posted, and write down that it is about to be.

        Turns are taken when they are near: those that a process took far ahead would be lost with it, and
        whoever is more important could not go first.

        Returns:
            the part as somebody wrote it down before, with `unless_known`; else None.

        """

        async def turn(connection: Connection) -> timedelta:
            return await take_turn(connection, POST, post.channel, _NEAR)

        async with self._in_line(post.channel, rank):
            while True:
                try:
                    begun = await self._posts.about_to_post(job.id, post, turn, unless_known=unless_known)
                except TooFar as far:
                    await asyncio.sleep((far.wait - _NEAR / 2).total_seconds())
                    continue
                if isinstance(begun, Post):
                    return begun
                await asyncio.sleep(begun.total_seconds())
                return None

    async def _take_turn(self, channel: str, rank: Rank) -> None:
        """Wait until the channel may be posted to."""
        async with self._in_line(channel, rank):
            while True:
                try:
                    wait = await self._limits.turn(POST, channel, _NEAR)
                except TooFar as far:
                    await asyncio.sleep((far.wait - _NEAR / 2).total_seconds())
                else:
                    await asyncio.sleep(wait.total_seconds())
                    return

    def _in_line(self, channel: str, rank: Rank) -> AbstractAsyncContextManager[None]:
        return self._locks.setdefault(channel, PriorityLock()).first(rank)

    async def _send_surely(self, job: Owner, post: Post, spot: Spot, message: Message, rank: Rank) -> str:
        """Post a part that is written down; where the outcome is unknown, it is looked for first."""
        try:
            return await self._send(job, post, spot, message)
        except SlackAway as away:
            if not away.unsure:
                raise
        await asyncio.sleep(self._settling_seconds)
        if found := await find_post(self._client, job, post.part, spot):
            return found
        await self._begin(job, post, rank)
        return await self._send(job, post, spot, message)

    async def _send(self, job: Owner, post: Post, spot: Spot, message: Message) -> str:
        try:
            answer = await self._client.chat_postMessage(
                channel=spot.channel,
                thread_ts=spot.thread_ts,
                text=message.text,
                blocks=message.blocks,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"job": job.id, "part": post.part}},
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackApiError as error:
            await self._posts.forget(job.id, post.part)
            code = str(error.response.get("error"))
            if code in _NOT_HERE:
                raise NotHere(code) from None
            raise
        except SlackAway as away:
            if not away.unsure:
                await self._posts.forget(job.id, post.part)
            raise
        return str(answer["ts"])


def _was_taken(answer: WebhookResponse) -> bool:
    """
    Read what a response URL answered.

    Raises:
        SlackAway: when Slack is rate-limiting us, or answers with a server error.

    """
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        raise SlackAway("ratelimited", retry_after(answer.headers), unsure=False)
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        raise SlackAway(f"HTTP {answer.status_code}", unsure=True)
    return answer.status_code == HTTPStatus.OK
