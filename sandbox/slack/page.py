"""The page at `/`: its files, its content as JSON, the acts on it, and live updates."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from importlib.resources import files
from importlib.resources.abc import Traversable

from aiohttp import web

from sandbox.slack.page_acts import Act, PageActs
from sandbox.slack.page_view import view_of, view_of_panel
from sandbox.slack.panel import Panel
from sandbox.slack.workspace import SlackWorkspace

_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript"}
# Only our own files can run or be loaded, whatever a vendor or a customer wrote.
_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:"
_PAGE_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
_LOCAL_NAMES = frozenset({"127.0.0.1", "localhost"})


class Page:
    """Serves the page, to this machine only."""

    def __init__(self, workspace: SlackWorkspace, panel: Panel) -> None:
        self._state = workspace.state
        self._panel = panel
        self._acts = PageActs(workspace, panel)
        self._streams: set[asyncio.Task[None]] = set()

    def close(self) -> None:
        """End the live updates."""
        for stream in self._streams:
            stream.cancel()

    def add_routes(self, router: web.UrlDispatcher) -> None:
        """Add the page's routes."""
        for path, file in page_files().items():
            router.add_get(path, self._serving(file))
        router.add_get("/page/view", self._view)
        router.add_get("/page/panel", self._show_panel)
        router.add_get("/page/live", self._live)
        for name, act in self._acts.by_name().items():
            router.add_post(f"/page/{name}", _answering(act))

    def _serving(self, file: Traversable) -> Callable[[web.Request], Awaitable[web.Response]]:
        async def serve(request: web.Request) -> web.Response:
            _refuse_strangers(request)
            text, content_type = file.read_text(encoding="utf-8"), _TYPES[_ending(file)]
            headers = _PAGE_HEADERS | {"Content-Security-Policy": self._policy()}
            return web.Response(text=text, content_type=content_type, headers=headers)

        return serve

    def _policy(self) -> str:
        """What the page may load: its own files, and in frames the app's pages that are embedded."""
        frames = " ".join(sorted(self._state.embed_origins)) or "'none'"
        return f"{_POLICY}; frame-src {frames}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

    async def _view(self, request: web.Request) -> web.Response:
        _refuse_strangers(request)
        asked = (request.query.get(key, "") for key in ("user", "channel", "thread"))
        return web.json_response(view_of(self._state, self._panel, *asked))

    async def _show_panel(self, request: web.Request) -> web.Response:
        _refuse_strangers(request)
        steps = [function["title"] for function in self._state.functions.values()]
        return web.json_response(await view_of_panel(self._panel) | {"steps": steps})

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


def page_files() -> dict[str, Traversable]:
    """The page's files by the path that each is served at."""
    found: dict[str, Traversable] = {}
    folder = files("sandbox.slack").joinpath("static")
    for one in folder.iterdir():
        inside = {one.name: one} if one.is_file() else {f"{one.name}/{f.name}": f for f in one.iterdir()}
        found |= {f"/{path}": file for path, file in inside.items() if _ending(file) in _TYPES}
    return found | {"/": found["/index.html"]}


def _ending(file: Traversable) -> str:
    return file.name.rpartition(".")[2]


def _answering(act: Act) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def answer(request: web.Request) -> web.Response:
        _refuse_strangers(request)
        # Another site's page can make a browser post, but not post JSON: for that the browser asks us first.
        if request.content_type != "application/json":
            raise web.HTTPUnsupportedMediaType
        try:
            result = await act(json.loads(await request.text()))
        except (LookupError, TypeError, ValueError) as error:
            words = error.args[0] if error.args else type(error).__name__
            return web.json_response({"ok": False, "error": str(words)}, status=400)
        return web.json_response({"ok": True} | (result or {}))

    return answer


def _refuse_strangers(request: web.Request) -> None:
    # A host name of somebody else's that resolves to loopback must not reach the page.
    if request.url.host not in _LOCAL_NAMES:
        raise web.HTTPForbidden
