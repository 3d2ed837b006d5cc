"""`casefile quota`."""

import json
import sys
from collections.abc import Sequence

from bot.answers.mrkdwn import counted
from bot.answers.words.quota import window
from bot.cli.arguments import AsJson
from bot.cli.as_json.quota_json import quota_json
from bot.cli.running import run_once
from bot.cli.terminal import OK, moment_text
from bot.engine.opening import open_engine
from bot.settings.model import Settings
from bot.sources.quota import QuotaState
from bot.sources.quota_status import quota_states


def quota(*, as_json: AsJson = False) -> int:
    """Print what each account has left; the exit status."""
    return run_once(lambda settings: _show_quota(settings, as_json=as_json), tells_what_is_stored=True)


async def _show_quota(settings: Settings, *, as_json: bool) -> int:
    async with open_engine(settings) as engine:
        states = await quota_states(engine.sources, engine.desks.all)
    if as_json:
        print(json.dumps(quota_json(states), indent=1))
    elif states and sys.stdout.isatty():
        _print_table(states)
    else:
        print(quota_text(states))
    return OK


def _print_table(states: Sequence[QuotaState]) -> None:
    from rich.console import Console  # noqa: PLC0415 - loaded for a terminal alone
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=False)
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for state in states:
        spent = state.blocked_until is not None or state.left == 0
        table.add_row(str(state.account), Text(_quota_words(state), style="red" if spent else ""))
    Console(highlight=False).print(table)


def quota_text(states: Sequence[QuotaState]) -> str:
    """A line for each account."""
    lines = [f"{state.account}  {_quota_words(state)}" for state in states]
    return "\n".join(lines) or "No source is configured."


def _quota_words(state: QuotaState) -> str:
    if state.blocked_until:
        return f"refused by the vendor until {moment_text(state.blocked_until)}"
    if state.left is None:
        return f"{counted(state.used, 'call')} in the last 24 h, no limit known"
    words = f"{state.left} of {state.limit} calls left in {window(state.seconds or 0)}"
    if state.returns_at and state.limit and state.left < state.limit:
        words += f", the next one back at {moment_text(state.returns_at)}"
    return words
