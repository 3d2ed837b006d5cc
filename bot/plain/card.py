"""
A case file as a card of Plain's UI components: a pure function.

What a vendor or a customer wrote stands in PlainText alone, which formats nothing
(https://www.plain.com/docs/ui-components/plain-text); links are buttons, whose addresses are those that
sources allow. Of an answer the same words are used as in Slack.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.answers.words.counts import headline
from bot.answers.words.errors import last_trouble, trouble_line
from bot.answers.words.people import persona_of, users_of, who_line
from bot.answers.words.sources import source_lines
from bot.answers.words.style import LABEL, Style, joined, with_short_labels
from bot.answers.words.visits import VisitLines, common_line, common_of
from bot.domain.characters import without_invisible
from bot.domain.model import CaseFile
from bot.domain.visits.history import history_of
from bot.domain.visits.model import Visit
from bot.sources.registry import TITLES

Component = dict[str, Any]
# Characters of a text and of a button's label: https://github.com/team-plain/typescript-sdk, and the lower
# number where its versions differ. Of an address nothing is said.
_TEXT, _BUTTON, _URL = 5_000, 500, 2_000
# Visits that a card shows, links of each, and lines about sources.
_VISITS, _LINKS, _SOURCES = 5, 3, 10


def _line(text: str, most: int) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in without_invisible(text)).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


_PLAIN = Style(
    text=_line,
    name=_line,
    bold=lambda text: text,
    link=lambda _url, label: label,
    time=_time,
    mark=lambda _mark: "",
    label=lambda name: f"{TITLES[name.vendor]} ({_line(name.account, LABEL)})",
)


def card(case_file: CaseFile) -> list[Component]:
    """
    The components of a card: who it is, what went wrong last, how much there is, visits, how the sources are.

    What could not be asked in time is said among the last.
    """
    style, history = with_short_labels(_PLAIN, [case_file]), history_of(case_file)
    shown, trouble = history.visits[:_VISITS], last_trouble(history)
    common = common_of(shown, style)
    components = [_text(who_line(persona_of(case_file.subject, users_of(case_file)), style))]
    if trouble:
        components.append(_text(trouble_line(trouble, history, style), "ERROR"))
    components.append(_text(headline(case_file, history, style)))
    if said := common_line(common, shown, style):
        components.append(_text(said, "MUTED"))
    writer = VisitLines(style, common)
    for visit in shown:
        components.append({"componentDivider": {"dividerSpacingSize": "S"}})
        components += _visit(visit, writer.of(visit, None, "", len(history.in_visit(visit))), style)
    components.append({"componentDivider": {"dividerSpacingSize": "S"}})
    as_of = f"as of {_time(case_file.as_of)}"
    small = [*source_lines(case_file, style)[:_SOURCES], as_of]
    return [*components, *(_text(line, "MUTED", "S") for line in small if line.strip())]


def sentence(text: str) -> list[Component]:
    """A card that says one thing, in our own words."""
    return [_text(text, "MUTED")]


def _visit(visit: Visit, lines: Sequence[str], style: Style) -> list[Component]:
    first, *more = [line for line in lines if line.strip()]
    urls = {session.url: session for session in visit.sessions if session.url and len(session.url) <= _URL}
    buttons = [
        {"componentLinkButton": {"linkButtonLabel": style.label(one.source)[:_BUTTON], "linkButtonUrl": url}}
        for url, one in list(urls.items())[:_LINKS]
    ]
    head = _text(first)
    row = {"componentRow": {"rowMainContent": [head], "rowAsideContent": buttons}} if buttons else head
    return [row, *(_text(line, "MUTED") for line in more)]


def _text(text: str, color: str = "NORMAL", size: str = "M") -> Component:
    written = joined([_line(text, _TEXT)]) or "–"
    return {"componentPlainText": {"plainText": written, "plainTextColor": color, "plainTextSize": size}}
