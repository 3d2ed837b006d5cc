"""Whoever does something in a desk's own words, in whatever part of the message, is not the requester."""

from collections.abc import Iterator
from itertools import product
from typing import Any

import pytest

from bot.tickets.decide import Action, read_ticket
from bot.tickets.rules import TicketRules
from tests.bot.tickets.messages import message

RULES = TicketRules(internal_domains=("acme.example",), ignored_addresses=("support@acme.example",))
URL = "https://acme.zendesk.com/agent/tickets/12"
LINK = f"<{URL}|#12>"
SAM = "sam@outsourcer.example"
FORMS = (SAM, f"<mailto:{SAM}|{SAM}>", f"Sam Agent (<mailto:{SAM}|{SAM}>)", f"*Sam Agent* &lt;{SAM}&gt;")
DID = (
    "updated the ticket",
    "closed this",
    "left a note",
    "is following",
    "snoozed the conversation",
    "took it",
    "Pending",
    "→ Solved",
    "(on call)",
    "- Tier 2",
    "hat das Ticket aktualisiert",
    "a mis à jour le ticket",
    "actualizó el ticket",
    "обновил заявку",
)
BEFORE = ("Activity by", "Handled by", "Email sent from", "Sent by", "Last touched by", "Kudos", "cc", "→")
WHOLE = (
    "{S}, please look at {Z}",
    "Hey {S}, {Z} is waiting",
    "Reminder for {S}: {Z}",
    "{Z} has been picked up by {S}",
    "CSAT: {S} got 5 stars on {Z}",
    "On-call today: {S}\nOpen: {Z}",
    "{S}さんが{Z}を更新しました",
    "{Z}の担当は{S}です",
    "{S}님이 {Z} 티켓을 업데이트했습니다",
    "工单 {Z} 由{S}处理",
)


def places(said: str) -> Iterator[dict[str, Any]]:
    """A message for each part that a desk's own words may stand in."""
    linked = {"title": "#12 Help", "title_link": URL}
    head = {"type": "section", "text": {"type": "mrkdwn", "text": f"{LINK} Help"}}
    words = {"type": "mrkdwn", "text": said}
    yield message(text=said, attachments=[linked])
    yield message(text=f"{LINK} Help\n{said}")
    yield message(text=f"{said}\n{LINK} Help")
    yield message(attachments=[linked | {"pretext": said}])
    yield message(attachments=[linked | {"text": said}])
    yield message(attachments=[linked | {"footer": said}])
    yield message(attachments=[linked | {"author_name": said}])
    yield message(attachments=[linked | {"fields": [{"title": "Activity", "value": said}]}])
    yield message(text="x", blocks=[head, {"type": "section", "text": words}])
    yield message(text="x", blocks=[head, {"type": "context", "elements": [words]}])


@pytest.mark.parametrize("form", FORMS)
def test_who_acts_is_looked_up_in_no_part_of_a_message(form: str) -> None:
    said = [f"{form} {did}" for did in DID]
    said += [f"{before}{colon} {form}" for before, colon in product(BEFORE, ("", ":"))]
    for one in said:
        for built in places(one):
            assert read_ticket(built, RULES).action is not Action.REPLY, built


@pytest.mark.parametrize(("form", "words"), list(product(FORMS[:2], WHOLE)))
def test_a_desks_sentence_about_somebody_at_work_looks_nobody_up(form: str, words: str) -> None:
    built = message(text=words.replace("{S}", form).replace("{Z}", LINK))
    assert read_ticket(built, RULES).action is not Action.REPLY
