"""Quotas as the JSON of `casefile quota --json`."""

from collections.abc import Sequence
from typing import Any

from bot.cli.as_json.json_values import iso
from bot.sources.quota import QuotaState


def quota_json(states: Sequence[QuotaState]) -> list[dict[str, Any]]:
    """One object an account."""
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
