"""Hands the recording of a session out to the person whose address it is, if they may look customers up."""

import asyncio
import gzip
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from slack_sdk.errors import SlackApiError

from bot.answers.words import table
from bot.answers.words.table import replays as words
from bot.audit.entries import AuditEntry, Came, ShownTo
from bot.audit.trail import AuditTrail
from bot.domain.asking import Way
from bot.operations.fair_use import FairRoom, PersonalPace
from bot.operations.metrics import Metrics
from bot.replay.addresses import LASTS, ReplayPass
from bot.slack.access import Access, Refusal
from bot.slack.client import SlackAway
from bot.sources.http import CallFailed
from bot.sources.protocol import Source, TellsReplay
from bot.sources.quota import Purpose
from bot.storage.leases import Leases

# Recordings that are in memory at once, of everybody and of one person; and how long one waits for its turn.
AT_ONCE, OF_ONE = 2, 1
_TURN_SECONDS = 5.0
# Quick enough for megabytes: recordings of pages shrink to a tenth even so.
_GZIP_LEVEL = 1


@dataclass(frozen=True, slots=True)
class NotPlayed:
    """Why no recording is handed out: the HTTP status, words for whoever wants it, and the metric's label."""

    status: HTTPStatus
    words: str
    outcome: str


@dataclass(frozen=True, slots=True)
class Recording:
    """rrweb's events as JSON, `{"events": […]}`, compressed by gzip."""

    gzipped: bytes


@dataclass(frozen=True, slots=True)
class Replays:
    """
    Fetches recordings.

    Args:
        access: who may look customers up; it is asked anew for each recording.
        sources: have the recordings.
        leases: keep an address for the browser that plays it first.
        pace: how often one person may ask.
        room: how many are fetched at once.
        trail: says who played which recording, before it is handed out.
        metrics: counts.

    """

    access: Access
    sources: Sequence[Source]
    leases: Leases
    pace: PersonalPace
    room: FairRoom
    trail: AuditTrail
    metrics: Metrics

    async def play(self, given: ReplayPass, viewer: str | None) -> Recording | NotPlayed:
        """
        The recording that an address is for, or why it is not handed out.

        Args:
            given: what the address says; it is not over.
            viewer: what the browser is known by; None where it does not keep that.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        said = await self._refused(given, viewer) or await self._fetched(given)
        outcome = said.outcome if isinstance(said, NotPlayed) else "played"
        self.metrics.replays.labels(outcome).inc()
        return said

    async def _refused(self, given: ReplayPass, viewer: str | None) -> NotPlayed | None:
        """Why somebody may not have it; a row of the trail says so before they hear of it."""
        refused = await self._judged(given) or await self._taken(given, viewer) or self._too_often(given)
        if refused is not None:
            await self.trail.write_refusal([_entry(given)], refused.outcome)
        return refused

    async def _judged(self, given: ReplayPass) -> NotPlayed | None:
        try:
            refusal = await self._refusal(given)
        except (SlackApiError, SlackAway):
            return NotPlayed(HTTPStatus.SERVICE_UNAVAILABLE, table.NOT_SURE_WHO, "unsure")
        if refusal is None:
            return None
        return NotPlayed(HTTPStatus.FORBIDDEN, refusal.message, refusal.reason)

    async def _refusal(self, given: ReplayPass) -> Refusal | None:
        if given.channel:
            return (await self.access.ask(given.user, given.channel, given.team)).refusal
        return await self.access.ask_alone(given.user, given.team)

    async def _taken(self, given: ReplayPass, viewer: str | None) -> NotPlayed | None:
        # A browser that keeps nothing is another one each time: there an address plays once.
        holder = viewer or secrets.token_hex()
        if await self.leases.take(f"replay/{given.id}", holder, LASTS):
            return None
        return NotPlayed(HTTPStatus.FORBIDDEN, words.TAKEN, "another_browser")

    def _too_often(self, given: ReplayPass) -> NotPlayed | None:
        wait = self.pace.wait(given.user, secrets.token_hex())
        if wait is None:
            return None
        told = words.TOO_OFTEN.format(seconds=max(1, round(wait.total_seconds())))
        return NotPlayed(HTTPStatus.TOO_MANY_REQUESTS, told, "too_many")

    async def _fetched(self, given: ReplayPass) -> Recording | NotPlayed:
        source = next((one for one in self.sources if str(one.name) == given.source), None)
        if not isinstance(source, TellsReplay):
            # It was configured when the address was made.
            return NotPlayed(HTTPStatus.NOT_FOUND, words.NOT_OURS, "unknown")
        try:
            async with asyncio.timeout(_TURN_SECONDS):
                await self.room.enter(given.user)
        except TimeoutError:
            await self.trail.write_refusal([_entry(given)], "no_room")
            return NotPlayed(HTTPStatus.SERVICE_UNAVAILABLE, words.TOO_MANY, "no_room")
        try:
            return await self._asked(source, given)
        finally:
            self.room.leave(given.user)

    async def _asked(self, source: TellsReplay, given: ReplayPass) -> Recording | NotPlayed:
        entry = replace(_entry(given), shown_to=ShownTo.ASKER)
        calls = source.http.for_recording().asking(Purpose.REPLAY, await source.account(), given.user)
        try:
            events = await source.replay(given.session_id, calls)
        except CallFailed as failed:
            await self.trail.write([replace(entry, outcome=Came.NO_ANSWER)])
            why, reason = failed.failure.message, failed.failure.reason
            return NotPlayed(HTTPStatus.BAD_GATEWAY, words.NOT_READ.format(why=why), f"failed_{reason}")
        if events is None:
            await self.trail.write([replace(entry, outcome=Came.NOBODY)])
            told = words.NO_RECORDING.format(source=source.title)
            return NotPlayed(HTTPStatus.NOT_FOUND, told, "no_recording")
        # In a thread: it may be megabytes.
        gzipped = await asyncio.to_thread(_written, events)
        await self.trail.write([replace(entry, outcome=Came.FOUND, sessions=1)])
        return Recording(gzipped)


def _entry(given: ReplayPass) -> AuditEntry:
    channel = given.channel or None
    return AuditEntry(given.user, channel, Way.REPLAY, subject=given.subject, sources=(given.source,))


def _written(events: list[dict[str, Any]]) -> bytes:
    text = json.dumps({"events": events}, separators=(",", ":"), check_circular=False)
    return gzip.compress(text.encode(), _GZIP_LEVEL)
