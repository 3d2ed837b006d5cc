"""What each account has left of its quota, and when it comes back, in words for people."""

from collections.abc import Sequence

from bot.answers.mrkdwn import counted, escaped, local_time
from bot.sources.quota import QuotaState
from bot.sources.quota_status import Trouble

# Characters of an account's label, and of what was last wrong there.
_LABEL, _TROUBLE = 40, 250


def quota_lines(states: Sequence[QuotaState], troubles: Sequence[Trouble] = ()) -> list[str]:
    """A line for each account, with what was last wrong there, in Slack's markup."""
    if not states:
        return ["No source is configured."]
    trouble_of = {trouble.account: trouble for trouble in troubles}
    lines = []
    for state in states:
        line = _line(state)
        if trouble := trouble_of.get(state.account):
            line += f"; last asked at {local_time(trouble.at)}: {escaped(trouble.message, _TROUBLE)}"
        lines.append(line)
    return lines


def _line(state: QuotaState) -> str:
    vendor, _, account = state.account.partition("/")
    label = f"• {vendor} ({escaped(account, _LABEL)}):"
    if state.blocked_until:
        return f"{label} the vendor refuses calls until {local_time(state.blocked_until)}"
    if state.left is None or state.limit is None:
        return f"{label} {counted(state.used, 'call')} in the last 24 h, no limit known"
    left = f"{label} {state.left} of {counted(state.limit, 'call')} left in {window(state.seconds or 0)}"
    if state.returns_at and state.left < state.limit:
        left += f", the next one back at {local_time(state.returns_at)}"
    return left


def window(seconds: int) -> str:
    """A window's length in its largest whole unit, such as `24 h`."""
    for unit, size, least in (("days", 86_400, 2), ("h", 3_600, 1), ("min", 60, 1)):
        if seconds >= size * least and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
