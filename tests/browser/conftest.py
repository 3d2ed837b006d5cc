"""Chromium with the page, and a Casefile behind it; no console error and no outside request goes unseen."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no typings
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Locator,
    Page,
    Request,
    async_playwright,
    expect,
)

from bot.app import Bot, open_bot
from bot.serving.run import serving_http
from bot.settings.model import load_settings
from sandbox.world import World, open_world
from tests.conftest import prepared_sqlite
from tests.end_to_end.conftest import PATIENT, SETTLED_WITHIN_SECONDS, SLACKS_PATIENCE, TIMING
from tests.end_to_end.privacy import Told, all_that_is_told

MISSING = (
    "Chromium is not installed, and the tests of the demo's page need it: apt-get install chromium"
    " fonts-noto-color-emoji, or CHROMIUM=/path/to/one. All other tests: make test-without-browser"
)
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
# A busy machine may take that long; nothing here is about time.
PATIENCE_MS = 60_000
WIDE, NARROW = (1440, 900), (390, 844)
Scheme = Literal["light", "dark"]
ON_ONE_LOOP = pytest.mark.asyncio(loop_scope="session")
BROWSER = [pytest.mark.browser, pytest.mark.process, ON_ONE_LOOP]
"""The marks of every module in here."""


def chromium() -> str:
    """The browser's path; without one the tests fail."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if found is None:
        pytest.fail(MISSING, pytrace=False)
    return found


@dataclass
class Window:
    """One window on the page, and what went wrong in it."""

    page: Page
    wrong: list[str] = field(default_factory=list)

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name="Message")

    @property
    def messages(self) -> Locator:
        return self.page.locator("#messages article")

    @property
    def thread(self) -> Locator:
        return self.page.locator("#thread article")

    @property
    def suggestions(self) -> Locator:
        return self.page.locator(".suggestion")

    @property
    def drawers(self) -> Locator:
        return self.page.locator("#drawers")

    async def ask(self, words: str) -> None:
        """Type a message or a command, and press Enter."""
        await self.composer.fill(words)
        await self.composer.press("Escape")
        await self.composer.press("Enter")

    async def agree(self, to: str) -> None:
        """Press this button of the question that stands in front."""
        await self.page.locator("dialog.confirm").get_by_role("button", name=to).click()

    async def be(self, user: str) -> None:
        """Sit down as somebody else."""
        await self.page.get_by_label("You are acting as").select_option(user)
        await expect(self.page.locator("body")).to_have_attribute("data-me", user)

    async def go_to(self, channel: str) -> None:
        """Open a channel of the list."""
        await self.page.locator(f"[data-channel={channel}]").click()

    async def offences(self) -> list[str]:
        """What axe-core finds that is serious or worse, with the places."""
        results = await Axe().run(self.page)
        return [
            f"{one['id']}: {one['help']} {[node['target'] for node in one['nodes']][:4]}"
            for one in results.response["violations"]
            if one["impact"] in ("serious", "critical")
        ]

    async def sideways(self) -> int:
        """How many pixels of the page stand out at the side."""
        return int(await self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))


@dataclass
class Screen(Window):
    """A window on the page of a whole sandbox."""

    world: World = field(kw_only=True)


async def whole_answer(screen: Screen, casefile: Bot, subject: str) -> Locator:
    """Ask for somebody; the reply, when all that will come of it is on the page."""
    slack, support = screen.world.slack, screen.world.slack.places.support
    await screen.ask(f"/sessions {subject}")
    await expect(screen.thread).to_have_count(2)
    async with asyncio.timeout(SETTLED_WITHIN_SECONDS):
        await casefile.engine.tasks.settle()
    parent = slack.messages(support)[-1]
    [reply] = slack.replies(support, parent.ts)
    # The last edit is the parent's: nothing more comes then. What is whole at once is not edited.
    for message, shown in ((parent, screen.messages.last), (reply, screen.thread.nth(1))):
        if message.edited_at:
            await expect(shown).to_contain_text("(edited)")
    return screen.thread.nth(1)


Open = Callable[..., Any]


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser for all tests of a process."""
    path = chromium()
    expect.set_options(timeout=PATIENCE_MS)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        await browser.close()


@pytest.fixture(autouse=True)
def told(tmp_path: Path) -> Iterator[Told]:
    """What the bot of a test has told and kept; it is looked through when the test has ended."""
    with all_that_is_told(tmp_path) as heard:
        yield heard
    assert heard.found() == {}


class Pages:
    """Pages that are used again: a new one starts a process, which takes as long as most tests here."""

    def __init__(self, context: BrowserContext) -> None:
        self._context = context
        self._unused: list[Page] = []

    @asynccontextmanager
    async def one(self) -> AsyncIterator[Page]:
        """An empty page for the block, for nobody else meanwhile; after a failure it is not used again."""
        page = self._unused.pop() if self._unused else await self._context.new_page()
        # A page that stands behind another one is drawn, and clicked, seconds late.
        await page.bring_to_front()
        yield page
        await page.unroute_all()
        await page.mouse.move(-1, -1)
        await page.goto("about:blank")
        self._unused.append(page)


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def pages(browser: Browser) -> AsyncIterator[Pages]:
    context = await browser.new_context(reduced_motion="reduce")
    context.set_default_timeout(PATIENCE_MS)
    yield Pages(context)
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def world() -> AsyncIterator[World]:
    async with open_world(strangers_a_day=100, slacks_patience=SLACKS_PATIENCE) as opened:
        yield opened


@pytest_asyncio.fixture(loop_scope="session")
async def casefile(world: World, tmp_path: Path) -> AsyncIterator[Bot]:
    """A Casefile that answers on the page."""
    database = {"DATABASE_URL": prepared_sqlite(tmp_path / "casefile.db")}
    variables = world.environment() | world.desks_environment() | database | PATIENT
    async with (
        open_bot(load_settings(variables), world.clock, TIMING) as bot,
        serving_http(bot, "127.0.0.1", 0) as port,
    ):
        world.slack.connect(f"http://127.0.0.1:{port}/slack/events")
        world.raygun_webhooks.listen_at(f"http://127.0.0.1:{port}")
        world.switches.show_configured(variables)
        yield bot
        assert world.slack.violations == []


@asynccontextmanager
async def screen_on(
    pages: Pages, world: World, size: tuple[int, int] = WIDE, scheme: Scheme = "light"
) -> AsyncIterator[Screen]:
    """A window on a sandbox's page."""
    async with window_on(pages, world.slack.base_url, size, scheme) as window:
        yield Screen(window.page, window.wrong, world=world)


@asynccontextmanager
async def window_on(
    pages: Pages, address: str, size: tuple[int, int] = WIDE, scheme: Scheme = "light"
) -> AsyncIterator[Window]:
    """A window on a workspace's page; at its end, nothing may have gone wrong in it."""
    async with pages.one() as page:
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await page.emulate_media(color_scheme=scheme)
        window = Window(page)

        def look(request: Request) -> None:
            parts = urlsplit(request.url)
            if parts.hostname not in ("127.0.0.1", None):
                window.wrong.append(f"asked for {request.url}")

        def hear(said: ConsoleMessage) -> None:
            if said.type == "error":
                window.wrong.append(f"said {said.text}")

        def note(error: Error) -> None:
            window.wrong.append(f"raised {error}")

        page.context.on("request", look)
        page.on("pageerror", note)
        page.on("console", hear)
        await page.goto(address)
        await expect(page.locator("#team")).to_have_text("Contoso Support")
        yield window
        page.context.remove_listener("request", look)
        page.remove_listener("pageerror", note)
        page.remove_listener("console", hear)
    assert window.wrong == []


@pytest_asyncio.fixture(loop_scope="session")
async def open_screen(pages: Pages, world: World, casefile: Bot) -> AsyncIterator[Open]:  # noqa: ARG001 - it answers
    """Opens windows, of a size and in a colour scheme, on the page with its Casefile."""
    async with AsyncExitStack() as stack:

        async def open_one(size: tuple[int, int] = WIDE, scheme: Scheme = "light") -> Screen:
            return await stack.enter_async_context(screen_on(pages, world, size, scheme))

        yield open_one


@pytest_asyncio.fixture(loop_scope="session")
async def screen(open_screen: Open) -> Screen:
    """A wide window."""
    opened: Screen = await open_screen()
    return opened
