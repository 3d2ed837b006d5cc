"""Rybbit's rows, and the sessions and people made of them."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field

from bot.domain.model import Session, SessionUser, SourceName, UrlIs
from bot.settings.accounts import RybbitAccount
from bot.sources.http import Calls, Reply, segment
from bot.sources.json_fields import (
    AnyText,
    Count,
    Flag,
    Id,
    Moment,
    Page,
    Part,
    Record,
    at,
    joined,
    to_text,
)
from bot.sources.safe_links import LinkRule

# A session whose last event is younger than this may still be running; the server does not say.
_MAYBE_LIVE = timedelta(minutes=5)


class Visitor(Record):
    """A user of the site, as the lists of users have them."""

    identified_user_id: Id = None
    traits: Part = Field(default_factory=dict)
    last_seen: Moment = None


class Row(Visitor):
    """A session, as the lists of sessions have it."""

    needed = "session_id"
    session_id: Id = None
    user_id: Id = None
    session_start: Moment = None
    session_end: Moment = None
    session_duration: Count = None
    pageviews: Count = None
    errors: Count = None
    entry_page: Page = None
    exit_page: Page = None
    device_type: AnyText = None
    browser: AnyText = None
    browser_version: AnyText = None
    operating_system: AnyText = None
    operating_system_version: AnyText = None
    country: AnyText = None
    region: AnyText = None
    city: AnyText = None
    channel: AnyText = None
    referrer: AnyText = None
    utm_campaign: AnyText = None
    has_replay: Flag = None


@dataclass(frozen=True, slots=True)
class Describer:
    """Makes sessions of rows; `site` is the site's number, which links need."""

    name: SourceName
    settings: RybbitAccount
    site: str
    now: datetime

    def session(self, row: Row, uid: str) -> Session | None:
        """The session that a row tells of; None without an id."""
        if row.session_id is None:
            return None
        over = row.session_end is not None and self.now - row.session_end > _MAYBE_LIVE
        return Session(
            source=self.name,
            id=row.session_id,
            url=self.person_link(uid),
            url_is=UrlIs.PERSON,
            started_at=row.session_start,
            ended_at=row.session_end,
            duration_seconds=row.session_duration,
            live=False if over else None,
            user=self._user(row),
            pages=row.pageviews,
            entry_page=row.entry_page,
            exit_page=row.exit_page,
            device=row.device_type,
            browser=joined(row.browser, row.browser_version),
            os=joined(row.operating_system, row.operating_system_version),
            country=row.country,
            city=_place(row),
            errors=row.errors,
            channel=row.channel,
            has_replay=row.has_replay,
            referrer=_host(row.referrer),
            campaign=row.utm_campaign,
        )

    def person_link(self, uid: str) -> str | None:
        """The URL of the person's page: Rybbit has none for a single session."""
        base = self.settings.web_url or self.settings.base_url
        return LinkRule(origins=(base,)).allow(f"{base}/{self.site}/user/{segment(uid)}") if uid else None

    def _user(self, row: Row) -> SessionUser:
        email = to_text(row.traits.get("email"))
        return SessionUser(
            uid=row.identified_user_id,
            email=email.lower() if email else None,
            name=to_text(row.traits.get("name")) or to_text(row.traits.get("username")),
            plan=to_text(row.traits.get("plan")),
            url=self.person_link(row.identified_user_id or ""),
        )


def read_list(rows: Any, record: type[Any], calls: Calls) -> list[Any]:
    """
    The records of a list.

    Raises:
        CallFailed: where it is no list.

    """
    records = calls.records(rows, record)
    if records is None:
        raise calls.unreadable("a list")
    return records


def rows_of(reply: Reply | None) -> Any:
    """The rows of a reply; where `page` was asked for they are one level deeper."""
    data = at(reply.body, "data") if reply and reply.ok else None
    return at(data, "data") if isinstance(data, dict) else data


def window(since: datetime, now: datetime) -> dict[str, str]:
    """
    The span as parameters, in whole days; without the zone old servers answer with all days.

    The server cuts visits off at the span's beginning, and its clock may be in another zone: so a day more is
    asked for at both ends, and the rows' own times are compared.
    """
    day = timedelta(days=1)
    return {
        "start_date": f"{since - day:%Y-%m-%d}",
        "end_date": f"{now + day:%Y-%m-%d}",
        "time_zone": "UTC",
    }


def _place(row: Row) -> str | None:
    """The city, with the part of the country where the server has one, such as `Kassel, HE`."""
    region = (row.region or "").rpartition("-")[2]
    named = region if region.isalpha() else None
    return ", ".join(part for part in (row.city, named) if part) or None


def _host(referrer: str | None) -> str | None:
    """The host that led to the site; the address itself may hold what somebody searched for."""
    if referrer is None:
        return None
    try:
        return urlsplit(referrer if "//" in referrer else f"//{referrer}").hostname
    except ValueError:
        return None
