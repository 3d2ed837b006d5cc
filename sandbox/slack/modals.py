"""Modals: pressing their buttons, submitting and closing them, and the app's answers to that."""

import secrets
from collections.abc import Mapping
from typing import Any

from sandbox.slack import payloads
from sandbox.slack.api_views import MOST_VIEWS, checked_view, views_of
from sandbox.slack.clicks import find_in_view
from sandbox.slack.delivery import Courier, Kind
from sandbox.slack.errors import ApiError
from sandbox.slack.interactions import error_of
from sandbox.slack.outcome import Outcome
from sandbox.slack.state import State, View
from sandbox.slack.view_fields import complaints, input_blocks, state_values

Given = Mapping[str, Any]


async def submit(state: State, courier: Courier, view_id: str, given: Given) -> Outcome:
    """Press a modal's submit button, and do what the app answers; without an answer it closes."""
    view = state.views[view_id]
    if "submit" not in view.body:
        raise LookupError("this modal has no submit button")
    values = state_values(view.body, given)
    if wrong := complaints(view.body, values):
        _show_errors(state, view, wrong)
        return Outcome({}, error="invalid_input")
    payload = payloads.view_submission(state, view, state.users[view.user], values)
    delivery = await courier.deliver(Kind.INTERACTION, payload)
    error = error_of(delivery)
    if error is None:
        try:
            _answer(state, view, delivery.body)
        except ApiError as refused:
            error = refused.error
    return Outcome(payload, delivery, error)


async def press(
    state: State,
    courier: Courier,
    view_id: str,
    click: tuple[str, str | None, str | None],
    given: Given,
) -> Outcome:
    """Click an element of a modal; `click` is action id, block id and chosen option."""
    view = state.views[view_id]
    action_id, block_id, option = click
    found = find_in_view(view.body, action_id, block_id)
    values = state_values(view.body, given)
    user = state.users[view.user]
    payload = payloads.view_actions(state, view, user, found.action(option), values)
    delivery = await courier.deliver(Kind.INTERACTION, payload)
    return Outcome(payload, delivery, error_of(delivery))


async def close(state: State, courier: Courier, view_id: str) -> Outcome:
    """Press a modal's close button; the app gets an event if it asked for one."""
    view = state.views.pop(view_id)
    state.changes.announce()
    if not view.body.get("notify_on_close"):
        return Outcome({})
    payload = payloads.view_closed(state, view, state.users[view.user])
    delivery = await courier.deliver(Kind.INTERACTION, payload)
    return Outcome(payload, delivery, error_of(delivery))


def _answer(state: State, view: View, body: Any) -> None:
    if not body:
        state.views.pop(view.id, None)
        state.changes.announce()
        return
    action = body.get("response_action") if isinstance(body, dict) else None
    if action == "errors":
        _take_errors(state, view, body.get("errors"))
    elif action == "clear":
        for other in views_of(state, view.user):
            state.views.pop(other.id)
        state.changes.announce()
    elif action in ("update", "push"):
        _show_next(state, view, body.get("view"), push=action == "push")
    else:
        state.violate(f"view_submission: unknown response_action {action!r}")
        raise ApiError("invalid_response_action")


def _take_errors(state: State, view: View, errors: Any) -> None:
    # Where an error belongs to no input block, Slack's client shows a general error.
    known = input_blocks(view.body)
    if not isinstance(errors, dict) or not errors or not known.issuperset(errors):
        state.violate(f"view_submission: errors for {errors!r}, while the inputs are {sorted(known)}")
        raise ApiError("invalid_errors")
    _show_errors(state, view, {block: str(words) for block, words in errors.items()})


def _show_errors(state: State, view: View, errors: dict[str, str]) -> None:
    state.views[view.id] = View(view.id, view.user, view.body, view.hash, errors, view.root)
    state.changes.announce()


def _show_next(state: State, view: View, given: Any, *, push: bool) -> None:
    body = checked_view(state, given, "response_action", "modal")
    if push and len(views_of(state, view.user)) >= MOST_VIEWS:
        state.violate("response_action: push_limit_reached")
        raise ApiError("push_limit_reached")
    view_id, root = (state.next_id("V"), view.root or view.id) if push else (view.id, view.root)
    state.views[view_id] = View(view_id, view.user, body, secrets.token_hex(6), root=root)
    state.changes.announce()
