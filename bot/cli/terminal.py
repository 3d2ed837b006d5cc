"""What every command tells a terminal alike: exit statuses, complaints, and text that is safe to print."""

import os
import pwd
from datetime import datetime

_LONGEST_ACCOUNT = 80
OK, NOT_WELL, USAGE, NO_ANSWER = 0, 1, 2, 3


class Complaint(Exception):
    """Raised when a command cannot do as it was asked; the text is one line for whoever typed it."""


def printable(text: str) -> str:
    """Untrusted text without control characters: they could rewrite what a terminal shows."""
    return "".join(char if char.isprintable() else " " for char in text)


def moment_text(moment: datetime | None) -> str:
    """A moment to the minute, in UTC."""
    return "time not known" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"


def terminal_account() -> str:
    """The account of whoever runs this, as the operating system has it."""
    number = os.getuid()
    try:
        return f"os:{pwd.getpwuid(number).pw_name}"[:_LONGEST_ACCOUNT]
    except KeyError:
        return f"os:{number}"
