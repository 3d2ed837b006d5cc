"""The page at `/`: its files, its content as JSON, the actions on it, and live updates."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from importlib.resources import files

from aiohttp import web

from sandbox.slack.messages import Json
from sandbox.slack.mrkdwn import as_sent
from sandbox.slack.page_view import may_act, view_of, view_of_panel
from sandbox.slack.panel import Panel
from sandbox.slack.workspace import SlackWorkspace

_FILES = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/composer.js": ("composer.js", "text/javascript"),
    "/elements.js": ("elements.js", "text/javascript"),
    "/icons.js": ("icons.js", "text/javascript"),
    "/modal.js": ("modal.js", "text/javascript"),
    "/panel.js": ("panel.js", "text/javascript"),
    "/welcome.js": ("welcome.js", "text/javascript"),
    "/blocks.js": ("blocks.js", "text/javascript"),
    "/mrkdwn.js": ("mrkdwn.js", "text/javascript"),
}
# Only our own files can run or be loaded, whatever a vendor or a customer wrote.
_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:"
_PAGE_HEADERS = {
    "Content-Security-Policy": f"{_POLICY}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})
Act = Callable[[Json], Awaitable[Json | None]]


class Page:
    """Serves the page, to this machine only."""

    def __init__(self, workspace: SlackWorkspace, panel: Panel) -> None:
        self._workspace = workspace
        self._state = workspace.state
        self._panel = panel
        self._streams: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """End the live updates."""
        for stream in self._streams:
            stream.cancel()

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the page's routes."""
        for path in _FILES:
            router.add_get(path, self._file)
        router.add_get("/page/view", self._view)
        router.add_get("/page/panel", self._show_panel)
        router.add_get("/page/live", self._live)
        acts: dict[str, Act] = {
            "type": self._type,
            "press": self._press,
            "shortcut": self._shortcut,
            "submit": self._submit,
            "press-in-modal": self._press_in_modal,
            "close": self._close_modal,
            "ticket": self._post_ticket,
            "vendor": self._switch_vendor,
            "push": self._push,
        }
        for name, act in acts.items():
            router.add_post(f"/page/{name}", _answering(act))

    async def _file(self, request: web.Request) -> web.Response:
        _refuse_strangers(request)
        name, content_type = _FILES[request.path]
        text = files("sandbox.slack").joinpath("static", name).read_text(encoding="utf-8")
        return web.Response(text=text, content_type=content_type, headers=_PAGE_HEADERS)

    async def _view(self, request: web.Request) -> web.Response:
        _refuse_strangers(request)
        asked = (request.query.get(key, "") for key in ("user", "channel", "thread"))
        return web.json_response(view_of(self._state, self._panel, *asked))

    async def _show_panel(self, request: web.Request) -> web.Response:
        _refuse_strangers(request)
        return web.json_response(view_of_panel(self._panel))

    async def _live(self, request: web.Request) -> web.StreamResponse:
        _refuse_strangers(request)
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        stream = asyncio.create_task(self._stream(response))
        self._streams.add(stream)
        try:
            await asyncio.wait({stream})
        finally:
            stream.cancel()
            self._streams.discard(stream)
        return response

    async def _stream(self, response: web.StreamResponse) -> None:
        async for count in self._state.changes.follow():
            try:
                await response.write(f"data: {count}\n\n".encode())
            except ConnectionResetError:
                return

    async def _type(self, body: Json) -> None:
        user, channel, text = self._person(body), self._channel(body), str(body["text"]).strip()
        thread_ts = body.get("thread") or None
        if text.startswith("/"):
            await self._workspace.type_command(channel, user, text, thread_ts=thread_ts)
        elif text:
            place = self._state.channels[channel]
            if place.archived or user not in place.members:
                raise LookupError("you cannot write here")
            sent = as_sent(text, self._names())
            await self._workspace.post_as_user(channel, user, sent, thread_ts=thread_ts)

    async def _press(self, body: Json) -> None:
        user, channel = self._person(body), self._channel(body)
        ts, action = str(body["ts"]), str(body["action_id"])
        block, option = body.get("block_id"), body.get("option")
        await self._workspace.press(channel, ts, action, user, block, option=option)

    async def _shortcut(self, body: Json) -> None:
        user, channel = self._person(body), self._channel(body)
        await self._workspace.use_shortcut(channel, str(body["ts"]), str(body["id"]), user)

    async def _submit(self, body: Json) -> None:
        done = await self._workspace.submit_view(self._modal(body), body.get("values"))
        if done.error and done.delivery:
            raise LookupError(done.error)

    async def _press_in_modal(self, body: Json) -> None:
        action, block = str(body["action_id"]), body.get("block_id")
        option, values = body.get("option"), body.get("values")
        await self._workspace.press_in_view(self._modal(body), action, block, option=option, values=values)

    async def _close_modal(self, body: Json) -> None:
        await self._workspace.close_view(self._modal(body))

    async def _post_ticket(self, body: Json) -> Json:
        for ticket in self._panel.tickets:
            if ticket.name == body["name"]:
                posted = await ticket.post()
                return {"channel": posted.channel, "ts": posted.ts}
        raise LookupError("no such ticket")

    async def _switch_vendor(self, body: Json) -> None:
        for vendor in self._panel.vendors:
            if vendor.name == body["name"] and body["option"] in vendor.options:
                vendor.set(str(body["option"]))
                self._state.changes.announce()
                return
        raise LookupError("no such vendor or option")

    async def _push(self, body: Json) -> Json:
        for event in self._panel.pushes:
            if event.name == body["name"]:
                return {"said": await event.push()}
        raise LookupError("no such event")

    def _person(self, body: Json) -> str:
        user = self._state.users[str(body["user"])]
        if not may_act(user):
            raise LookupError("nobody sits in front of this account")
        return user.id

    def _modal(self, body: Json) -> str:
        view = self._state.views[str(body["id"])]
        if view.user != self._person(body):
            raise LookupError("somebody else's modal")
        return view.id

    def _channel(self, body: Json) -> str:
        return self._state.channels[str(body["channel"])].id

    def _names(self) -> dict[str, str]:
        users = self._state.users.values()
        names = {user.real_name: user.id for user in users} | {user.name: user.id for user in users}
        return dict(sorted(names.items(), key=lambda item: -len(item[0])))


def _answering(act: Act) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        _refuse_strangers(request)
        # Another site's page can make a browser post, but not post JSON: for that the browser asks us first.
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        try:
            result = await act(json.loads(await request.text()))
        except (LookupError, TypeError, ValueError) as error:
            return web.json_response({"ok": False, "error": str(error)}, status=400)
        return web.json_response({"ok": True} | (result or {}))

    return answer


def _refuse_strangers(request: web.Request) -> None:
    # A host name of somebody else's that resolves to loopback must not reach the page.
    if request.url.host not in _LOCAL_NAMES:
        raise web.HTTPForbidden
