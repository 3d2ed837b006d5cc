"""The rules of tickets over many messages, and what nobody would ever post."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from bot.tickets.decide import Action, read_for_person
from tests.bot.tickets.messages import RULES, TICKET, addresses, message, read, section
from tests.examples import examples

SAMPLES = [
    json.loads(file.read_text())["payload"]
    for file in sorted((Path(__file__).parents[3] / "sandbox" / "tickets").glob("*.json"))
]
WORD = st.text("abcdefghijklmnopqrstuvwxyz", min_size=1, max_size=8)
LOCAL = st.builds("{}.{}".format, WORD, WORD).filter(
    lambda local: "reply" not in local and "bounce" not in local
)
DOMAIN = st.sampled_from(["contoso.example", "fabrikam.example", "mail.northwind.example"])
OUTSIDE = st.builds("{}@{}".format, LOCAL, DOMAIN)
INSIDE = st.builds(
    "{}@{}".format, LOCAL, st.sampled_from(["acme.example", "eu.acme.example", "ACME.example"])
)
LABEL = st.sampled_from(
    ["Requester", "Requestor", "Customer", "Contact", "Email", "From", "Created by", "Reporter"]
)
ROLES = "Assignee|Assigned to|Agent|Owner|Cc|To|Recipient|Follower|Mailbox|Ticket owner"
LOOK_ALIKES = "Requester's manager|Customer success manager|Contact's assistant|Reporter team|Email agent"
OTHER_LABEL = st.sampled_from([*ROLES.split("|"), *LOOK_ALIKES.split("|")])
FORM = st.sampled_from(
    ["{}: {}", "{} : {}", "*{}*: {}", "{} - {}", "{}:\n{}", "{}: Jane Doe ({})", "{}: Jane &lt;{}&gt;"]
)
LINKED = st.sampled_from(["{}", "<mailto:{0}|{0}>", "`{}`", "*{}*,", "_{}_"])


def line(form: str, label: str, linked: str, address: str) -> str:
    return form.format(label, linked.format(address))


LABELLED = st.tuples(FORM, LABEL, LINKED, OUTSIDE)
ELSEWHERE = st.tuples(FORM, OTHER_LABEL, LINKED, OUTSIDE)


@settings(deadline=None)
@given(LABELLED, st.lists(ELSEWHERE, max_size=4), st.randoms())
def test_a_label_beats_the_outside_test(labelled: Any, others: list[Any], random: Any) -> None:
    # Somebody who is the assignee too may be a colleague: then nobody is looked up.
    assume(labelled[3] not in {other[3] for other in others})
    lines = [line(*labelled), *(line(*other) for other in others)]
    random.shuffle(lines)
    reading = read(message("\n".join(lines)))
    # Below somebody else's name, a bare "Email" may be theirs: then nobody is looked up. Nor is anybody where
    # one label's value stands below it and another's beside: then the first label's may be empty.
    may_be_theirs = labelled[1] == "Email" and any("\n" in other[0] for other in others)
    below = {"\n" in one[0] for one in (labelled, *others)}
    found = addresses(reading.requester)
    assert found == [labelled[3]] or (found == [] and (may_be_theirs or len(below) > 1))


@settings(deadline=None)
@given(st.lists(ELSEWHERE, min_size=1, max_size=4))
def test_no_look_alike_label_makes_a_requester(others: list[Any]) -> None:
    reading = read(message("\n".join([TICKET, *(line(*other) for other in others)])))
    assert (reading.action, reading.requester) == (Action.OFFER, ())


@settings(deadline=None)
@given(
    st.sampled_from(["*Description*:\n{}", "Description: {}", "&gt; {}", "*Message:* {}", "```{}```"]),
    st.lists(LABELLED, min_size=1, max_size=3),
    st.sampled_from(["text", "sections", "field", "attachment"]),
)
def test_nothing_after_the_description_is_looked_up(marker: str, free: list[Any], shape: str) -> None:
    body = "\n".join(line(*one) for one in free)
    text = f"New ticket {TICKET}\n{marker.format(body)}"
    shapes: dict[str, dict[str, Any]] = {
        "text": message(text),
        "sections": message("", blocks=[section(part) for part in text.split("\n")]),
        "field": message("", attachments=[{"fields": [{"title": "", "value": text}]}]),
        "attachment": message("", attachments=[{"pretext": f"New {TICKET}", "text": text}]),
    }
    assert read(shapes[shape]).requester == ()


@settings(deadline=None)
@given(st.tuples(FORM, LABEL, LINKED, INSIDE | st.just("Support@Desk.example")), st.booleans())
def test_never_an_internal_or_ignored_address(inside: Any, for_person: bool) -> None:
    posted = message(f"New ticket {TICKET}\n{line(*inside)}")
    reading = read_for_person(posted, RULES) if for_person else read(posted)
    assert (reading.requester, reading.mentioned) == ((), ())


@settings(deadline=None)
@given(
    st.lists(OUTSIDE, min_size=1, max_size=8, unique=True),
    st.sampled_from([(": ", ", "), (": ", " "), (":\n• ", "\n• "), (":\n", "\n")]),
)
def test_three_are_looked_up_at_most(people: list[str], between: tuple[str, str]) -> None:
    reading = read(message(f"Customers{between[0]}{between[1].join(people)}"))
    assert len(reading.subjects) <= 3
    assert addresses(reading.requester) == (people if len(people) <= 3 else [])


@settings(deadline=None)
@given(OUTSIDE, st.sampled_from([".", ",", ";", ")", "'s", "’s", "*", "`", " ", "\n", "&gt;", ":"]))
def test_punctuation_after_an_address_is_no_part_of_it(address: str, after: str) -> None:
    assert addresses(read(message(f"Requester: {address}{after}")).requester) == [address]


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NAMES = (
    "type event subtype text blocks attachments fields elements files from message previous_message"
    " bot_profile headers thread_ts ts channel title value url rows is_ext_shared_channel bot_id user"
    " app_id username mode id plain_text accessory"
)
KEYS = st.sampled_from(NAMES.split())


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, inner in items for found in paths(inner, (*path, key)))]


def with_junk(value: Any, path: tuple[Any, ...], junk: Any) -> Any:
    if not path:
        return junk
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = with_junk(value[path[0]], path[1:], junk)
    return copy


@examples(250)
@given(st.data())
def test_no_change_to_a_real_event_makes_the_reader_raise(data: st.DataObject) -> None:
    event = data.draw(st.sampled_from(SAMPLES))
    for _ in range(data.draw(st.integers(1, 3))):
        event = with_junk(event, data.draw(st.sampled_from(paths(event))), data.draw(JUNK))
    rules = replace(RULES, apps=data.draw(st.sampled_from([(), ("Zendesk",)])), uid_patterns=(r"ID: (\w+)",))
    read(event, rules)
    read_for_person(event, rules)


@settings(deadline=None)
@given(st.dictionaries(KEYS, JUNK, max_size=12), JUNK)
def test_no_event_makes_the_reader_raise(event: dict[str, Any], files: Any) -> None:
    read({"type": "message", "bot_id": "B1"} | event)
    read({"type": "event_callback", "event": event})
    read({"type": "message", "bot_id": "B1"} | event, files={"F1": files})


@settings(deadline=None)
@given(st.text(max_size=300))
def test_no_text_makes_the_reader_raise_and_what_it_finds_was_in_the_text(text: str) -> None:
    reading = read(message(f"{TICKET} {text}"))
    for address in (*reading.requester, *reading.mentioned):
        assert "@" in address.typed
