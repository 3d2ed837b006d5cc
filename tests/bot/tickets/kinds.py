"""Messages as help desks and their neighbours post them, with the right answer for each: the first half."""

from typing import Any

from bot.tickets.decide import Action
from tests.bot.tickets.messages import TICKET, fields, message, section

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


Case = tuple[str, dict[str, Any], Action, list[str], list[str]]
"""What it is, the message, and what it calls for: the action, whom to look up, who is mentioned."""

SOME_KINDS: list[Case] = [
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
]
