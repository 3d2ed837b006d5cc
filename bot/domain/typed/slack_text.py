"""Slack's text as it was typed: links taken apart, escapes undone. What Slack itself names is told apart."""

import re
from urllib.parse import unquote

from bot.domain.addresses import read_address
from bot.domain.characters import narrow, unescaped, without_invisible

_LINK = re.compile(r"<((?:mailto|tel|https?):[^<>|]{1,3000})(?:\|([^<>]{0,3000}))?>", re.IGNORECASE)
# People, channels, groups and dates: <@U…>, <#C…|name>, <!subteam^S…|@name>.
_SLACKS_OWN = re.compile(r"<[@#!][^<>]*>")
# Characters before a link that say how it was meant: `uid:` or an @, perhaps with invisible ones among them.
_BEFORE = 12


def names_slacks_own(text: str) -> bool:
    """Whether somebody of the workspace, a channel or a group is named in it."""
    return _SLACKS_OWN.search(text) is not None


def without_slacks_own(text: str) -> str:
    """The text with a blank for each person, channel or group that Slack named in it."""
    return _SLACKS_OWN.sub(" ", text)


def typed_text(text: str) -> str:
    """
    The text as it was typed.

    An address that Slack linked stands in angle brackets, and so does another address that the link shows;
    a domain that Slack linked is as it was typed; any other link is its URL in angle brackets. After `uid:`
    every link is what it shows.
    """
    return unescaped(_LINK.sub(_as_typed, text))


def _as_typed(link: re.Match[str]) -> str:
    url, label = link[1], link[2] or ""
    scheme, _, rest = url.partition(":")
    before = _clean(link.string[max(0, link.start() - _BEFORE) : link.start()])
    if before.lower().endswith("uid:"):
        return label or url
    if scheme.lower() == "mailto":
        return _mail(rest, label)
    domain = rest.removeprefix("//").rstrip("/")
    shown = label.rstrip("/") or domain
    is_typed = scheme.lower() != "tel" and (label or before.endswith("@"))
    return shown if is_typed and _same_page(domain, shown) else f"<{url}>"


def _mail(recipients: str, label: str) -> str:
    """The address that a link leads to, and beside it another one that the link shows."""
    typed = recipients.partition("?")[0]
    leads_to = typed if typed == label.strip() else unquote(typed)
    address, shown = (read_address(_clean(one)) for one in (leads_to, label))
    if address and shown and address.value != shown.value:
        return f"<{leads_to}> <{label}>"
    return f"<{leads_to}>" if "@" in narrow(leads_to) else f"<mailto:{leads_to}>"


def _same_page(one: str, other: str) -> bool:
    """Whether two pages are one, but for capitals and the spelling of an international domain."""
    one, other = _clean(one).lower(), _clean(other).lower()
    # The spellings of a domain are compared as those of an address there.
    first, second = (read_address(f"somebody@{domain}") for domain in (one, other))
    return one == other or (first is not None and second is not None and first.value == second.value)


def _clean(text: str) -> str:
    return narrow(without_invisible(text)).strip()
