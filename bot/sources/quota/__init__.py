"""How many calls an account may make in which window, for what, and for whom; `ledger` counts them."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

# A quota with at most so many calls, in so long a time at least, is one that a person could use up.
_FEW_CALLS, _LONG_SECONDS = 200, 3600

TOLD_TO_WAIT = "it has told us to wait"
"""Why a vendor was not asked that has answered 429, or that no call is left."""
_SHARE_USED = "your share of its calls is used for now; others can still ask"


class Purpose(StrEnum):
    """What a call is made for; the first has precedence over the second, and so on."""

    PERSON = "person"
    OTHERS = "others"
    REPLAY = "replay"
    MCP = "mcp"
    WORKFLOW = "workflow"
    UNFURL = "unfurl"
    TICKET = "ticket"
    BACKGROUND = "background"


# The part of a window's calls, in percent, that each purpose leaves for those above it.
_RESERVES = dict(zip(Purpose, (0, 5, 5, 10, 10, 10, 20, 40), strict=True))


def reserve(calls: int, purpose: Purpose) -> int:
    """How many of a window's calls a purpose must leave for others."""
    return math.ceil(calls * _RESERVES[purpose] / 100)


@dataclass(frozen=True, slots=True)
class Window:
    """
    At most `calls` calls in any `seconds` seconds.

    A vendor counts a call when it arrives, a little later than we do. So a call counts for `lag_seconds`
    longer here: it may still be in the vendor's window.
    """

    calls: int
    seconds: int
    lag_seconds: float = 0

    @property
    def milliseconds(self) -> int:
        """How long a call counts, in milliseconds."""
        return int((self.seconds + self.lag_seconds) * 1000)


@dataclass(frozen=True, slots=True)
class Account:
    """A vendor's account in the ledger. An account without windows has no limit; calls are only counted."""

    name: str
    windows: tuple[Window, ...] = ()

    @property
    def longest(self) -> Window | None:
        """The longest window, which is the one that people are shown; None without any."""
        return max(self.windows, key=lambda window: window.seconds, default=None)

    @property
    def is_small(self) -> bool:
        """Whether it has so few calls that people are shown them, and that one person could use them up."""
        window = self.longest
        return window is not None and window.calls <= _FEW_CALLS and window.seconds >= _LONG_SECONDS


@dataclass(frozen=True, slots=True)
class FairShare:
    """
    The part of a small quota that one person may take in its window.

    `named` makes of a person's id in Slack what stands for it in the ledger.
    """

    part: float = 1.0
    named: Callable[[str], str] = str

    def most(self, account: Account) -> int | None:
        """How many calls of an account one person may take, one at least; None where all of them."""
        if self.part >= 1 or account.longest is None or not account.is_small:
            return None
        # A share such as 0.1 of 30 is a little less than 3 in binary.
        return max(1, math.floor(account.longest.calls * self.part + 1e-9))


@dataclass(frozen=True, slots=True)
class Granted:
    """The call has been counted and may be made."""


@dataclass(frozen=True, slots=True)
class Refused:
    """
    The call must not be made.

    `until` is when one may be made again, `wait` how long that is by the database's clock; `reserved` says
    that calls are left, for other purposes, `by_vendor` that the vendor's own word forbids it, `of_person`
    that calls are left, for other people.
    """

    until: datetime
    reserved: bool
    wait: timedelta = timedelta()
    by_vendor: bool = False
    of_person: bool = False

    @property
    def why(self) -> str:
        """The reason, as it goes on from "Raygun was not asked"."""
        if self.of_person:
            return _SHARE_USED
        if self.by_vendor:
            return TOLD_TO_WAIT
        return "what is left is kept for people who ask" if self.reserved else "our calls to it are spent"


@dataclass(frozen=True, slots=True)
class QuotaState:
    """
    What an account has left in its longest window.

    `left` and `limit` are None where no limit is known. `returns_at` is when the next call comes back, None
    where none is spent. `blocked_until` is set while the vendor says that no call is left. `returning` has
    the time until each spent call comes back, the soonest first; `askers` for whom each of them was made, as
    the ledger names people, None for nobody.
    """

    account: str
    limit: int | None
    seconds: int | None
    used: int
    left: int | None
    returns_at: datetime | None
    blocked_until: datetime | None
    returning: tuple[timedelta, ...] = ()
    askers: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonsShare:
    """The calls that one person may still take, and when one more comes back; None if all are left."""

    left: int
    again_in: timedelta | None
