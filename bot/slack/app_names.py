"""Which apps the names in TICKETS__APPS mean in this workspace, told to whoever runs the bot."""

from collections.abc import Sequence
from typing import Any

import structlog
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.apps import ids_by_name, is_app_id
from bot.operations.log import log_cautions
from bot.slack.client import SlackAway
from bot.storage.database import StoreAway

# Slack's tier allows 20 of these calls a minute, and advises against asking for 1,000 members at once.
_PAGES, _PER_PAGE = 20, 500
_WHERE = "An app’s id (A…) is in the address of its page in Slack’s list of installed apps."


async def caution_about_names(client: AsyncWebClient, apps: Sequence[str]) -> None:
    """Log which ids are meant by the names among these apps; a failure to find out is a caution too."""
    names = [app for app in apps if not is_app_id(app)]
    if not names:
        return
    try:
        members, are_all = await _members(client)
    except (SlackApiError, SlackAway, StoreAway) as error:
        said = error.response.get("error") if isinstance(error, SlackApiError) else str(error)
        structlog.get_logger("start").warning("start.members_not_read", slack=said)
        log_cautions([f"Which app TICKETS__APPS means by {_listed(names)} could not be found out ({said})."])
        return
    log_cautions(_caution(name, ids, are_all) for name, ids in ids_by_name(names, members).items())


async def _members(client: AsyncWebClient) -> tuple[list[dict[str, Any]], bool]:
    """The workspace's members, and whether these are all of them."""
    found: list[dict[str, Any]] = []
    cursor = ""
    for _page in range(_PAGES):
        answer = await client.users_list(limit=_PER_PAGE, cursor=cursor or None)
        found += (member for member in answer.get("members") or () if isinstance(member, dict))
        cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
        if not cursor:
            return found, True
    return found, False


def _caution(name: str, ids: Sequence[str], are_all: bool) -> str:
    named = f"TICKETS__APPS names {name!r}"
    if len(ids) == 1:
        return f"{named}: here that is the app {ids[0]}. Write {ids[0]} instead of the name."
    if ids:
        return f"{named}: here those are {len(ids)} apps, {', '.join(ids)}. Write the id of the one you mean."
    looked = (
        "no bot of this workspace is called so" if are_all else "no bot among the first members is called so"
    )
    return f"{named}: {looked}, so its id could not be found out. {_WHERE}"


def _listed(names: Sequence[str]) -> str:
    return ", ".join(repr(name) for name in names)
