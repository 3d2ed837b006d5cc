"""
A session, or a person's newest ones, as a card below a pasted URL.

It uses the same words as an answer. A card may hold no rich text; a preview in the composer is in no thread
yet, so it has no button that asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.answers.block_kit import Part, actions, button, contexts, packed, section
from bot.answers.buttons import MORE_OF_PERSON, OPEN, ButtonValue
from bot.answers.words import table
from bot.answers.words.counts import headline
from bot.answers.words.errors import error_lines, last_trouble, trouble_line
from bot.answers.words.people import Persona, persona_of, who_line
from bot.answers.words.sources import source_lines
from bot.answers.words.style import SLACK, with_short_labels
from bot.answers.words.visits import VisitLines, common_line, common_of
from bot.domain.asking import AnswerForm
from bot.domain.model import CaseFile, Session, Subject
from bot.domain.visits.history import History, history
from bot.domain.visits.model import Visit

VISITS_SHOWN = 3
"""So many visits of a person a card shows."""
LONGEST_URL = 3_000
"""Characters of a button's URL (`slack.md`, "Block Kit limits")."""
# Characters of a line in a channel, which is wider than a thread.
_LINE = 80


@dataclass(frozen=True, slots=True)
class Card:
    """
    What a card shows: one source's finding about a person, and one session of it or, with None, the newest.

    `subject` is the person's surest name, None where they are not known; `days` and `shown` are what "More of
    this person" asks for. `is_preview`: there is no thread to answer that in, as with a card in the composer,
    before the message is sent.
    """

    case_file: CaseFile
    session: Session | None
    subject: Subject | None
    days: int
    shown: int
    is_preview: bool = False

    def history(self) -> History:
        """The visits and errors that it is about: of one session, or of the person."""
        [finding] = self.case_file.findings
        if self.session is None:
            return history(self.case_file.sessions, self.case_file.errors)
        return history([self.session], [e for e in finding.errors if e.session_id == self.session.id])

    def persona(self) -> Persona:
        """Whose it is, by all names that the visits it shows and the subject have."""
        shown = self.history().visits[:VISITS_SHOWN]
        users = [session.user for visit in shown for session in visit.sessions]
        return persona_of(self.subject, users)

    def more_of_person(self) -> str | None:
        """The value of the button for more of that person; None where there is nobody or no thread yet."""
        if self.subject is None or self.is_preview:
            return None
        return ButtonValue((self.subject,), self.days, self.shown, None, AnswerForm.ANSWER).dumps()


def card_blocks(card: Card) -> list[Part]:
    """A card's blocks: whose visit, what went wrong, when, how long, on what, how fresh, and buttons."""
    own, style = card.history(), with_short_labels(SLACK, [card.case_file])
    shown = own.visits[:VISITS_SHOWN]
    trouble, common = last_trouble(own), common_of(shown, style)
    above = [whose(card, who_line(card.persona(), SLACK))]
    above += [trouble_line(trouble, own, style)] if trouble else []
    above += [headline(card.case_file, own, style)] if card.session is None else []
    above += [line] if (line := common_line(common, shown, style)) else []
    writer = VisitLines(style, common, _LINE)
    blocks: list[Part] = packed(above)
    blocks += [section("\n".join(writer.of(visit, errors=len(own.in_visit(visit))))) for visit in shown]
    if lines := error_lines(own, trouble.happening if trouble else None, style):
        blocks += packed(lines)
    blocks += contexts(source_lines(card.case_file, style))
    buttons = _buttons(card, shown)
    return [*blocks, actions(buttons)] if buttons else blocks


def whose(card: Card, who: str) -> str:
    """The words that say whose it is, as `who` names them; empty where they are not known by name."""
    sentence = table.VISIT_OF if card.session is not None else table.VISITS_OF
    return sentence.format(who=who or table.NOT_KNOWN_BY_NAME)


def page_of(shown: Sequence[Visit]) -> str | None:
    """The address of what the newest visit's first tool has; None without one that a button takes."""
    urls = (session.url for visit in shown for session in visit.sessions if session.url)
    url = next(urls, None)
    return url if url and len(url) <= LONGEST_URL else None


def _buttons(card: Card, shown: Sequence[Visit]) -> list[Part]:
    buttons = []
    if url := page_of(shown):
        buttons.append(button(table.OPEN, OPEN, url=url, style="primary"))
    if value := card.more_of_person():
        buttons.append(button(table.MORE_OF_PERSON, MORE_OF_PERSON, value))
    return buttons
