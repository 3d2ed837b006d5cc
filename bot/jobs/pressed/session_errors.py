"""
One session's errors.

They are fetched when somebody presses the button, because each fetch uses the plan's monthly allowance.
"""

from collections.abc import Sequence
from dataclasses import replace

from bot.answers.block_kit import context, dicts, packed
from bot.answers.mrkdwn import counted, escaped, link, local_time
from bot.answers.words import table
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
from bot.sources.protocol import SessionErrors, Source, TellsErrors
from bot.sources.quota import QuotaState
from bot.sources.registry import TITLES, at_moment

_SHOWN = 20


class SessionErrorsJobs:
    """
    Handles clicks on "Errors in this visit".

    Args:
        admission: who may ask, and private messages to the asker.
        sources: one of them has the session.
        pages: asks for a session's errors.
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
        """Read the session's errors and post them where the button was pressed, or say why not."""
        payload = SESSION_ERRORS.read(job.payload)
        asker, admission = payload.asker, self._admission
        source = next((s for s in self._sources if str(s.name) == payload.source), None)
        pointer = await self._known_links.by_id(source.name, payload.session_id) if source else None
        about = (pointer.subject,) if pointer and pointer.subject else ()
        verdict = await admission.admit(job, asker, about)
        if verdict is None:
            return
        [entry] = (replace(one, sources=(payload.source,)) for one in asked_by(asker, about))
        if not isinstance(source, TellsErrors):
            await admission.tell(job, asker, table.NO_SUCH_TOOL)
            return
        try:
            told = await self._pages.errors(source, payload.session_id, payload.until, asker.user)
        except CallFailed as failed:
            admission.trail.note(job, [replace(entry, outcome=Came.NO_ANSWER, shown_to=ShownTo.ASKER)])
            until = failed.failure.until
            sentence = table.NOT_READ_AGAIN if until else table.NOT_READ_NOW
            why, time = escaped(failed.failure.message, 300), local_time(until) if until else ""
            await admission.tell(job, asker, sentence.format(why=why, time=time))
            return
        budget = await source.http.ledger.state(source.budget)
        message = session_errors(source.name, payload, told, budget)
        entry = replace(entry, outcome=Came.FOUND, sessions=1, errors=len(told.errors))
        in_public = verdict.in_public and not payload.ephemeral and not self._is_private
        spot = Spot(asker.channel, payload.thread_ts) if in_public else None
        await show(job, asker, message, spot, entry, admission=admission, poster=self._poster)


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
        lines.append(table.ERRORS_NOT_SHOWN.format(count=len(errors) - _SHOWN))
    if told.more:
        lines.append(table.MORE_EVENTS)
    if not errors:
        lines.append(table.NOTHING_FAILED)
    if about := _about(told.session):
        lines.append(about)
    left = table.READINGS_LEFT.format(left=budget.left, limit=budget.limit)
    return Message(head.replace("*", ""), dicts([*packed(lines), context([left])]))


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
        parts.append(table.ON_PAGE.format(page=escaped(error.page, 80)))
    if error.occurred_at:
        parts.append(local_time(error.occurred_at, "{time_secs}"))
        if url:
            parts.append(link(at_moment(url, error.occurred_at), table.WATCH_IT))
    return " · ".join(parts)
