"""Strict checks of the elements of blocks: buttons, menus, pickers, inputs, images."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Any

from sandbox.slack.block_report import (
    ID_LIMIT,
    Report,
    check_keys,
    check_list,
    check_string,
    check_text,
    check_url,
)
from sandbox.slack.messages import Json

# Lengths as in slack.md, "Block Kit limits", and Slack's reference of block elements.
BUTTON_TEXT = 75
BUTTON_VALUE = 2000
OPTION_TEXT = 75
OPTION_VALUE = 150
SELECT_OPTIONS = 100
OVERFLOW_OPTIONS = (2, 5)
CHOICES = 10  # radio buttons and check boxes
ALT_TEXT = 2000
PLACEHOLDER = 150
FIELD_VALUE = 3000

Check = Callable[[Report, Json], None]


def check_image(report: Report, image: Json) -> None:
    """Check an image: its URL, and its text for those who cannot see it."""
    known = {"type", "image_url", "slack_file", "title", "block_id"}
    check_keys(report, image, known, ("alt_text",))
    check_string(report, image, "alt_text", ALT_TEXT)
    check_url(report, image, "image_url")
    if ("image_url" in image) == ("slack_file" in image):
        report.error("must provide either image_url or slack_file")
    if "title" in image:
        check_text(report.inside("title"), image["title"], 2000, plain=True)


def check_confirm(report: Report, element: Json) -> None:
    """Check an element's confirmation, if it has one."""
    if "confirm" not in element:
        return
    here, confirm = report.inside("confirm"), element["confirm"]
    if not isinstance(confirm, dict):
        here.error("must be an object")
        return
    check_keys(here, confirm, {"style"}, ("title", "text", "confirm", "deny"))
    for key, limit in (("title", 100), ("confirm", 30), ("deny", 30)):
        check_text(here.inside(key), confirm.get(key), limit, plain=True)
    check_text(here.inside("text"), confirm.get("text"), 300)
    _check_style(here, confirm)


def _check_style(report: Report, thing: Json) -> None:
    if thing.get("style", "primary") not in ("primary", "danger"):
        report.inside("style").error("must be primary or danger")


def _check_button(report: Report, button: Json) -> None:
    known = {"type", "action_id", "value", "url", "style", "confirm", "accessibility_label"}
    check_keys(report, button, known, ("text",))
    check_text(report.inside("text"), button.get("text"), BUTTON_TEXT, plain=True)
    check_string(report, button, "value", BUTTON_VALUE, empty=True)
    check_string(report, button, "accessibility_label", BUTTON_TEXT)
    check_url(report, button, "url")
    _check_style(report, button)
    check_confirm(report, button)


def _check_option(report: Report, option: Any, *, plain: bool, url: bool = False) -> None:
    if not isinstance(option, dict):
        report.error("must be an object")
        return
    check_keys(report, option, {"description", "url"} if url else {"description"}, ("text", "value"))
    check_text(report.inside("text"), option.get("text"), OPTION_TEXT, plain=plain)
    check_string(report, option, "value", OPTION_VALUE)
    check_url(report, option, "url")
    if "description" in option:
        check_text(report.inside("description"), option["description"], OPTION_TEXT, plain=plain)


def _check_overflow(report: Report, overflow: Json) -> None:
    check_keys(report, overflow, {"type", "action_id", "confirm"}, ("options",))
    least, most = OVERFLOW_OPTIONS
    here = report.inside("options")
    for n, option in enumerate(check_list(here, overflow.get("options"), most, least)):
        _check_option(here.inside(n), option, plain=True, url=True)
    check_confirm(report, overflow)


def _check_choices(report: Report, choices: Json) -> None:
    known = {"type", "action_id", "initial_option", "initial_options", "confirm", "focus_on_load"}
    check_keys(report, choices, known, ("options",))
    here = report.inside("options")
    options = check_list(here, choices.get("options"), CHOICES)
    for n, option in enumerate(options):
        _check_option(here.inside(n), option, plain=False)
    _check_initial(report, choices, options)
    check_confirm(report, choices)


def _check_menu(report: Report, menu: Json, *, own: frozenset[str] = frozenset()) -> None:
    known = {"type", "action_id", "placeholder", "confirm", "focus_on_load", "max_selected_items"}
    check_keys(report, menu, known | own)
    if "placeholder" in menu:
        check_text(report.inside("placeholder"), menu["placeholder"], PLACEHOLDER, plain=True)
    check_confirm(report, menu)


def _check_static_menu(report: Report, menu: Json) -> None:
    own = {"options", "option_groups", "initial_option", "initial_options"}
    _check_menu(report, menu, own=frozenset(own))
    if ("options" in menu) == ("option_groups" in menu):
        report.error("must provide either options or option_groups")
    groups = [menu] if "options" in menu else check_list(report, menu.get("option_groups", []), 100, 0)
    every = []
    for group in groups:
        here = report.inside("options")
        options = check_list(here, group.get("options"), SELECT_OPTIONS)
        every += options
        for n, option in enumerate(options):
            _check_option(here.inside(n), option, plain=True)
    _check_initial(report, menu, every)


def _check_initial(report: Report, chooser: Json, options: list[Any]) -> None:
    initial = [chooser["initial_option"]] if "initial_option" in chooser else []
    for option in (*initial, *chooser.get("initial_options", ())):
        if option not in options:
            report.inside("initial_option").error("must be one of the options, to the letter")


def _check_field(report: Report, entry: Json, *, own: frozenset[str] = frozenset()) -> None:
    known = {"type", "action_id", "placeholder", "initial_value", "focus_on_load", "dispatch_action_config"}
    check_keys(report, entry, known | own)
    check_string(report, entry, "initial_value", FIELD_VALUE, empty=True)
    for key, least in (("min_length", 0), ("max_length", 1)):
        length = entry.get(key, least)
        if not isinstance(length, int) or not least <= length <= FIELD_VALUE:
            report.inside(key).error(f"must be a number from {least} to {FIELD_VALUE}")
    if "placeholder" in entry:
        check_text(report.inside("placeholder"), entry["placeholder"], PLACEHOLDER, plain=True)


def _accept(_report: Report, _element: Json) -> None:
    """Accept an element that this project does not use: only its type is known."""


def _menus(kinds: Mapping[str, frozenset[str]]) -> dict[str, Check]:
    checks: dict[str, Check] = {}
    for kind, own in kinds.items():
        check = partial(_check_menu, own=own)
        checks |= {f"{kind}_select": check, f"multi_{kind}_select": check}
    return checks


_PICKED = frozenset({"initial_date", "initial_time", "initial_date_time", "timezone"})
_MENUS = _menus(
    {
        "users": frozenset({"initial_user", "initial_users"}),
        "channels": frozenset({"initial_channel", "initial_channels", "response_url_enabled"}),
        "conversations": frozenset(
            {"initial_conversation", "initial_conversations", "default_to_current_conversation"}
            | {"filter", "response_url_enabled"}
        ),
        "external": frozenset({"initial_option", "initial_options", "min_query_length"}),
    }
)
_PICKERS: dict[str, Check] = dict.fromkeys(
    ("datepicker", "timepicker", "datetimepicker"), partial(_check_menu, own=_PICKED)
)

MENUS: Mapping[str, Check] = MappingProxyType(
    {
        "button": _check_button,
        "overflow": _check_overflow,
        "radio_buttons": _check_choices,
        "checkboxes": _check_choices,
        "static_select": _check_static_menu,
        "multi_static_select": _check_static_menu,
        "workflow_button": _accept,
        **_MENUS,
        **_PICKERS,
    }
)
"""Elements of an actions block."""

ACCESSORIES: Mapping[str, Check] = MappingProxyType({**MENUS, "image": check_image})
"""Elements beside a section."""

INPUTS: Mapping[str, Check] = MappingProxyType(
    {kind: check for kind, check in MENUS.items() if kind not in ("button", "overflow", "workflow_button")}
    | dict.fromkeys(("email_text_input", "url_text_input"), _check_field)
    | {"plain_text_input": partial(_check_field, own=frozenset({"multiline", "min_length", "max_length"}))}
    | {"number_input": partial(_check_field, own=frozenset({"is_decimal_allowed", "min_value", "max_value"}))}
    | {"rich_text_input": _accept, "file_input": _accept}
)
"""Elements of an input block."""


def check_element(report: Report, element: Any, allowed: Mapping[str, Check]) -> None:
    """Check one element by its type, and its action id."""
    if not isinstance(element, dict):
        report.error("must be an object")
        return
    check = allowed.get(str(element.get("type")))
    if check is None:
        report.inside("type").error(f"unsupported type: {element.get('type')}")
        return
    check_string(report, element, "action_id", ID_LIMIT)
    check(report, element)
