"""
Case files as Slack messages: pure functions that return Block Kit.

An answer says who it is, what went wrong most recently, how much there is, then one block a visit, what went
wrong before, and how the sources are. Of a command's two messages the parent says who and how much, the reply
the rest; an answer in a thread is both in one message, for up to three people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.answers.block_kit import Part, context, contexts, divider, packed, section
from bot.answers.buttons import ButtonValue, answer_buttons, visit_menu
from bot.answers.mrkdwn import code, counted
from bot.answers.words import table
from bot.answers.words.absence import absence_lines
from bot.answers.words.advice import advice_line
from bot.answers.words.counts import found_line, headline, notification
from bot.answers.words.errors import LastTrouble, error_lines, last_trouble, trouble_line
from bot.answers.words.people import doubt_lines, persona_of, users_of, who_line
from bot.answers.words.sources import source_lines
from bot.answers.words.style import SLACK, Style, listed, with_short_labels
from bot.answers.words.visits import VisitLines, common_line, common_of
from bot.domain.addresses import LONGEST_SUBJECT
from bot.domain.asking import AnswerForm
from bot.domain.message import Message
from bot.domain.model import CaseFile
from bot.domain.visits.history import History, history_of
from bot.domain.visits.model import Visit
from bot.domain.visits.moments import visit_at
from bot.lookup.absence import absence, is_surely_nobody

# Visits of each person, where an answer is about several.
_SHOWN_OF_SEVERAL = 3
# Characters of what a notification says of each of several people.
_NOTIFICATION = 1_300


@dataclass(frozen=True, slots=True)
class View:
    """
    How a case file is shown: who asked, how many visits, a hint below, with buttons or not, and its form.

    `ticket_at` is when the ticket came that it answers: the visit of that time is shown first. `watches`:
    threads can be watched. `notes`: tickets can get a note in their help desk.
    """

    asker: str | None = None
    shown: int = 5
    hint: str | None = None
    buttons: bool = True
    form: AnswerForm = AnswerForm.PAIR
    ticket_at: datetime | None = None
    watches: bool = False
    notes: bool = False


@dataclass(frozen=True, slots=True)
class _Told:
    """A case file with what is told of it: its visits and errors, the last trouble, and how it is written."""

    case_file: CaseFile
    history: History
    trouble: LastTrouble | None
    style: Style

    @property
    def who(self) -> str:
        """The subject as it was asked for."""
        return code(self.case_file.subject.value, LONGEST_SUBJECT)

    @property
    def found_any(self) -> bool:
        """Whether there is anything to tell."""
        return bool(self.history.visits or self.history.happenings)

    def who_line(self) -> str:
        """The first line: who it is."""
        return who_line(persona_of(self.case_file.subject, users_of(self.case_file)), self.style)

    def notification(self) -> str:
        """The text of the notification: who, the last error and how much, in a line."""
        return notification(self.case_file, self.history, self.style)[:_NOTIFICATION]


def _told(case_file: CaseFile) -> _Told:
    history = history_of(case_file)
    return _Told(case_file, history, last_trouble(history), with_short_labels(SLACK, [case_file]))


def pair(case_file: CaseFile, view: View) -> tuple[Message, Message]:
    """Parent and reply, of a case file that is read through once for both."""
    told = _told(case_file)
    return _parent(told, view), _reply(told, view)


def parent(case_file: CaseFile, view: View) -> Message:
    """The message in the channel: who, how many visits and errors, when last seen, who asked."""
    return _parent(_told(case_file), view)


def reply(case_file: CaseFile, view: View) -> Message:
    """The message in the thread: what went wrong last, visits newest first, errors, sources, buttons."""
    return _reply(_told(case_file), view)


def _parent(told: _Told, view: View) -> Message:
    who = section(f"{told.who_line()}\n{headline(told.case_file, told.history, told.style)}")
    asked = _asked(view)
    return Message(told.notification(), [who, *([context([asked])] if asked else [])])


def _reply(told: _Told, view: View) -> Message:
    above = _above(told, _shown(told, view, view.shown)[0])
    blocks = packed(above) if above else []
    blocks += [*_details(told, view, view.shown), *_below([told], view, [])]
    return Message(told.notification(), blocks)


def together(case_file: CaseFile, view: View) -> Message:
    """Parent and reply as one message, for an answer that only the asker sees."""
    return answer([case_file], view)


def answer(case_files: Sequence[CaseFile], view: View) -> Message:
    """All about one to three people in one message, for a thread or a direct message."""
    shown = view.shown if len(case_files) == 1 else min(view.shown, _SHOWN_OF_SEVERAL)
    everybody = [_told(case_file) for case_file in case_files]
    blocks: list[Part] = []
    for number, told in enumerate(everybody):
        blocks += [divider()] if number else []
        lines = [told.who_line(), *_above(told, _shown(told, view, shown)[0], with_counts=True)]
        blocks += [*packed(lines), *_details(told, view, shown)]
    asked = _asked(view)
    blocks += _below(everybody, view, [asked] if asked else [])
    return Message("\n".join(told.notification() for told in everybody), blocks)


def nobody(case_files: Sequence[CaseFile], view: View) -> Message:
    """The line in a ticket's thread where its requester was not found."""
    everybody = [_told(case_file) for case_file in case_files]
    if is_surely_nobody(case_files):
        who, days = listed([told.who for told in everybody]), counted(case_files[0].days, "day")
        text = table.NO_VISIT.format(who=who, days=days)
    else:
        text = "\n".join(told.notification() for told in everybody)
    return Message(text, [context([text]), *_buttons(everybody, view)])


def _asked(view: View) -> str:
    if view.asker:
        return table.ASKED_BY.format(person=f"<@{view.asker}>")
    return table.REQUESTER if view.form is AnswerForm.TICKET else ""


def _above(told: _Told, shown: Sequence[Visit], *, with_counts: bool = False) -> list[str]:
    """The lines above the visits: what went wrong last, how much there is, what the visits have in common."""
    case_file, history, style = told.case_file, told.history, told.style
    lines = [trouble_line(told.trouble, history, style)] if told.trouble else []
    if with_counts and (told.found_any or case_file.waiting):
        asking = table.ASKING.format(sources=style.labels(case_file.waiting)) if case_file.waiting else ""
        found = found_line(case_file, history, style) if told.found_any else ""
        lines.append(found or asking[:1].upper() + asking[1:])
    if not told.found_any:
        lines += _when_nobody(told)
    common = common_line(common_of(shown, style), shown, style)
    return [*lines, common] if common else lines


def _details(told: _Told, view: View, shown: int) -> list[Part]:
    visits, first_words = _shown(told, view, shown)
    writer = VisitLines(told.style, common_of(visits, told.style))
    blocks: list[Part] = []
    for number, visit in enumerate(visits):
        happenings = told.history.in_visit(visit)
        words = first_words if number == 0 else ""
        lines = writer.of(visit, view.ticket_at, words, len(happenings))
        has_menu = view.buttons and view.form is not AnswerForm.HOME
        found = visit_menu(visit, happenings, view.ticket_at) if has_menu else None
        menu, block_id = found or (None, None)
        blocks.append(section("\n".join(lines), menu, block_id))
    if left := len(told.history.visits) - len(visits):
        blocks.append(context([table.OLDER_VISITS.format(visits=counted(left, "older visit"))]))
    said = told.trouble.happening if told.trouble else None
    if lines := error_lines(told.history, said, told.style):
        blocks += packed(lines)
    return blocks


def _shown(told: _Told, view: View, shown: int) -> tuple[list[Visit], str]:
    """The visits that are shown: the one at the ticket's time first, with words on why, then the newest."""
    visits = list(told.history.visits)
    found = visit_at(visits, view.ticket_at) if view.ticket_at else None
    if found is None:
        return visits[:shown], ""
    visit, was_going_on = found
    visits.remove(visit)
    words = table.AT_THE_TICKET if was_going_on else table.BEFORE_THE_TICKET
    return [visit, *visits][:shown], words


def _below(everybody: Sequence[_Told], view: View, asked: Sequence[str]) -> list[Part]:
    """Doubts, how the sources are, who asked, a hint: small print; and the buttons."""
    lines: list[str] = []
    for told in everybody:
        own = [*doubt_lines(told.case_file, told.style), *source_lines(told.case_file, told.style)]
        lines += [line for line in own if line not in lines]
    lines += [*asked, *([view.hint] if view.hint else [])]
    return [*contexts(lines), *_buttons(everybody, view)]


def _buttons(everybody: Sequence[_Told], view: View) -> list[Part]:
    if not view.buttons:
        return []
    case_files = [told.case_file for told in everybody]
    subjects = tuple(case_file.subject for case_file in case_files)
    value = ButtonValue(subjects, case_files[0].days, view.shown, view.asker, view.form, view.ticket_at)
    histories = [told.history for told in everybody]
    private = view.hint is not None
    buttons = answer_buttons(
        case_files, histories, value, is_private=private, watches=view.watches, notes=view.notes
    )
    return [buttons]


def _when_nobody(told: _Told) -> list[str]:
    """Which sources have looked how far back, and what may help; nothing before the end."""
    found = absence(told.case_file)
    if found is None:
        return []
    if found.is_unknown:
        return [f"{table.NO_SOURCE_ANSWERED}."]
    return [*absence_lines(told.case_file, told.style), advice_line(told.case_file, told.style)]
