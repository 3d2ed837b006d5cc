"""FullStory's pages: sessions, also at a moment, people and segments (`contracts/fullstory.md`)."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.domain.links import Link, LinkKind, PageAddress, VendorPages, form, moment_in, read_link, reader
from bot.domain.typed.pasted_urls import unwrapped
from bot.operations.clock import to_ms
from bot.settings.accounts import FullStoryAccount

_UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
# `device:session` or a client id; then perhaps `!page` and `:time`.
_SESSION_ID = re.compile(
    rf"(?P<id>(?P<device>\d{{1,20}}):\d{{1,20}}|{_UUID}(?::{_UUID})?)(?:!\d+)?(?::(?P<at>\d{{10,16}}))?",
    re.ASCII,
)
# A link to a moment opens the replay this long before it.
_LEAD = timedelta(seconds=30)


def pages(_accounts: Mapping[str, FullStoryAccount]) -> VendorPages:
    """What FullStory's URLs name."""
    return _PAGES


def opens_at(url: str, moment: datetime) -> str:
    """The session's URL, opening shortly before a moment; any other URL as it is."""
    link = read_link(url, (_PAGES,)) if unwrapped(url) == url else None
    if link is None or link.kind is not LinkKind.SESSION or link.at:
        return url
    parts = urlsplit(url)
    colon = "%3A" if "%3A" in parts.path.upper() else ":"
    milliseconds = to_ms(moment - _LEAD)
    return parts._replace(path=f"{parts.path.rstrip('/')}{colon}{milliseconds}").geturl()


def _session(found: re.Match[str], address: PageAddress) -> Link | None:
    read = _SESSION_ID.fullmatch(found["id"])
    if read is None:
        return None
    return Link(
        "fullstory",
        LinkKind.SESSION,
        address.host,
        session_id=read["id"],
        user_id=read["device"],
        account_id=found.groupdict().get("account"),
        at=moment_in(read["at"]),
    )


_ORGANISATION, _ID = r"ui/(?P<account>[A-Za-z0-9-]+)", r"(?P<id>[^/]+)"
_PERSON, _LIST = reader("fullstory", LinkKind.PERSON), reader("fullstory", LinkKind.LIST)
_PAGES = VendorPages(
    hosts=re.compile(r"(?:www|app(?:\.[a-z0-9-]+)?)\.fullstory\.com"),
    forms=(
        form(rf"{_ORGANISATION}/(?:discover/)?(?:client-)?session/{_ID}", _session),
        form(rf"(?:{_ORGANISATION}/)?subtext/session/{_ID}", _session),
        form(rf"{_ORGANISATION}/segments/[^/]+/people/\d+/user/(?P<user>\d{{1,20}})", _PERSON),
        form(rf"{_ORGANISATION}/segments/[^/]+/people.*", _LIST),
    ),
    domain="fullstory.com",
    sample="https://app.fullstory.com/ui/7QX2B/session/5120998877665544321:7719002233445566778",
    opens_at=opens_at,
)
