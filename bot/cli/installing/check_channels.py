"""The channels and user groups that the settings name: whether they are there, and the bot is in them."""

from collections.abc import Iterable
from dataclasses import dataclass

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.cli.installing.check import Check, fault, well
from bot.settings.model import Settings

_SCOPES = frozenset({"channels:read", "groups:read"})


async def check_channels(client: AsyncWebClient, settings: Settings, granted: Iterable[str]) -> list[Check]:
    """
    Look at each channel and user group that is named, or at where the bot is.

    Args:
        client: with the bot's token.
        settings: what is named.
        granted: the scopes that the bot has; without those for channels nothing can be said of them.

    """
    if not set(granted) >= _SCOPES:
        return []
    tickets = [await _ticket_channel(client, channel) for channel in settings.tickets.channels]
    if not tickets:
        tickets = [await _anywhere(client)]
    told = settings.watch.channel
    watching = [await _watch_channel(client, told)] if told else []
    access = [await _channel_is_there(client, channel) for channel in settings.access.channels]
    groups = [await _group_is_there(client, group) for group in settings.access.user_groups]
    return [*tickets, *watching, *(check for check in (*access, *groups) if check is not None)]


async def _ticket_channel(client: AsyncWebClient, channel: str) -> Check:
    shared = "no customer is looked up there", "let the tickets be posted in a channel of your own"
    needs = _Needs("ticket channels", "TICKETS__CHANNELS", "so it sees no ticket there", *shared)
    return await _is_in(client, channel, needs)


async def _watch_channel(client: AsyncWebClient, channel: str) -> Check:
    shared = "nothing is told there", "set WATCH__CHANNEL to a channel of your own"
    needs = _Needs(
        "watch channel", "WATCH__CHANNEL", "so it cannot say there what becomes of errors", *shared
    )
    return await _is_in(client, channel, needs)


@dataclass(frozen=True, slots=True)
class _Needs:
    """What a channel is for: the check's name, the setting, and what follows where the bot is not in it."""

    name: str
    setting: str
    outside: str
    shared: str
    mend_shared: str


async def _is_in(client: AsyncWebClient, channel: str, needs: _Needs) -> Check:
    """Whether the bot is in a channel of this workspace alone."""
    name = needs.name
    try:
        there = (await client.conversations_info(channel=channel)).get("channel") or {}
    except SlackApiError as error:
        return fault(name, _unknown(channel, error), _how_to_find(needs.setting, channel))
    called = f"#{there.get('name') or channel}"
    if there.get("is_archived"):
        return fault(name, f"{called} is archived", f"remove {channel} from {needs.setting}")
    if there.get("is_ext_shared"):
        detail = f"{called} is shared with another company, and {needs.shared}"
        return fault(name, detail, needs.mend_shared)
    if not there.get("is_member"):
        detail = f"Casefile is not in {called}, {needs.outside}"
        return fault(name, detail, f"in {called}: /invite @Casefile")
    return well(name, f"Casefile is in {called}")


async def _anywhere(client: AsyncWebClient) -> Check:
    answer = await client.users_conversations(
        types="public_channel,private_channel", exclude_archived=True, limit=100
    )
    names = [f"#{channel.get('name')}" for channel in answer.get("channels") or ()]
    if not names:
        mend = "/invite @Casefile in the channel that your help desk posts tickets into"
        return fault("ticket channels", "Casefile is in no channel, so it sees no ticket", mend)
    return well("ticket channels", f"Casefile is in {', '.join(names[:5])}{' …' if len(names) > 5 else ''}")  # noqa: PLR2004 - as many as are read


async def _channel_is_there(client: AsyncWebClient, channel: str) -> Check | None:
    try:
        await client.conversations_info(channel=channel)
    except SlackApiError as error:
        mend = _how_to_find("ACCESS__CHANNELS", channel)
        return fault("access", f"ACCESS__CHANNELS: {_unknown(channel, error)}", mend)
    return None


async def _group_is_there(client: AsyncWebClient, group: str) -> Check | None:
    try:
        await client.usergroups_users_list(usergroup=group)
    except SlackApiError as error:
        if error.response.get("error") == "missing_scope":
            detail = (
                "ACCESS__USER_GROUPS is set, and the scope usergroups:read was not granted: nobody may ask"
            )
            mend = "install the app again, and leave usergroups:read checked; or unset ACCESS__USER_GROUPS"
            return fault("access", detail, mend)
        detail = f"ACCESS__USER_GROUPS: Slack knows no user group {group} ({error.response.get('error')})"
        mend = "People, User groups, the group, Copy group ID (S…): nobody may ask until it is right"
        return fault("access", detail, mend)
    return None


def _unknown(channel: str, error: SlackApiError) -> str:
    return f"Slack knows no channel {channel}, or the bot may not see it ({error.response.get('error')})"


def _how_to_find(setting: str, channel: str) -> str:
    return (
        f"correct {channel} in {setting}: the id is at the end of the channel's details;"
        " in a private one first /invite @Casefile"
    )
