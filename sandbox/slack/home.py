"""The app's Home tab: opening it, and using what stands on it."""

from typing import TYPE_CHECKING

from sandbox.slack import payloads
from sandbox.slack.api_views import as_slack
from sandbox.slack.clicks import find_in_view
from sandbox.slack.delivery import Courier, Kind
from sandbox.slack.interactions import error_of
from sandbox.slack.modals import Given
from sandbox.slack.outcome import Outcome
from sandbox.slack.state import State
from sandbox.slack.telling import Teller
from sandbox.slack.view_fields import state_values

if TYPE_CHECKING:
    from sandbox.slack.messages import Json


async def open_home(state: State, teller: Teller, user: str, tab: str) -> Outcome:
    """
    Open the app's conversation at one of its tabs (`home` or `messages`).

    The app gets `app_home_opened` each time, where it has subscribed to it, with the Home tab that it last
    published; a direct conversation with the person comes into being with the first visit.
    """
    channel = state.open_direct(user)
    event: Json = {"type": "app_home_opened", "user": user, "channel": channel, "tab": tab}
    event["event_ts"] = state.next_ts()
    home = state.homes.get(user)
    if home is not None and tab == "home":
        event["view"] = as_slack(home, state.people.bot_id)
    if "app_home_opened" not in state.subscribed_events:
        return Outcome(event)
    delivery = await teller.send(event, shared=False)
    return Outcome(delivery.payload, delivery, delivery.error)


async def press(
    state: State,
    courier: Courier,
    user: str,
    click: tuple[str, str | None, str | list[str] | None],
    given: Given,
) -> Outcome:
    """Use an element of somebody's Home tab; `click` is action id, block id and what was chosen or typed."""
    view = state.homes[user]
    action_id, block_id, option = click
    found = find_in_view(view.body, action_id, block_id)
    values = state_values(view.body, given)
    payload = payloads.view_actions(state, view, state.users[user], found.action(option), values)
    delivery = await courier.deliver(Kind.INTERACTION, payload)
    return Outcome(payload, delivery, error_of(delivery))
