"""`casefile doctor`."""

import json

import aiohttp

from bot.app import open_engine
from bot.cli.arguments import AsJson
from bot.cli.installing.doctor import Check, check_desks, check_links, check_slack, check_sources
from bot.cli.running import run_once
from bot.cli.terminal import NOT_WELL, OK
from bot.settings.model import Settings
from bot.slack.client import make_slack_client, open_slack_session


def doctor(*, as_json: AsJson = False) -> int:
    """Print a line for each thing that was tried; the exit status, which says whether all is well."""
    return run_once(lambda settings: _examine(settings, as_json=as_json))


async def _examine(settings: Settings, *, as_json: bool) -> int:
    async with open_engine(settings) as engine, open_slack_session() as session:
        checks = await check_sources(engine.sources) + await check_desks(engine.desks.all)
        checks.append(check_links(settings.links))
        checks += await _check_slack(settings, session)
    if as_json:
        rows = [{"name": check.name, "ok": check.well, "detail": check.detail} for check in checks]
        print(json.dumps({"ok": all(check.well for check in checks), "checks": rows}, indent=1))
    else:
        for check in checks:
            print(f"{'ok  ' if check.well else 'FAIL'}  {check.name}: {check.detail}")
    return OK if all(check.well for check in checks) else NOT_WELL


async def _check_slack(settings: Settings, session: aiohttp.ClientSession) -> list[Check]:
    if settings.slack_bot_token is None:
        return [Check("slack", well=False, detail="SLACK_BOT_TOKEN is not set")]
    client = make_slack_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, session)
    app_token = settings.slack_app_token
    app_client = (
        make_slack_client(app_token.get_secret_value(), settings.slack_api_url, session)
        if app_token
        else None
    )
    return await check_slack(client, app_client)
