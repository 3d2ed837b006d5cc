"""The whole sandbox: Slack and the vendors, each on its own port of 127.0.0.1."""

import random
import secrets
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from importlib import import_module

from bot.slack.manifest import read_manifest
from bot.sources.registry import TITLES, VENDORS
from sandbox.clock import SandboxClock
from sandbox.faults import Fault
from sandbox.people import FULLSTORY, RAYGUN, RYBBIT, UXCAM, Customer, Error, make_people
from sandbox.slack import Panel, Shortcut, SlackWorkspace, TryThis, start_slack
from sandbox.slack.page_view import may_act
from sandbox.slack.panel import CommandHint, Controls
from sandbox.slack.state import TRIGGER_LIFE
from sandbox.ticket_samples import TicketSample, load_samples, ticket_buttons
from sandbox.vendors.fullstory import FullStory
from sandbox.vendors.fullstory import session_url as fullstory_url
from sandbox.vendors.intercom import Intercom
from sandbox.vendors.raygun import Raygun
from sandbox.vendors.raygun import session_url as raygun_url
from sandbox.vendors.raygun_entries import RaygunEntries
from sandbox.vendors.raygun_traffic import Sighting, Traffic, sightings_of, strangers
from sandbox.vendors.raygun_v3 import RaygunV3
from sandbox.vendors.raygun_webhooks import RaygunWebhooks
from sandbox.vendors.rybbit import Rybbit
from sandbox.vendors.rybbit_data import from_people
from sandbox.vendors.stand_in import StandIn, listening
from sandbox.vendors.uxcam import UXCam
from sandbox.vendors.uxcam import session_url as uxcam_url
from sandbox.vendors.uxcam_counts import crowd
from sandbox.vendors.zendesk import Zendesk

# Sessions a day that the shop has in Raygun, besides those of the demo's customers.
_STRANGERS_A_DAY = 3_000
# The error that Raygun's webhooks are about.
_PUSHED = Error("RangeError", "Maximum call stack size exceeded")
# The author of the samples' tickets.
_WRITER = "jane.doe@contoso.example"
# Every other vendor may be opened as well: its stand-in is the class of its title, in the module of its name.
MORE_VENDORS = tuple(name for name in TITLES if name not in (FULLSTORY, RAYGUN, RYBBIT, UXCAM))


@dataclass(frozen=True, slots=True)
class World:
    """Everything that Casefile talks to, and the clock that all of it uses."""

    clock: SandboxClock
    slack: SlackWorkspace
    fullstory: FullStory
    raygun: Raygun
    raygun_v3: RaygunV3
    raygun_webhooks: RaygunWebhooks
    raygun_entries: RaygunEntries
    rybbit: Rybbit
    uxcam: UXCam
    zendesk: Zendesk
    intercom: Intercom
    people: tuple[Customer, ...]
    tickets: tuple[TicketSample, ...]
    switches: "Switches"
    more: tuple[StandIn, ...] = ()
    secret_key: str = field(default_factory=lambda: secrets.token_urlsafe(32))

    @property
    def vendors(self) -> tuple[StandIn, ...]:
        """All vendors of sessions."""
        return (self.fullstory, self.raygun, self.rybbit, self.uxcam, *self.more)

    @property
    def desks(self) -> tuple[StandIn, ...]:
        """The help desks that can be asked for a ticket's requester."""
        return (self.zendesk, self.intercom)

    def environment(self) -> dict[str, str]:
        """The variables that configure Casefile for all of it, without the database."""
        variables = {
            "SECRET_KEY": self.secret_key,
            "SLACK_API_URL": self.slack.api_url,
            "SLACK_BOT_TOKEN": self.slack.bot_token,
            "SLACK_APP_TOKEN": self.slack.app_token,
            "SLACK_SIGNING_SECRET": self.slack.signing_secret,
            # All vendors watch one product.
            "SHARED_UIDS": ",".join(_account(vendor) for vendor in self.vendors),
            "TICKETS__INTERNAL_DOMAINS": "acme.example",
            "TICKETS__IGNORED_ADDRESSES": "support@acme.example,help@acme.example",
        }
        for vendor in self.vendors:
            variables |= vendor.environment()
        return variables | self.raygun_webhooks.environment()

    def raygun_v3_environment(self) -> dict[str, str]:
        """The variables that add Raygun's newer API to the same account."""
        return self.raygun_v3.environment()

    def desks_environment(self) -> dict[str, str]:
        """The variables that add the help desks."""
        return self.zendesk.environment() | self.intercom.environment()


@dataclass(frozen=True, slots=True)
class FaultSwitch:
    """The switch for a vendor's faults on the page; `variables` is how those that configure it begin."""

    title: str
    variables: str
    vendor: StandIn

    @property
    def name(self) -> str:
        """The vendor's name."""
        return self.title

    @property
    def options(self) -> Sequence[str]:
        """All faults; the first one is none."""
        return [fault.value for fault in Fault]

    @property
    def current(self) -> str:
        """The fault that is on."""
        return self.vendor.fault.value

    @property
    def usage(self) -> str:
        """How often it was called, in words."""
        if isinstance(self.vendor, Raygun):
            return f"{self.vendor.calls_counted} of {self.vendor.daily_calls} calls in 24 h"
        return f"{len(self.vendor.calls)} calls"

    def set(self, option: str) -> None:
        """Switch a fault on, or all of them off."""
        self.vendor.fault = Fault(option)


@dataclass(slots=True)
class Switches:
    """The switches of all vendors, of which the page shows those that Casefile is configured for."""

    every: tuple[FaultSwitch, ...]
    shown: tuple[FaultSwitch, ...] = ()

    def show_configured(self, variables: Iterable[str]) -> None:
        """Show the vendors that these variables configure, and no other."""
        names = tuple(variables)
        self.shown = tuple(one for one in self.every if any(n.startswith(one.variables) for n in names))


@asynccontextmanager
async def open_world(
    port: int = 0,
    *,
    patience: tuple[float, ...] = (0.0, 0.0, 0.0),
    strangers_a_day: int = _STRANGERS_A_DAY,
    slacks_patience: timedelta = TRIGGER_LIFE,
    more_people: Callable[[datetime], Sequence[Customer]] = lambda _now: (),
    controls: Controls | None = None,
    clock: SandboxClock | None = None,
    more: Sequence[str] = (),
) -> AsyncIterator[World]:
    """
    Everything, started.

    Args:
        port: where the page and Slack's Web API are; 0 for any.
        patience: how many seconds FullStory, Raygun and Rybbit take for each answer.
        slacks_patience: how long Slack waits for an acknowledgement and how long a trigger lives.
        more_people: customers beside those that one can try, as of a moment.
        strangers_a_day: how many sessions Raygun has beside those of the customers that one can try.
        controls: what the page can do with the bot.
        clock: the time; without one, the machine's.
        more: which of `MORE_VENDORS` there are beside the four.

    """
    clock = clock or SandboxClock()
    people = (*make_people(clock()), *more_people(clock()))
    async with AsyncExitStack() as stack:
        fullstory = await stack.enter_async_context(listening(FullStory(clock, people)))
        traffic = _traffic(clock(), people, strangers_a_day)
        raygun = await stack.enter_async_context(listening(Raygun(clock, traffic)))
        raygun_v3 = await stack.enter_async_context(listening(RaygunV3(clock, traffic)))
        rybbit = await stack.enter_async_context(listening(Rybbit(clock, from_people(people))))
        fullstory.latency, raygun.latency, rybbit.latency = patience
        uxcam = await stack.enter_async_context(listening(UXCam(clock, people, crowd(clock()))))
        others = {
            name: await stack.enter_async_context(listening(_stand_in(name, clock, people))) for name in more
        }
        entries = await stack.enter_async_context(listening(RaygunEntries(clock)))
        zendesk = await stack.enter_async_context(listening(Zendesk(clock)))
        intercom = await stack.enter_async_context(listening(Intercom(clock)))
        switches = Switches(
            (
                FaultSwitch("FullStory", "FULLSTORY__", fullstory),
                FaultSwitch("Raygun", "RAYGUN__", raygun),
                FaultSwitch("Raygun v3", "RAYGUN_V3__", raygun_v3),
                FaultSwitch("Rybbit", "RYBBIT__", rybbit),
                FaultSwitch("UXCam", "UXCAM__", uxcam),
                *(FaultSwitch(TITLES[name], f"{name.upper()}__", one) for name, one in others.items()),
                FaultSwitch("Zendesk", "ZENDESK__", zendesk),
                FaultSwitch("Intercom", "INTERCOM__", intercom),
            )
        )
        customers = tuple(TryThis(person.subject, person.about) for person in people if person.about)
        nobody = TryThis("nobody@contoso.example", "nobody by this address")
        installed, tickets = _installed(), load_samples()
        writer = next(person for person in people if person.email == _WRITER)
        webhooks = RaygunWebhooks(clock, writer, _PUSHED)

        def tell_desks(ticket_id: str) -> None:
            for desk in (zendesk, intercom):
                desk.know(ticket_id, email=_WRITER, name="Jane Doe", external_id="u-4711")

        def panel(slack: SlackWorkspace) -> Panel:
            return Panel(
                (*customers, nobody),
                _addresses(people, others),
                lambda: switches.shown,
                installed.shortcuts,
                installed.commands,
                ticket_buttons(slack, tickets, tell_desks),
                webhooks.events,
                controls or Controls(),
            )

        started = start_slack(
            clock,
            port,
            scopes=installed.scopes,
            panel=panel,
            ack_seconds=slacks_patience.total_seconds(),
            trigger_life=slacks_patience,
        )
        slack = await stack.enter_async_context(started)
        slack.subscribed_events.update(installed.events)
        slack.unfurl_domains.update(installed.unfurl_domains, _domains(others))
        slack.state.has_home = installed.has_home
        for user in slack.state.users.values():
            if may_act(user) and not user.stranger:
                slack.state.open_direct(user.id)
        yield World(
            clock,
            slack,
            fullstory,
            raygun,
            raygun_v3,
            webhooks,
            entries,
            rybbit,
            uxcam,
            zendesk,
            intercom,
            people,
            tickets,
            switches,
            tuple(others.values()),
        )


def _account(vendor: StandIn) -> str:
    """The account that a stand-in's variables configure, such as `rybbit/www`."""
    tool, label, _field = next(iter(vendor.environment())).lower().split("__")
    return f"{tool}/{label}"


def _stand_in(name: str, clock: SandboxClock, people: Sequence[Customer]) -> StandIn:
    """The stand-in of one of `MORE_VENDORS`, which knows whom FullStory knows."""
    made: StandIn = getattr(import_module(f"sandbox.vendors.{name}"), TITLES[name])(
        clock, [replace(one, vendors=one.vendors | {name}) for one in people if FULLSTORY in one.vendors]
    )
    return made


def _domains(names: Iterable[str]) -> set[str]:
    """What Slack has to know to tell of these vendors' addresses."""
    return {entry.pages({}).domain for entry in VENDORS if entry.vendor in set(names) and entry.pages}


def _addresses(people: Sequence[Customer], others: Mapping[str, StandIn]) -> tuple[TryThis, ...]:
    """A URL to paste for each vendor, of somebody's session or of their page."""
    person = next(one for one in people if {FULLSTORY, RAYGUN, RYBBIT, UXCAM} <= one.vendors)
    newest = person.visits[0]
    recorded = Sighting(person, newest).number
    return (
        TryThis(fullstory_url(person, newest), "a session in FullStory"),
        TryThis(raygun_url(recorded), "a session in Raygun"),
        TryThis(f"https://app.rybbit.io/1407/user/{person.uid}", "a person’s page in Rybbit"),
        TryThis(uxcam_url(person, newest), "a session in UXCam, with a crash"),
        *(TryThis(one.urls(person)[0], f"a session in {TITLES[name]}") for name, one in others.items()),
    )


def _traffic(now: datetime, people: Sequence[Customer], strangers_a_day: int) -> Traffic:
    """What Raygun recorded: the demo's customers, and strangers from yesterday until tomorrow."""
    others = strangers(random.Random(now.isoformat()), now - timedelta(days=1), 2, strangers_a_day)
    return Traffic([*sightings_of(people), *others])


@dataclass(frozen=True, slots=True)
class _Installation:
    """What the app has after an installation from our manifest."""

    scopes: tuple[str, ...]
    events: tuple[str, ...]
    unfurl_domains: tuple[str, ...]
    shortcuts: tuple[Shortcut, ...]
    commands: tuple[CommandHint, ...]
    has_home: bool


def _installed() -> _Installation:
    manifest = read_manifest()
    features = manifest.get("features", {})
    subscriptions = manifest.get("settings", {}).get("event_subscriptions", {})
    shortcuts = (one for one in features.get("shortcuts", ()) if one.get("type") == "message")
    return _Installation(
        scopes=tuple(manifest["oauth_config"]["scopes"]["bot"]),
        events=tuple(subscriptions.get("bot_events", ())),
        unfurl_domains=tuple(features.get("unfurl_domains", ())),
        shortcuts=tuple(Shortcut(one["callback_id"], one["name"]) for one in shortcuts),
        commands=tuple(
            CommandHint(one["command"], one["description"]) for one in features.get("slash_commands", ())
        ),
        has_home=bool(features.get("app_home", {}).get("home_tab_enabled")),
    )
