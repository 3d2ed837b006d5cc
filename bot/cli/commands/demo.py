"""`casefile demo`."""

from typing import Annotated

from cyclopts import Parameter

from bot.cli.arguments import Port
from bot.cli.running import listening_at, run_to_the_end
from bot.cli.terminal import OK
from sandbox.demo import demo as run_demo


def demo(*, port: Annotated[Port, Parameter(help="of the sandbox's page", show_default=True)] = 8321) -> int:
    """Run until SIGINT or SIGTERM; returns the exit status."""
    with listening_at(port, "--port"):
        run_to_the_end(run_demo(port))
    return OK
