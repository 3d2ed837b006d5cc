"""
Which ticket a message is about: help desks' URLs, a line each.

Hosts are compared whole, so that `acme.zendesk.com.evil.example` is nobody's. Desks that people host
themselves are known by their paths. Forms come from the desks' own notifications and documents, and from
public code that makes or reads them.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from bot.domain.model import TicketReference
from bot.tickets.markup import Link

_LONGEST_URL = 1_000
_NUMBER_SHOWN = re.compile(r"#(\d{1,20})\b")


@dataclass(frozen=True, slots=True)
class _Form:
    """A system, its hosts (None: any, where people host it themselves), and where the id stands."""

    system: str
    host: re.Pattern[str] | None
    place: re.Pattern[str]
    parameter: str | None = None


def _form(system: str, host: str | None, place: str, parameter: str | None = None) -> _Form:
    return _Form(system, re.compile(host) if host else None, re.compile(place), parameter)


_SUB = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
# A place is the path with, where there is one, the fragment: `/a/b#c/d`.
_FORMS = (
    _form("zendesk", rf"{_SUB}\.zendesk\.com", r"^/(?:agent/#?|hc/(?:[\w-]+/)?)?(?:tickets|requests)/(\d+)"),
    _form(
        "intercom",
        r"app(?:\.(?:eu|au))?\.intercom\.(?:com|io)",
        r"^/a/(?:inbox|apps)/.*/?conversations?/(\d+)",
    ),
    _form("freshdesk", rf"{_SUB}\.freshdesk\.com", r"^/(?:a|helpdesk|support)/tickets/(\d+)"),
    _form("helpscout", r"secure\.helpscout\.net", r"^/conversation/\d+/(\d+)"),
    _form("helpscout", r"secure\.helpscout\.net", r"^/conversation/(\d+)/?$"),
    _form("front", r"app\.frontapp\.com", r"^/open/((?:cnv|msg)_[a-z0-9]+)"),
    _form(
        "hubspot",
        r"app(?:-[a-z]{2}\d)?\.hubspot\.com",
        r"^/(?:contacts/\d+/(?:record/0-5|ticket)|help-desk/\d+/view/[\w-]+/ticket|live-messages/\d+/inbox)/(\d+)",
    ),
    _form("jira", rf"{_SUB}\.atlassian\.net|jira\.[a-z0-9.-]+", r"^/(?:.*/)?browse/([A-Z][A-Z0-9_]+-\d+)$"),
    _form(
        "jira",
        rf"{_SUB}\.atlassian\.net|jira\.[a-z0-9.-]+",
        r"^/(?:.*/)?(?:servicedesk|queues)/.*/([A-Z][A-Z0-9_]+-\d+)$",
    ),
    _form("zoho", r"(?:desk|support)\.zoho\.(?:com|eu|in|jp|sa|ca|com\.au|com\.cn)", r"#Cases/dv/(\d+)"),
    _form(
        "zoho",
        r"desk\.zoho\.(?:com|eu|in|jp|sa|ca|com\.au|com\.cn)",
        r"^/agent/.*/tickets/(?:details/)?(\d+)",
    ),
    _form("gorgias", rf"{_SUB}\.gorgias\.com", r"^/app/(?:tickets?|views/\d+)/(\d+)"),
    _form("crisp", r"app\.crisp\.(?:chat|im)", r"^/website/[0-9A-Za-z-]+/inbox/(session_[0-9A-Za-z-]+)"),
    _form("plain", r"app\.plain\.com", r"^/workspace/\w+/thread/(th_\w+)"),
    _form("groove", rf"{_SUB}\.groovehq\.com", r"^/(?:groove_client/)?tickets/(\d+)"),
    _form("pylon", r"app\.usepylon\.com", r"^(?:/[\w-]+)*/?issues(?:/|$)", "issueNumber"),
    _form("pylon", r"app\.usepylon\.com", r"^/issues/([0-9A-Za-z-]+)$"),
    _form("linear", r"linear\.app", r"^/[\w-]+/issue/([A-Z][A-Z0-9]*-\d+)"),
    _form("chatwoot", None, r"^/app/accounts/\d+/(?:.*/)?conversations/(\d+)"),
    _form("zammad", None, r"#ticket/zoom/(\d+)"),
    _form("osticket", None, r"^(?:/.*)?/(?:scp/)?tickets\.php$", "id"),
)
# Whose addresses are the desk's own (support@acme.zendesk.com), never a customer's.
DESKS_OWN_DOMAINS = frozenset(
    {
        "zendesk.com",
        "intercom.io",
        "intercom-mail.com",
        "freshdesk.com",
        "helpscout.net",
        "frontapp.com",
        "atlassian.net",
        "zohodesk.com",
        "gorgias.com",
        "crisp.email",
        "plainsupport.com",
        "groovehq.com",
        "usepylon.com",
        "chatwoot.com",
        "slack.com",
    }
)


def find_ticket(links: Iterable[Link]) -> TicketReference | None:
    """Give the first link that leads to a known help desk's ticket."""
    return next((ticket for link in links if (ticket := read_ticket_url(link)) is not None), None)


def is_ticket(link: Link) -> bool:
    """Whether a link leads to a known help desk's ticket."""
    return read_ticket_url(link) is not None


def read_ticket_url(link: Link) -> TicketReference | None:
    """Read one link as a ticket; None for anything else, never an error."""
    if len(link.url) > _LONGEST_URL or "/" not in link.url:
        return None
    try:
        parts = urlsplit(link.url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return None
    if parts.scheme.lower() not in ("http", "https") or parts.username is not None or not host:
        return None
    place = f"{parts.path}#{parts.fragment.lstrip('/')}" if parts.fragment else parts.path
    for form in _FORMS:
        if form.host is not None and (port is not None or not form.host.fullmatch(host)):
            continue
        found = form.place.search(place)
        if found and (ticket_id := _id(form, found, parts.query, link)):
            return TicketReference(form.system, ticket_id, link.url)
    return None


def _id(form: _Form, found: re.Match[str], query: str, link: Link) -> str | None:
    if form.parameter is None:
        return found[1]
    given = dict(parse_qsl(query)).get(form.parameter, "")
    if not re.fullmatch(r"\d{1,20}", given):
        return None
    # osTicket's URL carries the row's id; its link shows the ticket's number, which people know it by.
    shown = _NUMBER_SHOWN.search(link.label) if form.system == "osticket" else None
    return shown[1] if shown else given
