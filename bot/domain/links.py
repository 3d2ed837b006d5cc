"""
Which vendor's page a URL names: a session, a person, a list or an error (URL shapes in each contract).

Decided by the URL and the configuration alone, without a call; whether the organisation is ours is for the
source to say. Hosts are compared whole, so a look-alike is not recognised.
"""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from bot.domain.characters import without_invisible_ends
from bot.domain.model import Vendor
from bot.domain.typed.pasted_urls import DEFAULT_PORTS, is_cut, unwrapped, without_default_port

# Characters of a URL that is read at all.
_LONGEST = 4_000
_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# `device:session` or a client id; then perhaps `!page` and `:time` (`contracts/fullstory.md`).
_FULLSTORY_ID = re.compile(
    rf"(?P<id>(?P<device>\d{{1,20}}):\d{{1,20}}|{_UUID}(?::{_UUID})?)(?:!\d+)?(?::(?P<at>\d{{10,16}}))?",
    re.ASCII,
)
_HEX24, _SHARE_KEY = r"[0-9a-f]{24}", r"[0-9a-f]{12}"
_RAYGUN_APP, _RYBBIT_SITE = r"[0-9a-z]{5,8}", r"\d+|[0-9a-f]{12}"
_RAYGUN_AREAS = r"crashreporting|dashboard|rum|pulse|apm|users|deployments"
_RYBBIT_ROUTES = (
    r"main|sessions|users|errors|events|pages|replay|journeys|funnels|goals|performance|retention|globe"
    r"|feature-flags|experiments|bots"
)
_CURLY_QUOTES = str.maketrans("“”„‟″", '"""""')
# A link to a moment opens the replay this long before it.
_LEAD = timedelta(seconds=30)
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
class Configured:
    """
    What the configuration says about vendors' URLs.

    `rybbit_hosts` are the self-hosted servers, as `host` or `host:port`; `uxcam_identities` are the user
    properties that hold the product's uid.
    """

    rybbit_hosts: frozenset[str] = frozenset()
    uxcam_identities: frozenset[str] = frozenset({"kUXCam_UserIdentity"})


@dataclass(frozen=True, slots=True)
class _Address:
    """A URL in its parts: host (with port), decoded parts of the path, query; and the configuration."""

    host: str
    parts: tuple[str, ...]
    query: Mapping[str, list[str]]
    configured: Configured

    @property
    def path(self) -> str:
        return "/".join(self.parts)


Reader = Callable[[re.Match[str], _Address], Link | None]


@dataclass(frozen=True, slots=True)
class Form:
    """One form of URL: the vendor whose hosts it is on, its path, and what it names."""

    vendor: Vendor
    path: re.Pattern[str]
    read: Reader


def read_link(text: str, configured: Configured = Configured()) -> Link | None:
    """What a URL names, in Slack's brackets or without; None where it is no vendor's page."""
    address = _parsed(text, configured)
    if address is None:
        return None
    vendor = _vendor_of(address.host, configured)
    for form in FORMS:
        if form.vendor == vendor and (found := form.path.fullmatch(address.path)):
            return form.read(found, address)
    return None


def spellings(text: str) -> tuple[str, ...]:
    """The forms of a URL that are compared with the URLs that vendors gave: whole, then without its query."""
    whole = unquote(without_default_port(unwrapped(text[:_LONGEST]))).partition("#")[0]
    return tuple(dict.fromkeys((whole, whole.partition("?")[0])))


def at_moment(url: str, moment: datetime) -> str:
    """The session's URL, opening shortly before a moment; unchanged where its vendor's URLs carry no time."""
    link = read_link(url) if unwrapped(url) == url else None
    if link is None or link.vendor != "fullstory" or link.kind is not LinkKind.SESSION or link.at:
        return url
    parts = urlsplit(url)
    colon = "%3A" if "%3A" in parts.path.upper() else ":"
    milliseconds = int((moment - _LEAD).timestamp() * 1000)
    return parts._replace(path=f"{parts.path.rstrip('/')}{colon}{milliseconds}").geturl()


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


def _parsed(text: str, configured: Configured) -> _Address | None:
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
    return _Address(_place(host, port, parts.scheme, configured), tuple(decoded), _query(parts), configured)


def _place(host: str, port: int | None, scheme: str, configured: Configured) -> str:
    """The host, with its port unless that is the scheme's own and not written so in the configuration."""
    usual = DEFAULT_PORTS[scheme]
    whole = f"{host}:{usual if port is None else port}"
    return host if port in (None, usual) and whole not in configured.rybbit_hosts else whole


def _query(parts: SplitResult) -> Mapping[str, list[str]]:
    try:
        return parse_qs(parts.query, max_num_fields=100)
    except ValueError:
        return {}


def _vendor_of(host: str, configured: Configured) -> Vendor | None:
    if host in configured.rybbit_hosts:
        return "rybbit"
    return next((vendor for pattern, vendor in _HOSTS if pattern.fullmatch(host)), None)


_HOSTS: tuple[tuple[re.Pattern[str], Vendor], ...] = (
    (re.compile(r"(?:www|app(?:\.[a-z0-9-]+)?)\.fullstory\.com"), "fullstory"),
    (re.compile(r"app\.raygun\.(?:com|io)"), "raygun"),
    (re.compile(r"app\.rybbit\.io"), "rybbit"),
    (re.compile(r"(?:app|tara)\.uxcam\.com"), "uxcam"),
)


def _fullstory_session(found: re.Match[str], address: _Address) -> Link | None:
    read = _FULLSTORY_ID.fullmatch(found["id"])
    if read is None:
        return None
    return Link(
        "fullstory",
        LinkKind.SESSION,
        address.host,
        session_id=read["id"],
        user_id=read["device"],
        account_id=found.groupdict().get("account"),
        at=_moment(read["at"]),
    )


def _uxcam_list(found: re.Match[str], address: _Address) -> Link:
    filters = address.query.get("user_custom_property", [])
    uid = _uxcam_uid(filters, address.configured.uxcam_identities)
    return Link("uxcam", LinkKind.LIST, address.host, user_id=uid, account_id=found["account"])


def _rybbit_person(found: re.Match[str], address: _Address) -> Link:
    return _rybbit(LinkKind.PERSON, found, address, found["user"])


def _rybbit_list(found: re.Match[str], address: _Address) -> Link:
    uid = _rybbit_uid(address.query.get("filters", []))
    return _rybbit(LinkKind.LIST, found, address, uid)


def _rybbit(kind: LinkKind, found: re.Match[str], address: _Address, user_id: str | None) -> Link:
    shares = found["key"] is not None
    return Link("rybbit", kind, address.host, user_id=user_id, account_id=found["account"], shares=shares)


def _reader(kind: LinkKind, *, user: str = "", session: str = "", error: str = "") -> Reader:
    """A reader for URLs that say everything in their path: which group of the path is which id."""

    def read(found: re.Match[str], address: _Address) -> Link:
        vendor = _vendor_of(address.host, address.configured) or "rybbit"
        groups = found.groupdict()
        return Link(
            vendor,
            kind,
            address.host,
            session_id=groups.get(session),
            user_id=groups.get(user),
            account_id=groups.get("account"),
            error_id=groups.get(error),
        )

    return read


def _form(vendor: Vendor, path: str, read: Reader) -> Form:
    return Form(vendor, re.compile(path, re.ASCII), read)


_SESSION = _reader(LinkKind.SESSION, session="session")
_PERSON = _reader(LinkKind.PERSON, user="user")
_LIST, _ERROR = _reader(LinkKind.LIST), _reader(LinkKind.ERROR, error="error")
_FULLSTORY, _ID = r"ui/(?P<account>[A-Za-z0-9-]+)", r"(?P<id>[^/]+)"
_UXCAM, _UXCAM_USER = rf"app/(?P<account>{_HEX24})", rf"users(?:/list/\d+)?/(?P<user>{_HEX24})"
_RAYGUN, _RUM = (rf"(?:{areas})/(?P<account>{_RAYGUN_APP})" for areas in (_RAYGUN_AREAS, "rum|pulse"))
_RYBBIT = rf"(?P<account>{_RYBBIT_SITE})(?:/(?P<key>{_SHARE_KEY}))?"

FORMS: Sequence[Form] = (
    _form("fullstory", rf"{_FULLSTORY}/(?:discover/)?(?:client-)?session/{_ID}", _fullstory_session),
    _form("fullstory", rf"(?:{_FULLSTORY}/)?subtext/session/{_ID}", _fullstory_session),
    _form("fullstory", rf"{_FULLSTORY}/segments/[^/]+/people/\d+/user/(?P<user>\d{{1,20}})", _PERSON),
    _form("fullstory", rf"{_FULLSTORY}/segments/[^/]+/people.*", _LIST),
    _form("uxcam", rf"{_UXCAM}/sessions(?:/list/\d+)?/(?P<session>{_HEX24})", _SESSION),
    _form("uxcam", rf"{_UXCAM}/{_UXCAM_USER}", _PERSON),
    _form("uxcam", rf"{_UXCAM}/(?:sessions|users|events)(?:/list/\d+)?", _uxcam_list),
    _form("raygun", rf"{_RAYGUN}/(?:.+/)?errors/(?P<error>[0-9a-z]+)(?:/.*)?", _ERROR),
    _form("raygun", rf"{_RUM}/(?:.+/)?sessions?/(?P<session>[0-9A-Za-z-]+)", _SESSION),
    _form("raygun", rf"{_RAYGUN}/(?:.+/)?users?/(?P<user>[^/]+)", _PERSON),
    _form("raygun", rf"{_RAYGUN}(?:/.*)?", _LIST),
    _form("rybbit", rf"{_RYBBIT}/user/(?P<user>.+)", _rybbit_person),
    _form("rybbit", rf"{_RYBBIT}/(?:{_RYBBIT_ROUTES})", _rybbit_list),
)


def _moment(digits: str | None) -> datetime | None:
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


def _json(texts: list[str]) -> Any:
    """The JSON of a query's first value, curly quotes (of chat programs) included; None if unreadable."""
    try:
        read = json.loads(texts[0].translate(_CURLY_QUOTES)) if texts else None
        # Half of a pair of surrogates is nobody's uid, and cannot be written.
        json.dumps(read, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    return read


def _uxcam_uid(texts: list[str], identities: frozenset[str]) -> str | None:
    """The uid that a list of sessions is filtered by; None unless there is exactly one."""
    value = _json(texts)
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    if not isinstance(one, dict):
        return None
    name, values = one.get("pn", one.get("property_name")), one.get("pv", one.get("v"))
    return _single(values) if isinstance(name, str) and name in identities else None


def _rybbit_uid(texts: list[str]) -> str | None:
    """The uid that a list is filtered by; None unless there is exactly one."""
    filters = _json(texts)
    for one in filters if isinstance(filters, list) else ():
        if isinstance(one, dict) and (one.get("parameter"), one.get("type")) == ("user_id", "equals"):
            return _single(one.get("value"))
    return None


def _single(values: Any) -> str | None:
    one = values[0] if isinstance(values, list) and len(values) == 1 else values
    return str(one) if isinstance(one, str | int) and not isinstance(one, bool) and str(one) else None
