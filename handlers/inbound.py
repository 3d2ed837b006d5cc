"""What every way in shares: a request is written down as a job and begun, or refused and the person told."""

import asyncio
import math
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import aiohttp
import structlog
from slack_sdk.web.async_client import AsyncWebClient
from sqlalchemy.exc import SQLAlchemyError

from bot.answers.block_kit import note
from bot.answers.words import table
from bot.audit.entries import asked_by
from bot.domain.asking import Asker, Way
from bot.jobs.admission import Admission
from bot.jobs.home.tab import HomeTab
from bot.jobs.home.view import channel_of
from bot.jobs.inbox import Inbox
from bot.jobs.payloads import JobKind, P
from bot.jobs.worker import Worker
from bot.operations.fair_use import PersonalPace
from bot.operations.metrics import Metrics
from bot.operations.tasks import Tasks
from bot.settings.model import Settings
from bot.slack.access import Access
from bot.slack.client import SlackAway
from bot.slack.identity import Identity
from bot.storage.database import StoreAway
from bot.storage.keyring import Keyring
from bot.tickets.with_requester import TicketReader

# Slack waits for three seconds, and should hear sooner.
_WRITTEN_WITHIN_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class Inbound:
    """
    What the ways in need of the running bot.

    `session` is the connection pool of `slack`; `reader` reads messages as tickets; `home` shows Home tabs.
    `pace` says how often one person may ask. `tell_processes` has all processes drop what they hold.
    """

    settings: Settings
    identity: Identity
    inbox: Inbox
    worker: Worker
    access: Access
    admission: Admission
    reader: TicketReader
    slack: AsyncWebClient
    session: aiohttp.ClientSession
    keyring: Keyring
    metrics: Metrics
    tasks: Tasks
    home: HomeTab
    tell_processes: Callable[[], Awaitable[None]]
    pace: PersonalPace


async def accept(inbound: Inbound, kind: JobKind[P], key: str, payload: P) -> None:
    """
    Write a job down and begin it; a redelivery of an earlier request, of the same key, makes none.

    Raises:
        SQLAlchemyError: when the database cannot be reached; then Slack must not hear that it was accepted.

    """
    job = await inbound.inbox.accept(kind.name, key, kind.write(payload))
    if job is not None:
        inbound.worker.start(job)


async def accept_from(
    inbound: Inbound, kind: JobKind[P], key: str, payload: P, *, comes_again: bool = False
) -> str | None:
    """
    Accept what a person asks for; where it cannot be taken on, what they are to be told comes back.

    `comes_again`: what cannot be stored now is left to Slack's next delivery, so that it is no refusal.
    """
    asker: Asker = payload.asker  # type: ignore[attr-defined] # what people ask for says who asks
    if wait := inbound.pace.wait(asker.user, f"{kind.name} {key}"):
        inbound.metrics.lookups.labels("too_often").inc()
        await keep_refusal(inbound, asker, "too_often", key)
        return too_often(inbound, wait)
    if inbound.worker.is_full:
        structlog.get_logger("inbound").warning("request.too_many", kind=kind.name)
        inbound.metrics.lookups.labels("too_many").inc()
        await keep_refusal(inbound, asker, "too_many", key)
        return table.TOO_BUSY
    try:
        await accept(inbound, kind, key, payload)
    except SQLAlchemyError as error:
        structlog.get_logger("inbound").error("request.not_stored", kind=kind.name, exc_info=error)
        inbound.metrics.lookups.labels("not_stored").inc()
        if not comes_again:
            inbound.admission.trail.owe_refusal(asked_by(asker), "not_stored")
        return table.DATABASE_AWAY
    return None


def too_often(inbound: Inbound, wait: timedelta) -> str:
    """What somebody is told who has asked as often as one may, and has to wait."""
    times, seconds = inbound.settings.access.per_person_minute, math.ceil(wait.total_seconds())
    return table.TOO_OFTEN.format(times=times, seconds=seconds)


async def write_refusal(inbound: Inbound, asker: Asker, reason: str, request: str | None = None) -> None:
    """
    Write down that somebody was refused without a job, or log that it could not be written.

    A request that is delivered again (`request` is what its deliveries have in common) is written once.
    """
    try:
        await inbound.admission.trail.write_refusal(asked_by(asker), reason, request)
    except StoreAway as error:
        structlog.get_logger("inbound").warning("refusal.not_written", why=str(error))


async def keep_refusal(inbound: Inbound, asker: Asker, reason: str, request: str) -> None:
    """Write a refusal down before Slack hears of it; a database that is slow is not waited for."""
    writing = inbound.tasks.spawn(write_refusal(inbound, asker, reason, request), "write down a refusal")
    await asyncio.wait({writing}, timeout=_WRITTEN_WITHIN_SECONDS)


async def accept_or_tell(
    inbound: Inbound, kind: JobKind[P], body: dict[str, Any], payload: P, asker: Asker
) -> None:
    """
    Accept what a person asks for by a button, a shortcut or in words, or tell them at once why not.

    Raises:
        StoreAway: when it cannot be taken on, and they cannot be told: then Slack may deliver it again.

    """
    comes_again = not asker.response_url
    refused = await accept_from(inbound, kind, redelivery_key(body), payload, comes_again=comes_again)
    if refused == table.DATABASE_AWAY and comes_again:
        raise StoreAway(refused)
    if refused:
        inbound.tasks.spawn(tell_at_once(inbound, asker, refused), "tell that it was refused")


async def tell_at_once(inbound: Inbound, asker: Asker, text: str) -> None:
    """
    Tell the asker alone something of which no record is kept: once, or where Slack fails not at all.

    So often in a minute as they may ask: whoever floods the bot would keep its answers from others otherwise.
    """
    if not inbound.pace.may_be_told(asker.user):
        return
    try:
        await inbound.admission.say(asker, note(text))
    except (SlackAway, StoreAway) as error:
        structlog.get_logger("inbound").warning("asker.not_told", why=str(error))


def redelivery_key(body: dict[str, Any]) -> str:
    """
    What redeliveries of one request have in common: commands and buttons carry no event id.

    Without it two requests must never count as one: the second would go unanswered.
    """
    known = body.get("event_id") or body.get("trigger_id") or body.get("response_url")
    return str(known or uuid.uuid4().hex)


def asker_of(inbound: Inbound, body: dict[str, Any], way: Way) -> Asker:
    """Who pressed a button, used a shortcut or filled a form in, and where."""
    container = body.get("container") or {}
    channel = container.get("channel_id") or (body.get("channel") or {}).get("id") or ""
    return Asker(
        body["user"]["id"],
        channel,
        inbound.identity.team,
        container.get("thread_ts"),
        body.get("response_url"),
        way,
        is_foreign=_is_foreign(inbound, body, body["user"].get("team_id")),
        is_shared=_is_shared(body),
        # What heads a thread is pressed in the channel.
        in_thread=container.get("thread_ts") not in (None, "", container.get("message_ts")),
    )


def writer_of(inbound: Inbound, body: dict[str, Any], way: Way, thread_ts: str | None) -> Asker:
    """Who wrote the message of an event, and where; `thread_ts` is the thread to answer in."""
    event = body["event"]
    return Asker(
        str(event["user"]),
        str(event["channel"]),
        inbound.identity.team,
        thread_ts,
        way=way,
        is_foreign=_is_foreign(inbound, body, event.get("user_team") or event.get("team")),
        is_shared=_is_shared(body),
        in_thread=bool(event.get("thread_ts")),
    )


def visitor_of(inbound: Inbound, body: dict[str, Any]) -> Asker:
    """Who uses something on their Home tab; its view knows their direct channel with the bot."""
    return Asker(
        body["user"]["id"],
        channel_of(body.get("view") or {}),
        inbound.identity.team,
        way=Way.HOME,
        is_foreign=_is_foreign(inbound, body, body["user"].get("team_id")),
    )


def runner_of(inbound: Inbound, body: dict[str, Any]) -> Asker:
    """
    Who runs the workflow that has come to our step, and in which channel its answer will be read.

    The id is empty where Slack does not say: what is no `user_context` was filled in by whoever built it.
    """
    inputs = body["event"].get("inputs") or {}
    person, channel = inputs.get("person"), inputs.get("channel")
    user = person.get("id") if isinstance(person, dict) and person.get("secret") else None
    return Asker(
        user if isinstance(user, str) else "",
        channel if isinstance(channel, str) else "",
        inbound.identity.team,
        way=Way.WORKFLOW,
        is_shared=_is_shared(body),
    )


def commander_of(inbound: Inbound, body: dict[str, Any]) -> Asker:
    """Who typed the command, and where."""
    return Asker(
        body["user_id"],
        body["channel_id"],
        inbound.identity.team,
        response_url=body.get("response_url"),
        way=Way.COMMAND,
        is_foreign=_is_foreign(inbound, body, body.get("team_id")),
        is_shared=_is_shared(body),
    )


def _is_shared(body: dict[str, Any]) -> bool:
    """Whether a request says itself that it is from a channel shared with another company."""
    return body.get("is_ext_shared_channel") is True


def _is_foreign(inbound: Inbound, body: dict[str, Any], team: object) -> bool:
    """
    Whether a request says itself that whoever acted is of another company.

    Within an Enterprise Grid the teams are many: there it is another's where its enterprise is.
    """
    ours = inbound.identity
    if not isinstance(team, str) or team in (ours.team, ours.enterprise):
        return False
    named = body.get("team") if isinstance(body.get("team"), dict) else {}
    enterprise = (named or {}).get("enterprise_id") or body.get("enterprise_id")
    return ours.enterprise is None or (enterprise is not None and enterprise != ours.enterprise)
