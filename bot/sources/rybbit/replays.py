"""The recording of a Rybbit session: rrweb's events, as the vendor's own player gets them."""

from collections.abc import Sequence
from typing import Any

from bot.domain.model import Reason
from bot.sources.http import CallFailed, Calls
from bot.sources.json_fields import at
from bot.sources.rybbit.server import RybbitServer

# rrweb's number for an event that holds the page whole, without which there is nothing to play.
_FULL_SNAPSHOT = 2
_FEWEST_EVENTS = 2
# Milliseconds since 1970: a time beyond is none.
_LATEST_MS = 10**15


async def read_replay(server: RybbitServer, session_id: str, calls: Calls) -> list[dict[str, Any]] | None:
    """
    The events of a session's recording, in the order of their times; None where there is nothing to play.

    Raises:
        CallFailed: when Rybbit cannot be asked or understood.

    """
    try:
        reply = await server.get("replay", calls, {}, session=session_id)
    except CallFailed as failed:
        raise _in_words(failed) from None
    if reply is None or not reply.ok:
        return None
    listed = at(reply.body, "events")
    if not isinstance(listed, list):
        raise calls.unreadable("a recording")
    return playable(listed)


def playable(listed: Sequence[Any]) -> list[dict[str, Any]] | None:
    """What is an event, in the order of their times; None where they hold no page, or nothing happens."""
    events = [one for one in listed if _is_event(one)]
    if len(events) < _FEWEST_EVENTS or not any(one["type"] == _FULL_SNAPSHOT for one in events):
        return None
    return sorted(events, key=_time)


def _in_words(failed: CallFailed) -> CallFailed:
    """The failure; releases of today answer as to an error of their own where they have no such recording."""
    says = failed.failure
    if says.reason is not Reason.VENDOR_ERROR:
        return failed
    return CallFailed(says.reason, f"{says.message}, or has no such recording any more", says.until)


def _is_event(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("type"), int) and _is_time(value.get("timestamp"))


def _is_time(value: Any) -> bool:
    return isinstance(value, int | float) and 0 <= value < _LATEST_MS


def _time(event: dict[str, Any]) -> float:
    return float(event["timestamp"])
