"""
All vendors in one table: what they are called, their accounts and pages, and what makes their sources.

Nothing of a vendor's calls is loaded with it: commands that ask nobody read the table too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

from bot.domain.links import VendorPages
from bot.domain.model import SourceName, Vendor
from bot.settings.model import Settings
from bot.sources.fullstory import links as fullstory
from bot.sources.posthog import links as posthog
from bot.sources.raygun import links as raygun
from bot.sources.rybbit import links as rybbit
from bot.sources.sentry import links as sentry
from bot.sources.uxcam import links as uxcam

if TYPE_CHECKING:
    from bot.sources.protocol import Source
    from bot.sources.wiring import Wiring

Build = Callable[[SourceName, Any, Any, "Wiring"], "Source"]


@dataclass(frozen=True, slots=True)
class VendorEntry:
    """
    A vendor: its name in settings and JSON, and its name as people know it.

    `accounts` are those that are configured, by label; `read_seconds` is how long an answer may take;
    `source` makes the source of an account, or is the module with such a `build`; `pages` are what the
    vendor's URLs name. `many_calls`: it allows so many that it may be asked unbidden, every few
    hours, whether the customers of watched threads are back.
    """

    vendor: Vendor
    title: str
    accounts: Callable[[Settings], Mapping[str, Any]]
    read_seconds: float
    source: Build | str
    pages: Callable[[Mapping[str, Any]], VendorPages] | None = None
    many_calls: bool = False

    @property
    def build(self) -> Build:
        """What makes a source of a configured account."""
        if isinstance(self.source, str):
            build: Build = import_module(self.source).build
            return build
        return self.source


def _raygun_accounts(settings: Settings) -> Mapping[str, Any]:
    labels = {*settings.raygun, *settings.raygun_v3}
    return {label: (settings.raygun.get(label), settings.raygun_v3.get(label)) for label in labels}


# Seconds to answer: Raygun documents that a call may take 30, and one that is broken off is still counted.
VENDORS = (
    VendorEntry(
        "fullstory",
        "FullStory",
        lambda s: s.fullstory,
        15,
        "bot.sources.fullstory.source",
        fullstory.pages,
        many_calls=True,
    ),
    VendorEntry("raygun", "Raygun", _raygun_accounts, 35, "bot.sources.raygun.mcp.build", raygun.pages),
    VendorEntry(
        "rybbit", "Rybbit", lambda s: s.rybbit, 15, "bot.sources.rybbit.source", rybbit.pages, many_calls=True
    ),
    VendorEntry("uxcam", "UXCam", lambda s: s.uxcam, 15, "bot.sources.uxcam.source", uxcam.pages),
    VendorEntry(
        "sentry", "Sentry", lambda s: s.sentry, 15, "bot.sources.sentry.source", sentry.pages, many_calls=True
    ),
    VendorEntry("posthog", "PostHog", lambda s: s.posthog, 15, "bot.sources.posthog.source", posthog.pages),
)
TITLES: Mapping[Vendor, str] = {entry.vendor: entry.title for entry in VENDORS}
"""Each vendor's name as people know it."""
MANY_CALLS = frozenset(entry.vendor for entry in VENDORS if entry.many_calls)
"""The vendors that may be asked unbidden."""


def known_pages(settings: Settings | None = None) -> tuple[VendorPages, ...]:
    """The pages of all vendors, those of configured servers among them."""
    return tuple(
        entry.pages(entry.accounts(settings) if settings else {}) for entry in VENDORS if entry.pages
    )


def linked_hosts(settings: Settings) -> frozenset[str]:
    """The domains and servers whose URLs Slack has to tell of, by what is configured."""
    configured = {entry: entry.accounts(settings) for entry in VENDORS}
    pages = [entry.pages(accounts) for entry, accounts in configured.items() if entry.pages and accounts]
    return frozenset(host for one in pages for host in (one.domain, *one.own_hosts))


_OPENS_AT = tuple(pages.opens_at for pages in known_pages() if pages.opens_at)


def at_moment(url: str, moment: datetime) -> str:
    """The session's URL, opening shortly before a moment; unchanged where its vendor's URLs carry no time."""
    for opens_at in _OPENS_AT:
        url = opens_at(url, moment)
    return url
