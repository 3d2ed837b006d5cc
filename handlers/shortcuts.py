"""
What people begin in menus of Slack's own: the message shortcut "Find sessions", and the step of a workflow.

The shortcut reads the message that it was used on as a ticket's reader does. One requester: answered in the
thread; several, or only mentioned ones: a choice that the person alone sees; nobody: the modal, at once, for
Slack opens it within three seconds or never.

The step "Find a customer's sessions" is written down under its execution's id, before Slack hears that it was
taken; its job ends it, also where it was refused.
"""

from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from sqlalchemy.exc import SQLAlchemyError

from bot.answers.buttons import ButtonValue
from bot.answers.prompts import ModalOrigin
from bot.answers.words import table
from bot.domain.asking import AnswerForm, Way
from bot.domain.subjects import NotUnderstood, read_subject
from bot.jobs.payloads import POINTED, STEP, PointedPayload, StepPayload
from bot.storage.database import StoreAway
from bot.tickets.decide import read_for_person
from bot.tickets.with_requester import ticket_moment
from handlers.inbound import Inbound, accept, accept_from, accept_or_tell, asker_of, runner_of
from handlers.modals import begin_modal


def register(bolt: AsyncApp, inbound: Inbound) -> None:
    """Answer the shortcut and the step."""

    @bolt.shortcut("find_sessions")
    async def on_find_sessions(ack: AsyncAck, body: dict[str, Any]) -> None:
        message = body.get("message") or {}
        reading = read_for_person(message, inbound.reader.rules)
        root_ts = reading.root_ts or str(body.get("message_ts") or "")
        channel = body["channel"]["id"]
        in_thread = message.get("thread_ts") not in (None, "", message.get("ts"))
        asker = replace(asker_of(inbound, body, Way.SHORTCUT), thread_ts=root_ts, in_thread=in_thread)
        named = reading.subjects or reading.mentioned or reading.unread_files
        if named or (reading.ticket and inbound.reader.desks.serves(reading.ticket)):
            payload = PointedPayload(asker, message)
            await accept_or_tell(inbound, POINTED, body, payload, payload.asker)
        else:
            lookup = inbound.settings.lookup
            value = ButtonValue(
                (), lookup.days, lookup.shown, None, AnswerForm.ANSWER, ticket_moment(root_ts), root_ts
            )
            origin = ModalOrigin(channel, value, None, asker.response_url, in_thread)
            begin_modal(inbound, body, asker, origin)
        await ack()

    @bolt.function("find_customer_sessions")
    async def on_step(body: dict[str, Any]) -> None:
        event = body["event"]
        customer = str((event.get("inputs") or {}).get("customer") or "")
        read = read_subject(customer)
        payload = StepPayload(
            runner_of(inbound, body),
            customer,
            event["function_execution_id"],
            event.get("bot_access_token"),
            # So that it is found where somebody is to be forgotten.
            None if isinstance(read, NotUnderstood) else read,
        )
        refused = await accept_from(inbound, STEP, payload.execution, payload, comes_again=True)
        if refused == table.DATABASE_AWAY:
            # Slack delivers it again.
            raise StoreAway(refused)
        if refused:
            await _owe_an_end(inbound, replace(payload, refused=refused))


async def _owe_an_end(inbound: Inbound, payload: StepPayload) -> None:
    """Write down that a refused step is to be ended: its workflow waits for that."""
    try:
        await accept(inbound, STEP, payload.execution, payload)
    except SQLAlchemyError as error:
        raise StoreAway(table.DATABASE_AWAY) from error
