"""
Reading vendors' JSON: tolerant of unknown fields, nulls, numbers sent as text and text sent as numbers.

The types here are for pydantic models of one record each. A field that cannot be read is None; it never
spoils the record, and a record never spoils the answer.
"""

import math
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

# Between these (2001 and 2286) a number is a time in seconds; a thousandfold, in milliseconds. Earlier times
# are what vendors write for "unknown" (1970), and mean nothing to a support desk.
_SECONDS = range(10**9, 10**10)
_LONGEST_TEXT = 2_000
_LONGEST_NUMBER = 30


class Record(BaseModel):
    """One record of a vendor's answer; unknown fields are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True)


R = TypeVar("R", bound=Record)


def to_text(value: Any) -> str | None:
    """Read a text, also one that came as a number; NULs and blanks around it go, nothing left is None."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_NUMBER:
        return None
    return str(value).replace("\0", "").strip()[:_LONGEST_TEXT] or None


def joined(*values: Any) -> str | None:
    """Read texts that belong together, such as a browser's name and version, as one."""
    return " ".join(text for value in values if (text := to_text(value))) or None


def to_id(value: Any) -> str | None:
    """Read an identifier: as `to_text`, but exactly as it is."""
    text = str(value) if isinstance(value, str) else to_text(value)
    return text if text and len(text) <= _LONGEST_TEXT else None


def to_count(value: Any) -> int | None:
    """Read a whole number that is not negative, also one that came as text or with a fraction."""
    if isinstance(value, str) and len(value) <= _LONGEST_NUMBER:
        try:
            value = float(value)
        except ValueError:
            return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not math.isfinite(value) or not 0 <= value < 2**53:
        return None
    return int(value)


def to_flag(value: Any) -> bool | None:
    """Read a yes or no, also 0/1."""
    return bool(value) if isinstance(value, bool | int) else None


def to_moment(value: Any) -> datetime | None:
    """Read a time: ISO 8601 or SQL's form, UTC where no zone is given, or (milli)seconds since 1970."""
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
    """Read a page's address as its path: query and fragment (they carry reset tokens) go, host too."""
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
    """Read a list of records, leaving out what is no record; None where it is no list at all."""
    if not isinstance(rows, list):
        return None
    return [read for row in rows if (read := read_record(row, record)) is not None]


def read_record(row: Any, record: type[R]) -> R | None:
    """Read one record; None where it is none."""
    try:
        return record.model_validate(row)
    except ValidationError:
        return None


def at(body: Any, *path: str) -> Any:
    """Give what stands at a path of keys, None where anything on the way is missing."""
    for key in path:
        body = body.get(key) if isinstance(body, dict) else None
    return body
