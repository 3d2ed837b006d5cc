"""A case file as a terminal shows it: the words of an answer in Slack, times in this machine's zone."""

from bot.answers.mrkdwn import counted
from bot.answers.words import table
from bot.answers.words.absence import absence_line
from bot.answers.words.advice import advice_line
from bot.answers.words.counts import headline
from bot.answers.words.errors import error_lines, last_trouble, trouble_line
from bot.answers.words.people import doubt_lines, persona_of, users_of, who_line
from bot.answers.words.sources import source_lines
from bot.answers.words.style import Style, with_short_labels
from bot.answers.words.visits import VisitLines, common_line, common_of
from bot.cli.lookup_text.style import PLAIN
from bot.domain.model import CaseFile
from bot.domain.visits.history import History, history_of

_SHOWN = 20
# Characters of a line in a terminal that people read in.
_LINE = 100


def case_file_text(case_file: CaseFile, plain_or_coloured: Style = PLAIN) -> str:
    """Who it is, what went wrong last, visits, errors and sources; every link in a line of its own."""
    style, history = with_short_labels(plain_or_coloured, [case_file]), history_of(case_file)
    paragraphs = [_above(case_file, history, style), *_visits(history, style)]
    if left := len(history.visits) - _SHOWN:
        paragraphs += [[table.OLDER_VISITS.format(visits=counted(left, "older visit"))]] if left > 0 else []
    trouble = last_trouble(history)
    paragraphs.append(error_lines(history, trouble.happening if trouble else None, style))
    paragraphs.append([*doubt_lines(case_file, style), *source_lines(case_file, style)])
    text = "\n\n".join("\n".join(lines) for lines in paragraphs if lines)
    return text.replace(" · \n", "\n").replace(": \n", ":\n")


def _above(case_file: CaseFile, history: History, style: Style) -> list[str]:
    lines = [who_line(persona_of(case_file.subject, users_of(case_file)), style)]
    if trouble := last_trouble(history):
        lines.append(trouble_line(trouble, history, style))
    lines.append(headline(case_file, history, style))
    shown = history.visits[:_SHOWN]
    lines.append(common_line(common_of(shown, style), shown, style))
    if absence_line(case_file, style):
        lines.append(advice_line(case_file, style, has_buttons=False))
    return [line for line in lines if line]


def _visits(history: History, style: Style) -> list[list[str]]:
    shown = history.visits[:_SHOWN]
    writer = VisitLines(style, common_of(shown, style), _LINE)
    written = []
    for visit in shown:
        first, *rest = writer.of(visit, errors=len(history.in_visit(visit)))
        written.append([first, *(f"  {line}" for line in rest)])
    return written
