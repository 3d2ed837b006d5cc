"""`casefile init`."""

import sys
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from bot.cli.installing.dialogue import Dialogue
from bot.cli.installing.first_settings import install
from bot.cli.terminal import OK


def init(
    *,
    replace: Annotated[
        bool, Parameter(name="--replace", help="replace the .env that is there; it is kept as .env.old")
    ] = False,
) -> int:
    """Ask for what is needed and write `.env` and the manifest; the exit status."""
    dialogue = Dialogue(sys.stdin, sys.stdout)
    install(dialogue, Path.cwd(), replace=replace)
    return OK
