"""
Posting to Slack, a part of an answer once.

Each part's place is written down before it is posted and again when Slack has named it. A post whose
outcome is unknown is looked for by its metadata, after a settling time, before it is made again.
"""

import asyncio
from dataclasses import dataclass
from typing import Any

import aiohttp
from cachetools import LRUCache
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.webhook.async_client import AsyncWebhookClient

from bot.block_kit import Message
from bot.jobs import Job, Jobs, Post
from bot.pace import Pace
from bot.requests import Asker

EVENT_TYPE = "casefile_answer"
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
_CANNOT_LOOK = frozenset({"missing_scope", "not_in_channel", "channel_not_found"})
# The message is gone, or not ours: nothing is left to edit.
_NOTHING_TO_EDIT = frozenset(
    {"message_not_found", "cant_update_message", "edit_window_closed", "is_inactive"}
)
_SLACK_IS_ILL = frozenset({"internal_error", "fatal_error", "service_unavailable", "request_timeout"})


class NotHere(Exception):
    """Raised when Slack does not let the bot post in a channel; `code` is Slack's word for why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class OutcomeUnknown(Exception):
    """Raised when a post may or may not stand in Slack, and the bot is not allowed to look."""


class Lost(Exception):
    """Raised when Slack's answer to a post was lost: the post may stand there; trying again looks first."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Where a part goes: a channel, and the thread in it."""

    channel: str
    thread_ts: str | None = None


class Poster:
    """
    Posts and edits.

    Args:
        client: Slack's Web API.
        session: for response URLs, which are no part of that API.
        jobs: where the places of posts are written down.
        pace: gives turns in a channel.
        settling_seconds: how long Slack is given before a lost post is looked for.

    """

    def __init__(
        self,
        client: AsyncWebClient,
        session: aiohttp.ClientSession,
        jobs: Jobs,
        pace: Pace,
        settling_seconds: float,
    ) -> None:
        self._client = client
        self._session = session
        self._jobs = jobs
        self._settling_seconds = settling_seconds
        self._pace = pace
        self._patience: LRUCache[str, asyncio.Lock] = LRUCache(_CHANNELS_KEPT)

    async def post(self, job: Job, part: str, spot: Spot, message: Message, *, urgent: bool = True) -> Post:
        """
        Post a part of a job's answer, unless it stands there already.

        Args:
            job: whose answer it is.
            part: which part of it.
            spot: where it goes.
            message: what it says.
            urgent: a person waits for it; of the others, one at a time stands in a channel's queue.

        Raises:
            NotHere: when the bot may not post there.
            OutcomeUnknown: when it may stand there and the bot may not look.
            Lost: when that happened twice in a row.
            SlackApiError: when Slack refuses otherwise.

        """
        known = (await self._jobs.posts(job)).get(part)
        if known is not None and known.ts is not None:
            return known
        if known is not None:
            # Whoever began it was stopped in the middle: Slack may be taking it just now.
            await asyncio.sleep(self._settling_seconds)
            if found := await self._look_for(job, part, spot):
                return await self._noted(job, Post(part, spot.channel, found, 0))
        await self._jobs.note_post(job, Post(part, spot.channel, None, 0))
        try:
            ts = await self._post(job, part, spot, message, urgent)
        except Lost:
            await asyncio.sleep(self._settling_seconds)
            ts = await self._look_for(job, part, spot) or await self._post(job, part, spot, message, urgent)
        return await self._noted(job, Post(part, spot.channel, ts, 0))

    async def edit(self, channel: str, ts: str, message: Message) -> bool:
        """Replace a message of ours; False where there is nothing to replace any more."""
        try:
            await self._client.chat_update(channel=channel, ts=ts, text=message.text, blocks=message.blocks)
        except SlackApiError as error:
            if error.response.get("error") in _NOTHING_TO_EDIT | _NOT_HERE:
                return False
            raise
        return True

    async def whisper(self, response_url: str, message: Message, *, replace: bool = False) -> bool:
        """Answer by a response URL, seen by the asker alone; False where Slack no longer takes it."""
        webhook = AsyncWebhookClient(response_url, session=self._session, timeout=10)
        answer = await webhook.send(
            text=message.text,
            blocks=message.blocks,
            response_type="ephemeral",
            replace_original=replace,
            unfurl_links=False,
            unfurl_media=False,
        )
        return answer.status_code == 200  # noqa: PLR2004

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
        webhook = AsyncWebhookClient(response_url, session=self._session, timeout=10)
        await webhook.send(delete_original=True)

    async def _noted(self, job: Job, post: Post) -> Post:
        await self._jobs.note_post(job, post)
        return post

    async def _take_turn(self, channel: str, urgent: bool) -> None:
        """Wait until the channel may be posted to."""
        if urgent:
            await asyncio.sleep((await self._pace.turn(channel)).total_seconds())
            return
        async with self._patience.setdefault(channel, asyncio.Lock()):
            await asyncio.sleep((await self._pace.turn(channel)).total_seconds())

    async def _post(self, job: Job, part: str, spot: Spot, message: Message, urgent: bool) -> str:
        await self._take_turn(spot.channel, urgent)
        try:
            answer = await self._client.chat_postMessage(
                channel=spot.channel,
                thread_ts=spot.thread_ts,
                text=message.text,
                blocks=message.blocks,
                metadata={"event_type": EVENT_TYPE, "event_payload": {"job": job.id, "part": part}},
                unfurl_links=False,
                unfurl_media=False,
            )
        except SlackApiError as error:
            code = str(error.response.get("error"))
            if code in _NOT_HERE:
                raise NotHere(code) from None
            if code in _SLACK_IS_ILL or error.response.status_code >= 500:  # noqa: PLR2004
                raise Lost from None
            raise
        except (aiohttp.ClientError, TimeoutError):
            raise Lost from None
        return str(answer["ts"])

    async def _look_for(self, job: Job, part: str, spot: Spot) -> str | None:
        """Find a part by its metadata among what was posted since the job began."""
        oldest = f"{job.created_ms / 1000 - 60:.6f}"
        try:
            async for message in self._read(spot, oldest):
                if _is_part(message, job, part):
                    return str(message["ts"])
        except SlackApiError as error:
            if error.response.get("error") in _CANNOT_LOOK:
                raise OutcomeUnknown from None
            raise
        return None

    async def _read(self, spot: Spot, oldest: str) -> Any:
        arguments: dict[str, Any] = {
            "channel": spot.channel,
            "oldest": oldest,
            "limit": 200,
            "include_all_metadata": True,
        }
        cursor = ""
        while True:
            if spot.thread_ts is None:
                page = await self._client.conversations_history(**arguments, cursor=cursor)
            else:
                page = await self._client.conversations_replies(**arguments, ts=spot.thread_ts, cursor=cursor)
            for message in page.get("messages") or ():
                yield message
            cursor = (page.get("response_metadata") or {}).get("next_cursor") or ""
            if not cursor:
                return


def _is_part(message: dict[str, Any], job: Job, part: str) -> bool:
    metadata = message.get("metadata") or {}
    payload = metadata.get("event_payload") or {}
    return metadata.get("event_type") == EVENT_TYPE and payload == {"job": job.id, "part": part}
