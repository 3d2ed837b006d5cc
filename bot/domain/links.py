"""
Which vendor's page a URL names: a session, a person, a list or an error.

Decided by the URL and the configuration alone, without a call; whether the organisation is ours is for the
source to say. Hosts are compared whole, so a look-alike is not recognised. Each vendor's forms are in its own
folder, `bot/sources/*/links.py`; the registry has them all.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from bot.domain.characters import without_invisible_ends
from bot.domain.model import Vendor
from bot.domain.typed.pasted_urls import DEFAULT_PORTS, is_cut, unwrapped, without_default_port

# Characters of a URL that is read at all.
_LONGEST = 4_000
_CURLY_QUOTES = str.maketrans("“”„‟″", '"""""')
# Digits of a time since 1970, at most: in seconds, in milliseconds; with more it is in microseconds.
_SECONDS_DIGITS, _MILLISECONDS_DIGITS = 11, 14


class LinkKind(StrEnum):
    """What a page shows."""

    SESSION = "session"
    PERSON = "person"
    LIST = "list"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Link:
    """
    What a vendor's URL names; fields are None where the URL does not say.

    `host` is the URL's host, with its port if it has one; `account_id` is the organisation, application, app
    or site as written; `user_id` is the vendor's id on a person's page, and the product's uid where a list is
    filtered by it. `shares` marks a URL with a secret key that lets anybody look: it must not be stored.
    """

    vendor: Vendor
    kind: LinkKind
    host: str
    session_id: str | None = None
    user_id: str | None = None
    account_id: str | None = None
    error_id: str | None = None
    at: datetime | None = None
    shares: bool = False


@dataclass(frozen=True, slots=True)
class PageAddress:
    """A page's URL in its parts: host (with port), decoded parts of the path, query."""

    host: str
    parts: tuple[str, ...]
    query: Mapping[str, list[str]]

    @property
    def path(self) -> str:
        """The decoded path, without slashes around it."""
        return "/".join(self.parts)


Reader = Callable[[re.Match[str], PageAddress], Link | None]


@dataclass(frozen=True, slots=True)
class Form:
    """One form of URL: its path, and what it names."""

    path: re.Pattern[str]
    read: Reader


@dataclass(frozen=True, slots=True)
class VendorPages:
    """
    The pages of one vendor.

    `hosts` are its own hosts, `own_hosts` those of configured servers, as `host` or `host:port`. `domain` is
    what Slack has to know to tell of their URLs. `sample` is a URL of a usual form. `opens_at` is a session's
    URL that opens at a moment, unchanged where it carries none; None where no URL of the vendor does.
    `may_share` says that a URL of another form may have a secret key in it: it must not be stored.
    """

    hosts: re.Pattern[str]
    forms: tuple[Form, ...]
    domain: str
    sample: str
    own_hosts: frozenset[str] = frozenset()
    opens_at: Callable[[str, datetime], str] | None = None
    may_share: bool = False

    def has_host(self, host: str) -> bool:
        """Whether the vendor's pages, or those of a configured server, are on a host."""
        return host in self.own_hosts or self.hosts.fullmatch(host) is not None


def read_link(text: str, vendors: Sequence[VendorPages]) -> Link | None:
    """What a URL names, in Slack's brackets or without; None where it is no page of these vendors."""
    address = _parsed(text, frozenset().union(*(pages.own_hosts for pages in vendors)))
    if address is None:
        return None
    for pages in vendors:
        if not pages.has_host(address.host):
            continue
        for form in pages.forms:
            if found := form.path.fullmatch(address.path):
                return form.read(found, address)
    return None


def may_share(text: str, vendors: Sequence[VendorPages]) -> bool:
    """Whether a URL that names no known page may have a key in it that lets anybody look."""
    try:
        parts = urlsplit(text)
        hosts = {(parts.hostname or "").lower(), parts.netloc.lower()}
    except ValueError:
        return True
    return any(pages.may_share and any(map(pages.has_host, hosts)) for pages in vendors)


def spellings(text: str) -> tuple[str, ...]:
    """The forms of a URL that are compared with the URLs that vendors gave: whole, then without its query."""
    whole = unquote(without_default_port(unwrapped(text[:_LONGEST]))).partition("#")[0]
    return tuple(dict.fromkeys((whole, whole.partition("?")[0])))


def link_json(link: Link | None) -> dict[str, Any]:
    """The object of `casefile read-link --json`; it always has all of these keys."""
    at = link.at if link else None
    return {
        "vendor": link.vendor if link else None,
        "kind": link.kind.value if link else None,
        "session_id": link.session_id if link else None,
        "user_id": link.user_id if link else None,
        "account_id": link.account_id if link else None,
        "error_id": link.error_id if link else None,
        "at": f"{at:%Y-%m-%dT%H:%M:%SZ}" if at else None,
    }


def host_of(url: str) -> str:
    """The host of a configured server's URL, with its port if it is written, in lower case."""
    return urlsplit(url).netloc.lower()


def form(path: str, read: Reader) -> Form:
    """A form of URL whose decoded path matches a pattern."""
    return Form(re.compile(path, re.ASCII), read)


def reader(vendor: Vendor, kind: LinkKind) -> Reader:
    """
    A reader for URLs that say everything in their path.

    The pattern's groups `session`, `user`, `account` and `error`, where it has them, are these ids.
    """

    def read(found: re.Match[str], address: PageAddress) -> Link:
        groups = found.groupdict()
        return Link(
            vendor,
            kind,
            address.host,
            session_id=groups.get("session"),
            user_id=groups.get("user"),
            account_id=groups.get("account"),
            error_id=groups.get("error"),
        )

    return read


def moment_in(digits: str | None) -> datetime | None:
    """The time of seconds, milliseconds or microseconds since 1970: their number of digits says which."""
    if digits is None:
        return None
    if len(digits) <= _SECONDS_DIGITS:
        a_second = 1
    else:
        a_second = 1_000 if len(digits) <= _MILLISECONDS_DIGITS else 1_000_000
    try:
        return datetime.fromtimestamp(int(digits) / a_second, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def json_in(texts: Sequence[str]) -> Any:
    """The JSON of a query's first value, curly quotes (of chat programs) included; None if unreadable."""
    try:
        read = json.loads(texts[0].translate(_CURLY_QUOTES)) if texts else None
        # Half of a pair of surrogates is nobody's uid, and cannot be written.
        json.dumps(read, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return read


def single(values: Any) -> str | None:
    """The one text or number in a list, or by itself; None unless there is exactly one."""
    one = values[0] if isinstance(values, list) and len(values) == 1 else values
    return str(one) if isinstance(one, str | int) and not isinstance(one, bool) and str(one) else None


def _parsed(text: str, own_hosts: frozenset[str]) -> PageAddress | None:
    url = unwrapped(text[: _LONGEST + 1])
    if (
        len(url) > _LONGEST
        or is_cut(text)
        or any(sign <= " " or sign.isspace() or sign == "\\" for sign in url)
    ):
        return None
    try:
        parts = urlsplit(url)
        port, host = parts.port, (parts.hostname or "").lower()
    except ValueError:
        return None
    if parts.scheme not in DEFAULT_PORTS or "@" in parts.netloc or not host:
        return None
    encoded = parts.path.strip("/").split("/")
    # An invisible character at the end may have been encoded by what it was copied from.
    decoded = [*map(unquote, encoded[:-1]), without_invisible_ends(unquote(encoded[-1]))]
    return PageAddress(_place(host, port, parts.scheme, own_hosts), tuple(decoded), _query(parts))


def _place(host: str, port: int | None, scheme: str, own_hosts: frozenset[str]) -> str:
    """The host, with its port unless that is the scheme's own and not written so in the configuration."""
    usual = DEFAULT_PORTS[scheme]
    whole = f"{host}:{usual if port is None else port}"
    return host if port in (None, usual) and whole not in own_hosts else whole


def _query(parts: SplitResult) -> Mapping[str, list[str]]:
    try:
        return parse_qs(parts.query, max_num_fields=100)
    except ValueError:
        return {}
