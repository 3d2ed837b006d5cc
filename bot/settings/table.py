"""The table of settings in `docs/settings.md`, made from the `Settings` class; a test compares them."""

from collections.abc import Iterator
from typing import Any

from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from bot.settings.model import Settings, group_of

BEGIN = "<!-- settings: begin (make readme writes this table) -->"
END = "<!-- settings: end -->"


def settings_table() -> str:
    """The table in Markdown."""
    lines = ["| name | default | |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        lines += _rows(name.upper(), field)
    return "\n".join(lines)


def with_table(document: str) -> str:
    """The document's text with the present table in place of the old one."""
    before, rest = document.split(BEGIN, 1)
    _old, after = rest.split(END, 1)
    return f"{before}{BEGIN}\n{settings_table()}\n{END}{after}"


def _rows(name: str, field: FieldInfo) -> Iterator[str]:
    group, by_label = group_of(field.annotation)
    if group is None:
        yield _row(name, field)
        return
    prefix = f"{name}__<LABEL>" if by_label else name
    for inner, inner_field in group.model_fields.items():
        yield _row(f"{prefix}__{inner.upper()}", inner_field)


def _row(name: str, field: FieldInfo) -> str:
    return f"| `{name}` | {_default(field)} | {(field.description or '').replace('|', chr(92) + '|')} |"


def _default(field: FieldInfo) -> str:
    default: Any = field.default
    if default is PydanticUndefined:
        return "required" if field.is_required() else ""
    if default is None or default == ():
        return ""
    return f"`{str(default).lower() if isinstance(default, bool) else default}`"


if __name__ == "__main__":
    from pathlib import Path

    file = Path("docs/settings.md")
    file.write_text(with_table(file.read_text(encoding="utf-8")), encoding="utf-8")
