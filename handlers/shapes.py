"""
What Slack's payloads are made of, as far as the bot reads them: checked before anything else sees them.

Ids and times are short words of ASCII; what people wrote is any text. An unknown field may hold anything.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any
from urllib.parse import parse_qsl

import structlog
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError
from slack_bolt.async_app import AsyncBoltRequest
from slack_bolt.request.async_internals import build_async_context
from slack_bolt.response import BoltResponse

from bot.operations.json_text import NotJson, is_shallow, read_json, whole
from bot.operations.places import place_of
from bot.storage.database import StoreAway
from bot.storage.keyring import Unsealable

# A form of Slack's has some fifteen fields.
_MOST_FIELDS = 100
_MOST_IN_LIST = 100

# What reading a payload raises where a field is missing or of another kind than the reader expects.
_OF_READING = (KeyError, IndexError, TypeError, AttributeError, ValueError, OverflowError, Unsealable)

_Word = Annotated[str, Field(max_length=2_000, pattern=r"^[\x21-\x7e]*$")]


class _Shape(BaseModel):
    # Built with the first request: a start needs none.
    model_config = ConfigDict(extra="ignore", strict=True, defer_build=True)


class _Named(_Shape):
    id: _Word | None = None
    team_id: _Word | None = None
    enterprise_id: _Word | None = None


_Name = _Word | _Named


class _Action(_Shape):
    action_id: _Word
    value: Annotated[str, Field(max_length=2_000)] | None = None


class _Container(_Shape):
    message_ts: _Word | None = None
    thread_ts: _Word | None = None
    channel_id: _Word | None = None
    is_ephemeral: bool | None = None


class _Link(_Shape):
    url: str | None = None
    domain: str | None = None


class _Reference(_Shape):
    id: str | None = None
    type: str | None = None


class _Function(_Shape):
    callback_id: _Word


class _Message(_Shape):
    type: _Word | None = None
    subtype: _Word | None = None
    user: _Name | None = None
    team: _Name | None = None
    bot_id: _Word | None = None
    ts: _Word | None = None
    thread_ts: _Word | None = None
    text: str | None = None


class _Event(_Message):
    channel: _Name | None = None
    channel_type: _Word | None = None
    message_ts: _Word | None = None
    unfurl_id: _Word | None = None
    source: _Word | None = None
    links: Annotated[list[_Link], Field(max_length=_MOST_IN_LIST)] | None = None
    is_unfurl_refresh: bool | None = None
    trigger_id: _Word | None = None
    external_ref: _Reference | None = None
    entity_url: str | None = None
    app_unfurl_url: str | None = None
    link: _Link | None = None
    message: _Message | None = None
    previous_message: _Message | None = None
    function: _Function | None = None
    function_execution_id: _Word | None = None
    bot_access_token: _Word | None = None
    inputs: dict[str, Any] | None = None


class _State(_Shape):
    values: dict[str, dict[str, dict[str, Any]]] = Field(default_factory=dict)


class _View(_Shape):
    id: _Word | None = None
    callback_id: str | None = None
    private_metadata: str | None = None
    state: _State | None = None
    app_installed_team_id: _Word | None = None


class _Authorization(_Shape):
    team_id: _Word | None = None
    enterprise_id: _Word | None = None


class _Payload(_Shape):
    type: _Word | None = None
    command: str | None = None
    text: str | None = None
    event_id: _Word | None = None
    trigger_id: _Word | None = None
    response_url: _Word | None = None
    callback_id: str | None = None
    user: _Name | None = None
    team: _Name | None = None
    channel: _Name | None = None
    enterprise: _Name | None = None
    user_id: _Word | None = None
    channel_id: _Word | None = None
    team_id: _Word | None = None
    message_ts: _Word | None = None
    is_ext_shared_channel: bool | None = None
    authorizations: Annotated[list[_Authorization], Field(max_length=_MOST_IN_LIST)] | None = None
    event: _Event | None = None
    message: _Message | None = None
    container: _Container | None = None
    actions: Annotated[list[_Action], Field(max_length=_MOST_IN_LIST)] | None = None
    view: _View | None = None


_PAYLOAD = TypeAdapter(_Payload)


class Unreadable(Exception):
    """Raised when a request of Slack's is none that can be read; the text says what is wrong, without it."""


def read_body(text: str) -> dict[str, Any]:
    """
    The payload of a request by HTTP: JSON, a form, or JSON in a form.

    Raises:
        Unreadable: when it is nothing of that kind.

    """
    try:
        if text.startswith("{"):
            return checked(read_json(text.encode()))
        form = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
        payload = form.get("payload")
        return checked(form if payload is None else read_json(payload.encode("utf-8", "replace")))
    except NotJson as wrong:
        raise Unreadable(str(wrong)) from None
    except ValueError:
        raise Unreadable("too many fields") from None


def bolt_request(
    payload: dict[str, Any], text: str = "", headers: Mapping[str, Any] | None = None
) -> AsyncBoltRequest:
    """
    A checked payload as Bolt takes it: by HTTP with the text that was signed, else by Socket Mode.

    Raises:
        Unreadable: where Bolt stumbles over it.

    """
    mode = "http" if text else "socket_mode"
    request = AsyncBoltRequest(body="" if text else {}, headers=dict(headers or {}), mode=mode)
    try:
        request.context = build_async_context(request.context, payload)
    except _OF_READING as error:
        raise Unreadable(place_of(error)) from None
    request.raw_body, request.body = text, payload
    return request


def checked(payload: Any) -> dict[str, Any]:
    """
    A payload that has the shape of Slack's, without half pairs of surrogates.

    Raises:
        Unreadable: when it has another shape.

    """
    if not isinstance(payload, dict):
        raise Unreadable("no object")
    if not is_shallow(payload):
        raise Unreadable("nested too deep")
    clean: dict[str, Any] = whole(payload)
    try:
        read = _PAYLOAD.validate_python(clean)
    except ValidationError as invalid:
        raise Unreadable(_place(invalid)) from None
    if lacking := next((what for what in _needed(read) if what), None):
        raise Unreadable(f"no {lacking}")
    return clean


def _needed(read: _Payload) -> list[str | None]:
    """What a payload of its kind lacks."""
    if read.command is not None:
        return [None if read.user_id else "user_id", None if read.channel_id else "channel_id"]
    if read.type == "event_callback":
        return [None if read.event and read.event.type else "event"]
    if read.type not in ("block_actions", "view_submission", "message_action", "shortcut"):
        return []
    user = isinstance(read.user, _Named) and read.user.id
    lacking = [None if user else "user"]
    if read.type == "block_actions":
        lacking.append(None if read.actions else "actions")
    if read.type == "view_submission":
        lacking.append(None if read.view else "view")
    if read.type == "message_action":
        lacking.append(None if isinstance(read.channel, _Named) and read.channel.id else "channel")
    return lacking


def _place(invalid: ValidationError) -> str:
    """Where a payload differs, by our own names of its fields."""
    known = [part for part in invalid.errors(include_input=False)[0]["loc"] if part in _FIELDS]
    return f"another shape at {'.'.join(map(str, known)) or 'its begin'}"


_FIELDS = frozenset(
    name
    for shape in (
        _Payload,
        _Event,
        _Container,
        _Action,
        _View,
        _Message,
        _Link,
        _Named,
        _Authorization,
        _Reference,
        _Function,
    )
    for name in shape.model_fields
)


def refuse(error: Unreadable, **more: str) -> None:
    """Log in one line that a request was refused."""
    structlog.get_logger("requests").warning("request.unreadable", why=str(error), **more)


async def answer_error(error: Exception) -> BoltResponse:
    """
    The answer where a handler failed: 400 for what cannot be read, 503 where nothing can be stored now.

    Handlers read a payload and write it down, so what reading raises is the payload's fault.
    """
    log = structlog.get_logger("requests")
    if isinstance(error, StoreAway):
        log.warning("request.not_stored", why=str(error))
        return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE)
    if isinstance(error, (Unreadable, *_OF_READING)):
        log.warning("request.unreadable", why=place_of(error))
        return BoltResponse(status=HTTPStatus.BAD_REQUEST)
    log.error("request.crashed", exc_info=error)
    return BoltResponse(status=HTTPStatus.INTERNAL_SERVER_ERROR)
