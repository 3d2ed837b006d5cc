"""
A session, or a person's newest ones, as a card below a pasted address.

The same words as in an answer; a card may hold no rich text, and a preview in the composer stands in no
thread yet, so nothing can be asked from it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement

from bot.answers.block_kit import context, dicts, packed, section
from bot.answers.buttons import MORE_OF_PERSON, OPEN, ButtonValue
from bot.answers.mrkdwn import code, escaped
from bot.answers.wording import error_lines, headline, session_lines, source_lines
from bot.domain.asking import AnswerForm
from bot.domain.model import CaseFile, Finding, Session, Subject

_SESSIONS_SHOWN = 3
_LONGEST_URL = 3_000


@dataclass(frozen=True, slots=True)
class Card:
    """
    What a card shows: one source's finding on somebody, and one session of it or (None) the newest ones.

    `subject` is the person's surest name, None where nobody is known; `days` and `shown` are what "More of
    this person" asks for. `is_preview`: it stands in the composer, before the message is sent.
    """

    case_file: CaseFile
    session: Session | None
    subject: Subject | None
    days: int
    shown: int
    is_preview: bool = False


def card_blocks(card: Card) -> list[dict[str, Any]]:
    """Give a card's blocks: whose, when, how long, on what, which errors, how fresh, and where to go on."""
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
    known = [code(one, 128) for one in dict.fromkeys((email, uid)) if one]
    who = [escaped(name, 100)] if name else []
    who += known or ([code(card.subject.value, 128)] if card.subject else [])
    if card.session is not None:
        return f"*Session of* {' · '.join(who) or 'somebody who is not known by name'}"
    return f"*Sessions of* {' · '.join(who)}\n{headline(card.case_file)}"


def _errors(card: Card, finding: Finding) -> list[Block]:
    """Give the errors of the session, or of all of the person's."""
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
