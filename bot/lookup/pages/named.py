"""
What an address names at our accounts, and what is known of it: a session, or a person's sessions.

What is remembered goes first, a vendor is asked only as far as unfurls may (`bot/lookup/pages/asked.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from bot.domain.addresses import subject_of_address
from bot.domain.links import Link, LinkKind, VendorPages, read_link
from bot.domain.model import Finding, Session, State, Subject, SubjectKind
from bot.lookup.ask_source import AskSource
from bot.lookup.known_links import KnownLinks, Pointer
from bot.lookup.pages.asked import Pages
from bot.operations.clock import Clock
from bot.sources.protocol import Linked, Question, Source


class Unnamed(StrEnum):
    """Why an address names nothing that can be shown: nothing is known by it, or it is another account's."""

    UNKNOWN = "unknown"
    NOT_OURS = "not_ours"


@dataclass(frozen=True, slots=True)
class NamedPage:
    """What an address was found to name: a source, and a session of it or a person."""

    source: Linked
    session_id: str | None
    subject: Subject | None

    @property
    def page(self) -> str:
        """What two addresses of the same page have in common."""
        person = f"{self.subject.kind}:{self.subject.value}" if self.subject else ""
        return f"{self.source.name}/{self.session_id or person}"


@dataclass(frozen=True, slots=True)
class Described:
    """
    What is known of a page: one source's finding, and the session that the page is of; None for a person's.

    `subject` is the person's surest name, None where they are not known.
    """

    finding: Finding
    session: Session | None
    subject: Subject | None


@dataclass(frozen=True, slots=True)
class Undescribed:
    """
    Nothing is known of a page.

    `finding` is what was found of its person, None where nobody was asked; `subject` is who that is, None
    where it is not known.
    """

    finding: Finding | None = None
    subject: Subject | None = None


@dataclass(frozen=True, slots=True)
class NamedPages:
    """All accounts' pages."""

    sources: Sequence[Source]
    ask_source: AskSource
    pages: Pages
    known_links: KnownLinks
    clock: Clock
    known: Sequence[VendorPages]

    async def name(self, url: str, by: str | None = None) -> NamedPage | Unnamed:
        """
        Which page of our accounts an address names, or why none; `by` is the id of the person who asks.

        Raises:
            CallFailed: when a vendor has to be asked for that and cannot be.

        """
        if pointer := await self.known_links.by_url(url):
            return self._pointed(pointer)
        link = read_link(url, self.known)
        if link is None:
            return Unnamed.UNKNOWN
        source = await self._ours(link, by)
        if source is None:
            return Unnamed.NOT_OURS
        if link.kind is LinkKind.SESSION and link.session_id:
            pointer = await self.known_links.by_id(source.name, link.session_id)
            return self._pointed(pointer) if pointer else NamedPage(source, link.session_id, None)
        if link.user_id is None:
            return Unnamed.UNKNOWN
        person = await self.pages.person(source, link, by)
        return NamedPage(source, None, person) if person else Unnamed.UNKNOWN

    def _pointed(self, pointer: Pointer) -> NamedPage | Unnamed:
        for source in self.sources:
            if str(source.name) == pointer.source and isinstance(source, Linked):
                return NamedPage(source, pointer.session_id, pointer.subject)
        return Unnamed.NOT_OURS

    async def _ours(self, link: Link, by: str | None) -> Linked | None:
        for source in self.sources:
            if source.name.vendor != link.vendor or not isinstance(source, Linked):
                continue
            if await self.pages.is_ours(source, link, by):
                return source
        return None

    async def describe(
        self, named: NamedPage, question: Callable[[Subject], Question], by: str | None = None
    ) -> Described | Undescribed:
        """
        What is known of a page from its person's sessions, else by asking for the session alone.

        Args:
            named: the page.
            question: makes the question by which its person is looked up.
            by: the id of the person who asks.

        Raises:
            CallFailed: when the vendor has to be asked for the session and cannot be.

        """
        finding: Finding | None = None
        if named.subject is not None:
            finding = await self._finding(named.source, question(named.subject))
            if found := _found(named, finding):
                return found
        if named.session_id is None:
            return Undescribed(finding, named.subject)
        asked_at = self.clock()
        session, said_at = await self.pages.session(named.source, named.session_id, by)
        subject = named.subject or (_subject_of(session) if session else None)
        if session is None or session.started_at is None:
            return Undescribed(subject=subject)
        if subject is not None:
            # Its errors, and how fresh that is, come with the person's.
            finding = await self._finding(named.source, question(subject))
            if found := _found(replace(named, subject=subject), finding):
                return found
        # The vendor may have said so some moments before, to whoever asked then.
        is_new = said_at >= asked_at
        state, calls = (State.LIVE, 1) if is_new else (State.CACHED, 0)
        alone = Finding(session.source, state, said_at, calls, (session,))
        return Described(alone, session, subject)

    async def _finding(self, source: Linked, question: Question) -> Finding | None:
        findings: list[Finding] = []
        await self.ask_source(source, question, lambda finding, _last: findings.append(finding))
        return findings[-1] if findings else None


def _found(named: NamedPage, finding: Finding | None) -> Described | None:
    if finding is None or named.subject is None or not finding.sessions:
        return None
    session = next((one for one in finding.sessions if one.id == named.session_id), None)
    if named.session_id is not None and session is None:
        return None
    return Described(finding, session, named.subject)


def _subject_of(session: Session) -> Subject | None:
    uid, email = session.user.uid, session.user.email
    if uid and "@" not in uid:
        return Subject(SubjectKind.UID, uid, uid)
    return subject_of_address(email) if email else None
