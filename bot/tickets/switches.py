"""
What may be switched from Slack: in which channels tickets are read, offers, and channels without replies.

An admin switches all of it on the Home tab; whoever may look customers up mutes the channel they are in.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

import structlog
from sqlalchemy import ColumnElement, delete, select, true
from sqlalchemy.exc import SQLAlchemyError

from bot.operations.clock import Clock
from bot.settings.behaviour import TicketSettings
from bot.storage.database import StoreAway
from bot.storage.store import Store
from bot.storage.tables import switches
from bot.storage.upsert import upsert
from bot.tickets.rules import TicketRules

Offer = Literal["button", "silent"]
# Another process's switch is known here after so long; in this process at once.
_KEPT = timedelta(seconds=5)
_CHANNELS, _OFFER = "channels", "offer"
# Followed by a channel's id: each has a row of its own, so that two people cannot undo each other's.
_MUTED = "muted "


@dataclass(frozen=True, slots=True)
class TicketSwitches:
    """
    The switches as they are: in which channels tickets are read (empty: in all), and what is offered.

    In the `muted` channels tickets get neither reply nor offer.
    `switched` says whether anything differs from what the environment says because somebody chose so.
    """

    channels: tuple[str, ...]
    offer: Offer
    switched: bool = False
    muted: tuple[str, ...] = ()


class Switches:
    """
    The switches, from the database; what nobody has switched is as the environment says.

    Args:
        store: where they are kept.
        defaults: what the environment says.
        clock: the time, by which what was read grows old.

    """

    def __init__(self, store: Store, defaults: TicketSettings, clock: Clock) -> None:
        self._store = store
        self._defaults = TicketSwitches(defaults.channels, defaults.offer)
        self._clock = clock
        self._known = self._defaults
        self._read_at: datetime | None = None

    async def now(self) -> TicketSwitches:
        """As they are; while the database is away, as they were last."""
        if self._read_at is None or self._clock() - self._read_at >= _KEPT:
            try:
                self._known = await self._read()
            except (StoreAway, SQLAlchemyError) as error:
                structlog.get_logger("switches").warning("switches.not_read", why=type(error).__name__)
            self._read_at = self._clock()
        return self._known

    async def rules(self, rules: TicketRules) -> TicketRules:
        """The rules of tickets with the channels as they are switched."""
        return replace(rules, channels=(await self.now()).channels)

    async def choose_channels(self, channels: Sequence[str]) -> None:
        """Read tickets in these channels only; with none, in every channel that the bot is in."""
        await self._write(_CHANNELS, json.dumps(sorted(set(channels))))

    async def choose_offer(self, offer: Offer) -> None:
        """Offer a button where no address can be trusted, or be silent."""
        await self._write(_OFFER, offer)

    async def is_muted(self, channel: str) -> bool:
        """Whether tickets in a channel get neither reply nor offer."""
        return channel in (await self.now()).muted

    async def mute(self, channel: str, *, is_on: bool) -> None:
        """Have tickets in a channel get neither reply nor offer, or again both."""
        if is_on:
            await self._write(f"{_MUTED}{channel}", "1")
        else:
            await self._delete(switches.c.name == f"{_MUTED}{channel}")

    async def choose_muted(self, channels: Sequence[str]) -> None:
        """Mute these channels, and no other."""
        names = [f"{_MUTED}{channel}" for channel in sorted(set(channels))]
        async with self._store.write() as connection:
            others = switches.c.name.startswith(_MUTED) & switches.c.name.not_in(names)
            connection.send(delete(switches).where(others))
            upsert(connection, switches, [{"name": name, "value": "1"} for name in names])
        self._read_at = None

    async def forget(self) -> None:
        """Be as the environment says again."""
        await self._delete(true())

    async def _delete(self, rows: ColumnElement[bool]) -> None:
        async with self._store.write() as connection:
            connection.send(delete(switches).where(rows))
        self._read_at = None

    async def _write(self, name: str, value: str) -> None:
        async with self._store.write() as connection:
            upsert(connection, switches, [{"name": name, "value": value}])
        self._read_at = None

    async def _read(self) -> TicketSwitches:
        async with self._store.read() as connection:
            rows = (await connection.execute(select(switches.c.name, switches.c.value))).all()
        known, found = {row.name: row.value for row in rows}, self._defaults
        if _CHANNELS in known:
            found = replace(found, channels=tuple(json.loads(known[_CHANNELS])), switched=True)
        if known.get(_OFFER) in ("button", "silent"):
            found = replace(found, offer=known[_OFFER], switched=True)
        muted = tuple(sorted(name.removeprefix(_MUTED) for name in known if name.startswith(_MUTED)))
        return replace(found, muted=muted, switched=True) if muted else found
