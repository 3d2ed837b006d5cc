"""
An address that stands alone or beside a few words: a person's card, or somebody in a role of the template's.

Nothing but agreement with the address tells a name from a role: "Account Executive · bob@…" is built like
"Jane Doe · jane@…".
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tickets.profiles.known import DESKS
from bot.tickets.reading.labels import Label, is_heading, labels_with
from tests.bot.tickets.messages import TICKET, asked, message, section
from tests.bot.tickets.test_strangers_words import URLS
from tests.examples import examples

# No part of it is in any word below.
BOB = "zq7@xyzzy.example"
JANE = "jane.doe@contoso.example"
ROLES = [
    "Specialist", "Account Executive", "Senior Engineer", "Solutions Consultant", "Agent", "Team Lead", "Driver",
    "Success Coach", "Tier 2", "Assigned", "Backup", "Watcher", "Landlord", "Kundenbetreuer", "Chargé de clientèle",
    "Responsable de compte", "営業担当", "Менеджер", "New email", "Support contact", "Sent to",
]  # fmt: skip
LABELS = labels_with(())


def is_unknown(word: str) -> bool:
    return LABELS.classify(word) is Label.UNKNOWN and not is_heading(word)


# Words in capitals, as names and roles are written.
WORD = st.text("abcdefghiklmnoprstuvw", min_size=3, max_size=9).map(str.capitalize).filter(is_unknown)
ANY_ROLE = st.sampled_from(ROLES) | st.lists(WORD, min_size=1, max_size=3).map(" ".join)
Form = Callable[[str, str, str], dict[str, Any]]


def rich(*pieces: dict[str, Any]) -> dict[str, Any]:
    return {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": [*pieces]}]}


def table(*rows: str) -> dict[str, Any]:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": text}] for text in rows]}


# Where a role stands beside an address, below the link to a ticket.
FORMS: dict[str, Form] = {
    "line above": lambda link, role, who: message(f"{link}\n{role}\n{who}"),
    "line above, in italics": lambda link, role, who: message(f"{link}\n_{role}_\n{who}"),
    "line above, then a blank one": lambda link, role, who: message(f"{link}\n{role}\n\n{who}"),
    "in front of brackets": lambda link, role, who: message(f"{link}\n{role} ({who})"),
    "in front of angle brackets": lambda link, role, who: message(f"{link}\n{role} &lt;{who}&gt;"),
    "in front of a dot": lambda link, role, who: message(f"{link}\n{role} · {who}"),
    "in front of a bar": lambda link, role, who: message(f"{link}\n{role} | {who}"),
    "in front of a comma": lambda link, role, who: message(f"{link}\n{role}, {who}"),
    "behind a comma": lambda link, role, who: message(f"{link}\n{who}, {role}"),
    "behind a dash": lambda link, role, who: message(f"{link}\n{who} - {role}"),
    "behind a dot": lambda link, role, who: message(f"{link}\n{who} · {role}"),
    "beside the link": lambda link, role, who: message(f"{link} · {role} · {who}"),
    "rich text": lambda link, role, who: message(
        "x",
        blocks=[section(link), rich({"type": "text", "text": f"{role}\n"}, {"type": "text", "text": who})],
    ),
    "a table of one column": lambda link, role, who: message("x", blocks=[section(link), table(role, who)]),
    "an untitled field": lambda link, role, who: message(
        link, attachments=[{"fields": [{"title": "", "value": f"{role}\n{who}"}]}]
    ),
    "an attachment's title": lambda link, role, who: message(
        link, attachments=[{"title": role, "text": who}]
    ),
    "an attachment's pretext": lambda link, role, who: message(
        link, attachments=[{"pretext": role, "text": who}]
    ),
    "a header": lambda link, role, who: message(
        "x",
        blocks=[
            {"type": "header", "text": {"type": "plain_text", "text": role}},
            section(who),
            section(link),
        ],
    ),
}


@pytest.mark.parametrize("form", FORMS)
@examples(30)
@given(role=ANY_ROLE, desk=st.sampled_from(DESKS))
def test_nobody_is_looked_up_where_what_stands_beside_the_address_may_be_a_role(
    form: str, role: str, desk: Any
) -> None:
    link = f"<{URLS[desk.system]}|#7>"
    assert asked(FORMS[form](link, role, BOB)) == []


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("role", ["Customer", "Requester"])
def test_a_label_that_is_known_to_be_the_requesters_adds_nobody_else(form: str, role: str) -> None:
    assert set(asked(FORMS[form](TICKET, role, BOB))) <= {BOB}


@pytest.mark.parametrize(
    "text",
    [
        f"{TICKET}\nJane Doe &lt;{JANE}&gt;",
        f"{TICKET}\nJane Doe ({JANE})",
        f"{TICKET}\nJane Doe · {JANE} · Contoso",
        f"{TICKET} · Jane Doe · {JANE} · 2 min ago",
        f"{TICKET}\nJane Doe\n{JANE}",
        f"{TICKET}\n{JANE}",
        f"{TICKET}\n{JANE}, Jane Doe",
        f"New ticket\n{JANE}\n{TICKET}",
    ],
)
def test_a_name_that_agrees_with_the_address_is_nobodys_role(text: str) -> None:
    assert asked(message(text)) == [JANE]


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("Jane Doe", "jdoe@contoso.example"),
        ("Jane Doe", "jane@contoso.example"),
        ("Jane Doe", "jd@contoso.example"),
        ("Zoë Brontë", "zoe.bronte@contoso.example"),
        ("Li Wu", "li.wu+x@contoso.example"),
        ("Ludwig van der Berg", "lberg@contoso.example"),
    ],
)
def test_a_name_agrees_with_an_address_in_the_ways_in_which_addresses_are_made(
    name: str, address: str
) -> None:
    assert asked(message(f"{TICKET}\n{name} ({address})")) == [address]


@pytest.mark.parametrize(
    "text",
    [
        # A mailbox of that name agrees, and is no person.
        f"{TICKET}\nSales (sales@xyzzy.example)",
        f"{TICKET}\nSupport · support@xyzzy.example",
        f"{TICKET}\nAccount Manager &lt;manager@xyzzy.example&gt;",
        # Somebody's card with what he does.
        f"{TICKET}\nJane Doe · {JANE} · Account executive",
        f"{TICKET}\n{JANE}\nAccount executive",
    ],
)
def test_a_name_of_what_people_do_at_work_is_no_customers(text: str) -> None:
    assert asked(message(text)) == []
