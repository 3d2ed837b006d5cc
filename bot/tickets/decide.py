"""
What to do about a message: reply with the requester's sessions, offer a lookup, or leave it alone.

The rules are those of `tickets/README.md`. Pure: a Slack event in, an answer out; whatever the event holds,
nothing is raised.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from bot.domain.apps import is_app_id
from bot.domain.model import Subject, TicketReference
from bot.tickets.reading.mail import stubs
from bot.tickets.requester import MOST_REQUESTERS, Said, mentioned_in, once, read_content
from bot.tickets.rules import TicketRules

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

    `shape` is what messages that are read alike have in common, for learning from a wrong answer: which app,
    which desk, by what the requester was found ("A0ZENDESK01 zendesk: label requester in field"). It holds no
    address and no word of the message; it is empty where nobody is to be looked up.
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
    shape: str = ""

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """Whom to look up, at most three."""
        return (*self.requester, *self.uids)[:MOST_REQUESTERS]

    def as_offer(self, reason: str) -> "TicketReading":
        """The same reading with nobody to look up: whoever was found is only a candidate."""
        mentioned = once((), (*self.requester, *self.mentioned))
        return replace(
            self, action=Action.OFFER, reason=reason, requester=(), uids=(), mentioned=mentioned, shape=""
        )


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
    reading = _read(inner, message, rules, files or {})
    if before is not None and reading.action is not Action.IGNORE:
        reading = _compare(reading, before if isinstance(before, dict) else {}, rules, files or {})
    return replace(reading, channel=_word(inner.get("channel")), root_ts=_word(message.get("ts")))


def read_for_person(
    message: Any, rules: TicketRules, files: Mapping[str, Any] | None = None
) -> TicketReading:
    """
    Read a message that somebody points at: whoever wrote it, wherever it stands.

    The action is `reply` with one to three people to look up, else `offer`. In what a person wrote, the only
    outside address is whom it is about; in a desk's message the desk's words alone say so.
    """
    found = message if isinstance(message, dict) else {}
    root_ts = _word(found.get("thread_ts")) or _word(found.get("ts"))
    reading = replace(_decide(found, rules, files or {}), root_ts=root_ts)
    if not reading.subjects and not _is_apps(found) and not reading.unread_files:
        named = mentioned_in(found, rules)
        if len(named) == 1:
            reason = "It is the only outside address in what a person wrote."
            return replace(reading, action=Action.REPLY, reason=reason, requester=named, mentioned=())
    return reading


def _read(
    event: dict[str, Any], message: dict[str, Any], rules: TicketRules, files: Mapping[str, Any]
) -> TicketReading:
    """Read a message, and leave alone what cannot be a ticket, whatever it says."""
    if why := _not_a_ticket(event, message, rules):
        if rules.us.wrote(message):
            return TicketReading(Action.IGNORE, why)
        return replace(_decide(message, rules, files), action=Action.IGNORE, reason=why, shape="")
    said = read_content(message, rules, files)
    reading = _judge(message, said, files)
    if rules.apps:
        return reading
    if said.is_others:
        reason = "It comes from a sender that is no help desk; TICKETS__APPS can name it."
        return replace(reading, action=Action.IGNORE, reason=reason, shape="")
    if not _has_sign(reading, said):
        return replace(
            reading, action=Action.IGNORE, reason="Nothing in it says that it is a ticket.", shape=""
        )
    return reading


def _has_sign(reading: TicketReading, said: Said) -> bool:
    """Whether anything in a message says that it is a ticket; an app's name says nothing."""
    may_be_mail = bool(reading.unread_files) and not said.has_mail
    linked = bool(said.ticket) or said.is_digest or said.is_linked
    named = said.is_sign or bool(said.uids) or said.found.startswith("sentence")
    return linked or said.has_mail or may_be_mail or named


def _decide(message: dict[str, Any], rules: TicketRules, files: Mapping[str, Any]) -> TicketReading:
    return _judge(message, read_content(message, rules, files), files)


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
    if message.get("user") == "USLACKBOT":
        # Slack's email app posts as Slackbot. Its other words are of whoever set a reminder, say, and may
        # have an app's marks: a guest could have anybody looked up by one.
        return bool(message.get("display_as_bot"))
    marks = message.get("bot_id") or message.get("bot_profile")
    return bool(marks) or message.get("subtype") == "bot_message"


def is_allowed_app(event: Any, apps: Sequence[str]) -> bool:
    """Whether the app that wrote a message, new or edited, is among these by its id, or its bot's."""
    message = event.get("message") if event.get("subtype") == "message_changed" else event
    ids = [app for app in apps if is_app_id(app)]
    return isinstance(message, dict) and _is_named(message, ids)


def _is_named(message: dict[str, Any], apps: Sequence[str]) -> bool:
    """
    Whether an app is one of those that are configured: by its id, or its bot's.

    A name is compared with the one that the app was registered by. What a single message calls its author is
    whatever its sender chose, and counts for nothing.
    """
    profile = message.get("bot_profile")
    profile = profile if isinstance(profile, dict) else {}
    ids = (message.get("app_id"), message.get("bot_id"), profile.get("app_id"), profile.get("id"))
    name = _word(profile.get("name")).casefold()
    by_name = {app.casefold() for app in apps if not is_app_id(app)}
    return bool({app for app in apps if is_app_id(app)}.intersection(filter(_word, ids))) or (
        bool(name) and name in by_name
    )


def _judge(message: Mapping[str, Any], said: Said, files: Mapping[str, Any]) -> TicketReading:
    """What a message calls for, if it is a ticket: a reply about one to three people, else an offer."""
    unread = tuple(file for file in stubs(message.get("files")) if file not in files)
    reading = TicketReading(
        Action.OFFER,
        "",
        mentioned=once((), (*said.requester, *said.mentioned)),
        ticket=said.ticket,
        unread_files=unread,
    )
    count = len(said.requester)
    if said.is_digest:
        return replace(reading, reason="It links several tickets: that is a digest.")
    if count > MOST_REQUESTERS:
        return replace(reading, reason=f"It names {count} requesters: that is a digest.")
    if said.requester or said.uids:
        return replace(
            reading,
            action=Action.REPLY,
            reason=_why(said),
            requester=said.requester,
            uids=said.uids,
            mentioned=said.mentioned,
            shape=_shape(message, said),
        )
    if said.is_doubtful:
        return replace(
            reading, reason="It can be read in two ways: more than one address may be the requester’s."
        )
    if unread:
        return replace(reading, reason="Its mail came without a sender, which files.info has to tell.")
    return replace(reading, reason="No address in it can be trusted to be the requester’s.")


_WHY = {
    "label": "The address is labelled as the requester.",
    "sentence": "A sentence of the desk names the address as the requester’s.",
    "alone": "The address is the only outside address in it.",
    "url": "The address is the only outside address in it, in a link.",
    "mail sender": "The address is the mail’s sender.",
    "mail reply-to": "The mail’s answers go to the address.",
    "mail forwarded": "The address is the sender of the forwarded mail.",
}


def _why(said: Said) -> str:
    if not said.requester:
        return "A configured pattern found the customer’s uid."
    return next(why for found, why in _WHY.items() if said.found.startswith(found))


def _shape(message: Mapping[str, Any], said: Said) -> str:
    """What messages that are read alike have in common, without a word of the message's."""
    profile = message.get("bot_profile")
    profile = profile if isinstance(profile, dict) else {}
    ids = (message.get("app_id"), profile.get("app_id"), message.get("bot_id"), profile.get("id"))
    app = next((one for one in ids if isinstance(one, str) and is_app_id(one)), "unknown app")
    return f"{app} {said.profile or 'general'}: {said.found or 'uid pattern'}"


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


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""
