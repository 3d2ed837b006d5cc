"""Calls to the Web API: the calls made, the faults set for the next ones, and the rate limits."""

import asyncio
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from sandbox.slack.messages import Json


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call; `result` is the answer's body, also where a fault then lost the answer."""

    method: str
    arguments: Json
    at: datetime
    result: Json


@dataclass(frozen=True, slots=True)
class Fault:
    """
    A fault for one call.

    With `lose_answer` the call takes effect and the connection is cut before the answer. With `hold`
    the call takes effect at once and its answer waits until that event is set.
    """

    error: str | None = None
    status: int | None = None
    retry_after: int | None = None
    lose_answer: bool = False
    hold: asyncio.Event | None = None


class Faults:
    """Faults for the next calls, in order for each method."""

    def __init__(self) -> None:
        self._waiting: defaultdict[str, deque[Fault]] = defaultdict(deque)

    def add(self, method: str, fault: Fault) -> None:
        """Add a fault for one more call of this method."""
        self._waiting[method].append(fault)

    def clear(self) -> None:
        """Let the next calls of all methods have no fault."""
        self._waiting.clear()

    def take(self, method: str) -> Fault:
        """The fault for this call; one without any effect where none was set."""
        waiting = self._waiting[method]
        return waiting.popleft() if waiting else Fault()


@dataclass(frozen=True, slots=True)
class Limit:
    """Calls allowed in a number of seconds, in the whole workspace or in each channel."""

    calls: int
    seconds: float
    in_each_channel: bool = False


_TIER_2, _TIER_3, _TIER_4 = Limit(20, 60.0), Limit(50, 60.0), Limit(100, 60.0)
# slack.md, "Rate limits": about one post a second a channel, short bursts tolerated; the other methods by
# their tiers (https://docs.slack.dev/reference/methods), of which Slack gives the lower bounds.
USUAL_LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        "chat.postMessage": Limit(8, 8.0, in_each_channel=True),
        "chat.delete": _TIER_3,
        "chat.postEphemeral": _TIER_4,
        "chat.unfurl": _TIER_3,
        "chat.update": _TIER_3,
        "conversations.history": _TIER_3,
        "conversations.info": _TIER_3,
        "conversations.replies": _TIER_3,
        "entity.presentDetails": _TIER_3,
        "files.info": _TIER_4,
        "functions.completeError": _TIER_3,
        "functions.completeSuccess": _TIER_3,
        "usergroups.users.list": _TIER_2,
        "users.info": _TIER_4,
        "users.list": _TIER_2,
        "views.open": _TIER_4,
    }
)


class Pace:
    """
    Counts calls in rolling windows.

    By the event loop's time rather than the workspace's clock: an app waits `Retry-After` out in real
    time, also where a test has stopped the clock.
    """

    def __init__(self, limits: Mapping[str, Limit]) -> None:
        self.limits = dict(limits)
        self._calls: defaultdict[tuple[str, str], deque[float]] = defaultdict(deque)

    def seconds_to_wait(self, method: str, channel: str) -> float:
        """0, after counting the call; or, without counting it, the seconds to wait."""
        limit = self.limits.get(method)
        if limit is None:
            return 0.0
        now = asyncio.get_running_loop().time()
        calls = self._calls[method, channel if limit.in_each_channel else ""]
        while calls and calls[0] <= now - limit.seconds:
            calls.popleft()
        if len(calls) >= limit.calls:
            return max(calls[0] + limit.seconds - now, 0.001)
        calls.append(now)
        return 0.0
