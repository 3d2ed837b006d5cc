"""Posting, editing and deleting by people and other apps, with the events for our app."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sandbox.slack.files import Stub, stub_of
from sandbox.slack.messages import Content, Json, Message
from sandbox.slack.people import APP, OTHER_TEAM
from sandbox.slack.state import State
from sandbox.slack.telling import Teller


class Posting:
    """Posts messages in the workspace and sends the events that they cause."""

    def __init__(self, state: State, teller: Teller) -> None:
        self._state = state
        self._teller = teller

    async def post_as_user(
        self, channel: str, user: str, text: str, *, thread_ts: str | None = None, **extra: Any
    ) -> Message:
        """Post a message in Slack's markup, and send the events that it causes."""
        if self._state.users[user].team == OTHER_TEAM:
            extra = {"team": OTHER_TEAM} | extra
        return await self._post(channel, text, extra, user=user, thread_ts=thread_ts)

    async def post_as_app(
        self,
        channel: str,
        text: str = "",
        *,
        bot_id: str = "B0HELPDESK",
        user: str | None = None,
        thread_ts: str | None = None,
        stub_files: Stub | None = None,
        **extra: Any,
    ) -> Message:
        """
        Post a message as another app, and send the events that it causes.

        `extra` is whatever else the message carries: `blocks`, `attachments`, `files`, `username`,
        `subtype="bot_message"`, `app_id` (None for a message without one), `bot_profile`. With
        `stub_files` the message holds stubs of its files, and `files.info` gives the whole.
        """
        extra = {"app_id": "A0HELPDESK"} | extra
        if stub_files and "files" in extra:
            self._state.files.keep(channel, extra["files"])
            extra["files"] = [stub_of(file, stub_files) for file in extra["files"]]
        return await self._post(channel, text, extra, user=user, bot_id=bot_id, thread_ts=thread_ts)

    async def post_as_ourselves(
        self, channel: str, text: str = "", *, thread_ts: str | None = None, **extra: Any
    ) -> Message:
        """Post a message as our own app, without a call to the Web API."""
        people = self._state.people
        extra = {"app_id": APP} | extra
        return await self._post(
            channel, text, extra, user=people.bot, bot_id=people.bot_id, thread_ts=thread_ts
        )

    async def edit_message(
        self,
        message: Message,
        text: str | None = None,
        *,
        blocks: Sequence[Json] | None = None,
        attachments: Sequence[Json] | None = None,
    ) -> Message:
        """Edit a message as its author, a person or an app; what is left out stays as it was."""
        before = self._now(message)
        edited = self._state.edit(before, _changed(before.content, text, blocks, attachments))
        await self._teller.tell_of_edit(edited, before)
        return edited

    async def unfurl_message(self, message: Message, *attachments: Json) -> Message:
        """Add attachments below a message as Slack does for its links: a change, but not an edit."""
        before = self._now(message)
        both = (*before.content.attachments, *attachments)
        unfurled = replace(before, content=replace(before.content, attachments=both))
        self._state.store(unfurled)
        await self._teller.tell_of_edit(unfurled, before)
        return unfurled

    async def delete_message(self, message: Message) -> None:
        """Delete a message as its author; Slack keeps a note in its place while it has replies."""
        before = self._now(message)
        self._state.remove(before)
        await self._teller.tell_of_removal(before)

    async def _post(
        self,
        channel: str,
        text: str,
        extra: Json,
        *,
        user: str | None = None,
        bot_id: str | None = None,
        thread_ts: str | None = None,
    ) -> Message:
        content = Content(text, tuple(extra.pop("blocks", ())), tuple(extra.pop("attachments", ())))
        message = self._state.post(
            channel, content, user=user, bot_id=bot_id, thread_ts=thread_ts, extra=extra
        )
        await self._teller.tell_of(message)
        return message

    def _now(self, message: Message) -> Message:
        return self._state.find(message.channel, message.ts) or message


def _changed(
    content: Content,
    text: str | None,
    blocks: Sequence[Json] | None,
    attachments: Sequence[Json] | None,
) -> Content:
    return replace(
        content,
        text=content.text if text is None else text,
        blocks=content.blocks if blocks is None else tuple(blocks),
        attachments=content.attachments if attachments is None else tuple(attachments),
    )
