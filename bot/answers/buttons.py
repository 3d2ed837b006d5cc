"""The buttons below an answer, and their values, which hold enough to ask the same again."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from slack_sdk.models.blocks import ActionsBlock, ButtonElement, ConfirmObject, MarkdownTextObject

from bot.answers.mrkdwn import counted
from bot.answers.wording import listed, source_label
from bot.domain.addresses import read_address
from bot.domain.asking import AnswerForm
from bot.domain.characters import escaped_in_json
from bot.domain.model import CaseFile, Session, Subject, SubjectKind

# Sessions that Show more shows.
SHOWN_AT_MOST = 20
# Characters of a confirmation's text (`slack.md`, "Block Kit limits").
_CONFIRM = 300
_LONGEST_VALUE = 2_000
REFRESH, SHOW_MORE, REMOVE = "refresh", "show_more", "remove"
ASK_CUSTOMER = "ask_customer"
SESSION_ERRORS = "session_errors"
MORE_OF_PERSON, OPEN = "more_of_person", "open"
# Characters of a session's id and URL in a button's value, which Slack allows 2,000.
_LONGEST_ID, _LONGEST_LINK = 200, 1_000
# Sources that a confirmation names.
_MOST_NAMED = 3
_IN_TICKETS = (AnswerForm.TICKET, AnswerForm.OFFERED)


@dataclass(frozen=True, slots=True)
class ButtonValue:
    """
    A button's value: which lookup it makes.

    `ticket_at` is when the ticket came, to the second; `thread_ts` is the thread that the answer goes into,
    where the button is not in that thread.
    """

    subjects: tuple[Subject, ...]
    days: int
    shown: int
    asker: str | None = None
    form: AnswerForm = AnswerForm.PAIR
    ticket_at: datetime | None = None
    thread_ts: str | None = None

    def dumps(self) -> str:
        """The value as text, of at most 2,000 characters."""
        subjects = [[subject.kind, subject.typed] for subject in self.subjects]
        at = None if self.ticket_at is None else int(self.ticket_at.timestamp())
        parts = [subjects, self.days, self.shown, self.asker, self.form, at, self.thread_ts]
        return escaped_in_json(json.dumps(parts, ensure_ascii=False), _LONGEST_VALUE)

    @classmethod
    def loads(cls, value: str) -> "ButtonValue":
        """The value in a text of `dumps`; ValueError for any other text."""
        subjects, days, shown, asker, form, at, thread_ts = json.loads(value)
        ticket_at = None if at is None else datetime.fromtimestamp(int(at), UTC)
        named = tuple(_subject(SubjectKind(kind), str(typed)) for kind, typed in subjects)
        return cls(named, int(days), int(shown), asker, AnswerForm(form), ticket_at, thread_ts)


def _subject(kind: SubjectKind, typed: str) -> Subject:
    subject = read_address(typed) if kind is SubjectKind.EMAIL else Subject(kind, typed, typed)
    if subject is None:
        raise ValueError("a button holds an address that is none")
    return subject


def answer_buttons(case_files: Sequence[CaseFile], value: ButtonValue) -> ActionsBlock:
    """
    Refresh, and Show more where there is more; in a ticket's thread also Somebody else and Remove.

    Whatever takes the answer's place comes when nothing more will be edited into it, lest a late source's
    answer overwrite what a person has put there. Deleting an answer may come at any time.
    """
    elements = [
        ButtonElement(text="Refresh", action_id=REFRESH, value=value.dumps(), confirm=_spending(case_files))
    ]
    more = any(len(case_file.sessions) > value.shown for case_file in case_files)
    if more and value.shown < SHOWN_AT_MOST and len(case_files) == 1:
        wider = replace(value, shown=SHOWN_AT_MOST)
        elements.append(ButtonElement(text="Show more", action_id=SHOW_MORE, value=wider.dumps()))
    is_complete = not any(case_file.waiting for case_file in case_files)
    if value.form in _IN_TICKETS and is_complete:
        elements.append(_second_try(value))
    if value.form is AnswerForm.TICKET:
        elements.append(remove_button())
    if value.form is AnswerForm.OFFERED and is_complete:
        elements.append(_take_back_button(value))
    return ActionsBlock(elements=elements)


def _second_try(value: ButtonValue) -> ButtonElement:
    """The button that asks whom to look up in place of this answer."""
    nobody_yet = replace(value, subjects=(), asker=None, form=AnswerForm.OFFERED)
    return ButtonElement(text="Somebody else…", action_id=ASK_CUSTOMER, value=nobody_yet.dumps())


def _take_back_button(value: ButtonValue) -> ButtonElement:
    """The button that removes an answer that was chosen from an offer, and brings the offer back."""
    text = MarkdownTextObject(
        text="It goes for everybody; whom to look up can then be chosen again.", verbatim=True
    )
    asking = ConfirmObject(title="Remove this answer?", text=text, confirm="Remove", deny="Leave it")
    nobody_yet = replace(value, subjects=(), asker=None)
    return ButtonElement(text="Remove", action_id=REMOVE, value=nobody_yet.dumps(), confirm=asking)


@dataclass(frozen=True, slots=True)
class SessionValue:
    """
    The value of a session's own button: the session's source, id, start and URL.

    `until` is when the ticket came that the answer is about, where the session may have been running then.
    """

    source: str
    session_id: str
    started_at: datetime | None
    url: str | None
    until: datetime | None = None

    def dumps(self) -> str:
        """The value as text."""
        at, until = (None if t is None else int(t.timestamp()) for t in (self.started_at, self.until))
        parts = [self.source, self.session_id, at, self.url, until]
        return escaped_in_json(json.dumps(parts, ensure_ascii=False), _LONGEST_VALUE)

    @classmethod
    def loads(cls, value: str) -> "SessionValue":
        """The value in a text of `dumps`; ValueError for any other text."""
        # Buttons of earlier answers have no fifth part.
        source, session_id, at, url, *more = json.loads(value)
        started_at, until = (
            None if t is None else datetime.fromtimestamp(int(t), UTC) for t in (at, *(more or [None]))
        )
        return cls(str(source), str(session_id), started_at, None if url is None else str(url), until)


def session_errors_button(session: Session, ticket_at: datetime | None = None) -> ButtonElement | None:
    """
    The button that reads a session's errors; None where they are read without being asked for.

    Where the session may have been running when a ticket came, they are read up to then.
    """
    if not session.errors_on_request or len(session.id) > _LONGEST_ID:
        return None
    label = source_label(session.source)
    text = MarkdownTextObject(
        text=f"That takes one of the Activations that {label}’s plan has in a month."[:_CONFIRM],
        verbatim=True,
    )
    asking = ConfirmObject(title="Read this session’s errors?", text=text, confirm="Read", deny="Leave it")
    url = session.url if session.url and len(session.url) <= _LONGEST_LINK else None
    until = ticket_at if ticket_at and _may_hold(session, ticket_at) else None
    value = SessionValue(str(session.source), session.id, session.started_at, url, until)
    return ButtonElement(
        text="Errors in this session", action_id=SESSION_ERRORS, value=value.dumps(), confirm=asking
    )


def _may_hold(session: Session, moment: datetime) -> bool:
    """Whether a session may have been running at a moment."""
    if session.started_at is None:
        return False
    over = session.ended_at or session.over_by
    return session.started_at <= moment and (over is None or moment <= over)


def remove_button() -> ButtonElement:
    """The button that removes an automatic message, for good."""
    text = MarkdownTextObject(
        text="It goes for everybody, and this ticket is remembered as wrongly answered.", verbatim=True
    )
    asking = ConfirmObject(title="Remove this message?", text=text, confirm="Remove", deny="Leave it")
    return ButtonElement(text="Remove", action_id=REMOVE, confirm=asking)


def _spending(case_files: Sequence[CaseFile]) -> ConfirmObject | None:
    """The confirmation that says how many calls of small quotas a refresh takes; None where it takes none."""
    takes = [
        f"up to {counted(min(finding.calls_again or 0, finding.calls_left), 'call')}"
        f" of the {finding.calls_left} that {source_label(finding.source)} has left"
        for case_file in case_files
        for finding in case_file.findings
        if finding.calls_left
    ]
    if not takes:
        return None
    text = MarkdownTextObject(text=f"That takes {listed(takes[:_MOST_NAMED])}."[:_CONFIRM], verbatim=True)
    return ConfirmObject(title="Ask the vendors anew?", text=text, confirm="Ask anew", deny="Leave it")
