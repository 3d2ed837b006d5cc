"""The page that plays a replay: in the side pane, and framed by somebody else."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest_asyncio
from aiohttp import web
from playwright.async_api import Browser, FrameLocator, Page, Request, expect

from bot.app import open_bot
from bot.serving.run import serving_http
from bot.settings.model import load_settings
from sandbox.wire import wire_to_later
from sandbox.world import World
from tests.browser.conftest import BROWSER, PATIENCE_MS
from tests.conftest import prepared_sqlite
from tests.end_to_end.conftest import PATIENT, TIMING

pytestmark = BROWSER

PERSON = "https://app.rybbit.io/1407/user/u-205"


@dataclass
class Desk:
    """A page of the sandbox with a card whose side pane plays a replay; `loaded` is all that was loaded."""

    page: Page
    world: World
    loaded: list[str] = field(default_factory=list)

    @property
    def frame(self) -> FrameLocator:
        return self.page.frame_locator("iframe.embed")

    @property
    def recorded(self) -> FrameLocator:
        """The pages that the player builds."""
        return self.frame.frame_locator(".replayer-wrapper iframe")

    async def open(self) -> None:
        """Paste an address, and click the card."""
        slack = self.world.slack
        await slack.post_as_user(slack.places.support, slack.people.agent, f"look: <{PERSON}>")
        await self.page.locator(".card").get_by_role("button", name="Visits of").click()

    async def address(self) -> str:
        address = await self.page.locator("iframe.embed").get_attribute("src")
        assert address
        return address


@pytest_asyncio.fixture(loop_scope="session")
async def desk(browser: Browser, world: World, tmp_path: Path) -> AsyncIterator[Desk]:
    ports = [0]
    async with AsyncExitStack() as stack:
        front = await stack.enter_async_context(wire_to_later(lambda: ports[0]))
        origin = f"http://127.0.0.1:{front.port}"
        database = {"DATABASE_URL": prepared_sqlite(tmp_path / "casefile.db")}
        settings = load_settings(world.environment() | database | PATIENT | {"EMBED_URL": origin})
        bot = await stack.enter_async_context(open_bot(settings, world.clock, TIMING))
        ports[0] = await stack.enter_async_context(serving_http(bot, "127.0.0.1", 0))
        world.slack.connect(f"http://127.0.0.1:{ports[0]}/slack/events")
        world.slack.embed(origin)
        context = await browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(PATIENCE_MS)
        stack.push_async_callback(context.close)
        desk = Desk(await context.new_page(), world)

        def loaded(request: Request) -> None:
            desk.loaded.append(request.url)

        context.on("requestfinished", loaded)
        await desk.page.goto(world.slack.base_url)
        yield desk
        assert world.slack.violations == []
        assert [url for url in desk.loaded if not url.startswith("http://127.0.0.1:")] == []


async def test_the_side_pane_plays_the_recorded_visit_when_somebody_presses(desk: Desk) -> None:
    await desk.open()
    await desk.frame.get_by_role("button", name="Play the replay").click()
    await expect(desk.recorded.get_by_role("heading")).to_be_visible()
    # Time goes on: the mouse has moved, and the clock below says so.
    await expect(desk.frame.locator(".rr-timeline__time").first).not_to_have_text("00:00")
    await expect(desk.frame.locator(".replayer-mouse")).to_be_visible()
    await expect(desk.frame.get_by_role("button", name="Play or pause")).to_be_visible()
    # Of the recorded page's own files none was loaded, and no script of it can run.
    assert not any("shop.example" in url for url in desk.loaded)
    inner = desk.frame.locator(".replayer-wrapper iframe")
    await expect(inner).to_have_attribute("sandbox", "allow-same-origin")
    # Pressed anew after a refresh, it plays again.
    await desk.page.get_by_role("button", name="Refresh").click()
    await desk.frame.get_by_role("button", name="Play the replay").click()
    await expect(desk.recorded.get_by_role("heading")).to_be_visible()


HOSTILE: list[dict[str, Any]] = [
    {"tagName": "script", "childNodes": [{"type": 3, "textContent": "parent.pwned = 1", "id": 90}]},
    {"tagName": "img", "attributes": {"src": "https://evil.example/x.png", "onerror": "parent.pwned = 1"}},
    {"tagName": "iframe", "attributes": {"srcdoc": "<script>parent.parent.pwned = 1</script>"}},
    {"tagName": "iframe", "attributes": {"src": "https://evil.example/frame"}},
    {"tagName": "link", "attributes": {"rel": "stylesheet", "href": "https://evil.example/x.css"}},
    {"tagName": "meta", "attributes": {"http-equiv": "refresh", "content": "0;url=https://evil.example/r"}},
    {"tagName": "object", "attributes": {"data": "https://evil.example/o"}},
    {"tagName": "svg", "isSVG": True, "attributes": {"onload": "parent.pwned = 1"}},
    {"tagName": "input", "attributes": {"autofocus": "", "onfocus": "parent.pwned = 1"}},
    {"tagName": "style", "childNodes": [{"type": 3, "textContent": "@import '//evil.example'", "id": 91}]},
]


async def test_a_hostile_recording_runs_no_script_and_loads_nothing(desk: Desk) -> None:
    def tampered(body: dict[str, Any]) -> dict[str, Any]:
        for event in body.get("events", ()):
            if event["type"] == 2:
                _doctype, html = event["data"]["node"]["childNodes"]
                html["childNodes"][1]["childNodes"] += [
                    {"type": 2, "attributes": {}, "childNodes": [], "id": 70 + number} | node
                    for number, node in enumerate(HOSTILE)
                ]
        return body

    desk.world.rybbit.tamper = tampered
    await desk.open()
    await desk.frame.get_by_role("button", name="Play the replay").click()
    await expect(desk.recorded.get_by_role("heading")).to_be_visible()
    await expect(desk.frame.locator(".rr-timeline__time").first).not_to_have_text("00:00")
    for frame in desk.page.frames:
        assert await frame.evaluate("self.pwned === undefined")
    assert not any("evil.example" in url for url in desk.loaded)


async def test_what_cannot_be_played_is_said_in_the_page(desk: Desk) -> None:
    desk.world.rybbit.tamper = lambda body: {"events": []} if "events" in body else body
    await desk.open()
    await desk.frame.get_by_role("button", name="Play the replay").click()
    await expect(desk.frame.get_by_role("status")).to_contain_text("Rybbit has no recording of this visit")
    await expect(desk.frame.get_by_role("button", name="Play the replay")).to_be_enabled()


async def test_another_browser_and_a_foreign_frame_are_refused(desk: Desk, browser: Browser) -> None:
    await desk.open()
    await desk.frame.get_by_role("button", name="Play the replay").click()
    await expect(desk.recorded.get_by_role("heading")).to_be_visible()
    address = await desk.address()
    async with framed_elsewhere(address) as foreign:
        context = await browser.new_context()
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        said: list[str] = []
        page.on("console", lambda line: said.append(line.text))
        await page.goto(foreign)
        # The browser shows a page of its own in place of ours.
        await expect(page.frame_locator("iframe").get_by_text("Play the replay")).to_have_count(0)
        assert any("frame-ancestors" in line for line in said)
        # In a window of its own.
        opened = await page.goto(address)
        assert opened
        assert opened.status == 403
        await expect(page.get_by_role("alert")).to_contain_text("Slack’s side pane alone")
        await context.close()
    # In Slack's frame, in a browser of somebody else's: the same pane, with the same address.
    context = await browser.new_context()
    context.set_default_timeout(PATIENCE_MS)
    other = Desk(await context.new_page(), desk.world)
    await other.page.goto(desk.world.slack.base_url)
    assert await other.address() == address
    await other.frame.get_by_role("button", name="Play the replay").click()
    await expect(other.frame.get_by_role("status")).to_contain_text("opened in another browser")
    await context.close()


async def test_without_allow_same_origin_the_page_says_what_to_switch_on(desk: Desk) -> None:
    await desk.open()
    await expect(desk.frame.get_by_role("button", name="Play the replay")).to_be_visible()
    await desk.page.evaluate(
        "() => { const f = document.querySelector('iframe.embed');"
        " f.setAttribute('sandbox', 'allow-scripts'); f.src = f.src }"
    )
    await expect(desk.frame.get_by_role("status")).to_contain_text("allow-same-origin")
    await expect(desk.frame.get_by_role("button", name="Play the replay")).to_have_count(0)


@asynccontextmanager
async def framed_elsewhere(address: str) -> AsyncIterator[str]:
    """A page of another origin that frames an address."""

    async def page(_request: web.Request) -> web.Response:
        return web.Response(
            text=f"<!doctype html><iframe src='{address}'></iframe>", content_type="text/html"
        )

    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
    finally:
        await runner.cleanup()
