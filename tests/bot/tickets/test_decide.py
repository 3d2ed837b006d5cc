"""The rules of tickets, one by one: who may be looked up, who is only mentioned, what is no ticket."""

from dataclasses import replace
from typing import Any

import pytest

from bot.tickets.decide import Action, read_for_person
from tests.bot.tickets.messages import (
    RULES,
    TICKET,
    addresses,
    asked,
    fields,
    message,
    read,
    rich,
    section,
)

JANE = "jane@contoso.example"


def of(*parts: Any, **more: Any) -> dict[str, Any]:
    return message("", blocks=list(parts), **more)


@pytest.mark.parametrize(
    "text",
    [
        f"Requester: {JANE}",
        f"Requester : {JANE}",
        f"Requestor - {JANE}",
        f"*Requester:* `{JANE}`",
        f"_Requester_: _{JANE}_",
        f"Requester’s email: {JANE}'s",
        f"Customer email address: {JANE}",
        f"E-mail:{JANE}",
        f"Reporter: Jane Doe ({JANE})",
        f"Contact: Jane Doe &lt;{JANE}&gt;\nFollower: bob@fabrikam.example",
        f"Requester\n{JANE}\nAssignee\nSam\nsam@outsourcer.example",
        f"Request from Jane Doe &lt;<mailto:{JANE}|Jane>&gt; to <mailto:desk@acme.example|us>",
        f"From: Jane Doe <mailto:{JANE}|somebody.else@fabrikam.example>",
        f"Requester: {JANE} | CC: bob@fabrikam.example | Agent: agent@outsourcer.example",
        f"Requester: <mailto:{JANE}|{JANE}>; owner: agent@outsourcer.example",
        f"Requester: {JANE} assigned to sam@acme.example",
        f"Customer: Jane | {JANE} | owner: sam@acme.example",
        f"New ticket\nOwner: agent@outsourcer.example\nRequester: {JANE}",
        f"Requester: {JANE}\nMessage: I asked bob@fabrikam.example. Requester: eve@fabrikam.example",
    ],
)
def test_the_labelled_address_is_the_requester_whoever_else_is_named(text: str) -> None:
    assert asked(message(text)) == [JANE]


@pytest.mark.parametrize(
    "text",
    [
        f"Requester's manager: {JANE}",
        f"Customer success manager: {JANE}",
        f"Assigned to: {JANE}",
        f"Contact owner: {JANE}",
        f"Cc: {JANE}",
        f"To: {JANE}",
        f"Recipient - {JANE}",
        f"Follower\n{JANE}",
        f"Mailbox: Desk ({JANE})",
        f"Reply to {JANE}",
        f"Forwarded to Jane ({JANE})",
        f"*Description*:\nRequester: {JANE}",
        f"*Description*: {JANE}",
        f"&gt; Requester: {JANE}",
        f"```Requester: {JANE}```",
        f"&gt; hello\nRequester: {JANE}",
        f"On Monday Sam wrote:\nRequester: {JANE}",
        "Requester: jane [at] contoso.example",
        "Requester: jane at contoso dot example",
        f"{JANE} and bob@fabrikam.example",
    ],
)
def test_an_address_beside_another_word_or_in_free_text_is_only_mentioned(text: str) -> None:
    reading = read(message(f"New ticket {TICKET}\n{text}"))
    assert reading.action is Action.OFFER
    assert reading.requester == ()
    assert JANE in addresses(reading.mentioned)


@pytest.mark.parametrize(
    "text",
    [
        f"Request from Jane Doe &lt;<mailto:{JANE}|Jane>&gt; to <mailto:desk@outsourcer.example|us>",
        f"Requester: Jane <mailto:{JANE}|{JANE}> CC: <mailto:bob@fabrikam.example|bob>",
        f"Requester: {JANE} assigned to agent@outsourcer.example",
        f"Customer: Jane | {JANE} | owner: agent@outsourcer.example",
        f"Requester: bob@fabrikam.example ({JANE})",
        f"Requester: Bob (bob@fabrikam.example); agent: ({JANE})",
    ],
)
def test_a_line_with_two_outside_addresses_names_nobody_for_a_name_may_hold_anything(text: str) -> None:
    reading = read(message(f"New ticket {TICKET}\n{text}"))
    assert (reading.action, reading.requester) == (Action.OFFER, ())
    assert JANE in addresses(reading.mentioned)


@pytest.mark.parametrize(
    "text",
    [
        "From: noreply@contoso.example",
        "From: do-not-reply@contoso.example",
        "Requester: MAILER-DAEMON@mx.contoso.example",
        "Requester: support@acme.zendesk.com",
        "Requester: bob@mail.acme.example",
        "Requester: Support@Desk.example",
        "Requester: {{ticket.requester.email}}",
        "icon@2x.png, git@contoso.example:acme/app.git, left-pad@1.3.0, pkg@1.2.3-beta.x",
        "https://user:pw@proxy.example/x <https://user:pw@proxy.example/y>",
        "Message-ID: &lt;CAJVkpaRu@mail.contoso.example&gt;",
        "References: &lt;a1@mail.contoso.example&gt; &lt;b2@mail.contoso.example&gt;",
        "<@U0AGENT0001> <!subteam^S0TEAM|@support> <#C0GENERAL|a@b.example>",
        "Requester: jane@localhost",
        "Requester: jane@contoso..example",
    ],
)
def test_what_is_no_customers_address_is_neither_looked_up_nor_offered(text: str) -> None:
    reading = read(message(f"New ticket {TICKET}\n{text}"))
    assert (reading.action, reading.requester, reading.mentioned) == (Action.OFFER, (), ())


@pytest.mark.parametrize(
    "text",
    [
        "Requester: j***@contoso.example",
        "Requester: *j\u2022\u2022\u2022@contoso.example*",
        "Requester: j*@contoso.example",
        "Requester: ****e@contoso.example",
        "Requester: jane@c*****o.example",
        "Requester: <mailto:j**e@contoso.example|j**e@contoso.example>",
        "Requester: <https://desk.example/u/1|j**e@contoso.example>",
        "From: Jane <j***@contoso.example>, bob@fabrikam.example",
    ],
)
def test_a_masked_address_is_nobodys_and_least_of_all_that_of_the_letters_left(text: str) -> None:
    for posted in (message(f"New ticket {TICKET}\n{text}"), of(rich(("text", f"{text}\n")))):
        reading = read(posted)
        assert (reading.action, reading.requester) == (Action.OFFER, ())
        assert set(addresses(reading.mentioned)) <= {"bob@fabrikam.example"}


@pytest.mark.parametrize(
    "posted",
    [
        of(section(f"New thread {TICKET}\nJane Doe · {JANE} · Contoso")),
        of(section(f"New conversation from *<https://desk.example/u/1|Jane Doe>* ({JANE})")),
        of(
            fields("*Name:*\nJane", f"*Email:*\n{JANE}", "*URL:*\nhttps://a.example/?by=x%40fabrikam.example")
        ),
        of(
            rich(
                ("text", "Customer email"), ("text", "\n"), ("link", f"mailto:{JANE}"), ("text", "\nIt broke")
            )
        ),
        of({"type": "context", "elements": [{"type": "plain_text", "text": f"Requester: {JANE}"}]}),
        of({"type": "table", "rows": [[{"type": "raw_text", "text": t} for t in ("Requester", JANE)]]}),
        message("", attachments=[{"title": "Ticket", "fields": [{"title": "Email", "value": JANE}]}]),
        message("", attachments=[{"pretext": f"Created by Jane ({JANE}) \n\nmail bob@fabrikam.example"}]),
        message("", attachments=[{"blocks": [section(f"Requester: {JANE}")]}]),
        message(f"Requester: {JANE}", attachments=[{"text": "*Description*: bob@fabrikam.example"}]),
        message(f"Ticket {TICKET} <https://admin.acme.example/users?email=jane%40contoso.example|profile>"),
        message(
            f"<https://acme.zendesk.com/agent/tickets/1|Requester: eve@fabrikam.example>\nRequester: {JANE}"
        ),
    ],
)
def test_a_requester_is_found_wherever_desks_put_it(posted: dict[str, Any]) -> None:
    assert asked(posted) == [JANE]


def test_a_blank_line_ends_what_a_sentence_about_the_requester_began() -> None:
    reading = read(message(f"Created by Jane ({JANE})\n\nCall me: bob@fabrikam.example"))
    assert addresses(reading.requester) == [JANE]
    assert addresses(reading.mentioned) == ["bob@fabrikam.example"]


def test_a_list_below_a_label_is_all_of_it() -> None:
    listed = "Customers:\n• a@fabrikam.example\n• b@fabrikam.example\nAssignee: c@outsourcer.example"
    assert asked(message(listed)) == ["a@fabrikam.example", "b@fabrikam.example"]


def test_three_labelled_requesters_are_looked_up_and_four_are_a_digest() -> None:
    people = [f"{name}@fabrikam.example" for name in "abcd"]
    assert asked(message(f"Customers: {', '.join(people[:3])}")) == people[:3]
    reading = read(message(f"Customers: {', '.join(people)}"))
    assert reading.action is Action.OFFER
    assert addresses(reading.mentioned) == people


def test_the_same_address_in_two_spellings_is_one() -> None:
    reading = read(message("Requester: Jürgen@Bücher.example\nEmail: jürgen@xn--bcher-kva.example"))
    assert addresses(reading.requester) == ["jürgen@bücher.example"]
    assert reading.requester[0].value == "jürgen@xn--bcher-kva.example"


def test_capitals_are_kept_for_vendors_and_folded_for_comparing() -> None:
    [subject] = read(message("Requester: Jane.Doe+Trial@Contoso.example")).requester
    assert (subject.typed, subject.value) == (
        "Jane.Doe+Trial@Contoso.example",
        "jane.doe+trial@contoso.example",
    )


def test_an_address_in_a_url_counts_only_when_there_is_nothing_else() -> None:
    url = "<https://admin.acme.example/users?email=jane%40contoso.example|profile>"
    reading = read(message(f"New ticket {TICKET} {url} bob@fabrikam.example"))
    assert (reading.requester, addresses(reading.mentioned)) == ((), ["bob@fabrikam.example"])
    reading = read(message(f"New ticket {TICKET} {url}"))
    assert (addresses(reading.requester), reading.mentioned) == ([JANE], ())


def test_whoever_a_url_says_invited_somebody_is_not_the_requester() -> None:
    url = "<https://a.acme.example/?invited_by=bob%40fabrikam.example|page>"
    reading = read(message(f"New ticket {TICKET} {url}"))
    assert (reading.requester, addresses(reading.mentioned)) == ((), ["bob@fabrikam.example"])


@pytest.mark.parametrize(
    "posted",
    [
        message(f"{JANE} deployed"),
        message(f"Requester: {JANE}", thread_ts="1795200000.000001"),
        message(f"Requester: {JANE}", bot_id="B0SESSIONBT"),
        message(f"Requester: {JANE}", app_id="A0SESSION01"),
        message(f"Requester: {JANE}", user="U0SESSIONBT"),
        message(f"Requester: {JANE}", client_msg_id="1-2-3"),
        # A person's reminder for a channel: whatever they have it say, Slackbot posts.
        message(f"Reminder: Requester: {JANE}", user="USLACKBOT"),
        message(f"Requester: {JANE}", subtype="thread_broadcast"),
        message(f"Requester: {JANE}", subtype="message_deleted"),
        message(f"Requester: {JANE}", subtype=["bot_message"]),
        message(f"Requester: {JANE}", channel_type="im"),
        {"type": "message", "user": "U1", "ts": "1.2", "text": f"Requester: {JANE}", "channel": "C1"},
        {"type": "event_callback", "is_ext_shared_channel": True, "event": message(f"Requester: {JANE}")},
        {"type": "event_callback", "event": {"type": "reaction_added"}},
        message("", attachments=[{"app_id": "A0SESSION01", "text": f"Requester: {JANE}"}]),
        message("", attachments=[{"is_msg_unfurl": True, "text": f"Requester: {JANE}"}]),
    ],
)
def test_what_is_no_ticket_is_left_alone(posted: dict[str, Any]) -> None:
    assert read(posted).action is Action.IGNORE


def test_where_channels_are_named_others_are_left_alone() -> None:
    rules = replace(RULES, channels=("C0OTHER",))
    assert read(message(f"Requester: {JANE}"), rules).action is Action.IGNORE
    assert asked(message(f"Requester: {JANE}", channel="C0OTHER"), rules) == [JANE]


@pytest.mark.parametrize("named", ["B0WEBHOOK01", "A0DESK"])
def test_where_apps_are_named_all_their_messages_are_tickets_and_no_others(named: str) -> None:
    rules = replace(RULES, apps=(named,))
    assert read(message("Hello", app_id="A0DESK"), rules).action is Action.OFFER
    other = message(f"Requester: {JANE}", username="Other", bot_id="B2")
    assert read(other, rules).action is Action.IGNORE


@pytest.mark.parametrize("named", ["Zendesk", "zendesk"])
def test_what_a_message_calls_its_author_is_no_apps_name(named: str) -> None:
    rules = replace(RULES, apps=(named,))
    registered = {"id": "B0WEBHOOK01", "app_id": "A0DESK", "name": "Zendesk"}
    assert read(message("Hello", bot_profile=registered), rules).action is Action.OFFER
    assert read(message(f"Requester: {JANE}", username="Zendesk"), rules).action is Action.IGNORE
    by_id = replace(RULES, apps=("A0ZENDESK01",))
    assert read(message(f"Requester: {JANE}", bot_profile=registered), by_id).action is Action.IGNORE


def edited(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    event = {"type": "message", "subtype": "message_changed", "channel": "C0SUPPORT01", "hidden": True}
    return event | {"ts": "1795200000.000900", "message": after, "previous_message": before}


def test_an_edit_counts_when_it_names_somebody_new_and_is_answered_under_the_message() -> None:
    reading = read(edited(message(f"New {TICKET}"), message(f"New {TICKET}\nRequester: {JANE}")))
    assert (reading.action, addresses(reading.requester)) == (Action.REPLY, [JANE])
    assert reading.root_ts == "1795200000.000100"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{TICKET}\nRequester: {JANE}\nStatus: new", f"{TICKET}\nRequester: {JANE}\nStatus: open"),
        (f"{TICKET}\nRequester: {JANE}", f"{TICKET}\nRequester: Jane"),
        (f"{TICKET}\nStatus: new", f"{TICKET}\nStatus: open"),
        (f"{TICKET}\nRequester: {JANE}", f"{TICKET}\nRequester: {JANE.upper()}"),
    ],
)
def test_an_edit_that_names_nobody_new_is_left_alone(before: str, after: str) -> None:
    assert read(edited(message(before), message(after))).action is Action.IGNORE


def test_an_edit_of_our_own_reply_is_left_alone() -> None:
    own = message(f"Requester: {JANE}", bot_id="B0SESSIONBT", user="U0SESSIONBT")
    assert read(edited(message("x", bot_id="B0SESSIONBT"), own)).action is Action.IGNORE


def test_a_uid_counts_where_a_pattern_is_configured_and_never_from_a_description() -> None:
    rules = replace(RULES, uid_patterns=(r"User ID:\s*(usr_\w+)",))
    reading = read(message(f"{TICKET}\n*User ID:*\nusr_8f3a21"), rules)
    assert (reading.action, [uid.value for uid in reading.uids]) == (Action.REPLY, ["usr_8f3a21"])
    free = read(message(f"{TICKET}\nDescription: my User ID: usr_1"), rules)
    assert (free.action, free.uids) == (Action.OFFER, ())


def test_somebody_who_points_at_a_message_gets_whom_it_names_whoever_wrote_it() -> None:
    human = {"type": "message", "user": "U1", "ts": "5.1", "thread_ts": "4.1", "text": f"see {JANE} again"}
    reading = read_for_person(human, RULES)
    assert (reading.action, addresses(reading.requester), reading.root_ts) == (Action.REPLY, [JANE], "4.1")
    both = read_for_person({"text": f"{JANE} or bob@fabrikam.example"}, RULES)
    assert (both.action, addresses(both.mentioned)) == (Action.OFFER, [JANE, "bob@fabrikam.example"])
