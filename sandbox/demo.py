"""`casefile demo`: the sandbox and the bot in one process, with a database that goes with it."""

import tempfile
from pathlib import Path

from bot.app import open_bot
from bot.operations.log import configure_logging
from bot.serving.run import serving_http, stop_signal
from bot.settings.model import load_settings
from sandbox.world import open_world

# Seconds of each answer, as over the internet, so that people see the reply grow.
_PATIENCE = (0.25, 1.4, 0.15)


async def demo(port: int) -> None:
    """Run until a signal to stop, and print the page's URL."""
    configure_logging("WARNING")
    stop = stop_signal()
    with tempfile.TemporaryDirectory(prefix="casefile-demo-") as folder:
        async with open_world(port, patience=_PATIENCE) as world:
            database = {"DATABASE_URL": f"sqlite:///{Path(folder) / 'demo.db'}"}
            variables = world.environment() | world.desks_environment() | world.raygun_entries.environment()
            settings = load_settings(variables | database)
            async with (
                open_bot(settings, world.clock, crashes_to=world.raygun_entries.endpoint) as bot,
                serving_http(bot, "127.0.0.1", 0) as port_taken,
            ):
                world.raygun_webhooks.listen_at(f"http://127.0.0.1:{port_taken}")
                world.slack.connect(f"http://127.0.0.1:{port_taken}/slack/events")
                print(_welcome(world.slack.base_url), flush=True)  # noqa: T201 - the command's output
                await stop.wait()


def _welcome(address: str) -> str:
    return (
        f"\nCasefile's sandbox is open at {address}\n\n"
        "Type there, for example:  /sessions jane@contoso.example\n"
        "Nothing leaves this machine. Stop it with Ctrl-C.\n"
    )
