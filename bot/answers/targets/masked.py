"""
Answers where the channel is to see no customer: a masked name, counts and times, and "Show me".

What is shown masked is made from a list of what may be shown: nothing that a vendor or a customer wrote, no
link, no page, no title; buttons hold their subjects sealed. Whoever presses "Show me", and may ask, sees the
whole answer alone, and may share it from there.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from bot.answers import case_file_message as whole
from bot.answers.block_kit import Part, actions, button, confirmation, context, contexts, section
from bot.answers.buttons import ButtonValue, mute_button, remove_button
from bot.answers.case_file_message import View
from bot.answers.mrkdwn import code, counted, escaped, lasting, local_time
from bot.answers.words import table
from bot.answers.words.style import SLACK, Style, with_short_labels
from bot.domain.addresses import LONGEST_SUBJECT
from bot.domain.asking import AnswerForm
from bot.domain.message import Message
from bot.domain.model import CaseFile, Finding, Subject, SubjectKind
from bot.domain.visits.history import history_of
from bot.domain.visits.model import Visit

SHOW_ME, SHARE_HERE = "show_me", "share_here"
_MOST_SOURCES = 10


@dataclass(frozen=True, slots=True)
class MaskedView(View):
    """What everybody sees; `seal` seals what "Show me" holds."""

    seal: Callable[[str], str] = str


@dataclass(frozen=True, slots=True)
class PrivateView(View):
    """The whole answer for one person, who may share it in the thread `thread_ts`, or in the channel."""

    thread_ts: str | None = None


@dataclass(frozen=True, slots=True)
class SharedView(View):
    """The whole answer for everybody, which somebody has shared."""

    shared_by: str = ""


def masked_name(subject: Subject) -> str:
    """`j***@contoso.example` for an address, `c***` for a uid: known to whoever knows the customer."""
    if subject.kind is SubjectKind.EMAIL:
        local, _, domain = subject.value.rpartition("@")
        return f"{local[:1]}***@{domain}"
    # A uid of a character or two would be told by its first one.
    return f"{subject.value[:1]}***" if len(subject.value) > len("u-7") else "***"


def parent(case_file: CaseFile, view: View) -> Message:
    """The message in the channel."""
    if not isinstance(view, MaskedView):
        return whole.parent(case_file, view)
    return Message(summary(case_file), [_who(case_file), *_asked(case_file, view)])


def reply(case_file: CaseFile, view: View) -> Message:
    """The message in the thread."""
    if not isinstance(view, MaskedView):
        return whole.reply(case_file, view)
    return Message(summary(case_file), [*_details(case_file, view), *_below([case_file], view)])


def pair(case_file: CaseFile, view: View) -> tuple[Message, Message]:
    """The message in the channel, and the one in its thread."""
    if not isinstance(view, MaskedView):
        return whole.pair(case_file, view)
    return parent(case_file, view), reply(case_file, view)


def together(case_file: CaseFile, view: View) -> Message:
    """Both as one message, for the asker alone: always whole."""
    return _shareable([case_file], view, whole.together(case_file, view))


def answer(case_files: Sequence[CaseFile], view: View) -> Message:
    """All about one to three people in one message."""
    if not isinstance(view, MaskedView):
        return _shareable(case_files, view, whole.answer(case_files, view))
    blocks: list[Part] = []
    for case_file in case_files:
        blocks += [_who(case_file), *_details(case_file, view)]
    text = "\n".join(map(summary, case_files))
    return Message(text, [*blocks, *_asked(case_files[0], view), *_below(case_files, view)])


def nobody(case_files: Sequence[CaseFile], view: View) -> Message:
    """The line in a ticket's thread where its requester was not found."""
    if not isinstance(view, MaskedView):
        return whole.nobody(case_files, view)
    text = "\n".join(map(summary, case_files))
    return Message(text, [context([text]), *_below(case_files, view)])


def _who(case_file: CaseFile) -> Part:
    return section(f"{table.VISITS_OF.format(who=_name(case_file))}\n{_counts(case_file)}")


def _name(case_file: CaseFile) -> str:
    return code(masked_name(case_file.subject), LONGEST_SUBJECT)


def summary(case_file: CaseFile) -> str:
    """Whose visits, and how many: masked, in a line."""
    return f"{table.VISITS_OF.format(who=_name(case_file))}: {_counts(case_file)}"


def _counts(case_file: CaseFile) -> str:
    history = history_of(case_file)
    found = [counted(len(history.visits), "visit")]
    # Of errors nothing is said where none is known: they may not have been asked for.
    found += [counted(history.error_count, "error")] if history.error_count else []
    if case_file.waiting:
        found.append(table.ASKING_OTHERS)
    if case_file.last_seen:
        found.append(table.LAST_SEEN.format(time=local_time(case_file.last_seen)))
    return " · ".join(found)


def _asked(case_file: CaseFile, view: MaskedView) -> list[Part]:
    days = table.LAST_DAYS.format(days=counted(case_file.days, "day"))
    return [context([f"{table.ASKED_BY.format(person=f'<@{view.asker}>')} · {days}" if view.asker else days])]


def _details(case_file: CaseFile, view: MaskedView) -> list[Part]:
    history, style = history_of(case_file), with_short_labels(SLACK, [case_file])
    lines = [_line(visit, len(history.in_visit(visit)), style) for visit in history.visits[: view.shown]]
    sources = _sources(case_file.findings, style)
    blocks: list[Part] = [section("\n".join(lines))] if lines else []
    return [*blocks, *contexts(sources)]


def _line(visit: Visit, told: int, style: Style) -> str:
    said = [local_time(visit.started_at.value) if visit.started_at else table.NO_TIME]
    if visit.duration_seconds:
        said.append(lasting(visit.duration_seconds.value))
    if errors := max(told, visit.signs.errors.value if visit.signs.errors else 0):
        said.append(style.bold(counted(errors, "error")))
    said.append(", ".join(dict.fromkeys(style.label(session.source) for session in visit.sessions)))
    return " · ".join(said)


def _sources(findings: Sequence[Finding], style: Style) -> list[str]:
    """How many tools have answered, and a line for each that has not."""
    failed = [finding for finding in findings if finding.failure]
    answered = len(findings) - len(failed)
    lines = [table.ANSWERED.format(tools=counted(answered, "tool"))] if answered else []
    for finding in failed[:_MOST_SOURCES]:
        # A failure's message holds neither an address nor a vendor's text.
        why = escaped(finding.failure.message, 300) if finding.failure else ""
        lines.append(table.SAYS.format(source=style.label(finding.source), what=why))
    return lines


def _below(case_files: Sequence[CaseFile], view: MaskedView) -> list[Part]:
    value = _value(case_files, view)
    elements = [button(table.SHOW_ME, SHOW_ME, view.seal(value.dumps()))]
    if view.form is AnswerForm.TICKET:
        elements += [remove_button(), mute_button()]
    small = [view.hint] if view.hint else []
    return [*([context(small)] if small else []), actions(elements)]


def _value(case_files: Sequence[CaseFile], view: View) -> ButtonValue:
    subjects = tuple(case_file.subject for case_file in case_files)
    return ButtonValue(
        subjects, case_files[0].days, view.shown, view.asker, AnswerForm.ANSWER, view.ticket_at
    )


def _shareable(case_files: Sequence[CaseFile], view: View, message: Message) -> Message:
    """The message with the button that shares it, or with who has shared it."""
    if isinstance(view, SharedView):
        shared = context([table.SHARED_BY.format(person=f"<@{view.shared_by}>")])
        return Message(message.text, [*message.blocks, shared])
    if not isinstance(view, PrivateView) or not view.buttons:
        return message
    value = replace(_value(case_files, view), thread_ts=view.thread_ts)
    asking = confirmation(table.SHARE_TITLE, table.SHARE_TEXT, table.SHARE_YES, table.DENY)
    share = button(table.SHARE, SHARE_HERE, value.dumps(), confirm=asking)
    return Message(message.text, [*message.blocks, actions([share])])
