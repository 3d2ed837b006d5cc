"""Fair use: room for so many at once, taken in turns, and a limit on how often one person asks."""

import asyncio
import uuid
from collections import OrderedDict, deque
from datetime import datetime, timedelta

from bot.operations.clock import Clock

_MINUTE = timedelta(minutes=1)
_PEOPLE_KEPT = 10_000


class FairRoom:
    """
    Places for so many at once, and for so many of one party.

    A party (a person, a channel) waits in a line of its own; of the parties that may enter, the one whose
    turn is longest ago enters next.

    Args:
        at_once: how many may be inside.
        of_one: how many of one party.

    """

    def __init__(self, at_once: int, of_one: int) -> None:
        self._left = at_once
        self._of_one = of_one
        self._inside: dict[str, int] = {}
        self._lines: dict[str, deque[asyncio.Future[None]]] = {}
        # The number of each party's last turn, of those that are inside.
        self._turns: dict[str, int] = {}
        self._number = 0

    async def enter(self, party: str) -> None:
        """Wait for a place, which `leave` gives back."""
        turn = asyncio.get_running_loop().create_future()
        self._lines.setdefault(party, deque()).append(turn)
        self._let_in()
        try:
            await turn
        except asyncio.CancelledError:
            if turn.cancelled():
                self._leave_line(party, turn)
            else:
                self.leave(party)
            raise

    def leave(self, party: str) -> None:
        """Make a place free, which the party whose turn it is takes."""
        self._left += 1
        self._inside[party] -= 1
        if not self._inside[party]:
            del self._inside[party]
        self._let_in()
        if party not in self._inside and party not in self._lines:
            del self._turns[party]

    def _let_in(self) -> None:
        while self._left and (party := self._next()) is not None:
            line = self._lines[party]
            line.popleft().set_result(None)
            self._left -= 1
            self._inside[party] = self._inside.get(party, 0) + 1
            self._number += 1
            self._turns[party] = self._number
            if not line:
                del self._lines[party]

    def _next(self) -> str | None:
        may = (one for one in self._lines if self._inside.get(one, 0) < self._of_one)
        return min(may, key=lambda one: self._turns.get(one, 0), default=None)

    def _leave_line(self, party: str, turn: "asyncio.Future[None]") -> None:
        line = self._lines[party]
        line.remove(turn)
        if not line:
            del self._lines[party]
            if party not in self._inside:
                self._turns.pop(party, None)


class PersonalPace:
    """
    What each person did in the last minute.

    Args:
        a_minute: how many one person may make in any minute.
        clock: the time.

    """

    def __init__(self, a_minute: int, clock: Clock) -> None:
        self._clock = clock
        self._a_minute = a_minute
        self._lately: OrderedDict[str, dict[str, datetime]] = OrderedDict()

    def wait(self, person: str, request: str, doing: str = "asks") -> timedelta | None:
        """
        How long somebody has to wait until they may ask again; None where they may, which counts.

        Args:
            person: who, by their Slack id.
            request: what repeats of one request have in common: they count once.
            doing: what is counted by itself, apart from what they ask.

        """
        person = f"{person} {doing}"
        now, lately = self._clock(), self._lately.pop(person, {})
        lately = {one: at for one, at in lately.items() if now - at < _MINUTE}
        self._lately[person] = lately
        if len(self._lately) > _PEOPLE_KEPT:
            self._lately.popitem(last=False)
        if request in lately:
            return None
        if len(lately) >= self._a_minute:
            return min(lately.values()) + _MINUTE - now
        lately[request] = now
        return None

    def may_be_told(self, person: str) -> bool:
        """
        Whether somebody may be told once more in this minute that they are refused; it counts.

        They are told as often as they may ask: what more were said would take Slack's calls from others.
        """
        return self.wait(person, uuid.uuid4().hex, "is told") is None
