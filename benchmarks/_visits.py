"""How often what runs in this process goes to its databases, counted while a block runs."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event

from bot.storage.database.pipeline import Command, PostgresqlConnection


@dataclass
class Visits:
    """
    Transactions that wrote, and statements that read outside of them.

    `round_trips` are those to PostgreSQL, of both.
    """

    writes: int = 0
    reads: int = 0
    round_trips: int = 0

    def __le__(self, most: "Visits") -> bool:
        """Whether there were no more of any kind."""
        pairs = zip(astuple(self), astuple(most), strict=True)
        return all(one <= bound for one, bound in pairs)


@contextmanager
def counted() -> Iterator[Visits]:
    """Count the visits to all databases."""
    visits = Visits()
    with _counted_on_sqlite(visits), _counted_on_postgresql(visits):
        yield visits


@contextmanager
def _counted_on_sqlite(visits: Visits) -> Iterator[None]:
    def is_writing(connection: Connection) -> bool:
        return "casefile_writes" in connection.get_execution_options()

    def executed(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        visits.reads += not is_writing(connection) and not statement.startswith("BEGIN")

    def begun(connection: Connection) -> None:
        visits.writes += is_writing(connection)

    event.listen(Engine, "before_cursor_execute", executed)
    event.listen(Engine, "begin", begun)
    try:
        yield
    finally:
        event.remove(Engine, "before_cursor_execute", executed)
        event.remove(Engine, "begin", begun)


@contextmanager
def _counted_on_postgresql(visits: Visits) -> Iterator[None]:
    carry = PostgresqlConnection.carry

    async def counting(connection: PostgresqlConnection, commands: Sequence[Command]) -> None:
        visits.round_trips += 1
        if not connection.writes:
            visits.reads += len(commands)
        elif commands[0].text == "BEGIN" or not connection.has_begun:
            visits.writes += 1
        await carry(connection, commands)

    PostgresqlConnection.carry = counting  # type: ignore[method-assign, assignment] # put back below
    try:
        yield
    finally:
        PostgresqlConnection.carry = carry  # type: ignore[method-assign] # as it was
