"""`casefile quota`."""

import json
from collections.abc import Sequence

from bot.answers.mrkdwn import counted
from bot.answers.quota_words import window
from bot.app import open_engine
from bot.cli.arguments import AsJson
from bot.cli.quota_json import quota_json
from bot.cli.running import run_once
from bot.cli.terminal import OK, moment_text
from bot.settings.model import Settings
from bot.sources.quota import QuotaState
from bot.sources.quota_status import quota_states


def quota(*, as_json: AsJson = False) -> int:
    """Print what each account has left; the exit status."""
    return run_once(lambda settings: _show_quota(settings, as_json=as_json))


async def _show_quota(settings: Settings, *, as_json: bool) -> int:
    async with open_engine(settings) as engine:
        states = await quota_states(engine.sources, engine.desks.all)
    print(json.dumps(quota_json(states), indent=1) if as_json else quota_text(states))
    return OK


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
