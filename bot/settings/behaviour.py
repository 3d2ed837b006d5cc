"""Groups of settings that are no accounts: tickets, who may look people up, what is told, what is kept."""

from typing import Literal

from pydantic import Field

from bot.domain.typed.options import MOST_DAYS
from bot.settings.accounts import SettingsGroup
from bot.settings.values import (
    ChannelId,
    Channels,
    LowerWords,
    Patterns,
    UserGroups,
    Words,
)


class TicketSettings(SettingsGroup):
    """Which messages are tickets, and what is done about them."""

    channels: Channels = Field((), description="only in these channels; unset: every channel the bot is in")
    apps: Words = Field(
        (), description="ids of apps or bots whose messages are tickets; unset: by a ticket's signs"
    )
    offer: Literal["button", "silent"] = Field(
        "button", description="where no address can be trusted: `button` to look somebody up, or `silent`"
    )
    when_empty: Literal["silent", "line"] = Field(
        "silent", description="where the requester has no session: `silent`, or a `line` that says so"
    )
    digest_above: int = Field(0, ge=0, description="above so many an hour in a channel: listed; 0: never")
    internal_domains: LowerWords = Field((), description="own domains, never looked up from tickets")
    ignored_addresses: LowerWords = Field((), description="addresses never looked up from tickets")
    requester_labels: Words = Field((), description="more labels beside which a requester stands")
    uid_patterns: Patterns = Field(
        (), description="JSON list of regular expressions that find a uid in a ticket, one group each"
    )


class AccessSettings(SettingsGroup):
    """Who may look people up."""

    channels: Channels = Field((), description="only in these channels; unset: any")
    user_groups: UserGroups = Field(
        (), description="only members of these user groups (S…); unset: any member"
    )
    guests: bool = Field(False, description="whether guests of the workspace may ask")
    shared_tokens: bool = Field(
        False, description="whether tokens that are nobody’s own may ask though channels or groups are set"
    )
    per_person_minute: int = Field(
        10, ge=1, description="requests a minute of one person, in one process; a fifth of them run at once"
    )
    per_person_quota_share: float = Field(
        0.5, gt=0, le=1, description="part of a small quota (Raygun's 50 calls) that one person may take"
    )

    @property
    def shared_tokens_refused(self) -> Literal["channel", "user_group"] | None:
        """Why whoever has a token of nobody's own may not ask; None where they may."""
        if self.shared_tokens or not (self.channels or self.user_groups):
            return None
        return "channel" if self.channels else "user_group"

    @property
    def at_once(self) -> int:
        """How many of one person's requests run at once; the others wait for their turn."""
        return max(2, self.per_person_minute // 5)


class WatchSettings(SettingsGroup):
    """What threads are told after their answer."""

    days: int = Field(
        7, ge=0, le=90, description="how long a ticket’s thread is told what becomes of its errors; 0: not"
    )
    channel: ChannelId | None = Field(
        None, description="also told how many open tickets have an error, and what becomes of it"
    )


class HelpdeskSettings(SettingsGroup):
    """What is written into the help desk."""

    notes: bool = Field(
        False, description="whether a ticket may get an internal note: the visit and the newest error"
    )
    automatic: bool = Field(
        False, description="whether such a note is written by itself, without a press of *Note in ticket*"
    )


class AuditSettings(SettingsGroup):
    """What the audit trail says."""

    subjects: Literal["sealed", "hash"] = Field(
        "sealed", description="who was looked up: `sealed`, or as a keyed `hash` alone, which names nobody"
    )


class LookupSettings(SettingsGroup):
    """How far back a lookup goes, how long it waits, how much it shows."""

    days: int = Field(30, ge=1, le=MOST_DAYS, description="how many days back a lookup goes")
    deadline_seconds: float = Field(8, gt=0, le=60, description="how long a source is waited for")
    shown: int = Field(5, ge=1, le=20, description="visits shown at first; More visits shows 20")


class RetentionSettings(SettingsGroup):
    """How long things are kept."""

    cache_hours: int = Field(24, ge=1, description="answers of vendors, at most")
    index_days: int = Field(7, ge=1, description="Raygun's sessions and the errors that it pushed")
    audit_days: int = Field(90, ge=1, description="the audit trail: who looked whom up")
    job_days: int = Field(7, ge=1, description="finished jobs")
