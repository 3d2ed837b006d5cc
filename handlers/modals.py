"""
The modal that asks for an address or uid, and what becomes of what is typed there.

Slack opens it within three seconds of the click or never; it is opened in a task of its own, so that the
click is acknowledged at once, and only for those who may ask.
"""

from dataclasses import replace
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError

from bot.answers.buttons import ASK_CUSTOMER, ButtonValue
from bot.answers.prompts import MODAL, SUBJECT_BLOCK, SUBJECT_INPUT, ModalOrigin, modal
from bot.answers.words import table
from bot.domain.asking import Asker, Shown, Way
from bot.domain.subjects import NotUnderstood, read_subject
from bot.jobs.payloads import LOOKUP, LookupPayload
from bot.slack.client import SlackAway
from bot.sources.protocol import Effort
from bot.storage.database import StoreAway
from handlers.inbound import (
    Inbound,
    accept_from,
    asker_of,
    redelivery_key,
    tell_at_once,
    too_often,
    write_refusal,
)


def register(bolt: AsyncApp, inbound: Inbound) -> None:
    """Open the modal and take what is typed into it."""

    @bolt.action(ASK_CUSTOMER)
    async def on_ask_customer(ack: AsyncAck, body: dict[str, Any]) -> None:
        ask_customer(inbound, body, ButtonValue.loads(body["actions"][0]["value"]))
        await ack()

    @bolt.view(MODAL)
    async def on_submit(ack: AsyncAck, body: dict[str, Any]) -> None:
        view = body["view"]
        subject = read_subject(view["state"]["values"][SUBJECT_BLOCK][SUBJECT_INPUT].get("value") or "")
        if isinstance(subject, NotUnderstood):
            await ack(response_action="errors", errors={SUBJECT_BLOCK: subject.why})
            return
        origin = ModalOrigin.loads(inbound.keyring.unseal(view["private_metadata"]))
        asker = replace(
            asker_of(inbound, body, Way.MODAL),
            channel=origin.channel,
            thread_ts=origin.value.thread_ts,
            response_url=origin.response_url,
            in_thread=origin.in_thread,
        )
        payload = LookupPayload(
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
        refused = await accept_from(inbound, LOOKUP, redelivery_key(body), payload)
        if refused:
            await ack(response_action="errors", errors={SUBJECT_BLOCK: refused})
        else:
            await ack()


def ask_customer(inbound: Inbound, body: dict[str, Any], value: ButtonValue) -> None:
    """Open the modal for a click; the answer takes the place of the message that was clicked in."""
    container = body["container"]
    offer = None if container.get("is_ephemeral") else container["message_ts"]
    if offer and value.thread_ts is None:
        # Below an answer: it does not say in which thread it is.
        value = replace(value, thread_ts=container.get("thread_ts"))
    asker = asker_of(inbound, body, Way.OPEN_MODAL)
    origin = ModalOrigin(asker.channel, value, offer, asker.response_url, asker.in_thread)
    begin_modal(inbound, body, asker, origin)


def begin_modal(inbound: Inbound, body: dict[str, Any], asker: Asker, origin: ModalOrigin) -> None:
    """Open the modal for somebody who may ask, and tell the others why not."""
    inbound.tasks.spawn(_open(inbound, str(body.get("trigger_id")), asker, origin), "open modal")


async def _open(inbound: Inbound, trigger_id: str, asker: Asker, origin: ModalOrigin) -> None:
    log = structlog.get_logger("modals")
    if wait := inbound.pace.wait(asker.user, trigger_id, "opens forms"):
        await write_refusal(inbound, asker, "too_often")
        await tell_at_once(inbound, asker, too_often(inbound, wait))
        return
    try:
        verdict = await inbound.access.admit(asker)
    except (SlackApiError, SlackAway, StoreAway) as error:
        # The click is good for three seconds: there is no asking again.
        log.warning("access.unknown", slack=_said(error))
        await write_refusal(inbound, asker, "unsure")
        await tell_at_once(inbound, asker, table.FORM_NOT_OPENED)
        return
    if verdict.refusal is not None:
        await write_refusal(inbound, asker, verdict.refusal.reason)
        await tell_at_once(inbound, asker, verdict.refusal.message)
        return
    private = inbound.settings.visibility != "thread" or not verdict.in_public
    try:
        view = modal(inbound.keyring.seal(origin.dumps()), private=private)
        await inbound.slack.views_open(trigger_id=trigger_id, view=view)
    except (SlackApiError, SlackAway) as error:
        log.warning("modal.not_opened", slack=_said(error))
        await tell_at_once(inbound, asker, table.FORM_NOT_OPENED)


def _said(error: Exception) -> str:
    return str(error.response.get("error") if isinstance(error, SlackApiError) else error)
