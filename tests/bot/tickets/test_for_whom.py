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
