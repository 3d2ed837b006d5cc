"""A vendor's answer about one subject, as its source has read it."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.coverage import Coverage
from bot.domain.model import ErrorEvent, Session, SessionUser


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a vendor said about a subject.

    `notes` say in words how complete that is. `people` are those whom it has by that name, where it says so
    apart from sessions. `as_of` is when it was so, None for now; `covers` is set where an index answered.
    `complete_from` is set where a list was cut: only what began from then on is all there. `partial` says
    that a part of what was asked failed, so that asking again soon is worth it; `left_out` is how many
    records could not be read, and are missing. `by_other_name` says that the vendor may know the subject by
    another name, by which it was not asked.
    """

    sessions: tuple[Session, ...] = ()
    errors: tuple[ErrorEvent, ...] = ()
    notes: tuple[str, ...] = ()
    as_of: datetime | None = None
    covers: Coverage | None = None
    people: tuple[SessionUser, ...] = ()
    complete_from: datetime | None = None
    partial: bool = False
    left_out: int = 0
    by_other_name: bool = False

    @property
    def found(self) -> bool:
        """Whether there is any session or error."""
        return bool(self.sessions or self.errors)
