"""
One session's errors, or the vendor's summary of it.

They are fetched when somebody presses for them, because each fetch uses the plan's monthly allowance.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.answers.block_kit import context, packed
from bot.answers.mrkdwn import counted, escaped, link, local_time
from bot.answers.words import table as answers
from bot.answers.words.table import reading as table
from bot.audit.entries import Came, ShownTo, asked_by
from bot.domain.message import Message
from bot.domain.model import ErrorEvent, Session, SourceName
from bot.jobs.admission import Admission
from bot.jobs.inbox import Job
from bot.jobs.payloads import SESSION_ERRORS, SessionErrorsPayload
from bot.jobs.pressed.shown import show
from bot.lookup.known_links import KnownLinks
from bot.lookup.pages.asked import Pages
from bot.slack.lost_posts import Spot
from bot.slack.poster import Poster
from bot.sources.http import CallFailed
from bot.sources.protocol import SessionErrors, SessionSummary, Source, SumsUp, TellsErrors
from bot.sources.quota import QuotaState
from bot.sources.registry import TITLES, at_moment

_SHOWN = 20
# A summary's lines that are shown, and the characters of each.
_MOST_LINES, _LONGEST_LINE = 20, 600


class SessionErrorsJobs:
    """
    Handles clicks on "Errors in this visit" and on "Sum up this visit".

    Args:
        admission: who may ask, and private messages to the asker.
        sources: one of them has the session.
        pages: asks for a session's errors and its summary.
        known_links: whose session it is.
        poster: posts the answer.
        is_private: whether the asker alone is to see it (`VISIBILITY`).

    """

    def __init__(
        self,
        admission: Admission,
        sources: Sequence[Source],
        pages: Pages,
        known_links: KnownLinks,
        poster: Poster,
        *,
        is_private: bool,
    ) -> None:
        self._is_private = is_private
        self._admission = admission
        self._sources = sources
        self._pages = pages
        self._known_links = known_links
        self._poster = poster

    async def answer(self, job: Job) -> None:
        """Read the session and post what it tells where the button was pressed, or say why not."""
        payload = SESSION_ERRORS.read(job.payload)
        asker, admission = payload.asker, self._admission
        source = next((s for s in self._sources if str(s.name) == payload.source), None)
        pointer = await self._known_links.by_id(source.name, payload.session_id) if source else None
        about = (pointer.subject,) if pointer and pointer.subject else ()
        verdict = await admission.admit(job, asker, about)
        if verdict is None:
            return
        [entry] = (replace(one, sources=(payload.source,)) for one in asked_by(asker, about))
        if not about:
            # Nobody knows whose session it is any more but by the answer that it stands in.
            entry = replace(entry, message_ts=payload.pressed_on)
        try:
            read = await self._read(source, payload)
        except CallFailed as failed:
            admission.trail.note(job, [replace(entry, outcome=Came.NO_ANSWER, shown_to=ShownTo.ASKER)])
            until = failed.failure.until
            sentence = table.NOT_READ_AGAIN if until else table.NOT_READ_NOW
            why, time = escaped(failed.failure.message, 300), local_time(until) if until else ""
            await admission.tell(job, asker, sentence.format(why=why, time=time))
            return
        if read is None:
            await admission.tell(job, asker, table.NO_SUCH_TOOL)
            return
        entry = replace(entry, outcome=Came.FOUND, sessions=1, errors=read.errors)
        in_public = verdict.in_public and not payload.ephemeral and not self._is_private
        spot = Spot(asker.channel, payload.thread_ts) if in_public else None
        await show(job, asker, read.message, spot, entry, admission=admission, poster=self._poster)

    async def _read(self, source: Source | None, payload: SessionErrorsPayload) -> "_Read | None":
        """What the source tells of the session; None where it cannot be asked for that."""
        asked, by = (payload.session_id, payload.until), payload.asker.user
        if payload.in_words and isinstance(source, SumsUp):
            summary = await self._pages.summary(source, *asked, by)
            budget = await source.http.ledger.state(source.budget)
            return _Read(session_summary(source.name, payload, summary, budget))
        if not payload.in_words and isinstance(source, TellsErrors):
            told = await self._pages.errors(source, *asked, by)
            budget = await source.http.ledger.state(source.budget)
            return _Read(session_errors(source.name, payload, told, budget), len(told.errors))
        return None


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read of a session, as it is shown, and how many errors it names."""

    message: Message
    errors: int = 0


def session_errors(
    name: SourceName, asked: SessionErrorsPayload, told: SessionErrors, budget: QuotaState
) -> Message:
    """The errors of one session, newest first, each with a link to it; below, what is left of the budget."""
    errors = told.errors
    head = table.READ_ERRORS.format(errors=counted(len(errors), "error"), source=TITLES[name.vendor])
    if asked.started_at:
        head = table.READ_OF.format(errors=head, time=local_time(asked.started_at))
    if asked.until:
        head = table.READ_UP_TO.format(errors=head, time=local_time(asked.until))
    head = f"*{head}*"
    lines = [head, *(_line(error, asked.url) for error in errors[:_SHOWN])]
    if len(errors) > _SHOWN:
        lines.append(answers.ERRORS_NOT_SHOWN.format(count=len(errors) - _SHOWN))
    if told.more:
        lines.append(table.MORE_EVENTS)
    if not errors:
        lines.append(table.NOTHING_FAILED)
    if about := _about(told.session):
        lines.append(about)
    left = table.READINGS_LEFT.format(left=budget.left, limit=budget.limit)
    return Message(head.replace("*", ""), [*packed(lines), context([left])])


def session_summary(
    name: SourceName, asked: SessionErrorsPayload, summary: SessionSummary, budget: QuotaState
) -> Message:
    """A session in its vendor's words, a line for each of theirs; below, whose they are and what is left."""
    source = TITLES[name.vendor]
    head = table.SUMMARY.format(source=source)
    if asked.started_at:
        head = table.SUMMARY_OF.format(source=source, time=local_time(asked.started_at))
    if asked.until:
        head = table.SUMMARY_UP_TO.format(head=head, time=local_time(asked.until))
    said = [line for line in summary.text.splitlines() if line.strip()]
    lines = [f"*{head}*", *(escaped(line, _LONGEST_LINE) for line in said[:_MOST_LINES])]
    if len(said) > _MOST_LINES or any(len(line) > _LONGEST_LINE for line in said):
        lines.append(table.SUMMARY_CUT)
    written = table.WRITTEN.format(source=source, time=local_time(summary.written_at))
    left = table.READINGS_LEFT.format(left=budget.left, limit=budget.limit)
    return Message(head, [*packed(lines), context([written, left])])


def _about(session: Session | None) -> str | None:
    """What was told of the session itself: on what it was, where, and its last pages."""
    if session is None:
        return None
    place = ", ".join(part for part in (session.city, session.country) if part)
    trail = " → ".join(session.trail)
    parts = (session.browser, session.os, session.device, place, trail)
    return " · ".join(escaped(part, 200) for part in parts if part) or None


def _line(error: ErrorEvent, url: str | None) -> str:
    parts = [f"• {escaped(error.title, 200)}"]
    if error.page:
        parts.append(answers.ON_PAGE.format(page=escaped(error.page, 80)))
    if error.occurred_at:
        parts.append(local_time(error.occurred_at, "{time_secs}"))
        if url:
            parts.append(link(at_moment(url, error.occurred_at), table.WATCH_IT))
    return " · ".join(parts)
