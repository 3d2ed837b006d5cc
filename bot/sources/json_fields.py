"""
Fields of vendors' JSON: unknown fields, nulls, numbers sent as text and text sent as numbers are accepted.

The types here are for pydantic models of one record each. A field that cannot be read is None and leaves
the record usable; a record that cannot be read is left out of the answer.
"""

import math
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

# A number in this range is a time in seconds since 1970 (from 2001 to 2286), and a thousand times that is one
# in milliseconds. Earlier times are left out: vendors write 1970 for "unknown".
_SECONDS = range(10**9, 10**10)
# Characters of a text, and digits of a number, that are kept.
_LONGEST_TEXT = 2_000
_LONGEST_NUMBER = 30
# The largest whole number that JSON's floating point holds exactly.
_MOST_COUNTED = 2**53


class Record(BaseModel):
    """One record of a vendor's answer; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


R = TypeVar("R", bound=Record)


def to_text(value: Any) -> str | None:
    """A text, also where it came as a number, without NULs and blanks around it; None if nothing is left."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_NUMBER:
        return None
    return str(value).replace("\0", "").strip()[:_LONGEST_TEXT] or None


def joined(*values: Any) -> str | None:
    """Texts that belong together, such as a browser's name and version, with a blank between them."""
    return " ".join(text for value in values if (text := to_text(value))) or None


def to_id(value: Any) -> str | None:
    """An identifier: as `to_text`, but a text is kept exactly as it is; None where it is too long."""
    text = str(value) if isinstance(value, str) else to_text(value)
    return text if text and len(text) <= _LONGEST_TEXT else None


def to_count(value: Any) -> int | None:
    """A whole number that is not negative, also where it came as text or with a fraction."""
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value) or not 0 <= value < _MOST_COUNTED:
        return None
    return int(value)


def to_flag(value: Any) -> bool | None:
    """A yes or no, also where it came as a number."""
    return bool(value) if isinstance(value, bool | int) else None


def to_moment(value: Any) -> datetime | None:
    """A time in UTC: from ISO 8601 or SQL's form (without a zone: UTC), or (milli)seconds since 1970."""
    if isinstance(value, str) and not value.strip().isdecimal():
        return _from_text(value.strip())
    number = to_count(value)
    if number is None:
        return None
    if number in _SECONDS:
        return datetime.fromtimestamp(number, UTC)
    if number // 1000 in _SECONDS:
        return datetime.fromtimestamp(number / 1000, UTC)
    return None


def _from_text(value: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if int(moment.timestamp()) in _SECONDS else None


def to_page(value: Any) -> str | None:
    """The path of a page's URL, without host, query and fragment, which may hold reset tokens."""
    text = to_text(value)
    if text is None:
        return None
    try:
        path = urlsplit(text).path
    except ValueError:
        path = text.split("?")[0].split("#")[0]
    return path or ("/" if "://" in text else None)


AnyText = Annotated[str | None, BeforeValidator(to_text)]
Id = Annotated[str | None, BeforeValidator(to_id)]
Count = Annotated[int | None, BeforeValidator(to_count)]
Flag = Annotated[bool | None, BeforeValidator(to_flag)]
Moment = Annotated[datetime | None, BeforeValidator(to_moment)]
Page = Annotated[str | None, BeforeValidator(to_page)]
Part = Annotated[dict[str, Any], BeforeValidator(lambda value: value if isinstance(value, dict) else {})]


def read_records(rows: Any, record: type[R]) -> list[R] | None:
    """The records of a list, without what is no such record; None where it is no list."""
    if not isinstance(rows, list):
        return None
    return [read for row in rows if (read := read_record(row, record)) is not None]


def read_record(row: Any, record: type[R]) -> R | None:
    """The record; None where it is none."""
    try:
        return record.model_validate(row)
    except ValidationError:
        return None


def at(body: Any, *path: str) -> Any:
    """The value at a path of keys; None where any of them is missing."""
    for key in path:
        body = body.get(key) if isinstance(body, dict) else None
    return body
