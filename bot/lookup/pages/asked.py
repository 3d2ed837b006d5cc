"""
What vendors are asked besides lookups: whose page an address is, the session it names, a session's errors.

Whoever waits may give up: the call goes on, its answer is kept for some minutes, and who asks the same
meanwhile shares it.
"""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar, cast

from bot.domain.links import Link
from bot.domain.model import Reason, Session, Subject
from bot.lookup.single_flight import Flights
from bot.operations.clock import Clock, expiring_cache
from bot.sources.http import CallFailed, Calls
from bot.sources.protocol import Linked, SessionErrors, SessionSummary, Source, SumsUp, TellsErrors
from bot.sources.quota import Purpose
from bot.storage.keyring import Keyring

# How long an answer is kept in this process, and how many are.
_KEPT_FOR, _KEPT = timedelta(minutes=2), 1_000

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Said:
    """A vendor's answer, which may be that there is nothing, and when it was given."""

    what: object
    at: datetime


class Pages:
    """
    Asks vendors about pages and single sessions.

    Args:
        flights: the questions that are being asked in this process.
        keyring: names them, as they may hold a person's name.
        clock: the time, by which answers grow old.

    """

    def __init__(self, flights: Flights, keyring: Keyring, clock: Clock) -> None:
        self._flights = flights
        self._keyring = keyring
        self._clock = clock
        self._kept: MutableMapping[str, _Said] = expiring_cache(_KEPT, _KEPT_FOR, clock)

    def drop(self) -> None:
        """Drop what is kept in this process: somebody was forgotten."""
        self._kept.clear()

    async def is_ours(self, source: Linked, link: Link, by: str | None = None) -> bool:
        """
        Whether a page of this vendor belongs to this account; `by` is the id of the person who asks.

        Raises:
            CallFailed: when the vendor has to be asked for that and cannot be.

        """
        said, _at = await self._asked(
            source, "ours", link.account_id, lambda calls: source.is_ours(link, calls), by
        )
        return said

    async def person(self, source: Linked, link: Link, by: str | None = None) -> Subject | None:
        """
        The subject of a person's page; None where it is not known.

        Raises:
            CallFailed: when the vendor cannot be asked or understood.

        """
        about = f"{link.kind}:{link.user_id}"
        said, _at = await self._asked(source, "person", about, lambda calls: source.person(link, calls), by)
        return said

    async def session(
        self, source: Source, session_id: str, by: str | None = None
    ) -> tuple[Session | None, datetime]:
        """
        One session by its id, None where the vendor has none; and when the vendor said so.

        Raises:
            CallFailed: when the vendor cannot be asked or understood.

        """

        async def ask(calls: Calls) -> Session | None:
            return await source.session(session_id, calls)

        return await self._asked(source, "session", session_id, ask, by)

    async def errors(
        self, source: TellsErrors, session_id: str, until: datetime | None = None, by: str | None = None
    ) -> SessionErrors:
        """
        One session's errors, up to a time where one is given, for a person who asks for them.

        Raises:
            CallFailed: when the vendor cannot be asked or understood, or the budget is spent.

        """
        said, _at = await self._asked(
            source,
            "errors",
            _up_to(session_id, until),
            lambda calls: source.errors_in(session_id, calls, until),
            by,
            Purpose.PERSON,
        )
        return said

    async def summary(
        self, source: SumsUp, session_id: str, until: datetime | None = None, by: str | None = None
    ) -> SessionSummary:
        """
        One session in the vendor's words, up to a time where one is given, for a person who asks for them.

        Raises:
            CallFailed: when the vendor cannot be asked or understood, or the budget is spent.

        """
        said, _at = await self._asked(
            source,
            "summary",
            _up_to(session_id, until),
            lambda calls: source.summary_of(session_id, calls, until),
            by,
            Purpose.PERSON,
        )
        return said

    async def _asked(
        self,
        source: Source,
        kind: str,
        about: str | None,
        ask: Callable[[Calls], Awaitable[T]],
        by: str | None,
        purpose: Purpose = Purpose.UNFURL,
    ) -> tuple[T, datetime]:
        """What the vendor said, to whoever asked the same first, and when."""
        key = self._keyring.hash("page", str(source.name), kind, about or "")

        async def outcome() -> _Said | CallFailed:
            try:
                what = await ask(source.http.asking(purpose, await source.account(), by))
            except CallFailed as failed:
                return failed
            said = _Said(what, self._clock())
            self._kept[key] = said
            return said

        said: _Said | CallFailed | None = self._kept.get(key)
        while said is None:
            flight, ours = self._flights.join(key, outcome)
            # Shielded: one who gives up waiting must not cancel the call.
            reply = await asyncio.shield(flight)
            if ours or not _is_kept_back(reply):
                said = reply
        if isinstance(said, CallFailed):
            raise said
        return cast("T", said.what), said.at


def _up_to(session_id: str, until: datetime | None) -> str:
    """What tells a session up to a time from the whole of it."""
    return session_id if until is None else f"{session_id} until {until.isoformat()}"


def _is_kept_back(said: _Said | CallFailed) -> bool:
    """Whether no call was left for whoever asked first; then some may be left for who asked the same."""
    return isinstance(said, CallFailed) and said.failure.reason is Reason.QUOTA_SPENT
