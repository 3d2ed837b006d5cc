"""
Raygun's hosted MCP server: streamable HTTP, and the tools that name a customer.

By github.com/MindscapeHQ/mcp-server-raygun (README.md, TOOLS.md) and the protocol's page on streamable HTTP
(2025-06-18): a bearer token, both types accepted, a session that every later request names. What the tools'
answers look like is not documented: here they are as API v3 tells the same, wrapped by what they are.
"""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiohttp import web

from sandbox.vendors.raygun_traffic import Sighting, Traffic

_MOST_SESSIONS, _MOST_GROUPS = 10, 20
_VERSION = "2025-06-18"
# The parameters of the tools that read; those in front of the bar are required.
_TOOLS = {
    "customers_search": "appId searchTerm | count",
    "customer_investigate": "appId customerId | startTime endTime",
    "sessions_list": "appId | count offset filterExpression sortOrder",
    "error_groups_list": "appId | count offset sortOrder",
}
_SCOPES = {
    "customers_search": {"customers:read"},
    "customer_investigate": {"customers:read", "rum.sessions:read"},
    "sessions_list": {"rum.sessions:read"},
    "error_groups_list": {"cr.errors:read"},
}
Json = dict[str, Any]


class _Refused(Exception):
    """Raised for a tool call that the server refuses, with the protocol's code."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass
class RaygunMcp:
    """
    The tools over one application's traffic.

    `token` is the personal access token, with API v3's `scopes`; the rows are API v3's of a session, a
    customer and an error. `tools` are those that are there; with `as_stream` it answers by an event stream,
    with `structured` by structured content beside the text; `form` changes each tool's answer, as another
    release may; `filters` is whether `sessions_list` knows its filter. `asked` are the tools that were
    called, `opened` the sessions that have not ended.
    """

    clock: Callable[[], datetime]
    traffic: Traffic
    token: str
    application_id: str
    session_row: Callable[[Sighting], Json]
    customer_row: Callable[[Sighting], Json]
    group_row: Callable[[Any], Json]
    scopes: set[str]
    tools: set[str] = field(default_factory=lambda: set(_TOOLS))
    as_stream: bool = False
    structured: bool = False
    filters: bool = True
    form: Callable[[str, Any], Any] = lambda _tool, body: body
    asked: list[str] = field(default_factory=list)
    opened: set[str] = field(default_factory=set)

    async def answer(self, request: web.Request) -> web.Response:
        """One request of the protocol."""
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return web.Response(status=401)
        if request.method == "DELETE":
            self.opened.discard(request.headers.get("Mcp-Session-Id", ""))
            return web.Response(status=204)
        return await self._heard(request) if request.method == "POST" else web.Response(status=405)

    async def _heard(self, request: web.Request) -> web.Response:
        accepted = request.headers.get("Accept", "")
        if "application/json" not in accepted or "text/event-stream" not in accepted:
            return web.Response(status=406)
        message = await request.json()
        if message.get("method") == "initialize":
            session = secrets.token_hex(16)
            self.opened.add(session)
            return self._reply(message, self._welcome(), {"Mcp-Session-Id": session})
        if request.headers.get("Mcp-Session-Id") not in self.opened:
            return web.Response(status=400)
        if "id" not in message:
            return web.Response(status=202)
        try:
            return self._reply(message, self._result(message["method"], message.get("params") or {}), {})
        except _Refused as refused:
            error = {"code": refused.code, "message": str(refused)}
            return self._send({"jsonrpc": "2.0", "id": message["id"], "error": error}, {})

    def _reply(self, message: Mapping[str, Any], result: Json, headers: dict[str, str]) -> web.Response:
        return self._send({"jsonrpc": "2.0", "id": message["id"], "result": result}, headers)

    def _send(self, body: Json, headers: dict[str, str]) -> web.Response:
        if not self.as_stream:
            return web.json_response(body, headers=headers)
        text = f"event: message\ndata: {json.dumps(body)}\n\n"
        return web.Response(text=text, content_type="text/event-stream", headers=headers)

    def _welcome(self) -> Json:
        about = {"name": "Raygun", "version": "1.0.0"}
        return {"protocolVersion": _VERSION, "capabilities": {"tools": {}}, "serverInfo": about}

    def _result(self, method: str, params: Mapping[str, Any]) -> Json:
        match method:
            case "tools/list":
                return {"tools": [_listed(tool) for tool in sorted(self.tools)]}
            case "tools/call":
                return self._call(params.get("name", ""), params.get("arguments") or {})
            case "ping":
                return {}
            case _:
                raise _Refused(-32601, "Method not found")

    def _call(self, tool: str, arguments: Mapping[str, Any]) -> Json:
        if tool not in self.tools:
            raise _Refused(-32602, "Unknown tool")
        required, _, optional = _TOOLS[tool].partition(" | ")
        known = {*required.split(), *optional.split()}
        if set(arguments) - known or set(required.split()) - set(arguments):
            raise _Refused(-32602, "Invalid arguments")
        self.asked.append(tool)
        if _SCOPES[tool] - self.scopes:
            return _failed("The token may not read this.")
        if arguments["appId"] != self.application_id:
            return _failed("The application was not found.")
        body = self.form(tool, getattr(self, f"_{tool}")(arguments))
        result: Json = {"content": [{"type": "text", "text": json.dumps(body)}]}
        if self.structured and isinstance(body, dict):
            result["structuredContent"] = body
        return result

    def _begun(self) -> list[Sighting]:
        return [one for one in self.traffic if one.visit.started_at <= self.clock()]

    def _customers_search(self, arguments: Mapping[str, Any]) -> Json:
        wanted = str(arguments["searchTerm"]).lower()
        newest = {self.customer_row(one)["identifier"]: self.customer_row(one) for one in self._begun()}
        fields = ("firstName", "fullName", "emailAddress", "externalIdentifier")
        found = [row for row in newest.values() if any(wanted in str(row.get(f, "")).lower() for f in fields)]
        return {"customers": found[: int(arguments.get("count", 100))]}

    def _customer_investigate(self, arguments: Mapping[str, Any]) -> Json:
        since = datetime.fromisoformat(arguments["startTime"]) if "startTime" in arguments else None
        theirs = [
            one
            for one in self._begun()
            if self.customer_row(one)["identifier"] == arguments["customerId"]
            and (since is None or one.visit.started_at >= since)
        ]
        if not theirs:
            return {"customer": None, "errorGroups": [], "sessions": []}
        newest = _newest_first(theirs)
        errors = {error.title: error for one in newest for error in reversed(one.visit.errors)}
        return {
            "customer": self.customer_row(newest[0]),
            "errorGroups": [self.group_row(error) for error in list(errors.values())[:_MOST_GROUPS]],
            "sessions": [self.session_row(one) for one in newest[:_MOST_SESSIONS]],
        }

    def _sessions_list(self, arguments: Mapping[str, Any]) -> Json:
        name, _, value = str(arguments.get("filterExpression", "")).partition(" = ")
        rows = [self.session_row(one) for one in _newest_first(self._begun())]
        if name and self.filters:
            rows = [row for row in rows if str(row.get(name)) == value.strip('"')]
        offset, count = int(arguments.get("offset", 0)), int(arguments.get("count", 100))
        return {"sessions": rows[offset : offset + count]}

    def _error_groups_list(self, arguments: Mapping[str, Any]) -> Json:
        errors = {error.title: error for one in self._begun() for error in one.visit.errors}
        return {
            "errorGroups": [self.group_row(error) for error in errors.values()][: arguments.get("count", 100)]
        }


def _newest_first(sightings: Sequence[Sighting]) -> list[Sighting]:
    return sorted(sightings, key=lambda one: one.visit.started_at, reverse=True)


def _listed(tool: str) -> Json:
    required, _, optional = _TOOLS[tool].partition(" | ")
    numbers = {"count", "offset"}
    properties = {
        name: {"type": "integer" if name in numbers else "string"}
        for name in (*required.split(), *optional.split())
    }
    schema = {"type": "object", "properties": properties, "required": required.split()}
    return {"name": tool, "description": tool.replace("_", " "), "inputSchema": schema}


def _failed(words: str) -> Json:
    return {"content": [{"type": "text", "text": words}], "isError": True}
