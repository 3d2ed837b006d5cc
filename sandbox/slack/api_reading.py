"""The methods that only read: people, channels, messages, files."""

from collections.abc import Callable

from sandbox.slack.arguments import Arguments
from sandbox.slack.errors import ApiError
from sandbox.slack.messages import Json, Message
from sandbox.slack.people import APP, BOT_NAME, SLACKBOT, TEAM, TEAM_DOMAIN, TEAM_NAME
from sandbox.slack.places import Channel
from sandbox.slack.state import State

PAGE = 100
# Members that one call of users.list may ask for; without a limit, more than these are refused.
MOST_MEMBERS = 1_000
CURSOR = "user:"


def auth_test(state: State, _args: Arguments) -> Json:
    """Whose token this is."""
    bot = state.people
    body = {"ok": True, "url": f"https://{TEAM_DOMAIN}.slack.example/", "team": TEAM_NAME}
    return body | {"user": "casefile", "user_id": bot.bot, "bot_id": bot.bot_id} | state.installation


def bots_info(state: State, args: Arguments) -> Json:
    """The bot with a bot id."""
    if args.text("bot") not in ("", state.people.bot_id):
        raise ApiError("bot_not_found")
    bot = {"id": state.people.bot_id, "app_id": APP, "user_id": state.people.bot, "name": BOT_NAME}
    return {"ok": True, "bot": bot | {"deleted": False}}


def users_info(state: State, args: Arguments) -> Json:
    """One account."""
    user = state.users.get(args.needed("user", "user_not_found"))
    if user is None or user.id == SLACKBOT:
        raise ApiError("user_not_found")
    return {"ok": True, "user": user.as_slack(with_email="users:read.email" in state.scopes)}


def users_list(state: State, args: Arguments) -> Json:
    """
    Every account, also deactivated ones, bots and Slackbot, a page at a time.

    The email addresses need a scope of their own, as for one account.
    """
    start, limit = _cursor(args), args.number("limit", 0)
    if limit < 0 or limit > MOST_MEMBERS:
        raise ApiError("invalid_limit")
    accounts = list(state.users.values())
    if start > len(accounts):
        raise ApiError("invalid_cursor")
    if not limit and len(accounts) > MOST_MEMBERS:
        raise ApiError("limit_required")
    end = start + limit if limit else len(accounts)
    with_email = "users:read.email" in state.scopes
    return {
        "ok": True,
        "members": [user.as_slack(with_email=with_email) for user in accounts[start:end]],
        "cache_ts": int(state.clock().timestamp()),
        "response_metadata": {"next_cursor": f"{CURSOR}{end}" if end < len(accounts) else ""},
    }


def _cursor(args: Arguments) -> int:
    """Where a page begins; a cursor that Slack did not give is refused."""
    cursor = args.text("cursor")
    if not cursor:
        return 0
    number = cursor.removeprefix(CURSOR)
    if number == cursor or not number.isdecimal():
        raise ApiError("invalid_cursor")
    return int(number)


def user_groups_list(state: State, _args: Arguments) -> Json:
    """The user groups."""
    groups = [
        {"id": group, "team_id": TEAM, "handle": group.lower(), "user_count": len(members)}
        for group, members in state.user_groups.items()
    ]
    return {"ok": True, "usergroups": groups}


def user_group_users(state: State, args: Arguments) -> Json:
    """The members of a user group."""
    members = state.user_groups.get(args.needed("usergroup", "no_such_subteam"))
    if members is None:
        raise ApiError("no_such_subteam")
    return {"ok": True, "users": sorted(members)}


def conversations_info(state: State, args: Arguments) -> Json:
    """A channel that the bot may see."""
    channel = _visible(state, args)
    require_scope(state, f"{channel.scope_family}:read")
    body = channel.as_slack(state.people.bot)
    if args.flag("include_num_members"):
        body["num_members"] = len(channel.members)
    return {"ok": True, "channel": body}


def conversations_history(state: State, args: Arguments) -> Json:
    """A channel's messages, newest first."""
    channel = _readable(state, args)
    found = [m for m in reversed(state.messages(channel.id)) if _in_span(args)(m)]
    return _page(args, found)


def conversations_replies(state: State, args: Arguments) -> Json:
    """A thread, oldest first, beginning with its first message."""
    channel = _readable(state, args)
    root = state.find(channel.id, args.needed("ts", "thread_not_found"))
    if root is None:
        raise ApiError("thread_not_found")
    replies = [m for m in state.replies(channel.id, root.ts) if _in_span(args)(m)]
    return _page(args, [root, *replies])


def files_info(state: State, args: Arguments) -> Json:
    """The whole of a file that was posted in a channel that the bot is in."""
    file_id = args.needed("file", "file_not_found")
    file, inside = state.files.find(file_id), state.people.bot
    seen = any(inside in state.channels[channel].members for channel in state.files.channels(file_id))
    if file is None or not seen:
        raise ApiError("file_not_found")
    return {"ok": True, "file": file, "comments": [], "response_metadata": {"next_cursor": ""}}


def require_scope(state: State, scope: str) -> None:
    """Refuse the call (ApiError) unless the app was granted this scope."""
    if scope not in state.scopes:
        raise ApiError("missing_scope", needed=scope, provided=",".join(sorted(state.scopes)))


def _visible(state: State, args: Arguments) -> Channel:
    channel = state.channels.get(args.needed("channel", "channel_not_found"))
    if channel is None or not channel.can_see(state.people.bot):
        raise ApiError("channel_not_found")
    return channel


def _readable(state: State, args: Arguments) -> Channel:
    channel = _visible(state, args)
    require_scope(state, f"{channel.scope_family}:history")
    if state.people.bot not in channel.members:
        raise ApiError("not_in_channel")
    return channel


def _in_span(args: Arguments) -> Callable[[Message], bool]:
    oldest, latest = args.text("oldest") or "0", args.text("latest") or "9999999999"
    inclusive = bool(args.flag("inclusive"))

    def inside(message: Message) -> bool:
        ts = float(message.ts)
        if inclusive:
            return float(oldest) <= ts <= float(latest)
        return float(oldest) < ts < float(latest)

    return inside


def _page(args: Arguments, messages: list[Message]) -> Json:
    limit = args.number("limit", PAGE)
    start = args.number("cursor", 0)
    with_metadata = bool(args.flag("include_all_metadata"))
    shown = [m.as_slack(with_metadata=with_metadata) for m in messages[start : start + limit]]
    more = len(messages) > start + limit
    cursor = str(start + limit) if more else ""
    return {
        "ok": True,
        "messages": shown,
        "has_more": more,
        "response_metadata": {"next_cursor": cursor},
    }
