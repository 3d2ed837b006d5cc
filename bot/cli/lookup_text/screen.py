"""What a lookup shows in a terminal: whom it is still asking, on stderr, and then the case file."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from rich.console import Console

from bot.answers.words import table
from bot.answers.words.others import others_paragraphs
from bot.answers.words.style import with_short_labels
from bot.cli.lookup_text.case_file import case_file_text
from bot.cli.lookup_text.style import COLOURED, PLAIN
from bot.domain.addresses import LONGEST_SUBJECT
from bot.domain.model import CaseFile
from bot.lookup.others import OthersHit


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


def print_others(case_file: CaseFile, hits: Sequence[OthersHit], now: datetime) -> None:
    """Print how many others the newest errors hit: in colour in a terminal, plain where it is piped."""
    console = Console(highlight=False, soft_wrap=True)
    plain_or_coloured = COLOURED if console.is_terminal else PLAIN
    style = with_short_labels(plain_or_coloured, [case_file])
    who = style.name(case_file.subject.value, LONGEST_SUBJECT)
    told = others_paragraphs(hits, who, case_file.days, now, style)
    text = "\n\n".join("\n".join(lines) for lines in told)
    if console.is_terminal:
        console.print(text)
    else:
        sys.stdout.write(f"{text}\n")
