"""
`casefile doctor`: everything tried at once, and what is wrong where something is.

It writes nothing: no message, no setting, no table. Where there is a database with this version's tables,
the calls that it makes to vendors are counted there, as every call is; else there is nothing to count in.
"""

import secrets
import tempfile
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path

import aiohttp
from pydantic import SecretStr

from bot.cli.installing.check import Check, fault
from bot.cli.installing.check_database import look_at_database
from bot.cli.installing.check_settings import check_links, check_settings
from bot.cli.installing.check_slack import check_slack
from bot.cli.installing.check_sources import check_desks, check_replays, check_sources
from bot.engine.opening import open_engine
from bot.settings.errors import SettingsError
from bot.settings.model import Settings


async def examine(
    settings: Settings, env: Path, session: aiohttp.ClientSession, now: datetime
) -> list[Check]:
    """
    Try everything; what was found, in the order in which it is mended.

    Args:
        settings: what is configured.
        env: the file of settings, where there is one.
        session: the connections to Slack.
        now: this machine's time.

    """
    database = await look_at_database(settings.database_url, settings.secret_keys, now)
    checks = [*check_settings(settings, env), *database.checks, check_links(settings)]
    checks += await check_slack(settings, session, now)
    checks += await _ask_vendors(settings, counted=database.usable)
    return checks


async def _ask_vendors(settings: Settings, *, counted: bool) -> list[Check]:
    with ExitStack() as stack:
        changes: dict[str, object] = {}
        if not counted:
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="casefile-doctor-"))
            changes["database_url"] = f"sqlite:///{folder}/doctor.db"
        if not settings.secret_key:
            changes["secret_key"] = SecretStr(secrets.token_urlsafe(32))
        try:
            async with open_engine(settings.model_copy(update=changes)) as engine:
                sources = await check_sources(engine.sources, frozenset(settings.raygun_v3))
                sources += await check_replays(engine.sources) if settings.embed_url else []
                return sources + await check_desks(engine.desks.all)
        except SettingsError as error:
            name, _, detail = str(error).partition(": ")
            return [fault(name, detail or str(error), f"correct {name}; then run this again")]
