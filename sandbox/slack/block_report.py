"""What the Block Kit checks share: the list of errors, and the checks of texts and keys."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any, Self

from sandbox.slack.messages import Json
from sandbox.slack.mrkdwn import malformed_dates

ID_LIMIT = 255  # slack.md, "Block Kit limits": action_id and block_id
URL_LIMIT = 3000


@dataclass(frozen=True, slots=True)
class Report:
    """
    The errors found so far, and the place that is being checked.

    `errors` make Slack refuse the call; `slips` are accepted by Slack and look wrong.
    """

    at: str = ""
    errors: list[str] = field(default_factory=list)
    slips: list[str] = field(default_factory=list)

    def inside(self, *keys: str | int) -> Self:
        """The same report, for a place further inside."""
        return replace(self, at="/".join((self.at, *map(str, keys))))

    def error(self, complaint: str) -> None:
        """Record something that Slack refuses here."""
        self.errors.append(f"{complaint} [json-pointer:{self.at}]")

    def slip(self, complaint: str) -> None:
        """Record something that Slack accepts and shows badly."""
        self.slips.append(f"{complaint} [json-pointer:{self.at}]")


def check_keys(report: Report, thing: Json, known: Collection[str], required: Collection[str] = ()) -> None:
    """Check that there are no keys that Slack does not know, and that all required ones are there."""
    for key in thing:
        if key not in known and key not in required:
            report.error(f"invalid additional property: {key}")
    for key in required:
        if thing.get(key) is None:
            report.error(f"missing required field: {key}")


def check_string(report: Report, thing: Json, key: str, limit: int, *, empty: bool = False) -> None:
    """Check a string that may be absent: its type, its length, and whether it may be empty."""
    value = thing.get(key)
    if value is None:
        return
    here = report.inside(key)
    if not isinstance(value, str):
        here.error("must be a string")
    elif not value and not empty:
        here.error("must be more than 0 characters")
    elif len(value) > limit:
        here.error(f"must be less than {limit + 1} characters")


def check_url(report: Report, thing: Json, key: str) -> None:
    """Check a link that may be absent."""
    check_string(report, thing, key, URL_LIMIT)
    value = thing.get(key)
    if isinstance(value, str) and not value.startswith(
        ("http://", "https://", "mailto:", "slack://", "tel:")
    ):
        report.inside(key).error("invalid url")


def check_text(report: Report, value: Any, limit: int, *, plain: bool = False) -> None:
    """Check a text object: plain_text where Slack demands it, else mrkdwn as well."""
    if not isinstance(value, dict):
        report.error("must be a text object")
        return
    kind = value.get("type")
    if kind not in (("plain_text",) if plain else ("plain_text", "mrkdwn")):
        report.inside("type").error("must be plain_text" if plain else "must be plain_text or mrkdwn")
    own = "emoji" if kind == "plain_text" else "verbatim"
    check_keys(report, value, {own}, ("type", "text"))
    check_string(report, value, "text", limit)
    text = value.get("text")
    if kind == "mrkdwn" and isinstance(text, str):
        for token in malformed_dates(text):
            report.slip(f"malformed date token {token[:80]}")


def check_list(report: Report, value: Any, most: int, least: int = 1) -> list[Any]:
    """The items of a list, after a check of their number; none where it is no list."""
    if not isinstance(value, list | tuple):
        report.error("must be an array")
        return []
    if len(value) > most:
        report.error(f"no more than {most} items allowed")
    if len(value) < least:
        report.error(f"must have at least {least} item" + ("s" if least > 1 else ""))
    return list(value)
