"""What FullStory's answers hold, in every spelling that its pages and its own clients use."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

from pydantic import AliasChoices, Field, TypeAdapter, model_validator

from bot.domain.addresses import address_value, read_address
from bot.domain.model import SessionUser, Subject, SubjectKind
from bot.sources.json_fields import AnyText, Flag, Id, Moment, Record, to_plan
from bot.sources.safe_links import LinkRule

LINKS = LinkRule(hosts=("fullstory.com",))


class SessionRow(Record):
    """One session of a list; the newer list's pages show neither path nor fields (contract, section 2b)."""

    needed = "id"
    user_id: Id = Field(None, validation_alias=AliasChoices("userId", "user_id"))
    session_id: Id = Field(None, validation_alias=AliasChoices("sessionId", "session_id"))
    created_at: Moment = Field(None, validation_alias=AliasChoices("createdTime", "created_time"))
    url: AnyText = Field(None, validation_alias=AliasChoices("fsUrl", "fs_url"))

    @property
    def id(self) -> str | None:
        """The pair that names the session in addresses and calls; None where half of it is missing."""
        return f"{self.user_id}:{self.session_id}" if self.user_id and self.session_id else None


class User(Record):
    """One record of a user; of the properties that the application gave, the plan alone is kept."""

    needed = "id"
    id: Id = None
    uid: Id = None
    display_name: AnyText = None
    email: AnyText = None
    is_being_deleted: Flag = None
    app_url: AnyText = None
    plan: AnyText = None

    @model_validator(mode="before")
    @classmethod
    def _find_plan(cls, given: Any) -> Any:
        if not isinstance(given, dict) or "properties" not in given:
            return given
        return {**given, "plan": to_plan(given["properties"])}

    def is_called(self, subject: Subject) -> bool:
        """Whether the record has exactly this uid, or this address in whichever spelling."""
        if self.is_being_deleted:
            return False
        if subject.kind is SubjectKind.UID:
            return self.uid == subject.value
        return self.email is not None and address_value(self.email) == subject.value

    @property
    def subject(self) -> Subject | None:
        """What its sessions are listed by: the uid, else the address."""
        if self.uid:
            return Subject(SubjectKind.UID, self.uid, self.uid)
        return read_address(self.email) if self.email else None

    @cached_property
    def person(self) -> SessionUser:
        """The user as other sources know users."""
        email = self.email.lower() if self.email else None
        return SessionUser(self.uid, email, self.display_name, self.plan, url=LINKS.allow(self.app_url))


@dataclass(frozen=True, slots=True)
class Users:
    """The records of users with a name; `more` says that the vendor has more than were read."""

    records: tuple[User, ...]
    more: bool = False

    def joined(self, other: Self) -> "Users":
        """Both, each record once."""
        known = {record.id for record in self.records}
        others = (record for record in other.records if record.id is None or record.id not in known)
        return Users((*self.records, *others), self.more or other.more)


USERS = TypeAdapter(Users)
