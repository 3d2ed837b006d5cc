"""Pictures of the sandbox's page by a headless Chromium, spoken to by its DevTools protocol."""

import asyncio
import base64
import itertools
import json
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiohttp

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--hide-scrollbars",
    "--remote-debugging-port=0",
)
_PATIENCE_SECONDS = 30.0
# Pixels of a picture for one of the page.
_SHARPNESS = 1.5
# The page's own time, at which it stands still.
_TIME = """(() => {
  const Real = Date;
  globalThis.Date = class extends Real {
    constructor(...parts) { if (parts.length) super(...parts); else super(MOMENT); }
    static now() { return MOMENT; }
  };
})()"""

Send = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]
"""Calls a method of the DevTools protocol, with its parameters; returns its result."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A browser's page: it is shown an address, asked what is there, and pictured."""

    send: Send

    async def stand_at(self, moment: datetime) -> None:
        """Have every page that is shown from now on live at one moment, in UTC and in American English."""
        await self.send("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})
        await self.send("Emulation.setLocaleOverride", {"locale": "en-US"})
        light = {"name": "prefers-color-scheme", "value": "light"}
        await self.send("Emulation.setEmulatedMedia", {"features": [light]})
        await self.send("Page.enable", {})
        script = _TIME.replace("MOMENT", str(int(moment.timestamp() * 1_000)))
        await self.send("Page.addScriptToEvaluateOnNewDocument", {"source": script})

    async def show(self, url: str, width: int, height: int, until: str) -> None:
        """Load an address in a window of this size, and wait until an expression of JavaScript is true."""
        size = {"width": width, "height": height, "deviceScaleFactor": _SHARPNESS, "mobile": False}
        await self.send("Emulation.setDeviceMetricsOverride", size)
        # An address that differs in what is behind its # alone would not be loaded anew.
        await self.send("Page.navigate", {"url": "about:blank"})
        await self.send("Page.navigate", {"url": url})
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while not await self.value(f"Boolean({until})"):  # noqa: ASYNC110 - a page sends no events of its own
                await asyncio.sleep(0.1)

    async def value(self, expression: str) -> Any:
        """What an expression of JavaScript is on the page."""
        asked = {"expression": expression, "returnByValue": True}
        return (await self.send("Runtime.evaluate", asked))["result"].get("value")

    async def take(self, into: Path, selector: str) -> None:
        """Write a picture of the element with this selector, and beside it the words that it shows."""
        found = f"document.querySelector({json.dumps(selector)})"
        box = f"(() => {{ const b = {found}.getBoundingClientRect();"
        corner = await self.value(f"{box} return [b.x, b.y, b.width, b.height]; }})()")
        clip = dict(zip(("x", "y", "width", "height"), corner, strict=True)) | {"scale": 1}
        answer = await self.send("Page.captureScreenshot", {"format": "png", "clip": clip})
        words = str(await self.value(f"{found}.innerText"))
        lines = [line.strip() for line in words.splitlines() if line.strip()]
        await asyncio.to_thread(into.write_bytes, base64.b64decode(answer["data"]))
        await asyncio.to_thread(into.with_suffix(".txt").write_text, "\n".join([*lines, ""]), "utf-8")


@asynccontextmanager
async def camera(chromium: str) -> AsyncIterator[Camera]:
    """A browser with one page, for the block."""
    with tempfile.TemporaryDirectory(prefix="casefile-camera-", ignore_cleanup_errors=True) as profile:
        browser = await asyncio.create_subprocess_exec(
            chromium,
            *_FLAGS,
            f"--user-data-dir={profile}",
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with aiohttp.ClientSession() as http:
                address = await _first_page(http, Path(profile) / "DevToolsActivePort")
                async with http.ws_connect(address, max_msg_size=0) as socket:
                    yield Camera(_sending(socket))
        finally:
            browser.terminate()
            await browser.wait()


def _sending(socket: aiohttp.ClientWebSocketResponse) -> Send:
    """What calls a page's methods, one after the other, over its socket."""
    numbers = itertools.count(1)

    async def send(method: str, params: dict[str, Any]) -> dict[str, Any]:
        number = next(numbers)
        await socket.send_json({"id": number, "method": method, "params": params})
        async for message in socket:
            answer: dict[str, Any] = message.json()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return dict(answer["result"])
        raise RuntimeError(f"the browser has gone during {method}")

    return send


async def _first_page(http: aiohttp.ClientSession, file: Path) -> str:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while not (written := await asyncio.to_thread(_read, file)):  # noqa: ASYNC110 - a file tells nobody
            await asyncio.sleep(0.05)
        async with http.get(f"http://127.0.0.1:{written.split()[0]}/json/list") as answer:
            pages = await answer.json()
    return str(next(page["webSocketDebuggerUrl"] for page in pages if page["type"] == "page"))


def _read(file: Path) -> str:
    """What the browser has written; empty until it has."""
    return file.read_text() if file.exists() else ""
