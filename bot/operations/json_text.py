"""JSON from outside, read within bounds; what nothing can store is replaced."""

import json
import re
from collections.abc import Iterable
from typing import Any

# No vendor, webhook or payload of Slack is nested half as deep.
_DEEPEST = 64
# Each part of a text becomes some sixty bytes in memory: a page of 500 sessions has some 20,000 of them.
_MOST_PARTS = 300_000
# A recording of a page in a browser, of which there is one at a time.
_MOST_PARTS_OF_A_RECORDING = 1_500_000
# Half of a pair of surrogates: JSON can name it, and neither UTF-8 nor a database can hold it.
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(rb"\\u[dD][89a-fA-F]")
REPLACED_BY = "\ufffd"
"""What stands where half of a pair of surrogates stood."""


class NotJson(ValueError):
    """Raised when a text is no JSON, nested too deep, of too many parts, or not encoded as UTF-8."""


def read_json(content: bytes | bytearray) -> Any:
    """
    The value in a text of JSON, without half pairs of surrogates.

    Raises:
        NotJson: when there is none that can be read.

    """
    brackets = content.count(b"[") + content.count(b"{")
    if brackets + content.count(b",") > _MOST_PARTS:
        raise NotJson("too many parts")
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        raise NotJson("no JSON") from None
    if brackets > _DEEPEST and not is_shallow(value):
        raise NotJson("nested too deep")
    return whole(value) if _ESCAPED.search(content) else value


def read_recording(content: bytes | bytearray) -> Any:
    """
    As `read_json`, for a recording: it has more parts, is nested deeper, and is handed on without being kept.

    Raises:
        NotJson: when there is none that can be read.

    """
    if content.count(b"[") + content.count(b"{") + content.count(b",") > _MOST_PARTS_OF_A_RECORDING:
        raise NotJson("too many parts")
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        raise NotJson("no JSON") from None


def whole(value: Any) -> Any:
    """A value as JSON has it, with `REPLACED_BY` for each half pair of surrogates in its texts and names."""
    if isinstance(value, str):
        return value if value.isascii() else _SURROGATE.sub(REPLACED_BY, value)
    if isinstance(value, dict):
        return {whole(name): whole(one) for name, one in value.items()}
    return [whole(one) for one in value] if isinstance(value, list) else value


def is_shallow(value: Any) -> bool:
    """Whether a value that was read from JSON is not nested too deep to be walked through."""
    level = [value]
    for _ in range(_DEEPEST + 1):
        level = [one for group in level for one in _inner(group) if isinstance(one, dict | list)]
        if not level:
            return True
    return False


def _inner(group: Any) -> Iterable[Any]:
    return group.values() if isinstance(group, dict) else group if isinstance(group, list) else ()
