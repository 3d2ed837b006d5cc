"""What a profile of a help desk says: how its tickets' URLs look, and whose words stand where."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Author(StrEnum):
    """Whose words a passage is: the desk's template's, or those of the customer or whoever wrote in."""

    DESK = "desk"
    CUSTOMER = "customer"


_NUMBER = re.compile(r"[0-9]{1,40}")


@dataclass(frozen=True, slots=True)
class TicketUrl:
    """
    One form of a ticket's URL: the host, and where the id stands in path and fragment (`/a/b#c/d`).

    `host` is None where people host the desk themselves. `own_domain`: also on the company's own domains.
    `parameter` is the query's parameter that has the id, where the path has none; `value` how it is written
    there: the last group, or all of it.
    """

    host: re.Pattern[str] | None
    place: re.Pattern[str]
    parameter: str | None = None
    value: re.Pattern[str] = _NUMBER
    own_domain: bool = False


def ticket_url(
    host: str | None,
    place: str,
    parameter: str | None = None,
    *,
    value: str = _NUMBER.pattern,
    own_domain: bool = False,
) -> TicketUrl:
    """One form of URL from regular expressions; hosts, and what a parameter has, are compared whole."""
    hosts = re.compile(host) if host else None
    return TicketUrl(hosts, re.compile(place), parameter, re.compile(value), own_domain)


# `acme` of `acme.zendesk.com`.
SUBDOMAIN = r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"


@dataclass(frozen=True, slots=True)
class Profile:
    """
    How one desk's messages are built.

    Attributes:
        system: its name, as in `ticket`.
        urls: its tickets' URLs.
        own_domains: domains of its own addresses, which are no customer's.
        shape: whether a message is built as this desk builds them; where it is not, though it links the
            desk's ticket, somebody else's template made it, and the general rules hold.
        body: whose words the message's own text is, above attachments.
        attachment_text: whose words the text of an attachment is.
        first_section, later_sections: whose words sections and the like are, the first and the others.
        field_is_subject: an attachment's field has the ticket's subject for a title.
        blank_line_ends: a blank line ends the desk's words, whatever follows.
        last_line: the last line of the desk's words.
        opening: the desk's sentence that names the requester, up to the address; `name` may be any text.
        names_only: the desk names people without an address; those in its sentences are accidents.
        number_in_text: the ticket's shown number, at the beginning of what its link shows.
        number_before: the same, in what stands right before the link.

    """

    system: str
    urls: tuple[TicketUrl, ...] = ()
    own_domains: tuple[str, ...] = ()
    shape: Callable[[Mapping[str, Any]], bool] | None = None
    body: Author = Author.DESK
    attachment_text: Author = Author.DESK
    first_section: Author = Author.DESK
    later_sections: Author = Author.DESK
    field_is_subject: bool = False
    blank_line_ends: bool = False
    last_line: re.Pattern[str] | None = None
    opening: re.Pattern[str] | None = None
    names_only: bool = False
    number_in_text: re.Pattern[str] | None = None
    number_before: re.Pattern[str] | None = None


# Unknown desks are read by this one.
GENERAL = Profile("")
