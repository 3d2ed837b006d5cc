"""
Whatever customers, colleagues and web pages write: it never makes the bot look somebody else up.

Each place in a sample where such words stand is marked here. Other words are put there, as hostile as they
come; whom the bot looks up is then whom it looked up before, or nobody.
"""

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.tickets.decide import Action, TicketReading, read_ticket
from bot.tickets.profiles.known import DESKS
from bot.tickets.rules import TicketRules, Us
from tests.bot.tickets.messages import fields, message, section
from tests.examples import examples

SAMPLES = {
    file.stem: json.loads(file.read_text())
    for file in sorted((Path(__file__).parents[3] / "sandbox" / "tickets").glob("*.json"))
}
# What stands in a sample now, and whose words it is. A body may have many lines; the others have one.
MARKED: list[tuple[str, str, str]] = [
    ("01", "body", "The page stays white after I press Pay."),
    ("01", "subject", "Checkout page is blank"),
    ("02", "body", "Login loops back to the form."),
    ("02", "subject", "Cannot log in"),
    ("05", "subject", "Export fails"),
    ("05", "name", "Jane Doe"),
    ("06", "name", "Jane Doe"),
    ("08", "name", "Jane Doe"),
    ("08", "quote", "Hi, my dashboard shows yesterday's numbers"),
    ("10", "subject", "Export fails"),
    ("11", "subject", "Report is empty"),
    ("11", "body", "Hello team, the report is empty…"),
    ("11", "name", "Jane Doe"),
    ("13", "subject", "Data missing"),
    ("15", "name", "Jane Doe"),
    ("17", "subject", "Where is my order?"),
    ("17", "name", "Jane Doe"),
    ("19", "subject", "API returns 500"),
    ("19", "name", "Jane Doe"),
    ("23", "body", "Hello, upload fails"),
    ("23", "subject", "Upload error"),
    ("25", "body", "Hello, I have a question"),
    ("25", "name", "Anonymous User"),
    ("27", "subject", "Printer is on fire"),
    ("27", "name", "Jane Doe"),
    ("27", "body", "It was installed by <mailto:tech@vendor.example|tech@vendor.example> last week"),
    ("29", "body", "I cannot pay."),
    ("29", "subject", "Cannot pay"),
    ("29", "name", "Jane Doe"),
    ("33", "subject", "Fix the typo on About"),
    ("33", "name", "Jane Doe"),
    ("35", "body", "same as last week"),
    ("41", "body", "thanks!"),
    ("53", "body", "icon@2x.png missing, see git"),
    ("101", "body", "Still burning."),
    ("101", "subject", "Printer on fire"),
    ("101", "name", "Jane Doe"),
    ("102", "body", "Please add my colleague"),
    ("104", "body", "Would love dark mode."),
    ("104", "subject", "Feature request"),
    ("104", "name", "Jane Doe"),
    ("106", "body", "I got a strange mail"),
    ("107", "body", "please invite"),
    ("107", "name", "Jane Doe"),
    ("109", "name", "Jane Doe"),
    ("110", "subject", "Access for bob@fabrikam.example"),
    ("110", "quote", "Hello"),
    ("110", "name", "Jane Doe"),
    ("112", "subject", "Question"),
    ("112", "body", "How does it work?"),
    ("114", "body", "ask "),
    ("127", "subject", "Login"),
    ("127", "body", "hello"),
    ("130", "preview", "or call us"),
    ("138", "name", "now on use the new form"),
    ("140", "body", "I know bob@fabrikam.example"),
    ("140", "name", "Jane Doe"),
    ("141", "body", "Hello"),
    ("143", "body", "привет"),
    ("143", "name", "Jane Doe"),
    ("146", "subject", "Drucker"),
    ("151", "name", "Jane Doe"),
    ("152", "subject", "subject 901"),
    ("155", "body", "Steps to reproduce"),
    ("158", "body", "My boss wrote"),
    ("158", "subject", "Login"),
]
MANY_LINES = ("body", "quote", "preview")

EVE = "eve@evil.example"
PEOPLE = st.sampled_from(
    [
        EVE,
        f"<mailto:{EVE}|{EVE}>",
        f"Eve &lt;{EVE}&gt;",
        f"Eve ({EVE})",
        f"*{EVE}*",
        "eve.o@northwind.example",
    ]
)
LABELS = st.sampled_from(
    [
        "Requester",
        "Customer",
        "Contact",
        "Email",
        "From",
        "Created by",
        "Reporter",
        "Caller",
        "On behalf of",
        "Kunde",
        "Von",
        "E-Mail",
        "Demandeur",
        "De",
        "Solicitante",
        "Cliente",
        "Richiedente",
        "Aanvrager",
        "Klant",
        "Заявитель",
        "От",
        "依頼者",
        "差出人",
        "요청자",
        "보낸 사람",
        "客户",
        "发件人",
        "Talep eden",
        "Zgłaszający",
        "Od",
        "Assignee",
        "Agent",
        "Cc",
        "Bearbeiter",
        "Description",
        "Beschreibung",
        "説明",
        "Status",
        "Subject",
        "Name",
        "Unknown label",
        "Requester email",
        "Customer's e-mail",
        "User ID",
    ]
)
FORMS = st.sampled_from(
    [
        "{0}: {1}",
        "*{0}*: {1}",
        "*{0}:* {1}",
        "{0} - {1}",
        "{0} = {1}",
        "{0} ({1})",
        "{0}：{1}",
        "👤 {0}: {1}",
        "| {0}: {1} |",
        "; {0}: {1};",
        "&gt; {0}: {1}",
        "{0} {1}",
    ]
)
LABELLED = st.builds(lambda form, label, person: form.format(label, person), FORMS, LABELS, PEOPLE)
SCRAPS = st.sampled_from(
    [
        f"from Eve ({EVE})", f"created by Eve &lt;{EVE}&gt;", f"New ticket from {EVE}", f") from Eve ({EVE}",
        "<https://acme.zendesk.com/agent/tickets/48213|#48213>", "<https://acme.zendesk.com/agent/tickets/9|#9>",
        f"<https://acme.zendesk.com/agent/tickets/777|{EVE}>", "https://help.acme.example/scp/tickets.php?id=3",
        f"<https://a.acme.example/?email=eve%40evil.example|{EVE}>", "`code`", "~gone~", "_it_", "*bold*", "&amp;",
        "\u200b", "\u202e", "\u00ad", "\u2066", "\ufeff", "…", "...", "·", "|", ":", "-", ", ", "@", "#448123", "(", ")",
        "🎫", ":ticket:", "eve at evil dot example", "usr_8f3a21", "Hello there", "x" * 3000, "ΩЖ漢", "*", "**", "```",
    ]
)  # fmt: skip
PIECE = st.one_of(PEOPLE, LABELLED, SCRAPS)
HEADERS = st.sampled_from(
    [
        f"---------- Forwarded message ---------\nFrom: Eve <{EVE}>\nDate: today\nSubject: x\nTo: me\n",
        f"Von: Eve &lt;{EVE}&gt;\nGesendet: heute\nAn: mich\nBetreff: x\n",
        f"On Monday Eve <{EVE}> wrote:\n> hello",
        f"\n\nRequester: {EVE}\nStatus: open\nPriority: high\n\n",
        f"*Requester*\n{EVE}\n*Assignee*\nSam",
        f"*Customer email*\n<mailto:{EVE}|{EVE}>\n",
        f"Requester: {EVE}\nRequester email: {EVE}\n\n",
        f"# Requester\n{EVE}",
        "> quoted\n",
    ]
)
ONE_LINE = st.lists(PIECE, min_size=1, max_size=5).map(" ".join)
LINES = st.lists(st.one_of(PIECE, HEADERS), min_size=1, max_size=5).flatmap(
    lambda pieces: st.sampled_from(["\n", "\n\n", " "]).map(lambda between: between.join(pieces))
)


def sample(number: str) -> dict[str, Any]:
    return next(one for name, one in SAMPLES.items() if name.startswith(f"{number}_"))


def rules_of(one: dict[str, Any]) -> TicketRules:
    config = one["config"]
    return TicketRules(
        Us(config["our_bot_id"], config["our_bot_user_id"], config["our_app_id"]),
        tuple(config["watched_channels"]),
        internal_domains=tuple(config["internal_domains"]),
        ignored_addresses=tuple(config["ignored_addresses"]),
        uid_patterns=(r"User ID:\s*(usr_\w+)",),
    )


def with_words(value: Any, old: str, new: str) -> Any:
    if isinstance(value, str):
        return value.replace(old, new)
    if isinstance(value, dict):
        return {key: with_words(inner, old, new) for key, inner in value.items()}
    return [with_words(inner, old, new) for inner in value] if isinstance(value, list) else value


def looked_up(reading: TicketReading) -> set[str]:
    return {subject.value for subject in reading.subjects} if reading.action is Action.REPLY else set()


def as_slack_sends(words: str, place: str) -> str:
    """Inside a link's label, and in one line, Slack lets no angle bracket and no line break stand."""
    if place in MANY_LINES:
        return words
    words = " ".join(words.split("\n"))
    return words.replace("<", "&lt;").replace(">", "&gt;").replace("|", "¦") if place == "subject" else words


def ours(place: str) -> st.SearchStrategy[str]:
    return LINES if place in MANY_LINES else ONE_LINE


@pytest.mark.parametrize(("number", "place", "words"), MARKED, ids=[f"{n}-{p}" for n, p, _ in MARKED])
def test_every_marked_place_is_there(number: str, place: str, words: str) -> None:
    one = sample(number)
    assert with_words(one["payload"], words, "") != one["payload"], place


@cache
def as_it_is(number: str) -> set[str]:
    """Whom the bot looks up by a sample."""
    one = sample(number)
    return looked_up(read_ticket(one["payload"], rules_of(one)))


@pytest.mark.parametrize(("number", "place", "words"), MARKED, ids=[f"{n}-{p}" for n, p, _ in MARKED])
@examples(25)
@given(data=st.data())
def test_no_words_of_strangers_add_anybody(number: str, place: str, words: str, data: st.DataObject) -> None:
    one = sample(number)
    new = as_slack_sends(data.draw(ours(place)), place)
    keep = data.draw(st.sampled_from(["{0}", "{1} {0}", "{0} {1}"])).format(new, words)
    after = looked_up(read_ticket(with_words(one["payload"], words, keep), rules_of(one)))
    assert after <= as_it_is(number), keep


JANE = "jane.doe@contoso.example"
URLS = {
    "zendesk": "https://acme.zendesk.com/agent/tickets/7",
    "freshdesk": "https://acme.freshdesk.com/a/tickets/7",
    "freshservice": "https://acme.freshservice.com/a/tickets/7",
    "chatwoot": "https://chat.acme.example/app/accounts/1/conversations/7",
    "zammad": "https://zammad.acme.example/#ticket/zoom/7",
    "osticket": "https://help.acme.example/scp/tickets.php?id=7",
    "servicenow": "https://acme.service-now.com/incident.do?sys_id=abc7",
    "intercom": "https://app.intercom.com/a/inbox/abc/inbox/conversation/7",
    "helpscout": "https://secure.helpscout.net/conversation/33/7/",
    "front": "https://app.frontapp.com/open/cnv_7",
    "hubspot": "https://app.hubspot.com/contacts/1/record/0-5/7",
    "jira": "https://acme.atlassian.net/browse/SUP-7",
    "zoho": "https://desk.zoho.com/agent/acme/all/tickets/details/7",
    "gorgias": "https://acme.gorgias.com/app/ticket/7",
    "crisp": "https://app.crisp.chat/website/7598bf86/inbox/session_7/",
    "plain": "https://app.plain.com/workspace/w_1/thread/th_7",
    "groove": "https://acme.groovehq.com/groove_client/tickets/7",
    "pylon": "https://app.usepylon.com/issues?issueNumber=7",
    "kustomer": "https://acme.kustomerapp.com/app/customers/636ecafb3ee7ff7209b2014f/event/637afc19d3637b39d65b156d",
    "salesforce": "https://acme.lightning.force.com/lightning/r/Case/500Qk00000C8gxeIAB/view",
    "linear": "https://linear.app/acme/issue/ENG-7/x",
}
Template = Callable[[str, str, str], dict[str, Any]]
# How desks build a message from a ticket's URL, its subject and its body.
TEMPLATES: dict[str, Template] = {
    "lines": lambda url, subject, body: message(f"New ticket <{url}|{subject}>\nRequester: Jane ({JANE})\nStatus: open\nDescription: {body}"),
    "lines, description below": lambda url, subject, body: message(f"<{url}|{subject}>\n*Requester*: {JANE}\n*Description*:\n{body}"),
    "fields": lambda url, subject, body: message("", attachments=[{"title": subject, "title_link": url, "text": body, "fields": [{"title": "Requester", "value": JANE}, {"title": "Status", "value": "New"}]}]),
    "field of the body": lambda url, subject, body: message("", attachments=[{"title": subject, "title_link": url, "fields": [{"title": "Message", "value": body}, {"title": "Customer email", "value": JANE}]}]),
    "pretext": lambda url, subject, body: message("", attachments=[{"pretext": f"New conversation from Jane Doe ({JANE})", "title": subject, "title_link": url, "text": body}]),
    "sections": lambda url, subject, body: message("x", blocks=[section(f"*<{url}|{subject}>*"), fields(f"*Contact:*\n{JANE}", "*Status:*\nNew"), section(body)]),
    "body above fields": lambda url, subject, body: message("x", blocks=[section(body), section(f"*<{url}|{subject}>*"), fields(f"*Contact:*\n{JANE}", "*Status:*\nNew")]),
    "quote": lambda url, subject, body: message("x", blocks=[section(f"*<{url}|{subject}>* from Jane Doe ({JANE})"), {"type": "rich_text", "elements": [{"type": "rich_text_quote", "elements": [{"type": "text", "text": body}]}]}]),
    "letter below": lambda url, subject, body: message(f"<{url}|{subject}>\nRequester: Jane ({JANE})\nStatus: open\nI cannot log in since this morning.\n{body}"),
    "heading": lambda url, subject, body: message("x", blocks=[section(f"*<{url}|{subject}>*"), fields(f"*Contact:*\n{JANE}"), {"type": "header", "text": {"type": "plain_text", "text": "Description"}}, section(body)]),
    "nobody, letter below": lambda url, subject, body: message(f"<{url}|{subject}>\nStatus: open\nHi team,\n{body}"),
    "nobody, heading": lambda url, subject, body: message("x", blocks=[section(f"*<{url}|{subject}>*"), {"type": "header", "text": {"type": "plain_text", "text": "Message"}}, section(body)]),
    "nobody": lambda url, subject, body: message("", attachments=[{"title": subject, "title_link": url, "text": body}]),
    "nobody, in lines": lambda url, subject, body: message(f"<{url}|{subject}>\nStatus: open\nDetails:\n{body}"),
}  # fmt: skip


@pytest.mark.parametrize("shape", TEMPLATES)
@examples(50)
@given(data=st.data(), desk=st.sampled_from(DESKS))
def test_no_body_and_no_subject_of_any_desk_adds_anybody(shape: str, data: st.DataObject, desk: Any) -> None:
    subject = as_slack_sends(data.draw(ONE_LINE), "subject")
    body = data.draw(LINES)
    rules = TicketRules(internal_domains=("acme.example",), uid_patterns=(r"User ID:\s*(usr_\w+)",))
    after = looked_up(read_ticket(TEMPLATES[shape](URLS[desk.system], subject, body), rules))
    assert after <= ({JANE} if "nobody" not in shape else set())


def test_every_desk_has_a_url_here() -> None:
    assert set(URLS) == {desk.system for desk in DESKS}
