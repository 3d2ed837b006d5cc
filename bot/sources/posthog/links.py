"""PostHog's pages, on its clouds and on servers of one's own (contract, section 7)."""

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.domain.links import Link, LinkKind, PageAddress, VendorPages, form, host_of, reader
from bot.settings.accounts import PostHogAccount

# Its library for iOS writes sessions in capitals.
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
_PROJECT = r"(?:project/(?P<account>\d+)/)?"
_REPLAYS = r"replay(?:/(?:home|recent|playlists(?:/[^/]+)?))?"
_LISTS = r"persons|error_tracking|activity/explore"


def pages(accounts: Mapping[str, PostHogAccount]) -> VendorPages:
    """What PostHog's URLs name, those of the configured servers too."""
    servers = (url for one in accounts.values() for url in (one.base_url, one.web_url) if url)
    return replace(_PAGES, own_hosts=frozenset(map(host_of, servers)))


def _replays(found: re.Match[str], address: PageAddress) -> Link:
    """A list of recordings, or the one that is open in it, as browsers show its address."""
    [opened] = address.query.get("sessionRecordingId", [])[:1] or [""]
    is_one = re.fullmatch(_UUID, opened) is not None
    return Link(
        "posthog",
        LinkKind.SESSION if is_one else LinkKind.LIST,
        address.host,
        session_id=opened if is_one else None,
        account_id=found["account"],
    )


def _shared(_found: re.Match[str], address: PageAddress) -> Link:
    """A recording that whoever has the address can watch."""
    return Link("posthog", LinkKind.SESSION, address.host, shares=True)


_PAGES = VendorPages(
    hosts=re.compile(r"(?:us|eu|app)\.posthog\.com"),
    forms=(
        form(rf"{_PROJECT}replay/(?P<session>{_UUID})", reader("posthog", LinkKind.SESSION)),
        form(rf"{_PROJECT}persons?/(?P<user>.+)", reader("posthog", LinkKind.PERSON)),
        form(rf"{_PROJECT}error_tracking/(?P<error>{_UUID})", reader("posthog", LinkKind.ERROR)),
        form(rf"{_PROJECT}{_REPLAYS}", _replays),
        form(rf"{_PROJECT}(?:{_LISTS})", reader("posthog", LinkKind.LIST)),
        form(r"(?:embedded|shared)/[^/]+", _shared),
    ),
    domain="posthog.com",
    may_share=True,
    sample="https://us.posthog.com/project/12345/replay/0190a5f7-1c2d-7e3f-8a4b-5c6d7e8f9a0b",
)
