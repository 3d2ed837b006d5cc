"""What came of working on a job, in the queue's own words: it knows nothing of where answers are posted."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum


class GaveUp(StrEnum):
    """Why a job will not be answered any more."""

    UNEXPECTED = "unexpected"
    OUTCOME_UNKNOWN = "outcome_unknown"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True)
class Answered:
    """Nothing more is owed."""


@dataclass(frozen=True, slots=True)
class NotYet:
    """
    The job's turn has not come: it counts as not begun, and is begun again after `wait`.

    Another job is at work on the same thing, or a quota is spent.
    """

    wait: timedelta = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Where the answer goes could not be reached: the job is tried again, after `wait` at the earliest."""

    why: str
    wait: timedelta


class PutOff(Exception):
    """Raised where nothing of a job can be done now, as a quota is spent, and may be after `wait`."""

    def __init__(self, why: str, wait: timedelta) -> None:
        super().__init__(why)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Another process has the job by now: it is left alone."""


@dataclass(frozen=True, slots=True)
class GivenUp:
    """The job must not be tried again; `cause` is the exception that broke it off, where one did."""

    why: GaveUp
    cause: BaseException | None = None


Result = Answered | NotYet | Unreachable | Elsewhere | GivenUp
