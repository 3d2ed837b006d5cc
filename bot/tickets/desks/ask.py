"""
All configured help desks behind one question: who wrote in.

What a desk says is remembered, sealed; two who ask at once cost one call; why a desk could not be asked is
remembered for people, until it answers again.
"""

import asyncio
import json
from collections.abc import MutableMapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

from bot.domain.addresses import read_address
from bot.domain.model import Failure, Reason, TicketReference
from bot.lookup.single_flight import Flights
from bot.operations.clock import Clock, expiring_cache
from bot.sources.http import CallFailed
from bot.sources.quota import Purpose
from bot.sources.quota_status import Trouble
from bot.storage.memory import Memory
from bot.tickets.desks.protocol import Desk, Requester

_FOUND_LASTS = timedelta(hours=1)
_NOBODY_LASTS = timedelta(minutes=5)
_TROUBLE_LASTS = timedelta(days=1)
# A refused key costs a call a try.
_REFUSAL_LASTS = timedelta(minutes=5)
_TROUBLE = "trouble"


class Desks:
    """
    The configured desks.

    Args:
        desks: the accounts.
        memory: what they said.
        flights: the questions under way.
        clock: the process's time.

    """

    def __init__(self, desks: Sequence[Desk], memory: Memory, flights: Flights, clock: Clock) -> None:
        self.all = tuple(desks)
        self._memory = memory
        self._flights = flights
        self._clock = clock
        self._refused: MutableMapping[str, Failure] = expiring_cache(len(self.all), _REFUSAL_LASTS, clock)

    def serves(self, ticket: TicketReference) -> bool:
        """Whether one of the desks may know the ticket."""
        return any(desk.may_keep(ticket) for desk in self.all)

    async def ask(self, ticket: TicketReference, purpose: Purpose) -> Requester | Failure | None:
        """Who wrote in; a failure where a desk could not be asked; None where no desk knows anybody."""
        failure: Failure | None = None
        for desk in self.all:
            if not desk.may_keep(ticket):
                continue
            key = f"desk {desk.name} {ticket.system} {ticket.url}"
            flight, _ours = self._flights.join(key, partial(self._ask, desk, ticket, purpose))
            # Shielded: whoever stops waiting must not stop the call for the others.
            said = await asyncio.shield(flight)
            if isinstance(said, Requester):
                return said
            failure = failure or said
        return failure

    async def troubles(self) -> list[Trouble]:
        """What was last wrong with each desk that has not answered since."""
        found = []
        for desk in self.all:
            if (kept := await self._memory.recall(desk.name, _TROUBLE)) is not None:
                message, seconds = json.loads(kept)
                found.append(Trouble(desk.name, str(message), datetime.fromtimestamp(seconds, UTC)))
        return found

    async def _ask(self, desk: Desk, ticket: TicketReference, purpose: Purpose) -> Requester | Failure | None:
        name, _ = self._memory.name_for("requester", ticket.system, ticket.url)
        if (kept := await self._memory.recall(desk.name, name)) is not None:
            values = json.loads(kept)
            return Requester(*values) if values else None
        if refusal := self._refused.get(desk.name):
            return refusal
        calls = desk.http.asking(purpose)
        try:
            requester = await desk.requester(ticket, calls)
        except CallFailed as failed:
            await self._note(desk, failed.failure)
            return failed.failure
        if await self._memory.recall(desk.name, _TROUBLE) is not None:
            await self._memory.forget(desk.name, _TROUBLE)
        values = [requester.email, requester.uid, requester.name] if requester else []
        lasting = _FOUND_LASTS if requester else _NOBODY_LASTS
        await self._memory.remember(desk.name, name, json.dumps(values), lasting, self._subject(requester))
        return requester

    def _subject(self, requester: Requester | None) -> str | None:
        """The hash by which a person is erased."""
        address = read_address(requester.email) if requester and requester.email else None
        return self._memory.name_for("", address.kind, address.value)[1] if address else None

    async def _note(self, desk: Desk, failure: Failure) -> None:
        if failure.reason is Reason.NOT_AUTHORISED:
            self._refused[desk.name] = failure
        kept = json.dumps([failure.message, self._clock().timestamp()])
        await self._memory.remember(desk.name, _TROUBLE, kept, _TROUBLE_LASTS)
