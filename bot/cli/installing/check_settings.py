"""What can be said of the settings without asking anybody."""

import re
import stat
from collections.abc import Iterator
from pathlib import Path

from bot.cli.installing.check import Check, fault, well
from bot.cli.installing.env_file import read_env
from bot.domain.apps import is_app_id
from bot.domain.links import read_link
from bot.settings.model import Settings
from bot.settings.one_value import is_placeholder
from bot.slack.manifest import declared_domains, read_manifest, undeclared, with_domains
from bot.sources.registry import known_pages, linked_hosts
from bot.storage.address import is_postgresql

_SIGNING_SECRET = re.compile(r"[0-9a-f]{32}")
_INIT = "run `casefile init`, or put it into .env"


def check_settings(settings: Settings, env: Path) -> list[Check]:
    """Everything about the settings that is wrong or worth to know; `env` is the file of settings."""
    found = [*_env_file(env), *_slack_values(settings), *_rest(settings)]
    return found or [well("settings", "all that is needed is set")]


def _env_file(env: Path) -> Iterator[Check]:
    left = [name for name, value in read_env(env).items() if is_placeholder(value)]
    if left:
        detail = f"{', '.join(left)} still has what stood there as an example"
        yield fault(
            ".env", detail, "put the real value there, or remove the line; `casefile init` asks for it"
        )
    if env.is_file() and env.stat().st_mode & (stat.S_IRGRP | stat.S_IROTH):
        yield fault(".env", "other users of this machine may read it, and it holds keys", "chmod 600 .env")


def _slack_values(settings: Settings) -> Iterator[Check]:
    if not settings.secret_key:
        how = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))' makes one"
        yield fault("SECRET_KEY", "is not set, and the bot does not start without it", f"{_INIT}: {how}")
    if not settings.slack_bot_token:
        yield fault(
            "slack", "SLACK_BOT_TOKEN is not set", f"{_INIT}: api.slack.com/apps, your app, Install App"
        )
    secret = settings.slack_signing_secret
    if secret is None and settings.slack_app_token is None:
        yield fault(
            "slack transport",
            "neither SLACK_APP_TOKEN nor SLACK_SIGNING_SECRET is set: Slack has no way to reach the bot",
            "set SLACK_APP_TOKEN for `casefile socket`, or SLACK_SIGNING_SECRET for `casefile serve`",
        )
    if secret is not None and not _SIGNING_SECRET.fullmatch(secret.get_secret_value()):
        yield fault(
            "slack transport",
            "SLACK_SIGNING_SECRET is not of 32 hexadecimal digits, as Slack's are",
            "copy it from api.slack.com/apps, your app, Basic Information, App Credentials, Signing Secret",
        )


def _rest(settings: Settings) -> Iterator[Check]:
    if settings.dyno and not is_postgresql(settings.database_url):
        yield fault(
            "database",
            "this host's disk does not last: every restart forgets SQLite, and the count of calls with it",
            "set DATABASE_URL to PostgreSQL: heroku addons:create heroku-postgresql",
        )
    names = [name for name in settings.tickets.apps if not is_app_id(name)]
    if names:
        yield fault(
            "TICKETS__APPS",
            f"{', '.join(map(repr, names))} is a name, which any app may bear",
            "put the app's id in its place, A… or B…: the app's profile in Slack, Copy app ID",
        )
    only_by_socket = settings.slack_app_token and not settings.slack_signing_secret
    if settings.raygun_webhook_secret and only_by_socket and settings.port is None:
        yield fault(
            "raygun webhook",
            "RAYGUN_WEBHOOK_SECRET is set, but under Socket Mode nothing listens for it without PORT",
            "set PORT, and let Raygun reach it; or remove RAYGUN_WEBHOOK_SECRET",
        )
    if settings.plain_cards_token and only_by_socket and settings.port is None:
        yield fault(
            "plain cards",
            "PLAIN_CARDS_TOKEN is set, but under Socket Mode nothing listens for Plain without PORT",
            "set PORT, and let Plain reach it; or remove PLAIN_CARDS_TOKEN",
        )


def check_links(settings: Settings) -> Check:
    """Try what recognises pasted addresses on one of each vendor; compare the domains that Slack tells of."""
    pages = known_pages(settings)
    unread = [one.sample for one in pages if read_link(one.sample, pages) is None]
    if unread:
        return fault(
            "links", f"addresses such as {unread[0]} are not recognised", "install this version again"
        )
    declared = declared_domains(read_manifest())
    hosts = sorted(linked_hosts(settings))
    domains = declared_domains(with_domains(read_manifest(), hosts))
    if missing := undeclared(hosts, domains):
        detail = f"Slack takes {len(domains)} domains, and addresses of {', '.join(missing)} get no card"
        return fault("links", detail, "nothing to mend: Slack allows no more domains")
    own = undeclared(hosts, declared)
    detail = f"addresses of {len(pages)} vendors are recognised, {len(domains)} domains are declared"
    if own:
        detail += f"; for {', '.join(own)} the app needs the manifest that `casefile manifest` prints"
    return well("links", detail)
