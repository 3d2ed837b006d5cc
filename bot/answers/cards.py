"""
A session, or a person's newest ones, as a card below a pasted URL.

It uses the same words as an answer. A card may hold no rich text; a preview in the composer is in no thread
yet, so it has no button that asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement

from bot.answers.block_kit import context, dicts, packed, section
from bot.answers.buttons import MORE_OF_PERSON, OPEN, ButtonValue
from bot.answers.mrkdwn import code, escaped
from bot.answers.wording import error_lines, headline, session_lines, source_lines
from bot.domain.addresses import LONGEST_SUBJECT
from bot.domain.asking import AnswerForm
from bot.domain.model import CaseFile, Finding, Session, Subject

# Sessions of a person that a card shows.
_SESSIONS_SHOWN = 3
# Characters of a button's URL (`slack.md`, "Block Kit limits").
_LONGEST_URL = 3_000
# Characters of a person's name.
_LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Card:
    """
    What a card shows: one source's finding about a person, and one session of it or, with None, the newest.

    `subject` is the person's surest name, None where they are not known; `days` and `shown` are what "More of
    this person" asks for. `is_preview`: it is shown in the composer, before the message is sent.
    """

    case_file: CaseFile
    session: Session | None
    subject: Subject | None
    days: int
    shown: int
    is_preview: bool = False


def card_blocks(card: Card) -> list[dict[str, Any]]:
    """A card's blocks: whose session, when, how long, on which device, its errors, how fresh, and buttons."""
    [finding] = card.case_file.findings
    shown = (card.session,) if card.session else card.case_file.sessions[:_SESSIONS_SHOWN]
    blocks: list[Block] = [section(_whose(card, shown))]
    blocks += [section(session_lines(session)) for session in shown]
    blocks += _errors(card, finding)
    blocks.append(context(source_lines(card.case_file)))
    buttons = _buttons(card, shown)
    return dicts([*blocks, ActionsBlock(elements=buttons)] if buttons else blocks)


def _whose(card: Card, shown: Sequence[Session]) -> str:
    users = [session.user for session in shown]
    name = next((user.name for user in users if user.name), None)
    email = next((user.email for user in users if user.email), None)
    uid = next((user.uid for user in users if user.uid), None)
    known = [code(one, LONGEST_SUBJECT) for one in dict.fromkeys((email, uid)) if one]
    who = [escaped(name, _LONGEST_NAME)] if name else []
    who += known or ([code(card.subject.value, LONGEST_SUBJECT)] if card.subject else [])
    if card.session is not None:
        return f"*Session of* {' · '.join(who) or 'somebody who is not known by name'}"
    return f"*Sessions of* {' · '.join(who)}\n{headline(card.case_file)}"


def _errors(card: Card, finding: Finding) -> list[Block]:
    """The errors of the session, or all of the person's."""
    errors = finding.errors
    if card.session is not None:
        errors = tuple(error for error in errors if error.session_id == card.session.id)
    if not errors:
        return []
    alone = CaseFile(
        card.case_file.subject,
        card.case_file.as_of,
        card.days,
        (Finding(finding.source, finding.state, finding.as_of, sessions=finding.sessions, errors=errors),),
    )
    return packed(error_lines(alone))


def _buttons(card: Card, shown: Sequence[Session]) -> list[ButtonElement]:
    url = next((session.url for session in shown if session.url), None)
    buttons = []
    if url and len(url) <= _LONGEST_URL:
        buttons.append(ButtonElement(text="Open", action_id=OPEN, url=url))
    if card.subject and not card.is_preview:
        value = ButtonValue((card.subject,), card.days, card.shown, None, AnswerForm.ANSWER)
        buttons.append(
            ButtonElement(text="More of this person", action_id=MORE_OF_PERSON, value=value.dumps())
        )
    return buttons
