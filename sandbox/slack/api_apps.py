"""The methods about the app itself: its manifest, the channels that it is in, its blocks' validity."""

from typing import Any

from bot.slack.manifest import read_manifest, with_workflow_step
from sandbox.slack.api_reading import PAGE, require_scope
from sandbox.slack.arguments import Arguments
from sandbox.slack.block_kit import check_blocks
from sandbox.slack.errors import ApiError
from sandbox.slack.messages import Json
from sandbox.slack.people import APP
from sandbox.slack.places import Kind
from sandbox.slack.state import State

# Slack's words for the kinds of conversation (https://docs.slack.dev/reference/methods/users.conversations).
_TYPES = {
    "public_channel": Kind.PUBLIC,
    "private_channel": Kind.PRIVATE,
    "im": Kind.DIRECT,
    "mpim": Kind.GROUP_DIRECT,
}


def validate_blocks(_state: State, args: Arguments) -> Json:
    """Whether blocks are as Slack wants them (https://docs.slack.dev/reference/methods/blocks.validate)."""
    blocks: Any = args.values.get("blocks")
    if not isinstance(blocks, list):
        raise ApiError("invalid_arguments")
    if found := check_blocks(blocks).errors:
        errors = [{"pointer": "", "code": "failed_constraint", "message": message} for message in found]
        raise ApiError("invalid_blocks", errors=errors)
    return {"ok": True}


def export_manifest(state: State, args: Arguments) -> Json:
    """The app's manifest, as it is configured by now."""
    if args.needed("app_id") != APP:
        raise ApiError("invalid_app_id")
    manifest = read_manifest()
    if state.functions:
        manifest = with_workflow_step(manifest) | {"functions": state.functions}
        manifest["settings"] |= state.step_settings
    manifest["features"]["unfurl_domains"] = sorted(state.unfurl_domains)
    manifest["features"]["slash_commands"] = [{"command": command} for command in sorted(state.commands)]
    manifest["oauth_config"]["scopes"]["bot"] = sorted(state.scopes)
    settings = manifest["settings"]
    settings["event_subscriptions"]["bot_events"] = sorted(state.subscribed_events)
    settings["socket_mode_enabled"] = state.socket_mode_enabled
    return {"ok": True, "manifest": manifest}


def own_conversations(state: State, args: Arguments) -> Json:
    """The conversations that the bot is in."""
    kinds = {_TYPES[name] for name in (args.text("types") or "public_channel").split(",") if name in _TYPES}
    for kind in kinds:
        require_scope(state, "channels:read" if kind is Kind.PUBLIC else "groups:read")
    inside = [
        channel.as_slack(state.people.bot)
        for channel in state.channels.values()
        if channel.kind in kinds and state.people.bot in channel.members
        if not (args.flag("exclude_archived") and channel.archived)
    ]
    return {"ok": True, "channels": inside[:PAGE], "response_metadata": {"next_cursor": ""}}
