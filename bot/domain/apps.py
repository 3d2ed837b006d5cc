"""Ids of Slack's apps and bots, as against their names, which anybody may choose."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

_ID = re.compile(r"[AB][A-Z0-9]{4,}")


def is_app_id(word: str) -> bool:
    """Whether a word is an app's or a bot's id, such as `A0ZENDESK01`."""
    return _ID.fullmatch(word) is not None


def ids_by_name(names: Iterable[str], members: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, ...]]:
    """
    Which apps' ids a workspace has under each of these names; several, where several apps are called so.

    Args:
        names: as they were configured; ids among them are left out.
        members: of the workspace, as Slack's `users.list` tells of them.

    """
    found: dict[str, dict[str, None]] = {name: {} for name in names if not is_app_id(name)}
    for member in members:
        profile = member.get("profile")
        if not member.get("is_bot") or member.get("deleted") or not isinstance(profile, Mapping):
            continue
        called = {str(word).casefold() for word in (profile.get("real_name"), member.get("name")) if word}
        app = profile.get("api_app_id") or profile.get("bot_id")
        for name, ids in found.items():
            if name.casefold() in called and isinstance(app, str):
                ids[app] = None
    return {name: tuple(ids) for name, ids in found.items()}
