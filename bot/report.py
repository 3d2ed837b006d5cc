"""How the sources are: what each account has left, and when it comes back, for people and for programs."""

from collections.abc import Sequence
from typing import Any

from bot.casefile import SourceName
from bot.mrkdwn import counted, escaped, local_time
from bot.quota import QuotaState
from bot.sources.source import Source


async def quota_states(sources: Sequence[Source]) -> list[tuple[SourceName, QuotaState]]:
    """Give every account's quota."""
    return [(s.name, await s.http.ledger.state(await s.account())) for s in sources]


async def report_lines(sources: Sequence[Source]) -> list[str]:
    """Give a line for each source, in Slack's markup."""
    if not sources:
        return ["No source is configured."]
    return [_line(name, state) for name, state in await quota_states(sources)]


def _line(name: SourceName, state: QuotaState) -> str:
    label = f"• {name.vendor} ({escaped(name.account, 40)}):"
    if state.blocked_until:
        return f"{label} the vendor refuses calls until {local_time(state.blocked_until)}"
    if state.left is None or state.limit is None:
        return f"{label} {counted(state.used, 'call')} in the last 24 h, no limit known"
    left = f"{label} {state.left} of {counted(state.limit, 'call')} left in {span(state.seconds or 0)}"
    if state.returns_at and state.left < state.limit:
        left += f", the next one back at {local_time(state.returns_at)}"
    return left


def span(seconds: int) -> str:
    """Give a window's length in its largest whole unit."""
    for unit, size in (("h", 3_600), ("min", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def quota_json(states: Sequence[tuple[SourceName, QuotaState]]) -> list[dict[str, Any]]:
    """Give quotas as the JSON of `casefile quota --json`."""
    return [
        {
            "vendor": name.vendor,
            "account": name.account,
            "limit": state.limit,
            "window_seconds": state.seconds,
            "used": state.used,
            "left": state.left,
            "returns_at": iso(state.returns_at),
            "blocked_until": iso(state.blocked_until),
        }
        for name, state in states
    ]


def iso(moment: Any) -> str | None:
    """Give a time as ISO 8601 in UTC with Z and whole seconds."""
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
