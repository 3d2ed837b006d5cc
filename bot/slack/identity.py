"""Who the bot is in Slack."""

from collections.abc import Mapping
from dataclasses import dataclass

import stamina
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.settings.errors import SettingsError
from bot.slack.client import SlackAway

_TRIES = 5
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 1.0, 4.0


@dataclass(frozen=True, slots=True)
class Identity:
    """
    The bot's ids, from `auth.test`; `enterprise` is None outside Enterprise Grid.

    `team` is the workspace that installed it; the enterprise itself where that has, as a step for workflows
    needs there.

    `scopes` are those that were granted; None where Slack does not say. `url` is the workspace's own address,
    under which its messages have theirs.
    """

    team: str
    enterprise: str | None
    user: str
    bot: str
    app: str
    scopes: frozenset[str] | None = None
    url: str = "https://slack.com/"

    def lacks(self, scope: str) -> bool:
        """Whether a scope was surely not granted."""
        return self.scopes is not None and scope not in self.scopes


async def identify(client: AsyncWebClient) -> Identity:
    """
    The bot's ids; where Slack cannot be reached it is asked a few times, with growing waits.

    Raises:
        SettingsError: when Slack does not take the token, or cannot be reached.

    """
    try:
        answer = await _auth_test(client)
    except SlackApiError as error:
        code = error.response.get("error")
        raise SettingsError(f"SLACK_BOT_TOKEN: Slack does not take it ({code})") from None
    except SlackAway as away:
        raise SettingsError(f"SLACK_API_URL: Slack cannot be reached there ({away})") from None
    enterprise = answer.get("enterprise_id")
    return Identity(
        str(enterprise if enterprise and answer.get("is_enterprise_install") else answer["team_id"]),
        enterprise,
        str(answer["user_id"]),
        str(answer.get("bot_id") or ""),
        # Newer answers have it; without it our messages are known by bot and user.
        str(answer.get("app_id") or ""),
        _scopes(answer.headers),
        str(answer.get("url") or "https://slack.com/"),
    )


@stamina.retry(
    on=SlackAway,
    attempts=_TRIES,
    timeout=None,
    wait_initial=_FIRST_WAIT_SECONDS,
    wait_max=_LONGEST_WAIT_SECONDS,
)
async def _auth_test(client: AsyncWebClient) -> AsyncSlackResponse:
    return await client.auth_test()


def _scopes(headers: Mapping[str, str]) -> frozenset[str] | None:
    """The granted scopes, which Slack says in a header of each answer."""
    told = next((value for name, value in headers.items() if name.lower() == "x-oauth-scopes"), None)
    return None if told is None else frozenset(scope.strip() for scope in told.split(","))
