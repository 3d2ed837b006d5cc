"""UXCam (`contracts/uxcam.md`): sessions of an app's users, by the app's own id for them or by address."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import httpx

from bot.domain.answer import Answer
from bot.domain.links import Link, LinkKind
from bot.domain.model import ErrorEvent, Session, SessionUser, SourceName, Subject, SubjectKind
from bot.settings.model import UXCamAccount
from bot.sources.http import Calls, VendorHttp
from bot.sources.json_fields import joined, to_count, to_flag, to_moment, to_text
from bot.sources.protocol import Freshness, Question
from bot.sources.quota import Account
from bot.sources.safe_links import LinkRule
from bot.sources.uxcam.api import (
    MOST_PAGES,
    PAGE_SIZE,
    WINDOWS,
    GrowingRest,
    ListedSession,
    UXCamApi,
    Wanted,
)
from bot.sources.wiring import Wiring

_EMAIL_PROPERTY = "email"
# How far back a single session is searched: without a span the vendor looks back 30 days.
_FURTHEST = timedelta(days=365)
_SESSION_ID = re.compile(r"[0-9a-f]{24}")
_PLATFORMS = {"1": "Android", "2": "iOS", "3": "Web", "android": "Android", "ios": "iOS", "web": "Web"}
# Screens that are kept of one session.
_MOST_SCREENS = 20


@dataclass(frozen=True, slots=True)
class _Way:
    """One way of asking for a subject: a user property, and the value that it must have."""

    property_name: str
    value: str

    def leads_to(self, row: ListedSession) -> bool | None:
        """Whether a session is the subject's by that property; None where the session does not say."""
        value = row.of_user(self.property_name)
        if value is None:
            return None
        return value.lower() == self.value.lower() if "@" in self.value else value == self.value


@dataclass(frozen=True, slots=True)
class UXCam:
    """One UXCam app."""

    name: SourceName
    http: VendorHttp
    settings: UXCamAccount
    api: UXCamApi

    title = "UXCam"
    # Its answers carry `Cache-Control: max-age=60`, so none is fresh for less.
    freshness = Freshness(found=timedelta(minutes=2), nobody=timedelta(minutes=1))

    async def account(self) -> Account:
        """The account with the strictest of the documented limits."""
        return self.http.account

    async def cost(self, subject: Subject) -> int:
        """The most calls: a page for each way of asking, all pages of the last, one to find the API."""
        ways = _ways(subject, self.settings.identity)
        return len(ways) - 1 + MOST_PAGES + (not await self.api.is_found_out())

    async def find(self, question: Question, calls: Calls) -> Answer:
        """
        The subject's sessions, and an error for each that crashed.

        An address is searched in the property `email`, which not every app sets, and then as the app's own id
        for the person.
        """
        since = question.since(self.http.clock())
        answer = Answer()
        for way in _ways(question.subject, self.settings.identity):
            answer = await self._by(way, since, calls)
            if answer.sessions:
                break
        return answer

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        """One session by its id, from the list: there is no call for a single one."""
        if not _SESSION_ID.fullmatch(session_id):
            return None
        now = self.http.clock()
        wanted = Wanted("session_id", session_id, now - _FURTHEST, now)
        listing = await self.api.sessions(wanted, calls)
        rows = listing.rows if listing else ()
        return next((self._session(row, session_id) for row in rows if row.sessionId == session_id), None)

    async def check(self, calls: Calls) -> str:
        """Ask for a session that does not exist, which proves URL, app and key."""
        now = self.http.clock()
        wanted = Wanted("session_id", "0" * 24, now, now)
        if await self.api.sessions(wanted, calls) is None:
            raise calls.unreadable("a list of sessions")
        return f"the key may list the app's sessions, {await self.api.serving()}"

    async def is_ours(self, link: Link, calls: Calls) -> bool:  # noqa: ARG002 - needs no call
        """Whether a page is of our app."""
        return link.account_id == self.settings.app_id

    async def person(self, link: Link, calls: Calls) -> Subject | None:
        """The person of a page: a filtered list has the uid in its URL, a user's page the vendor's own id."""
        if link.user_id is None:
            return None
        if link.kind is LinkKind.LIST:
            return Subject(SubjectKind.UID, link.user_id, link.user_id)
        now = self.http.clock()
        wanted = Wanted("uxcamuserid", link.user_id, now - _FURTHEST, now)
        listing = await self.api.sessions(wanted, calls)
        for row in listing.rows if listing else ():
            if to_text(row.user.get("uxcamuserid")) == link.user_id:
                user = self._user(row)
                if user.uid:
                    return Subject(SubjectKind.UID, user.uid, user.uid)
                if user.email:
                    return Subject(SubjectKind.EMAIL, user.email, user.email)
        return None

    async def _by(self, way: _Way, since: datetime, calls: Calls) -> Answer:
        wanted = Wanted("user_custom_property", way.value, since, self.http.clock(), way.property_name)
        listing = await self.api.sessions(wanted, calls)
        if listing is None:
            # A 400: the app has no such property.
            return Answer()
        rows, doubtful = _theirs(listing.rows, way)
        sessions = [self._session(row, row.sessionId) for row in rows if row.sessionId]
        recent = [s for s in sessions if (s.ended_at or s.started_at or since) >= since]
        recent.sort(key=lambda s: s.started_at or since, reverse=True)
        notes = [f"the newest {MOST_PAGES * PAGE_SIZE} sessions alone"] if listing.more else []
        if doubtful:
            notes.append("left out what does not say whose session it is")
        return Answer(tuple(recent), tuple(self._crash(s) for s in recent if s.crashed), tuple(notes))

    def _session(self, row: ListedSession, session_id: str) -> Session:
        seen = row.property
        seconds = to_count(seen.get("durationSec"))
        started = to_moment(seen.get("verifiedServerTime")) or to_moment(seen.get("uploadedServerTime"))
        crashed = to_flag(seen.get("isCrashed"))
        return Session(
            source=self.name,
            id=session_id,
            url=_LINKS.allow(row.url),
            started_at=started,
            ended_at=started + timedelta(seconds=seconds) if started and seconds is not None else None,
            duration_seconds=seconds,
            user=self._user(row),
            pages=to_count(seen.get("totalScreen")),
            device=to_text(row.device.get("model")) or to_text(row.deviceBasics.get("type")),
            browser=joined(row.deviceBasics.get("browser"), row.deviceBasics.get("browserVersion")),
            os=_system(row),
            country=to_text(row.location.get("countryCode")),
            city=to_text(row.location.get("city")),
            errors=None if crashed is None else int(crashed),
            app_version=to_text(row.device.get("appVersion")) or to_text(row.deviceBasics.get("appVersion")),
            screens=_screens(seen.get("uniqueScreens")),
            crashed=crashed,
            rage_taps=to_count(seen.get("rageGestureCount")),
            # Without a video it reads "No video available for this session".
            video=_LINKS.allow(row.video),
            has_replay=True if _LINKS.allow(row.video) else to_flag(seen.get("hasVideo")),
        )

    def _user(self, row: ListedSession) -> SessionUser:
        uid, email = row.of_user(self.settings.identity), row.of_user(_EMAIL_PROPERTY)
        address = email or (uid if uid and "@" in uid else None)
        # The vendor's `alias` and `user_name` are invented, so they are not shown as names.
        return SessionUser(uid, address.lower() if address else None, row.of_user("name"))

    def _crash(self, session: Session) -> ErrorEvent:
        version = f" (version {session.app_version})" if session.app_version else ""
        return ErrorEvent(
            self.name, f"The app crashed{version}", url=session.url, count=1, session_id=session.id
        )


def build(name: SourceName, settings: UXCamAccount, client: httpx.AsyncClient, wiring: Wiring) -> UXCam:
    """The source of a configured app."""
    http = wiring.http(client, UXCam.title, settings.base_url, str(name), WINDOWS, GrowingRest())
    return UXCam(name, http, settings, UXCamApi(str(name), settings, wiring.memory))


_LINKS = LinkRule(hosts=("uxcam.com",))


def _ways(name: Subject, identity: str) -> list[_Way]:
    """The ways of asking for a name, in turn; the vendor may compare an address with its capitals."""
    if name.kind is SubjectKind.UID:
        return [_Way(identity, name.typed)]
    properties = dict.fromkeys((_EMAIL_PROPERTY, identity))
    return [_Way(one, spelling) for one in properties for spelling in name.spellings]


def _theirs(rows: tuple[ListedSession, ...], way: _Way) -> tuple[list[ListedSession], bool]:
    """The sessions that are surely the person's, and whether some were left out that may be theirs."""
    sure = [row for row in rows if way.leads_to(row)]
    same_user = {user for row in sure if (user := to_text(row.user.get("uxcamuserid")))}
    unsaid = [row for row in rows if way.leads_to(row) is None]
    by_user = [row for row in unsaid if to_text(row.user.get("uxcamuserid")) in same_user]
    return [*sure, *by_user], len(by_user) < len(unsaid)


def _system(row: ListedSession) -> str | None:
    """The operating system and its version; the classic API has a platform in place of its name."""
    if named := joined(row.deviceBasics.get("osName"), row.deviceBasics.get("osVersion")):
        return named
    platform = to_text(row.device.get("platform"))
    named = _PLATFORMS.get((platform or "").lower(), platform)
    return joined(named, row.device.get("osVersion")) if named else None


def _screens(value: Any) -> tuple[str, ...]:
    names = value[:_MOST_SCREENS] if isinstance(value, list) else []
    return tuple(name for screen in names if (name := to_text(screen)))
