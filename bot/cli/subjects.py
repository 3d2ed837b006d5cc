"""Whom commands ask about, and how far back: read as people type it in Slack."""

from typing import Annotated

from cyclopts import Parameter

from bot.cli.arguments import WholeNumber
from bot.cli.terminal import Complaint
from bot.domain.model import Subject
from bot.domain.subjects import NotUnderstood, read_subject
from bot.domain.typed.options import MOST_DAYS

TypedSubject = Annotated[str, Parameter(help="an address, or a uid (uid:… where in doubt)")]
Days = Annotated[WholeNumber | None, Parameter(help="how far back [default: LOOKUP__DAYS, or 30]")]


def subject_of(typed: str) -> Subject:
    """
    The subject that an argument names.

    Raises:
        Complaint: when it is no address and no uid.

    """
    understood = read_subject(typed.strip())
    if isinstance(understood, NotUnderstood):
        raise Complaint(understood.why)
    return understood


def check_days(days: int | None) -> None:
    """
    See that so many days can be looked back; None, for the setting, can.

    Raises:
        Complaint: when they cannot.

    """
    if days is not None and not 1 <= days <= MOST_DAYS:
        raise Complaint(f"--days takes 1 to {MOST_DAYS}")
