"""
The documents' pictures, made from the demo: a ticket, a command, a card and a terminal (`make pictures`).

Chromium draws them (Debian's package `chromium`): the sandbox's page as people see it, with no network. The
time stands still, and all tools have been asked before, so that they are the same whenever they are drawn.
Beside each picture a file of text holds the words that it shows.
"""

import argparse
import asyncio
import io
import json
import tempfile
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlencode

from rich.console import Console
from rich.terminal_theme import MONOKAI

from bot.app import Bot, open_bot
from bot.cli.lookup_text.case_file import case_file_text
from bot.cli.lookup_text.style import COLOURED, PLAIN
from bot.domain.model import CaseFile
from bot.domain.subjects import NotUnderstood, read_subject
from bot.operations.log import configure_logging
from bot.serving.run import serving_socket
from bot.settings.model import load_settings
from bot.sources.protocol import Question
from sandbox.camera import Camera, camera
from sandbox.clock import SandboxClock
from sandbox.people import FULLSTORY, RAYGUN, RYBBIT, UXCAM, Customer
from sandbox.slack import Message, plain_text
from sandbox.slack.entities import Previews
from sandbox.ticket_samples import post_sample
from sandbox.vendors.uxcam import session_url
from sandbox.world import World, open_world

_ASKED, _REQUESTER = "jane@contoso.example", "jane.doe@contoso.example"
_TICKET, _NUMBER = "01_zendesk_app_id_only", "48213"
_STRANGERS_A_DAY = 400
# How wide a terminal is that people read in.
_COLUMNS = 110
# A thread of 400 pixels is beside the channel in a window of this size.
_WIDTH, _HEIGHT = 1240, 900
_MOMENT = datetime(2026, 11, 20, 14, 5, 9, tzinfo=UTC)


async def draw(folder: Path, page: Camera) -> None:
    """Write the pictures, and what they show, into a folder."""
    async with AsyncExitStack() as stack:
        own = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="casefile-pictures-")))
        opened = open_world(strangers_a_day=_STRANGERS_A_DAY, clock=SandboxClock(_MOMENT))
        world = await stack.enter_async_context(opened)
        variables = world.environment() | world.desks_environment()
        settings = load_settings(variables | {"DATABASE_URL": f"sqlite:///{own / 'casefile.db'}"})
        bot = await stack.enter_async_context(open_bot(settings, world.clock))
        # By signed HTTP, a moment that is long ago would be refused.
        await stack.enter_async_context(serving_socket(bot))
        await world.slack.wait_for(lambda: world.slack.connections)
        # It counts the calls of a second, and no second passes.
        world.uxcam.counts_calls = False
        person = next(one for one in world.people if {FULLSTORY, RAYGUN, RYBBIT, UXCAM} <= one.vendors)
        for name in (_ASKED, _REQUESTER, person.subject):
            await _case_file(bot, name)
        await page.stand_at(_MOMENT)
        await _command(world, page, folder / "command.png")
        await _ticket(world, page, folder / "ticket.png")
        await _card(world, person, page, folder / "card.png")
        await _terminal(bot, page, own, folder / "terminal.png")


async def _case_file(bot: Bot, name: str) -> CaseFile:
    """What all tools say of somebody, when the last one has answered."""
    subject = read_subject(name)
    if isinstance(subject, NotUnderstood):
        raise TypeError(subject.why)
    return await bot.engine.lookup.until_deadline(Question(subject, 30))


def _page(world: World, thread: Message) -> str:
    """The address of a thread on the sandbox's page, as the agent sees it."""
    here = {"user": world.slack.people.agent, "channel": thread.channel, "thread": thread.ts, "tab": ""}
    return f"{world.slack.base_url}#{urlencode(here)}"


def _drawn(words: str) -> str:
    """What is true on the page when it shows these words."""
    return f"document.body.innerText.includes({json.dumps(words)})"


async def _reply(world: World, thread: Message) -> Message:
    """The whole answer in a thread."""
    slack = world.slack

    def whole() -> Message | None:
        replies = slack.replies(thread.channel, thread.ts)
        return replies[0] if replies and "asking" not in plain_text(replies[0]).lower() else None

    return await slack.wait_for(whole)


async def _command(world: World, page: Camera, into: Path) -> None:
    slack = world.slack
    channel = slack.places.support
    await slack.type_command(channel, slack.people.agent, f"/sessions {_ASKED}")
    parent = await slack.wait_for(lambda: next(iter(slack.messages(channel)), None))
    await _reply(world, parent)
    await page.show(_page(world, parent), _WIDTH, _HEIGHT, _drawn("Every visit"))
    await page.take(into, "body")


async def _ticket(world: World, page: Camera, into: Path) -> None:
    sample = next(sample for sample in world.tickets if sample.name == _TICKET)
    _know(world, _NUMBER)
    root = await post_sample(world.slack, sample, ticket_id=_NUMBER)
    await _reply(world, root)
    await page.show(_page(world, root), _WIDTH, 1200, _drawn("Every visit"))
    await page.take(into, "#thread")


def _know(world: World, number: str) -> None:
    world.zendesk.know(number, email="jane.doe@contoso.example", name="Jane Doe", external_id="u-4711")


async def _card(world: World, person: Customer, page: Camera, into: Path) -> None:
    slack = world.slack
    text = f"Is this the crash from yesterday? <{session_url(person, person.visits[0])}>"
    # As it looks wherever Work Objects are not switched on.
    slack.state.work_objects = Previews.LEFT_OUT
    message = await slack.post_as_user(slack.places.random, slack.people.agent, text)
    await slack.wait_for(lambda: (slack.state.find(message.channel, message.ts) or message).unfurls)
    await page.show(_page(world, message), _WIDTH, _HEIGHT, _drawn("Visit of"))
    await page.take(into, "#messages article")


async def _terminal(bot: Bot, page: Camera, own: Path, into: Path) -> None:
    case_file = await _case_file(bot, _ASKED)
    console = Console(record=True, width=_COLUMNS, file=io.StringIO(), force_terminal=True, highlight=False)
    console.print(f"[bold]$[/] casefile lookup {_ASKED}")
    console.print(case_file_text(case_file, replace(COLOURED, time=PLAIN.time)), soft_wrap=True)
    written = own / "terminal.html"
    written.write_text(console.export_html(theme=MONOKAI), encoding="utf-8")
    await page.show(written.as_uri(), 1180, 900, "document.querySelector('pre')")
    await page.take(into, "pre")


def main() -> None:
    """Make the pictures, in the folder that is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--chromium", default="chromium")
    given = parser.parse_args()
    configure_logging("WARNING")
    given.folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(_make(given.folder.resolve(), given.chromium))


async def _make(folder: Path, chromium: str) -> None:
    async with camera(chromium) as page:
        await draw(folder, page)


if __name__ == "__main__":
    main()
