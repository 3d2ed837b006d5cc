"""A database's address, judged by how it is written: nothing is loaded that could open it."""

from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

_POSTGRESQL = frozenset({"postgres", "postgresql", "postgresql+psycopg", "postgresql+asyncpg"})


def database_error(url: str) -> str | None:
    """What is wrong with a database's address, for whoever set it; None where nothing is."""
    if url.startswith("sqlite:"):
        return None if url.startswith("sqlite:///") and url != "sqlite:///" else "for SQLite: sqlite:///FILE"
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname, parts.port
    except ValueError:
        return "is no address of a database"
    if parts.scheme not in _POSTGRESQL:
        return "sqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME is needed"
    sockets = any(name == "host" for name, _ in parse_qsl(parts.query))
    return None if (host or sockets) and len(parts.path) > 1 else "a host and the database's name are needed"


def sqlite_file(url: str) -> Path | None:
    """The file that a database's address names, from the working directory; None where it is PostgreSQL's."""
    return None if is_postgresql(url) else Path(url.removeprefix("sqlite:///"))


def is_postgresql(url: str) -> bool:
    """Whether a database's address is PostgreSQL's."""
    return urlsplit(url).scheme in _POSTGRESQL
