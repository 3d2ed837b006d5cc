"""
How long a replay takes to play in a side pane, in headless Chromium; Rybbit is on this machine.

`page_ms` is from the frame's begin to its button, `playing_ms` from the press until the recorded page stands
there and the player goes on. The larger recordings have so many more nodes in each page.
"""

import argparse
import asyncio
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page, async_playwright

from benchmarks._rows import show
from bot.app import open_bot
from bot.operations.log import configure_logging
from bot.serving.run import serving_http
from bot.settings.model import load_settings
from sandbox.wire import wire_to_later
from sandbox.world import World, open_world

TIMES, LONG_TIMES = 5, 20
# Nodes more in each recorded page, and about how many megabytes of JSON that makes.
SIZES = {"small": 0, "1 MB": 2_500, "8 MB": 20_000}
_PERSON = "https://app.rybbit.io/1407/user/u-205"
_UNHURRIED = {"ACCESS__PER_PERSON_MINUTE": "100000"}
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]
# The player's progress, once it has left its begin.
_GOES_ON = "() => parseFloat(document.querySelector('.rr-progress__step')?.style.width ?? '0') > 0"


@dataclass(frozen=True)
class Row:
    """Recordings of one size: medians and the worst, in milliseconds."""

    recording: str
    times: int
    page_ms: float
    playing_ms: float
    worst_playing_ms: float


@asynccontextmanager
async def casefile(world: World) -> AsyncIterator[None]:
    """The bot on an empty SQLite, with its replays embedded."""
    ports = [0]
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        front = await stack.enter_async_context(wire_to_later(lambda: ports[0]))
        origin = f"http://127.0.0.1:{front.port}"
        variables = {"DATABASE_URL": f"sqlite:///{Path(folder) / 'bench.db'}", "EMBED_URL": origin}
        bot = await stack.enter_async_context(
            open_bot(load_settings(world.environment() | variables | _UNHURRIED))
        )
        ports[0] = await stack.enter_async_context(serving_http(bot, "127.0.0.1", 0))
        world.slack.connect(f"http://127.0.0.1:{ports[0]}/slack/events")
        world.slack.embed(origin)
        yield


def grown(nodes: int) -> Any:
    """What makes each recorded page larger by so many nodes."""

    def tamper(body: Any) -> Any:
        for event in body.get("events", ()):
            if event["type"] == 2:
                page = event["data"]["node"]["childNodes"][1]["childNodes"][1]["childNodes"]
                page += [_paragraph(100_000 + 2 * number) for number in range(nodes)]
        return body

    return tamper


def _paragraph(number: int) -> dict[str, Any]:
    text = {"type": 3, "textContent": f"Line {number} of a long page", "id": number + 1}
    return {"type": 2, "tagName": "p", "attributes": {}, "childNodes": [text], "id": number}


async def measure(browser: Browser, world: World, recording: str, times: int) -> Row:
    """Open the side pane and press, again and again, each time in a browser that has nothing in its cache."""
    world.rybbit.tamper = grown(SIZES[recording])
    seen, playing = [], []
    for _ in range(times):
        context = await browser.new_context()
        page = await context.new_page()
        opened, played = await _once(page, world)
        seen.append(opened)
        playing.append(played)
        await context.close()
    return Row(recording, times, _middle_ms(seen), _middle_ms(playing), round(max(playing) * 1000, 1))


def _middle_ms(seconds: list[float]) -> float:
    return round(statistics.median(seconds) * 1000, 1)


async def _once(page: Page, world: World) -> tuple[float, float]:
    slack = world.slack
    slack.state.panes.clear()
    await page.goto(slack.base_url)
    await slack.post_as_user(slack.places.random, slack.people.agent, "a line")
    await page.locator(".card").first.get_by_role("button", name="Visits of").click()
    await page.locator("iframe.embed").wait_for()
    begun = time.perf_counter()
    button = page.frame_locator("iframe.embed").get_by_role("button", name="Play the replay")
    await button.wait_for()
    shown = time.perf_counter()
    await button.click()
    pressed = time.perf_counter()
    inside = page.frame_locator("iframe.embed").frame_locator(".replayer-wrapper iframe")
    await inside.get_by_role("heading").wait_for()
    frame = next(one for one in page.frames if "/embed/replay/" in one.url)
    await frame.wait_for_function(_GOES_ON)
    return shown - begun, time.perf_counter() - pressed


async def run(times: int) -> list[Row]:
    """All rows."""
    path = os.environ.get("CHROMIUM") or shutil.which("chromium")
    async with (
        open_world(strangers_a_day=100) as world,
        casefile(world),
        async_playwright() as playwright,
    ):
        browser = await playwright.chromium.launch(executable_path=path, args=_FLAGS)
        slack = world.slack
        await slack.post_as_user(slack.places.support, slack.people.agent, f"look: <{_PERSON}>")
        await measure(browser, world, "small", 1)
        rows = [await measure(browser, world, recording, times) for recording in SIZES]
        await browser.close()
        return rows


def main() -> None:
    """Run it, and print a table or rows of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=LONG_TIMES, help="replays of each size")
    parser.add_argument("--short", action="store_true", help=f"{TIMES} of each size alone")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    configure_logging("ERROR")
    show(asyncio.run(run(TIMES if options.short else options.times)), as_json=options.json)


if __name__ == "__main__":
    main()
