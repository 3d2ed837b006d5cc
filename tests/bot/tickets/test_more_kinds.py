"""More kinds of messages, each with what made its reading wrong or silent once."""

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
    ZENDESK,
    Case,
    attached,
    context,
    mail,
    titled,
)
from tests.bot.tickets.messages import TICKET, addresses, fields, message, read, section

OTHER = "<https://acme.zendesk.com/agent/tickets/92|#92>"
ZAMMAD = "https://zammad.acme.example/#ticket/zoom/71"

CASES: list[Case] = [
    (
        "what a label announces is the ticket",
        message(f"SLA breach: {TICKET}\nRequester: {JANE}\nAssignee: {SAM}"),
        REPLY,
        [JANE],
        [SAM],
    ),
    (
        "what a label announces is the ticket, all in one line",
        message(f":alarm_clock: SLA breach in 30 min: {TICKET} | Requester: {JANE} | Assignee: {SAM}"),
        REPLY,
        [JANE],
        [SAM],
    ),
    (
        "words of the customer's behind the announced ticket",
        message(f"Note: {TICKET} please ask\nRequester: {BOB}"),
        OFFER,
        [],
        [BOB],
    ),
    (
        "a list below an unknown heading",
        message(f"Unassigned tickets:\n\n• {TICKET} Requester: {JANE}\n\n• {OTHER} Requester: {BOB}"),
        OFFER,
        [],
        [JANE, BOB],
    ),
    (
        "a letter that begins without a blank line",
        message(f"{TICKET}\nStatus: open\nHi team, I cannot log in.\nRequester: {BOB}"),
        OFFER,
        [],
        [BOB],
    ),
    *(
        (
            f"a letter of one line ({line}) that only an address's label follows",
            message(f"{TICKET}\n{line}\nEmail: {BOB}"),
            OFFER,
            [],
            [BOB],
        )
        for line in ("Hello", "Status: open\nHello", "I cannot log in", "ログインできません。")
    ),
    (
        "a letter's signature",
        message(f"{TICKET}\nHi team,\nthanks\n--\nEmail: {BOB}"),
        OFFER,
        [],
        [BOB],
    ),
    (
        "a subject of a whole sentence above the labels",
        message(f"{TICKET} I cannot log in since today\nRequester: {JANE}\nStatus: open"),
        REPLY,
        [JANE],
        [],
    ),
    (
        "a whole sentence between the ticket and the labels, which may be the customer's",
        message(f"{TICKET}\nI cannot log in since today\nRequester: {JANE}\nStatus: open"),
        OFFER,
        [],
        [JANE],
    ),
    (
        "an address cut short as the requester's, and a whole one beside another label",
        message(f"{TICKET}\nRequester: jane.doe@contoso.ex…\nContact: {BOB}"),
        OFFER,
        [],
        [BOB],
    ),
    (
        "a heading above what the customer wrote",
        message(
            "", blocks=[section(TICKET), section("*Message from the customer*"), section(f"From: {BOB}")]
        ),
        OFFER,
        [],
        [BOB],
    ),
    ("a ticket that only the customer's words link", message(f"Details:\nsee {TICKET}"), OFFER, [], []),
    (
        "Zammad's ticket in an admin's own webhook",
        message(f"<{ZAMMAD}|Ticket#53>\nCustomer: Jane Doe &lt;{JANE}&gt;\nOwner: {SAM}"),
        REPLY,
        [JANE],
        [SAM],
    ),
    (
        "Zammad's own webhook, whose subject is the customer's",
        message(
            f"# Customer: {BOB}",
            attachments=[{"text": f"_[Ticket#53]({ZAMMAD}): Created by Jane Doe_\n\nCustomer: {BOB}"}],
        ),
        OFFER,
        [],
        [BOB],
    ),
    (
        "a name and an address without brackets in a field",
        message(
            "", blocks=[section(TICKET), fields(f"*From*\nJane Doe {JANE}", "*To*\nsupport@acme.example")]
        ),
        REPLY,
        [JANE],
        [],
    ),
    (
        "prose in a requester's field",
        message("", blocks=[section(TICKET), fields(f"*From*\nplease ask Bob {BOB}")]),
        OFFER,
        [],
        [BOB],
    ),
    (
        "an attachment that has only a fallback",
        attached(fallback=f"New ticket {TICKET}\nRequester: {JANE}"),
        REPLY,
        [JANE],
        [],
    ),
    (
        "a fallback beside what is shown",
        attached(fallback=f"Requester: {BOB}", title="x", title_link=ZENDESK),
        OFFER,
        [],
        [],
    ),
    (
        "a requester that was changed",
        message(f"{TICKET} updated\nChanged: Requester\nFrom: {BOB}\nTo: {JANE}"),
        OFFER,
        [],
        [BOB, JANE],
    ),
    (
        "an assignee that was changed, in fields",
        attached(**titled(("Field", "Assignee"), ("From", BOB), ("To", SAM), title="x", title_link=ZENDESK)),
        OFFER,
        [],
        [BOB, SAM],
    ),
    (
        "a change in section fields",
        message("", blocks=[section(TICKET), fields("*Change*\nAssignee", f"*From*\n{BOB}", f"*To*\n{SAM}")]),
        OFFER,
        [],
        [BOB, SAM],
    ),
    (
        "mail that went out",
        message(f"Ausgehende Mail {TICKET}\nVon: {SAM}\nAn: {JANE}"),
        OFFER,
        [],
        [SAM, JANE],
    ),
    (
        "mail to a mailbox that nobody configured",
        message(f"{TICKET}\nFrom: {JANE}\nTo: support@unconfigured.example"),
        REPLY,
        [JANE],
        ["support@unconfigured.example"],
    ),
    (
        "a form's announcement above its fields",
        message(f"*New submission: Contact us*\n*Name:* Jane Doe\n*Email:* {JANE}\n*Message:* ask {BOB}"),
        REPLY,
        [JANE],
        [BOB],
    ),
    (
        "a form's heading, and numbered questions",
        message(f"*New response*\n1. Email address: {JANE}\n2. Your manager's email: {BOB}"),
        REPLY,
        [JANE],
        [BOB],
    ),
    (
        "a question that asks for the address",
        message(f"*What's your email?*\n{JANE}\n*Please enter your question*\nask {BOB}"),
        REPLY,
        [JANE],
        [BOB],
    ),
    (
        "whom mail went to, in French",
        message(f"{TICKET}\nE-mail à : {BOB}"),
        OFFER,
        [],
        [BOB],
    ),
    (
        "HubSpot's associated contact",
        message(
            "", blocks=[section(TICKET), fields(f"*Associated contact*\n{JANE}", f"*Ticket owner*\n{SAM}")]
        ),
        REPLY,
        [JANE],
        [SAM],
    ),
    (
        "a desk's sentence with two addresses and no link",
        message(f"Email request from Jane Doe &lt;{JANE}&gt;: add {BOB}"),
        OFFER,
        [],
        [JANE, BOB],
    ),
    (
        "letters in full width",
        message(f"{TICKET}\nＲｅｑｕｅｓｔｅｒ：ｊａｎｅ＠ｃｏｎｔｏｓｏ．ｅｘａｍｐｌｅ"),
        REPLY,
        [JANE],
        [],
    ),
    (
        "full-width marks that would be Slack's own",
        message(f"{TICKET}\n＜mailto：{BOB}｜x＞ asked"),
        OFFER,
        [],
        [BOB],
    ),
    (
        "a desk's sentence about somebody at work",
        message(f"New message from agent Sam Lee &lt;{SAM}&gt;\n{TICKET}"),
        OFFER,
        [],
        [SAM],
    ),
    ("whoever replied", message(f"{TICKET}\nReply from: Sam Lee &lt;{SAM}&gt;"), OFFER, [], [SAM]),
    ("a program's mail", mail("drive-shares-noreply@contoso.example", f"Email: {BOB}"), OFFER, [], [BOB]),
    ("a calendar's mail", mail("calendar-notification@contoso.example", f"{BOB} comes"), OFFER, [], [BOB]),
    (
        "a footer's context of an agent",
        message("", blocks=[section(TICKET), context(f"Handled by {SAM}")]),
        OFFER,
        [],
        [SAM],
    ),
    ("an attachment with nothing to show", attached(color="#fff"), IGNORE, [], []),
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


LANGUAGES = [
    ("Người yêu cầu", "Người được phân công", "Mô tả"),
    ("ผู้ขอ", "ผู้รับมอบหมาย", "คำอธิบาย"),
    ("Pemohon", "Penerima tugas", "Deskripsi"),
    ("Solicitant", "Responsabil", "Descriere"),
    ("Заявител", "Изпълнител", "Описание"),
    ("Podnositelj zahtjeva", "Dodijeljeno", "Opis"),
    ("Prosilec", "Dodeljeno", "Opis"),
    ("Taotleja", "Määratud", "Kirjeldus"),
    ("Pieprasītājs", "Piešķirts", "Apraksts"),
    ("Pateikėjas", "Priskirta", "Aprašymas"),
    ("अनुरोधकर्ता", "असाइनी", "विवरण"),
    ("Автор запиту", "Виконавець", "Опис"),
]


@pytest.mark.parametrize(("requester", "assignee", "described"), LANGUAGES, ids=[one[0] for one in LANGUAGES])
def test_labels_are_known_in_the_languages_of_the_desks(
    requester: str, assignee: str, described: str
) -> None:
    lines = [f"{assignee}: {SAM}", f"{requester}: {JANE}", f"{described}:", f"{requester}: {BOB}"]
    for text in ("\n".join([TICKET, *lines]), "\n".join(f"*{line}".replace(":", ":*", 1) for line in lines)):
        reading = read(message(text))
        assert addresses(reading.requester) == [JANE], reading.reason
        assert addresses(reading.mentioned) == [SAM, BOB]
    only = read(
        message("", attachments=[titled((requester, "Jane Doe"), (assignee, SAM), title_link=ZENDESK)])
    )
    assert only.action is OFFER
