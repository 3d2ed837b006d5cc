"""How the sources are: what each account has left, and when it comes back, for people and for programs."""

from collections.abc import Sequence
from typing import Any

from bot.answers.mrkdwn import counted, escaped, local_time
from bot.sources.protocol import SeveralAccounts, Source
from bot.sources.quota import QuotaState
from bot.tickets.desks.ask import Desks
from bot.tickets.desks.protocol import Desk


async def quota_states(sources: Sequence[Source], desks: Sequence[Desk] = ()) -> list[QuotaState]:
    """Give every account's quota, the sources' first."""
    states = []
    for source in sources:
        states.append(await source.http.ledger.state(await source.account()))
        if isinstance(source, SeveralAccounts):
            states += [await source.http.ledger.state(a) for a in await source.more_accounts()]
    return states + [await desk.http.ledger.state(desk.http.account) for desk in desks]


async def report_lines(sources: Sequence[Source], desks: Desks) -> list[str]:
    """Give a line for each source and help desk, with what was last wrong there, in Slack's markup."""
    if not sources and not desks.all:
        return ["No source is configured."]
    troubles = {trouble.desk: trouble for trouble in await desks.troubles()}
    lines = []
    for state in await quota_states(sources, desks.all):
        line = _line(state)
        if trouble := troubles.get(state.account):
            line += f"; last asked at {local_time(trouble.at)}: {escaped(trouble.message, 250)}"
        lines.append(line)
    return lines


def _line(state: QuotaState) -> str:
    vendor, _, account = state.account.partition("/")
    label = f"• {vendor} ({escaped(account, 40)}):"
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
    for unit, size, least in (("days", 86_400, 2), ("h", 3_600, 1), ("min", 60, 1)):
        if seconds >= size * least and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"


def quota_json(states: Sequence[QuotaState]) -> list[dict[str, Any]]:
    """Give quotas as the JSON of `casefile quota --json`."""
    return [
        {
            "vendor": state.account.partition("/")[0],
            "account": state.account.partition("/")[2],
            "limit": state.limit,
            "window_seconds": state.seconds,
            "used": state.used,
            "left": state.left,
            "returns_at": iso(state.returns_at),
            "blocked_until": iso(state.blocked_until),
        }
        for state in states
    ]


def iso(moment: Any) -> str | None:
    """Give a time as ISO 8601 in UTC with Z and whole seconds."""
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
