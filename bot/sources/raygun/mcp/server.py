"""
A conversation with Raygun's MCP server, by the protocol's own library (`mcp`).

Streamable HTTP at `/v3/mcp`, a personal access token as bearer (raygun.com, "Raygun MCP server"). The library
is slow to load, so this room is imported only where such a server is configured. Every request of the library
goes through the ledger and the bounds of all calls; streams that the server would open are refused here.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx2
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError
from mcp.types import TextContent

from bot.operations.json_text import NotJson, read_json, whole
from bot.sources.http import CallFailed, Calls, VendorHttp
from bot.sources.raygun.mcp.answers import OddAnswer

PATH = "/v3/mcp"


@dataclass(frozen=True, slots=True)
class Conversation:
    """One session with the server, and the names of its tools' parameters, by tool."""

    _session: ClientSession
    tools: dict[str, frozenset[str]]

    def has(self, tool: str, *parameters: str) -> bool:
        """Whether there is such a tool that takes all of these."""
        return set(parameters) <= self.tools.get(tool, frozenset()) if tool in self.tools else False

    async def ask(self, tool: str, **arguments: Any) -> Any:
        """
        What a tool answers, as JSON.

        Raises:
            OddAnswer: where there is no such tool, it says that it failed, or answers no JSON.

        """
        if not self.has(tool, *arguments):
            raise OddAnswer(f"it has no tool {tool} that takes what is asked by")
        result = await self._session.call_tool(tool, arguments)
        if getattr(result, "is_error", True):
            raise OddAnswer(f"its tool {tool} says that it failed")
        structured = getattr(result, "structured_content", None)
        if structured is not None:
            return whole(structured)
        for part in getattr(result, "content", ()):
            if isinstance(part, TextContent):
                with suppress(NotJson):
                    return read_json(part.text.encode("utf-8", "replace"))
        raise OddAnswer(f"its tool {tool} answers no JSON")


@asynccontextmanager
async def conversing(http: VendorHttp, token: str, calls: Calls) -> AsyncIterator[Conversation]:
    """
    A conversation, for the block; its tools are listed first.

    Raises:
        CallFailed: when a call must not be made, or the server cannot be reached or refuses the token.
        OddAnswer: when the server does not keep to the protocol.

    """
    # The library logs what it cannot read, which may name somebody.
    logging.getLogger("mcp").setLevel(logging.CRITICAL)
    headers = {"Authorization": f"Bearer {token}"}
    client = httpx2.AsyncClient(transport=_Counted(calls), headers=headers, timeout=http.client.timeout)
    try:
        async with (
            client,
            streamable_http_client(f"{http.base_url}{PATH}", http_client=client) as (receiving, sending),
            ClientSession(receiving, sending) as session,
        ):
            await session.initialize()
            listed = (await session.list_tools()).tools
            tools = {
                tool.name: frozenset((tool.input_schema or {}).get("properties") or ()) for tool in listed
            }
            yield Conversation(session, tools)
    except ExceptionGroup as group:
        raise _reason(group) from None
    except (MCPError, RuntimeError, ValueError, httpx2.HTTPError) as error:
        raise _reason(error) from None


def _reason(error: Exception) -> CallFailed | OddAnswer:
    """What stopped a conversation: a failed call where there was one; it repeats no word of the server."""
    if isinstance(error, ExceptionGroup):
        reasons = [_reason(one) for one in error.exceptions if isinstance(one, Exception)]
        return next((one for one in reasons if isinstance(one, CallFailed)), reasons[0])
    if isinstance(error, CallFailed | OddAnswer):
        return error
    return OddAnswer(f"it does not keep to the protocol ({type(error).__name__})")


class _Counted(httpx2.AsyncBaseTransport):
    """Makes the library's requests as calls: counted first, bounded in time and size, failures named."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """The answer, whole."""
        if request.method == "GET":
            # The stream on which a server may speak unasked: it would cost a call and say nothing of use.
            return httpx2.Response(405)
        wanted = ("authorization", "accept", "content-type", "mcp-session-id", "mcp-protocol-version")
        headers = {name: request.headers[name] for name in wanted if name in request.headers}
        status, told, content = await self._calls.exchange(
            request.method, PATH, headers=headers, content=await request.aread()
        )
        return httpx2.Response(status, headers=told, content=content)
