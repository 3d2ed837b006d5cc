"""How words are written: the same sentences in Slack's markup, and in a terminal."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from bot.answers.mrkdwn import code, escaped, link, local_time
from bot.domain.model import CaseFile, SourceName
from bot.sources.registry import TITLES

# Characters of an account's label.
LABEL = 40


class Mark(StrEnum):
    """A small sign before a line."""

    WRONG = "rotating_light"
    WELL = "white_check_mark"
    ASKING = "hourglass_flowing_sand"
    OLD = "hourglass"
    FAILED = "warning"
    SHORT = "white_small_square"
    DOUBT = "grey_question"
    PIN = "round_pushpin"


@dataclass(frozen=True, slots=True)
class Style:
    """
    Writes the parts of a sentence.

    `text` is somebody else's text as one line of at most so many characters, `name` the same to be copied
    exactly; `link` writes a URL with its label, `label` a source as people know it.
    """

    text: Callable[[str, int], str]
    name: Callable[[str, int], str]
    bold: Callable[[str], str]
    link: Callable[[str, str], str]
    time: Callable[[datetime], str]
    mark: Callable[[Mark], str]
    label: Callable[[SourceName], str]

    def labels(self, names: Iterable[SourceName]) -> str:
        """Sources as a sentence lists them."""
        return listed([self.label(name) for name in names])


def _whole_label(name: SourceName) -> str:
    return f"{TITLES[name.vendor]} ({escaped(name.account, LABEL)})"


SLACK = Style(
    text=escaped,
    name=code,
    bold=lambda text: f"*{text}*",
    link=link,
    time=local_time,
    mark=lambda mark: f":{mark}:",
    label=_whole_label,
)


def with_short_labels(style: Style, case_files: Iterable[CaseFile]) -> Style:
    """The style in which an account is named only where there are several of its vendor."""
    names = {f.source for one in case_files for f in one.findings}
    names |= {name for one in case_files for name in one.waiting}
    vendors = [name.vendor for name in names]
    return replace(
        style,
        label=lambda name: style.label(name) if vendors.count(name.vendor) > 1 else TITLES[name.vendor],
    )


def listed(words: list[str]) -> str:
    """Words as a sentence lists them: "a, b and c"; "no source" for none."""
    if not words:
        return "no source"
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def joined(parts: Iterable[str | None]) -> str:
    """The parts of a line that there are, with dots between them."""
    return " · ".join(part for part in parts if part)
