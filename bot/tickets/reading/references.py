"""
Which ticket a message is about, by its links.

Hosts are compared whole, so that `acme.zendesk.com.evil.example` is nobody's. Desks that people host
themselves are known by their paths; a desk under the company's own domain by its path there.
"""

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from bot.domain.model import TicketReference
from bot.tickets.profiles.known import DESKS
from bot.tickets.profiles.others import is_known_other
from bot.tickets.profiles.profile import Profile, TicketUrl
from bot.tickets.reading.markup import MarkupLink

_LONGEST_URL = 1_000


@dataclass(frozen=True, slots=True)
class TicketLink:
    """A link to a ticket: two links are of one ticket where desk and `key` are the same."""

    reference: TicketReference
    profile: Profile
    key: str


@dataclass(frozen=True, slots=True)
class References:
    """Reads links, knowing the company's own domains."""

    own_domains: tuple[str, ...] = ()

    def read(self, link: MarkupLink) -> TicketLink | None:
        """Read one link as a ticket; None for anything else, never an error."""
        found = _place(link.url)
        if found is None:
            return None
        host, port, place, query = found
        for profile in DESKS:
            for form in profile.urls:
                if not self._may_be(form, host, port):
                    continue
                if (match := form.place.search(place)) and (ticket := _id(form, match, query)):
                    key = match["key"] if "key" in form.place.groupindex else ticket
                    shown = _shown(profile, link) or ticket
                    return TicketLink(TicketReference(profile.system, shown, link.url), profile, key)
        return None

    def is_ticket(self, link: MarkupLink) -> bool:
        """Whether a link leads to a help desk's ticket."""
        return self.read(link) is not None

    def _may_be(self, form: TicketUrl, host: str, port: int | None) -> bool:
        if form.host is not None:
            return port is None and bool(form.host.fullmatch(host))
        if not form.own_domain:
            return True
        return any(host == own or host.endswith(f".{own}") for own in self.own_domains)


def is_other(link: MarkupLink) -> bool:
    """Whether a link leads to a known sender that is no help desk."""
    found = _place(link.url)
    return found is not None and is_known_other(found[0], found[2])


def _place(url: str) -> tuple[str, int | None, str, str] | None:
    """A web address's host, port, path with fragment, and query; None for what is no web address."""
    if len(url) > _LONGEST_URL or "/" not in url:
        return None
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or parts.username is not None or not host:
        return None
    place = f"{parts.path}#{parts.fragment.lstrip('/')}" if parts.fragment else parts.path
    return host, port, place, parts.query


def _id(form: TicketUrl, found: re.Match[str], query: str) -> str | None:
    if form.parameter is None:
        # The last group: in front of it a form may have the desk's inner key.
        return found[found.re.groups]
    try:
        given = dict(parse_qsl(query, max_num_fields=50)).get(form.parameter, "")
    except ValueError:
        return None
    value = form.value.fullmatch(given)
    return value[value.re.groups] if value else None


def _shown(profile: Profile, link: MarkupLink) -> str | None:
    """The number that people know the ticket by, where its URL has another one."""
    if profile.number_in_text and (found := profile.number_in_text.match(link.label)):
        return found[1]
    line = link.before.rpartition("\n")[2]
    if profile.number_before and (found := profile.number_before.search(line)):
        return found[1]
    return None
