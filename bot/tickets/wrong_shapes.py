"""
Shapes of messages whose answers people removed as wrong: the next message of such a shape gets an offer.

A shape says which app a message came from, which desk it was read as, and beside which label or in which
place the requester was found. It names nobody, so it is kept until somebody forgets it.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update

from bot.operations.clock import from_ms
from bot.storage.database import Connection
from bot.storage.store import Store
from bot.storage.tables import now_ms, wrong_shapes
from bot.storage.upsert import insert_new

# Characters of a shape that are kept: the column's.
LONGEST_SHAPE = 200


@dataclass(frozen=True, slots=True)
class WrongShape:
    """A shape, how many answers to it were removed, and when the last one was; `number` names it."""

    number: int
    shape: str
    removed: int
    last_removed_at: datetime


async def note_wrong(connection: Connection, shape: str) -> None:
    """Count one more answer to a message of this shape as removed, in the caller's transaction."""
    kept = shape[:LONGEST_SHAPE]
    await insert_new(connection, wrong_shapes, {"shape": kept, "removed": 0, "last_ms": now_ms()})
    ours = update(wrong_shapes).where(wrong_shapes.c.shape == kept)
    connection.send(ours.values(removed=wrong_shapes.c.removed + 1, last_ms=now_ms()))


async def is_known_wrong(store: Store, shape: str) -> bool:
    """Whether an answer to a message of this shape was removed as wrong."""
    query = select(wrong_shapes.c.id).where(wrong_shapes.c.shape == shape[:LONGEST_SHAPE])
    async with store.read() as connection:
        return (await connection.execute(query)).first() is not None


async def known_wrong(store: Store) -> list[WrongShape]:
    """All shapes, those removed most often first."""
    query = select(wrong_shapes).order_by(wrong_shapes.c.removed.desc(), wrong_shapes.c.id)
    async with store.read() as connection:
        rows = (await connection.execute(query)).all()
    return [WrongShape(row.id, row.shape, row.removed, from_ms(row.last_ms)) for row in rows]


async def forget_wrong(store: Store, number: int) -> bool:
    """Answer messages of this shape again; False where there is none of this number."""
    async with store.write() as connection:
        gone = await connection.change(delete(wrong_shapes).where(wrong_shapes.c.id == number))
    return bool(gone)
