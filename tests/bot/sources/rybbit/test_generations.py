"""The client against the sandbox's Rybbit, release by release, over real sockets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.model import Reason, SourceName
from bot.settings.accounts import RybbitAccount
from bot.sources.http import CallFailed, VendorHttp, open_client
from bot.sources.protocol import Hit
from bot.sources.quota import Account
from bot.sources.rybbit.server import RybbitServer
from bot.sources.rybbit.source import Rybbit
from sandbox.clock import SandboxClock
from sandbox.people import make_people
from sandbox.vendors import rybbit as stand_in
from sandbox.vendors.rybbit import Generation
from sandbox.vendors.rybbit_data import from_people
from sandbox.vendors.stand_in import listening
from tests.bot.sources.canned import bench, calls_of, find
from tests.conftest import certificates


@asynccontextmanager
async def on_server(
    folder: Path, generation: Generation, window_limit: int | None = None
) -> AsyncIterator[tuple[stand_in.Rybbit, Rybbit]]:
    """Run a server of some generation, and a source that asks it."""
    clock = SandboxClock()
    server = stand_in.Rybbit(clock, from_people(make_people(clock())), generation, window_limit=window_limit)
    async with (
        bench(folder, clock) as own,
        listening(server),
        open_client(5, certificates()) as client,
    ):
        variables = server.environment()
        account = RybbitAccount(
            api_key=variables["RYBBIT__WWW__API_KEY"],
            site=variables["RYBBIT__WWW__SITE"],
            base_url=server.origin,
        )
        name = SourceName("rybbit", "www")
        http = VendorHttp(client, own.ledger, Account(str(name)), clock, "Rybbit", server.origin)
        yield server, Rybbit(name, http, account, own.memory, RybbitServer(http, account, own.memory))


@pytest.mark.parametrize("generation", list(Generation))
@pytest.mark.parametrize("subject", ["jane@contoso.example", "u-77", "Amir.Haddad@Northwind.example"])
async def test_a_person_is_found_on_servers_of_every_generation(
    tmp_path: Path, generation: Generation, subject: str
) -> None:
    async with on_server(tmp_path, generation) as (server, source):
        found = await find(source, subject)
        assert found.sessions
        assert found.errors
        assert {session.user.uid for session in found.sessions} == {"u-31" if "Amir" in subject else "u-77"}
        one = await source.session(found.sessions[0].id, await calls_of(source))
        assert one is not None
        assert (one.id, one.started_at) == (found.sessions[0].id, found.sessions[0].started_at)
        missing_paths = [call for call in server.calls if call.status == 404]
        await find(source, subject)
        assert [call for call in server.calls if call.status == 404] == missing_paths


@pytest.mark.parametrize("generation", [Generation.A2, Generation.B])
async def test_an_old_servers_spent_limit_is_not_read_as_a_bad_key_and_not_asked_again(
    tmp_path: Path, generation: Generation
) -> None:
    async with on_server(tmp_path, generation, window_limit=8) as (_, source):
        await find(source, "u-77")
        reasons = []
        for _ in range(4):
            try:
                await find(source, "u-77")
            except CallFailed as failed:
                reasons.append(failed.failure.reason)
    assert Reason.NOT_AUTHORISED not in reasons
    assert reasons[-1] is Reason.QUOTA_SPENT


@pytest.mark.parametrize("generation", list(Generation))
@pytest.mark.parametrize("known", [True, False])
async def test_others_are_counted_on_servers_of_every_generation(
    tmp_path: Path, generation: Generation, *, known: bool
) -> None:
    async with on_server(tmp_path, generation) as (_, source):
        found = await find(source, "jane@contoso.example")
        error = next(one for one in found.errors if "total" in one.title)
        if not known:
            await source.memory.forget(str(source.name), "generations")
        hit = Hit(error, found.sessions[0], frozenset(session.id for session in found.sessions))
        spread = await source.others(hit, await calls_of(source))
        assert spread is not None
        assert (spread.sessions, spread.others, spread.place, spread.whole) == (2, 1, "Wellington", True)
        assert spread.of_sessions is not None
        assert spread.of_sessions > spread.all_in_place > spread.sessions_in_place == 1
        nowhere = replace(hit, error=replace(error, title="Error: of the year before"))
        assert await source.others(nowhere, await calls_of(source)) is None
