"""Messages for people where nobody was looked up: buttons, a choice, the modal, the usage."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from slack_sdk.models.blocks import InputBlock, PlainTextInputElement
from slack_sdk.models.views import View as SlackView

from bot.answers.block_kit import Part, actions, button, button_text, context, section
from bot.answers.buttons import (
    ASK_CUSTOMER,
    MUTE,
    THIS_CHANNEL,
    UNMUTE,
    ButtonValue,
    mute_button,
    remove_button,
)
from bot.answers.mrkdwn import code, escaped
from bot.answers.words import table
from bot.domain.addresses import LONGEST_SUBJECT, shown_address
from bot.domain.message import Message
from bot.domain.model import Subject, SubjectKind
from bot.domain.subjects import Help, NobodyNamed, NotUnderstood

# Followed by a number: within a block each element must have its own id.
LOOK_UP = "look_up_"
MODAL = "look_up_customer"
SUBJECT_BLOCK, SUBJECT_INPUT = "subject", "typed"
# People with a button of their own.
_MOST_PEOPLE = 5


@dataclass(frozen=True, slots=True)
class Spare:
    """A lookup that a button or the modal is to make: its value, of which the `subjects` are replaced."""

    value: ButtonValue

    def about(self, subject: Subject) -> str:
        """The value of a button that looks up this subject."""
        return replace(self.value, subjects=(subject,)).dumps()

    def about_nobody_yet(self) -> str:
        """The value of the button that asks whom to look up."""
        return replace(self.value, subjects=()).dumps()


def offer(people: Sequence[Subject], spare: Spare) -> Message:
    """The small message in a ticket's thread where its requester is not surely known."""
    return _message(table.OFFER, people, spare, automatic=True)


def private_offer(people: Sequence[Subject], spare: Spare) -> Message:
    """The message in a ticket's thread where only the person who asks may see the answer."""
    return _message(table.PRIVATE_OFFER, people, spare, automatic=True)


def choice(people: Sequence[Subject], spare: Spare) -> Message:
    """The question whom to look up, for somebody who chose a message that names several people."""
    return _message(table.CHOICE, people, spare)


def nobody_named(spare: Spare) -> Message:
    """The message for somebody who chose a message that names nobody."""
    return _message(table.NOBODY_NAMED, (), spare)


def _message(text: str, people: Sequence[Subject], spare: Spare, *, automatic: bool = False) -> Message:
    buttons = [
        button(
            button_text(shown_name(subject)),
            f"{LOOK_UP}{number}",
            spare.about(subject),
        )
        for number, subject in enumerate(people[:_MOST_PEOPLE])
    ]
    asking = button(table.LOOK_UP, ASK_CUSTOMER, spare.about_nobody_yet())
    elements = [*buttons, asking, *([remove_button(), mute_button()] if automatic else [])]
    blocks: list[Part] = [context([text]), actions(elements)]
    return Message(text, blocks)


def muted(command: str) -> Message:
    """The confirmation that tickets in a channel get no reply, and how that is undone."""
    text = table.IS_MUTED.format(undo=code(f"{command} unmute", 80))
    return _switched(text, button(table.UNMUTE, UNMUTE, THIS_CHANNEL))


def unmuted(command: str) -> Message:
    """The confirmation that tickets in a channel get replies again."""
    text = table.IS_UNMUTED.format(redo=code(f"{command} mute", 80))
    return _switched(text, button(table.MUTE, MUTE, THIS_CHANNEL))


def _switched(text: str, back: Part) -> Message:
    return Message(text, [section(text), actions([back])])


def shown_name(subject: Subject) -> str:
    """A subject as a button names it."""
    return shown_address(subject) if subject.kind is SubjectKind.EMAIL else subject.value


def modal(sealed: str, *, private: bool) -> dict[str, Any]:
    """The modal that asks for an address or uid; `sealed` holds where the answer goes."""
    who_sees = table.MODAL_PRIVATE if private else table.MODAL_PUBLIC
    blocks = [
        InputBlock(
            block_id=SUBJECT_BLOCK,
            label=table.MODAL_LABEL,
            hint=table.MODAL_HINT,
            element=PlainTextInputElement(
                action_id=SUBJECT_INPUT,
                placeholder="jane@contoso.example",
                max_length=2 * LONGEST_SUBJECT,
                focus_on_load=True,
            ),
        ).to_dict(),
        context([who_sees]),
    ]
    view = SlackView(
        type="modal",
        callback_id=MODAL,
        title=table.MODAL_TITLE,
        submit=table.LOOK_UP_NOW,
        close=table.CANCEL,
        private_metadata=sealed,
        blocks=blocks,
    )
    return dict(view.to_dict())


@dataclass(frozen=True, slots=True)
class ModalOrigin:
    """
    Where a modal was opened, and so where the answer goes; it replaces the offer at `message_ts`.

    `in_thread`: whoever opened it looks at a thread.
    """

    channel: str
    value: ButtonValue
    message_ts: str | None = None
    response_url: str | None = None
    in_thread: bool = False

    def dumps(self) -> str:
        """The origin as text, which has to be sealed: a response URL is a secret."""
        held = (self.channel, self.value.dumps(), self.message_ts, self.response_url, self.in_thread)
        return json.dumps(held)

    @classmethod
    def loads(cls, text: str) -> "ModalOrigin":
        """The origin in a text of `dumps`."""
        channel, value, message_ts, response_url, *thread = json.loads(text)
        return cls(str(channel), ButtonValue.loads(value), message_ts, response_url, thread == [True])


def usage(command: Any, read: Help | NobodyNamed | NotUnderstood) -> str:
    """What is understood after the command or a mention; the first line says what was wrong, if anything."""
    name = escaped(str(command or "/sessions"), 32)
    wrong = "" if isinstance(read, Help) else escaped(read.why, 300)
    lines = [wrong, ""] if wrong else []
    lines += [f"{code(f'{name} {form}', 80)} – {meaning}" for form, meaning in table.USAGE.items()]
    return "\n".join(lines)
