"""The `views.*` methods: modals and the Home tab."""

import json
import secrets
from typing import Any

from sandbox.slack.arguments import Arguments
from sandbox.slack.block_kit import check_view
from sandbox.slack.content import settle, with_block_ids
from sandbox.slack.errors import ApiError
from sandbox.slack.messages import Json
from sandbox.slack.people import APP, TEAM
from sandbox.slack.state import State, View

MOST_VIEWS = 3  # modals on top of each other
VIEW_BYTES = 250_000  # slack.md: view_too_large above 250 kB


def open_view(state: State, args: Arguments) -> Json:
    """Open a modal for the user whose click has the trigger_id."""
    body = _checked(state, args, "views.open", "modal")
    user = state.use_trigger(args.needed("trigger_id", "invalid_trigger_id"))
    return _show(state, View(state.next_id("V"), user, body, secrets.token_hex(6)))


def push_view(state: State, args: Arguments) -> Json:
    """Open a modal on top of the one whose click has the trigger_id."""
    body = _checked(state, args, "views.push", "modal")
    user = state.use_trigger(args.needed("trigger_id", "invalid_trigger_id"))
    under = views_of(state, user)
    if not under:
        raise ApiError("not_found")
    if len(under) >= MOST_VIEWS:
        raise ApiError("push_limit_reached")
    root = under[0].root or under[0].id
    return _show(state, View(state.next_id("V"), user, body, secrets.token_hex(6), root=root))


def update_view(state: State, args: Arguments) -> Json:
    """Change a modal that is open."""
    old = state.views.get(args.needed("view_id", "not_found"))
    if old is None:
        raise ApiError("not_found")
    if args.text("hash") not in ("", old.hash):
        raise ApiError("hash_conflict")
    body = _checked(state, args, "views.update", "modal")
    return _show(state, View(old.id, old.user, body, secrets.token_hex(6), root=old.root))


def publish_view(state: State, args: Arguments) -> Json:
    """Change a user's Home tab; it keeps its id, and a `hash` that is not the latest is refused."""
    if not state.has_home:
        raise ApiError("not_enabled")
    user = args.needed("user_id", "invalid_arguments")
    account = state.users.get(user)
    if account is None or account.deleted or account.is_bot:
        raise ApiError("user_not_found")
    old = state.homes.get(user)
    if args.text("hash") not in ("", old.hash if old else ""):
        raise ApiError("hash_conflict")
    body = _checked(state, args, "views.publish", "home")
    view = View(old.id if old else state.next_id("V"), user, body, secrets.token_hex(6))
    state.homes[user] = view
    state.changes.announce()
    return {"ok": True, "view": as_slack(view, state.people.bot_id)}


def as_slack(view: View, bot_id: str) -> Json:
    """The view object of answers and submissions."""
    kept = {"id": view.id, "team_id": TEAM, "app_id": APP, "bot_id": bot_id, "hash": view.hash}
    defaults = {"private_metadata": "", "callback_id": "", "external_id": "", "state": {"values": {}}}
    return defaults | view.body | kept | {"root_view_id": view.root or view.id}


def views_of(state: State, user: str) -> list[View]:
    """The modals that a user has open, the topmost last."""
    return [view for view in state.views.values() if view.user == user]


def _checked(state: State, args: Arguments, where: str, kind: str) -> Json:
    return checked_view(state, args.values.get("view"), where, kind)


def checked_view(state: State, view: Any, where: str, kind: str) -> Json:
    """A view that an app wants to show, checked, with ids for all its blocks."""
    settle(state, check_view(view), where, "invalid_arguments")
    if view["type"] != kind:
        raise ApiError("invalid_arguments")
    if len(json.dumps(view).encode()) > VIEW_BYTES:
        state.violate(f"{where}: view_too_large")
        raise ApiError("view_too_large")
    return {**view, "blocks": with_block_ids(state, view["blocks"])}


def _show(state: State, view: View) -> Json:
    state.views[view.id] = view
    state.changes.announce()
    return {"ok": True, "view": as_slack(view, state.people.bot_id)}
