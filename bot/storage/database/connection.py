"""What statements are executed on, whichever database it is, and what is raised where there is none."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol, TypeVar, TypeVarTuple, overload

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import CursorResult, Dialect, Executable
from sqlalchemy.engine.interfaces import _CoreAnyExecuteParams as Parameters
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.selectable import TypedReturnsRows

T = TypeVar("T")
Columns = TypeVarTuple("Columns")


class StoreAway(SQLAlchemyError):
    """Raised when the database cannot be reached, or was lost in the middle."""


class Connection(Protocol):
    """A connection in a transaction; as SQLAlchemy's `AsyncConnection`, as far as it is used here."""

    @property
    def dialect(self) -> Dialect:
        """The kind of database, by its `name`: `sqlite` or `postgresql`."""

    @overload
    async def execute(
        self, statement: TypedReturnsRows[*Columns], parameters: Parameters | None = None
    ) -> CursorResult[*Columns]: ...
    @overload
    async def execute(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> CursorResult[*tuple[Any, ...]]: ...
    async def execute(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> CursorResult[*tuple[Any, ...]]:
        """The result of a statement, with all of its rows."""

    async def run_sync(self, work: Callable[[SyncConnection], T]) -> T:
        """What some work returns that is written for SQLAlchemy's own connections."""

    def begin_nested(self) -> AbstractAsyncContextManager[Any]:
        """A part of the transaction that is taken back alone where it fails."""


class Database(Protocol):
    """A way to read and to write."""

    def reading(self, *, is_long: bool) -> AbstractAsyncContextManager[Connection]:
        """A connection to read with: each statement sees what was committed before it."""

    def writing(self, *, is_long: bool, is_one: bool) -> AbstractAsyncContextManager[Connection]:
        """A connection in a transaction, committed when the block has ended; `is_one`: of one statement."""

    async def compact(self) -> bool:
        """
        Let nothing that was deleted remain in the files; False where somebody else is still reading them.

        Raises:
            StoreAway: when a file stays busy.

        """

    async def lost_by(self, error: Exception) -> StoreAway | None:
        """What to raise for an error by which the database was lost; None for any other."""

    async def close(self) -> None:
        """Close all connections."""
