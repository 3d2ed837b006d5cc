"""
What Slack says has changed: a channel that is shared or not any more, a person, who is in a channel.

What was known of it is dropped before anybody is let in by it again, in all processes.
"""

from typing import Any

from slack_bolt.async_app import AsyncApp

from handlers.inbound import Inbound


def register(bolt: AsyncApp, inbound: Inbound) -> None:
    """Hear of changes."""
    access, identity = inbound.access, inbound.identity

    @bolt.event("channel_shared")
    async def on_shared(body: dict[str, Any]) -> None:
        await access.channel_changed(str(body["event"]["channel"]), is_shared=True)
        await inbound.tell_processes()

    @bolt.event("channel_unshared")
    async def on_unshared(body: dict[str, Any]) -> None:
        event = body["event"]
        # Of several companies one may have left.
        still = bool(event.get("is_ext_shared"))
        await access.channel_changed(str(event["channel"]), is_shared=still)
        await inbound.tell_processes()

    @bolt.event("user_change")
    async def on_user(body: dict[str, Any]) -> None:
        # Most changes are of names and pictures, and change nothing here.
        if await access.person_changed(body["event"]["user"], identity.team):
            await inbound.tell_processes()

    @bolt.event("member_left_channel")
    async def on_left(body: dict[str, Any]) -> None:
        event = body["event"]
        if await access.channel_changed(str(event["channel"])) and event.get("user") == identity.user:
            await inbound.tell_processes()
