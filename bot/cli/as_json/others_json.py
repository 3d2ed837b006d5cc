"""How many others something hit, as the JSON of `casefile others --json` (`docs/commands.md`)."""

from collections.abc import Sequence
from typing import Any

from bot.cli.as_json.json_values import iso
from bot.domain.model import CaseFile
from bot.lookup.others import OthersHit, Untold
from bot.sources.protocol import Spread


def others_json(case_file: CaseFile, hits: Sequence[OthersHit]) -> dict[str, Any]:
    """The object that `casefile others --json` prints."""
    return {
        "subject": {"kind": case_file.subject.kind.value, "value": case_file.subject.value},
        "as_of": iso(case_file.as_of),
        "days": case_file.days,
        "errors": [_hit(hit) for hit in hits],
    }


def _hit(hit: OthersHit) -> dict[str, Any]:
    return {
        "title": hit.happening.title,
        "kind": hit.happening.kind.value,
        "occurred_at": iso(hit.happening.occurred_at),
        "told": [_spread(spread) for spread in hit.told],
        "untold": [_untold(one) for one in hit.untold],
    }


def _spread(spread: Spread) -> dict[str, Any]:
    """A source's count; null where it does not count that."""
    share = None
    if spread.sessions is not None and spread.of_sessions:
        share = round(spread.sessions / spread.of_sessions, 4)
    return {
        "vendor": spread.source.vendor,
        "account": spread.source.account,
        "as_of": iso(spread.as_of),
        "days": spread.days,
        "sessions": spread.sessions,
        "of_sessions": spread.of_sessions,
        "share": share,
        "occurrences": spread.occurrences,
        "other_users": spread.others,
        "other_users_are": _bound(spread),
        "place": spread.place,
        "sessions_in_place": spread.sessions_in_place if spread.place else None,
        "all_sessions_in_place": spread.all_in_place if spread.place else None,
        "app_version": spread.version,
        "crashes": [
            {
                "app_version": row.version,
                "device": row.device,
                "crashed": row.crashed,
                "sessions": row.sessions,
                "own": row.own,
            }
            for row in spread.crashes
        ],
    }


def _bound(spread: Spread) -> str | None:
    if spread.others is None:
        return None
    if not spread.whole:
        return "at_least"
    return "at_most" if spread.doubled else "exactly"


def _untold(untold: Untold) -> dict[str, Any]:
    reason = untold.failure.reason.value if untold.failure else None
    return {
        "vendor": untold.source.vendor,
        "account": untold.source.account,
        "reason": reason or ("no_count" if untold.has_no_count else "cannot_tell"),
        "detail": untold.failure.message if untold.failure else "",
    }
