"""
The modal that asks for an address or uid, and what becomes of what is typed there.

Slack opens it within three seconds of the click or never; it is opened in a task of its own, so that the
click is acknowledged at once, and only for those who may ask.
"""

from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError

from bot.answers.buttons import ButtonValue
from bot.answers.prompts import ASK_CUSTOMER, MODAL, SUBJECT_BLOCK, SUBJECT_INPUT, ModalOrigin, modal
from bot.app import Bot
from bot.domain.asking import Asker, Shown
from bot.domain.subjects import NotUnderstood, read_subject
from bot.jobs.payloads import LOOKUP_REQUEST, LookupRequest
from bot.slack.client import SlackAway
from bot.sources.protocol import Effort
from bot.storage.database import StoreAway
from handlers.intake import accept_from, delivery_of, presser, tell_at_once

_NOT_OPENED = "Slack did not open the form this time. Please try again."


def register(bolt: AsyncApp, bot: Bot) -> None:
    """Open the modal and take what is typed into it."""

    @bolt.action(ASK_CUSTOMER)
    async def on_ask_customer(ack: AsyncAck, body: dict[str, Any]) -> None:
        value = ButtonValue.loads(body["actions"][0]["value"])
        container = body["container"]
        offer = None if container.get("is_ephemeral") else container["message_ts"]
        asker = presser(bot, body)
        begin_modal(bot, body, asker, ModalOrigin(asker.channel, value, offer, asker.response_url))
        await ack()

    @bolt.view(MODAL)
    async def on_submit(ack: AsyncAck, body: dict[str, Any]) -> None:
        view = body["view"]
        typed = (view["state"]["values"][SUBJECT_BLOCK][SUBJECT_INPUT].get("value") or "").strip()
        subject = read_subject(typed) if typed else NotUnderstood("Type an address or a uid.")
        if isinstance(subject, NotUnderstood):
            await ack(response_action="errors", errors={SUBJECT_BLOCK: subject.why})
            return
        origin = ModalOrigin.loads(bot.engine.keyring.unseal(view["private_metadata"]))
        asker = Asker(
            body["user"]["id"],
            origin.channel,
            bot.identity.team,
            origin.value.thread_ts,
            origin.response_url,
        )
        request = LookupRequest(
            subjects=(subject,),
            days=origin.value.days,
            effort=Effort.USUAL,
            shown=origin.value.shown,
            asker=asker,
            named=asker.user,
            form=origin.value.form,
            on=Shown(origin.message_ts, None, ephemeral=False) if origin.message_ts else None,
            ticket_at=origin.value.ticket_at,
            offered_below=origin.value.thread_ts if origin.message_ts else None,
        )
        refused = await accept_from(bot, "lookup", delivery_of(body), LOOKUP_REQUEST.dump_json(request))
        if refused:
            await ack(response_action="errors", errors={SUBJECT_BLOCK: refused})
        else:
            await ack()


def begin_modal(bot: Bot, body: dict[str, Any], asker: Asker, origin: ModalOrigin) -> None:
    """Open the modal for somebody who may ask, and tell the others why not."""
    bot.engine.tasks.spawn(_open(bot, str(body.get("trigger_id")), asker, origin), "open modal")


async def _open(bot: Bot, trigger_id: str, asker: Asker, origin: ModalOrigin) -> None:
    try:
        verdict = await bot.means.access.ask(asker.user, asker.channel, asker.team)
        if verdict.refusal is None:
            private = bot.engine.settings.visibility == "ephemeral" or not verdict.in_public
            view = modal(bot.engine.keyring.seal(origin.dumps()), private=private)
            await bot.slack.views_open(trigger_id=trigger_id, view=view)
            return
        told = verdict.refusal.message
    except (SlackApiError, SlackAway, StoreAway) as error:
        said = error.response.get("error") if isinstance(error, SlackApiError) else str(error)
        structlog.get_logger("modals").warning("modal.not_opened", slack=said)
        told = _NOT_OPENED
    await tell_at_once(bot, asker, told)
