"""The arguments of a Web API call, in any of the forms in which they are sent."""

import json
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from sandbox.slack.errors import ApiError
from sandbox.slack.messages import Json

_JSON_ARGUMENTS = ("blocks", "attachments", "metadata", "unfurls", "view", "user_auth_blocks", "outputs")
# A method has an object where another has words for people.
_OF_METHODS = {"entity.presentDetails": ("error",)}


@dataclass(frozen=True, slots=True)
class Arguments:
    """Arguments by name: strings from a form, with their types from a JSON body."""

    values: Json

    def text(self, key: str) -> str:
        """A string; empty where it is absent."""
        value = self.values.get(key)
        return "" if value is None else str(value)

    def needed(self, key: str, error: str = "invalid_arguments") -> str:
        """A string; ApiError with `error` where it is absent."""
        value = self.text(key)
        if not value:
            messages = [f"[ERROR] missing required field: {key}"]
            raise ApiError(error, response_metadata={"messages": messages})
        return value

    def flag(self, key: str) -> bool | None:
        """A boolean; None where it is absent."""
        value = self.values.get(key)
        return None if value is None else str(value).lower() in ("1", "true")

    def number(self, key: str, default: int) -> int:
        """A whole number."""
        try:
            return int(self.text(key) or default)
        except ValueError:
            raise ApiError("invalid_arguments") from None


async def read_arguments(request: web.Request) -> Json:
    """The arguments of the query and the body, with JSON in form fields decoded."""
    values: Json = dict(request.query)
    if request.content_type == "application/json":
        values |= _read_json(await request.text())
    elif request.body_exists:
        values |= dict(await request.post())
    for key in (*_JSON_ARGUMENTS, *_OF_METHODS.get(request.match_info.get("method", ""), ())):
        if isinstance(values.get(key), str):
            values[key] = _open(key, values[key])
    return values


def _read_json(body: str) -> Json:
    try:
        values = json.loads(body or "{}")
    except ValueError:
        raise ApiError("invalid_json") from None
    if not isinstance(values, dict):
        raise ApiError("json_not_object")
    return values


def _open(key: str, value: str) -> Any:
    try:
        return json.loads(value) if value else None
    except ValueError:
        raise ApiError(f"invalid_{key}_format" if key != "view" else "invalid_arguments") from None
