"""Whoever typed a ticket in may have asked for somebody else; and what only heads a message names nobody."""

from typing import Any

import pytest

from tests.bot.tickets.kinds import BOB, JANE, SAM, ZENDESK, attached, titled
from tests.bot.tickets.messages import TICKET, asked, fields, message, section

TYPED_IN = ["Reporter", "Created by", "From", "Email"]


def both_ways(one: tuple[str, str], other: tuple[str, str]) -> list[dict[str, Any]]:
    """Messages with two labels, in both orders and in three forms."""
    return [
        posted
        for pairs in ((one, other), (other, one))
        for posted in (
            message("\n".join([TICKET, *(f"{label}: {value}" for label, value in pairs)])),
            message("", blocks=[section(TICKET), fields(*(f"*{a}*\n{b}" for a, b in pairs))]),
            attached(**titled(*pairs, title="#1", title_link=ZENDESK)),
        )
    ]


@pytest.mark.parametrize("typed_in", TYPED_IN)
@pytest.mark.parametrize(
    "label",
    ["Raised on behalf of", "Opened for", "Affected customer", "Impacted user", "Im Namen von", "Au nom de"],
)
def test_whom_it_was_typed_in_for_is_the_requester(typed_in: str, label: str) -> None:
    for posted in both_ways((typed_in, SAM), (label, JANE)):
        assert SAM not in asked(posted)
    assert asked(message(f"{TICKET}\n{typed_in}: {SAM}\n{label}: {JANE}")) in ([JANE], [])


@pytest.mark.parametrize("typed_in", ["Reporter", "Created by", "From"])
@pytest.mark.parametrize("label", ["User", "Patient", "Original requester", "Primary contact", "対象者"])
def test_beside_whoever_typed_it_in_nobody_is_looked_up_whose_label_is_not_known(
    typed_in: str, label: str
) -> None:
    for posted in both_ways((typed_in, SAM), (label, JANE)):
        assert asked(posted) == []


@pytest.mark.parametrize("label", ["Assignee", "Approver", "Mailbox", "Cc", "Escalation manager"])
def test_somebody_elses_label_changes_nothing(label: str) -> None:
    for posted in both_ways(("Reporter", JANE), (label, SAM)):
        assert asked(posted) == [JANE]


def test_a_requester_who_asked_for_somebody_else_is_an_offer() -> None:
    assert asked(message(f"{TICKET}\nRequester: {SAM}\nOn behalf of: {JANE}")) == []
    assert asked(message(f"{TICKET}\nRequester: {JANE}\nRequested for: {JANE}")) == [JANE]


@pytest.mark.parametrize("label", ["Requester", "Created by", "Email"])
@pytest.mark.parametrize(
    "behind",
    ["on behalf of Jane Doe", "(on behalf of Jane)", "for Jane Doe", "im Auftrag von Jane", "от имени Jane"],
)
def test_an_address_that_asks_for_somebody_else_is_not_the_requesters(label: str, behind: str) -> None:
    for value in (f"{SAM} {behind}", f"Sam Lee &lt;{SAM}&gt; {behind}"):
        assert asked(message(f"{TICKET}\n{label}: {value}")) == []
    assert asked(attached(**titled((label, f"{SAM} {behind}"), title="#1", title_link=ZENDESK))) == []


@pytest.mark.parametrize("arrow", ["-&gt;", "=&gt;", "→"])
def test_an_arrow_leads_away_from_a_requester_and_to_a_mailbox(arrow: str) -> None:
    assert asked(message(f"{TICKET}\nRequester: {BOB} {arrow} Jane Doe")) == []
    assert asked(message(f"{TICKET}\nFrom: {JANE} {arrow} Support")) == [JANE]


@pytest.mark.parametrize(
    "heading", ["Contact us", "Website enquiry", "Demo request", "Client intake", "Kontaktformular"]
)
def test_a_heading_in_bold_is_nobodys_label(heading: str) -> None:
    lines = f"*Name:* Jane Doe\n*Email:* {JANE}\n*Message:* ask {BOB}"
    for gap in ("\n", "\n\n"):
        assert asked(message(f"*{heading}*{gap}{lines}")) == [JANE]
    form = [section(f"*{heading}*"), fields("*Name:*\nJane Doe", f"*Email:*\n{JANE}")]
    assert asked(message("", blocks=form)) == [JANE]


@pytest.mark.parametrize("heading", ["Contact details", "*Customer information*", "*Requester details:*"])
def test_a_heading_of_a_requesters_details_says_nothing_against_them(heading: str) -> None:
    lines = f"Name: Jane Doe\nEmail: {JANE}"
    assert asked(message(f"{heading}\n{lines}")) == [JANE]
    assert asked(message("", blocks=[section(heading), section(lines)])) == [JANE]
    assert asked(message(f"{TICKET}\n{heading}\nJane Doe\nEmail: {BOB}")) == []


@pytest.mark.parametrize("heading", ["Specialist", "Account executive", "Assignee", "Agent details"])
def test_a_heading_of_somebodys_role_is_theirs(heading: str) -> None:
    assert asked(message(f"*{heading}*\n*Name:* Sam Lee\n*Email:* {SAM}")) == []


@pytest.mark.parametrize("label", ["Contact us", "Email us", "Write to us"])
def test_where_to_write_to_is_nobodys_address(label: str) -> None:
    assert asked(message(f"{TICKET} opened\n{label}: help@vendor.example")) == []


@pytest.mark.parametrize(
    "name",
    ["coolgamer99", "Jane (she/her)", "Jane d'Arc", "Noor al-Masri", "Jane Doe +49 30 1234", "Jane Doe -"],
)
@pytest.mark.parametrize("label", ["Customer", "Created by"])
def test_a_name_in_a_labels_value_may_be_written_as_people_write_theirs(label: str, name: str) -> None:
    assert asked(message(f"{TICKET}\n{label}: {name} &lt;{BOB}&gt;")) == [BOB]
    assert asked(attached(**titled((label, f"{name} &lt;{BOB}&gt;"), title="#1", title_link=ZENDESK))) == [
        BOB
    ]


@pytest.mark.parametrize("name", ["Account executive -", "agent", "manager", "my boss"])
def test_a_role_in_a_labels_value_is_no_name(name: str) -> None:
    assert asked(message(f"{TICKET}\nCustomer: {name} &lt;{BOB}&gt;")) == []
    assert (
        asked(attached(**titled(("Customer", f"{name} &lt;{BOB}&gt;"), title="#1", title_link=ZENDESK))) == []
    )


@pytest.mark.parametrize("phone", ["+49 30 1234", "<tel:+49301234|+49 30 1234>"])
def test_a_telephone_number_may_stand_between_a_name_and_the_address(phone: str) -> None:
    value = f"Jane Doe\n{phone}\n{BOB}"
    assert asked(attached(**titled(("Customer", value), title="#1", title_link=ZENDESK))) == [BOB]
    assert asked(message(f"{TICKET}\nCustomer: Jane Doe, {phone}, {BOB}")) == [BOB]


def test_the_last_one_of_a_list_may_stand_behind_an_and() -> None:
    for word in ("and", "und", "&amp;"):
        assert asked(message(f"{TICKET}\nCustomers: {JANE}, {SAM} {word} {BOB}")) == [JANE, SAM, BOB]
    assert asked(message(f"{TICKET}\nCustomer: {JANE} and {BOB}")) == []


@pytest.mark.parametrize(
    ("theirs", "agents"),
    [
        ("E-mail klienta", "E-mail opiekuna"),
        ("Почта клиента", "Почта менеджера"),
        ("Müşteri e-postası", "Temsilci e-postası"),
        ("Kundens e-post", "Handläggarens e-post"),
        ("Asiakkaan sähköposti", "Käsittelijän sähköposti"),
        ("E-mail zákazníka", "E-mail řešitele"),
        ("Ügyfél e-mail címe", "Ügyintéző e-mail címe"),
        ("Email πελάτη", "Email υπευθύνου"),
        ("אימייל הלקוח", "אימייל הנציג"),
        ("البريد الإلكتروني للعميل", "البريد الإلكتروني للوكيل"),
        ("อีเมลลูกค้า", "อีเมลเจ้าหน้าที่"),
    ],
)
def test_a_customers_address_is_known_in_languages_that_decline(theirs: str, agents: str) -> None:
    assert asked(message(f"{TICKET}\n{agents}: {SAM}\n{theirs}: {JANE}")) == [JANE]
    assert asked(message(f"{TICKET}\n{agents}: {SAM}")) == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Ticket unassigned from Sam Lee",
        "Details requested from Sam Lee",
        "New email to customer from Sam Lee",
        "Neue Antwort von Sam Lee",
        "Réponse de Sam Lee",
        "Antwoord van Sam Lee",
    ],
)
def test_a_sentence_about_whoever_works_on_a_ticket_names_nobody(sentence: str) -> None:
    for text in (f"{sentence} ({SAM})\n{TICKET}", f"{TICKET} {sentence} ({SAM})"):
        assert asked(message(text)) == []
        assert asked(message("", blocks=[section(text)])) == []


@pytest.mark.parametrize(
    "line",
    ["Contact {}", "Contact {} for help", "Email {} if you have questions", "Contact ({}) to unsubscribe"],
)
def test_an_address_that_people_are_asked_to_write_to_is_nobodys(line: str) -> None:
    said = line.format("help@vendor.example")
    assert asked(message(f"{TICKET}\nStatus: open\n{said}")) == []
    assert asked(attached(title="#1", title_link=ZENDESK, footer=said)) == []
    assert asked(attached(**titled(("Email", JANE), title="#1", title_link=ZENDESK), footer=said)) == [JANE]
    assert asked(message(f"{TICKET}\nContact ({JANE})")) == [JANE]


@pytest.mark.parametrize("role", ["Assignee", "Agent details", "Assigned agent", "担当者"])
def test_a_bare_email_below_a_heading_of_somebody_else_is_theirs(role: str) -> None:
    theirs = fields("*Name*\nSam Lee", f"*Email*\n{SAM}")
    header = {"type": "header", "text": {"type": "plain_text", "text": role}}
    for heading in ([header], [section(f"*{role}*")], [header, section("#12")]):
        assert asked(message("", blocks=[section(TICKET), *heading, theirs])) == []
    pairs = (("Name", "Sam Lee"), ("Email", SAM))
    assert asked(attached(**titled(*pairs, title=role, title_link=ZENDESK))) == []
    assert asked(attached(**titled(*pairs, pretext=role, title="#1", title_link=ZENDESK))) == []
    customers = [header, fields("*Name*\nSam"), header | {"text": {"type": "plain_text", "text": "Customer"}}]
    assert asked(message("", blocks=[*customers, fields("*Name*\nJane", f"*Email*\n{JANE}")])) == [JANE]


def test_a_card_below_a_line_that_ends_with_somebody_elses_cue_is_theirs() -> None:
    for line in (f"{TICKET} assigned to", f"{TICKET} was solved by"):
        assert asked(message(f"{line}\nSam ({SAM})")) == []
    assert asked(message(f"{TICKET}\nSam ({SAM})")) == [SAM]


@pytest.mark.parametrize(("sender", "recipient"), [("From", "To"), ("Sender", "Recipient"), ("Von", "An")])
def test_mail_that_went_out_is_nobodys_but_what_came_to_a_mailbox_is(sender: str, recipient: str) -> None:
    assert asked(message(f"Outbound mail {TICKET}\n{sender}: {SAM}\n{recipient}: {JANE}")) == []
    mailbox = f"{recipient}: eu-support@unconfigured.example"
    assert asked(message(f"Updated {TICKET}\n{sender}: {JANE}\n{mailbox}")) == [JANE]
