"""The times that shape reliability."""

from dataclasses import dataclass
from datetime import timedelta

LEASE = timedelta(seconds=15)


@dataclass(frozen=True, slots=True)
class Timing:
    """
    How long things may take before they are taken over, looked for again, or ended.

    Attributes:
        lease: how long a job is one process's before it renews that; then another process takes it over.
        sweep_seconds: how often jobs of dead processes are looked for.
        settling_seconds: how long Slack is given before a post is looked for that may have been lost.
        drain_seconds: how long jobs may go on after SIGTERM. With the requests that are finished before and
            what is closed after that it is 25 s: Heroku kills after 30.

    """

    lease: timedelta = LEASE
    sweep_seconds: float = 5.0
    settling_seconds: float = 2.0
    drain_seconds: float = 20.0
