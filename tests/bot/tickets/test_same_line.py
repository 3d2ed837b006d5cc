"""
An address is the requester's where it stands beside the requester's label, in its line or its field.

What stands below the label's line, beside another label, or below words that may be the customer's, may be
anybody's: that makes an offer, with the address as a button.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tickets.decide import Action
from bot.tickets.profiles.known import DESKS
from tests.bot.tickets.messages import RULES, TICKET, addresses, asked, fields, message, read, section
from tests.bot.tickets.test_strangers_words import URLS
from tests.examples import examples

BOB, JANE = "bob@fabrikam.example", "jane.doe@contoso.example"
OURS, IGNORED = "sam@acme.example", "support@desk.example"
REQUESTERS = [
    "Requester",
    "Customer",
    "Caller",
    "Anfragesteller",
    "Demandeur",
    "Solicitante",
    "Заявитель",
    "依頼者",
    "客户",
]
OTHERS = [
    "Contact",
    "Email",
    "Visitor email",
    "Kontakt",
    "E-Mail",
    "Contacto",
    "Почта",
    "お客様",
    "联系人",
    "End user",
]
Pairs = tuple[tuple[str, str], ...]
# How a template writes labels with their values, below a ticket's link.
FORMS: dict[str, Callable[[str, Pairs], dict[str, Any]]] = {
    "lines": lambda link, pairs: message("\n".join([link, *(f"{a}: {b}" for a, b in pairs)])),
    "bold lines": lambda link, pairs: message("\n".join([link, *(f"*{a}:* {b}" for a, b in pairs)])),
    "lines without a link": lambda _link, pairs: message("\n".join(f"{a}: {b}" for a, b in pairs)),
    "blank lines": lambda link, pairs: message("\n\n".join([link, *(f"{a}: {b}" for a, b in pairs)])),
    "one line": lambda link, pairs: message(f"{link}\n" + " | ".join(f"{a}: {b}" for a, b in pairs)),
    "sections": lambda link, pairs: message("x", blocks=[section(link), *(section(f"*{a}:* {b}") for a, b in pairs)]),
    "section fields": lambda link, pairs: message("x", blocks=[section(link), fields(*(f"*{a}*\n{b}" for a, b in pairs))]),
    "fields": lambda link, pairs: message(link, attachments=[{"fields": [{"title": a, "value": b} for a, b in pairs]}]),
    "an untitled field": lambda link, pairs: message("", attachments=[{"fields": [{"title": "", "value": "\n".join([link, *(f"{a}: {b}" for a, b in pairs)])}]}]),
    "a table": lambda link, pairs: message("x", blocks=[section(link), table(pairs)]),
}  # fmt: skip


# In these the labels stand together: below a blank line, a label of mail's alone may be the customer's.
TOGETHER = [form for form in FORMS if form not in ("one line", "blank lines", "sections")]


def table(pairs: Pairs) -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": text} for text in row] for row in pairs]}


def links() -> Iterator[str]:
    return (f"<{URLS[desk.system]}|#7>" for desk in DESKS)


@pytest.mark.parametrize("form", FORMS)
@examples(25)
@given(
    label=st.sampled_from(REQUESTERS),
    value=st.sampled_from(["Jane Doe", "山田太郎", OURS, f"Sam ({OURS})", IGNORED, "", "-", "N/A", "<@U1>"]),
    other=st.sampled_from(OTHERS),
    link=st.sampled_from(list(links())),
    between=st.sampled_from([(), (("Status", "New"),), (("Assignee", "Sam"), ("Plan", "Pro"))]),
)
def test_another_labels_address_is_not_the_requesters_where_his_own_label_has_none(
    form: str, label: str, value: str, other: str, link: str, between: Pairs
) -> None:
    for pairs in permutations(((label, value), (other, BOB), *between)):
        assert asked(FORMS[form](link, pairs)) == [], pairs


@examples(60)
@given(
    form=st.sampled_from(list(FORMS)),
    link=st.sampled_from(list(links())),
    first=st.sampled_from(["Reporter", "From", "Created by", "Melder", "De", "От"]),
    other=st.sampled_from(["Submitted by", "Email", "Sender", "Ersteller", "Почта"]),
    value=st.sampled_from(["Jane Doe", OURS, ""]),
)
def test_nor_is_it_whoevers_typed_the_ticket_in(
    form: str, link: str, first: str, other: str, value: str
) -> None:
    for pairs in permutations(((first, value), (other, BOB))):
        assert asked(FORMS[form](link, pairs)) == []


@pytest.mark.parametrize("form", TOGETHER)
@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Jane Doe", JANE),
        ("Jane Doe", "jdoe@contoso.example"),
        ("Jane Doe", "doe.jane2@contoso.example"),
        ("Jane Doe", "jane@contoso.example"),
        ("Jane", JANE),
        ("Zoë Brontë", "zoe.bronte+web@contoso.example"),
    ],
)
def test_a_name_that_is_the_addresss_own_contradicts_nothing(form: str, name: str, address: str) -> None:
    for pairs in permutations((("Requester", name), ("Email", address))):
        assert asked(FORMS[form](TICKET, pairs)) == [address]


@pytest.mark.parametrize(
    "name", ["Bob Doe", "John Smith", "Doe", "J", "Jane Doe, Bob Roe", "Sales", "Support Team"]
)
@pytest.mark.parametrize("form", FORMS)
def test_a_name_that_only_has_a_part_of_the_address_is_another_persons(form: str, name: str) -> None:
    assert asked(FORMS[form](TICKET, (("Requester", name), ("Email", JANE)))) == []


@pytest.mark.parametrize("form", TOGETHER)
@pytest.mark.parametrize(
    "pairs",
    [
        (("Requester", "Jane"), ("Requester email", BOB)),
        (("Customer name", "Jane"), ("Customer email", BOB)),
        (("お客様名", "山田"), ("お客様メールアドレス", BOB)),
        (("Customer", "Fabrikam"), ("Contact", BOB)),
        (("Requester", BOB), ("Created by", "Sam Agent")),
        (("Requester", BOB), ("Submitter", OURS)),
        (("Name", "Jane"), ("Email", BOB)),
    ],
)
def test_the_same_roles_other_label_and_a_lower_roles_contradict_nothing(form: str, pairs: Pairs) -> None:
    for ordered in permutations(pairs):
        assert asked(FORMS[form](TICKET, ordered)) == [BOB]


ADDRESS = st.sampled_from(
    [BOB, f"<mailto:{BOB}|{BOB}>", f"&lt;{BOB}&gt;", f"({BOB})", f"• {BOB}", f"*{BOB}*", f"Bob ({BOB})"]
)
LABEL = st.sampled_from(REQUESTERS)
NAMED = st.sampled_from(
    [
        "{}: Jane",
        "*{}:* Jane Doe",
        "*{}* Jane",
        "{} - Jane",
        "{}\nJane Doe",
        "*{}*\nJane",
        "{}: -",
        "{} = N/A",
        "{}s: Jane",
    ]
)


@examples(200)
@given(
    named=st.builds(lambda form, label: form.format(label), NAMED, LABEL),
    below=ADDRESS,
    gap=st.sampled_from(["\n", "\n\n", "\n \n"]),
    rest=st.sampled_from(["", "\nStatus: open", f"\nAssignee: {OURS}", "\nthanks"]),
    link=st.sampled_from([*links(), ""]),
)
def test_what_stands_below_a_requesters_name_is_not_his(
    named: str, below: str, gap: str, rest: str, link: str
) -> None:
    text = f"{link}\n{named}{gap}{below}{rest}".strip()
    assert asked(message(text)) == []
    assert asked(message("x", blocks=[section(text)])) == []
    assert (
        asked(message("", attachments=[{"pretext": link or "New", "fields": [{"title": "", "value": text}]}]))
        == []
    )


@pytest.mark.parametrize("label", ["Requester:", "*Customer email*", "Contact"])
def test_a_value_stands_below_a_label_only_where_no_other_label_has_one_beside_it(label: str) -> None:
    assert asked(message(f"{TICKET}\n{label}\n{BOB}\n*Priority*\nhigh")) == [BOB]
    for text in (f"Status: open\n{label}\n{BOB}", f"{label}\n{BOB}\nStatus: open"):
        assert asked(message(f"{TICKET}\n{text}")) == []


# Letters and signs with which no label is written, and no address.
WORDS = st.text("abcdefghij klmnop'?!.,ABCäé漢字ру1😡", min_size=1, max_size=30).filter(
    lambda words: words.strip(" .,!?'😡")
)
SHORT = st.sampled_from(
    [
        "Cannot login",
        "Help",
        "Urgent",
        "New ticket",
        "Hi",
        "123",
        "•  no access",
        "login?",
        "---",
        "😡",
        "<https://www.fabrikam.example|site>",
        f"ask {JANE}",
        JANE,
    ]
)


@examples(300)
@given(
    above=st.sampled_from(
        [
            "Status: open",
            "*Priority:* high\nType: bug",
            "Assignee: Sam",
            "Subject: Login",
            "Plan: Pro",
            TICKET,
            f"New ticket {TICKET}\nStatus: open",
        ]
    ),
    words=SHORT | WORDS,
    gap=st.sampled_from(["\n", "\n\n"]),
    label=st.sampled_from(["Contact", "Requester", "Kunde", "Email", "*From*", "依頼者"]),
    more=st.sampled_from(["", "\nPriority: high", "\nAssignee: Sam\n"]),
)
def test_a_label_below_a_line_that_may_be_the_customers_is_his(
    above: str, words: str, gap: str, label: str, more: str
) -> None:
    said = f"{words}\n{label}: {BOB}{more}"
    assert BOB not in asked(message(f"{above}{gap}{said}"))
    assert BOB not in asked(
        message("x", blocks=[section(part) for part in (above, words, f"{label}: {BOB}{more}")])
    )
    assert BOB not in asked(message("x", blocks=[section(above), section(said)]))


def test_a_cell_without_a_label_ends_the_desks_words_in_a_line() -> None:
    assert asked(message(f"{TICKET}\nStatus: open | Contact: {BOB}")) == [BOB]
    for text in (
        f"Status: open | Cannot login | Contact: {BOB}",
        f"Status: open | x | Priority: 1 | Contact: {BOB}",
    ):
        assert asked(message(f"{TICKET}\n{text}")) == []


DATA = [
    json.dumps({"email": BOB}),
    json.dumps({"customer": {"email": BOB}}, indent=2),
    json.dumps([{"id": 1, "requester": BOB}]),
    f'"email": "{BOB}"',
    f"'email': '{BOB}'",
    f"“email”: “{BOB}”",
    f"{{email: {BOB}}}",
    f"{{\nrequester: {BOB}\n}}",
    f"[email] =&gt; {BOB}",
    f'"email" =&gt; "{BOB}",',
    f"(email: {BOB})",
    f"email={BOB}",
    f"&amp;email={BOB}",
    f"$email = {BOB};",
    f"--email {BOB}",
    f"// Requester: {BOB}",
    f"/* Requester: {BOB} */",
    f"&lt;email&gt;{BOB}&lt;/email&gt;",
    f"&lt;b&gt;Email:&lt;/b&gt; {BOB}",
    f"| Email | {BOB} |",
    f"customer_email: {BOB}",
    f"customer.email: {BOB}",
    f"`{json.dumps({'email': BOB})}`",
    json.dumps({"email": f"<mailto:{BOB}|{BOB}>"}),
    f'{{ "a": 1 }}\nRequester: {BOB}',
]


@pytest.mark.parametrize("data", DATA)
def test_data_and_code_name_nobody(data: str) -> None:
    for link in (TICKET, f"<{URLS['jira']}|#7>", f"<{URLS['gorgias']}|#7>"):
        for text in (
            f"{link}\n{data}",
            f"{link}\nStatus: open\n{data}",
            f"{link}\n\n{data}",
            f"{link}\n• {data}",
        ):
            assert asked(message(text)) == [], text
        assert asked(message("x", blocks=[section(link), section(data)])) == []
    reading = read(message(f"{TICKET}\n{data}"))
    assert reading.action is Action.OFFER
    assert addresses(reading.mentioned) == [BOB]


def test_data_behind_a_label_in_its_line_names_nobody_else() -> None:
    assert asked(message(f'{TICKET}\nRequester: {JANE}\nStatus: open {{"requester": "{BOB}"}}')) == [JANE]


@pytest.mark.parametrize("key", ["customer_email", "client.mail"])
def test_a_key_that_is_configured_is_a_label(key: str) -> None:
    assert asked(message(f"{TICKET}\n{key}: {BOB}"), replace(RULES, requester_labels=(key,))) == [BOB]


def titled(*pairs: tuple[str, str]) -> dict[str, Any]:
    return message(
        TICKET, attachments=[{"fields": [{"title": title, "value": value} for title, value in pairs]}]
    )


OFFERED = {
    "a label in a requester's name": message(f"{TICKET}\nRequester: Jane | Contact: {BOB}\nStatus: open"),
    "a label in brackets behind a name": message(f"{TICKET}\nRequester: Jane (Contact: {BOB})\nStatus: open"),
    "a line's end in a name": message(f"{TICKET}\nRequester: Jane Doe\u2028Contact: {BOB}\nStatus: open"),
    "a sentence that names somebody else": message(f"New conversation from Jane\nContact: {BOB}\n{TICKET}"),
    "a sentence with somebody else's address": message(f"New conversation from Jane ({JANE})\nContact: {BOB}\n{TICKET}"),
    "a sentence in a subject": message(f"New ticket {TICKET} - Login; Requester: {BOB}\nStatus: open"),
    "the same label twice": message(f"{TICKET}\nRequester: {JANE}\nRequester: {BOB}"),
    "an address above the requester's": message(f"{TICKET}\nEmail: {JANE}\nRequester: {BOB}"),
    "two addresses": message(f"{TICKET}\nEmail: {JANE}\nEmail: {BOB}"),
    "a card above a label": message(f"{TICKET}\nJane Doe &lt;{JANE}&gt;\nContact: {BOB}"),
    "somebody's words, announced": message(f"{TICKET}\nJane wrote:\nContact: {BOB}"),
    "a label in quotation marks": message(f"{TICKET}\n“Contact: {BOB}”"),
    "a label in angled ones": message(f"{TICKET}\n«Contact: {BOB}»"),
    "a label behind a bar": message(f"{TICKET}\n│ Contact: {BOB}"),
    "a signature": message(f"{TICKET}\nBest regards\nContact: {BOB}"),
    "a signature behind dashes": message(f"{TICKET}\n--\nContact: {BOB}"),
    "a phone's signature": message(f"{TICKET}\nStatus: open\nSent from my phone\nEmail: {BOB}"),
    "a question with a label of its own": message(f"{TICKET}\nStatus: open\nQ: who?\nContact: {BOB}"),
    "an error that the customer names": message(f"{TICKET}\nStatus: open\nError: cannot login\nContact: {BOB}"),
    "a time in front of words": message(f"{TICKET}\nStatus: open\n12:30 cannot login\nContact: {BOB}"),
    "a link that the customer pastes": message(f"{TICKET}\nStatus: open\nhttps://x.example/y\nContact: {BOB}"),
    "a list that the customer numbers": message(f"{TICKET}\nStatus: open\n1. Cannot login\n2. Contact: {BOB}"),
    "a table of commas": message(f"{TICKET}\nusername,email\nbob,{BOB}"),
    "a row of semicolons": message(f"{TICKET}\nemail;{BOB}"),
    "prose in a contact's field": titled(("Contact", f"my boss {BOB}"), ("Status", "open")),
    "prose in a contact's line": message(f"{TICKET}\nContact: please call my boss {BOB}"),
    "a label in a requester's field": titled(("Requester", f"Jane Contact: {BOB}"), ("Status", "open")),
    "a label below a name in its field": titled(("Requester", f"Jane\nContact: {BOB}"), ("Status", "open")),
    "an address in a name's field": titled(("Customer name", BOB), ("Status", "open")),
    "an address in a company's field": titled(("Requester", "Jane"), ("Company", f"Fabrikam {BOB}")),
    "a cell below another cell's label": message("x", blocks=[section(TICKET), {"type": "table", "rows": [[{"type": "raw_text", "text": t} for t in row] for row in (("Requester", "Status", "Contact"), ("Jane", "open", BOB))]}]),
    "a greeting in a section of its own": message("x", blocks=[section(TICKET), section("*Requester:* Jane"), section("Hello"), section(f"*Contact:* {BOB}")]),
    "data behind a heading": message(f'{TICKET}\nPayload: {{"email": "{BOB}"}}'),
}  # fmt: skip


@pytest.mark.parametrize("posted", OFFERED.values(), ids=OFFERED)
def test_what_can_be_read_in_two_ways_is_an_offer_with_a_button(posted: dict[str, Any]) -> None:
    reading = read(posted)
    assert reading.action is Action.OFFER, reading.reason
    assert BOB in addresses(reading.mentioned)
