"""
Case files as Slack messages: pure functions that return Block Kit.

The parent says who, how many sessions and errors, and when last seen; the reply has the sessions, the errors
and one line for each source; an answer in a thread is both in one message, for up to three people.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from slack_sdk.models.blocks import Block, DividerBlock

from bot.answers.absence_words import absence_lines
from bot.answers.block_kit import context, dicts, packed, section
from bot.answers.buttons import ButtonValue, answer_buttons, session_errors_button
from bot.answers.mrkdwn import code, counted
from bot.answers.wording import (
    SAME_VISIT,
    advice_on,
    clockface,
    doubt_lines,
    error_lines,
    headline,
    listed,
    session_lines,
    source_label,
    source_lines,
)
from bot.domain.addresses import LONGEST_SUBJECT
from bot.domain.asking import AnswerForm
from bot.domain.message import Message
from bot.domain.model import CaseFile, Session
from bot.domain.visits.history import history_of
from bot.domain.visits.moments import visit_at
from bot.lookup.absence import absence, is_surely_nobody

# Elements of a context block (`slack.md`, "Block Kit limits").
_CONTEXT_ELEMENTS = 10
# Sessions of each person, where an answer is about several.
_SHOWN_OF_SEVERAL = 3


@dataclass(frozen=True, slots=True)
class View:
    """
    How a case file is shown: who asked, how many sessions, a hint below, with buttons or not, and its form.

    `ticket_at` is when the ticket came that it answers: the session of that time is shown first.
    """

    asker: str | None = None
    shown: int = 5
    hint: str | None = None
    buttons: bool = True
    form: AnswerForm = AnswerForm.PAIR
    ticket_at: datetime | None = None


def parent(case_file: CaseFile, view: View) -> Message:
    """The message in the channel: who, how many sessions and errors, when last seen, who asked."""
    blocks = [_who(case_file), *_asked(case_file, view)]
    return Message(_summary(case_file), dicts(blocks))


def reply(case_file: CaseFile, view: View) -> Message:
    """The message in the thread: sessions newest first, errors, sources, buttons."""
    blocks = _details(case_file, view, view.shown) + _below([case_file], view)
    text = f"{headline(case_file)} for {code(case_file.subject.value, LONGEST_SUBJECT)}"
    return Message(text, dicts(blocks))


def together(case_file: CaseFile, view: View) -> Message:
    """Parent and reply as one message, for an answer that only the asker sees."""
    above, below = parent(case_file, view), reply(case_file, view)
    return Message(above.text, [*above.blocks, *below.blocks])


def answer(case_files: Sequence[CaseFile], view: View) -> Message:
    """All about one to three people in one message, for a thread or a direct message."""
    shown = view.shown if len(case_files) == 1 else min(view.shown, _SHOWN_OF_SEVERAL)
    blocks: list[Block] = []
    for number, case_file in enumerate(case_files):
        blocks += [DividerBlock()] if number else []
        blocks += [_who(case_file), *_details(case_file, view, shown)]
    blocks += _asked(case_files[0], view) + _below(case_files, view)
    return Message("\n".join(_summary(case_file) for case_file in case_files), dicts(blocks))


def nobody(case_files: Sequence[CaseFile], view: View) -> Message:
    """The line in a ticket's thread where its requester was not found."""
    if is_surely_nobody(case_files):
        who = [code(case_file.subject.value, LONGEST_SUBJECT) for case_file in case_files]
        text = f"No session of {listed(who)} in the last {counted(case_files[0].days, 'day')}."
    else:
        text = "\n".join(_summary(case_file) for case_file in case_files)
    return Message(text, dicts([context([text]), *_below(case_files, view)]))


def _who(case_file: CaseFile) -> Block:
    return section(f"*Sessions of* {code(case_file.subject.value, LONGEST_SUBJECT)}\n{headline(case_file)}")


def _summary(case_file: CaseFile) -> str:
    return f"Sessions of {code(case_file.subject.value, LONGEST_SUBJECT)}: {headline(case_file)}"


def _asked(case_file: CaseFile, view: View) -> list[Block]:
    days = f"last {counted(case_file.days, 'day')}"
    if view.asker:
        return [context([f"Asked by <@{view.asker}> · {days}"])]
    return [context([f"This ticket’s requester · {days}"])] if view.form is AnswerForm.TICKET else []


def _details(case_file: CaseFile, view: View, shown: int) -> list[Block]:
    blocks: list[Block] = []
    sessions = _in_order(case_file, view.ticket_at)
    for session, words in sessions[:shown]:
        beside = session_errors_button(session, view.ticket_at) if view.buttons else None
        blocks.append(section(session_lines(session, words, view.ticket_at), beside))
    if left := len(sessions[shown:]):
        blocks.append(context([f"{counted(left, 'older session')} not shown"]))
    if not sessions:
        blocks += _when_nobody(case_file)
    if case_file.errors:
        blocks.append(DividerBlock())
        blocks += packed(error_lines(case_file))
    lines = [*doubt_lines(case_file), *source_lines(case_file)]
    blocks += [context(lines[i : i + _CONTEXT_ELEMENTS]) for i in range(0, len(lines), _CONTEXT_ELEMENTS)]
    return blocks


def _in_order(case_file: CaseFile, ticket_at: datetime | None) -> list[tuple[Session, str | None]]:
    """
    The sessions, each with words on its position (None: no words).

    The visit at the ticket's time comes first, then newest first. Sessions that other tools recorded of the
    same visit follow each other.
    """
    visits = list(history_of(case_file).visits)
    found = visit_at(visits, ticket_at) if ticket_at else None
    first_words = None
    if found is not None:
        visit, was_running = found
        when = "Under way when the ticket came" if was_running else "The last before the ticket"
        first_words = f":round_pushpin: {when}"
        visits.remove(visit)
        visits.insert(0, visit)
    groups = [tuple(reversed(visit.sessions)) for visit in visits]
    ordered = [
        (one, None if number == 0 else SAME_VISIT) for group in groups for number, one in enumerate(group)
    ]
    return [(one, first_words if groups and one is groups[0][0] else words) for one, words in ordered]


def _below(case_files: Sequence[CaseFile], view: View) -> list[Block]:
    blocks: list[Block] = [context([view.hint])] if view.hint else []
    if view.buttons:
        subjects = tuple(case_file.subject for case_file in case_files)
        value = ButtonValue(subjects, case_files[0].days, view.shown, view.asker, view.form, view.ticket_at)
        blocks.append(answer_buttons(case_files, value))
    return blocks


def _when_nobody(case_file: CaseFile) -> list[Block]:
    """Which sources have looked how far back, and what may help; nothing before the end."""
    found = absence(case_file)
    if found is None:
        return []
    if found.is_unknown:
        return [section("None of the sources could answer. The errors are listed below.")]
    who = code(case_file.subject.value, LONGEST_SUBJECT)
    lines = absence_lines(case_file, who, clockface, source_label)
    return packed([*lines, *(f"• {advice}" for advice in advice_on(case_file))])
