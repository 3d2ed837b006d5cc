"""`casefile demo`."""

from typing import Annotated

from cyclopts import Parameter

from bot.cli.arguments import Port
from bot.cli.running import listening_at, run_to_the_end
from bot.cli.terminal import OK, Complaint
from sandbox.demo import demo as run_demo
from sandbox.world import MORE_VENDORS


def demo(
    *,
    port: Annotated[Port, Parameter(help="of the sandbox's page", show_default=True)] = 8321,
    more: Annotated[
        tuple[str, ...],
        Parameter(name="--with", help=f"one more tool: {' or '.join(MORE_VENDORS)}", metavar="TOOL"),
    ] = (),
) -> int:
    """Run until SIGINT or SIGTERM; returns the exit status."""
    if unknown := [name for name in more if name not in MORE_VENDORS]:
        raise Complaint(f"--with takes {' or '.join(MORE_VENDORS)}, not {unknown[0]}")
    with listening_at(port, "--port"):
        run_to_the_end(run_demo(port, tuple(dict.fromkeys(more))))
    return OK
