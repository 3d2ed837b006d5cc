"""
The message shortcut "Find sessions": reads the message that it was used on as a ticket's reader does.

One requester: answered in the thread; several, or only mentioned ones: a choice that the person alone
sees; nobody: the modal, at once, for Slack opens it within three seconds or never.
"""

from dataclasses import replace
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp

from bot.answers.buttons import ButtonValue
from bot.answers.prompts import ModalOrigin
from bot.domain.asking import AnswerForm, Way
from bot.jobs.payloads import POINTED, PointedPayload
from bot.tickets.decide import read_for_person
from bot.tickets.with_requester import ticket_moment
from handlers.inbound import Inbound, accept_or_tell, asker_of
from handlers.modals import begin_modal


def register(bolt: AsyncApp, inbound: Inbound) -> None:
    """Answer the shortcut."""

    @bolt.shortcut("find_sessions")
    async def on_find_sessions(ack: AsyncAck, body: dict[str, Any]) -> None:
        message = body.get("message") or {}
        reading = read_for_person(message, inbound.reader.rules)
        root_ts = reading.root_ts or str(body.get("message_ts") or "")
        channel = body["channel"]["id"]
        asker = replace(asker_of(inbound, body, Way.SHORTCUT), thread_ts=root_ts)
        named = reading.subjects or reading.mentioned or reading.unread_files
        if named or (reading.ticket and inbound.reader.desks.serves(reading.ticket)):
            payload = PointedPayload(asker, message)
            await accept_or_tell(inbound, POINTED, body, payload, payload.asker)
        else:
            lookup = inbound.settings.lookup
            value = ButtonValue(
                (), lookup.days, lookup.shown, None, AnswerForm.ANSWER, ticket_moment(root_ts), root_ts
            )
            begin_modal(inbound, body, asker, ModalOrigin(channel, value, None, asker.response_url))
        await ack()
