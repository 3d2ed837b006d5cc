"""
Work Objects as Slack's documents want them: what is checked in every entity that the app sends.

The documents are https://docs.slack.dev/messaging/work-objects-implementation ("entity payload schema",
"supported properties for a field", "defining actions") and the pages of `chat.unfurl` and
`entity.presentDetails`. What they only recommend is not checked.
"""

import re
from collections.abc import Callable, Collection, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit

from sandbox.slack.messages import Json

ENTITY_TYPES = frozenset(f"slack#/entities/{name}" for name in ("task", "file", "item", "incident"))
ENTITY_TYPES |= {"slack#/entities/content_item"}
_ITEM = "slack#/entities/item"
EMBED = "application/vnd.slack-embed"
"""The media type of what is shown in a frame (https://docs.slack.dev/messaging/work-objects-embeds)."""
_PREVIEW = frozenset({"is_supported", "preview_url", "mime_type", "error"})
_STATUSES = frozenset(
    {"restricted", "internal_error", "not_found", "custom", "custom_partial_view", "timeout", "edit_error"}
)
_COLORS = frozenset({"red", "yellow", "green", "gray", "blue"})
_MOST_PRIMARY, _MOST_OVERFLOW = 2, 5
# Characters of an action's id, value, address and label for screen readers.
_ACTION_LENGTHS = {"action_id": 255, "value": 2_000, "url": 3_000, "accessibility_label": 75}
_TEXT = "string"
_LINKED = frozenset({_TEXT, "slack#/types/date", "slack#/types/timestamp"})
_IN_ARRAYS = frozenset(
    {_TEXT, "integer", "slack#/types/channel_id", "slack#/types/user", "slack#/types/entity_ref"}
)


class Previews(Enum):
    """
    Whether "Work Object Previews" is switched on for the app.

    The documents do not say what `chat.unfurl` makes of entities where it is off, so both can be played: that
    it leaves them out, and that it refuses the call. `entity.presentDetails` answers `feature_not_enabled`.
    """

    ON = "on"
    LEFT_OUT = "left_out"
    REFUSED = "refused"


class Wrong(Exception):
    """Raised where an entity breaks a rule; the text says which, and where."""


def check_entity(entity: Any, unfurled: Collection[str] | None = None) -> None:
    """
    Check an entity of `chat.unfurl`, or without `unfurled` (the event's URLs) that of the side pane.

    Raises:
        Wrong: when it breaks a rule.

    """
    keys = {"url", "external_ref", "entity_type", "entity_payload"}
    given = _object(entity, "entity", keys | ({"app_unfurl_url"} if unfurled is not None else set()))
    if unfurled is not None and given.get("app_unfurl_url") not in unfurled:
        raise Wrong(f"app_unfurl_url {given.get('app_unfurl_url')!r} is none of the event's URLs")
    _address(given.get("url"), "url")
    reference = _object(given.get("external_ref"), "external_ref", {"id", "type"})
    for name in reference:
        _text(reference[name], f"external_ref.{name}")
    _text(reference.get("id"), "external_ref.id")
    if given.get("entity_type") not in ENTITY_TYPES:
        raise Wrong(f"entity_type {given.get('entity_type')!r}")
    _check_payload(given.get("entity_payload"), is_item=given["entity_type"] == _ITEM)
    _check_preview(given["entity_payload"]["attributes"], in_pane=unfurled is None)


def check_error(error: Any) -> None:
    """
    Check the `error` of `entity.presentDetails`.

    Raises:
        Wrong: when it breaks a rule.

    """
    keys = {"status", "custom_title", "custom_message", "message_format", "actions"}
    given = _object(error, "error", keys)
    if given.get("status") not in _STATUSES:
        raise Wrong(f"error.status {given.get('status')!r}")
    for name in ("custom_title", "custom_message"):
        if name in given:
            _text(given[name], f"error.{name}")
    if given.get("message_format", "markdown") != "markdown":
        raise Wrong("error.message_format is not markdown")
    for action in _list(given.get("actions", []), "error.actions", _MOST_OVERFLOW):
        _check_action(action)


def _check_payload(payload: Any, *, is_item: bool) -> None:
    keys = {"attributes", "custom_fields", "display_order", "actions"}
    given = _object(payload, "entity_payload", keys if is_item else keys | {"fields", "slack_file"})
    attributes = _object(
        given.get("attributes"),
        "attributes",
        {"title", "display_id", "display_type", "product_name", "product_icon", "full_size_preview"}
        | {"metadata_last_modified"},
    )
    _text(_object(attributes.get("title"), "title", {"text", "edit"}).get("text"), "title.text")
    for name in ("display_id", "display_type", "product_name"):
        if name in attributes:
            _text(attributes[name], f"attributes.{name}")
    if "metadata_last_modified" in attributes:
        _whole(attributes["metadata_last_modified"], "metadata_last_modified")
    fields = [_check_field(field) for field in _list(given.get("custom_fields", []), "custom_fields")]
    if len(set(fields)) < len(fields):
        raise Wrong("two custom_fields have one key")
    known = {*fields, *(given.get("fields") or {})}
    for key in _list(given.get("display_order", []), "display_order"):
        if key not in known:
            raise Wrong(f"display_order names {key!r}, which is no field")
    actions = _object(given.get("actions", {}), "actions", {"primary_actions", "overflow_actions"})
    for name, most in (("primary_actions", _MOST_PRIMARY), ("overflow_actions", _MOST_OVERFLOW)):
        for action in _list(actions.get(name, []), name, most):
            _check_action(action)


def _check_preview(attributes: Json, *, in_pane: bool) -> None:
    """What the side pane shows in full: a page in a frame has its address there, and not on the card."""
    if "full_size_preview" not in attributes:
        return
    given = _object(attributes["full_size_preview"], "full_size_preview", _PREVIEW)
    _boolean(given.get("is_supported"), "full_size_preview.is_supported")
    if given.get("mime_type") != EMBED:
        return
    if not in_pane:
        if "preview_url" in given:
            raise Wrong("full_size_preview.preview_url of an embed is on a card, where everybody has it")
        return
    parts = urlsplit(_text(given.get("preview_url"), "full_size_preview.preview_url"))
    # The sandbox has no certificates.
    if parts.scheme != "https" and parts.hostname != "127.0.0.1":
        raise Wrong("full_size_preview.preview_url is not https")


def _check_field(field: Any) -> str:
    """The key of a custom field that breaks no rule."""
    keys = {"key", "label", "type", "value", "link", "icon", "tag_color", "format", "long", "item_type"}
    keys |= {"image_url", "slack_file", "alt_text", "user", "boolean", "entity_ref", "edit"}
    given = _object(field, "custom field", keys)
    key, kind = _text(given.get("key"), "key"), str(given.get("type"))
    _text(given.get("label"), f"{key}.label")
    if kind not in _VALUES:
        raise Wrong(f"{key}.type {kind!r}")
    _VALUES[kind](given, key)
    for name in {"icon", "tag_color", "format", "long"} & set(given):
        if kind != _TEXT:
            raise Wrong(f"{key}.{name} beside type {kind}")
    if "link" in given:
        if kind not in _LINKED:
            raise Wrong(f"{key}.link beside type {kind}")
        _address(given["link"], f"{key}.link")
    if "format" in given and (given["format"] != "markdown" or {"icon", "link"} & set(given)):
        raise Wrong(f"{key}.format is not markdown, or stands beside icon or link")
    if "tag_color" in given and (given["tag_color"] not in _COLORS or "icon" in given):
        raise Wrong(f"{key}.tag_color is no color, or stands beside icon")
    if not isinstance(given.get("long", True), bool):
        raise Wrong(f"{key}.long is no boolean")
    return key


def _check_action(action: Any) -> None:
    keys = {"text", "action_id", "value", "style", "url", "accessibility_label", "processing_state"}
    given = _object(action, "action", keys)
    for name in ("text", "action_id"):
        _text(given.get(name), f"action.{name}")
    for name, most in _ACTION_LENGTHS.items():
        if name in given and len(_text(given[name], f"action.{name}")) > most:
            raise Wrong(f"action.{name} is longer than {most}")
    if given.get("style", "primary") not in ("primary", "danger"):
        raise Wrong(f"action.style {given['style']!r}")
    if "url" in given:
        _address(given["url"], "action.url")


def _array(given: Json, key: str) -> None:
    if given.get("item_type") not in _IN_ARRAYS:
        raise Wrong(f"{key}.item_type {given.get('item_type')!r}")
    for item in _list(given.get("value"), f"{key}.value"):
        _object(item, f"{key}.value", {"value", "user", "entity_ref", "icon", "link", "tag_color"})


def _image(given: Json, key: str) -> None:
    if not ({"image_url", "slack_file"} & set(given)):
        raise Wrong(f"{key} has no image")


def _user(given: Json, key: str) -> None:
    user = _object(given.get("user"), f"{key}.user", {"user_id", "text", "url", "email", "icon"})
    if ("user_id" in user) == ("text" in user):
        raise Wrong(f"{key}.user has user_id and text, or neither")


def _reference(given: Json, key: str) -> None:
    keys = {"entity_url", "external_ref", "title", "display_type", "icon"}
    reference = _object(given.get("entity_ref"), f"{key}.entity_ref", keys)
    _address(reference.get("entity_url"), f"{key}.entity_url")
    _object(reference.get("external_ref"), f"{key}.external_ref", {"id", "type"})


def _of(read: Callable[[Any, str], Any]) -> Callable[[Json, str], None]:
    def check(given: Json, key: str) -> None:
        read(given.get("value"), f"{key}.value")

    return check


def _boolean(value: Any, where: str) -> None:
    if not isinstance(value, bool):
        raise Wrong(f"{where} is no boolean")


def _matching(pattern: str) -> Callable[[Any, str], None]:
    def check(value: Any, where: str) -> None:
        if not re.fullmatch(pattern, _text(value, where)):
            raise Wrong(f"{where} {value!r}")

    return check


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value:
        raise Wrong(f"{where} is no text: {value!r}")
    return value


def _whole(value: Any, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise Wrong(f"{where} is no whole number: {value!r}")
    return value


def _address(value: Any, where: str) -> None:
    parts = urlsplit(_text(value, where))
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Wrong(f"{where} is no address: {value!r}")


def _object(value: Any, where: str, keys: Collection[str]) -> Json:
    if not isinstance(value, dict):
        raise Wrong(f"{where} is no object: {value!r}")
    if unknown := set(value) - set(keys):
        raise Wrong(f"{where} has {sorted(unknown)}")
    return value


def _list(value: Any, where: str, most: int | None = None) -> list[Any]:
    if not isinstance(value, list) or (most is not None and len(value) > most):
        raise Wrong(f"{where} is no list, or longer than {most}")
    return value


_VALUES: Mapping[str, Callable[[Json, str], None]] = MappingProxyType(
    {
        _TEXT: _of(_text),
        "integer": _of(_whole),
        "boolean": _of(_boolean),
        "array": _array,
        "slack#/types/date": _of(_matching(r"\d{4}-\d{2}-\d{2}")),
        "slack#/types/timestamp": _of(_whole),
        "slack#/types/image": _image,
        "slack#/types/channel_id": _of(_matching(r"[CGD][A-Z0-9]+")),
        "slack#/types/user": _user,
        "slack#/types/entity_ref": _reference,
        "slack#/types/link": _of(_address),
        "slack#/types/email": _of(_matching(r"[^@\s]+@[^@\s]+\.[^@\s]+")),
    }
)
