"""The span of time that a request to Rybbit asks for (`contracts/rybbit_observed.md`, "Time")."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_PAIRS = (
    ("start_date", "end_date"),
    ("start_datetime", "end_datetime"),
    ("past_minutes_start", "past_minutes_end"),
)


class BadTime(Exception):
    """Raised when a request's time parameters are refused; its text is the server's message."""


@dataclass(frozen=True, slots=True)
class Span:
    """From `begin` up to, and not including, `end`; None is unbounded."""

    begin: datetime | None = None
    end: datetime | None = None

    def __contains__(self, moment: datetime) -> bool:
        return (self.begin is None or moment >= self.begin) and (self.end is None or moment < self.end)


def read_span(query: Mapping[str, str], now: datetime, *, strict: bool) -> Span:
    """
    The span that the parameters ask for; without any it is all time.

    Raises:
        BadTime: with `strict`, for parameters that are malformed or lack their other half.

    """
    given = {key: value for key, value in query.items() if value}
    return _read_strictly(given, now) if strict else _read_leniently(given, now)


def _read_strictly(given: Mapping[str, str], now: datetime) -> Span:
    zone = _zone(given.get("time_zone", "UTC"))
    problems = [problem for name in ("start_date", "end_date") for problem in _date_problems(name, given)]
    problems += [
        f"{first} and {second} must be provided together"
        for first, second in _PAIRS
        if (first in given) != (second in given)
    ]
    if zone is None:
        problems.append("Invalid time_zone")
    if problems or zone is None:
        raise BadTime("; ".join(problems))
    if "start_datetime" in given:
        return Span(_moment("start_datetime", given), _moment("end_datetime", given))
    if "start_date" in given:
        return _days(given, zone)
    return _past(given, now) or Span()


def _read_leniently(given: Mapping[str, str], now: datetime) -> Span:
    """The span as old servers read it: what they do not understand means all time."""
    zone = _zone(given.get("time_zone", ""))
    wrong = any(_date_problems(name, given) for name in ("start_date", "end_date"))
    if zone and not wrong and "start_date" in given and "end_date" in given:
        return _days(given, zone)
    try:
        return _past(given, now) or Span()
    except BadTime:
        return Span()


def _zone(name: str) -> tzinfo | None:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def _date_problems(name: str, given: Mapping[str, str]) -> list[str]:
    text = given.get(name)
    if text is None:
        return []
    problems = [] if _DATE.fullmatch(text) else [f"Invalid {name} format. Use YYYY-MM-DD"]
    try:
        date.fromisoformat(text)
    except ValueError:
        problems.append(f"Invalid {name} value")
    return problems


def _days(given: Mapping[str, str], zone: tzinfo) -> Span:
    first, last = date.fromisoformat(given["start_date"]), date.fromisoformat(given["end_date"])
    begin = datetime.combine(first, time(), zone)
    return Span(begin, datetime.combine(last + timedelta(days=1), time(), zone))


def _moment(name: str, given: Mapping[str, str]) -> datetime:
    try:
        moment = datetime.fromisoformat(given[name])
    except ValueError:
        raise BadTime(f"Invalid {name} format. Use YYYY-MM-DD HH:mm:ss") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _past(given: Mapping[str, str], now: datetime) -> Span | None:
    """The span of "minutes ago"; one that ends now includes now."""
    if "past_minutes_start" not in given or "past_minutes_end" not in given:
        return None
    try:
        older, newer = float(given["past_minutes_start"]), float(given["past_minutes_end"])
    except ValueError:
        raise BadTime("Invalid past_minutes_start or past_minutes_end") from None
    if older <= newer:
        raise BadTime("past_minutes_start must be greater than past_minutes_end (start = older, end = newer)")
    end = now - timedelta(minutes=newer) if newer else None
    return Span(now - timedelta(minutes=older), end)
