"""
"Is it just them?": how many others the customer's newest errors hit, from what sources count anyway.

A source is asked only when somebody wants to know, once an hour for the same error, and its calls leave some
of each quota to whoever looks somebody up. What a source says with the error itself costs nothing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import TypeAdapter

from bot.domain.model import CaseFile, ErrorEvent, ErrorKind, Failure, SourceName, Subject
from bot.domain.visits.history import history_of
from bot.domain.visits.model import Happening
from bot.lookup.single_flight import Flights
from bot.operations.tasks import together
from bot.sources.http import CallFailed, Calls
from bot.sources.protocol import Hit, Source, Spread, TellsOthers
from bot.sources.quota import Purpose
from bot.storage.keyring import Keyring
from bot.storage.memory import Memory

# How long a count is good.
_LASTS = timedelta(hours=1)
# Errors that are asked about together.
_MOST = 3
_ACCOUNT = "others"
# What is kept where the source has no count.
_NO_COUNT = "none"
_SPREAD = TypeAdapter(Spread)


@dataclass(frozen=True, slots=True)
class Untold:
    """
    A source that did not say how many others there are.

    `failure` is why it could not be asked; `has_no_count`: it counts, but not this.
    """

    source: SourceName
    failure: Failure | None = None
    has_no_count: bool = False


@dataclass(frozen=True, slots=True)
class OthersHit:
    """One thing that hit a customer, and what each source says of the others: a count, or why not."""

    happening: Happening
    told: tuple[Spread, ...]
    untold: tuple[Untold, ...]


@dataclass(frozen=True, slots=True)
class Others:
    """All sources, asked for others."""

    sources: Sequence[Source]
    flights: Flights
    keyring: Keyring
    memory: Memory

    async def of(self, case_file: CaseFile, by: str | None = None) -> tuple[OthersHit, ...]:
        """
        What the sources say of the newest things that hit a customer: none, where nothing did.

        `by` is the id of the person who asks, who may use a share of a small quota.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        chosen = self._chosen(history_of(case_file).happenings)
        return await together(*(self._hit(happening, case_file, by) for happening in chosen))

    def _chosen(self, happenings: Sequence[Happening]) -> list[Happening]:
        """The newest one, and of those that a source counts the newest crash and the newest error."""
        counted = [one for one in happenings if any(map(self._may_tell, one.errors))]
        crashes = (one for one in counted if one.kind is ErrorKind.CRASH)
        errors = (one for one in counted if one.kind is not ErrorKind.CRASH)
        firsts = [*happenings[:1], next(crashes, None), next(errors, None)]
        return [one for number, one in enumerate(firsts) if one and one not in firsts[:number]][:_MOST]

    def _may_tell(self, error: ErrorEvent) -> bool:
        return _says_itself(error) or isinstance(self._source(error.source), TellsOthers)

    def _source(self, name: SourceName) -> Source | None:
        return next((source for source in self.sources if source.name == name), None)

    async def _hit(self, happening: Happening, case_file: CaseFile, by: str | None) -> OthersHit:
        said = await together(*(self._said(error, case_file, by) for error in happening.errors))
        silent = [Untold(name) for name in self._silent(happening)]
        return OthersHit(
            happening,
            tuple(one for one in said if isinstance(one, Spread)),
            (*(one for one in said if isinstance(one, Untold)), *silent),
        )

    def _silent(self, happening: Happening) -> list[SourceName]:
        """The sources that recorded the visit, did not tell of the error, and count no others."""
        visit = happening.visit.sessions if happening.visit else ()
        names = dict.fromkeys(session.source for session in visit)
        for error in happening.errors:
            names.pop(error.source, None)
        return [name for name in names if not isinstance(self._source(name), TellsOthers)]

    async def _said(self, error: ErrorEvent, case_file: CaseFile, by: str | None) -> Spread | Untold:
        source = self._source(error.source)
        if _says_itself(error):
            finding = next((one for one in case_file.findings if one.source == error.source), None)
            users = error.users_affected
            return Spread(
                error.source,
                error.counted_at or (finding.as_of if finding else None) or case_file.as_of,
                occurrences=error.count if error.counts_everybody else None,
                others=None if users is None else max(0, users - 1),
                # The webhook of an error's first hit says that there is one: the next may be unheard of.
                whole=error.counted_at is None,
            )
        if not isinstance(source, TellsOthers):
            return Untold(error.source)
        return await self._asked(source, _hit_of(error, case_file), case_file.subject, by)

    async def _asked(
        self, source: TellsOthers, hit: Hit, subject: Subject, by: str | None
    ) -> Spread | Untold:
        """The source's count, from the last hour if there is one; the same is asked once at a time."""
        version = hit.session.app_version if hit.session else None
        about = (hit.error.title, hit.error.kind, version or "")
        key = self.keyring.hash("others", str(source.name), subject.kind, subject.value, *about)
        kept = await self.memory.recall(_ACCOUNT, f"count:{key}")
        if kept is None:

            async def ask() -> str | Failure:
                calls = source.http.asking(Purpose.OTHERS, await source.account(), by)
                return await self._counted(source, hit, calls, f"count:{key}", subject)

            flight, _ours = self.flights.join(f"others {key}", ask)
            said = await asyncio.shield(flight)
            if isinstance(said, Failure):
                return Untold(source.name, said)
            kept = said
        return Untold(source.name, has_no_count=True) if kept == _NO_COUNT else _SPREAD.validate_json(kept)

    async def _counted(
        self, source: TellsOthers, hit: Hit, calls: Calls, name: str, subject: Subject
    ) -> str | Failure:
        """What the vendor counts, as it is kept for an hour."""
        try:
            spread = await source.others(hit, calls)
        except CallFailed as failed:
            return failed.failure
        said = _NO_COUNT if spread is None else _SPREAD.dump_json(spread).decode()
        # It is forgotten with the customer: it says where they are.
        whose = self.keyring.hash(subject.kind, subject.value)
        await self.memory.remember(_ACCOUNT, name, said, _LASTS, whose)
        return said


def _says_itself(error: ErrorEvent) -> bool:
    """Whether a source said with the error how many it hit."""
    return error.users_affected is not None or (error.counts_everybody and error.count is not None)


def _hit_of(error: ErrorEvent, case_file: CaseFile) -> Hit:
    own = [session for session in case_file.sessions if session.source == error.source]
    session = next((one for one in own if one.id == error.session_id), None)
    return Hit(error, session, frozenset(one.id for one in own))
