"""What the audit trail says of one lookup, or of one refusal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain.asking import Asker, Way
from bot.domain.model import CaseFile, Finding, State, Subject


class ShownTo(StrEnum):
    """Who could see the answer."""

    PUBLIC = "public"
    # Everybody in the channel saw that somebody was looked up, and not whom.
    MASKED = "masked"
    ASKER = "asker"
    NOBODY = "nobody"
    # Whoever reads the ticket in its help desk.
    DESK = "desk"


class Came:
    """What came of a request; a refusal is `refused_` with its reason, such as `refused_guest`."""

    FOUND = "found"
    # Every source that could answer had nobody.
    NOBODY = "nobody"
    # No source could answer.
    NO_ANSWER = "no_answer"
    # Broken off before there was an answer: it is tried again, or was given up.
    UNFINISHED = "unfinished"
    # Answered without looking anybody up: how the sources are, how to ask, whom to choose.
    TOLD = "told"
    OFFERED = "offered"
    # A ticket that is answered elsewhere, or to which nothing is to be said.
    LEFT = "left"
    # A pasted address without a card, or a side pane with nothing in it: it names no session of ours, it has
    # just had a card, or could not be asked about in time.
    NO_CARD = "no_card"
    REMOVED = "removed"
    # A thread that is watched from now on, and one that is told nothing more.
    WATCHED = "watched"
    UNWATCHED = "unwatched"
    # A ticket that has a note in its help desk, and one that was there before.
    NOTED = "noted"
    # A channel in which tickets get no reply from now on, and one in which they get one again.
    MUTED = "muted"
    UNMUTED = "unmuted"
    # A switch of the Home tab, which holds for everybody.
    SWITCHED = "switched"
    FORGOTTEN = "forgotten"
    # A person's own token for programs was made, or ended.
    TOKEN_MADE = "token_made"  # noqa: S105 - an outcome
    TOKEN_ENDED = "token_ended"  # noqa: S105

    @staticmethod
    def refused(reason: str) -> str:
        """The outcome of a refusal."""
        return f"refused_{reason}"


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """
    One request about one person, or about nobody in particular.

    `who` is a Slack id, or the account of whoever used the terminal; None where nobody asked. `message_ts` is
    the message whose place the answer took, or that was pressed on where it alone says whom the answer is
    about; `sessions` and `errors` are counts.
    """

    who: str | None
    channel: str | None
    way: Way
    outcome: str = Came.UNFINISHED
    subject: Subject | None = None
    shown_to: ShownTo = ShownTo.NOBODY
    sources: tuple[str, ...] = ()
    sessions: int = 0
    errors: int = 0
    message_ts: str | None = None

    def about(self, case_files: Sequence[CaseFile], shown_to: ShownTo) -> "tuple[AuditEntry, ...]":
        """An entry for each person, with what was found."""
        return tuple(
            replace(
                self,
                outcome=_outcome(case_file),
                subject=case_file.subject,
                shown_to=shown_to,
                sources=tuple(str(finding.source) for finding in case_file.findings),
                sessions=len(case_file.sessions),
                errors=len(case_file.errors),
            )
            for case_file in case_files
        )


def asked_by(asker: Asker, subjects: Sequence[Subject] = ()) -> tuple[AuditEntry, ...]:
    """The entries of somebody who has asked, before anything came of it."""
    entry = AuditEntry(asker.user or None, asker.channel or None, asker.way)
    return tuple(replace(entry, subject=subject) for subject in subjects) or (entry,)


def _outcome(case_file: CaseFile) -> str:
    if case_file.sessions or case_file.errors:
        return Came.FOUND
    return Came.NOBODY if any(map(_has_answered, case_file.findings)) else Came.NO_ANSWER


def _has_answered(finding: Finding) -> bool:
    return finding.state is not State.FAILED and finding.answered
