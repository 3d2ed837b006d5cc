"""Block Kit's limits, and what text turns into."""

from datetime import UTC, datetime
from typing import Any

import pytest

from sandbox.slack.block_kit import Surface, check_blocks, check_view
from sandbox.slack.messages import Content, Message
from sandbox.slack.mrkdwn import as_sent, escape, malformed_dates
from sandbox.slack.plain_text import broadcasts, plain_text, read_mrkdwn


def section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text}}


def button(label: str = "More", **more: Any) -> dict[str, Any]:
    return {"type": "button", "action_id": "more", "text": {"type": "plain_text", "text": label}} | more


def actions(*elements: Any) -> dict[str, Any]:
    return {"type": "actions", "elements": list(elements)}


def overflow(count: int) -> dict[str, Any]:
    option = {"text": {"type": "plain_text", "text": "x"}, "value": "x"}
    return {"type": "overflow", "action_id": "menu", "options": [option] * count}


def context(count: int) -> dict[str, Any]:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": "x"}] * count}


def numbered(count: int) -> list[dict[str, Any]]:
    return [button(action_id=str(n)) for n in range(count)]


WITHIN = {
    "section text": [section("x" * 3000)],
    "fields": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2000}] * 10}],
    "header": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 150}}],
    "context": [context(10)],
    "actions": [actions(*numbered(25))],
    "button": [actions(button("x" * 75, value="x" * 2000, url="https://a.example/" + "x" * 2982))],
    "overflow": [actions(overflow(5))],
    "blocks": [{"type": "divider"}] * 50,
}
BEYOND = {
    "section text": [section("x" * 3001)],
    "empty section": [section("")],
    "bare section": [{"type": "section"}],
    "fields": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x"}] * 11}],
    "field text": [{"type": "section", "fields": [{"type": "mrkdwn", "text": "x" * 2001}]}],
    "header": [{"type": "header", "text": {"type": "plain_text", "text": "x" * 151}}],
    "header in mrkdwn": [{"type": "header", "text": {"type": "mrkdwn", "text": "x"}}],
    "context": [context(11)],
    "empty context": [context(0)],
    "actions": [actions(*numbered(26))],
    "button label": [actions(button("x" * 76))],
    "button value": [actions(button(value="x" * 2001))],
    "button url": [actions(button(url="https://a.example/" + "x" * 2983))],
    "button url's scheme": [actions(button(url="javascript:alert(1)"))],
    "button style": [actions(button(style="loud"))],
    "overflow of one": [actions(overflow(1))],
    "overflow of six": [actions(overflow(6))],
    "same action twice": [actions(button(), button())],
    "same block twice": [{"type": "divider", "block_id": "a"}, {"type": "divider", "block_id": "a"}],
    "unknown block": [{"type": "marquee"}],
    "unknown element": [actions({"type": "lever"})],
    "unknown key": [{"type": "divider", "colour": "red"}],
    "emoji on mrkdwn": [{"type": "section", "text": {"type": "mrkdwn", "text": "x", "emoji": True}}],
    "blocks": [{"type": "divider"}] * 51,
    "action id": [actions(button(action_id="x" * 256))],
    "no confirm text": [actions(button(confirm={"title": {"type": "plain_text", "text": "Sure?"}}))],
}


@pytest.mark.parametrize("blocks", WITHIN.values(), ids=WITHIN)
def test_the_largest_that_slack_takes_is_taken(blocks: list[Any]) -> None:
    assert check_blocks(blocks).errors == []


@pytest.mark.parametrize("blocks", BEYOND.values(), ids=BEYOND)
def test_what_slack_refuses_is_refused(blocks: list[Any]) -> None:
    assert check_blocks(blocks).errors


def test_a_complaint_names_its_place() -> None:
    (complaint,) = check_blocks([section("fine"), section("x" * 3001)]).errors
    assert complaint == "must be less than 3001 characters [json-pointer:/blocks/1/text/text]"


def test_rich_text_is_for_messages_and_not_for_unfurls() -> None:
    rich = [{"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]}]
    assert check_blocks(rich).errors == []
    assert check_blocks(rich, Surface.UNFURL).errors


def test_a_modal_has_a_title_of_at_most_24_characters() -> None:
    view = {"type": "modal", "title": {"type": "plain_text", "text": "x" * 24}, "blocks": [section("x")]}
    assert check_view(view).errors == []
    view["title"] = {"type": "plain_text", "text": "x" * 25}
    assert check_view(view).errors


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("<!date^1700000000^{date_short_pretty} at {time}|a fallback>", True),
        ("<!date^1700000000^{date}^https://a.example|a fallback>", True),
        ("<!date^1700000000^{date}>", False),
        ("<!date^soon^{date}|soon>", False),
        ("<!date^1700000000^{when}|x>", False),
        ("<!date^1700000000^|x>", False),
        ("<!date^1700000000^{date}|cut off", False),
        ("&lt;!date^x&gt; is text", True),
    ],
)
def test_dates_are_whole_or_reported(text: str, whole: bool) -> None:
    assert (malformed_dates(text) == []) is whole
    assert (check_blocks([section(text)]).slips == []) is whole


@pytest.mark.parametrize(
    ("text", "called"),
    [
        ("<!channel>", {"channel"}),
        ("<!here|here>", {"here"}),
        ("*<!everyone>*", {"everyone"}),
        (escape("<!channel>"), set()),
        ("@channel", set()),
        ("<https://a.example|!channel>", set()),
    ],
)
def test_a_text_calls_everybody_only_where_slack_reads_it_so(text: str, called: set[str]) -> None:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    for content in (Content(text), Content("x", (section(text),))):
        assert broadcasts(Message("C1", "1.1", at, "U1", content)) == called
    plain = {"type": "header", "text": {"type": "plain_text", "text": text}}
    assert broadcasts(Message("C1", "1.1", at, "U1", Content("x", (plain,)))) == set()


def test_text_reads_as_a_person_sees_it() -> None:
    text = (
        "<https://a.example|Replay> &amp; <mailto:a@b.example|a@b.example> <!date^0^{date_num} {time}|then>"
    )
    assert read_mrkdwn(text) == "Replay (https://a.example) & a@b.example 1970-01-01 00:00"


def test_a_button_reads_as_its_label_and_link() -> None:
    blocks = (actions(button(), button("Open", action_id="o", url="https://a.example")),)
    message = Message("C1", "1.1", datetime(2026, 11, 20, tzinfo=UTC), "U1", Content("x", blocks))
    assert plain_text(message) == "[More] [Open](https://a.example)"


def test_what_a_person_types_is_sent_in_slacks_spelling() -> None:
    names = {"casefile": "U1"}
    assert as_sent("@Casefile a@b.example", names) == "<@U1> <mailto:a@b.example|a@b.example>"
    assert (
        as_sent("https://a.example/?e=a@b.example <b>", {}) == "<https://a.example/?e=a@b.example> &lt;b&gt;"
    )
