"""`casefile doctor`."""

import json
import sys
from pathlib import Path

from bot.cli.arguments import AsJson
from bot.cli.installing.doctor import examine
from bot.cli.installing.report import checks_json, checks_text, print_table
from bot.cli.running import run_once
from bot.cli.terminal import NOT_WELL, OK, working
from bot.operations.clock import system_clock
from bot.settings.model import Settings
from bot.slack.client import open_slack_session


def doctor(*, as_json: AsJson = False) -> int:
    """Print a line for each thing that was tried; the exit status, which says whether all is well."""
    return run_once(lambda settings: _examine(settings, as_json=as_json))


async def _examine(settings: Settings, *, as_json: bool) -> int:
    async with open_slack_session() as session:
        with working("Trying the keys, Slack and the tools …"):
            checks = await examine(settings, Path(".env"), session, system_clock())
    if as_json:
        print(json.dumps(checks_json(checks), ensure_ascii=False, indent=1))
    elif sys.stdout.isatty():
        print_table(checks)
    else:
        print(checks_text(checks))
    return OK if all(check.well for check in checks) else NOT_WELL
