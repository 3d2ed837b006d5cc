"""Slack's Web API: `/api/{method}`, with its tokens, scopes, rate limits and the faults a test asks for."""

import math
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import format_datetime
from types import MappingProxyType
from typing import Any

from aiohttp import web

from sandbox.slack import api_apps, api_chat, api_reading, api_views, panes, steps
from sandbox.slack.arguments import Arguments, read_arguments
from sandbox.slack.calls import ApiCall, Fault
from sandbox.slack.errors import ApiError
from sandbox.slack.messages import Json
from sandbox.slack.state import State


@dataclass(frozen=True, slots=True)
class Method:
    """A method's function and the scope it needs; some need another one for the channel."""

    run: Callable[[State, Arguments], Json]
    scope: str | None = None


def _connections_open(state: State, _args: Arguments) -> Json:
    ticket = secrets.token_hex(8)
    state.tickets.add(ticket)
    link = state.base_url.replace("http:", "ws:", 1)
    return {"ok": True, "url": f"{link}/link?ticket={ticket}&app_id={state.people.bot_id}"}


_OPEN_CONNECTION = "apps.connections.open"
_EXPORT_MANIFEST = "apps.manifest.export"
_METHODS: Mapping[str, Method] = MappingProxyType(
    {
        _OPEN_CONNECTION: Method(_connections_open),
        _EXPORT_MANIFEST: Method(api_apps.export_manifest),
        "auth.test": Method(api_reading.auth_test),
        "blocks.validate": Method(api_apps.validate_blocks),
        "bots.info": Method(api_reading.bots_info, "users:read"),
        "chat.delete": Method(api_chat.delete, "chat:write"),
        "chat.postEphemeral": Method(api_chat.post_ephemeral, "chat:write"),
        "chat.postMessage": Method(api_chat.post_message, "chat:write"),
        "chat.unfurl": Method(api_chat.unfurl, "links:write"),
        "chat.update": Method(api_chat.update, "chat:write"),
        "conversations.history": Method(api_reading.conversations_history),
        "conversations.info": Method(api_reading.conversations_info),
        "conversations.replies": Method(api_reading.conversations_replies),
        "entity.presentDetails": Method(panes.present_details),
        "functions.completeError": Method(steps.complete_error),
        "functions.completeSuccess": Method(steps.complete_success),
        "files.info": Method(api_reading.files_info, "files:read"),
        "reactions.add": Method(api_chat.add_reaction, "reactions:write"),
        "usergroups.list": Method(api_reading.user_groups_list, "usergroups:read"),
        "usergroups.users.list": Method(api_reading.user_group_users, "usergroups:read"),
        "users.conversations": Method(api_apps.own_conversations),
        "users.info": Method(api_reading.users_info, "users:read"),
        "users.list": Method(api_reading.users_list, "users:read"),
        "views.open": Method(api_views.open_view),
        "views.push": Method(api_views.push_view),
        "views.publish": Method(api_views.publish_view),
        "views.update": Method(api_views.update_view),
    }
)


class WebApi:
    """Answers `/api/{method}` from the workspace's state."""

    def __init__(self, state: State) -> None:
        self._state = state

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """The response to one call: its result, or the fault that was set for it."""
        name = request.match_info["method"]
        fault = self._state.faults.take(name)
        try:
            values = await read_arguments(request)
        except ApiError as error:
            return self._answer(name, {}, error.as_slack())
        token = _token(request, values.pop("token", None))
        refused = self._refuse(name, values, fault)
        if refused is not None:
            return refused
        response = self._answer(name, values, self._run(name, token, values, fault))
        if fault.hold is not None:
            await fault.hold.wait()
        if fault.lose_answer and request.transport is not None:
            request.transport.abort()
        return response

    def _refuse(self, name: str, values: Json, fault: Fault) -> web.Response | None:
        if fault.status is not None:
            self._record(name, values, {"ok": False, "error": f"http_{fault.status}"})
            return web.Response(status=fault.status, text="upstream trouble")
        wait = fault.retry_after
        if wait is None:
            wait = math.ceil(self._state.pace.seconds_to_wait(name, str(values.get("channel", ""))))
        if not wait:
            return None
        result = {"ok": False, "error": "ratelimited"}
        self._record(name, values, result)
        return web.json_response(result, status=429, headers={"Retry-After": str(wait)})

    def _run(self, name: str, token: str, values: Json, fault: Fault) -> Json:
        method = _METHODS.get(name)
        if method is None:
            return {"ok": False, "error": "unknown_method", "req_method": name}
        if fault.error:
            return {"ok": False, "error": fault.error}
        try:
            if name not in steps.ENDS or not steps.check_token(self._state, token, values):
                self._check_token(name, token)
            if method.scope:
                api_reading.require_scope(self._state, method.scope)
            return method.run(self._state, Arguments(values))
        except ApiError as error:
            return error.as_slack()

    def _check_token(self, name: str, token: str) -> None:
        state = self._state
        kinds = {_OPEN_CONNECTION: state.app_token, _EXPORT_MANIFEST: state.config_token}
        wanted = kinds.get(name, state.bot_token)
        if not token:
            raise ApiError("not_authed")
        if token != wanted and token in (state.bot_token, *kinds.values()):
            raise ApiError("not_allowed_token_type")
        if token != wanted:
            raise ApiError("invalid_auth")

    def _answer(self, name: str, values: Json, result: Json) -> web.Response:
        self._record(name, values, result)
        method = _METHODS.get(name)
        headers = {
            "x-oauth-scopes": ",".join(sorted(self._state.scopes)),
            "Date": format_datetime(self._state.clock(), usegmt=True),
        }
        if method and method.scope:
            headers["x-accepted-oauth-scopes"] = method.scope
        return web.json_response(result, headers=headers)

    def _record(self, name: str, values: Json, result: Json) -> None:
        self._state.api_calls.append(ApiCall(name, values, self._state.clock(), result))
        self._state.changes.announce()


def _token(request: web.Request, in_body: Any) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    return token.strip() if scheme == "Bearer" else str(in_body or "")
