"""
Which threads are told what becomes of their errors.

A thread is known by its channel and the time of its first message. What it shows and whom it is about is
sealed; its errors and the names of its customer are found by hashes, of which a thread that is told nothing
any more has none.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, bindparam, delete, func, select, update

from bot.domain.model import Subject
from bot.operations.clock import from_ms, milliseconds
from bot.settings.model import Settings
from bot.storage.database import Connection
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import now_ms, tickets, watch_keys, watches
from bot.storage.upsert import insert_into, insert_new
from bot.tickets.book import TicketState

_TAKEN_AWAY = frozenset({TicketState.WRONG.value, TicketState.FORGOTTEN.value})
# Errors of one thread that are watched: those that it showed first.
_MOST_ERRORS = 30


@dataclass(frozen=True, slots=True)
class WatchedError:
    """An error as its source named it: the source, its title, and its URL and number where it has them."""

    account: str
    title: str
    url: str | None = None
    id: str | None = None


@dataclass(frozen=True, slots=True)
class Watch:
    """
    A thread that is told what becomes of its errors.

    `names` are all names of its customers by the source that knows them so. `seen_at` is when they had last
    been on the site; `hits` is how many further errors of theirs it was told, `changes` how often it was told
    what became of an error: both since a person has asked for it the last time, which `asked` counts.
    """

    channel: str
    root_ts: str
    subjects: tuple[Subject, ...]
    errors: tuple[WatchedError, ...] = ()
    names: tuple[tuple[str, Subject], ...] = ()
    seen_at: datetime | None = None
    hits: int = 0
    changes: int = 0
    asked: int = 0

    def also(self, errors: Iterable[WatchedError]) -> "Watch":
        """The same with further errors."""
        return replace(self, errors=tuple(dict.fromkeys((*self.errors, *errors)))[:_MOST_ERRORS])


@dataclass(frozen=True, slots=True)
class WatchRow:
    """A thread as it is listed: until when it is told anything, and whether a person has stopped that."""

    watch: Watch
    until: datetime
    is_on: bool


def are_watched(settings: Settings) -> bool:
    """Whether threads are watched at all: not where answers are for the asker alone."""
    return settings.watch.days > 0 and settings.visibility != "ephemeral"


_WATCH = TypeAdapter(Watch)


class WatchBook:
    """
    The watched threads of this workspace.

    Args:
        store: where they are kept.
        keyring: seals and hashes them.

    """

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self._store = store
        self._keyring = keyring

    def place(self, channel: str, root_ts: str) -> str:
        """What a thread is known by."""
        return self._keyring.hash("ticket message", channel, root_ts)

    def keys_of_error(self, error: WatchedError) -> tuple[str, ...]:
        """
        What an error is found by, under each of the configured keys.

        One that has a number is the same wherever it is read; its URL, and where it has neither its title,
        are how webhooks name it.
        """
        named = [name for name in (("id", error.id), ("url", error.url)) if name[1]]
        named = named or [("title", error.title)]
        return self._hashes("watched error", ((error.account, kind, value or "") for kind, value in named))

    def keys_of_names(self, names: Iterable[tuple[str, Subject]]) -> tuple[str, ...]:
        """What a person is found by, named as sources name them."""
        each = ((account, name.kind, name.value) for account, name in names)
        return self._hashes("watched name", each)

    async def begin(
        self,
        connection: Connection,
        watch: Watch,
        lasting: timedelta,
        look_in: timedelta | None,
        *,
        by_person: bool,
    ) -> Watch | None:
        """
        Watch a thread, in a writer's transaction.

        What it showed before stays watched, unless its answer is about somebody else by now.

        Args:
            connection: of the transaction.
            watch: the thread.
            lasting: for how long, where it is not watched yet.
            look_in: after what time it is looked whether the customer is back; None: never.
            by_person: whether somebody has asked for it; otherwise it stays as a person has left it.

        Returns:
            the thread as it is watched now; None where it is not.

        """
        watch = replace(watch, asked=int(by_person))
        place = self.place(watch.channel, watch.root_ts)
        if not by_person and await _is_taken_away(connection, place):
            return None
        until = now_ms() + milliseconds(lasting)
        look = None if look_in is None else now_ms() + milliseconds(look_in)
        row = {"place": place, "is_on": True, "until_ms": until, "look_ms": look}
        if not await insert_new(connection, watches, row | {"sealed": self._sealed(watch)}):
            known = await self._locked(connection, place)
            if not known.is_on and not by_person:
                return None
            if (before := self._opened(known.sealed)) is not None:
                watch = _after(before, watch, by_person=by_person)
            connection.send(delete(watch_keys).where(watch_keys.c.place == place))
            again = {"until_ms": until, "look_ms": look} if by_person else {}
            values = {"sealed": self._sealed(watch), "is_on": True} | again
            connection.send(update(watches).where(watches.c.place == place).values(values))
        await self._add_keys(connection, place, watch.errors, watch.names)
        return watch

    async def stop(self, channel: str, root_ts: str) -> bool:
        """Tell a thread nothing more; False where it was told nothing already."""
        place = self.place(channel, root_ts)
        ours = (watches.c.place == place) & watches.c.is_on
        async with self._store.write() as connection:
            stopped = await connection.change(update(watches).where(ours).values(is_on=False, look_ms=None))
            connection.send(delete(watch_keys).where(watch_keys.c.place == place))
        return bool(stopped)

    async def drop(self, channel: str, root_ts: str) -> None:
        """Know a thread no more: whom it is about was chosen wrongly, and may be chosen again."""
        place = self.place(channel, root_ts)
        async with self._store.write() as connection:
            connection.send(delete(watch_keys).where(watch_keys.c.place == place))
            connection.send(delete(watches).where(watches.c.place == place))

    async def watched(self, place: str) -> Watch | None:
        """A thread that is told something still; None for any other."""
        ours = (watches.c.place == place) & watches.c.is_on & (watches.c.until_ms > now_ms())
        async with self._store.read() as connection:
            found = (await connection.execute(select(watches.c.sealed).where(ours))).scalar_one_or_none()
        return self._opened(found) if found else None

    async def is_known(self, connection: Connection, keys: Sequence[str]) -> bool:
        """Whether any thread is found by one of these keys."""
        query = select(watch_keys.c.place).where(_found_by(keys)).limit(1)
        return (await connection.execute(query)).first() is not None

    async def places(self, connection: Connection, keys: Sequence[str]) -> tuple[str, ...]:
        """The threads that are found by one of these keys, in one order."""
        query = select(watch_keys.c.place).where(_found_by(keys)).distinct().order_by(watch_keys.c.place)
        return tuple((await connection.execute(query)).scalars().all())

    async def count(self, connection: Connection, keys: Sequence[str]) -> int:
        """How many threads are found by one of these keys."""
        query = select(func.count(watch_keys.c.place.distinct())).where(_found_by(keys))
        return int((await connection.execute(query)).scalar_one())

    async def counts(
        self, connection: Connection, errors: Sequence[WatchedError]
    ) -> list[tuple[int, WatchedError]]:
        """How many threads show each of these errors."""
        keys = {key: error for error in errors for key in self.keys_of_error(error)}
        number = func.count(watch_keys.c.place.distinct())
        query = select(watch_keys.c.key, number).where(_found_by(tuple(keys))).group_by(watch_keys.c.key)
        return [(int(count), keys[key]) for key, count in (await connection.execute(query)).all()]

    async def add_change(
        self, connection: Connection, places: Sequence[str], most: int
    ) -> Mapping[str, Watch]:
        """
        Count, in a writer's transaction, that something became of an error that threads show.

        Args:
            connection: of the transaction.
            places: what the threads are known by.
            most: so many are counted, and one more.

        Returns:
            the threads with that, by what they are known by; those that cannot be opened are left out.

        """
        # In one order, so that two such transactions do not wait for each other.
        query = select(watches.c.place, watches.c.sealed).where(watches.c.place.in_(places))
        rows = (await connection.execute(query.order_by(watches.c.place).with_for_update())).all()
        opened = {place: watch for place, sealed in rows if (watch := self._opened(sealed))}
        counted = {
            place: replace(watch, changes=watch.changes + 1)
            for place, watch in opened.items()
            if watch.changes <= most
        }
        if counted:
            ours = update(watches).where(watches.c.place == bindparam("ours")).values(sealed=bindparam("now"))
            values = [{"ours": place, "now": self._sealed(watch)} for place, watch in counted.items()]
            await connection.execute(ours, values)
        return opened | counted

    async def add_hit(self, connection: Connection, place: str, error: WatchedError) -> Watch | None:
        """
        Add an error that hit a thread's customer, in a writer's transaction.

        Returns:
            the thread with it; None where it is told nothing more, or showed the error already.

        """
        row = await self._locked(connection, place)
        watch = self._opened(row.sealed) if row and row.is_on else None
        shown = {key for one in watch.errors for key in self.keys_of_error(one)} if watch else set()
        if watch is None or shown.intersection(self.keys_of_error(error)):
            return None
        watch = replace(watch.also([error]), hits=watch.hits + 1)
        sealed = self._sealed(watch)
        connection.send(update(watches).where(watches.c.place == place).values(sealed=sealed))
        await self._add_keys(connection, place, [error], ())
        return watch

    async def due(self, most: int, again_in: timedelta) -> list[str]:
        """Threads of which it is to be looked now whether the customer is back; the next time is set."""
        is_due = watches.c.is_on & (watches.c.until_ms > now_ms()) & (watches.c.look_ms <= now_ms())
        oldest = select(watches.c.place).where(is_due).order_by(watches.c.look_ms).limit(most)
        async with self._store.read() as connection:
            if (await connection.execute(oldest.limit(1))).first() is None:
                return []
        async with self._store.write() as connection:
            places = (await connection.execute(oldest.with_for_update(skip_locked=True))).scalars().all()
            later = {"look_ms": now_ms() + milliseconds(again_in)}
            connection.send(update(watches).where(watches.c.place.in_(places)).values(later))
        return list(places)

    async def look_no_more(self, connection: Connection, place: str) -> None:
        """Look no more whether a thread's customer is back."""
        connection.send(update(watches).where(watches.c.place == place).values(look_ms=None))

    async def every(self) -> list[WatchRow]:
        """All threads that are watched, or were stopped, those that end last first."""
        query = select(watches).where(watches.c.until_ms > now_ms()).order_by(watches.c.until_ms.desc())
        async with self._store.read(is_long=True) as connection:
            rows = (await connection.execute(query)).all()
        return [
            WatchRow(watch, from_ms(row.until_ms), row.is_on)
            for row in rows
            if (watch := self._opened(row.sealed))
        ]

    async def _locked(self, connection: Connection, place: str) -> Any:
        """A thread's row, which nobody else changes until the transaction ends; None where there is none."""
        ours = watches.c.place == place
        # On PostgreSQL this locks the row; on SQLite the transaction has locked everything.
        connection.send(update(watches).where(ours).values(place=place))
        return (await connection.execute(select(watches).where(ours))).one_or_none()

    async def _add_keys(
        self,
        connection: Connection,
        place: str,
        errors: Iterable[WatchedError],
        names: Iterable[tuple[str, Subject]],
    ) -> None:
        until = select(watches.c.until_ms).where(watches.c.place == place).scalar_subquery()
        keys = {key for error in errors for key in self.keys_of_error(error)} | {*self.keys_of_names(names)}
        rows = [{"key": key, "place": place, "until_ms": until} for key in sorted(keys)]
        if rows:
            new = insert_into(connection, watch_keys).values(rows)
            over = {"until_ms": new.excluded.until_ms}
            key = [watch_keys.c.key, watch_keys.c.place]
            connection.send(new.on_conflict_do_update(index_elements=key, set_=over))

    def _hashes(self, what: str, parts: Iterable[Sequence[str]]) -> tuple[str, ...]:
        return tuple(one for words in parts for one in self._keyring.hashes(what, *words))

    def _sealed(self, watch: Watch) -> str:
        return self._keyring.seal_value(_WATCH, watch)

    def _opened(self, sealed: str) -> Watch | None:
        return self._keyring.unseal_value(_WATCH, sealed)


async def _is_taken_away(connection: Connection, place: str) -> bool:
    """Whether a ticket's answer was removed as wrong, or its person forgotten, while it was still growing."""
    state = select(tickets.c.state).where(tickets.c.place == place)
    return (await connection.execute(state)).scalar_one_or_none() in _TAKEN_AWAY


def _after(before: Watch, watch: Watch, *, by_person: bool) -> Watch:
    """
    What is watched of a thread that was watched before.

    Whom a person asks for comes beside whom the thread was about. By itself it is about others only where
    another answer has taken its answer's place.
    """
    if not by_person:
        watch = replace(watch, hits=before.hits, changes=before.changes)
    watch = replace(watch, asked=before.asked + by_person)
    if not by_person and not _people(watch).keys() <= _people(before).keys():
        return watch
    subjects = _people(before) | _people(watch)
    return replace(
        watch,
        subjects=tuple(subjects.values()),
        errors=before.errors,
        names=tuple(dict.fromkeys((*before.names, *watch.names))),
        seen_at=watch.seen_at or before.seen_at,
    ).also(watch.errors)


def _people(watch: Watch) -> dict[tuple[str, str], Subject]:
    return {(one.kind, one.value): one for one in watch.subjects}


def _found_by(keys: Sequence[str]) -> ColumnElement[bool]:
    return watch_keys.c.key.in_(keys) & (watch_keys.c.until_ms > now_ms())
