"""
Posting to Slack, a part of an answer once.

Each part's place is written down before it is posted and again when Slack has named it. A post whose
outcome is unknown is looked for by its metadata, after a settling time, before it is made again.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
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
from bot.slack.client import (
    CANNOT_SHOW,
    LONGEST_WAIT,
    NOT_HERE,
    NOTHING_TO_EDIT,
    SlackAway,
    lost,
    retry_after,
)
from bot.slack.lost_posts import EVENT_TYPE, Owner, Spot, find_post
from bot.slack.posts import Part, Post, Posted, Posts, Turn
from bot.slack.priority_lock import PriorityLock, Rank
from bot.slack.rate_limits import A_MINUTE, EDIT, POST, RateLimits, TooFar, Turns
from bot.slack.signed_values import ButtonSeals
from bot.storage.database import Connection

_CHANNELS_KEPT = 1_000
# A response URL that failed is tried again after so many seconds each.
_RESPOND_AGAIN_SECONDS = (1.0, 3.0)
# An edit that has to wait longer is made by whoever takes the job up again: others are waiting to post.
_EDIT_WAIT = timedelta(seconds=3)
_NEAR = timedelta(seconds=1)


Edit = Callable[[str, str, Message], Awaitable[bool]]
"""Replaces the message in a channel with a `ts`; False where there is nothing to replace any more."""


class NotHere(Exception):
    """Raised when Slack does not let the bot post in a channel; `code` is Slack's word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


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
        self,
        job: Owner,
        part: Part,
        spot: Spot,
        message: Message,
        rank: Rank = Rank.PERSON,
        turn: Turn | None = None,
    ) -> Posted:
        """
        Post a part of a job's answer, unless it is there already.

        Args:
            job: whose answer it is.
            part: which part of it.
            spot: where it goes.
            message: what it says.
            rank: how soon it is to be posted, among what waits for the same channel.
            turn: where it was begun with the part before it.

        Raises:
            NotHere: when the bot may not post there.
            OutcomeUnknown: when it may stand there and the bot may not look.
            TakenOver: when another process has the job by now.
            SlackApiError: when Slack refuses otherwise.

        """
        post = Post(part.name, spot.channel, None, 0, part.whole)
        known: Post | Turn | None = None
        if turn is None or not await turn.has_come():
            known = await self._begin(job, post, rank, part.followed_by, unless_known=turn is None)
        if isinstance(known, Post) and known.ts is not None:
            return Posted(known, before=True)
        if isinstance(known, Post):
            # Whoever began it was stopped in the middle: Slack may be taking it just now.
            await asyncio.sleep(self._settling_seconds)
            if found := await find_post(self._client, job, part.name, spot):
                return Posted(await self._noted(job, replace(known, ts=found)), before=True)
            known = await self._begin(job, post, rank)
        next_turn = known if isinstance(known, Turn) else None
        there = replace(post, ts=await self._send_surely(job, post, part.followed_by, spot, message, rank))
        if part.whole or part.followed_by:
            self._posts.note_later(job.id, there)
            return Posted(there, next_turn=next_turn)
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
            whether they are set aside, for `promised_edits`.

        """
        return await self._limits.promise(EDIT, number, spares=spares)

    async def promised_edits(self, number: int) -> Edit:
        """What makes edits that were set aside, now; as `edit` where they come too late for that."""
        left = await self._limits.promised_turns(EDIT, number)

        async def edit(channel: str, ts: str, message: Message) -> bool:
            nonlocal left
            if left <= 0:
                return await self.edit(channel, ts, message)
            left -= 1
            return await self._replace(channel, ts, message)

        return edit

    async def respond(self, response_url: str, message: Message, *, in_place: bool = False) -> bool:
        """
        Answer by a response URL, seen by the asker alone; False where Slack no longer takes it.

        What surely failed is tried again, and so is what takes the place of something.

        Raises:
            SlackAway: when it was not sent, or perhaps not.

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

        It can be neither found nor edited again; False where Slack does not show it. In a thread that has no
        reply yet nobody would see it (https://docs.slack.dev/reference/methods/chat.postEphemeral, "active
        thread"): then it stands in the channel.
        """
        content: dict[str, Any] = {
            "channel": asker.channel,
            "thread_ts": asker.thread_ts if asker.in_thread or asker.is_direct else None,
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
            if error.response.get("error") in CANNOT_SHOW:
                return False
            raise
        return True

    async def remove(self, channel: str, ts: str) -> bool:
        """Delete a message of ours; False where there is nothing to delete any more."""
        try:
            await self._client.chat_delete(channel=channel, ts=ts)
        except SlackApiError as error:
            if error.response.get("error") in NOTHING_TO_EDIT | NOT_HERE | {"cant_delete_message"}:
                return False
            raise
        return True

    async def dismiss(self, response_url: str) -> None:
        """
        Take away the message, seen by the asker alone, that a button was pressed on.

        Raises:
            SlackAway: when Slack cannot be reached.

        """
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
            if error.response.get("error") in NOTHING_TO_EDIT | NOT_HERE:
                return False
            raise
        return True

    async def _begin(
        self,
        job: Owner,
        post: Post,
        rank: Rank,
        followed_by: str | None = None,
        *,
        unless_known: bool = False,
    ) -> Post | Turn | None:
        """
        Wait until a part may be posted, and write down that it is about to be.

        Turns are taken when they are near: those that a process took far ahead would be lost with it, and
        whoever is more important could not go first.

        Returns:
            the part as somebody wrote it down before, with `unless_known`; else the turn of the part that
            follows, where that was begun with it.

        """
        next_one = Post(followed_by, post.channel, None, 0, post.whole) if followed_by else None
        turns: Iterator[timedelta | None] = iter(())

        def stand_in_line(connection: Connection) -> Callable[[], timedelta]:
            held = Turns(connection, POST, post.channel)
            return lambda: held.take(next(turns))

        async with self._in_line(post.channel, rank):
            while True:
                now, turns = asyncio.get_running_loop().time(), iter((_NEAR, None))
                try:
                    begun = await self._posts.about_to_post(
                        job.id, post, stand_in_line, unless_known=unless_known, next_one=next_one
                    )
                except TooFar as far:
                    await asyncio.sleep((far.wait - _NEAR / 2).total_seconds())
                    continue
                if isinstance(begun, Post):
                    return begun
                await asyncio.sleep(begun.wait.total_seconds())
                if begun.next_wait is None:
                    return None
                begins = now + begun.next_wait.total_seconds()
                return Turn(begins, now + self._posts.holds_for.total_seconds())

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

    async def _send_surely(
        self, job: Owner, post: Post, followed_by: str | None, spot: Spot, message: Message, rank: Rank
    ) -> str:
        """Post a part that is written down; where the outcome is unknown, it is looked for first."""
        try:
            return await self._send(job, post, followed_by, spot, message)
        except SlackAway as away:
            if not away.unsure:
                raise
        await asyncio.sleep(self._settling_seconds)
        if found := await find_post(self._client, job, post.part, spot):
            return found
        await self._begin(job, post, rank)
        return await self._send(job, post, followed_by, spot, message)

    async def _send(
        self, job: Owner, post: Post, followed_by: str | None, spot: Spot, message: Message
    ) -> str:
        begun = (post.part, followed_by) if followed_by else (post.part,)
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
            await self._posts.forget(job.id, *begun)
            code = str(error.response.get("error"))
            if code in NOT_HERE:
                raise NotHere(code) from None
            raise
        except SlackAway as away:
            if not away.unsure:
                await self._posts.forget(job.id, *begun)
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
