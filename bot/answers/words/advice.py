"""What may help where somebody was not found."""

from bot.answers.words import table
from bot.answers.words.style import Style
from bot.domain.addresses import LONGEST_SUBJECT, shown_address, subject_of_address
from bot.domain.model import CaseFile, Subject, SubjectKind


def without_tag(subject: Subject) -> Subject | None:
    """The address without its tag: `jane@…` for `jane+trial@…`; None where it has none."""
    if subject.kind is not SubjectKind.EMAIL:
        return None
    local, at, domain = subject.typed.partition("@")
    plain, plus, _tag = local.partition("+")
    if not (plain and plus and at):
        return None
    return subject_of_address(f"{plain}@{domain}")


def advice_line(case_file: CaseFile, style: Style, *, has_buttons: bool = True) -> str:
    """What to try by hand; what a button does is said only where there is none."""
    subject, advice = case_file.subject, []
    plain = without_tag(subject)
    if plain and not has_buttons:
        advice.append(table.TRY_WITHOUT_TAG.format(address=style.name(shown_address(plain), LONGEST_SUBJECT)))
    if not has_buttons:
        advice.append(table.TRY_FURTHER.format(days=f"{case_file.days} days"))
    advice.append(table.TRY_UID if subject.kind is SubjectKind.EMAIL else table.TRY_ADDRESS)
    return table.TRY.format(what=", or ".join(advice))
