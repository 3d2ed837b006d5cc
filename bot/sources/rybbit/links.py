"""Rybbit's pages, on its cloud and on servers of one's own: people and lists (`contracts/rybbit.md`)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bot.domain.links import Link, LinkKind, PageAddress, VendorPages, form, host_of, json_in, single
from bot.settings.accounts import RybbitAccount

_SITE, _SHARE_KEY = r"\d+|[0-9a-f]{12}", r"[0-9a-f]{12}"
_ROUTES = (
    r"main|sessions|users|errors|events|pages|replay|journeys|funnels|goals|performance|retention|globe"
    r"|feature-flags|experiments|bots"
)


def pages(accounts: Mapping[str, RybbitAccount]) -> VendorPages:
    """What Rybbit's URLs name, those of the configured servers too."""
    servers = (url for one in accounts.values() for url in (one.base_url, one.web_url) if url)
    return replace(_PAGES, own_hosts=frozenset(map(host_of, servers)))


def _person(found: re.Match[str], address: PageAddress) -> Link:
    return _link(LinkKind.PERSON, found, address, found["user"])


def _list(found: re.Match[str], address: PageAddress) -> Link:
    return _link(LinkKind.LIST, found, address, _uid(address.query.get("filters", [])))


def _link(kind: LinkKind, found: re.Match[str], address: PageAddress, user_id: str | None) -> Link:
    shares = found["key"] is not None
    return Link("rybbit", kind, address.host, user_id=user_id, account_id=found["account"], shares=shares)


def _uid(texts: Sequence[str]) -> str | None:
    """The uid that a list is filtered by; None unless there is exactly one."""
    filters = json_in(texts)
    for one in filters if isinstance(filters, list) else ():
        if isinstance(one, dict) and (one.get("parameter"), one.get("type")) == ("user_id", "equals"):
            return single(one.get("value"))
    return None


_PLACE = rf"(?P<account>{_SITE})(?:/(?P<key>{_SHARE_KEY}))?"
_PAGES = VendorPages(
    hosts=re.compile(r"app\.rybbit\.io"),
    forms=(form(rf"{_PLACE}/user/(?P<user>.+)", _person), form(rf"{_PLACE}/(?:{_ROUTES})", _list)),
    domain="app.rybbit.io",
    sample="https://app.rybbit.io/1407/user/cust-8841",
    may_share=True,
)
