"""Messages of the kinds that help desks and their neighbours post, and whom each may be about."""

from typing import Any

import pytest

from bot.tickets.decide import Action
from tests.bot.tickets.messages import TICKET, addresses, fields, message, read, rich, section

JANE, BOB, SAM = "jane@contoso.example", "bob@fabrikam.example", "sam@outsourcer.example"
ZENDESK = "https://acme.zendesk.com/agent/tickets/48213"
REPLY, OFFER, IGNORE = Action.REPLY, Action.OFFER, Action.IGNORE


def attached(**content: Any) -> dict[str, Any]:
    return message("", attachments=[content])


def titled(*pairs: tuple[str, str], **more: Any) -> dict[str, Any]:
    return {"fields": [{"title": title, "value": value} for title, value in pairs]} | more


def mail(sender: str, text: str = "", **headers: Any) -> dict[str, Any]:
    file = {
        "id": "F1",
        "mode": "email",
        "from": [{"address": sender}],
        "plain_text": text,
        "headers": headers,
    }
    return message("", subtype="file_share", files=[file])


def context(*texts: str) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": text} for text in texts]}


def button(url: str) -> dict[str, Any]:
    return {
        "type": "actions",
        "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Open"}, "url": url}],
    }


CASES: list[tuple[str, dict[str, Any], Action, list[str], list[str]]] = [
    (
        "a title that names a requester",
        attached(title=f"Requester: {BOB}", title_link=ZENDESK, fields=[{"title": "Status", "value": "New"}]),
        OFFER,
        [],
        [BOB],
    ),
    (
        "a header that names a requester",
        message(
            "",
            blocks=[
                {"type": "header", "text": {"type": "plain_text", "text": f"Requester: {BOB}"}},
                section(TICKET),
            ],
        ),
        OFFER,
        [],
        [BOB],
    ),
    (
        "the text below a linked title",
        attached(title="#12 Login", title_link=ZENDESK, text=f"Email: {BOB}\nStatus: open"),
        OFFER,
        [],
        [BOB],
    ),
    (
        "fields, then a description field with labels",
        attached(
            **titled(
                ("Requester", JANE),
                ("Description", f"Hello\nRequester: {BOB}"),
                title="x",
                title_link=ZENDESK,
            )
        ),
        REPLY,
        [JANE],
        [BOB],
    ),
    (
        "the description field stands first",
        attached(
            **titled(("Beschreibung", f"Hallo\nKunde: {BOB}"), ("Kunde", JANE), title="x", title_link=ZENDESK)
        ),
        REPLY,
        [JANE],
        [BOB],
    ),
    (
        "a Spanish template",
        message(f"{TICKET}\nSolicitante: {JANE}\nAsignado a: {SAM}\nDescripción: escribir a {BOB}"),
        REPLY,
        [JANE],
        [SAM, BOB],
    ),
    (
        "a French template",
        message(
            f"{TICKET}\nDemandeur : Jane &lt;{JANE}&gt;\nResponsable : {SAM}\nCommentaire :\nÉcrire à {BOB}\nDe : {BOB}"
        ),
        REPLY,
        [JANE],
        [SAM, BOB],
    ),
    (
        "a Japanese template",
        message(f"{TICKET}\n依頼者：{JANE}\n担当者：{SAM}\n説明：\n差出人：{BOB}"),
        REPLY,
        [JANE],
        [SAM, BOB],
    ),
    (
        "an unknown language's description",
        message(f"{TICKET}\nRequester: Jane\nLýsing:\nHalló\nEmail: {BOB}"),
        OFFER,
        [],
        [BOB],
    ),
    ("a Turkish assignee alone", message(f"{TICKET}\nAtanan: {SAM}"), OFFER, [], [SAM]),
    (
        "an Italian agent beside a name",
        message(f"{TICKET}\nRichiedente: Jane Doe\nAssegnato a: {SAM}"),
        OFFER,
        [],
        [SAM],
    ),
    ("an unknown role", message(f"{TICKET}\nAccount executive: {SAM}"), OFFER, [], [SAM]),
    ("an unknown role in bold", message(f"{TICKET}\n*Specialist* {SAM}"), OFFER, [], [SAM]),
    ("an unknown role on a line of its own", message(f"{TICKET}\n*Specialist*\n{SAM}"), OFFER, [], [SAM]),
    ("an unknown role with a dash", message(f"{TICKET}\nSpecialist - {SAM}"), OFFER, [], [SAM]),
    (
        "whoever replied last",
        message(f"{TICKET}\nRequester: Jane Doe\nLast reply by: {SAM}"),
        OFFER,
        [],
        [SAM],
    ),
    (
        "an agent's name, then his address",
        message("", blocks=[section(TICKET), fields("*Assignee*\nSam Agent", f"*Email*\n{SAM}")]),
        OFFER,
        [],
        [SAM],
    ),
    (
        "a requester's name, then the address",
        message("", blocks=[section(TICKET), fields("*Requester*\nJane Doe", f"*Email*\n{JANE}")]),
        REPLY,
        [JANE],
        [],
    ),
    ("on behalf of", message(f"{TICKET}\nCreated by: {SAM}\nOn behalf of: {JANE}"), REPLY, [JANE], [SAM]),
    ("requested for", attached(**titled(("Opened by", SAM), ("Requested for", JANE))), REPLY, [JANE], [SAM]),
    (
        "a change of address",
        attached(
            **titled(
                ("Requester", "Jane"), ("Old email", JANE), ("New email", BOB), title="x", title_link=ZENDESK
            )
        ),
        OFFER,
        [],
        [JANE, BOB],
    ),
    ("an address cut by dots", message(f"{TICKET}\nRequester: jane@contoso.exam..."), OFFER, [], []),
    (
        "the beginning of another address",
        message(f"{TICKET}\nRequester: jane@contoso.exam\nRequester: {JANE}"),
        REPLY,
        [JANE],
        [],
    ),
    (
        "a direction mark in an address",
        message(f"{TICKET}\nRequester: \u202ajane\u2060@contoso.example\u202c"),
        REPLY,
        [JANE],
        [],
    ),
    (
        "a full-width colon and sign",
        message(f"{TICKET}\nRequester：jane＠contoso.example"),
        REPLY,
        [JANE],
        [],
    ),
    (
        "an address as a profile link's label",
        message(f"{TICKET}\nRequester: <https://acme.zendesk.com/agent/users/9|{JANE}>"),
        REPLY,
        [JANE],
        [],
    ),
    (
        "a number and an emoji before labels",
        message(f":ticket: {TICKET}\n1. :bust_in_silhouette: *Customer:* {JANE}\n2. :wrench: *Agent:* {SAM}"),
        REPLY,
        [JANE],
        [SAM],
    ),
    (
        "two tickets linked in a list",
        message(
            f"• {TICKET} Requester: {JANE}\n• <https://acme.zendesk.com/agent/tickets/2|#2> Requester: {BOB}"
        ),
        OFFER,
        [],
        [JANE, BOB],
    ),
    (
        "a list with blank lines",
        message(
            "*Open*\n\n<https://acme.zendesk.com/agent/tickets/1|#1> a\n\n<https://acme.zendesk.com/agent/tickets/2|#2> b"
        ),
        OFFER,
        [],
        [],
    ),
    (
        "a shop's order",
        message(f"New order <https://acme.myshopify.com/admin/orders/1|#1001>\nCustomer: {BOB}"),
        IGNORE,
        [],
        [],
    ),
    (
        "a payment",
        message(
            "", blocks=[section(f"*Customer:* {BOB}"), button("https://dashboard.stripe.com/payments/pi_1")]
        ),
        IGNORE,
        [],
        [],
    ),
    (
        "an incident on call",
        attached(
            title="Down",
            title_link="https://acme.pagerduty.com/incidents/Q1",
            fields=[{"title": "Contact", "value": BOB}],
        ),
        IGNORE,
        [],
        [],
    ),
    (
        "a calendar's booking",
        message(f"Invitee: {BOB}\nEmail: {BOB}\n<https://calendly.com/events/1|View>"),
        IGNORE,
        [],
        [],
    ),
    (
        "an issue in a desk's link below a code host's",
        attached(
            pretext="Issue opened",
            title="#1",
            title_link="https://gitlab.com/a/b/-/issues/1",
            text=f"Customer: {BOB} {ZENDESK}",
        ),
        IGNORE,
        [],
        [],
    ),
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
