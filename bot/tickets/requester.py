"""
What a message's content says, whoever posted it and wherever: who is its requester, who is only mentioned.

First whose words are these (`reading/authors`), then which role they give an address (`reading/roles`);
here the roles are weighed. Internal and ignored addresses are nobody's. Where two readings are possible,
nobody is the requester.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from bot.domain.addresses import address_value, domain_of, read_address, subject_of_address
from bot.domain.model import Subject, TicketReference
from bot.tickets.profiles.known import OWN_DOMAINS, SHAPES
from bot.tickets.profiles.profile import GENERAL, Profile
from bot.tickets.reading.authors import Spoken, read_authors
from bot.tickets.reading.groups import By, Group, Roles, is_contradicted, is_exchange
from bot.tickets.reading.labels import Label, labels_with
from bot.tickets.reading.mail import Mail, read_mails
from bot.tickets.reading.markup import MarkupLink
from bot.tickets.reading.passages import Passage, Region, read_passages
from bot.tickets.reading.references import References, TicketLink, is_other
from bot.tickets.reading.roles import read_roles
from bot.tickets.rules import TicketRules
from bot.tickets.uids import find_uids

MOST_REQUESTERS = 3
_MOST_MENTIONED = 20
_MOST_JUDGED = 40
_MOST_LINKS = 20
_MOST_URL = 2_000
_NO_REPLY = re.compile(
    r"(?:.*[._+-])?(?:no|not|do-?not|donot|never)[._-]?reply.*|reply\+.*|mailer[._-]?daemon|postmaster"
    r"|bounces?(?:[+._-].*)?|(?:.*[._-])?notif(?:y|ications?)(?:[+._-].*)?|auto[._-]?(?:reply|confirm|responder).*"
    # Programs that send what a form was filled with, and addresses that a mail server rewrote on its way.
    r"|mailer|wordpress|www-data|(?:web)?form[._-]?(?:submissions?|responses?|mailer)|srs[01][=+-].*|prvs=.*"
)
_BELOW_OWN = tuple(f".{domain}" for domain in OWN_DOMAINS)
# Parameters of a URL that name the person whose page it is.
_WHOSE = re.compile(
    r"(?:user_?|customer_?|requester_?|contact_?)?(?:e?-?mail|address)|customer|requester|contact|q|query|search"
)
_STRUCTURED = frozenset({Region.FIELD})


@dataclass(frozen=True, slots=True)
class Said:
    """
    What a message's content says, whoever posted it.

    `found` says by what the requester was found, without a word of the message: "label requester in field".
    `is_sign`: a requester's label stands in it, with a value that is not ours. `is_digest`: several tickets.
    `is_linked`: a ticket is linked in it, in whoever's words. `is_others`: its sender is known, and no desk.
    """

    requester: tuple[Subject, ...] = ()
    uids: tuple[Subject, ...] = ()
    mentioned: tuple[Subject, ...] = ()
    ticket: TicketReference | None = None
    profile: str = ""
    found: str = ""
    has_mail: bool = False
    is_sign: bool = False
    is_digest: bool = False
    is_linked: bool = False
    is_others: bool = False
    is_doubtful: bool = False


@dataclass(slots=True)
class Judge:
    """Judges what looks like an address; each spelling once, and only so many."""

    rules: TicketRules
    hosts: frozenset[str] = frozenset()
    # Addresses that are only the beginning of another one in the message.
    cut: frozenset[str] = frozenset()
    _judged: dict[str, Subject | None] = field(default_factory=dict)

    def read(self, typed: str) -> Subject | None:
        """Read an address; None for what is none."""
        if typed not in self._judged:
            if len(self._judged) >= _MOST_JUDGED:
                return None
            self._judged[typed] = read_address(typed)
        return self._judged[typed]

    def is_outside(self, address: Subject) -> bool:
        """Whether an address may be a customer's: not ours, not ignored, no program's, no desk's."""
        if address.value in self.cut:
            return False
        return not (self.is_internal(address) or self.is_no_reply(address) or self._is_desks_own(address))

    def is_internal(self, address: Subject) -> bool:
        """Whether the configuration says never to look it up."""
        domain = domain_of(address)
        own = (_ascii(domain) for domain in self.rules.internal_domains)
        ignored = (address_value(one) for one in self.rules.ignored_addresses)
        return any(domain == one or domain.endswith(f".{one}") for one in own) or address.value in ignored

    def is_no_reply(self, address: Subject) -> bool:
        """Whether nobody reads what is sent there."""
        return _NO_REPLY.fullmatch(address.value.rpartition("@")[0]) is not None

    def _is_desks_own(self, address: Subject) -> bool:
        domain = domain_of(address)
        return domain in self.hosts or domain in OWN_DOMAINS or domain.endswith(_BELOW_OWN)


def read_content(message: dict[str, Any], rules: TicketRules, files: Mapping[str, Any]) -> Said:
    """Read a message's mail, blocks, attachments and text; `files` as for `read_ticket`."""
    references = _references(rules)
    labels = labels_with(rules.requester_labels)
    passages = read_passages(message, rules.us, references.is_ticket)
    linked = _linked(passages, references)
    passages = _without_previews(passages, references, linked)
    profile = _profile(message, linked)
    spoken = read_authors(passages, profile, labels, has_ticket=linked is not None)
    tickets = _own_tickets(spoken, references)
    judge = Judge(rules, frozenset(filter(None, (_host(one.reference.url) for one in tickets))))
    roles = read_roles(spoken, profile, labels, judge.read, judge.is_outside)
    mails = read_mails(message.get("files"), files)
    several = len({(one.profile.system, one.key) for one in tickets}) > 1 or _is_list(
        spoken, tickets, references
    )
    said = _weigh(mails, spoken, roles, judge)
    return replace(
        said,
        uids=find_uids(roles.lines, rules.uid_patterns, MOST_REQUESTERS),
        ticket=None if several or not tickets else _best(tickets),
        profile=profile.system,
        has_mail=bool(mails),
        is_digest=several,
        is_linked=_linked([one for one in passages if one.place is not Region.QUOTE], references) is not None,
        is_others=_comes_from_others(spoken, references),
    )


def may_be_requester(address: Subject, rules: TicketRules, ticket: TicketReference | None) -> bool:
    """Whether an address may be looked up from a ticket: not ours, not ignored, no program's, no desk's."""
    host = _host(ticket.url) if ticket else ""
    return Judge(rules, frozenset(filter(None, (host,)))).is_outside(address)


def mentioned_in(message: dict[str, Any], rules: TicketRules) -> tuple[Subject, ...]:
    """Every outside address in a message that a person wrote, outside of quotes, in its order."""
    judge = Judge(rules)
    references = _references(rules)
    spoken = Spoken()
    passages = [
        p for p in read_passages(message, rules.us, references.is_ticket) if p.place is not Region.QUOTE
    ]
    spoken = read_authors(passages, GENERAL, labels_with(()), has_ticket=False)
    roles = read_roles(spoken, GENERAL, labels_with(()), judge.read, judge.is_outside)
    return once((), filter(judge.is_outside, roles.everybody))


def _linked(passages: Sequence[Passage], references: References) -> TicketLink | None:
    """The first ticket that a message links, wherever; the desk's own frame goes first."""
    ordered = sorted(passages, key=lambda passage: passage.place is not Region.FRAME)
    links = (link for passage in ordered if not passage.previews for link in passage.links[:_MOST_LINKS])
    return next((ticket for link in links if (ticket := references.read(link)) is not None), None)


def _without_previews(
    passages: Sequence[Passage], references: References, ticket: TicketLink | None
) -> list[Passage]:
    """The passages, those of previewed pages as quotes; a preview of the ticket itself is its desk's."""

    def is_quote(passage: Passage) -> bool:
        if not passage.previews:
            return False
        page = references.read(MarkupLink(passage.previews))
        same = page is not None and (ticket is None or _is_same(page, ticket))
        return not same

    return [
        Passage(Region.QUOTE, passage.text, attachment=passage.attachment) if is_quote(passage) else passage
        for passage in passages
    ]


def _is_same(one: TicketLink, other: TicketLink) -> bool:
    return (one.profile.system, one.key) == (other.profile.system, other.key)


def _profile(message: Mapping[str, Any], ticket: TicketLink | None) -> Profile:
    if ticket is not None:
        profile = ticket.profile
        is_built_so = profile.shape is None or profile.shape(message)
        return profile if is_built_so else replace(GENERAL, system=profile.system)
    return next((one for one in SHAPES if one.shape is not None and one.shape(message)), GENERAL)


def _own_tickets(spoken: Spoken, references: References) -> list[TicketLink]:
    return [ticket for link in spoken.links[:_MOST_LINKS] if (ticket := references.read(link)) is not None]


def _best(tickets: Sequence[TicketLink]) -> TicketReference:
    """The ticket, by the link that shows its number where the URL has another one."""
    return next((one.reference for one in tickets if one.reference.id != one.key), tickets[0].reference)


def _is_list(spoken: Spoken, tickets: Sequence[TicketLink], references: References) -> bool:
    """Whether further lines begin with links to further tickets of the same desk."""
    if not tickets:
        return False
    listed = [one for link in spoken.listed[:_MOST_LINKS] if (one := references.read(link)) is not None]
    first = tickets[0]
    return any(one.profile.system == first.profile.system and one.key != first.key for one in listed)


def _comes_from_others(spoken: Spoken, references: References) -> bool:
    """Whether the first link that says where a message comes from leads to a known sender that is no desk."""
    for link in spoken.links[:_MOST_LINKS]:
        if references.is_ticket(link):
            return False
        if is_other(link):
            return True
    return False


def _weigh(mails: Sequence[Mail], spoken: Spoken, roles: Roles, judge: Judge) -> Said:
    """Who is the requester, by mail, by label or sentence, or standing alone."""
    everybody = [*(a for mail in mails for a in _everybody(mail)), *roles.everybody]
    judge.cut = _cut_among(everybody)
    others = once((), filter(judge.is_outside, everybody))
    requester, found, doubtful = _by_mail(mails, judge)
    if not mails:
        requester, found, doubtful = _by_roles(spoken, roles, judge)
    if not others:
        others = once((), (address for _name, address in _in_urls(spoken.links, judge)))
    if not requester and not doubtful and not mails and not roles.groups:
        requester, found = _alone(spoken, roles, judge)
    return Said(
        requester,
        mentioned=once(requester, others)[:_MOST_MENTIONED],
        found=found if requester else "",
        is_sign=_is_sign(roles, judge),
        is_doubtful=doubtful,
    )


def _by_mail(mails: Sequence[Mail], judge: Judge) -> tuple[tuple[Subject, ...], str, bool]:
    """Whom mail is from: its sender; else where the answer would go; else whose mail was forwarded."""
    requester: list[Subject] = []
    found = ""
    for mail in mails:
        outside = [address for address in mail.senders if judge.is_outside(address)]
        place = "mail sender"
        if not outside and any(judge.is_no_reply(a) or judge.is_internal(a) for a in mail.senders):
            place = "mail reply-to"
            outside = [address for address in mail.reply_to if judge.is_outside(address)]
            if len(once((), outside)) > 1:
                return (), "", True
        if not outside and any(judge.is_internal(address) for address in mail.senders):
            place = "mail forwarded"
            outside = [address for address in mail.forwarded if judge.is_outside(address)][:1]
        requester += outside
        found = found or (place if outside else "")
    return once((), requester), found, False


def _by_roles(spoken: Spoken, roles: Roles, judge: Judge) -> tuple[tuple[Subject, ...], str, bool]:
    """Whom labels and sentences name; whether two readings are possible."""
    groups = [g for g in roles.groups if not spoken.by_fields or g.place in _STRUCTURED]
    if any(group.by is By.LABEL and not group.is_inline for group in groups):
        groups = [group for group in groups if not group.is_inline]
    asked = [group for group in groups if group.kind is Label.REQUESTER]
    if any(group.is_doubtful and not group.addresses for group in asked):
        return (), "", True
    named = [group for group in asked if _outside(group, judge)]
    if not named:
        named = [group for group in groups if _outside(group, judge)]
    chosen = _choose(named, judge)
    said = (one.shown or one.text for one in spoken.words)
    if (
        chosen is None
        or is_contradicted(chosen, roles, judge.is_outside)
        or any(judge.is_outside(a) and a not in chosen.addresses for a in (*roles.cards, *roles.doubted))
        or is_exchange(roles, chosen, judge.is_outside, said)
    ):
        return (), "", bool(named)
    addresses = _outside(chosen, judge)
    return addresses, f"{chosen.by} {_word(chosen)} in {chosen.place}", False


def _word(group: Group) -> str:
    """Which label or cue it was, in words of our own: never one of the message's."""
    return str(group.kind) if group.by is By.LABEL else str(Label.SUBMITTER)


def _choose(named: Sequence[Group], judge: Judge) -> Group | None:
    """The group to go by: the first; None where another one of its kind contradicts it."""
    if not named or any(group.is_doubtful for group in named):
        return None
    precise = [group for group in named if group.says_email]
    first = precise[0] if precise and not named[0].plural else named[0]
    mine = {address.value for address in _outside(first, judge)}
    for other in named:
        theirs = {address.value for address in _outside(other, judge)}
        contradicts = not theirs <= mine
        if contradicts and (other.says_email or first.says_email or other.phrase == first.phrase):
            return None
    return first


def _outside(group: Group, judge: Judge) -> tuple[Subject, ...]:
    return tuple(address for address in group.addresses if judge.is_outside(address))


def _alone(spoken: Spoken, roles: Roles, judge: Judge) -> tuple[tuple[Subject, ...], str]:
    """The only outside address, standing alone in the desk's words; where there is none, one in a link."""
    cards = once((), filter(judge.is_outside, roles.cards))
    unexplained = {address.value for address in roles.unexplained if judge.is_outside(address)}
    if len(cards) == 1 and unexplained <= {cards[0].value}:
        return cards, By.ALONE
    if roles.has_label or any(map(judge.is_outside, roles.everybody)):
        return (), ""
    whose = once((), (a for name, a in _in_urls(spoken.links, judge) if _WHOSE.fullmatch(name)))
    return (whose, "url") if len(whose) == 1 else ((), "")


def _in_urls(links: Sequence[MarkupLink], judge: Judge) -> Iterable[tuple[str, Subject]]:
    """The outside addresses in the queries of URLs, with the names of their parameters."""
    for link in links[:_MOST_LINKS]:
        for name, value in _query(link.url):
            address = judge.read(value.strip()) if "@" in value else None
            if address is not None and judge.is_outside(address):
                yield name.lower(), address


def _is_sign(roles: Roles, judge: Judge) -> bool:
    """Whether a requester's label, or a desk's sentence, says that this is a ticket, and not about us."""
    return any(
        (group.by is By.LABEL or group.addresses)
        and (not group.addresses or any(judge.is_outside(address) for address in group.addresses))
        for group in roles.groups
    )


def _everybody(mail: Mail) -> tuple[Subject, ...]:
    return (*mail.senders, *mail.reply_to, *mail.others)


def _cut_among(addresses: Iterable[Subject]) -> frozenset[str]:
    """The addresses that are the beginning of another one: they were cut short."""
    ordered = sorted({address.value for address in addresses})
    return frozenset(one for one, following in pairwise(ordered) if following.startswith(one))


def _query(url: str) -> list[tuple[str, str]]:
    try:
        return parse_qsl(urlsplit(url[:_MOST_URL]).query, max_num_fields=50)
    except ValueError:
        return []


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _references(rules: TicketRules) -> References:
    return References(tuple(_ascii(domain) for domain in rules.internal_domains))


def _ascii(domain: str) -> str:
    """A configured domain as the domains of addresses are compared."""
    return domain if domain.isascii() else domain_of(subject_of_address(f"somebody@{domain}"))


def once(without_those: Iterable[Subject], addresses: Iterable[Subject]) -> tuple[Subject, ...]:
    """Each address once, in order, without the first ones."""
    without = {address.value for address in without_those}
    once: dict[str, Subject] = {}
    for address in addresses:
        once.setdefault(address.value, address)
    return tuple(address for value, address in once.items() if value not in without)
