"""
Strict checks of Block Kit: what Slack refuses is refused here, with the place of each error.

The numbers are those of slack.md, "Block Kit limits". Blocks that this project has no use for are known
by their type only; a type that Slack does not know is an error.
"""

from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from sandbox.slack.block_elements import ACCESSORIES, INPUTS, MENUS, check_element, check_image
from sandbox.slack.block_report import ID_LIMIT, Report, check_keys, check_list, check_string, check_text
from sandbox.slack.messages import Json

MESSAGE_BLOCKS = 50
VIEW_BLOCKS = 100
SECTION_TEXT = 3000
SECTION_FIELDS = 10
FIELD_TEXT = 2000
HEADER_TEXT = 150
CONTEXT_ELEMENTS = 10
ACTIONS_ELEMENTS = 25
CONTEXT_ACTIONS_ELEMENTS = 5
MARKDOWN_TEXT = 12_000  # in total for one payload
TABLE_ROWS = 100
TABLE_COLUMNS = 20
VIEW_TITLE = 24
VIEW_METADATA = 3000


class Surface(StrEnum):
    """Where blocks are shown."""

    MESSAGE = "message"
    UNFURL = "unfurl"
    MODAL = "modal"
    HOME = "home"


def check_blocks(blocks: Any, surface: Surface = Surface.MESSAGE, report: Report | None = None) -> Report:
    """The report on a list of blocks for one surface."""
    report = report or Report()
    here = report.inside("blocks")
    in_view = surface in (Surface.MODAL, Surface.HOME)
    items = check_list(here, blocks, VIEW_BLOCKS if in_view else MESSAGE_BLOCKS, 1 if in_view else 0)
    for n, block in enumerate(items):
        _check_block(here.inside(n), block, surface)
    known = [block for block in items if isinstance(block, dict)]
    _check_unique(here, [block["block_id"] for block in known if block.get("block_id")], "block_id")
    _check_totals(here, known)
    return report


def check_view(view: Any) -> Report:
    """The report on a modal or a Home tab."""
    report = Report(at="/view")
    if not isinstance(view, dict) or view.get("type") not in ("modal", "home"):
        report.error("must be an object of type modal or home")
        return report
    modal = view["type"] == "modal"
    known = {"type", "blocks", "private_metadata", "callback_id", "external_id"}
    known |= {"submit", "close", "clear_on_close", "notify_on_close", "submit_disabled"} if modal else set()
    check_keys(report, view, known, ("title",) if modal else ())
    for key in ("title", "submit", "close"):
        if view.get(key) is not None:
            check_text(report.inside(key), view[key], VIEW_TITLE, plain=True)
    check_string(report, view, "private_metadata", VIEW_METADATA, empty=True)
    check_string(report, view, "callback_id", ID_LIMIT)
    blocks = check_blocks(view.get("blocks"), Surface(view["type"]), report)
    if modal and "submit" not in view and any(_is_input(block) for block in view.get("blocks") or ()):
        report.error("submit is required when there are input blocks")
    return blocks


def _is_input(block: Any) -> bool:
    return isinstance(block, dict) and block.get("type") == "input"


def _check_block(report: Report, block: Any, surface: Surface) -> None:
    if not isinstance(block, dict):
        report.error("must be an object")
        return
    kind = str(block.get("type"))
    check = _BLOCKS.get(kind)
    # slack.md, "Unfurl content": chat.unfurl answers invalid_blocks to rich_text.
    if check is None or (surface is Surface.UNFURL and kind in ("rich_text", "input")):
        report.inside("type").error(f"unsupported type: {block.get('type')}")
        return
    check_string(report, block, "block_id", ID_LIMIT)
    check(report, block)


def _check_section(report: Report, section: Json) -> None:
    check_keys(report, section, {"type", "block_id", "text", "fields", "accessory", "expand"})
    if section.get("text") is None and section.get("fields") is None:
        report.error("must provide text or fields")
    if section.get("text") is not None:
        check_text(report.inside("text"), section["text"], SECTION_TEXT)
    if section.get("fields") is not None:
        here = report.inside("fields")
        for n, text in enumerate(check_list(here, section["fields"], SECTION_FIELDS)):
            check_text(here.inside(n), text, FIELD_TEXT)
    if section.get("accessory") is not None:
        check_element(report.inside("accessory"), section["accessory"], ACCESSORIES)


def _check_header(report: Report, header: Json) -> None:
    check_keys(report, header, {"type", "block_id"}, ("text",))
    check_text(report.inside("text"), header.get("text"), HEADER_TEXT, plain=True)


def _check_divider(report: Report, divider: Json) -> None:
    check_keys(report, divider, {"type", "block_id"})


def _check_context(report: Report, context: Json) -> None:
    check_keys(report, context, {"type", "block_id"}, ("elements",))
    here = report.inside("elements")
    for n, element in enumerate(check_list(here, context.get("elements"), CONTEXT_ELEMENTS)):
        if isinstance(element, dict) and element.get("type") == "image":
            check_image(here.inside(n), element)
        else:
            check_text(here.inside(n), element, SECTION_TEXT)


def _check_actions(report: Report, actions: Json) -> None:
    check_keys(report, actions, {"type", "block_id"}, ("elements",))
    here = report.inside("elements")
    elements = check_list(here, actions.get("elements"), ACTIONS_ELEMENTS)
    for n, element in enumerate(elements):
        check_element(here.inside(n), element, MENUS)
    ids = [e["action_id"] for e in elements if isinstance(e, dict) and e.get("action_id")]
    _check_unique(here, ids, "action_id")


def _check_context_actions(report: Report, block: Json) -> None:
    check_keys(report, block, {"type", "block_id"}, ("elements",))
    here = report.inside("elements")
    for n, element in enumerate(check_list(here, block.get("elements"), CONTEXT_ACTIONS_ELEMENTS)):
        if not isinstance(element, dict) or element.get("type") not in ("feedback_buttons", "icon_button"):
            here.inside(n).error("unsupported type")


def _check_input(report: Report, block: Json) -> None:
    known = {"type", "block_id", "dispatch_action", "hint", "optional"}
    check_keys(report, block, known, ("label", "element"))
    check_text(report.inside("label"), block.get("label"), 2000, plain=True)
    if block.get("hint") is not None:
        check_text(report.inside("hint"), block["hint"], 2000, plain=True)
    check_element(report.inside("element"), block.get("element"), INPUTS)


def _check_markdown(report: Report, block: Json) -> None:
    check_keys(report, block, {"type", "block_id"}, ("text",))
    check_string(report, block, "text", MARKDOWN_TEXT)


def _check_rich_text(report: Report, block: Json) -> None:
    check_keys(report, block, {"type", "block_id"}, ("elements",))
    kinds = {f"rich_text_{kind}" for kind in ("section", "list", "preformatted", "quote")}
    here = report.inside("elements")
    for n, element in enumerate(check_list(here, block.get("elements"), 1000)):
        if not isinstance(element, dict) or element.get("type") not in kinds:
            here.inside(n).error("unsupported type")


def _check_table(report: Report, block: Json) -> None:
    check_keys(report, block, {"type", "block_id", "column_settings"}, ("rows",))
    here = report.inside("rows")
    for n, row in enumerate(check_list(here, block.get("rows"), TABLE_ROWS)):
        check_list(here.inside(n), row, TABLE_COLUMNS)


def _accept(_report: Report, _block: Json) -> None:
    """Accept a block that this project does not use."""


Check = Callable[[Report, Json], None]
_UNUSED = ("video", "card", "carousel", "container", "alert", "plan", "task_card", "data_table")
_BLOCKS: Mapping[str, Check] = MappingProxyType(
    {
        "section": _check_section,
        "header": _check_header,
        "divider": _check_divider,
        "context": _check_context,
        "actions": _check_actions,
        "context_actions": _check_context_actions,
        "image": check_image,
        "input": _check_input,
        "markdown": _check_markdown,
        "rich_text": _check_rich_text,
        "table": _check_table,
        "data_visualization": _accept,
        **dict.fromkeys(_UNUSED, _accept),
    }
)


def _check_unique(report: Report, ids: Sequence[Any], key: str) -> None:
    repeated = sorted({str(one) for one in ids if ids.count(one) > 1})
    for one in repeated:
        report.error(f"{key} already exists: {one}")


def _check_totals(report: Report, blocks: Sequence[Json]) -> None:
    markdown = sum(len(str(block.get("text"))) for block in blocks if block.get("type") == "markdown")
    if markdown > MARKDOWN_TEXT:
        report.error(f"markdown text must be less than {MARKDOWN_TEXT + 1} characters in total")
    if sum(block.get("type") == "table" for block in blocks) > 1:
        report.error("only one table is allowed in a message")
