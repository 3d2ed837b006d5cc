"""One cheap real call to each source and to Slack, and what is wrong where something is."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.domain.links import Configured, read_link
from bot.slack.manifest import declared_domains, needed_scopes, read_manifest, undeclared
from bot.sources.http import CallFailed, Calls
from bot.sources.protocol import Source
from bot.sources.quota import Purpose
from bot.tickets.desks.protocol import Desk

# One address a vendor, of the forms that its contract has.
_SAMPLES = (
    "https://app.fullstory.com/ui/7QX2B/session/5120998877665544321:7719002233445566778",
    "https://app.raygun.com/crashreporting/19abc7x/errors/5544332211",
    "https://app.rybbit.io/1407/user/cust-8841",
    "https://app.uxcam.com/app/65a0000000000000000000aa/sessions/list/1/6730aa11bb22cc33dd44ee55",
)


@dataclass(frozen=True, slots=True)
class Check:
    """What was found out about one thing."""

    name: str
    well: bool
    detail: str


async def check_sources(sources: Sequence[Source]) -> list[Check]:
    """Ask every source for what a lookup needs, cheaply; it counts against its quota like any call."""
    if not sources:
        return [
            Check("sources", well=False, detail="none is configured, for example FULLSTORY__MAIN__API_KEY")
        ]
    return [
        await _check(str(source.name), source, source.http.asking(Purpose.PERSON, await source.account()))
        for source in sources
    ]


async def check_desks(desks: Sequence[Desk]) -> list[Check]:
    """Ask every help desk whose key it is."""
    return [await _check(desk.name, desk, desk.http.asking(Purpose.PERSON)) for desk in desks]


async def _check(name: str, asked: Source | Desk, calls: Calls) -> Check:
    try:
        return Check(name, well=True, detail=await asked.check(calls))
    except CallFailed as failed:
        until = failed.failure.until
        again = f"; again from {until:%Y-%m-%d %H:%M} UTC" if until else ""
        return Check(name, well=False, detail=f"{failed.failure.message}{again}")


def check_links(configured: Configured) -> Check:
    """Try what recognises pasted addresses on one of each vendor; compare the domains that Slack tells of."""
    unread = [url for url in _SAMPLES if read_link(url, configured) is None]
    if unread:
        return Check("links", well=False, detail=f"addresses such as {unread[0]} are not recognised")
    domains = declared_domains(read_manifest())
    hosts = [urlsplit(url).netloc for url in _SAMPLES]
    if missing := undeclared(hosts, domains):
        return Check("links", well=False, detail=f"manifest.yml declares no domain for {', '.join(missing)}")
    own = undeclared(sorted(configured.rybbit_hosts), domains)
    detail = f"addresses of four vendors are recognised, {len(domains)} domains are declared"
    if own:
        detail += f"; for {', '.join(own)} the app needs the manifest that `casefile manifest` prints"
    return Check("links", well=True, detail=detail)


async def check_slack(client: AsyncWebClient, app_client: AsyncWebClient | None) -> list[Check]:
    """
    Ask Slack who we are and what we may, and compare that with what the code needs.

    Args:
        client: with the bot's token.
        app_client: with the app-level token for Socket Mode; None where there is none.

    """
    checks = [await _check_bot(client)]
    if app_client is not None:
        checks.append(await _check_socket_mode(app_client))
    return checks


async def _check_bot(client: AsyncWebClient) -> Check:
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        return Check(
            "slack", well=False, detail=f"Slack does not take SLACK_BOT_TOKEN ({error.response.get('error')})"
        )
    except (aiohttp.ClientError, TimeoutError):
        return Check("slack", well=False, detail="Slack cannot be reached at SLACK_API_URL")
    headers = {name.lower(): value for name, value in answer.headers.items()}
    granted = {scope.strip() for scope in headers.get("x-oauth-scopes", "").split(",")}
    if missing := sorted(needed_scopes() - granted):
        wanted = ", ".join(missing)
        detail = f"scopes are missing: {wanted}; update the app from `casefile manifest` and install it again"
        return Check("slack", well=False, detail=detail)
    return Check("slack", well=True, detail=f"token and all {len(needed_scopes())} scopes are there")


async def _check_socket_mode(client: AsyncWebClient) -> Check:
    try:
        await client.apps_connections_open(app_token=client.token or "")
    except SlackApiError as error:
        code = error.response.get("error")
        detail = f"Slack does not take SLACK_APP_TOKEN ({code}); it needs the scope connections:write"
        return Check("slack socket mode", well=False, detail=detail)
    except (aiohttp.ClientError, TimeoutError):
        return Check("slack socket mode", well=False, detail="Slack cannot be reached at SLACK_API_URL")
    return Check("slack socket mode", well=True, detail="the app-level token opens connections")
