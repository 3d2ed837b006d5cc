"""The buttons below an answer, and their values, which hold enough to ask the same again."""

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from bot.answers.block_kit import Part, actions, button, button_text, confirmation, menu, option
from bot.answers.mrkdwn import counted
from bot.answers.words import table
from bot.answers.words.advice import without_tag
from bot.answers.words.errors import last_trouble, watch_link
from bot.answers.words.style import SLACK, listed, with_short_labels
from bot.answers.words.table import reading
from bot.domain.addresses import read_address, shown_address
from bot.domain.asking import AnswerForm
from bot.domain.characters import escaped_in_json
from bot.domain.model import CaseFile, Session, SourceName, Subject, SubjectKind, UrlIs
from bot.domain.typed.options import MOST_DAYS
from bot.domain.visits.history import History
from bot.domain.visits.model import Happening, Visit
from bot.slack.signed_values import LENGTH_OF_SIGNATURE

# Visits that More visits shows.
SHOWN_AT_MOST = 20
# Characters of a button's value (`slack.md`, "Block Kit limits").
_LONGEST_VALUE = 2_000
REFRESH, SHOW_MORE, REMOVE = "refresh", "show_more", "remove"
ASK_CUSTOMER = "ask_customer"
LOOK_FURTHER, TRY_OTHER = "look_further", "try_other"
# The menu `⋯` of what is needed seldom; its options are such as `look_further:{…}`.
ANSWER_MENU = "rest"
OTHERS = "others"
SESSION_ERRORS = "session_errors"
WATCH, STOP_WATCHING, WATCHING = "watch", "stop_watching", "watching"
MUTE, UNMUTE = "mute", "unmute"
# The value of what stops watching the thread that it is in; elsewhere it is the thread's time.
THIS_THREAD = "-"
NOTE_IN_TICKET = "note_in_ticket"
# The value of what mutes the channel that it is in.
THIS_CHANNEL = "-"
# The value of a menu's option that is an address: Slack opens it by itself.
JUST_OPENED = "open"
MORE_OF_PERSON, OPEN = "more_of_person", "open"
# How much further back a press looks.
_FURTHER_DAYS = 30
# Characters of a session's id, of a menu's value, a block's id and a URL (`slack.md`, "Block Kit limits").
_LONGEST_ID, _LONGEST_BLOCK_ID, _LONGEST_URL = 100, 255, 3_000
# Of a menu's option Slack takes 150 characters, with the signature.
_LONGEST_OPTION = 150 - LENGTH_OF_SIGNATURE
# Options of a menu (`slack.md`, "Block Kit limits").
_MOST_OPTIONS = 5
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


def answer_buttons(
    case_files: Sequence[CaseFile],
    histories: Sequence[History],
    value: ButtonValue,
    *,
    is_private: bool = False,
    watches: bool = False,
    notes: bool = False,
) -> Part:
    """
    What can be done about an answer: what helps most first, and one of them in colour.

    What takes the answer's place is offered when nothing more will be edited into it: the answer of a late
    source would overwrite what a person has put there. Deleting is offered at any time.
    """
    is_complete = not any(case_file.waiting for case_file in case_files)
    is_found = any(history.visits or history.happenings for history in histories)
    elements: list[Part] = _watch_button(histories) if len(histories) == 1 else []
    further = _further(value) if is_complete else None
    if is_complete and not is_found and len(case_files) == 1 and case_files[0].answered:
        elements += _try_button(case_files[0].subject, value)
        style = None if elements else "primary"
        if further:
            elements.append(button(table.FURTHER_BACK, LOOK_FURTHER, further, style=style))
    refresh = _spending(case_files)
    elements.append(button(table.REFRESH, REFRESH, value.dumps(), confirm=refresh))
    more = any(len(history.visits) > value.shown for history in histories)
    if more and value.shown < SHOWN_AT_MOST and len(case_files) == 1:
        wider = replace(value, shown=SHOWN_AT_MOST)
        elements.append(button(table.MORE_VISITS, SHOW_MORE, wider.dumps()))
    if value.form is AnswerForm.TICKET:
        elements.append(remove_button())
    if value.form is AnswerForm.OFFERED and is_complete:
        elements.append(_take_back_button(value))
    if is_complete:
        is_one = len(case_files) == 1 and bool(histories[0].happenings)
        seldom = [(OTHERS, table.OTHERS, value.dumps())] if is_one else []
        seldom += [(LOOK_FURTHER, table.FURTHER_BACK, further)] if further and is_found else []
        seldom += _of_tickets(value, notes=notes and not is_private)
        if watches and is_found and not is_private:
            # Whether it is watched changes while the answer stands: whoever presses is told how it is.
            seldom.append((WATCHING, table.WATCHING, value.dumps()))
        elements += _with_mute(seldom, value, is_private=is_private)
    return actions(elements)


def _of_tickets(value: ButtonValue, *, notes: bool) -> list[tuple[str, str, str]]:
    """What the menu below an answer in a ticket's thread has besides."""
    if value.form not in _IN_TICKETS:
        return []
    note = [(NOTE_IN_TICKET, table.NOTE_IN_TICKET, value.dumps())] if notes else []
    return [(ASK_CUSTOMER, table.SOMEBODY_ELSE, _second_try(value)), *note]


def _with_mute(seldom: Sequence[tuple[str, str, str]], value: ButtonValue, *, is_private: bool) -> list[Part]:
    """The menu, in a ticket's thread with what mutes the channel; beside it where the menu is full."""
    if value.form not in _IN_TICKETS:
        return _menu_or_buttons(seldom, is_private=is_private)
    if len(seldom) < _MOST_OPTIONS:
        return _menu_or_buttons([*seldom, (MUTE, table.MUTE, THIS_CHANNEL)], is_private=is_private)
    return [mute_button(), *_menu_or_buttons(seldom, is_private=is_private)]


def _watch_button(histories: Sequence[History]) -> list[Part]:
    """The link to what went wrong most recently, as the button that comes first."""
    trouble = last_trouble(histories[0])
    found = watch_link(trouble, histories[0]) if trouble else None
    if found is None or len(found[0]) > _LONGEST_URL:
        return []
    return [button(table.WATCH_THE_ERROR, OPEN, url=found[0], style="primary")]


def _try_button(subject: Subject, value: ButtonValue) -> list[Part]:
    """The button that looks an address up without its tag."""
    plain = without_tag(subject)
    if plain is None:
        return []
    form = AnswerForm.OFFERED if value.form is AnswerForm.TICKET else value.form
    other = replace(value, subjects=(plain,), form=form)
    text = button_text(table.TRY_BUTTON.format(address=shown_address(plain)))
    return [button(text, TRY_OTHER, other.dumps(), style="primary")]


def _further(value: ButtonValue) -> str | None:
    """The value of the button that looks 30 days further back; None where that is further than may be."""
    days = min(value.days + _FURTHER_DAYS, MOST_DAYS)
    return replace(value, days=days).dumps() if days > value.days else None


def _menu_or_buttons(seldom: Sequence[tuple[str, str, str]], *, is_private: bool) -> list[Part]:
    """
    What is needed seldom, in a menu; as buttons where that is one thing, or a value is too long for a menu.

    Each is the action's id, the words on it, and its value.
    """
    options = [option(text, f"{action}:{value}") for action, text, value in seldom]
    is_menu = len(seldom) > 1 and not is_private
    if is_menu and all(len(one["value"]) <= _LONGEST_OPTION for one in options):
        return [menu(ANSWER_MENU, options)]
    return [button(text, action, value) for action, text, value in seldom]


def _second_try(value: ButtonValue) -> str:
    """The value of what asks whom to look up in place of this answer."""
    return replace(value, subjects=(), asker=None, form=AnswerForm.OFFERED).dumps()


def _take_back_button(value: ButtonValue) -> Part:
    """The button that removes an answer that was chosen from an offer, and brings the offer back."""
    asking = confirmation(table.TAKE_BACK_TITLE, table.TAKE_BACK, table.REMOVE, table.DENY)
    nobody_yet = replace(value, subjects=(), asker=None)
    return button(table.REMOVE, REMOVE, nobody_yet.dumps(), confirm=asking)


@dataclass(frozen=True, slots=True)
class SessionValue:
    """
    The value of a session's own button: the session's source, id, start and URL.

    `until` is when the ticket came that the answer is about, where the session may have been running then;
    `in_words` asks for the vendor's summary rather than for the errors.
    """

    source: str
    session_id: str
    started_at: datetime | None
    url: str | None
    until: datetime | None = None
    in_words: bool = False

    def dumps(self) -> str:
        """The value as text."""
        at, until = (None if t is None else int(t.timestamp()) for t in (self.started_at, self.until))
        parts = [self.source, self.session_id, at, self.url, until, *([1] if self.in_words else [])]
        written = json.dumps(parts, ensure_ascii=False, separators=(",", ":"))
        return escaped_in_json(written, _LONGEST_VALUE)

    @classmethod
    def loads(cls, value: str) -> "SessionValue":
        """The value in a text of `dumps`; ValueError for any other text."""
        # Buttons of earlier answers have no fifth part; a sixth one stands for the summary.
        source, session_id, at, url, *more = json.loads(value)
        started_at, until = (
            None if t is None else datetime.fromtimestamp(int(t), UTC) for t in (at, *(more[:1] or [None]))
        )
        in_words = bool(more[1:])
        return cls(
            str(source), str(session_id), started_at, None if url is None else str(url), until, in_words
        )


def visit_menu(
    visit: Visit, told: Sequence[Happening] = (), ticket_at: datetime | None = None
) -> tuple[Part, str | None] | None:
    """
    The menu of what is read of a visit on demand, and its block's id: the session's URL, too long for it.

    That is its errors, except where they are read without being asked for or are among what is `told` of the
    visit, and its summary where the vendor writes one; None where it is neither. Where the session may have
    been running when a ticket came, both end then.
    """
    read = {error.source for happening in told for error in happening.errors}
    session = next((s for s in visit.sessions if len(s.id) <= _LONGEST_ID and _reads(s, read)), None)
    if session is None:
        return None
    page = next((s for s in visit.sessions if s.url and s.url_is is UrlIs.PERSON), session)
    options = _reading_options(session, ticket_at, errors=session.source not in read)
    if not options or not page.url or len(page.url) > _LONGEST_URL:
        return None
    sentence = table.OPEN_PERSON if page.url_is is UrlIs.PERSON else table.OPEN_REPLAY
    opened = button_text(sentence.format(source=SLACK.label(page.source)))
    # Slack's menus have two options at least.
    options.append(option(opened, JUST_OPENED, page.url))
    reading_menu = menu(SESSION_ERRORS, options)
    return reading_menu, session.url if session.url and len(session.url) <= _LONGEST_BLOCK_ID else None


def _reads(session: Session, read: Collection[SourceName]) -> bool:
    """Whether there is something to read of a session, where the errors of some sources are told already."""
    return session.summary_on_request or (session.errors_on_request and session.source not in read)


def _reading_options(session: Session, ticket_at: datetime | None, *, errors: bool) -> list[Part]:
    until = ticket_at if ticket_at and _may_hold(session, ticket_at) else None
    value = SessionValue(str(session.source), session.id, session.started_at, None, until)
    wanted = [(errors and session.errors_on_request, value, reading.ERRORS_IN_VISIT)]
    wanted.append((session.summary_on_request, replace(value, in_words=True), reading.SUM_UP))
    written = [(one.dumps(), text) for is_wanted, one, text in wanted if is_wanted]
    return [option(label, text) for text, label in written if len(text) <= _LONGEST_OPTION]


def _may_hold(session: Session, moment: datetime) -> bool:
    """Whether a session may have been running at a moment."""
    if session.started_at is None:
        return False
    over = session.ended_at or session.over_by
    return session.started_at <= moment and (over is None or moment <= over)


def remove_button() -> Part:
    """The button that removes an automatic message, for good."""
    asking = confirmation(table.REMOVE_TITLE, table.REMOVE_TEXT, table.REMOVE, table.DENY)
    return button(table.REMOVE, REMOVE, confirm=asking)


def mute_button() -> Part:
    """The button that ends replies to tickets in its channel."""
    asking = confirmation(table.MUTE_TITLE, table.MUTE_TEXT, table.MUTE_YES, table.DENY)
    return button(table.MUTE, MUTE, THIS_CHANNEL, confirm=asking)


def _spending(case_files: Sequence[CaseFile]) -> Part | None:
    """The confirmation that says how many calls of small quotas a refresh takes; None where it takes none."""
    style = with_short_labels(SLACK, case_files)
    takes = [
        table.SPENDS_OF.format(
            calls=counted(min(finding.calls_again or 0, finding.calls_left), "call"),
            left=finding.calls_left,
            source=style.label(finding.source),
        )
        for case_file in case_files
        for finding in case_file.findings
        if finding.calls_left
    ]
    if not takes:
        return None
    text = table.SPENDS.format(calls=listed(takes[:_MOST_NAMED]))
    return confirmation(table.SPENDS_TITLE, text, table.SPENDS_YES, table.DENY)
