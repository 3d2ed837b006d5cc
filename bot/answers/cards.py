"""
A session, or a person's newest ones, as a card below a pasted URL.

It uses the same words as an answer. A card may hold no rich text; a preview in the composer is in no thread
yet, so it has no button that asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from slack_sdk.models.blocks import ActionsBlock, Block, ButtonElement

from bot.answers.block_kit import contexts, dicts, packed, section
from bot.answers.buttons import MORE_OF_PERSON, OPEN, ButtonValue
from bot.answers.words import table
from bot.answers.words.counts import headline
from bot.answers.words.errors import error_lines, last_trouble, trouble_line
from bot.answers.words.people import persona_of, who_line
from bot.answers.words.sources import source_lines
from bot.answers.words.style import SLACK, with_short_labels
from bot.answers.words.visits import VisitLines, common_line, common_of
from bot.domain.asking import AnswerForm
from bot.domain.model import CaseFile, Session, Subject
from bot.domain.visits.history import History, history
from bot.domain.visits.model import Visit

# Visits of a person that a card shows.
_VISITS_SHOWN = 3
# Characters of a line in a channel, which is wider than a thread.
_LINE = 80
# Characters of a button's URL (`slack.md`, "Block Kit limits").
_LONGEST_URL = 3_000


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
    """A card's blocks: whose visit, what went wrong, when, how long, on what, how fresh, and buttons."""
    own, style = _history(card), with_short_labels(SLACK, [card.case_file])
    shown = own.visits[:_VISITS_SHOWN]
    trouble, common = last_trouble(own), common_of(shown, style)
    above = [_whose(card, shown)]
    above += [trouble_line(trouble, own, style)] if trouble else []
    above += [headline(card.case_file, own, style)] if card.session is None else []
    above += [line] if (line := common_line(common, shown, style)) else []
    writer = VisitLines(style, common, _LINE)
    blocks: list[Block] = packed(above)
    blocks += [section("\n".join(writer.of(visit, errors=len(own.in_visit(visit))))) for visit in shown]
    if lines := error_lines(own, trouble.happening if trouble else None, style):
        blocks += packed(lines)
    blocks += contexts(source_lines(card.case_file, style))
    buttons = _buttons(card, shown)
    return dicts([*blocks, ActionsBlock(elements=buttons)] if buttons else blocks)


def _history(card: Card) -> History:
    """The visits and errors that the card is about: of one session, or of the person."""
    [finding] = card.case_file.findings
    if card.session is None:
        return history(card.case_file.sessions, card.case_file.errors)
    return history([card.session], [e for e in finding.errors if e.session_id == card.session.id])


def _whose(card: Card, shown: Sequence[Visit]) -> str:
    users = [session.user for visit in shown for session in visit.sessions]
    who = who_line(persona_of(card.subject, users), SLACK)
    sentence = table.VISIT_OF if card.session is not None else table.VISITS_OF
    return sentence.format(who=who or table.NOT_KNOWN_BY_NAME)


def _buttons(card: Card, shown: Sequence[Visit]) -> list[ButtonElement]:
    url = next((session.url for visit in shown for session in visit.sessions if session.url), None)
    buttons = []
    if url and len(url) <= _LONGEST_URL:
        buttons.append(ButtonElement(text=table.OPEN, action_id=OPEN, url=url, style="primary"))
    if card.subject and not card.is_preview:
        value = ButtonValue((card.subject,), card.days, card.shown, None, AnswerForm.ANSWER)
        buttons.append(
            ButtonElement(text=table.MORE_OF_PERSON, action_id=MORE_OF_PERSON, value=value.dumps())
        )
    return buttons
