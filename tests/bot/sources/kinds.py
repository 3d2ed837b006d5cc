"""Every kind of source, each as one line: what stands in for its vendor, and what that can tell."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from bot.domain.addresses import subject_of_address
from bot.domain.answer import Answer
from bot.domain.model import Finding, Subject, SubjectKind
from bot.engine.opening import open_engine
from bot.engine.parts import Engine
from bot.operations.clock import system_clock
from bot.settings.model import load_settings
from bot.sources.protocol import Effort, Question, Source
from bot.sources.quota import Purpose
from bot.sources.registry import VENDORS, VendorEntry
from sandbox.people import FULLSTORY, RAYGUN, RYBBIT, UXCAM, Customer, Error, Visit
from sandbox.vendors.fullstory import FullStory
from sandbox.vendors.posthog import POSTHOG, PostHog
from sandbox.vendors.raygun import Raygun
from sandbox.vendors.raygun_traffic import Traffic, sightings_of
from sandbox.vendors.raygun_v3 import RaygunV3
from sandbox.vendors.rybbit import Generation, Rybbit, from_people
from sandbox.vendors.sentry import SENTRY, Sentry
from sandbox.vendors.stand_in import Clock, StandIn, listening
from sandbox.vendors.uxcam import UXCam
from tests.conftest import prepared_sqlite

PAT, PAT_UID = "pat@contoso.example", "cust-1"
# What a server has beside its data: where it is, what it received, how it behaves.
_OWN = frozenset({"origin", "calls", "fault", "latency", "hold", "slow_seconds", "fails_after", "clock"})
NEIGHBOURS = ("at@contoso.example", "cust-11")
BUSY_UID, BUSY_VISITS = "cust-busy", 330
UNICODE, UNICODE_UID = "jürgen@bücher.example", "cust-2"


def named(word: str) -> Subject:
    """An address or a uid as a subject."""
    return subject_of_address(word) if "@" in word else Subject(SubjectKind.UID, word, word)


def customers(now: datetime, vendor: str) -> list[Customer]:
    """A customer, one with similar names, one with hundreds of visits, and one with an address in Unicode."""
    now = now.replace(microsecond=0)
    crash = Error("TypeError", "cart is undefined", 30)
    mine = (
        Visit(now - timedelta(minutes=20), 120, ("/", "/cart"), (crash,)),
        Visit(now - timedelta(hours=9), 60, ("/",)),
        # So long ago that it cannot have reached into the last day, where no ends are told.
        Visit(now - timedelta(hours=60), 300, ("/", "/help")),
    )
    near = (Visit(now - timedelta(minutes=25), 45, ("/",)),)
    many = tuple(Visit(now - timedelta(minutes=30 + 8 * n), 40, ("/",)) for n in range(BUSY_VISITS))
    known = frozenset({vendor})
    return [
        Customer(1, PAT_UID, PAT, "Pat Lee", "", mine, known),
        Customer(2, NEIGHBOURS[1], NEIGHBOURS[0], "At Lee", "", near, known),
        Customer(3, BUSY_UID, "busy@contoso.example", None, "", many, known),
        Customer(4, UNICODE_UID, UNICODE, None, "", mine[:1], known),
    ]


@dataclass(frozen=True)
class Kind:
    """
    A kind of source.

    `stands` makes the servers that its vendor has; `entry` is its line in the registry; `by_email` is False
    where the vendor alone does not know whose uid an address is; `tells_ends` is False where it does not say
    when a session ended, `tells_at_once` where lists that were read a moment ago are not read again;
    `tells_where` is whether errors name their session, `describes` whether a listed session's id is one that
    the vendor can be asked by; `without_scope` takes a right from the key that a lookup needs.
    """

    label: str
    vendor: str
    stands: Callable[[Clock, Sequence[Customer]], Sequence[StandIn]]
    by_email: bool = True
    tells_ends: bool = True
    tells_at_once: bool = True
    tells_where: bool = True
    describes: bool = True
    without_scope: Callable[[StandIn], None] | None = None
    entry: Callable[[Sequence[StandIn]], VendorEntry] | None = None

    def __str__(self) -> str:
        return self.label


def _fullstory(*, exact: bool) -> Callable[..., Sequence[StandIn]]:
    def stand(clock: Clock, people: Sequence[Customer]) -> Sequence[StandIn]:
        server = FullStory(clock, people)
        server.exact = exact
        return [server]

    return stand


def _as_user(server: StandIn) -> None:
    """Make the key one that may not read."""
    if isinstance(server, FullStory):
        server.role = "USER"


def _no_sessions(server: StandIn) -> None:
    """Take the right to sessions from a key of Rybbit's."""
    if isinstance(server, Rybbit):
        server.allow(frozenset({"users:read", "analytics:read"}))


def _without(scope: str) -> Callable[[StandIn], None]:
    """What takes a scope from the key, at a server that keeps its key's in `scopes`."""
    return lambda server: vars(server)["scopes"].remove(scope)


def _legacy(clock: Clock, people: Sequence[Customer]) -> Raygun:
    return Raygun(clock, Traffic(sightings_of(people)))


def _v3(clock: Clock, people: Sequence[Customer]) -> RaygunV3:
    return RaygunV3(clock, Traffic(sightings_of(people)))


def _v3_by_mcp(clock: Clock, people: Sequence[Customer]) -> Sequence[StandIn]:
    server = _v3(clock, people)
    server.open_mcp()
    return [server]


def _legacy_by_mcp(clock: Clock, people: Sequence[Customer]) -> Sequence[StandIn]:
    server = _legacy(clock, people)
    server.serve_mcp(_v3(clock, people).open_mcp())
    return [server]


def _rybbit(generation: Generation, *, cloud: bool = False) -> Callable[..., Sequence[StandIn]]:
    return lambda clock, people: [Rybbit(clock, from_people(people), generation, cloud=cloud)]


def _uxcam(**manners: bool) -> Callable[..., Sequence[StandIn]]:
    def stand(clock: Clock, people: Sequence[Customer]) -> Sequence[StandIn]:
        server = UXCam(clock, people)
        for name, value in manners.items():
            setattr(server, name, value)
        return [server]

    return stand


KINDS = (
    Kind("fullstory", FULLSTORY, _fullstory(exact=False), tells_ends=False, without_scope=_as_user),
    Kind(
        "fullstory by capitals", FULLSTORY, _fullstory(exact=True), tells_ends=False, without_scope=_as_user
    ),
    Kind("raygun legacy", RAYGUN, lambda clock, people: [_legacy(clock, people)], by_email=False),
    Kind(
        "raygun v3",
        RAYGUN,
        lambda clock, people: [_v3(clock, people)],
        tells_at_once=False,
        without_scope=_without("rum.sessions:read"),
    ),
    Kind(
        "raygun v3 and legacy",
        RAYGUN,
        lambda clock, people: [_v3(clock, people), _legacy(clock, people)],
        tells_at_once=False,
    ),
    Kind(
        "raygun v3 by mcp", RAYGUN, _v3_by_mcp, tells_where=False, without_scope=_without("rum.sessions:read")
    ),
    Kind("raygun legacy by mcp", RAYGUN, _legacy_by_mcp, tells_where=False, describes=False),
    Kind("rybbit 2.8", RYBBIT, _rybbit(Generation.C), without_scope=_no_sessions),
    Kind("rybbit 2.3", RYBBIT, _rybbit(Generation.B)),
    Kind("rybbit 2.2.4", RYBBIT, _rybbit(Generation.A2)),
    Kind("rybbit cloud", RYBBIT, _rybbit(Generation.C, cloud=True), without_scope=_no_sessions),
    Kind("uxcam", UXCAM, _uxcam()),
    Kind("uxcam classic", UXCAM, _uxcam(newer_is_there=False)),
    Kind("uxcam without addresses", UXCAM, _uxcam(has_email=False), by_email=False),
    Kind(
        "posthog",
        POSTHOG,
        lambda clock, people: [PostHog(clock, people)],
        without_scope=_without("session_recording:read"),
    ),
    Kind("sentry", SENTRY, lambda clock, people: [Sentry(clock, people)], without_scope=_without("org:read")),
)


@dataclass(frozen=True)
class Desk:
    """The engine with one source, in front of the servers that stand in for its vendor."""

    engine: Engine
    source: Source
    servers: Sequence[StandIn]
    people: Sequence[Customer]
    environment: Mapping[str, str]
    kind: Kind

    def move(self, people: Sequence[Customer]) -> None:
        """Let the vendor have these people in place of the ones before; its calls are counted on."""
        for server, other in zip(self.servers, self.kind.stands(system_clock, people), strict=True):
            for name, value in vars(other).items():
                if name not in _OWN:
                    setattr(server, name, value)

    async def find(self, subject: str, days: int = 7) -> Answer:
        """What the source answers by itself, past everything that was kept of earlier answers."""
        question = Question(named(subject), days, effort=Effort.FRESH)
        calls = self.source.http.asking(Purpose.PERSON, await self.source.account())
        return await self.source.find(question, calls)

    async def ask(self, subject: str, effort: Effort = Effort.USUAL, days: int = 7) -> Finding:
        """The source's finding about somebody, by a whole lookup."""
        question = Question(named(subject), days, effort=effort)
        case_files = [case_file async for case_file in self.engine.lookup.follow(question)]
        (finding,) = case_files[-1].findings
        return finding

    @property
    def calls(self) -> int:
        """How many calls the vendor has received."""
        return sum(len(server.calls) for server in self.servers)

    @property
    def secrets(self) -> list[str]:
        """The keys of the source's own account."""
        return [v for k, v in self.environment.items() if "KEY" in k or "SECRET" in k or "TOKEN" in k]


@asynccontextmanager
async def open_desk(
    kind: Kind,
    folder: Path,
    read_seconds: float | None = None,
    people: Sequence[Customer] | None = None,
) -> AsyncIterator[Desk]:
    """Start a kind's servers with these people, and the engine with nothing else configured."""
    people = customers(system_clock(), kind.vendor) if people is None else people
    async with AsyncExitStack() as stack:
        servers = [
            await stack.enter_async_context(listening(server)) for server in kind.stands(system_clock, people)
        ]
        variables = {name: value for server in servers for name, value in server.environment().items()}
        environment = {
            "SECRET_KEY": "of the kinds and long enough for one",
            "DATABASE_URL": prepared_sqlite(folder / "casefile.db"),
        }
        own = kind.entry(servers) if kind.entry else next(e for e in VENDORS if e.vendor == kind.vendor)
        entry = replace(own, read_seconds=read_seconds) if read_seconds else own
        settings = load_settings(environment | ({} if kind.entry else variables))
        engine = await stack.enter_async_context(open_engine(settings, vendors=[entry]))
        (source,) = engine.sources
        yield Desk(engine, source, servers, people, variables, kind)
