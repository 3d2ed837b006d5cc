"""The ways in: one file for each kind of Slack request."""

import logging

from slack_bolt.async_app import AsyncApp
from slack_bolt.authorization import AuthorizeResult

from bot.slack.client import make_slack_client
from handlers import buttons, changes, commands, home, links, mentions, messages, modals, shortcuts
from handlers.inbound import Inbound
from handlers.shapes import answer_error


def build_bolt(inbound: Inbound) -> AsyncApp:
    """
    Bolt with all our handlers.

    `process_before_response` because Bolt's default mode polls for the acknowledgement every 10 ms, and an
    `authorize` of our own because Bolt's would call Slack inside the first acknowledgement.
    """
    settings, identity = inbound.settings, inbound.identity
    secret = settings.slack_signing_secret

    async def authorize() -> AuthorizeResult:
        return AuthorizeResult(
            enterprise_id=identity.enterprise,
            team_id=identity.team,
            bot_id=identity.bot,
            bot_user_id=identity.user,
            bot_token=inbound.slack.token,
        )

    bolt = AsyncApp(
        name="casefile",
        client=make_slack_client(None, settings.slack_api_url, inbound.session),
        # Over Socket Mode nothing is signed, and Bolt asks for no signature there.
        signing_secret=secret.get_secret_value() if secret else "",
        process_before_response=True,
        authorize=authorize,
        logger=logging.getLogger("slack_bolt"),
    )
    buttons.check_values(bolt, inbound)
    # Bolt tries them in this order, and each costs a few microseconds.
    for way_in in (commands, messages, buttons, mentions, links, shortcuts, modals, home, changes):
        way_in.register(bolt, inbound)
    bolt.error(answer_error)
    return bolt
