"""The help desks' stand-ins, asked by the real clients over real sockets."""

from datetime import UTC, datetime
from pathlib import Path

import httpx2
import pytest

from bot.cli.installing.check_sources import check_desks
from bot.domain.model import Failure, TicketReference
from bot.engine.opening import open_engine
from bot.settings.model import Settings, load_settings
from bot.sources.quota import Purpose
from bot.tickets.desks.protocol import Requester
from sandbox.clock import SandboxClock
from sandbox.faults import Fault
from sandbox.vendors.intercom import Intercom
from sandbox.vendors.stand_in import ReceivedCall, StandIn, listening
from sandbox.vendors.zendesk import Zendesk
from tests.conftest import MovableClock

TICKETS = {
    Zendesk: TicketReference("zendesk", "7", "https://acme.zendesk.com/agent/tickets/7"),
    Intercom: TicketReference(
        "intercom", "7", "https://app.intercom.com/a/inbox/abc123/inbox/conversation/7"
    ),
}
KINDS = pytest.mark.parametrize("kind", [Zendesk, Intercom])


def configured(stand_in: StandIn, folder: Path, **more: str) -> Settings:
    database = {
        "SECRET_KEY": "of the help desks and long enough for one",
        "DATABASE_URL": f"sqlite:///{folder / 'desk.db'}",
    }
    return load_settings(stand_in.environment() | database | more)


def by_token(stand_in: Zendesk, folder: Path, token: str | None = None) -> Settings:
    database = {
        "SECRET_KEY": "of the help desks and long enough for one",
        "DATABASE_URL": f"sqlite:///{folder / 'desk.db'}",
    }
    wrong = {"ZENDESK__MAIN__API_TOKEN": token} if token else {}
    return load_settings(stand_in.legacy_environment() | database | wrong)


@KINDS
async def test_the_requester_of_a_known_ticket_is_given_and_of_another_none(
    kind: type[Zendesk] | type[Intercom], tmp_path: Path
) -> None:
    async with listening(kind(SandboxClock())) as desk:
        desk.know("7", email="jane@contoso.example", name="Jane Doe", external_id="u-77")
        async with open_engine(configured(desk, tmp_path)) as engine:
            said = await engine.desks.ask(TICKETS[kind], Purpose.TICKET)
            assert said == Requester("jane@contoso.example", "u-77", "Jane Doe")
            other = TICKETS[kind]
            unknown = TicketReference(other.system, "8", other.url[:-1] + "8")
            assert await engine.desks.ask(unknown, Purpose.TICKET) is None
            [check] = await check_desks(engine.desks.all)
            assert check.well, check.detail


@KINDS
@pytest.mark.parametrize(
    "fault", [Fault.RATE_LIMITED, Fault.BROKEN, Fault.TRUNCATED, Fault.HTML, Fault.HUGE, Fault.REFUSED]
)
async def test_each_fault_is_a_failure_with_a_reason_and_doctor_says_so(
    kind: type[Zendesk] | type[Intercom], fault: Fault, tmp_path: Path
) -> None:
    async with listening(kind(SandboxClock())) as desk, open_engine(configured(desk, tmp_path)) as engine:
        desk.fault = fault
        assert isinstance(await engine.desks.ask(TICKETS[kind], Purpose.TICKET), Failure)
        [check] = await check_desks(engine.desks.all)
        assert not check.well


async def test_a_wrong_token_is_refused(tmp_path: Path) -> None:
    async with listening(Intercom(SandboxClock())) as desk:
        settings = configured(desk, tmp_path, INTERCOM__MAIN__TOKEN="wrong")
        async with open_engine(settings) as engine:
            [check] = await check_desks(engine.desks.all)
            assert "refuses our key" in check.detail


async def test_zendesk_answers_strangers_and_doctor_is_not_fooled(tmp_path: Path) -> None:
    async with (
        listening(Zendesk(SandboxClock())) as desk,
        open_engine(by_token(desk, tmp_path, "wrong")) as engine,
    ):
        [check] = await check_desks(engine.desks.all)
        assert not check.well


async def test_the_doctor_warns_of_the_end_of_zendesks_api_tokens_and_after_it_they_are_refused(
    tmp_path: Path,
) -> None:
    async with listening(Zendesk(SandboxClock())) as desk:
        async with open_engine(by_token(desk, tmp_path)) as engine:
            [check] = await check_desks(engine.desks.all)
            assert check.well
            assert "2027-04-30" in check.detail
            desk.api_tokens_end = desk.clock()
            [check] = await check_desks(engine.desks.all)
            assert not check.well
        async with open_engine(configured(desk, tmp_path)) as engine:
            [check] = await check_desks(engine.desks.all)
            assert check.detail == "the OAuth client works, with the role admin"


async def test_a_token_is_fetched_once_renewed_when_revoked_and_never_asked_for_twice_in_a_row(
    tmp_path: Path,
) -> None:
    async with listening(Zendesk(SandboxClock())) as desk:
        async with open_engine(configured(desk, tmp_path)) as engine:
            for _ in range(3):
                await check_desks(engine.desks.all)
            assert len(desk.tokens) == 1
            desk.tokens.clear()
            [check] = await check_desks(engine.desks.all)
            assert check.well
            assert [call.path for call in desk.calls].count("/oauth/tokens") == 2
        async with open_engine(configured(desk, tmp_path, ZENDESK__MAIN__CLIENT_SECRET="wrong")) as engine:
            before = len(desk.calls)
            [check] = await check_desks(engine.desks.all)
            assert "refuses our key" in check.detail
            assert [call.path for call in desk.calls[before:]] == ["/oauth/tokens"]


@pytest.mark.parametrize("kind", [Zendesk, Intercom])
async def test_the_doctor_says_where_a_key_works_but_may_not_read_what_is_needed(
    kind: type[Zendesk] | type[Intercom], tmp_path: Path
) -> None:
    async with listening(kind(SandboxClock())) as desk, open_engine(configured(desk, tmp_path)) as engine:
        desk.may_read = False
        [check] = await check_desks(engine.desks.all)
        assert not check.well
        assert "may not read this" in check.detail


async def test_zendesk_answers_seven_hundred_calls_a_minute_and_as_many_in_the_next() -> None:
    clock = MovableClock(datetime(2026, 11, 20, 14, 5, 9, tzinfo=UTC))
    async with listening(Zendesk(clock)) as desk, httpx2.AsyncClient(base_url=desk.origin) as client:
        desk.calls += [ReceivedCall("GET", "/api/v2/tickets/7", {}, clock())] * 699
        last = await client.get("/api/v2/users/me")
        assert (last.headers["X-Rate-Limit-Remaining"], last.headers["ratelimit-reset"]) == ("0", "51")
        refused = await client.get("/api/v2/users/me")
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "51")
        clock.advance(seconds=51)
        assert (await client.get("/api/v2/users/me")).headers["X-Rate-Limit-Remaining"] == "699"
