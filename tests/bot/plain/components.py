"""Plain's UI components, as strict as its schema (https://www.plain.com/docs/ui-components)."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

_COLORS = {"NORMAL", "MUTED", "SUCCESS", "WARNING", "ERROR"}
_IN_ROWS = {"componentPlainText", "componentLinkButton"}


def check_components(components: Sequence[dict[str, Any]]) -> None:
    """Check a card's components: those that Casefile uses, with the fields and lengths that Plain takes."""
    assert components
    for component in components:
        [(kind, fields)] = component.items()
        if kind == "componentRow":
            assert fields.keys() == {"rowMainContent", "rowAsideContent"}
            for inside in fields.values():
                assert {name for one in inside for name in one} <= _IN_ROWS
                check_components(inside)
        elif kind == "componentPlainText":
            assert fields.keys() == {"plainText", "plainTextColor", "plainTextSize"}
            assert 1 <= len(fields["plainText"]) <= 5_000
            assert fields["plainTextColor"] in _COLORS
            assert fields["plainTextSize"] in {"S", "M", "L"}
        elif kind == "componentLinkButton":
            assert fields.keys() == {"linkButtonLabel", "linkButtonUrl"}
            assert 1 <= len(fields["linkButtonLabel"]) <= 500
            assert urlsplit(fields["linkButtonUrl"]).scheme == "https"
        else:
            assert (kind, fields) == ("componentDivider", {"dividerSpacingSize": "S"})


def texts_of(components: Sequence[dict[str, Any]]) -> list[str]:
    """What the components say, in their order."""
    found: list[str] = []
    for component in components:
        [(kind, fields)] = component.items()
        if kind == "componentPlainText":
            found.append(fields["plainText"])
        elif kind == "componentRow":
            found += texts_of([*fields["rowMainContent"], *fields["rowAsideContent"]])
    return found
