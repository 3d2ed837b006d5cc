"""Requests that come by Socket Mode, checked as those by HTTP are."""

from time import time

from slack_bolt.adapter.socket_mode.aiohttp import AsyncSocketModeHandler
from slack_bolt.adapter.socket_mode.async_internals import send_async_response
from slack_bolt.adapter.socket_mode.internals import build_headers
from slack_sdk.socket_mode.aiohttp import SocketModeClient
from slack_sdk.socket_mode.request import SocketModeRequest
from slack_sdk.socket_mode.response import SocketModeResponse

from handlers.shapes import Unreadable, bolt_request, checked, refuse


class CheckedSocketMode(AsyncSocketModeHandler):
    """Hands requests that can be read to Bolt; the others are acknowledged, as they would come again."""

    # Bolt names the parameters more widely: this handler has the client of one library alone.
    async def handle(self, client: SocketModeClient, req: SocketModeRequest) -> None:  # type: ignore[override]
        """Answer one request."""
        try:
            payload = checked(req.payload)
            ours = bolt_request(payload, headers=build_headers(req))
        except Unreadable as wrong:
            refuse(wrong, route="socket")
            await client.send_socket_mode_response(SocketModeResponse(envelope_id=req.envelope_id))
            return
        await send_async_response(client, req, await self.app.async_dispatch(ours), time())
