"""`casefile demo`: the sandbox, and the bot in a process of its own, with a database that goes with it."""

import asyncio
import json
import sys
import tempfile
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from bot.operations.log import configure_logging
from bot.serving.run import stop_signal
from sandbox.slack.panel import Controls, Meter
from sandbox.slack.steps import install
from sandbox.wire import wire_to_later
from sandbox.world import World, open_world

# Seconds of each answer, as over the internet, so that people see the reply grow.
_PATIENCE = (0.25, 1.4, 0.15)
# The bot's orderly end takes less; then it is killed.
_LAST_SECONDS = 8.0
# Few enough that a page of the shop’s sessions covers days: five minutes of play leave calls.
_STRANGERS_A_DAY = 100


class DemoBot:
    """
    The bot's process: it can be started, killed and asked for its meters.

    Args:
        folder: where its database is, which outlives the process.

    Attributes:
        port: where it listens; another one each time that it is started.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = 0
        self._process: Process | None = None
        self._asking = asyncio.Lock()
        self._world: World | None = None
        self._embeds_at = ""

    @property
    def controls(self) -> Controls:
        """What the page may do with it."""
        return Controls({"kill": self.kill, "start": self.start}, self.meters)

    async def serve(self, world: World, embeds_at: str) -> None:
        """Start it for a sandbox; its pages for side panes are reached at the origin `embeds_at`."""
        self._world, self._embeds_at = world, embeds_at
        world.slack.embed(embeds_at)
        await self.start()

    async def start(self) -> None:
        """Start it, if it does not run; on return Slack's requests reach it."""
        world = self._world
        if self._process is not None or world is None:
            return
        variables = world.environment() | world.desks_environment() | world.raygun_entries.environment()
        variables |= {"DATABASE_URL": f"sqlite:///{self._folder / 'demo.db'}", "HELPDESK__NOTES": "true"}
        variables |= {"WATCH__CHANNEL": world.slack.places.random, "EMBED_URL": self._embeds_at}
        world.switches.show_configured(variables)
        given = {"variables": variables, "crashes_to": world.raygun_entries.endpoint}
        command = (sys.executable, "-m", "sandbox.demo_bot")
        # A session of its own: Ctrl-C is for the demo, which ends its bot in order.
        process = await asyncio.create_subprocess_exec(
            *command, stdin=PIPE, stdout=PIPE, start_new_session=True
        )
        self._process = process
        async with self._asking:
            port = await _asked(process, json.dumps(given))
        if port is None:
            raise RuntimeError("the demo's bot has not started")
        self.port = int(str(port))
        origin = f"http://127.0.0.1:{port}"
        world.raygun_webhooks.listen_at(origin)
        world.slack.connect(f"{origin}/slack/events")

    async def kill(self) -> None:
        """End it as a power cut would: nothing is finished, nothing is said."""
        process, self._process = self._process, None
        if process is not None and process.returncode is None:
            process.kill()
            await process.wait()

    async def stop(self) -> None:
        """End it in order."""
        process, self._process = self._process, None
        if process is None or process.stdin is None:
            return
        process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _LAST_SECONDS)
        except TimeoutError:
            process.kill()
            await process.wait()

    async def meters(self) -> Sequence[Meter]:
        """What each account has left and has been saved; none while it does not run."""
        process = self._process
        if process is None or process.returncode is not None or self._asking.locked():
            return ()
        async with self._asking:
            said = await _asked(process, "meters")
        return [Meter(**meter) for meter in said] if isinstance(said, list) else ()


async def _asked(process: Process, line: str) -> object:
    """What the process answers to one line; None where it has ended."""
    assert process.stdin is not None  # noqa: S101 - both are pipes
    assert process.stdout is not None  # noqa: S101
    try:
        process.stdin.write(line.encode() + b"\n")
        await process.stdin.drain()
    except ConnectionError:
        return None
    said = await process.stdout.readline()
    return json.loads(said) if said else None


@asynccontextmanager
async def open_demo(port: int, reset: asyncio.Event, more: Sequence[str] = ()) -> AsyncIterator[World]:
    """The sandbox with its bot and `more` vendors; `reset` is set when somebody asks for all of it anew."""

    async def begin_anew() -> None:
        reset.set()

    with tempfile.TemporaryDirectory(prefix="casefile-demo-") as folder:
        bot = DemoBot(Path(folder))
        controls = Controls({**bot.controls.acts, "reset": begin_anew}, bot.meters)
        opened = open_world(
            port, patience=_PATIENCE, strangers_a_day=_STRANGERS_A_DAY, controls=controls, more=more
        )
        async with opened as world, wire_to_later(lambda: bot.port) as front:
            install(world.slack.state)
            try:
                await bot.serve(world, f"http://127.0.0.1:{front.port}")
                yield world
            finally:
                await bot.stop()


async def demo(port: int, more: Sequence[str] = ()) -> None:
    """Run with `more` vendors until a signal to stop, and print the page's URL."""
    configure_logging("WARNING")
    told: list[str] = []

    def tell(world: World) -> None:
        if not told:
            told.append(world.slack.base_url)
            print(_welcome(world.slack.base_url), flush=True)  # noqa: T201 - the command's output

    await run_demo(port, stop_signal(), tell, more)


async def run_demo(
    port: int, stop: asyncio.Event, opened: Callable[[World], None], more: Sequence[str] = ()
) -> None:
    """Run until it is stopped; each time that all of it begins anew, `opened` is told the new sandbox."""
    while not stop.is_set():
        reset = asyncio.Event()
        async with open_demo(port, reset, more) as world:
            # The page comes back at the address that it was at.
            port = urlsplit(world.slack.base_url).port or port
            opened(world)
            await _either(stop, reset)


async def _either(*events: asyncio.Event) -> None:
    waits = [asyncio.create_task(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


def _welcome(address: str) -> str:
    return (
        f"\nCasefile's sandbox is open at {address}\n\n"
        "Type there, for example:  /sessions jane@contoso.example\n"
        "Nothing leaves this machine. Stop it with Ctrl-C.\n"
    )
