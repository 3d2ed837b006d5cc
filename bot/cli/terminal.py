"""What every command tells a terminal alike: exit statuses, complaints, and text that is safe to print."""

import os
import pwd
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

_LONGEST_ACCOUNT = 80
OK, NOT_WELL, USAGE, NO_ANSWER = 0, 1, 2, 3


class Complaint(Exception):
    """Raised when a command cannot do as it was asked; the text is one line for whoever typed it."""


def printable(text: str) -> str:
    """Untrusted text without control characters: they could rewrite what a terminal shows."""
    return "".join(char if char.isprintable() else " " for char in text)


def moment_text(moment: datetime | None) -> str:
    """A moment to the minute: in UTC for a pipe, in the machine's own time zone for a terminal."""
    if moment is None:
        return "time not known"
    if sys.stdout.isatty():
        return f"{moment.astimezone():%Y-%m-%d %H:%M}"
    return f"{moment:%Y-%m-%d %H:%M} UTC"


@contextmanager
def working(what: str) -> Iterator[None]:
    """Show in the terminal that something goes on, for the block; on stderr, and nothing in a pipe."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console  # noqa: PLC0415 - loaded for a terminal alone

    with Console(stderr=True).status(what):
        yield


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table for a terminal, as wide as that is, with a heading for each column."""
    from rich.console import Console  # noqa: PLC0415 - loaded for a terminal alone
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for number, name in enumerate(head):
        table.add_column(name, overflow="fold", no_wrap=number == 0, style="bold" if number == 0 else "")
    for row in rows:
        table.add_row(*map(Text, row))
    Console(highlight=False).print(table)


def terminal_account() -> str:
    """The account of whoever runs this, as the operating system has it."""
    number = os.getuid()
    try:
        return f"os:{pwd.getpwuid(number).pw_name}"[:_LONGEST_ACCOUNT]
    except KeyError:
        return f"os:{number}"
