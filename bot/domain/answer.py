"""What one source says about one subject, before it is known how fresh that is."""

from dataclasses import dataclass
from datetime import datetime

from bot.domain.coverage import Coverage
from bot.domain.model import ErrorEvent, Session, SessionUser


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What a vendor said about a subject; `notes` say in words how complete that is.

    `people` is whom it has by that name, where it tells that apart from sessions.
    `as_of` is when that was so, where it is not now; `covers` is set where an index gave it.
    """

    sessions: tuple[Session, ...] = ()
    errors: tuple[ErrorEvent, ...] = ()
    notes: tuple[str, ...] = ()
    as_of: datetime | None = None
    covers: Coverage | None = None
    people: tuple[SessionUser, ...] = ()

    @property
    def found(self) -> bool:
        """Whether the vendor knows the subject at all."""
        return bool(self.sessions or self.errors)
