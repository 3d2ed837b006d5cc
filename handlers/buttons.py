"""
The buttons below our messages.

Refresh asks anew (and spends quota on purpose), More visits asks nobody, 30 more days looks further back,
Remove takes an answer in a ticket's thread away, "Errors in this visit" reads one session's events, "Is it
just them?" counts how many others an error hit, and the buttons with somebody's name look that one up. What
they answer takes the place of the message that they are in, or stands in its thread. Watch and Stop watching
say whether a thread is told what becomes of its errors, "No replies in this channel" whether tickets there
are answered. Whether the person may do so is judged by the job, as for every way in.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from slack_bolt.async_app import AsyncAck, AsyncApp
from slack_bolt.response import BoltResponse

from bot.answers.buttons import (
    ANSWER_MENU,
    ASK_CUSTOMER,
    JUST_OPENED,
    LOOK_FURTHER,
    MORE_OF_PERSON,
    MUTE,
    NOTE_IN_TICKET,
    OPEN,
    OTHERS,
    REFRESH,
    REMOVE,
    SESSION_ERRORS,
    SHOW_MORE,
    STOP_WATCHING,
    THIS_THREAD,
    TRY_OTHER,
    UNMUTE,
    WATCH,
    WATCHING,
    ButtonValue,
    SessionValue,
)
from bot.answers.prompts import LOOK_UP
from bot.answers.targets.masked import SHARE_HERE, SHOW_ME
from bot.answers.words import table
from bot.domain.asking import AnswerForm, Shown, Way
from bot.jobs import payloads as kinds
from bot.jobs.home.view import OFFER, SUBJECT_INPUT
from bot.jobs.payloads import (
    DeskNotePayload,
    LookupPayload,
    MutePayload,
    OthersPayload,
    RemovePayload,
    SessionErrorsPayload,
    WatchPayload,
)
from bot.slack.signed_values import ButtonSeals, ForgedValue
from bot.sources.protocol import Effort
from handlers.home import look_up_again
from handlers.inbound import (
    Inbound,
    accept_or_tell,
    asker_of,
    keep_refusal,
    redelivery_key,
    tell_at_once,
    visitor_of,
)
from handlers.modals import ask_customer

# What somebody types, and a switch of the Home tab: their values name nobody, and are not signed.
_UNSIGNED = frozenset({SUBJECT_INPUT, OFFER})
_WAYS_OF_BUTTONS = {
    REFRESH: Way.REFRESH,
    SHOW_MORE: Way.SHOW_MORE,
    REMOVE: Way.REMOVE,
    MORE_OF_PERSON: Way.MORE,
    SESSION_ERRORS: Way.SESSION_ERRORS,
    LOOK_FURTHER: Way.LOOK_FURTHER,
    TRY_OTHER: Way.TRY_OTHER,
    OTHERS: Way.OTHERS,
    SHOW_ME: Way.SHOW_ME,
    SHARE_HERE: Way.SHARE,
    ASK_CUSTOMER: Way.OPEN_MODAL,
    WATCH: Way.WATCH,
    WATCHING: Way.WATCH,
    STOP_WATCHING: Way.STOP_WATCHING,
    NOTE_IN_TICKET: Way.DESK_NOTE,
    MUTE: Way.MUTE,
    UNMUTE: Way.UNMUTE,
}


def check_values(bolt: AsyncApp, inbound: Inbound) -> None:
    """Check a button's value before anything else sees it; who pressed an altered one is told."""
    seals = ButtonSeals(inbound.keyring)

    @bolt.middleware
    async def check(body: dict[str, Any], next_: Callable[[], Awaitable[None]]) -> BoltResponse | None:
        try:
            for action in body.get("actions") or ():
                if action["action_id"] not in _UNSIGNED:
                    for held in (action, action.get("selected_option") or {}):
                        if isinstance(held.get("value"), str):
                            held["value"] = seals.opened(action["action_id"], held["value"])
        except ForgedValue:
            asker = asker_of(inbound, body, _WAYS_OF_BUTTONS.get(action["action_id"], Way.LOOK_UP))
            await keep_refusal(inbound, asker, "altered_button", redelivery_key(body))
            inbound.tasks.spawn(tell_at_once(inbound, asker, table.FORGED), "tell that a button was altered")
            return BoltResponse(status=HTTPStatus.OK)
        await next_()
        return None


def register(bolt: AsyncApp, inbound: Inbound) -> None:
    """Answer all of them."""

    @bolt.action(REFRESH)
    async def on_refresh(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _again(body, inbound, Effort.FRESH, _value(body), REFRESH)
        await ack()

    @bolt.action(SHOW_MORE)
    async def on_show_more(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _again(body, inbound, Effort.KNOWN, _value(body), SHOW_MORE)
        await ack()

    @bolt.action(re.compile(rf"^({LOOK_FURTHER}|{TRY_OTHER})$"))
    async def on_look_elsewhere(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _again(body, inbound, Effort.USUAL, _value(body), body["actions"][0]["action_id"])
        await ack()

    @bolt.action(REMOVE)
    async def on_remove(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _remove(body, inbound)
        await ack()

    @bolt.action(MORE_OF_PERSON)
    async def on_more(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _more(body, inbound)
        await ack()

    @bolt.action(re.compile(rf"^{LOOK_UP}\d+$"))
    async def on_look_up(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _look_up(body, inbound)
        await ack()

    @bolt.action(OPEN)
    async def on_open(ack: AsyncAck) -> None:
        # Slack opens a button's address by itself, and sends the press all the same.
        await ack()

    _register_menus(bolt, inbound)
    _register_masked(bolt, inbound)


def _register_menus(bolt: AsyncApp, inbound: Inbound) -> None:
    """Answer what is chosen from a menu, or pressed where there is a button in its place."""

    @bolt.action(SESSION_ERRORS)
    async def on_session_errors(ack: AsyncAck, body: dict[str, Any]) -> None:
        if _value(body) != JUST_OPENED:
            await _read_errors(body, inbound)
        await ack()

    @bolt.action(re.compile(rf"^({'|'.join(_MENU_ACTIONS)})$"))
    async def on_menu_action(ack: AsyncAck, body: dict[str, Any]) -> None:
        await _MENU_ACTIONS[body["actions"][0]["action_id"]](body, inbound, _value(body))
        await ack()

    @bolt.action(ANSWER_MENU)
    async def on_answer_menu(ack: AsyncAck, body: dict[str, Any]) -> None:
        action, _, value = _value(body).partition(":")
        if action == ASK_CUSTOMER:
            ask_customer(inbound, body, ButtonValue.loads(value))
        elif action in _MENU_ACTIONS:
            await _MENU_ACTIONS[action](body, inbound, value)
        else:
            await _again(body, inbound, Effort.USUAL, value, action)
        await ack()


async def _watch(body: dict[str, Any], inbound: Inbound, pressed: str) -> None:
    """Watch the thread that the button is in, unless its value names another."""
    value, asker = ButtonValue.loads(pressed), asker_of(inbound, body, Way.WATCH)
    asker = replace(asker, thread_ts=value.thread_ts or _thread_of(body))
    payload = WatchPayload(asker, is_on=True, subjects=value.subjects, days=value.days)
    await accept_or_tell(inbound, kinds.WATCH, body, payload, payload.asker)


async def _ask_whether_watched(body: dict[str, Any], inbound: Inbound, pressed: str) -> None:
    """Say whether the thread that the button is in is watched."""
    value, asker = ButtonValue.loads(pressed), asker_of(inbound, body, Way.WATCH)
    asker = replace(asker, thread_ts=_thread_of(body))
    payload = WatchPayload(asker, is_on=None, subjects=value.subjects, days=value.days)
    await accept_or_tell(inbound, kinds.WATCH, body, payload, payload.asker)


async def _stop_watching(body: dict[str, Any], inbound: Inbound, pressed: str) -> None:
    """Tell a thread nothing more: the one that the button is in, unless its value names another."""
    thread_ts = _thread_of(body) if pressed == THIS_THREAD else pressed
    asker = replace(asker_of(inbound, body, Way.STOP_WATCHING), thread_ts=thread_ts)
    payload = WatchPayload(asker, is_on=False)
    await accept_or_tell(inbound, kinds.WATCH, body, payload, payload.asker)


def _thread_of(body: dict[str, Any]) -> str:
    container = body["container"]
    return str(container.get("thread_ts") or container["message_ts"])


async def _note_in_ticket(body: dict[str, Any], inbound: Inbound, pressed: str) -> None:
    """Write a note about the answer's people into the ticket that heads the thread."""
    value, asker = ButtonValue.loads(pressed), asker_of(inbound, body, Way.DESK_NOTE)
    payload = DeskNotePayload(asker, value.subjects, value.days, value.ticket_at)
    await accept_or_tell(inbound, kinds.DESK_NOTE, body, payload, payload.asker)


async def _mute(body: dict[str, Any], inbound: Inbound, _pressed: str) -> None:
    """Have tickets in this channel get no reply."""
    payload = MutePayload(asker_of(inbound, body, Way.MUTE), is_on=True)
    await accept_or_tell(inbound, kinds.MUTE, body, payload, payload.asker)


async def _unmute(body: dict[str, Any], inbound: Inbound, _pressed: str) -> None:
    """Have tickets in this channel get a reply again."""
    payload = MutePayload(asker_of(inbound, body, Way.UNMUTE), is_on=False)
    await accept_or_tell(inbound, kinds.MUTE, body, payload, payload.asker)


async def _read_errors(body: dict[str, Any], inbound: Inbound) -> None:
    """Read one session's events, or its summary; what is found stands where the message is."""
    value, on = SessionValue.loads(_value(body)), _shown(body)
    block_id = str(body["actions"][0].get("block_id"))
    way = Way.SESSION_SUMMARY if value.in_words else Way.SESSION_ERRORS
    payload = SessionErrorsPayload(
        asker_of(inbound, body, way),
        value.source,
        value.session_id,
        value.started_at,
        block_id if block_id.startswith("https://") else value.url,
        # Where the message is in no thread, a thread below it would be out of sight.
        thread_ts=on.parent_ts,
        ephemeral=on.ephemeral,
        until=value.until,
        in_words=value.in_words,
        pressed_on=None if on.ephemeral else on.message_ts,
    )
    await accept_or_tell(inbound, kinds.SESSION_ERRORS, body, payload, payload.asker)


async def _count_others(body: dict[str, Any], inbound: Inbound, pressed: str) -> None:
    """Count how many others the newest errors hit; what is found stands where the message is."""
    value = ButtonValue.loads(pressed)
    [subject] = value.subjects
    if value.form is AnswerForm.HOME:
        asker = replace(visitor_of(inbound, body), way=Way.OTHERS)
        payload = OthersPayload(asker, subject, value.days, None, ephemeral=True, on_home=True)
    else:
        asker, on = asker_of(inbound, body, Way.OTHERS), _shown(body)
        payload = OthersPayload(asker, subject, value.days, on.parent_ts, ephemeral=on.ephemeral)
    await accept_or_tell(inbound, kinds.OTHERS, body, payload, asker)


async def _remove(body: dict[str, Any], inbound: Inbound) -> None:
    value = body["actions"][0].get("value")
    was_chosen = bool(value) and ButtonValue.loads(value).form is AnswerForm.OFFERED
    message_ts = body["container"]["message_ts"]
    payload = RemovePayload(asker_of(inbound, body, Way.REMOVE), message_ts, was_chosen=was_chosen)
    await accept_or_tell(inbound, kinds.REMOVE, body, payload, payload.asker)


async def _again(body: dict[str, Any], inbound: Inbound, effort: Effort, pressed: str, action: str) -> None:
    """Ask the same again, or what the button says, in place of the answer that the button is below."""
    value = ButtonValue.loads(pressed)
    if value.form is AnswerForm.HOME:
        await look_up_again(inbound, body, value, effort)
        return
    asker = asker_of(inbound, body, _WAYS_OF_BUTTONS.get(action, Way.LOOK_UP))
    # What a person chose in a ticket's thread was asked by that person.
    named = value.asker or (asker.user if value.form is AnswerForm.OFFERED else None)
    payload = LookupPayload(
        subjects=value.subjects,
        days=value.days,
        effort=effort,
        shown=value.shown,
        asker=asker,
        named=named,
        form=value.form,
        on=_shown(body),
        ticket_at=value.ticket_at,
    )
    await accept_or_tell(inbound, kinds.LOOKUP, body, payload, payload.asker)


async def _more(body: dict[str, Any], inbound: Inbound) -> None:
    """Look a card's person up, in the thread of the message that the card hangs below."""
    value = ButtonValue.loads(body["actions"][0]["value"])
    asker, container = asker_of(inbound, body, Way.MORE), body["container"]
    payload = LookupPayload(
        subjects=value.subjects,
        days=value.days,
        effort=Effort.USUAL,
        shown=value.shown,
        asker=replace(asker, thread_ts=container.get("thread_ts") or container["message_ts"]),
        named=asker.user,
        form=value.form,
    )
    await accept_or_tell(inbound, kinds.LOOKUP, body, payload, payload.asker)


async def _look_up(body: dict[str, Any], inbound: Inbound) -> None:
    """Look the named one up: in place of an offer, or in the thread that a choice was about."""
    value = ButtonValue.loads(body["actions"][0]["value"])
    asker, on = asker_of(inbound, body, Way.LOOK_UP), _shown(body)
    payload = LookupPayload(
        subjects=value.subjects,
        days=value.days,
        effort=Effort.USUAL,
        shown=value.shown,
        asker=replace(asker, thread_ts=value.thread_ts),
        named=asker.user,
        form=value.form,
        on=None if on.ephemeral else on,
        ticket_at=value.ticket_at,
        dismisses=on.ephemeral,
        offered_below=None if on.ephemeral else value.thread_ts,
    )
    await accept_or_tell(inbound, kinds.LOOKUP, body, payload, payload.asker)


def _value(body: dict[str, Any]) -> str:
    """The value of the button, or of what was chosen from the menu."""
    action = body["actions"][0]
    return str((action.get("selected_option") or action)["value"])


def _shown(body: dict[str, Any]) -> Shown:
    container = body["container"]
    ephemeral = bool(container.get("is_ephemeral"))
    return Shown(container["message_ts"], container.get("thread_ts"), ephemeral)


def _register_masked(bolt: AsyncApp, inbound: Inbound) -> None:
    """Answer the buttons of masked answers: for whoever pressed alone, and for everybody."""

    @bolt.action(SHOW_ME)
    async def on_show_me(ack: AsyncAck, body: dict[str, Any]) -> None:
        value = ButtonValue.loads(inbound.keyring.unseal(body["actions"][0]["value"]))
        await _unmasked(body, inbound, value, Way.SHOW_ME)
        await ack()

    @bolt.action(SHARE_HERE)
    async def on_share(ack: AsyncAck, body: dict[str, Any]) -> None:
        value = ButtonValue.loads(body["actions"][0]["value"])
        await _unmasked(body, inbound, value, Way.SHARE)
        await ack()


async def _unmasked(body: dict[str, Any], inbound: Inbound, value: ButtonValue, way: Way) -> None:
    """Look the same up: for whoever pressed alone, or for everybody in place of what only they saw."""
    asker, container = asker_of(inbound, body, way), body["container"]
    is_shared = way is Way.SHARE
    thread_ts = value.thread_ts if is_shared else (container.get("thread_ts") or container["message_ts"])
    payload = LookupPayload(
        subjects=value.subjects,
        days=value.days,
        effort=Effort.USUAL,
        shown=value.shown,
        asker=replace(asker, thread_ts=thread_ts),
        named=None if is_shared else asker.user,
        form=AnswerForm.ANSWER,
        ticket_at=value.ticket_at,
        dismisses=is_shared,
    )
    await accept_or_tell(inbound, kinds.LOOKUP, body, payload, payload.asker)


# What is chosen from the menu below an answer, or pressed where a button stands in the menu's place.
_MENU_ACTIONS = {
    WATCH: _watch,
    WATCHING: _ask_whether_watched,
    STOP_WATCHING: _stop_watching,
    OTHERS: _count_others,
    NOTE_IN_TICKET: _note_in_ticket,
    MUTE: _mute,
    UNMUTE: _unmute,
}
