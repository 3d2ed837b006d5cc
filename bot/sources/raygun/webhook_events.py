"""
Raygun's webhooks (`contracts/raygun_crash.md`, part A): an error that hit somebody, or what was done then.

They are not signed, and no field is certain to be there: one that is missing or of another type is None. An
event of an unknown kind is read too.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from bot.domain.addresses import LONGEST_SUBJECT, read_address
from bot.domain.model import Subject, SubjectKind
from bot.sources.json_fields import at, to_count, to_id, to_moment, to_text
from bot.sources.safe_links import LinkRule

# Raygun's present host and its older one; both occur.
RAYGUN_LINKS = LinkRule(hosts=("raygun.com", "raygun.io"))
OCCURRED = frozenset({"NewErrorOccurred", "ErrorReoccurred"})
FOLLOW_UPS = frozenset(
    {"OneMinuteFollowUp", "FiveMinuteFollowUp", "TenMinuteFollowUp", "ThirtyMinuteFollowUp", "HourlyFollowUp"}
)
ACTIVITIES = frozenset({"StatusChanged", "AssignedToUser", "CommentAdded"})
KNOWN = OCCURRED | FOLLOW_UPS | ACTIVITIES
# Characters of what people wrote that are kept.
_LONGEST_NAME = 60
_LONGEST_COMMENT = 100


@dataclass(frozen=True, slots=True)
class RaygunEvent:
    """
    One webhook.

    `group` is what all events of one error have in common: its URL, else its title. `total` is how often it
    has hit all users, `users` how many these are, and `first_at` when it hit the first. `remark` is what
    somebody did about it, in words; it replaces an earlier remark of the same `remark_kind`. `people` are all
    names of the affected person. `status` is the error's new one, in lower case; `who` set it, or is whom the
    error was assigned to.
    """

    kind: str
    group: str
    title: str | None
    url: str | None
    at: datetime | None
    total: int | None
    people: tuple[Subject, ...] = ()
    remark_kind: str | None = None
    remark: str | None = None
    users: int | None = None
    first_at: datetime | None = None
    status: str | None = None
    who: str | None = None

    @property
    def group_id(self) -> str | None:
        """The error group's number, as in the legacy API; None where the URL does not end in it."""
        last = (self.url or "").partition("?")[0].partition("#")[0].rstrip("/").rpartition("/")
        return last[2] if last[0].endswith("/errors") and last[2] else None


class Change(StrEnum):
    """What became of an error."""

    STATUS = "status"
    ASSIGNED = "assigned"
    # It occurred again after somebody had set its status.
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class ErrorNews:
    """
    What a webhook tells that was not known before: what became of an error, or that it hit somebody.

    `account` is the source's name; `id` is the error group's number. `change` is None where nothing became of
    the error, and `key` is what this change of this error is known by. `people` are all names of the person
    whom it hit, none where it hit nobody.
    """

    account: str
    title: str | None
    url: str | None
    id: str | None
    change: Change | None = None
    status: str | None = None
    who: str | None = None
    at: datetime | None = None
    people: tuple[Subject, ...] = ()
    key: str = ""


def read_event(body: Any) -> RaygunEvent | None:
    """The event in a webhook's body; None where it names no error."""
    error = at(body, "error")
    if not isinstance(error, dict):
        return None
    url, title = RAYGUN_LINKS.allow(to_text(error.get("url"))), to_text(error.get("message"))
    group = url or to_text(error.get("url")) or title
    if group is None:
        return None
    kind = to_text(at(body, "eventType")) or ""
    remark_kind, remark = _remark(kind, error)
    status, assigned = error.get("status"), error.get("assignedTo")
    return RaygunEvent(
        kind=kind if kind in KNOWN else "unknown",
        group=group,
        title=title,
        url=url,
        at=to_moment(error.get("lastOccurredOn")) or to_moment(error.get("activityDate")),
        total=to_count(error.get("totalOccurrences")),
        people=_people(at(error, "instance", "affectedUser")) if kind not in FOLLOW_UPS | ACTIVITIES else (),
        remark_kind=remark_kind,
        remark=remark,
        users=to_count(error.get("usersAffected")) or None,
        first_at=to_moment(error.get("firstOccurredOn")),
        status=(_short(status, _LONGEST_NAME) or "").lower() or None if remark_kind == "status" else None,
        who=_short(assigned if remark_kind == "assignment" else error.get("user"), _LONGEST_NAME),
    )


def _remark(kind: str, error: dict[str, Any]) -> tuple[str | None, str | None]:
    """What somebody did about an error: the kind of remark and its words; None twice for other events."""
    by = f" by {who}" if (who := _short(error.get("user"), _LONGEST_NAME)) else ""
    if kind == "StatusChanged" and (status := _short(error.get("status"), _LONGEST_NAME)):
        return "status", f"{status.lower()}{by}"
    if kind == "AssignedToUser" and (to := _short(error.get("assignedTo"), _LONGEST_NAME)):
        return "assignment", f"assigned to {to}"
    if kind == "CommentAdded":
        said = _short(error.get("comment"), _LONGEST_COMMENT)
        return "comment", f"comment{by}: {said}" if said else f"commented{by}"
    return None, None


def _short(value: Any, most: int) -> str | None:
    text = to_text(value)
    return text if text is None or len(text) <= most else f"{text[: most - 1]}…"


def _people(user: Any) -> tuple[Subject, ...]:
    """
    The affected person's names: the app's own identifier (a uid or an address), email and UUID.

    Of somebody anonymous, identifier and UUID are the device's, which others may use too.
    """
    if not isinstance(user, dict):
        return ()
    # Raygun writes these names in PascalCase; they are read without regard to capitals.
    named = {str(name).lower(): value for name, value in user.items()}
    found: dict[tuple[str, str], Subject] = {}
    anonymous = str(named.get("isanonymous")).lower() in ("true", "1")
    for name in ("email", "emailaddress") if anonymous else ("identifier", "email", "emailaddress", "uuid"):
        value = to_id(named.get(name))
        if value is None or not value.strip() or len(value) > LONGEST_SUBJECT:
            continue
        address = read_address(value.strip()) if "@" in value else None
        subject = address or Subject(SubjectKind.UID, value, value)
        if address is not None or not name.startswith("email"):
            found[subject.kind, subject.value] = subject
    return tuple(found.values())


def canonical(body: Any) -> str:
    """The body as JSON in one spelling, so that two deliveries of one event are equal."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"))
