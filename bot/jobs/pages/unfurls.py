"""
Pasted addresses of sessions, shown as cards: whose session it is, and what is known of it.

What is remembered goes first, a vendor is asked only as far as unfurls may. Nothing is ever said in public
but a card: where it is not clear whose page it is, or somebody may not look customers up, there is none.
"""

import asyncio
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.answers.cards import Card, card_blocks
from bot.answers.entities import card_entity
from bot.audit.entries import AuditEntry, Came, ShownTo, asked_by
from bot.audit.trail import AuditTrail
from bot.domain.model import Reason
from bot.jobs.inbox import Job
from bot.jobs.pages.known import NoCard, PageCards, failed, in_time
from bot.jobs.payloads import UNFURL, UnfurlPayload
from bot.operations.metrics import Metrics
from bot.operations.tasks import together
from bot.settings.model import Settings
from bot.slack.access import Access
from bot.storage.leases import Leases

T = TypeVar("T")

_COOLING = timedelta(minutes=30)
# Nobody pastes an address again because a connection broke: after so long the vendor is asked anew.
_PAUSES_SECONDS = (1.0, 4.0)
_BROKEN_CONNECTION = frozenset({failed(Reason.UNREACHABLE), failed(Reason.UNREADABLE)})
# So long cards are shown without Work Objects where Slack has refused them: it may be switched on meanwhile.
_PLAIN_LASTS = timedelta(hours=1)
# The metric's label for a card that Slack has taken.
_SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class _Claimed:
    """
    A card, and the page that nobody else shows a card of meanwhile; None in a preview or a refresh.

    `entity` is the same as Slack's Work Object.
    """

    card: Card
    page: str | None
    entity: dict[str, Any]


class UnfurlJobs:
    """
    Answers pasted addresses.

    Args:
        access: who may look customers up, and where.
        pages: what is known of the pages that addresses name.
        leases: which pages have a card in a channel.
        slack: shows the cards.
        settings: for whose eyes, and how long a source is waited for.
        metrics: counts.
        trail: says who was shown a card.

    """

    def __init__(
        self,
        access: Access,
        pages: PageCards,
        leases: Leases,
        slack: AsyncWebClient,
        settings: Settings,
        metrics: Metrics,
        trail: AuditTrail,
    ) -> None:
        self._trail = trail
        self._access = access
        self._pages = pages
        self._leases = leases
        self._slack = slack
        # Slack has refused Work Objects: until then it is asked without.
        self._plain_until: datetime | None = None
        self._settings = settings
        self._metrics = metrics
        self._log = structlog.get_logger("unfurls")

    async def answer(self, job: Job) -> None:
        """Show cards for a message's addresses; the same page once in half an hour in a channel."""
        payload = UNFURL.read(job.payload)
        self._trail.note(job, asked_by(payload.asker))
        if (refused := await self._refused(payload)) is not None:
            self._trail.note_refusal(job, asked_by(payload.asker), refused)
            self._count(job, ["refused"] * len(payload.urls))
            return
        found = await together(*(self._card(job, payload, url) for url in payload.urls))
        cards = {url: one for url, one in zip(payload.urls, found, strict=True) if isinstance(one, _Claimed)}
        outcomes = [one.outcome for one in found if isinstance(one, NoCard)]
        self._trail.note(job, [_audited(payload, one) for one in found])
        if cards:
            shown = await self._show(payload, cards)
            outcomes += [shown] * len(cards)
            if shown != _SHOWN:
                # Slack has refused them: the next time that they are pasted they are news again.
                await self._give_back(job, [one.page for one in cards.values() if one.page])
        self._count(job, outcomes)

    async def _give_back(self, job: Job, pages: Sequence[str]) -> None:
        for page in pages:
            await self._leases.release(page, job.id)

    async def _refused(self, payload: UnfurlPayload) -> str | None:
        """Why whoever pasted it may not look customers up there, or not everybody there may see it."""
        if self._settings.visibility != "thread" and not payload.is_preview:
            return "visibility"
        try:
            verdict = await self._access.admit(payload.asker)
        except SlackApiError:
            return "unsure"
        if verdict.refusal is not None:
            return verdict.refusal.reason
        return None if verdict.in_public or payload.is_preview else "not_seen"

    async def _card(self, job: Job, payload: UnfurlPayload, url: str) -> "_Claimed | NoCard":
        named = await self._asked(lambda: self._pages.name(url, payload.user))
        if isinstance(named, NoCard):
            return named
        is_once = not (payload.is_preview or payload.is_refresh)
        page = f"card/{payload.channel}/{named.page}" if is_once else None
        if page and not await self._leases.take(page, job.id, _COOLING):
            return NoCard("cooled_down")
        has_thread = not payload.is_preview
        card = await self._asked(
            lambda: self._pages.describe(named, job, payload.user, has_thread=has_thread)
        )
        if isinstance(card, NoCard):
            await self._give_back(job, [page] if page else [])
            return replace(card, subject=card.subject or named.subject)
        reference, plays = self._pages.reference(named, url), self._pages.recorded(card) is not None
        return _Claimed(card, page, card_entity(card, reference, url, plays=plays))

    async def _asked(self, ask: Callable[[], Coroutine[Any, Any, T | NoCard]]) -> T | NoCard:
        """What is known, or why nothing is; a vendor whose connection broke is asked again after a pause."""
        seconds = self._settings.lookup.deadline_seconds
        found = await in_time(ask(), seconds)
        for pause in _PAUSES_SECONDS:
            if not isinstance(found, NoCard) or found.outcome not in _BROKEN_CONNECTION:
                break
            await asyncio.sleep(pause)
            found = await in_time(ask(), seconds)
        return found

    async def _show(self, payload: UnfurlPayload, cards: Mapping[str, _Claimed]) -> str:
        """Show the cards; returns the metric's label for the result."""
        arguments: dict[str, Any] = {"channel": payload.channel, "ts": payload.message_ts}
        if payload.unfurl_id and payload.source:
            arguments = {"unfurl_id": payload.unfurl_id, "source": payload.source}
        arguments["unfurls"] = {url: {"blocks": card_blocks(one.card)} for url, one in cards.items()}
        try:
            if not await self._shown_as_entities(arguments, [one.entity for one in cards.values()]):
                await self._slack.chat_unfurl(**arguments)
        except SlackApiError as error:
            code = str(error.response.get("error"))
            self._log.warning("unfurl.refused", slack=code)
            return "failed_slack"
        return _SHOWN

    async def _shown_as_entities(self, arguments: Mapping[str, Any], entities: list[dict[str, Any]]) -> bool:
        """
        Show the cards as blocks and as Work Objects; False where Slack takes no Work Objects of this app.

        Raises:
            SlackApiError: when Slack refuses the cards themselves.

        """
        if self._plain_until and self._pages.clock() < self._plain_until:
            return False
        try:
            await self._slack.chat_unfurl(**arguments, metadata={"entities": entities})
        except SlackApiError as error:
            code = str(error.response.get("error"))
            if "metadata" not in code and code != "feature_not_enabled":
                raise
            self._plain_until = self._pages.clock() + _PLAIN_LASTS
            self._log.warning("unfurl.without_work_objects", slack=code)
            return False
        return True

    def _count(self, job: Job, outcomes: list[str]) -> None:
        for outcome in outcomes:
            self._metrics.unfurls.labels(outcome).inc()
        self._log.info("unfurl.done", job=job.id, outcomes=sorted(outcomes))


def _audited(payload: UnfurlPayload, found: _Claimed | NoCard) -> AuditEntry:
    """What the audit trail says of one pasted address."""
    [entry] = asked_by(payload.asker)
    if isinstance(found, NoCard):
        return replace(entry, outcome=Came.NO_CARD, subject=found.subject)
    seen_by = ShownTo.ASKER if payload.is_preview else ShownTo.PUBLIC
    [entry] = entry.about([found.card.case_file], seen_by)
    return replace(entry, subject=found.card.subject, outcome=Came.FOUND)
