"""What statements are executed on, whichever database it is, and what is raised where there is none."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, Generic, Protocol, TypeVar, TypeVarTuple, overload

from sqlalchemy import Connection as SyncConnection
from sqlalchemy import Dialect, Executable, Result
from sqlalchemy.engine.interfaces import _CoreAnyExecuteParams as Parameters
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.sql.selectable import TypedReturnsRows

T = TypeVar("T")
Columns = TypeVarTuple("Columns")


class StoreAway(SQLAlchemyError):
    """Raised when the database cannot be reached, or was lost in the middle."""


class Sent(Generic[*Columns]):
    """A statement that was sent, and what came of it once it has been executed."""

    def __init__(self) -> None:
        self._result: Result[*Columns] | None = None
        self._changed = 0

    def has_come(self, result: Result[*Columns], changed: int) -> None:
        """Take up its rows, and how many it has changed."""
        self._result, self._changed = result, changed

    @property
    def result(self) -> Result[*Columns]:
        """
        Its rows.

        Raises:
            RuntimeError: when nothing was waited for since it was sent, and its transaction has not ended.

        """
        if self._result is None:
            raise RuntimeError("the statement has not been executed yet")
        return self._result

    @property
    def changed(self) -> int:
        """How many rows it has changed; raises as `result`."""
        self.result  # noqa: B018 - raises where it is too early to know
        return self._changed


class Connection(Protocol):
    """A connection in a transaction."""

    @property
    def dialect(self) -> Dialect:
        """The kind of database, by its `name`: `sqlite` or `postgresql`."""

    @overload
    def send(
        self, statement: TypedReturnsRows[*Columns], parameters: Parameters | None = None
    ) -> Sent[*Columns]: ...
    @overload
    def send(self, statement: Executable, parameters: Parameters | None = None) -> Sent[*tuple[Any, ...]]: ...
    def send(self, statement: Executable, parameters: Parameters | None = None) -> Sent[*tuple[Any, ...]]:
        """
        Have a statement executed after those before it, at the latest when the transaction ends.

        What comes back has its rows, and how many it has changed, as soon as it has been executed.
        On PostgreSQL all that was sent goes to the server with the next statement that is waited for, or with
        the end of the transaction, in one round trip.
        """

    @overload
    async def execute(
        self, statement: TypedReturnsRows[*Columns], parameters: Parameters | None = None
    ) -> Result[*Columns]: ...
    @overload
    async def execute(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Result[*tuple[Any, ...]]: ...
    async def execute(
        self, statement: Executable, parameters: Parameters | None = None
    ) -> Result[*tuple[Any, ...]]:
        """The result of a statement, with all of its rows."""

    async def change(self, statement: Executable, parameters: Parameters | None = None) -> int:
        """How many rows a statement has changed."""

    async def deliver(self) -> None:
        """Wait until all that was sent has been executed."""

    async def run_sync(self, work: Callable[[SyncConnection], T]) -> T:
        """What some work returns that is written for SQLAlchemy's own connections."""

    def begin_nested(self) -> AbstractAsyncContextManager[Any]:
        """A part of the transaction that is taken back alone where it fails."""


class Database(Protocol):
    """A way to read and to write."""

    def reading(self, *, is_long: bool) -> AbstractAsyncContextManager[Connection]:
        """A connection to read with: each statement sees what was committed before it."""

    def writing(self, *, is_long: bool) -> AbstractAsyncContextManager[Connection]:
        """A connection in a transaction, committed when the block has ended."""

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
