"""The channels of the sandbox: one for each rule about where a bot may read and write."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sandbox.slack.people import OTHER_TEAM, TEAM, People


class Kind(StrEnum):
    """The kinds of conversation."""

    PUBLIC = "public"
    PRIVATE = "private"
    DIRECT = "direct"
    GROUP_DIRECT = "group_direct"


_COMMAND_NAMES = {Kind.PRIVATE: "privategroup", Kind.DIRECT: "directmessage"}
_HISTORY_SCOPES = {
    Kind.PUBLIC: "channels",
    Kind.PRIVATE: "groups",
    Kind.DIRECT: "im",
    Kind.GROUP_DIRECT: "mpim",
}


@dataclass(frozen=True, slots=True)
class Channel:
    """One conversation and who is in it; `pending` while another company has been asked to share it."""

    id: str
    name: str
    kind: Kind
    members: frozenset[str]
    about: str = ""
    archived: bool = False
    shared: bool = False
    pending: bool = False

    @property
    def command_name(self) -> str:
        """The `channel_name` of a slash command; Slack hides the name of a channel that is not public."""
        return _COMMAND_NAMES.get(self.kind, self.name)

    @property
    def scope_family(self) -> str:
        """The word before `:history` and `:read` in the scopes for this kind of channel."""
        return _HISTORY_SCOPES[self.kind]

    def can_see(self, user: str) -> bool:
        """Whether this user may know that the channel exists."""
        return self.kind is Kind.PUBLIC or user in self.members

    def as_slack(self, bot: str) -> dict[str, Any]:
        """The channel object of `conversations.info`, as the bot sees it."""
        channel: dict[str, Any] = {
            "id": self.id,
            "created": 1_700_000_000,
            "is_archived": self.archived,
            "is_im": self.kind is Kind.DIRECT,
            "is_mpim": self.kind is Kind.GROUP_DIRECT,
            "is_org_shared": False,
            "context_team_id": TEAM,
        }
        if self.kind is Kind.DIRECT:
            return channel | {"user": next(iter(self.members - {bot}), bot), "is_shared": False}
        return channel | {
            "name": self.name,
            "name_normalized": self.name,
            "is_channel": True,
            "is_group": False,
            "is_private": self.kind is not Kind.PUBLIC,
            "is_general": self.name == "general",
            "is_member": bot in self.members,
            "is_shared": self.shared,
            "is_ext_shared": self.shared,
            "is_pending_ext_shared": self.pending,
            "shared_team_ids": [TEAM, OTHER_TEAM] if self.shared else [TEAM],
            "creator": next(iter(sorted(self.members)), ""),
            "topic": {"value": "", "creator": "", "last_set": 0},
            "purpose": {"value": self.about, "creator": "", "last_set": 0},
        }


@dataclass(frozen=True, slots=True)
class Places:
    """The ids of all channels, by what each is an example of."""

    support: str = "C0SUPPORT1"
    general: str = "C0GENERAL1"
    random: str = "C0RANDOM01"
    private_with_bot: str = "C0ESCALATE"
    private_without_bot: str = "C0LEADS001"
    shared: str = "C0FABRIKAM"
    archived: str = "C0ARCHIVE1"
    direct_between_people: str = "D0PEOPLE01"
    direct_with_bot: str = "D0CASEFILE"
    group_direct_with_bot: str = "G0CASEFILE"


def every_channel(places: Places, people: People) -> dict[str, Channel]:
    """The channels, by id."""
    staff = frozenset({people.agent, people.colleague, people.admin})
    all_hands = staff | {people.guest}
    bot = {people.bot}
    public, private, direct = Kind.PUBLIC, Kind.PRIVATE, Kind.DIRECT
    desk = all_hands | {people.single_channel_guest} | bot
    both = staff | {people.stranger} | bot
    few = frozenset({people.agent, people.colleague}) | bot
    channels = (
        Channel(places.support, "support", public, desk, "Customers write in, agents answer"),
        Channel(places.general, "general", public, all_hands, "Casefile is not in here"),
        Channel(places.random, "random", public, all_hands | bot, "Anything else"),
        Channel(places.private_with_bot, "escalations", private, staff | bot, "Private, with Casefile"),
        Channel(places.private_without_bot, "team-leads", private, staff, "Private, without Casefile"),
        Channel(places.shared, "with-fabrikam", public, both, "Shared with another company", shared=True),
        Channel(places.archived, "support-2024", public, staff | bot, "Archived", archived=True),
        Channel(places.direct_between_people, "", direct, frozenset({people.agent, people.colleague})),
        Channel(places.direct_with_bot, "", direct, frozenset({people.agent, people.bot})),
        Channel(places.group_direct_with_bot, "mpdm-ana--tom--casefile-1", Kind.GROUP_DIRECT, few),
    )
    return {channel.id: channel for channel in channels}
