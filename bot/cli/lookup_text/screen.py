"""What a lookup shows in a terminal: whom it is still asking, on stderr, and then the case file."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console

from bot.answers.words import table
from bot.answers.words.style import with_short_labels
from bot.cli.lookup_text.case_file import case_file_text
from bot.cli.lookup_text.style import COLOURED, PLAIN
from bot.domain.model import CaseFile


@contextmanager
def progress() -> Iterator[Callable[[CaseFile], None]]:
    """What shows, each time it is called, which sources are still asked; nothing where nobody looks on."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _case_file: None
        return
    with console.status("…") as status:

        def show(case_file: CaseFile) -> None:
            style = with_short_labels(COLOURED, [case_file])
            status.update(table.ASKING.format(sources=style.labels(case_file.waiting)))

        yield show


def print_case_file(case_file: CaseFile) -> None:
    """Print a case file: in colour in a terminal, plain where it is piped."""
    console = Console(highlight=False, soft_wrap=True)
    if console.is_terminal:
        console.print(case_file_text(case_file, COLOURED))
    else:
        sys.stdout.write(f"{case_file_text(case_file, PLAIN)}\n")
