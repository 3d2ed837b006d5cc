"""In which channels tickets are answered."""

import structlog
from slack_sdk.errors import SlackApiError

from bot.slack.access import Access
from bot.tickets.switches import Switches


async def why_not_in(access: Access, switches: Switches, channel: str) -> str | None:
    """
    Why tickets in a channel are not answered; None where they are.

    Raises:
        SlackAway: when Slack cannot be asked about the channel.

    """
    try:
        place = await access.place(channel)
    except SlackApiError as error:
        structlog.get_logger("tickets").warning("access.unknown", slack=error.response.get("error"))
        return "unsure"
    if place.is_shared:
        return "shared_channel"
    if not place.is_seen:
        return "not_seen"
    if access.refuses_tickets(channel):
        return "channel"
    return "muted" if await switches.is_muted(channel) else None
