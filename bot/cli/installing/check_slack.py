"""What Slack says of the app: who it is, what it may, how it is reached, what its manifest has by now."""

import json
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.answers.case_file_message import View, together
from bot.cli.installing.check import Check, fault, well
from bot.cli.installing.check_channels import check_channels
from bot.domain.model import CaseFile, Finding, Session, SourceName, State, Subject, SubjectKind
from bot.settings.model import Settings
from bot.slack.client import make_slack_client
from bot.slack.manifest import (
    EVENT_SCOPES,
    OPTIONAL_SCOPES,
    STEP,
    STEP_EVENT,
    declared_domains,
    needed_scopes,
    read_manifest,
    with_domains,
    with_workflow_step,
)
from bot.sources.registry import linked_hosts

_APPS = "https://api.slack.com/apps"
# Slack refuses signed requests that are older than five minutes by our clock.
_MOST_APART = timedelta(minutes=1)
_AWAY = (aiohttp.ClientError, TimeoutError)


@dataclass(frozen=True, slots=True)
class App:
    """The app as Slack knows it; `id` is empty where Slack does not tell it."""

    id: str
    bot: str

    def page(self, name: str) -> str:
        """The address of one of its pages of settings."""
        return f"{_APPS}/{self.id}/{name}" if self.id else f"{_APPS}, your app"


async def check_slack(settings: Settings, session: aiohttp.ClientSession, now: datetime) -> list[Check]:
    """
    Ask Slack who we are and what we may, and compare that with what the code needs.

    Args:
        settings: which tokens there are, which transport, which channels.
        session: the connections to Slack.
        now: this machine's time.

    """
    if settings.slack_bot_token is None:
        return []
    client = make_slack_client(settings.slack_bot_token.get_secret_value(), settings.slack_api_url, session)
    try:
        return [check async for check in _all(client, settings, session, now)]
    except _AWAY:
        return [_unreachable(settings.slack_api_url)]
    except SlackApiError as error:
        # Slack's own failure: what a check expects, it reads itself.
        return [_not_working(error)]


async def _all(
    client: AsyncWebClient, settings: Settings, session: aiohttp.ClientSession, now: datetime
) -> AsyncIterator[Check]:
    try:
        answer = await client.auth_test()
    except SlackApiError as error:
        yield _refused(error)
        return
    app = App(await _app_id(client, answer), str(answer.get("user_id")))
    granted = {scope.strip() for scope in _header(answer, "x-oauth-scopes").split(",")}
    yield _scopes(granted, app)
    yield _clock(_header(answer, "date"), now)
    if settings.slack_app_token is not None:
        token = settings.slack_app_token.get_secret_value()
        yield await _socket_mode(make_slack_client(token, settings.slack_api_url, session), app)
    elif settings.slack_signing_secret is not None:
        yield well("slack transport", "signed HTTP: whether the secret is right shows with the first request")
    if settings.slack_config_token is not None:
        token = settings.slack_config_token.get_secret_value()
        config_client = make_slack_client(token, settings.slack_api_url, session)
        for check in await _manifest(config_client, app, settings):
            yield check
    else:
        yield well(
            "slack manifest",
            "not compared: Slack shows an app's events and domains to a configuration token alone"
            f" ({_APPS}, Your App Configuration Tokens); set SLACK_CONFIG_TOKEN for one run of this",
        )
    yield await _blocks(client, now)
    for check in await check_channels(client, settings, granted):
        yield check


def _header(answer: AsyncSlackResponse, name: str) -> str:
    return str({key.lower(): value for key, value in answer.headers.items()}.get(name, ""))


async def _app_id(client: AsyncWebClient, answer: AsyncSlackResponse) -> str:
    if known := answer.get("app_id"):
        return str(known)
    try:
        bot = (await client.bots_info(bot=str(answer.get("bot_id")))).get("bot") or {}
    except SlackApiError:
        # It makes the addresses in our advice shorter, no more.
        return ""
    return str(bot.get("app_id") or "")


def _refused(error: SlackApiError) -> Check:
    code = error.response.get("error")
    detail = f"Slack does not take SLACK_BOT_TOKEN ({code})"
    if code in ("invalid_auth", "not_authed", "account_inactive", "token_revoked", "token_expired"):
        mend = f"{_APPS}, your app, OAuth & Permissions: copy the Bot User OAuth Token, or Install first"
        return fault("slack", detail, mend)
    return _not_working(error)


def _not_working(error: SlackApiError) -> Check:
    said = error.response.get("error") if hasattr(error.response, "get") else None
    mend = "see https://slack-status.com, and that SLACK_API_URL is https://slack.com/api/; then try again"
    return fault("slack", f"Slack does not answer as it should ({said or 'no error named'})", mend)


def _unreachable(url: str) -> Check:
    mend = "let this machine reach slack.com by https (firewall, proxy, DNS)"
    if url == Settings.model_fields["slack_api_url"].default:
        return fault("slack", "Slack cannot be reached", mend)
    return fault("slack", "Slack cannot be reached at SLACK_API_URL", f"unset SLACK_API_URL, and {mend}")


def _scopes(granted: set[str], app: App) -> Check:
    if missing := sorted(needed_scopes() - set(OPTIONAL_SCOPES) - granted):
        detail = f"scopes are missing: {', '.join(missing)}"
        where = app.page("app-manifest")
        mend = (
            f"{where}: paste what `casefile manifest` prints; then {app.page('install-on-team')}: Reinstall"
        )
        return fault("slack", detail, mend)
    left_out = sorted(set(OPTIONAL_SCOPES) - granted)
    if left_out:
        without = "; ".join(f"without {scope} {OPTIONAL_SCOPES[scope]}" for scope in left_out)
        return well("slack", f"token and all scopes that have to be are there; {without}")
    return well("slack", f"token and all {len(needed_scopes())} scopes are there")


def _clock(date: str, now: datetime) -> Check:
    try:
        apart = now - parsedate_to_datetime(date).astimezone(UTC)
    except ValueError:
        return well("clock", "Slack did not tell its time, so it was not compared")
    if abs(apart) > _MOST_APART:
        where = "ahead of" if apart > timedelta() else "behind"
        detail = (
            f"this machine's clock is {abs(apart).total_seconds() / 60:.0f} minutes {where} Slack's;"
            " from five on, Slack's signed requests are refused"
        )
        return fault("clock", detail, "set it by NTP: timedatectl set-ntp true")
    return well("clock", "within a minute of Slack's")


async def _socket_mode(client: AsyncWebClient, app: App) -> Check:
    try:
        await client.apps_connections_open(app_token=client.token or "")
    except SlackApiError as error:
        detail = f"Slack does not take SLACK_APP_TOKEN ({error.response.get('error')})"
        mend = (
            f"{app.page('general')}, App-Level Tokens: make one with connections:write;"
            f" {app.page('socket-mode')}: enable it"
        )
        return fault("slack transport", detail, mend)
    return well("slack transport", "Socket Mode: the app-level token opens connections")


async def _manifest(client: AsyncWebClient, app: App, settings: Settings) -> list[Check]:
    try:
        answer = await client.apps_manifest_export(app_id=app.id)
    except SlackApiError as error:
        detail = f"Slack does not show the app's manifest ({error.response.get('error')})"
        mend = (
            f"{_APPS}, Your App Configuration Tokens: SLACK_CONFIG_TOKEN lasts twelve hours; make a new one"
        )
        return [fault("slack manifest", detail, mend)]
    there: dict[str, Any] = answer.get("manifest") or {}
    found = list(_compare(there, app, settings))
    return found or [well("slack manifest", "events, domains, command, buttons and transport are as needed")]


def _compare(there: dict[str, Any], app: App, settings: Settings) -> Iterator[Check]:
    configured, features = there.get("settings") or {}, there.get("features") or {}
    paste = f"{app.page('app-manifest')}: paste what `casefile manifest` prints"
    step = f"{app.page('app-manifest')}: paste what `casefile manifest --with-workflow-step` prints"
    events = {event for kinds in EVENT_SCOPES.values() for event in kinds}
    subscribed = (configured.get("event_subscriptions") or {}).get("bot_events") or ()
    if missing := sorted(events - set(subscribed)):
        yield fault("slack events", f"the app is not told of {', '.join(missing)}", paste)
    wanted = declared_domains(with_domains(read_manifest(), linked_hosts(settings)))
    if undeclared := sorted(set(wanted) - set(features.get("unfurl_domains") or ())):
        yield fault("slack domains", f"pasted addresses of {', '.join(undeclared)} get no card", paste)
    commands = [command.get("command") for command in features.get("slash_commands") or ()]
    if settings.slack_command not in commands:
        detail = f"the app has no command {settings.slack_command}, which SLACK_COMMAND names"
        yield fault("slack command", detail, paste)
    if wrong := list(_wrong_with_step(there.get("functions") or {}, configured, subscribed)):
        detail = f"workflows have the step by half: {', '.join(wrong)}"
        yield fault("slack workflow step", detail, f"{step}, and install the app again")
    if not (configured.get("interactivity") or {}).get("is_enabled"):
        yield fault("slack buttons", "interactivity is off, so no button works", paste)
    by_socket = bool(configured.get("socket_mode_enabled"))
    # Where neither is set, that is said already.
    if by_socket and settings.slack_signing_secret and settings.slack_app_token is None:
        detail = "Socket Mode is on, so Slack sends no signed HTTP, and SLACK_APP_TOKEN is not set"
        mend = f"{paste} with --http URL; or set SLACK_APP_TOKEN and run `casefile socket`"
        yield fault("slack transport", detail, mend)
    if not by_socket and settings.slack_app_token and settings.slack_signing_secret is None:
        detail = "Socket Mode is off, so Slack sends signed HTTP, and SLACK_SIGNING_SECRET is not set"
        mend = f"{app.page('socket-mode')}: enable it; or set SLACK_SIGNING_SECRET and run `casefile serve`"
        yield fault("slack transport", detail, mend)


def _wrong_with_step(
    there: dict[str, Any], configured: dict[str, Any], subscribed: Sequence[str]
) -> Iterator[str]:
    """What the step for workflows lacks, where the app has any part of it."""
    needed = with_workflow_step(read_manifest())
    switches = {name: needed["settings"][name] for name in ("org_deploy_enabled", "function_runtime")}
    if STEP not in there:
        if STEP_EVENT in subscribed:
            yield f"the app is told of {STEP_EVENT} and has no step"
        return
    for name, value in switches.items():
        if configured.get(name) != value:
            yield f"{name} is not {json.dumps(value)}"
    if STEP_EVENT not in subscribed:
        yield f"the app is not told of {STEP_EVENT}"
    if _kinds(there[STEP]) != _kinds(needed["functions"][STEP]):
        yield "its inputs or outputs are not those of this version"


def _kinds(step: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The kinds of a step's inputs and outputs, by their names."""
    return {
        side: {name: one.get("type") for name, one in (step.get(side) or {}).items()}
        for side in ("input_parameters", "output_parameters")
    }


async def _blocks(client: AsyncWebClient, now: datetime) -> Check:
    """Let Slack judge an answer as it would be posted; nothing is posted."""
    blocks = json.dumps(_sample(now))
    try:
        await client.api_call("blocks.validate", data={"blocks": blocks})
    except SlackApiError as error:
        if error.response.get("error") == "unknown_method":
            return well("slack blocks", "not tried: this Slack has no blocks.validate")
        if error.response.get("error") != "invalid_blocks":
            return well("slack blocks", f"not tried: {error.response.get('error')}")
        told: Sequence[dict[str, Any]] = error.response.get("errors") or ({},)
        detail = f"Slack would refuse an answer: {str(told[0].get('message', ''))[:200]}"
        return fault("slack blocks", detail, "install the newest Casefile; if it is, tell its makers of this")
    return well("slack blocks", "Slack would take an answer as it is posted")


def _sample(now: datetime) -> Sequence[dict[str, Any]]:
    source = SourceName("fullstory", "main")
    session = Session(
        source, "1:2", "https://app.fullstory.com/ui/X/session/1:2", started_at=now - timedelta(minutes=5)
    )
    subject = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")
    finding = Finding(source, State.LIVE, as_of=now, calls=2, sessions=(session,))
    return together(CaseFile(subject, now, 30, (finding,)), View(asker="U0000000000")).blocks
