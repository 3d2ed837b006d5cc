"""What each account has left of its quota, and when it comes back, in words for people."""

from collections.abc import Mapping, Sequence

from bot.answers.mrkdwn import counted, escaped, local_time
from bot.answers.words import table
from bot.sources.quota import QuotaState
from bot.sources.quota_status import Trouble
from bot.sources.registry import TITLES

# What is counted on its own, and help desks, as people know them.
_NAMES: Mapping[str, str] = {
    **TITLES,
    "fullstory_activations": "FullStory Activations",
    "zendesk": "Zendesk",
    "intercom": "Intercom",
}
# Characters of an account's label, and of what was last wrong there.
_LABEL, _TROUBLE = 40, 250


def quota_lines(states: Sequence[QuotaState], troubles: Sequence[Trouble] = ()) -> list[str]:
    """A line for each account, with what was last wrong there, in Slack's markup."""
    if not states:
        return [table.NO_SOURCE]
    trouble_of = {trouble.account: trouble for trouble in troubles}
    lines = []
    for state in states:
        line = _line(state)
        if trouble := trouble_of.get(state.account):
            words = escaped(trouble.message, _TROUBLE)
            line += f"; {table.LAST_ASKED.format(time=local_time(trouble.at), trouble=words)}"
        lines.append(line)
    return lines


def _line(state: QuotaState) -> str:
    label = f"• {account_name(state.account)}"
    if state.blocked_until:
        return table.REFUSES.format(account=label, time=local_time(state.blocked_until))
    if state.left is None or state.limit is None:
        return table.NO_LIMIT.format(account=label, calls=counted(state.used, "call"))
    calls, lasts = counted(state.limit, "call"), window(state.seconds or 0)
    left = table.LEFT.format(account=label, left=state.left, calls=calls, window=lasts)
    if state.returns_at and state.left < state.limit:
        left += f", {table.NEXT_BACK.format(time=local_time(state.returns_at))}"
    return left


def account_name(account: str) -> str:
    """An account (`raygun/shop`) as people know it: `Raygun (shop)`."""
    vendor, _, label = account.partition("/")
    return f"{_NAMES.get(vendor, vendor)} ({escaped(label, _LABEL)})"


def window(seconds: int) -> str:
    """A window's length in its largest whole unit, such as `24 h`."""
    for unit, size, least in (("days", 86_400, 2), ("h", 3_600, 1), ("min", 60, 1)):
        if seconds >= size * least and seconds % size == 0:
            return f"{seconds // size} {unit}"
    return f"{seconds} s"
