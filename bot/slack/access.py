"""
Who may look people up, and where: the one rule for every way of asking.

Members of the installing workspace may; guests only where the setting allows them; nobody from another
company, and nobody in a channel shared with one. The facts come from Slack and are kept for minutes; without
them the answer is no.
"""

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, TypeVar

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.asking import Asker
from bot.operations.tasks import task_group, together
from bot.settings.behaviour import AccessSettings
from bot.storage.memory import Memory

T = TypeVar("T")

# No process has a copy of a fact for longer than this, so that one which has changed is dropped everywhere.
_FACTS_LAST = timedelta(minutes=5)
# So long a channel that was shared is taken for one that is, where the bot cannot look.
_SHARED_LASTS = timedelta(days=90)
_ACCOUNT = "slack"
# Slack's errors for a channel that the bot cannot see: a private one it is not in, direct messages of others.
_UNSEEN = frozenset(
    {"channel_not_found", "missing_scope", "not_in_channel", "method_not_supported_for_channel_type"}
)
# Slack's errors for a person whom it does not know here, as opposed to errors of its own.
_STRANGERS = frozenset({"user_not_found", "user_not_visible"})


@dataclass(frozen=True, slots=True)
class Person:
    """What Slack says about a person; `is_admin` is of the workspace, or its owner."""

    is_member: bool
    is_guest: bool
    is_active: bool
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """What Slack says about a channel; `is_seen` is False where the bot cannot see it."""

    is_seen: bool
    is_shared: bool


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why somebody may not ask: `reason` for logs, `message` for them."""

    reason: str
    message: str


_STRANGER = Refusal("stranger", "Only members of this workspace can look customers up.")
_SHARED = Refusal(
    "shared_channel",
    "This channel is shared with another company, so no customer is looked up here."
    " Ask in a channel of your own workspace.",
)
_GROUPS_UNREADABLE = Refusal(
    "no_user_groups_scope",
    "Looking customers up is for certain user groups here, and Casefile was installed without the permission"
    " to see who is in them (`usergroups:read`). Whoever installed it can grant it: install the app again.",
)
GROUPS_CAUTION = (
    "ACCESS__USER_GROUPS is set, and the scope usergroups:read was not granted: nobody may look customers up."
    " Install the app again and leave usergroups:read checked, or unset ACCESS__USER_GROUPS."
)
"""What whoever runs the bot is warned of where it cannot see who is in the configured groups."""


def judge(
    person: Person, place: Place, channel: str, in_user_group: bool | None, rules: AccessSettings
) -> Refusal | None:
    """
    The reason why a person may not ask in a channel; None where they may.

    Args:
        person: who asks.
        place: the channel.
        channel: its id.
        in_user_group: whether they are in one of the configured groups; None where none is configured.
        rules: the settings.

    """
    if not person.is_active or not person.is_member:
        return _STRANGER
    if person.is_guest and not rules.guests:
        return Refusal("guest", "Guests of this workspace cannot look customers up.")
    if place.is_shared:
        return _SHARED
    if rules.channels and channel not in rules.channels:
        allowed = ", ".join(f"<#{allowed}>" for allowed in rules.channels[:5])
        return Refusal("channel", f"Customers are looked up in {allowed} only.")
    if in_user_group is False:
        return Refusal(
            "user_group", "Looking customers up is for certain user groups here; you are in none of them."
        )
    return None


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    Whether somebody may ask in a channel, and whether the answer may be posted there for all to see.

    `is_admin`: whether they are an admin or owner of the workspace.
    """

    refusal: Refusal | None
    in_public: bool
    is_admin: bool = False


@dataclass(frozen=True, slots=True)
class _Unreadable:
    """Who is in a user group cannot be read: the scope for it was not granted."""


class Access:
    """
    The rule, with its facts from Slack.

    Args:
        client: Slack's Web API.
        rules: the settings.
        memory: keeps facts for all processes, and over a restart.

    """

    def __init__(self, client: AsyncWebClient, rules: AccessSettings, memory: Memory) -> None:
        self._client = client
        self._rules = rules
        self._memory = memory

    async def admit(self, asker: Asker) -> Verdict:
        """
        Whether an asker may ask where they do; what Slack says with the request itself is believed at once.

        Raises:
            SlackApiError, SlackAway: when Slack does not say who that is; then nothing may be answered.

        """
        if asker.is_shared:
            await self._note_shared(asker.channel)
        if asker.is_foreign or asker.is_shared:
            return Verdict(_STRANGER if asker.is_foreign else _SHARED, in_public=False)
        return await self.ask(asker.user, asker.channel, asker.team)

    async def ask(self, user: str, channel: str, team: str) -> Verdict:
        """
        Whether a person may ask in a channel.

        Where the bot cannot see the channel it cannot know who reads it: then only the asker may see the
        answer.

        Args:
            user: id of who asks.
            channel: id of the channel.
            team: id of the workspace that installed the bot.

        Raises:
            SlackApiError, SlackAway: when Slack does not say who that is; then nothing may be answered.

        """
        async with task_group() as group:
            person = group.create_task(self._person(user, team))
            place = group.create_task(self.place(channel))
            in_group = group.create_task(self._in_user_group(user))
        refusal = self._judge(person.result(), place.result(), channel, in_group.result())
        return Verdict(refusal, place.result().is_seen, person.result().is_admin)

    async def ask_alone(self, user: str, team: str) -> Refusal | None:
        """
        Why a person may not ask outside of Slack, where nobody reads along; None where they may.

        Where people are looked up in certain channels alone, they are not there.

        Raises:
            SlackApiError, SlackAway: when Slack does not say who that is; then nothing may be answered.

        """
        async with task_group() as group:
            person = group.create_task(self._person(user, team))
            in_group = group.create_task(self._in_user_group(user))
        nowhere = Place(is_seen=False, is_shared=False)
        return self._judge(person.result(), nowhere, "", in_group.result())

    def _judge(
        self, person: Person, place: Place, channel: str, in_group: "bool | _Unreadable | None"
    ) -> Refusal | None:
        if isinstance(in_group, _Unreadable):
            return judge(person, place, channel, None, self._rules) or _GROUPS_UNREADABLE
        return judge(person, place, channel, in_group, self._rules)

    async def _person(self, user: str, team: str) -> Person:
        async def ask() -> dict[str, Any] | None:
            try:
                return asdict(read_person((await self._client.users_info(user=user)).get("user") or {}, team))
            except SlackApiError as error:
                if error.response.get("error") not in _STRANGERS:
                    raise
                return None

        known = await self._fact(f"user:{user}", ask)
        return Person(**known) if known else Person(is_member=False, is_guest=False, is_active=False)

    async def place(self, channel: str) -> Place:
        """
        What Slack says about a channel.

        Raises:
            SlackApiError, SlackAway: when Slack does not answer.

        """

        async def ask() -> dict[str, Any] | None:
            try:
                answer = await self._client.conversations_info(channel=channel)
            except SlackApiError as error:
                if error.response.get("error") not in _UNSEEN:
                    raise
                # Not kept: if the bot is invited, that must count at once.
                return None
            place = read_place(answer.get("channel") or {})
            if place.is_shared:
                await self._note_shared(channel)
            return asdict(place)

        known = await self._fact(f"channel:{channel}", ask)
        if known is None:
            # Of a channel that the bot does not see any more it is remembered that it was shared.
            was_shared = await self._memory.recall(_ACCOUNT, f"shared:{channel}") is not None
            return Place(is_seen=False, is_shared=was_shared)
        return Place(**known)

    async def _note_shared(self, channel: str) -> None:
        name = f"shared:{channel}"
        if channel and await self._memory.recall(_ACCOUNT, name) is None:
            await self._memory.remember(_ACCOUNT, name, "yes", _SHARED_LASTS)

    def refuses_tickets(self, channel: str) -> bool:
        """Whether the settings let nobody be looked up in a channel."""
        return bool(self._rules.channels) and channel not in self._rules.channels

    async def channel_changed(self, channel: str, *, is_shared: bool | None = None) -> bool:
        """
        Forget what was known of a channel; whether other processes may still know it.

        `is_shared` is what Slack has just said of it, if it did: that holds also when the bot cannot see it.
        """
        if is_shared:
            await self._note_shared(channel)
        elif is_shared is False:
            await self._memory.forget(_ACCOUNT, f"shared:{channel}")
        return await self._forget(f"channel:{channel}")

    async def person_changed(self, user: dict[str, Any], team: str) -> bool:
        """Forget what was known of a person where it is no longer so; whether others may still know it."""
        name = f"user:{user.get('id')}"
        known = await self._memory.recall(_ACCOUNT, name, anew=True)
        now = json.dumps(asdict(read_person(user, team)))
        return known is not None and known != now and await self._forget(name)

    async def _forget(self, name: str) -> bool:
        known = await self._memory.recall(_ACCOUNT, name, anew=True)
        if known is not None:
            await self._memory.forget(_ACCOUNT, name)
        return known is not None

    async def _in_user_group(self, user: str) -> "bool | _Unreadable | None":
        if not self._rules.user_groups:
            return None
        try:
            members = await together(*(self._members(group) for group in self._rules.user_groups))
        except SlackApiError as error:
            if error.response.get("error") != "missing_scope":
                raise
            return _Unreadable()
        return any(user in group for group in members)

    async def _members(self, group: str) -> Sequence[str]:
        async def ask() -> Sequence[str]:
            return list((await self._client.usergroups_users_list(usergroup=group)).get("users") or ())

        return await self._fact(f"group:{group}", ask) or ()

    async def _fact(self, name: str, ask: Callable[[], Awaitable[T | None]]) -> T | None:
        """A fact, from this process, from the database or from Slack; None is not kept."""
        shared = await self._memory.recall(_ACCOUNT, name)
        if shared is not None:
            known: T | None = json.loads(shared)
        elif (known := await ask()) is not None:
            await self._memory.remember(_ACCOUNT, name, json.dumps(known), _FACTS_LAST)
        return known


def read_person(user: dict[str, Any], team: str) -> Person:
    """
    The person in a `user` of `users.info`; on Enterprise Grid they may belong to several workspaces.

    `team` is the id of what installed the bot: a workspace, or a whole enterprise.
    """
    told = user.get("enterprise_user")
    enterprise: dict[str, Any] = told if isinstance(told, dict) else {}
    teams = enterprise.get("teams")
    known = (
        user.get("team_id"),
        enterprise.get("enterprise_id"),
        *(teams if isinstance(teams, list) else ()),
    )
    strange = bool(user.get("is_stranger") or user.get("is_bot"))
    is_member = team in known and not strange
    leads = any(user.get(role) for role in ("is_admin", "is_owner", "is_primary_owner"))
    return Person(
        is_member=is_member,
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_active=not user.get("deleted"),
        is_admin=is_member and leads,
    )


def read_place(channel: dict[str, Any]) -> Place:
    """The channel in a `channel` of `conversations.info`; one that is about to be shared counts as shared."""
    shared = channel.get("is_ext_shared") or channel.get("is_pending_ext_shared")
    return Place(is_seen=True, is_shared=bool(shared or channel.get("pending_connected_team_ids")))
