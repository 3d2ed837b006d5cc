"""
What a message's content says, whoever posted it and wherever: who is its requester, who is only mentioned.

A label beats everything; internal and ignored addresses are nobody's; without a label, the only outside
address is the requester's.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bot.domain.addresses import domain_of, read_address
from bot.domain.model import Subject, SubjectKind, TicketReference
from bot.tickets.mail import Mail, read_mails
from bot.tickets.markup import Link
from bot.tickets.passages import Us, read_passages
from bot.tickets.references import DESKS_OWN_DOMAINS, find_ticket
from bot.tickets.trust import Named, Reading, Trust, read_passages_of

MOST_REQUESTERS = 3
_MOST_MENTIONED = 20
_MOST_JUDGED = 40
_MOST_LINKS = 20
_MOST_URL = 2_000
# A configured pattern may be slow on long texts, and a uid stands in the desk's own few lines.
_MOST_FOR_PATTERNS = 8_000
_LONGEST_UID = 128
_NO_REPLY = re.compile(
    r"(?:no|not|do-?not|donot|never)[._-]?reply.*|mailer[._-]?daemon|postmaster|bounces?(?:[+._-].*)?|notifications?"
)
# Whom such a parameter of a URL names is not the one who wrote in.
_ANOTHERS = re.compile(r"invit|ref|manager|owner|assign|agent|cc|to$|admin", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class TicketRules:
    """What is configured (`TICKETS__…`), and who we are."""

    us: Us = field(default_factory=Us)
    channels: tuple[str, ...] = ()
    apps: tuple[str, ...] = ()
    internal_domains: tuple[str, ...] = ()
    ignored_addresses: tuple[str, ...] = ()
    uid_patterns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What a message's content says, whoever posted it."""

    labelled: tuple[Subject, ...] = ()
    requester: tuple[Subject, ...] = ()
    uids: tuple[Subject, ...] = ()
    mentioned: tuple[Subject, ...] = ()
    ticket: TicketReference | None = None
    has_mail: bool = False
    names_requester: bool = False


@dataclass(slots=True)
class _Judge:
    """Judges what looks like an address; each spelling once, and only so many."""

    rules: TicketRules
    ticket: TicketReference | None
    names_requester: bool = False
    _judged: dict[str, Subject | None] = field(default_factory=dict)

    def read(self, typed: str) -> Subject | None:
        if typed not in self._judged:
            if len(self._judged) >= _MOST_JUDGED:
                return None
            self._judged[typed] = read_address(typed)
        return self._judged[typed]

    def sort(self, named: Sequence[Named]) -> dict[Trust, tuple[Subject, ...]]:
        """Give outside addresses by the highest trust that anything in the message puts in them."""
        highest: dict[str, tuple[Trust, Subject]] = {}
        # Those that matter most are judged first: only so many are.
        for name in sorted(named, key=lambda name: -name.trust):
            address = self.read(name.typed)
            if address is None:
                continue
            self.names_requester = self.names_requester or name.trust is Trust.REQUESTER
            if self.may_be_requester(address):
                highest.setdefault(address.value, (name.trust, address))
        found = highest.values()
        return {trust: tuple(address for its, address in found if its is trust) for trust in Trust}

    def order(self, named: Sequence[Named]) -> tuple[Subject, ...]:
        """Give all outside addresses in the order of the message."""
        addresses = (address for name in named if (address := self.read(name.typed)) is not None)
        return once((), (address for address in addresses if self.may_be_requester(address)))

    def in_urls(self, links: Sequence[Link]) -> tuple[tuple[Subject, ...], tuple[Subject, ...]]:
        """Give the addresses in the queries of URLs: those of the customer perhaps, and all of them."""
        own: list[Subject] = []
        every: list[Subject] = []
        for link in links[:_MOST_LINKS]:
            for name, value in _query(link.url):
                address = self.read(value.strip()) if "@" in value else None
                if address is not None and self.may_be_requester(address):
                    every.append(address)
                    own += [] if _ANOTHERS.search(name) else [address]
        return once((), own), once((), every)

    def may_be_requester(self, address: Subject) -> bool:
        return not (self.is_internal(address) or self.is_no_reply(address) or self._is_desks_own(address))

    def is_internal(self, address: Subject) -> bool:
        """Whether the configuration says never to look it up."""
        domain = domain_of(address)
        own = (_ascii(domain) for domain in self.rules.internal_domains)
        ignored = (_folded(one) for one in self.rules.ignored_addresses)
        return any(domain == one or domain.endswith(f".{one}") for one in own) or address.value in ignored

    def is_no_reply(self, address: Subject) -> bool:
        return _NO_REPLY.fullmatch(address.value.rpartition("@")[0]) is not None

    def _is_desks_own(self, address: Subject) -> bool:
        domain = domain_of(address)
        host = urlsplit(self.ticket.url).hostname if self.ticket else None
        return domain == host or any(domain == d or domain.endswith(f".{d}") for d in DESKS_OWN_DOMAINS)


def read_content(message: dict[str, Any], rules: TicketRules, files: Mapping[str, Any]) -> Said:
    """Read a message's mail, blocks, attachments and text; `files` as for `read_ticket`."""
    mails = read_mails(message.get("files"), files)
    reading = read_passages_of(read_passages(message, rules.us))
    ticket = find_ticket(reading.links)
    judge = _Judge(rules, ticket)
    named = [*(name for mail in mails for name in _of_mail(mail, judge)), *reading.named]
    by_trust = judge.sort(named)
    labelled = by_trust[Trust.REQUESTER]
    unlabelled = by_trust[Trust.UNLABELLED]
    others = judge.order(named)
    if not others:
        unlabelled, others = judge.in_urls(reading.links)
    requester = labelled or (unlabelled if len(unlabelled) == 1 else ())
    return Said(
        labelled,
        requester,
        _uids(reading, rules.uid_patterns),
        once(requester, others)[:_MOST_MENTIONED],
        ticket,
        has_mail=bool(mails),
        names_requester=judge.names_requester,
    )


def may_be_requester(address: Subject, rules: TicketRules, ticket: TicketReference | None) -> bool:
    """Whether an address may be looked up from a ticket: not ours, not ignored, no program's, no desk's."""
    return _Judge(rules, ticket).may_be_requester(address)


def _of_mail(mail: Mail, judge: _Judge) -> Iterable[Named]:
    """Give whom a mail names: its sender; else where the answer would go; else whose mail was forwarded."""
    senders = [address for address in mail.senders if judge.may_be_requester(address)]
    if not senders and any(judge.is_no_reply(address) for address in mail.senders):
        senders = [address for address in mail.reply_to if judge.may_be_requester(address)]
    if not senders and any(judge.is_internal(address) for address in mail.senders):
        senders = [address for address in mail.forwarded_from if judge.may_be_requester(address)]
    yield from (Named(address.typed, Trust.REQUESTER) for address in senders)
    yield from (Named(address.typed, Trust.MENTIONED) for address in (*mail.reply_to, *mail.others))


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url[:_MOST_URL]).query, max_num_fields=50)
    except ValueError:
        return []


def _folded(address: str) -> str:
    local, _, domain = address.lower().rpartition("@")
    return f"{local}@{_ascii(domain)}"


def _ascii(domain: str) -> str:
    try:
        return domain if domain.isascii() else domain.encode("idna").decode()
    except UnicodeError:
        return domain


def once(without_those: Iterable[Subject], addresses: Iterable[Subject]) -> tuple[Subject, ...]:
    """Give each address once, in order, without the first ones."""
    without = {address.value for address in without_those}
    once = {address.value: address for address in reversed([*addresses])}
    ordered = {value: once[value] for value in reversed(once)}
    return tuple(address for value, address in ordered.items() if value not in without)


def _uids(reading: Reading, patterns: Sequence[str]) -> tuple[Subject, ...]:
    """Give the uids that configured patterns find in the desk's own lines."""
    text = "\n".join(reading.lines)[:_MOST_FOR_PATTERNS]
    found = [match[1] for pattern in patterns for match in re.finditer(pattern, text) if match[1]]
    uids = dict.fromkeys(uid for uid in found if len(uid) <= _LONGEST_UID and uid.isprintable())
    return tuple(Subject(SubjectKind.UID, uid, uid) for uid in list(uids)[:MOST_REQUESTERS])
