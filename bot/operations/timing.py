"""The times that shape reliability."""

from dataclasses import dataclass
from datetime import timedelta

LEASE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Timing:
    """
    How long things may take before somebody else does them, or nobody.

    How long a job is leased, how often abandoned ones are looked for, how long Slack is let settle before a
    lost post is looked for, and how long what runs may go on after SIGTERM: with the requests that are
    finished first and what is closed after it, 25 s (Heroku kills after 30).
    """

    lease: timedelta = LEASE
    sweep_seconds: float = 5.0
    settling_seconds: float = 2.0
    drain_seconds: float = 20.0
