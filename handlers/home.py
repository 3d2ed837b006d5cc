"""
The Home tab: opened, asked, and for admins switched.

Slack tells each time that it is opened. What is asked there becomes a job, as everywhere; what is switched is
checked by who presses, not by what was shown to them.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial
from typing import Any

import structlog
from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_sdk.errors import SlackApiError

from bot.answers.buttons import ButtonValue
from bot.answers.mrkdwn import escaped
from bot.answers.words import table
from bot.audit.entries import Came, asked_by
from bot.domain.addresses import subject_of_address
from bot.domain.asking import Asker, Way
from bot.domain.model import Subject, SubjectKind
from bot.domain.subjects import NotUnderstood, read_subject
from bot.jobs.home.view import (
    AGAIN,
    CHANNELS,
    CLEAR,
    DEFAULTS,
    END_TOKEN,
    LOOK_UP,
    MAKE_TOKEN,
    MUTED,
    OFFER,
    SUBJECT_BLOCK,
    SUBJECT_INPUT,
    token_modal,
)
from bot.jobs.payloads import HOME_LOOKUP, HomeLookupPayload
from bot.mcp.personal_tokens import LASTS, PersonalTokens
from bot.slack.client import SlackAway
from bot.sources.protocol import Effort
from bot.storage.database import StoreAway
from handlers.inbound import Inbound, accept_from, redelivery_key, visitor_of, write_refusal


def register(bolt: AsyncApp, inbound: Inbound) -> None:
    """Show the tab, and do what is pressed on it."""

    @bolt.event("app_home_opened")
    async def on_opened(body: dict[str, Any]) -> None:
        event = body["event"]
        if event.get("tab", "home") == "home":
            asker = Asker(event["user"], str(event.get("channel") or ""), inbound.identity.team, way=Way.HOME)
            _show(inbound, asker, shown=event.get("view"))

    @bolt.action(SUBJECT_INPUT)
    async def on_enter(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _ask(inbound, body)
        await ack()

    @bolt.action(LOOK_UP)
    async def on_look_up(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _ask(inbound, body)
        await ack()

    @bolt.action(AGAIN)
    async def on_again(ack: AsyncAck, body: dict[str, Any]) -> None:
        kind, typed = json.loads(body["actions"][0]["value"])
        is_uid = SubjectKind(kind) is SubjectKind.UID
        subject = Subject(SubjectKind.UID, typed, typed) if is_uid else subject_of_address(typed)
        await _look_up(inbound, body, subject)
        await ack()

    @bolt.action(CLEAR)
    async def on_clear(ack: AsyncAck, body: dict[str, Any]) -> None:
        _show(inbound, visitor_of(inbound, body))
        await ack()

    _register_switches(bolt, inbound)
    _register_tokens(bolt, inbound)


def _register_switches(bolt: AsyncApp, inbound: Inbound) -> None:
    """Turn what an admin switches."""

    @bolt.action(CHANNELS)
    async def on_channels(ack: AsyncAck, body: dict[str, Any]) -> None:
        chosen = body["actions"][0].get("selected_conversations") or []
        _switch(inbound, body, lambda: inbound.home.switches.choose_channels(chosen))
        await ack()

    @bolt.action(MUTED)
    async def on_muted(ack: AsyncAck, body: dict[str, Any]) -> None:
        chosen = body["actions"][0].get("selected_conversations") or []
        _switch(inbound, body, lambda: inbound.home.switches.choose_muted(chosen))
        await ack()

    @bolt.action(OFFER)
    async def on_offer(ack: AsyncAck, body: dict[str, Any]) -> None:
        chosen = (body["actions"][0].get("selected_option") or {}).get("value")
        _switch(
            inbound,
            body,
            lambda: inbound.home.switches.choose_offer("silent" if chosen == "silent" else "button"),
        )
        await ack()

    @bolt.action(DEFAULTS)
    async def on_defaults(ack: AsyncAck, body: dict[str, Any]) -> None:
        _switch(inbound, body, inbound.home.switches.forget)
        await ack()


def _register_tokens(bolt: AsyncApp, inbound: Inbound) -> None:
    """Make and end people's own tokens for programs."""

    @bolt.action(MAKE_TOKEN)
    async def on_make_token(ack: AsyncAck, body: dict[str, Any]) -> None:
        inbound.tasks.spawn(_make_token(inbound, visitor_of(inbound, body), body), "make a token")
        await ack()

    @bolt.action(END_TOKEN)
    async def on_end_token(ack: AsyncAck, body: dict[str, Any]) -> None:
        inbound.tasks.spawn(_end_token(inbound, visitor_of(inbound, body)), "end a token")
        await ack()


def _show(
    inbound: Inbound, asker: Asker, wrong: str | None = None, shown: dict[str, Any] | None = None
) -> None:
    """Show the tab; that somebody is refused there is written down first."""
    showing = inbound.home.show_if_possible(
        asker, wrong=wrong, shown=shown, note=partial(write_refusal, inbound, asker)
    )
    inbound.tasks.spawn(showing, "show the Home tab")


async def _ask(inbound: Inbound, body: dict[str, Any]) -> None:
    """Look up whoever is typed into the field."""
    values = (body["view"].get("state") or {}).get("values") or {}
    typed = ((values.get(SUBJECT_BLOCK) or {}).get(SUBJECT_INPUT) or {}).get("value") or ""
    subject = read_subject(typed) if typed.strip() else NotUnderstood(table.TYPE_FIRST)
    if isinstance(subject, NotUnderstood):
        _show(inbound, visitor_of(inbound, body), escaped(subject.why, 300))
    else:
        await _look_up(inbound, body, subject)


async def look_up_again(inbound: Inbound, body: dict[str, Any], value: ButtonValue, effort: Effort) -> None:
    """Do what a button below an answer on the tab says: the answer takes that one's place there."""
    [subject] = value.subjects
    await _look_up(inbound, body, subject, effort, value.days, value.shown)


async def _look_up(
    inbound: Inbound,
    body: dict[str, Any],
    subject: Subject,
    effort: Effort = Effort.USUAL,
    days: int | None = None,
    shown: int | None = None,
) -> None:
    asker = visitor_of(inbound, body)
    payload = HomeLookupPayload(asker, subject, effort, days, shown)
    if refused := await accept_from(inbound, HOME_LOOKUP, redelivery_key(body), payload):
        _show(inbound, asker, refused)


def _switch(inbound: Inbound, body: dict[str, Any], turn: Callable[[], Awaitable[None]]) -> None:
    """Turn a switch for an admin, and show the tab as it is then."""
    asker = visitor_of(inbound, body)

    async def switch() -> None:
        log = structlog.get_logger("home")
        try:
            reason = await inbound.home.why_not_switch(asker)
            if reason is None:
                await _note(inbound, asker, Came.SWITCHED)
                await turn()
                log.info("switch.turned", by=asker.user, action=body["actions"][0].get("action_id"))
            else:
                log.warning("switch.refused", by=asker.user, reason=reason)
                await write_refusal(inbound, asker, reason)
        except (SlackAway, StoreAway) as error:
            log.warning("switch.not_turned", why=type(error).__name__)
        await inbound.home.show_if_possible(asker)

    inbound.tasks.spawn(switch(), "turn a switch")


async def _make_token(inbound: Inbound, asker: Asker, body: dict[str, Any]) -> None:
    """Make a token for whoever may ask, and show it to them."""
    log, tokens = structlog.get_logger("home"), inbound.home.tokens
    try:
        refused = await inbound.home.why_not_ask(asker)
        if refused is None and tokens is not None:
            await _show_token(inbound, asker, tokens, str(body.get("trigger_id")))
        else:
            await write_refusal(inbound, asker, refused or "no_programs")
    except (SlackApiError, SlackAway, StoreAway) as error:
        log.warning("token.not_made", why=type(error).__name__)
    await inbound.home.show_if_possible(asker)


async def _show_token(inbound: Inbound, asker: Asker, tokens: PersonalTokens, trigger_id: str) -> None:
    """
    Show somebody a new token in a modal, which Slack keeps nowhere; that it was made is written down first.

    One that could not be shown is ended: nobody could use it.

    Raises:
        SlackApiError, SlackAway, StoreAway: when it could not be made and shown.

    """
    view = token_modal(await tokens.issue(asker.user), LASTS.days)
    await _note(inbound, asker, Came.TOKEN_MADE)
    try:
        await inbound.slack.views_open(trigger_id=trigger_id, view=view)
    except (SlackApiError, SlackAway):
        await tokens.revoke(asker.user)
        await _note(inbound, asker, Came.TOKEN_ENDED)
        raise


async def _end_token(inbound: Inbound, asker: Asker) -> None:
    """End one's own token; whoever may not ask any more may do so too."""
    try:
        if inbound.home.tokens and await inbound.home.tokens.revoke(asker.user):
            await _note(inbound, asker, Came.TOKEN_ENDED)
    except StoreAway as error:
        structlog.get_logger("home").warning("token.not_ended", why=type(error).__name__)
    await inbound.home.show_if_possible(asker)


async def _note(inbound: Inbound, asker: Asker, outcome: str) -> None:
    """Have the trail say what somebody does on their tab."""
    [entry] = asked_by(asker)
    await inbound.admission.trail.write([replace(entry, outcome=outcome)])
