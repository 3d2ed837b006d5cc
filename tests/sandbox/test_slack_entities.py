"""Work Objects that break a rule of Slack's documents are refused."""

from typing import Any

import pytest

from sandbox.slack.entities import EMBED, Wrong, check_entity, check_error

URL = "https://shop.example/1"


def entity(*fields: dict[str, Any], **more: Any) -> dict[str, Any]:
    payload = {"attributes": {"title": {"text": "A visit"}}, "custom_fields": list(fields)}
    known = {"url": URL, "external_ref": {"id": "1"}, "entity_type": "slack#/entities/item"}
    return known | {"app_unfurl_url": URL, "entity_payload": payload} | more


def field(**more: Any) -> dict[str, Any]:
    return {"key": "who", "label": "Who", "type": "string", "value": "Jane"} | more


def payload(**more: Any) -> dict[str, Any]:
    return {"entity_payload": {"attributes": {"title": {"text": "A visit"}}} | more}


def previewed(**preview: Any) -> dict[str, Any]:
    shown = {"is_supported": True, "mime_type": EMBED} | preview
    return entity(**payload(attributes={"title": {"text": "A visit"}, "full_size_preview": shown}))


ACTION = {"text": "Open", "action_id": "open"}
GOOD = [
    entity(),
    entity(field(link=URL), field(key="at", type="slack#/types/timestamp", value=1)),
    entity(field(type="array", item_type="string", value=[{"value": "a"}])),
    entity(field(type="slack#/types/user", value=None, user={"text": "Jane"})),
    entity(field(format="markdown", long=True), entity_type="slack#/entities/task"),
    entity(**payload(actions={"primary_actions": [ACTION] * 2, "overflow_actions": [ACTION] * 5})),
    previewed(),
    previewed(mime_type="image/png", preview_url=URL),
]
BAD = [
    entity(app_unfurl_url="https://shop.example/2"),
    entity(url="/1"),
    entity(external_ref={}),
    entity(external_ref={"id": 1}),
    entity(entity_type="slack#/entities/session"),
    entity(extra=1),
    entity(**payload(attributes={"title": "A visit"})),
    entity(**payload(fields={})),
    entity(**payload(display_order=["who"])),
    entity(**payload(actions={"primary_actions": [ACTION] * 3})),
    entity(**payload(actions={"overflow_actions": [ACTION] * 6})),
    entity(**payload(actions={"primary_actions": [ACTION | {"style": "blue"}]})),
    entity(**payload(actions={"primary_actions": [ACTION | {"value": "x" * 2_001}]})),
    entity(**payload(actions={"primary_actions": [{"text": "Open"}]})),
    entity(field(), field()),
    entity(field(label="")),
    entity(field(value="")),
    entity(field(type="text")),
    entity(field(type="integer")),
    entity(field(type="integer", value=True)),
    entity(field(type="integer", value=1, link=URL)),
    entity(field(type="slack#/types/timestamp", value="1")),
    entity(field(type="slack#/types/date", value="26.11.2026")),
    entity(field(type="slack#/types/link", value="shop.example")),
    entity(field(type="slack#/types/email", value="jane")),
    entity(field(type="array", value=[])),
    entity(field(type="slack#/types/user", user={"text": "Jane", "user_id": "U1"})),
    entity(field(type="slack#/types/image")),
    entity(field(format="markdown", link=URL)),
    entity(field(tag_color="violet")),
    entity(field(tag_color="red", icon={"alt_text": "!"})),
    # Everybody sees a card: its frame's address would be everybody's.
    previewed(preview_url=URL),
    previewed(is_supported="yes"),
    previewed(url=URL),
]


@pytest.mark.parametrize("given", GOOD)
def test_an_entity_that_keeps_the_rules_is_taken(given: dict[str, Any]) -> None:
    check_entity(given, {URL})


@pytest.mark.parametrize("given", BAD)
def test_an_entity_that_breaks_a_rule_is_refused(given: dict[str, Any]) -> None:
    with pytest.raises(Wrong):
        check_entity(given, {URL})


def test_the_side_panes_entity_has_no_address_that_was_pasted() -> None:
    with pytest.raises(Wrong):
        check_entity(entity())


def test_a_frame_in_the_side_pane_has_an_address_of_https() -> None:
    def in_pane(**preview: Any) -> dict[str, Any]:
        return {key: value for key, value in previewed(**preview).items() if key != "app_unfurl_url"}

    check_entity(in_pane(preview_url=URL))
    for wrong in (in_pane(), in_pane(preview_url="http://shop.example/1")):
        with pytest.raises(Wrong):
            check_entity(wrong)


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"status": "forbidden"},
        {"status": "restricted", "title": "No"},
        {"status": "custom", "message_format": "mrkdwn"},
        {"status": "custom", "custom_message": ""},
        {"status": "custom", "actions": [{"text": "Ask"}]},
    ],
)
def test_an_error_that_breaks_a_rule_is_refused(given: dict[str, Any]) -> None:
    check_error({"status": "restricted", "custom_title": "No", "custom_message": "Not you."})
    with pytest.raises(Wrong):
        check_error(given)
