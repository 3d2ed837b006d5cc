"""What is wrong with one value, in words for whoever installs the bot: pydantic's own are for programmers."""

from collections.abc import Mapping
from typing import Any

_WORDS: Mapping[str, str] = {
    "int_parsing": "a whole number is needed",
    "int_from_float": "a whole number is needed",
    "float_parsing": "a number is needed",
    "finite_number": "a number is needed",
    "bool_parsing": "true or false is needed",
    "greater_than": "more than {gt} is needed",
    "greater_than_equal": "{ge} or more is needed",
    "less_than_equal": "{le} or less is needed",
    "literal_error": "{expected} is needed",
}


def in_words(error: Mapping[str, Any]) -> str:
    """What is wrong, as the rest of a sentence and without the value, of one of pydantic's errors."""
    context: Mapping[str, Any] = error.get("ctx", {})
    if error["type"] == "value_error":
        return str(context["error"])
    if error["type"] in _WORDS:
        return _WORDS[error["type"]].format_map(context)
    return f"{error['msg'][0].lower()}{error['msg'][1:]}"
