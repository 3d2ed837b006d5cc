"""A person whose history at Raygun is known: what is shown of it is the newest, theirs, at its own times."""

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

from bot.domain.model import ErrorEvent, Finding, SourceName, Subject, SubjectKind
from bot.engine.opening import open_engine
from bot.engine.parts import Engine
from bot.operations.clock import system_clock
from bot.settings.model import load_settings
from bot.sources.protocol import Question
from bot.sources.raygun.webhook_events import read_event
from sandbox.people import RAYGUN, Customer, Error, Visit
from sandbox.vendors.raygun import Raygun
from sandbox.vendors.raygun_traffic import Traffic, sightings_of
from sandbox.vendors.raygun_v3 import RaygunV3
from sandbox.vendors.stand_in import StandIn, listening
from tests.conftest import prepared_sqlite

UID, OTHER = "u-77", "u-78"
PAY, CART, OLD = (
    Error("PayError", "declined", 30),
    Error("TypeError", "cart", 20),
    Error("OldError", "gone", 10),
)
THEIRS = Error("SecretError", "somebody else's", 5)
SHOP = SourceName("raygun", "shop")


def history(now: datetime) -> list[Customer]:
    """Two people who share an error; the first one's visits, and what they met, the newest first."""
    mine = (
        Visit(now - timedelta(hours=1), 120, ("/", "/pay"), (PAY,)),
        Visit(now - timedelta(hours=5), 120, ("/", "/cart"), (CART, PAY)),
        Visit(now - timedelta(hours=9), 60, ("/",)),
        Visit(now - timedelta(days=2), 60, ("/",), (OLD,)),
    )
    theirs = (Visit(now - timedelta(minutes=3), 60, ("/pay",), (PAY, THEIRS)),)
    return [
        Customer(number, uid, f"{uid}@contoso.example", None, "", visits, frozenset({RAYGUN}))
        for number, uid, visits in ((77, UID, mine), (78, OTHER, theirs))
    ]


@asynccontextmanager
async def desk(folder: Path, *servers: StandIn) -> AsyncIterator[Engine]:
    """The engine with Raygun alone, in front of these servers."""
    async with AsyncExitStack() as stack:
        environment = {
            "SECRET_KEY": "of the history and long enough for one",
            "DATABASE_URL": prepared_sqlite(folder / "casefile.db"),
        }
        for server in servers:
            environment |= (await stack.enter_async_context(listening(server))).environment()
        yield await stack.enter_async_context(open_engine(load_settings(environment)))


async def ask(engine: Engine, uid: str = UID) -> tuple[Finding, tuple[ErrorEvent, ...]]:
    """Raygun's finding, and the errors in the order that they are shown in."""
    question = Question(Subject(SubjectKind.UID, uid, uid), 7)
    case_files = [one async for one in engine.lookup.follow(question)]
    await engine.tasks.settle()
    (finding,) = case_files[-1].findings
    return finding, case_files[-1].errors


def titles(errors: Sequence[ErrorEvent]) -> list[str]:
    return [error.title.partition(":")[0] for error in errors]


async def test_v3_tells_the_newest_of_each_error_first_at_its_own_time(tmp_path: Path) -> None:
    now = system_clock().replace(microsecond=0)
    async with desk(tmp_path, RaygunV3(system_clock, Traffic(sightings_of(history(now))))) as engine:
        finding, errors = await ask(engine)
    assert [session.started_at for session in finding.sessions] == [
        v.started_at for v in history(now)[0].visits
    ]
    assert titles(errors) == ["PayError", "TypeError"]
    assert [error.occurred_at for error in errors] == [
        now - timedelta(hours=1) + timedelta(seconds=30),
        now - timedelta(hours=5) + timedelta(seconds=20),
    ]
    assert [error.count for error in errors] == [2, 1]
    # The fourth session was not opened, and that is said.
    assert finding.notes == ("errors of 3 sessions alone",)


async def test_the_legacy_api_tells_the_newest_errors_with_their_session_and_what_was_not_read(
    tmp_path: Path,
) -> None:
    now = system_clock().replace(microsecond=0)
    async with desk(tmp_path, Raygun(system_clock, Traffic(sightings_of(history(now))))) as engine:
        finding, errors = await ask(engine)
    assert titles(errors) == ["PayError"]
    assert errors[0].session_id == finding.sessions[0].id
    # The legacy API tells no time of an error: none is invented.
    assert errors[0].occurred_at is None
    assert finding.notes == ("errors of the newest session alone",)


async def test_a_pushed_error_has_the_time_at_which_it_hit_them_though_it_hit_somebody_since(
    tmp_path: Path,
) -> None:
    now = system_clock().replace(microsecond=0)
    async with desk(tmp_path, Raygun(system_clock, Traffic(sightings_of(history(now))))) as engine:
        for who, hours_ago in ((UID, 6.5), (OTHER, 0.1)):
            error = {
                "url": "https://app.raygun.com/crashreporting/19abc7x/errors/1",
                "message": "PushedError: both",
                "lastOccurredOn": (now - timedelta(hours=hours_ago)).isoformat(),
                "instance": {"affectedUser": {"Identifier": who, "IsAnonymous": False}},
            }
            body = {"event": "error_notification", "eventType": "ErrorReoccurred", "error": error}
            event = read_event(body)
            assert event is not None
            await engine.pushed.take(SHOP, event, body)
        _finding, errors = await ask(engine)
    assert titles(errors) == ["PayError", "PushedError"]
    assert errors[1].occurred_at == now - timedelta(hours=6.5)


async def test_a_lookup_says_as_many_calls_as_the_vendor_and_the_ledger_have_counted(tmp_path: Path) -> None:
    now = system_clock().replace(microsecond=0)
    vendor = Raygun(system_clock, Traffic(sightings_of(history(now))))
    async with desk(tmp_path, vendor) as engine:
        said = 0
        for uid in (UID, OTHER, "u-90", UID):
            finding, _errors = await ask(engine, uid)
            said += finding.calls
            (source,) = engine.sources
            state = await engine.ledger.state(await source.account())
            assert said == vendor.calls_counted == state.used
            assert finding.calls_left == state.left
