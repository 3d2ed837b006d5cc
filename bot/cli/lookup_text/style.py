"""How an answer's words are written in a terminal: in colour and its own zone; piped, plain and in UTC."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from rich.markup import escape

from bot.answers.words.style import Mark, Style
from bot.cli.terminal import printable
from bot.domain.model import SourceName
from bot.sources.registry import TITLES

_MARKS = {
    Mark.WRONG: "!",
    Mark.WELL: "✓",
    Mark.ASKING: "…",
    Mark.OLD: "~",
    Mark.FAILED: "✗",
    Mark.SHORT: "-",
    Mark.DOUBT: "?",
    Mark.PIN: "→",
}
_COLOURS = {
    Mark.WRONG: "bold red",
    Mark.WELL: "green",
    Mark.FAILED: "red",
    Mark.OLD: "yellow",
    Mark.DOUBT: "yellow",
}


def local_moment(moment: datetime) -> str:
    """A time in this machine's zone, to the minute, with the zone's name."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M %Z}"


def _utc_moment(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


def _cut(text: str, most: int) -> str:
    line = " ".join(printable(text).split())
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


def _label(name: SourceName) -> str:
    return f"{TITLES[name.vendor]} ({printable(name.account)})"


# Every link stands in a line of its own, below what it belongs to.
PLAIN = Style(
    text=_cut,
    name=_cut,
    bold=lambda text: text,
    link=lambda url, label: f"\n    {label}  {printable(url)}",
    time=_utc_moment,
    mark=lambda mark: _MARKS[mark],
    label=_label,
)


def _marked(mark: Mark) -> str:
    colour = _COLOURS.get(mark)
    return f"[{colour}]{_MARKS[mark]}[/]" if colour else _MARKS[mark]


def _escaped(write: Callable[[str, int], str]) -> Callable[[str, int], str]:
    return lambda text, most: escape(write(text, most))


# The same in the markup of `rich`.
COLOURED = replace(
    PLAIN,
    text=_escaped(_cut),
    name=lambda text, most: f"[cyan]{escape(_cut(text, most))}[/]",
    bold=lambda text: f"[bold]{text}[/]",
    time=local_moment,
    link=lambda url, label: f"\n    {label}  [dim]{escape(printable(url))}[/]",
    mark=_marked,
    label=lambda name: escape(_label(name)),
)
