"""The options of menus that the app fills while somebody types into them."""

from typing import Any

from sandbox.slack import payloads
from sandbox.slack.delivery import Courier, Kind
from sandbox.slack.messages import Json
from sandbox.slack.state import State


async def suggest(
    state: State, courier: Courier, user: str, field: tuple[str, str], typed: str
) -> list[Json]:
    """The options that the app suggests; `field` is the menu's action id and block id."""
    action_id, block_id = field
    payload = payloads.block_suggestion(state, state.users[user], action_id, block_id, typed)
    delivery = await courier.deliver(Kind.INTERACTION, payload)
    body: Any = delivery.body if isinstance(delivery.body, dict) else {}
    groups = body.get("option_groups") or [body]
    return [option for group in groups for option in group.get("options", ())]
