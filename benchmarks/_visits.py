"""How often what runs in this process goes to its databases, counted while a block runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event


@dataclass
class Visits:
    """Transactions that wrote, and statements that read outside of them."""

    writes: int = 0
    reads: int = 0

    def __le__(self, most: "Visits") -> bool:
        return self.writes <= most.writes and self.reads <= most.reads


@contextmanager
def counted() -> Iterator[Visits]:
    """Count the visits to all databases."""
    visits = Visits()

    def is_writing(connection: Connection) -> bool:
        return "casefile_writes" in connection.get_execution_options()

    def executed(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
        visits.reads += not is_writing(connection) and not statement.startswith("BEGIN")

    def begun(connection: Connection) -> None:
        visits.writes += is_writing(connection)

    event.listen(Engine, "before_cursor_execute", executed)
    event.listen(Engine, "begin", begun)
    try:
        yield visits
    finally:
        event.remove(Engine, "before_cursor_execute", executed)
        event.remove(Engine, "begin", begun)
