"""Messages of the kinds that help desks and their neighbours post, and whom each may be about."""

from typing import Any

import pytest

from bot.tickets.decide import Action
from tests.bot.tickets.kinds import (
    BOB,
    IGNORE,
    JANE,
    OFFER,
    REPLY,
    SAM,
    SOME_KINDS,
    ZENDESK,
    Case,
    attached,
    mail,
)
from tests.bot.tickets.messages import TICKET, addresses, fields, message, read, rich, section

CASES: list[Case] = [
    *SOME_KINDS,
    (
        "a preview of a page beside a ticket",
        message(
            f"{TICKET}\nRequester: {JANE}",
            attachments=[{"from_url": "https://x.example/", "text": f"Requester: {BOB}"}],
        ),
        REPLY,
        [JANE],
        [BOB],
    ),
    (
        "a preview of another ticket",
        message(
            f"{TICKET}\nRequester: Jane",
            attachments=[
                {
                    "from_url": "https://acme.zendesk.com/agent/tickets/9",
                    "fields": [{"title": "Requester", "value": BOB}],
                }
            ],
        ),
        OFFER,
        [],
        [BOB],
    ),
    (
        "Chatwoot's unfurl of its own link",
        message(
            "*Inbox:* Web\n<https://chat.acme.example/app/accounts/1/conversations/321|Click here> to view the conversation.\n\nhi",
            attachments=[
                {
                    "from_url": "https://chat.acme.example/app/accounts/1/conversations/321",
                    "blocks": [fields("*Name:*\nJane", f"*Email:*\n{JANE}", "*Phone:*\n---")],
                }
            ],
        ),
        REPLY,
        [JANE],
        [],
    ),
    (
        "a mail twice forwarded",
        mail(
            "sam@acme.example",
            f"FYI\n\n---------- Forwarded message ---------\nFrom: Kim <kim@acme.example>\nDate: today\nTo: sam@acme.example\n\n> Von: Jane <{JANE}>\n> Datum: heute\n> An: kim@acme.example\n>\n> Hallo",
        ),
        REPLY,
        [JANE],
        [],
    ),
    (
        "a forwarded mail in French",
        mail(
            "sam@acme.example",
            f"De : Jane Doe <{JANE}>\nEnvoyé : lundi\nÀ : sam@acme.example\nObjet : Aide\n\nBonjour {BOB}",
        ),
        REPLY,
        [JANE],
        [BOB],
    ),
    (
        "a colleague who quotes a line",
        mail("sam@acme.example", f"Van: dit is geen kop {BOB}\nen verder niets"),
        OFFER,
        [],
        [BOB],
    ),
    (
        "a group's mail with two answers' addresses",
        mail("support@desk.example", "x", reply_to=[{"address": JANE}, {"address": BOB}]),
        OFFER,
        [],
        [JANE, BOB],
    ),
    (
        "a menu that links the ticket",
        message(
            "",
            blocks=[
                {
                    "type": "section",
                    "text": {"type": "mrkdwn", "text": f"New request from Jane Doe ({JANE})"},
                    "accessory": {
                        "type": "overflow",
                        "options": [{"text": {"type": "plain_text", "text": "Open"}, "url": ZENDESK}],
                    },
                }
            ],
        ),
        REPLY,
        [JANE],
        [],
    ),
    (
        "an author's link to the ticket",
        attached(
            author_name="Jane Doe", author_link=ZENDESK, fields=[{"title": "Customer email", "value": JANE}]
        ),
        REPLY,
        [JANE],
        [],
    ),
    ("a requester that is ours and no other sign", message("Requester: sam@acme.example"), IGNORE, [], []),
    ("a requester without an address", message("Requester: Jane Doe\nPriority: high"), OFFER, [], []),
    (
        "Papercups without an address",
        message(
            "",
            blocks=[
                section(f"*:wave: mail {BOB}*"),
                fields(
                    "*Name:*\nAnonymous",
                    "*Email:*\nN/A",
                    "*Browser:*\nChrome",
                    "*OS:*\nX",
                    "*Timezone:*\nUTC",
                ),
            ],
        ),
        OFFER,
        [],
        [BOB],
    ),
    (
        "a form whose answers hold labels",
        message(
            "",
            blocks=[
                rich(
                    ("text", "Customer email\n"),
                    ("link", f"mailto:{JANE}"),
                    ("text", f"\nWhat happened?\nEmail: {BOB}"),
                )
            ],
        ),
        REPLY,
        [JANE],
        [BOB],
    ),
    ("an empty value", message(f"{TICKET}\nRequester:\nAssignee: {SAM}"), OFFER, [], [SAM]),
    (
        "an empty value above a card",
        message("", blocks=[section(f"{TICKET}\n*Requester:*"), section(SAM)]),
        OFFER,
        [],
        [SAM],
    ),
    (
        "a name that holds an address",
        message(f"{TICKET}\nRequester: {BOB} &lt;{JANE}&gt;"),
        OFFER,
        [],
        [BOB, JANE],
    ),
    (
        "a display name that claims an address",
        message(f"{TICKET}\nAssignee: Sam", username=f"Requester: {BOB}"),
        OFFER,
        [],
        [],
    ),
    ("code", message(f"{TICKET}\n```\nRequester: {BOB}\n```"), OFFER, [], [BOB]),
    (
        "an equals sign before the details",
        message(f"{TICKET}\nReporter = {JANE}\nDetails = ask\nReporter = {BOB}"),
        REPLY,
        [JANE],
        [BOB],
    ),
    (
        "Freshservice",
        message(f"<https://acme.freshservice.com/a/tickets/7|#SR-7>\nRequester: {JANE}\nAgent: {SAM}"),
        REPLY,
        [JANE],
        [SAM],
    ),
    (
        "Zendesk under the company's own domain",
        message(f"<https://help.acme.example/agent/tickets/7|#7> Requester: {JANE}"),
        REPLY,
        [JANE],
        [],
    ),
    (
        "the same path on somebody else's domain",
        message("<https://help.other.example/agent/tickets/7|#7> opened"),
        IGNORE,
        [],
        [],
    ),
    (
        "a table",
        message(
            "",
            blocks=[
                section(TICKET),
                {
                    "type": "table",
                    "rows": [
                        [{"type": "raw_text", "text": t} for t in row]
                        for row in (("Agent", SAM), ("Requester", JANE))
                    ],
                },
            ],
        ),
        REPLY,
        [JANE],
        [SAM],
    ),
    (
        "a question of the customer's in prose",
        message(f"{TICKET}\nplease add my colleague {BOB} to our plan"),
        OFFER,
        [],
        [BOB],
    ),
    ("a deployment", message(f"Deployed by {BOB}"), IGNORE, [], []),
]


@pytest.mark.parametrize(
    ("posted", "action", "requester", "mentioned"),
    [case[1:] for case in CASES],
    ids=[case[0] for case in CASES],
)
def test_each_kind_is_read_as_the_rules_say(
    posted: dict[str, Any], action: Action, requester: list[str], mentioned: list[str]
) -> None:
    reading = read(posted)
    assert reading.action is action, reading.reason
    if action is not IGNORE:
        assert (addresses(reading.requester), addresses(reading.mentioned)) == (requester, mentioned)
