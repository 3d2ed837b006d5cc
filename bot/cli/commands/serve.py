"""`casefile serve` and `casefile socket`."""

from typing import Annotated

from cyclopts import Parameter

from bot.cli.arguments import Port
from bot.cli.environment import read_settings
from bot.cli.running import listening_at, run_to_the_end
from bot.cli.terminal import OK
from bot.operations.log import configure_logging
from bot.serving import run
from bot.settings.model import Settings

_PORT = 3000


def serve(
    *,
    host: Annotated[str, Parameter(help="to listen at", metavar="HOST", show_default=True)] = "127.0.0.1",
    port: Annotated[Port | None, Parameter(help=f"to listen at [default: $PORT, or {_PORT}]")] = None,
) -> int:
    """Run until SIGINT or SIGTERM; returns the exit status."""
    settings = _settings()
    chosen = port if port is not None else (settings.port or _PORT)
    with listening_at(chosen, "--port or PORT"):
        run_to_the_end(run.serve(settings, host, chosen))
    return OK


def socket() -> int:
    """Run until SIGINT or SIGTERM; returns the exit status."""
    settings = _settings()
    with listening_at(settings.port or 0, "PORT"):
        run_to_the_end(run.socket(settings))
    return OK


def _settings() -> Settings:
    settings = read_settings()
    configure_logging(settings.log_level)
    return settings
