"""Sentry's pages, on its cloud and on servers of one's own: replays, issues, lists (contract, section 7)."""

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.domain.links import Link, LinkKind, PageAddress, Reader, VendorPages, form, host_of
from bot.settings.accounts import SentryAccount

CLOUD = "sentry.io"
# An organisation has a subdomain of its own; these are Sentry's.
_NO_ORGANISATIONS = frozenset({"www", "us", "de", "docs", "app", "blog", "status", "develop"})


def pages(accounts: Mapping[str, SentryAccount]) -> VendorPages:
    """What Sentry's URLs name, those of the configured servers too."""
    servers = (url for one in accounts.values() for url in (one.base_url, one.web_url) if url)
    hosts = (host for host in map(host_of, servers) if not is_cloud(host))
    return replace(_PAGES, own_hosts=frozenset(hosts))


def is_cloud(host: str) -> bool:
    """Whether a host is one of Sentry's own."""
    return host == CLOUD or host.endswith(f".{CLOUD}")


def _reader(kind: LinkKind) -> Reader:
    def read(found: re.Match[str], address: PageAddress) -> Link:
        groups = found.groupdict()
        session = groups.get("session")
        return Link(
            "sentry",
            kind,
            address.host,
            # The API writes a replay's id without dashes.
            session_id=session.replace("-", "") if session else None,
            account_id=groups["account"] or _organisation(address.host),
            error_id=groups.get("error"),
        )

    return read


def _organisation(host: str) -> str | None:
    name = host.removesuffix(f".{CLOUD}")
    return None if name == host or "." in name or name in _NO_ORGANISATIONS else name


_ORGANISATION = r"(?:organizations/(?P<account>[a-z0-9][a-z0-9_-]*)/)?"
_REPLAY = r"[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
_PAGES = VendorPages(
    hosts=re.compile(r"(?:[a-z0-9-]+\.)?sentry\.io"),
    forms=(
        form(
            rf"{_ORGANISATION}(?:explore/)?replays/(?:[a-z0-9_-]+:)?(?P<session>{_REPLAY})",
            _reader(LinkKind.SESSION),
        ),
        form(rf"{_ORGANISATION}issues/(?P<error>\d+)(?:/.*)?", _reader(LinkKind.ERROR)),
        form(rf"{_ORGANISATION}(?:issues|feed|(?:explore/)?replays)", _reader(LinkKind.LIST)),
    ),
    domain=CLOUD,
    sample="https://acme.sentry.io/explore/replays/7e07485f12f9416b8b1426260799b51f/",
)
