"""Which addresses of a database are taken, and what is said of the others."""

import pytest

from bot.storage.address import database_error, is_postgresql

GOOD = [
    "sqlite:///casefile.db",
    "sqlite:////var/lib/casefile.db",
    "postgres://u:p@db.contoso.example/casefile",
    "postgresql://u:p@db.contoso.example:5433/casefile?sslmode=require",
    "postgresql+psycopg://db.contoso.example/casefile",
    "postgresql+asyncpg://db.contoso.example/casefile",
    "postgresql://postgres:@/casefile?host=/var/run/postgresql",
]
BAD = [
    "sqlite:///",
    "sqlite://casefile.db",
    "mysql://u:p@h/d",
    "postgresql://u:p@h",
    "postgresql:///casefile",
    "postgresql://u:p@h:port/d",
    "casefile.db",
]


@pytest.mark.parametrize("url", GOOD)
def test_an_address_of_either_database_is_taken(url: str) -> None:
    assert database_error(url) is None
    assert is_postgresql(url) is url.startswith("postgres")


@pytest.mark.parametrize("url", BAD)
def test_any_other_address_is_refused_with_what_is_needed(url: str) -> None:
    assert database_error(url)
