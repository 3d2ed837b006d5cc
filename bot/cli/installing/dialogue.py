"""Questions and answers in a terminal, or read from a pipe: a line each, checked as soon as it is typed."""

import getpass
import sys
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from typing import TextIO

from bot.cli.terminal import Complaint, printable

# Characters of a line that is read at one glance.
_WIDTH = 96

Check = Callable[[str], str | None]
"""What is wrong with an answer, in words; None where nothing is."""


def anything(_answer: str) -> str | None:
    """Whatever is typed will do."""
    return None


@dataclass(frozen=True, slots=True)
class Dialogue:
    """
    Asks a person, who may try again, or a pipe, which may not.

    Args:
        reading: where answers come from.
        writing: where questions go.

    """

    reading: TextIO
    writing: TextIO

    @property
    def with_a_person(self) -> bool:
        """Whether somebody types."""
        return self.reading.isatty()

    def say(self, text: str = "") -> None:
        """Print lines, each broken between words where it is too wide for a terminal."""
        for line in text.split("\n"):
            indent = line[: len(line) - len(line.lstrip())]
            broken = textwrap.wrap(line, _WIDTH, subsequent_indent=indent, break_on_hyphens=False)
            print("\n".join(broken), file=self.writing, flush=True)

    def ask(self, question: str, check: Check = anything, default: str = "", *, secret: bool = False) -> str:
        """
        The first answer that passes, without white space around it; nothing typed is the default.

        Raises:
            Complaint: when a pipe's answer does not pass, or the answers have ended.

        """
        shown = f"{question} [{default}]: " if default else f"{question}: "
        while True:
            answer = self._line(shown, secret=secret).strip() or default
            wrong = check(answer)
            if wrong is None:
                return answer
            if not self.with_a_person:
                raise Complaint(f"{question}: {wrong}. Nothing was written.")
            self.say(f"  {wrong}")

    def agrees(self, question: str, *, default: bool) -> bool:
        """Whether the answer is yes; nothing typed is the default."""

        def yes_or_no(answer: str) -> str | None:
            return None if answer.lower() in ("y", "yes", "n", "no") else "y or n is needed"

        return self.ask(f"{question} (y/n)", yes_or_no, "y" if default else "n").lower().startswith("y")

    def _line(self, shown: str, *, secret: bool) -> str:
        try:
            if secret and self.with_a_person and self.reading is sys.stdin:
                # What is pasted is not shown, so it is said how much came.
                line = getpass.getpass(shown, self.writing)
                self.say(f"  ({len(line.strip())} characters)" if line.strip() else "  (nothing)")
                return line
        except EOFError:
            line = ""
        else:
            print(shown, end="", file=self.writing, flush=True)
            line = self.reading.readline()
        if not line:
            raise Complaint(
                f"The answers ended before “{printable(shown.strip(': '))}”. Nothing was written."
            )
        return line
