"""
A case file as a card of Plain's UI components: a pure function.

What a vendor or a customer wrote stands in PlainText alone, which formats nothing
(https://www.plain.com/docs/ui-components/plain-text); links are buttons, whose addresses are those that
sources allow. Of an answer the same words are used as in Slack.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from bot.answers.words import table
from bot.answers.words.counts import headline
from bot.answers.words.errors import last_trouble, trouble_line, watch_link
from bot.answers.words.people import persona_of, persons_pages, users_of, who_line
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
_BEFORE_LINKS = frozenset(words.format(links="").strip() for words in (table.REPLAYS, table.PERSONS_PAGE))


def _line(text: str, most: int) -> str:
    line = " ".join("".join(c if c.isprintable() else " " for c in without_invisible(text)).split())
    return line if len(line) <= most else f"{line[: most - 1]}…"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"


_PLAIN = Style(
    text=_line,
    name=_line,
    bold=lambda text: text,
    link=lambda _url, _label: "",
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
        watch = watch_link(trouble, history)
        buttons = [_button(watch[0], table.WATCH_THE_ERROR)] if watch else []
        components.append(_row(_text(trouble_line(trouble, history, style), "ERROR"), buttons))
    components.append(_text(headline(case_file, history, style)))
    pages = persons_pages([session for visit in shown for session in visit.sessions])
    own = [_button(url, style.label(pages[url].source)) for url in common.pages if url in pages]
    said = _told(common_line(common, shown, style))
    if said or own:
        components.append(_row(_text(said or table.PERSONS_PAGE.format(links=""), "MUTED"), own))
    writer = VisitLines(style, common)
    for visit in shown:
        components.append({"componentDivider": {"dividerSpacingSize": "S"}})
        lines = writer.of(visit, None, "", len(history.in_visit(visit)))
        components += _visit(visit, lines, style, common.pages)
    components.append({"componentDivider": {"dividerSpacingSize": "S"}})
    as_of = f"as of {_time(case_file.as_of)}"
    small = [*source_lines(case_file, style)[:_SOURCES], as_of]
    return [*components, *(_text(line, "MUTED", "S") for line in small if line.strip())]


def sentence(text: str) -> list[Component]:
    """A card that says one thing, in our own words."""
    return [_text(text, "MUTED")]


def _visit(visit: Visit, lines: Sequence[str], style: Style, said: Sequence[str]) -> list[Component]:
    """A visit's lines, with a button for each of its pages that was not `said` above."""
    first, *more = [told for line in lines if (told := _told(line))]
    urls = {session.url: session for session in visit.sessions if session.url and session.url not in said}
    buttons = [_button(url, style.label(one.source)) for url, one in urls.items()]
    return [_row(_text(first), buttons), *(_text(line, "MUTED") for line in more)]


def _told(line: str) -> str:
    """A line without the words before links: these are buttons."""
    return joined(part for part in line.split(" · ") if part.strip() not in _BEFORE_LINKS)


def _button(url: str, label: str) -> Component:
    return {"componentLinkButton": {"linkButtonLabel": label[:_BUTTON], "linkButtonUrl": url}}


def _row(text: Component, buttons: Sequence[Component]) -> Component:
    """A text with buttons beside it, as far as there are any; an address that is too long has none."""
    fit = [one for one in buttons if len(one["componentLinkButton"]["linkButtonUrl"]) <= _URL]
    if not fit:
        return text
    return {"componentRow": {"rowMainContent": [text], "rowAsideContent": fit[:_LINKS]}}


def _text(text: str, color: str = "NORMAL", size: str = "M") -> Component:
    written = joined([_line(text, _TEXT)]) or "–"
    return {"componentPlainText": {"plainText": written, "plainTextColor": color, "plainTextSize": size}}
