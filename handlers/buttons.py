"""The buttons below an answer: Refresh asks anew (and spends quota on purpose), Show more asks nobody."""

from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.app import Bot
from bot.blocks import REFRESH, SHOW_MORE, ButtonValue
from bot.requests import LOOKUP_REQUEST, LookupRequest, Shown
from bot.sources.source import Effort
from handlers.commands import begin, delivery_of


def register(bolt: AsyncApp, bot: Bot) -> None:
    """Answer both buttons; whether the person may ask is judged by the job, as for every way in."""

    @bolt.action(REFRESH)
    async def on_refresh(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _accept(body, bot, Effort.FRESH)
        await ack()

    @bolt.action(SHOW_MORE)
    async def on_show_more(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _accept(body, bot, Effort.KNOWN)
        await ack()


async def _accept(body: dict[str, Any], bot: Bot, effort: Effort) -> None:
    value = ButtonValue.loads(body["actions"][0]["value"])
    container = body.get("container") or {}
    request = LookupRequest(
        subject=value.subject,
        days=value.days,
        effort=effort,
        shown=value.shown,
        user=body["user"]["id"],
        asker=value.asker or body["user"]["id"],
        channel=container["channel_id"],
        team=bot.identity.team,
        response_url=body.get("response_url"),
        on=Shown(
            message_ts=container["message_ts"],
            parent_ts=container.get("thread_ts"),
            ephemeral=bool(container.get("is_ephemeral")),
        ),
    )
    payload = LOOKUP_REQUEST.dump_json(request).decode()
    begin(bot, await bot.jobs.accept("lookup", delivery_of(body), payload))
