"""
What to do about a message: reply with the requester's sessions, offer a lookup, or leave it alone.

The rules are those of `tickets/README.md`. Pure: a Slack event in, an answer out; whatever the event holds,
nothing is raised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bot.domain.model import Subject, TicketReference
from bot.tickets.mail import stubs
from bot.tickets.requester import MOST_REQUESTERS, Said, TicketRules, once, read_content

_SUBTYPES = (None, "bot_message", "file_share")


class Action(StrEnum):
    """What a message calls for."""

    REPLY = "reply"
    OFFER = "offer"
    IGNORE = "ignore"


@dataclass(frozen=True, slots=True)
class TicketReading:
    """
    What a message says.

    `requester` may be looked up, as may `uids`; `mentioned` are other outside addresses, for people to choose
    from. `reason` is a sentence for people. `unread_files` are ids of files that `files.info` has to tell of
    first. `root_ts` is the message that an answer hangs from.
    """

    action: Action
    reason: str
    requester: tuple[Subject, ...] = ()
    uids: tuple[Subject, ...] = ()
    mentioned: tuple[Subject, ...] = ()
    ticket: TicketReference | None = None
    unread_files: tuple[str, ...] = ()
    channel: str = ""
    root_ts: str = ""

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Give whom to look up, at most three."""
        return (*self.requester, *self.uids)[:MOST_REQUESTERS]


def read_ticket(event: Any, rules: TicketRules, files: Mapping[str, Any] | None = None) -> TicketReading:
    """
    Read a Slack `event_callback`, or the bare message event.

    Args:
        event: the JSON as Slack sent it; anything at all is taken.
        rules: what is configured.
        files: what `files.info` said of files that came as stubs, by id.

    """
    envelope: dict[str, Any] = event if isinstance(event, dict) else {}
    inner: Any = envelope.get("event") if envelope.get("type") == "event_callback" else envelope
    if not isinstance(inner, dict) or inner.get("type") != "message":
        return TicketReading(Action.IGNORE, "This is not a message.")
    if envelope.get("is_ext_shared_channel"):
        return TicketReading(Action.IGNORE, "The channel is shared with another company.")
    before: Any = None
    message: Any = inner
    if inner.get("subtype") == "message_changed":
        before, message = inner.get("previous_message"), inner.get("message")
        if not isinstance(message, dict):
            return TicketReading(Action.IGNORE, "The edit does not say what was edited.")
    if why := _not_a_ticket(inner, message, rules):
        return TicketReading(Action.IGNORE, why)
    reading = _decide(message, rules, files or {})
    if before is not None and reading.action is not Action.IGNORE:
        reading = _compare(reading, before if isinstance(before, dict) else {}, rules, files or {})
    return replace(reading, channel=_word(inner.get("channel")), root_ts=_word(message.get("ts")))


def read_for_person(
    message: Any, rules: TicketRules, files: Mapping[str, Any] | None = None
) -> TicketReading:
    """
    Read a message that somebody points at: whoever wrote it, wherever it stands.

    The action is `reply` with one to three people to look up, else `offer`.
    """
    found = message if isinstance(message, dict) else {}
    said = read_content(found, rules, files or {})
    unread = _unread(found, files or {})
    root_ts = _word(found.get("thread_ts")) or _word(found.get("ts"))
    action, reason, requester = _judge(said, unread)
    mentioned = said.mentioned if requester else once((), (*said.requester, *said.mentioned))
    return TicketReading(
        action, reason, requester, said.uids, mentioned, said.ticket, unread, root_ts=root_ts
    )


def _not_a_ticket(event: dict[str, Any], message: dict[str, Any], rules: TicketRules) -> str | None:
    """Say why a message cannot be a ticket, whatever it says."""
    outside = event.get("channel") not in rules.channels
    in_thread = message.get("thread_ts") not in (None, "", message.get("ts"))
    reasons = (
        (message.get("subtype") not in _SUBTYPES, "Only new messages and edits of them can be tickets."),
        (event.get("channel_type") in ("im", "mpim", "app_home"), "It is a direct message."),
        (bool(rules.channels) and outside, "The channel is not one of TICKETS__CHANNELS."),
        (rules.us.wrote(message), "It is our own message."),
        (not _is_apps(message), "A person wrote it; people have the command and the shortcut."),
        (in_thread, "It stands inside a thread; tickets head one."),
        (bool(rules.apps) and not _is_named(message, rules.apps), "Its app is not one of TICKETS__APPS."),
    )
    return next((why for holds, why in reasons if holds), None)


def _is_apps(message: dict[str, Any]) -> bool:
    """Whether an app wrote it: Slack's own programs give their messages an id that no app has."""
    if message.get("client_msg_id"):
        return False
    if message.get("bot_id") or message.get("bot_profile") or message.get("subtype") == "bot_message":
        return True
    # Slack's email app posts as Slackbot.
    return message.get("user") == "USLACKBOT" and bool(message.get("display_as_bot"))


def _is_named(message: dict[str, Any], apps: Sequence[str]) -> bool:
    profile = message.get("bot_profile")
    profile = profile if isinstance(profile, dict) else {}
    ids = (message.get("app_id"), message.get("bot_id"), profile.get("app_id"), profile.get("id"))
    names = (message.get("username"), profile.get("name"))
    given = {value for value in ids if isinstance(value, str)}
    given |= {value.casefold() for value in names if isinstance(value, str)}
    return any(app in given or app.casefold() in given for app in apps)


def _decide(message: dict[str, Any], rules: TicketRules, files: Mapping[str, Any]) -> TicketReading:
    said = read_content(message, rules, files)
    unread = _unread(message, files)
    may_be_mail = bool(unread) and not said.has_mail
    if not (rules.apps or said.ticket or said.has_mail or said.names_requester or said.uids or may_be_mail):
        return TicketReading(
            Action.IGNORE, "Nothing in it says that it is a ticket.", mentioned=said.mentioned
        )
    action, reason, requester = _judge(said, unread)
    mentioned = said.mentioned if requester else once((), (*said.requester, *said.mentioned))
    return TicketReading(action, reason, requester, said.uids, mentioned, said.ticket, unread)


def _judge(said: Said, unread: Sequence[str]) -> tuple[Action, str, tuple[Subject, ...]]:
    """Give the action, why, and who may be looked up."""
    count = len(said.requester)
    if count > MOST_REQUESTERS:
        return Action.OFFER, f"It names {count} requesters: that is a digest.", ()
    if said.requester:
        how = "labelled as the requester" if said.labelled else "the only outside address in it"
        return Action.REPLY, f"The address is {how}.", said.requester
    if said.uids:
        return Action.REPLY, "A configured pattern found the customer’s uid.", ()
    if unread:
        return Action.OFFER, "Its mail came without a sender, which files.info has to tell.", ()
    return Action.OFFER, "No address in it can be trusted to be the requester’s.", ()


def _compare(
    reading: TicketReading, before: dict[str, Any], rules: TicketRules, files: Mapping[str, Any]
) -> TicketReading:
    """Act on an edit only where it names other requesters than were read before."""
    earlier = _decide(before, rules, files)
    if {s.value for s in reading.subjects} == {s.value for s in earlier.subjects}:
        return replace(reading, action=Action.IGNORE, reason="The edit names nobody new.")
    if reading.action is Action.OFFER:
        return replace(reading, action=Action.IGNORE, reason="The edit takes the requester away.")
    return reading


def _unread(message: dict[str, Any], files: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(file for file in stubs(message.get("files")) if file not in files)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""
