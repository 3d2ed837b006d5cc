"""The fields of a modal: their values in a submission, and the errors that Slack's client finds."""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from sandbox.slack.messages import Json

# For each kind of element, the key of its value, and the key of its initial value.
_VALUES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "overflow": ("selected_option", ""),
        "static_select": ("selected_option", "initial_option"),
        "radio_buttons": ("selected_option", "initial_option"),
        "external_select": ("selected_option", "initial_option"),
        "checkboxes": ("selected_options", "initial_options"),
        "multi_static_select": ("selected_options", "initial_options"),
        "users_select": ("selected_user", "initial_user"),
        "multi_external_select": ("selected_options", "initial_options"),
        "channels_select": ("selected_channel", "initial_channel"),
        "conversations_select": ("selected_conversation", "initial_conversation"),
        "multi_users_select": ("selected_users", "initial_users"),
        "multi_channels_select": ("selected_channels", "initial_channels"),
        "multi_conversations_select": ("selected_conversations", "initial_conversations"),
        "datepicker": ("selected_date", "initial_date"),
        "timepicker": ("selected_time", "initial_time"),
        "datetimepicker": ("selected_date_time", "initial_date_time"),
        "plain_text_input": ("value", "initial_value"),
        "email_text_input": ("value", "initial_value"),
        "url_text_input": ("value", "initial_value"),
        "number_input": ("value", "initial_value"),
    }
)
_SEVERAL = frozenset(kind for kind in _VALUES if kind.startswith("multi_") or kind == "checkboxes")
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_MOST = 3000


def state_values(body: Json, given: Mapping[str, Any]) -> Json:
    """
    A view's `state.values`.

    `given` is by block id and action id: a text, an option's value, a list of such values, or the whole
    entry. A field that is not in it holds what it started with.
    """
    values: Json = {}
    for block_id, element in fields(body):
        entries = values.setdefault(block_id, {})
        action_id = element.get("action_id", "")
        entries[action_id] = _entry(element, given.get(block_id, {}), action_id)
    return values


def complaints(body: Json, values: Json) -> dict[str, str]:
    """The errors for which Slack's client does not submit the modal, by block id."""
    found = {}
    for block in body["blocks"]:
        if block.get("type") == "input":
            element = block["element"]
            entry = values[block["block_id"]][element.get("action_id", "")]
            if words := _complaint(element, entry, optional=bool(block.get("optional"))):
                found[block["block_id"]] = words
    return found


def input_blocks(body: Json) -> set[str]:
    """The ids of the blocks at which errors can be shown."""
    return {block["block_id"] for block in body["blocks"] if block.get("type") == "input"}


def fields(body: Json) -> Iterator[tuple[str, Json]]:
    """Every element of a view that has a value, with its block's id."""
    for block in body["blocks"]:
        actions = block.get("elements", ()) if block.get("type") == "actions" else ()
        for element in (block.get("element"), block.get("accessory"), *actions):
            if isinstance(element, dict) and element.get("type") in _VALUES.keys() - {"overflow"}:
                yield block["block_id"], element


def value_entry(element: Json, value: Any) -> Json:
    """An element's entry in a submission or a click, for a value."""
    kind = element["type"]
    key, _ = _VALUES[kind]
    if key == "selected_option":
        value = next(iter(_options(element, [value])), None)
    elif key == "selected_options":
        value = _options(element, [value] if isinstance(value, str) else value or [])
    return {"type": kind, key: value or ([] if kind in _SEVERAL else None)}


def _entry(element: Json, given: Mapping[str, Any], action_id: str) -> Json:
    if action_id not in given:
        key, initial = _VALUES[element["type"]]
        nothing: Any = [] if element["type"] in _SEVERAL else None
        return {"type": element["type"], key: element.get(initial, nothing)}
    value = given[action_id]
    return dict(value) if isinstance(value, dict) else value_entry(element, value)


def _options(element: Json, values: list[Any]) -> list[Json]:
    if "external" in element["type"]:
        # They are the app's, and come whole.
        return [dict(value) for value in values if value]
    groups = element.get("option_groups") or [element]
    options = [option for group in groups for option in group.get("options", ())]
    known = {option.get("value"): option for option in options}
    missing = [value for value in values if value and value not in known]
    if missing:
        raise LookupError(f"no option {missing} in {element.get('action_id')!r}")
    return [known[value] for value in values if value]


def _complaint(element: Json, entry: Json, *, optional: bool) -> str:
    value = entry.get(_VALUES[element["type"]][0]) if element["type"] in _VALUES else "?"
    if not value:
        return "" if optional else "Please complete this required field."
    if not isinstance(value, str):
        return ""
    if len(value) > (most := element.get("max_length", _MOST)):
        return f"Please enter no more than {most} characters."
    if len(value) < (least := element.get("min_length", 0)):
        return f"Please enter at least {least} characters."
    if element["type"] == "email_text_input" and not _ADDRESS.fullmatch(value):
        return "Please enter a valid email address."
    return ""
