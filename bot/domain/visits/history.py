"""A person's history: their visits and what went wrong, from what all sources say together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bot.domain.model import CaseFile, ErrorEvent, Session
from bot.domain.visits.facts import visit_of
from bot.domain.visits.happenings import happenings_of
from bot.domain.visits.model import Happening, Visit
from bot.domain.visits.same_visit import grouped

_NO_TIME = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class History:
    """
    Visits and happenings, newest first; visits without a time come last.

    Every session is in exactly one visit, and every error in exactly one happening.
    """

    visits: tuple[Visit, ...] = ()
    happenings: tuple[Happening, ...] = ()

    def in_visit(self, visit: Visit) -> tuple[Happening, ...]:
        """What went wrong in a visit, newest first."""
        return tuple(happening for happening in self.happenings if happening.visit is visit)

    @property
    def error_count(self) -> int:
        """How many errors there are: as many as the visits say each for itself, or as are told of."""
        return max(len(self.happenings), sum(map(self.errors_in, self.visits)))

    def errors_in(self, visit: Visit) -> int:
        """How many errors a visit had: as many as are told of, or more if a source counted more."""
        return max(len(self.in_visit(visit)), _counted(visit))


def history_of(case_file: CaseFile) -> History:
    """The visits and happenings of a case file."""
    return history(case_file.sessions, case_file.errors)


def history(sessions: Sequence[Session], errors: Sequence[ErrorEvent] = ()) -> History:
    """The visits and happenings that these sessions and errors are of, in whatever order they come."""
    visits = sorted((visit_of(group) for group in grouped(sessions)), key=_start, reverse=True)
    return History(tuple(visits), happenings_of(errors, visits))


def _counted(visit: Visit) -> int:
    return visit.signs.errors.value if visit.signs.errors else 0


def _start(visit: Visit) -> tuple[datetime, str, str]:
    first = visit.sessions[0]
    return visit.started_at.value if visit.started_at else _NO_TIME, str(first.source), first.id
