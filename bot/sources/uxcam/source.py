"""UXCam (`contracts/uxcam.md`): sessions of an app's users, by the app's own id for them or by address."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import httpx2

from bot.domain.addresses import address_value, subject_of_address
from bot.domain.answer import Answer
from bot.domain.links import Link, LinkKind
from bot.domain.model import (
    ErrorEvent,
    ErrorKind,
    Failure,
    Session,
    SessionUser,
    SourceName,
    Subject,
    SubjectKind,
)
from bot.settings.accounts import UXCamAccount
from bot.sources.http import CallFailed, Calls, VendorHttp
from bot.sources.json_fields import end_of, joined, to_count, to_flag, to_moment, to_plan, to_text
from bot.sources.protocol import Freshness, Hit, Question, Spread
from bot.sources.quota import Account
from bot.sources.safe_links import LinkRule
from bot.sources.uxcam.api import (
    MOST_PAGES,
    WINDOWS,
    GrowingRest,
    ListedSession,
    ListedSessions,
    UXCamApi,
    Wanted,
)
from bot.sources.uxcam.others import count_crashes
from bot.sources.uxcam.video import read_video
from bot.sources.wiring import Wiring

_EMAIL_PROPERTY = "email"
# How far back a single session is searched: without a span the vendor looks back 30 days.
_FURTHEST = timedelta(days=365)
_HEX_ID = re.compile(r"[0-9a-f]{24}")
_INTERNAL_NAME = re.compile(r"[A-Z][A-Z0-9_]*")
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
        return address_value(value) == address_value(self.value) if "@" in self.value else value == self.value


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
        """The most calls: all pages for each way of asking, and one to find the API."""
        ways = _ways(subject, self.settings.identity)
        return len(ways) * MOST_PAGES + (not await self.api.is_found_out())

    async def find(self, question: Question, calls: Calls) -> Answer:
        """
        The subject's sessions, and an error for each that crashed, newest first.

        An address is searched in the property `email`, which not every app sets, and as the app's own id for
        the person; both in each spelling, and what they find is joined: each may be somebody else's.
        """
        since = question.since(self.http.clock())
        found: dict[str, ListedSession] = {}
        lists: list[ListedSessions] = []
        failures: list[Failure] = []
        doubtful = False
        for way in _ways(question.subject, self.settings.identity):
            try:
                listing = await self.api.sessions(self._wanted(way, since), calls)
            except CallFailed as failed:
                if not found:
                    raise
                failures.append(failed.failure)
                break
            rows, unsaid = _theirs(listing.rows, way)
            found |= {row.sessionId: row for row in rows if row.sessionId}
            doubtful = doubtful or unsaid
            lists.append(listing)
        return self._answer(found, lists, failures, since, doubtful=doubtful)

    def _wanted(self, way: _Way, since: datetime) -> Wanted:
        # A 400 on the identity, which every app has, is never "nobody" (contract, section 1.5).
        may_be_unset = way.property_name != self.settings.identity
        now = self.http.clock()
        return Wanted("user_custom_property", way.value, since, now, way.property_name, may_be_unset)

    def _answer(
        self,
        found: Mapping[str, ListedSession],
        lists: Sequence[ListedSessions],
        failures: Sequence[Failure],
        since: datetime,
        *,
        doubtful: bool,
    ) -> Answer:
        first = _first_seen(found.values())
        sessions = [
            replace(session, user=replace(session.user, first_seen=first.get(row.user_id or "")))
            for session_id, row in found.items()
            for session in [self._session(row, session_id)]
        ]
        recent = [s for s in sessions if (s.ended_at or s.started_at or since) >= since]
        recent.sort(key=lambda s: s.started_at or since, reverse=True)
        crashes = [self._crash(s) for s in recent if s.crashed]
        crashes.sort(key=lambda error: error.occurred_at or since, reverse=True)
        cuts = [one.cut_at for one in lists if one.cut_at]
        broken = [one.failure for one in lists if one.failure]
        notes = [f"the newest {len(recent)} sessions alone"] if cuts else []
        notes += [f"some sessions are missing: {failure.message}" for failure in (*broken, *failures)]
        if doubtful:
            notes.append("left out what does not say whose session it is")
        return Answer(
            tuple(recent),
            tuple(crashes),
            tuple(dict.fromkeys(notes)),
            # What one way of asking would have told may be as new as anything.
            complete_from=self.http.clock() if failures else max(cuts, default=None),
            partial=bool(broken or failures),
        )

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        """One session by its id, from the list: there is no call for a single one."""
        if not _HEX_ID.fullmatch(session_id):
            return None
        now = self.http.clock()
        wanted = Wanted("session_id", session_id, now - _FURTHEST, now)
        rows = (await self.api.sessions(wanted, calls)).rows
        return next((self._session(row, session_id) for row in rows if row.sessionId == session_id), None)

    async def check(self, calls: Calls) -> str:
        """Ask for a person who does not exist, as a lookup does: proves URL, app, key and the identity."""
        way = _Way(self.settings.identity, "casefile-doctor")
        await self.api.sessions(self._wanted(way, self.http.clock()), calls)
        return f"the key may list the app's sessions by {way.property_name}, {await self.api.serving()}"

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
        for row in (await self.api.sessions(wanted, calls)).rows:
            if row.user_id == link.user_id:
                user = self._user(row)
                if user.uid:
                    return Subject(SubjectKind.UID, user.uid, user.uid)
                if user.email:
                    return subject_of_address(user.email)
        return None

    async def others(self, hit: Hit, calls: Calls) -> Spread | None:
        """How many sessions crashed in the last seven days: it counts nothing else."""
        return await count_crashes(self.api, hit, self.http.clock(), calls)

    def _session(self, row: ListedSession, session_id: str) -> Session:
        seen = row.seen
        seconds = to_count(seen.get("durationSec"))
        started = _started(row)
        crashed = to_flag(seen.get("isCrashed"))
        video = read_video(row.video, self.http.clock())
        return Session(
            source=self.name,
            id=session_id,
            url=_LINKS.allow(row.url),
            started_at=started,
            ended_at=end_of(started, None, seconds),
            duration_seconds=seconds,
            user=self._user(row),
            pages=to_count(seen.get("totalScreen")),
            device=_device(row),
            browser=joined(row.deviceBasics.get("browser"), row.deviceBasics.get("browserVersion")),
            os=_system(row),
            country=to_text(row.location.get("countryCode")),
            city=to_text(row.location.get("city")),
            errors=None if crashed is None else int(crashed),
            app_version=to_text(row.device.get("appVersion")) or to_text(row.deviceBasics.get("appVersion")),
            screens=_screens(seen.get("uniqueScreens")),
            crashed=crashed,
            rage_taps=to_count(seen.get("rageGestureCount")),
            video=video.url if video and self.settings.show_video else None,
            video_expires_at=video.ends_at if video and self.settings.show_video else None,
            has_replay=True if video else to_flag(seen.get("hasVideo")),
            network=to_text(seen.get("networkType")),
            recorded_offline=to_flag(seen.get("offlineRecorded")),
            number=row.sessionNumber or to_count(row.user.get("sessionNumber")),
        )

    def _user(self, row: ListedSession) -> SessionUser:
        uid, email = row.of_user(self.settings.identity), row.of_user(_EMAIL_PROPERTY)
        address = email or (uid if uid and "@" in uid else None)
        plan = to_plan(row.user) or to_plan(row.user.get("userProperty"))
        # The vendor's `alias` and `user_name` are invented, so they are not shown as names.
        return SessionUser(
            uid, address.lower() if address else None, row.of_user("name"), plan, url=self._page_of(row)
        )

    def _page_of(self, row: ListedSession) -> str | None:
        """The person's page, on the dashboard that the session's is on (contract, section 4)."""
        host = urlsplit(_LINKS.allow(row.url) or "").netloc
        if not host or not row.user_id or not _HEX_ID.fullmatch(row.user_id):
            return None
        listed = "" if host.startswith("tara.") else "list/1/"
        return f"https://{host}/app/{self.settings.app_id}/users/{listed}{row.user_id}"

    def _crash(self, session: Session) -> ErrorEvent:
        version = f" (version {session.app_version})" if session.app_version else ""
        return ErrorEvent(
            self.name,
            f"The app crashed{version}",
            url=session.url,
            # A crash is the session's end.
            occurred_at=session.ended_at or session.started_at,
            count=1,
            session_id=session.id,
            kind=ErrorKind.CRASH,
        )


def build(name: SourceName, settings: UXCamAccount, client: httpx2.AsyncClient, wiring: Wiring) -> UXCam:
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
    same_user = {row.user_id for row in sure if row.user_id}
    unsaid = [row for row in rows if way.leads_to(row) is None]
    by_user = [row for row in unsaid if row.user_id in same_user]
    return [*sure, *by_user], len(by_user) < len(unsaid)


def _first_seen(rows: Iterable[ListedSession]) -> dict[str, datetime]:
    """When each user had their first session, where it is among the rows, by the vendor's own id."""
    return {
        row.user_id: started
        for row in rows
        if row.sessionNumber == 1 and row.user_id and (started := _started(row)) is not None
    }


def _started(row: ListedSession) -> datetime | None:
    seen = row.seen
    return to_moment(seen.get("verifiedServerTime")) or to_moment(seen.get("uploadedServerTime"))


def _device(row: ListedSession) -> str | None:
    model = to_text(row.device.get("model")) or to_text(row.deviceHardware.get("model"))
    return model or to_text(row.deviceBasics.get("type"))


def _system(row: ListedSession) -> str | None:
    """The platform and its version; `osName` may be an internal name, such as O_MR1 of Android 8.1."""
    version = to_text(row.deviceBasics.get("osVersion")) or to_text(row.device.get("osVersion"))
    platform = to_text(row.deviceHardware.get("platform")) or to_text(row.device.get("platform"))
    if platform is None:
        named = to_text(row.deviceBasics.get("osName"))
        # Its pages have internal names for Android alone.
        platform = "android" if named and _INTERNAL_NAME.fullmatch(named) else named
    return joined(_PLATFORMS.get((platform or "").lower(), platform), version) if platform else None


def _screens(value: Any) -> tuple[str, ...]:
    names = value[:_MOST_SCREENS] if isinstance(value, list) else []
    return tuple(name for screen in names if (name := to_text(screen)))
