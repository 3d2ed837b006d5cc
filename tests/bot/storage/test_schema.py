"""
A database's tables: a new one's, and an older one's after its migrations.

`schemas/` has what Casefile once made, as it was: a number's last form, and the early one where it changed.
"""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Boolean, Column, Integer, MetaData, String, Table, TableClause, inspect, select, text
from sqlalchemy import Connection as SyncConnection
from sqlalchemy.exc import DBAPIError

from bot.storage.address import is_postgresql
from bot.storage.database import Connection, StoreAway, open_database, transaction
from bot.storage.migrations.new import main as new_migration
from bot.storage.migrations.run import settings
from bot.storage.schema import HEAD, NewerDatabase
from bot.storage.store import Store, open_store
from bot.storage.tables import alembic_version, metadata, schema_version
from tests.conftest import new_database, stored
from tests.processes import printed_at_once

SCHEMAS = Path(__file__).parent / "schemas"
OLDER = ["1", "2", "3", "4", "5", "6_early", "6", "7_early", "7"]
TODAY = "7"
# Pairs without their source, turns of seconds, and a table that nobody reads any more.
GONE = {"4": {"identities"}, "6": {"turns"}, "6_early": {"unfurled"}}
# What stood in columns of `quota_accounts` and stands in a table of its own since.
TOLD = ("vendor_left", "vendor_counted_ms", "vendor_until_ms")

Rows = dict[str, list[dict[str, Any]]]

OPENS = """
import asyncio, logging, sys
from bot.storage.store import open_store

async def opens(url):
    async with open_store(url):
        pass

def run(url):
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
    asyncio.run(opens(url))
    print("alembic is loaded" if "alembic" in sys.modules else "alembic is not loaded")
"""


@asynccontextmanager
async def writing(url: str) -> AsyncIterator[Connection]:
    """A transaction in a database that is not opened as a store: nothing brings it up to date."""
    async with open_database(url) as database, transaction(database, writing=True) as connection:
        yield connection


async def make_older(url: str, schema: str) -> Rows:
    """Make a database as it once was, with two rows in every table; the rows."""
    dialect = "postgresql" if is_postgresql(url) else "sqlite"
    async with writing(url) as connection:
        for statement in (SCHEMAS / dialect / f"{schema}.sql").read_text().split(";\n"):
            if statement:
                await connection.execute(text(statement))
        await connection.run_sync(fill)
        await connection.execute(schema_version.insert().values(version=int(schema[0])))
        return await connection.run_sync(rows_of)


def tables_of(connection: SyncConnection) -> list[Table]:
    there = MetaData()
    there.reflect(connection)
    return there.sorted_tables


def fill(connection: SyncConnection) -> None:
    for table in tables_of(connection):
        if table.name != schema_version.name:
            columns = [column for column in table.c if column.name != "id" or isinstance(column.type, String)]
            rows = [{column.name: value_for(column, number) for column in columns} for number in (1, 2)]
            connection.execute(table.insert(), rows)


def value_for(column: Column[Any], number: int) -> object:
    if isinstance(column.type, String):
        return f"{number} {column.table.name}.{column.name} é\U0001f600"[: column.type.length]
    return number == 1 if isinstance(column.type, Boolean) else number * 10**9


def rows_of(connection: SyncConnection) -> Rows:
    # As the driver has them: to reflect what type each column is of takes most of a test's time.
    every = {
        name: select(text("*")).select_from(TableClause(name))
        for name in inspect(connection).get_table_names()
    }
    # Which columns a * has is kept with what was compiled, and another database's table may have others.
    anew = {"compiled_cache": None}
    return {
        name: [dict(row) for row in connection.execute(rows, execution_options=anew).mappings()]
        for name, rows in every.items()
    }


def shape_of(connection: SyncConnection) -> dict[str, Any]:
    """All that the database itself knows of its tables, without the order of columns."""
    known = inspect(connection)
    columns, keys = known.get_multi_columns(), known.get_multi_pk_constraint()
    indexes, unique = known.get_multi_indexes(), known.get_multi_unique_constraints()
    return {
        of[1]: {
            "columns": {one["name"]: one | {"type": repr(one["type"])} for one in columns[of]},
            "key": keys[of],
            "indexes": sorted(indexes[of], key=str),
            "unique": sorted(unique[of], key=str),
        }
        for of in columns
    }


def differences(connection: SyncConnection, tables: MetaData = metadata) -> list[Any]:
    return list(compare_metadata(MigrationContext.configure(connection), tables))


def migrate_from_nothing(connection: SyncConnection) -> None:
    command.upgrade(settings(connection), "head")


async def opened(url: str) -> tuple[dict[str, Any], Rows]:
    """The tables and rows of a database after it was opened."""
    async with open_store(url) as store, store.read() as connection:
        return await connection.run_sync(shape_of), await connection.run_sync(rows_of)


def as_now(name: str, before: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A table's rows as they are after all migrations."""
    columns = [column.name for column in metadata.tables[name].columns]
    assert all(row.keys() <= {*columns, *(TOLD if name == "quota_accounts" else ())} for row in before)
    return [{column: row.get(column) for column in columns} for row in before]


def told(accounts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What vendors said is left, as it was kept with their accounts, in its own table."""
    return [
        {
            "account": row["account"],
            "over_seconds": 0,
            "left": row["vendor_left"],
            "of_calls": row["vendor_left"],
            "told_ms": row["vendor_counted_ms"],
            "until_ms": row["vendor_until_ms"],
            "newest_call": None,
        }
        for row in accounts
    ]


@pytest.fixture(scope="session")
def new_shapes() -> dict[bool, dict[str, Any]]:
    """The tables of a new database of PostgreSQL (True) and of SQLite, once they were looked at."""
    return {}


@pytest.fixture
async def new_shape(
    database_url: str, tmp_path: Path, new_shapes: dict[bool, dict[str, Any]], request: pytest.FixtureRequest
) -> dict[str, Any]:
    """The tables of a new database of the same kind."""
    kind = is_postgresql(database_url)
    if kind not in new_shapes:
        file = f"sqlite:///{tmp_path / 'new.db'}"
        url = new_database(request.getfixturevalue("postgresql")) if kind else file
        new_shapes[kind] = (await opened(url))[0]
    return new_shapes[kind]


def test_a_new_database_is_of_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(settings()).get_heads() == [HEAD]


async def test_a_new_database_is_of_this_version_and_opens_again(database_url: str) -> None:
    for _ in range(2):
        _, rows = await opened(database_url)
        assert rows[alembic_version.name] == [{"version_num": HEAD}]


async def test_the_tables_are_what_the_migrations_make(database_url: str, new_shape: dict[str, Any]) -> None:
    async with writing(database_url) as connection:
        await connection.run_sync(migrate_from_nothing)
        assert await connection.run_sync(shape_of) == new_shape
        assert await connection.run_sync(differences) == []


async def test_a_column_without_a_migration_is_noticed(database_url: str) -> None:
    changed = MetaData()
    for table in metadata.sorted_tables:
        table.to_metadata(changed)
    changed.tables["jobs"].append_column(Column("colour", Integer))
    async with open_store(database_url) as store, store.read() as connection:
        assert await connection.run_sync(differences) == []
        assert len(await connection.run_sync(lambda sync: differences(sync, changed))) == 1


@pytest.mark.parametrize("schema", OLDER)
async def test_an_older_database_gets_todays_tables_and_keeps_its_rows(
    database_url: str, new_shape: dict[str, Any], schema: str
) -> None:
    before = await make_older(database_url, schema)
    shape, after = await opened(database_url)
    assert shape == new_shape
    assert after[alembic_version.name] == [{"version_num": HEAD}]
    kept = before.keys() - GONE.get(schema, set()) - {schema_version.name}
    assert all(len(before[name]) == 2 for name in kept)
    for name in kept:
        assert after[name] == as_now(name, before[name])
    assert after["quota_told"] == told(before["quota_accounts"])
    assert await opened(database_url) == (shape, after)


async def test_todays_database_loses_no_row_of_any_table(database_url: str) -> None:
    before = await make_older(database_url, TODAY)
    assert before.keys() <= metadata.tables.keys()
    _, after = await opened(database_url)
    ours = {schema_version.name, alembic_version.name}
    for name in before.keys() - ours:
        assert after[name] == as_now(name, before[name])
    assert all(after[name] == [] for name in after.keys() - before.keys() - ours - {"quota_told"})


@pytest.mark.parametrize("schema", [None, TODAY])
async def test_a_casefile_from_before_alembic_finds_a_number_that_it_refuses(
    database_url: str, schema: str | None
) -> None:
    if schema:
        await make_older(database_url, schema)
    _, rows = await opened(database_url)
    # It knows 7 and refuses what is above.
    assert rows[schema_version.name] == [{"version": 8}]


async def test_a_database_of_a_revision_not_known_here_is_refused_and_not_touched(database_url: str) -> None:
    await opened(database_url)
    async with writing(database_url) as connection:
        await connection.execute(alembic_version.update().values(version_num="9999"))
        before = await connection.run_sync(rows_of)
    with pytest.raises(NewerDatabase, match=r"of version 9999.*install the newer one"):
        await opened(database_url)
    async with writing(database_url) as connection:
        assert await connection.run_sync(rows_of) == before


@pytest.mark.parametrize("number", [8, None])
async def test_without_alembics_note_the_number_counts(
    database_url: str, new_shape: dict[str, Any], number: int | None
) -> None:
    _, before = await opened(database_url)
    async with writing(database_url) as connection:
        if number is None:
            # Not even a number: it is as empty as a new one.
            await connection.execute(schema_version.delete())
        await connection.execute(alembic_version.delete())
    assert await opened(database_url) == (new_shape, before)


async def test_alembics_table_is_made_again_where_it_is_gone(
    database_url: str, new_shape: dict[str, Any]
) -> None:
    _, before = await opened(database_url)
    async with writing(database_url) as connection:
        await connection.run_sync(alembic_version.drop)
    assert await opened(database_url) == (new_shape, before)


@pytest.mark.parametrize("schema", OLDER)
async def test_an_older_database_is_migrated_though_alembics_table_is_there_and_empty(
    database_url: str, new_shape: dict[str, Any], schema: str
) -> None:
    await make_older(database_url, schema)
    async with writing(database_url) as connection:
        await connection.run_sync(alembic_version.create)
    shape, rows = await opened(database_url)
    assert shape == new_shape
    assert rows[alembic_version.name] == [{"version_num": HEAD}]


def test_a_migration_needs_words_for_what_changes() -> None:
    with pytest.raises(SystemExit, match="say what changes"):
        new_migration("")


async def test_a_number_that_was_never_given_is_refused_and_not_touched(database_url: str) -> None:
    await make_older(database_url, TODAY)
    async with writing(database_url) as connection:
        await connection.execute(schema_version.update().values(version=9))
        before = await connection.run_sync(rows_of)
    with pytest.raises(NewerDatabase, match=r"of version 9.*install the newer one"):
        await opened(database_url)
    async with writing(database_url) as connection:
        assert await connection.run_sync(rows_of) == before


async def test_a_migration_that_fails_leaves_the_database_as_it_was(database_url: str) -> None:
    await make_older(database_url, "3")
    async with writing(database_url) as connection:
        # Stands in the way of the seventh step.
        await connection.execute(text("CREATE TABLE slack_calls (other INTEGER)"))
        before = await connection.run_sync(shape_of), await connection.run_sync(rows_of)
    with pytest.raises((DBAPIError, StoreAway)):
        await opened(database_url)
    async with writing(database_url) as connection:
        assert (await connection.run_sync(shape_of), await connection.run_sync(rows_of)) == before


async def test_a_column_is_changed_with_all_rows_and_constraints_kept(database_url: str) -> None:
    def widen(connection: SyncConnection) -> None:
        with Operations(MigrationContext.configure(connection)).batch_alter_table("jobs") as jobs:
            jobs.alter_column("kind", type_=String(60), existing_nullable=False)

    before = await make_older(database_url, TODAY)
    shape, _ = await opened(database_url)
    async with writing(database_url) as connection:
        await connection.run_sync(widen)
    changed, rows = await opened(database_url)
    assert changed["jobs"]["columns"]["kind"]["type"] == "VARCHAR(length=60)"
    shape["jobs"]["columns"]["kind"]["type"] = "VARCHAR(length=60)"
    assert changed == shape
    assert rows["jobs"] == before["jobs"]


@pytest.mark.process
async def test_of_processes_that_start_at_once_one_migrates_and_the_others_wait(
    database_url: str, new_shape: dict[str, Any]
) -> None:
    await make_older(database_url, "1")
    printed = await printed_at_once(OPENS, database_url, times=4)
    steps = Counter(line for told in printed for line in told.splitlines() if "Running upgrade" in line)
    assert len(steps) == int(HEAD) - 1
    assert set(steps.values()) == {1}
    assert sorted(told.splitlines()[-1] for told in printed) == [
        "alembic is loaded",
        *["alembic is not loaded"] * 3,
    ]
    assert (await opened(database_url))[0] == new_shape


@pytest.mark.process
async def test_of_processes_that_start_at_once_one_makes_a_new_database(
    database_url: str, new_shape: dict[str, Any]
) -> None:
    printed = await printed_at_once(OPENS, database_url, times=4)
    assert printed == ["alembic is not loaded\n"] * 4
    assert (await opened(database_url))[0] == new_shape


async def test_the_databases_that_tests_begin_with_are_what_a_new_one_becomes(
    store: Store, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    if request.node.callspec.params["database_url"] == "postgresql":
        new_url = new_database(request.getfixturevalue("postgresql"))
    else:
        new_url = f"sqlite:///{tmp_path / 'new.db'}"

    async def tables(one: Store) -> object:
        async with one.read() as connection:
            return await connection.run_sync(
                lambda sync: (
                    sorted(map(repr, inspect(sync).get_multi_columns().items()))
                    + sorted(map(repr, inspect(sync).get_multi_indexes().items()))
                    + sorted(map(repr, inspect(sync).get_multi_pk_constraint().items()))
                )
            )

    async with open_store(new_url) as new:
        assert await tables(new) == await tables(store)
        assert await stored(new) == await stored(store)
