"""
Fields of vendors' JSON: unknown fields, nulls, numbers sent as text and text sent as numbers are accepted.

The types here are for pydantic models of one record each. A field that cannot be read is None and leaves
the record usable; a record that cannot be read is left out of the answer.
"""

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, TypeVar
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from bot.operations.json_text import REPLACED_BY, whole

# A number in this range is a time in seconds since 1970 (from 2001 to 2286), and a thousand times that is one
# in milliseconds. Earlier times are left out: vendors write 1970 for "unknown".
_SECONDS = range(10**9, 10**10)
# Characters of a text, and digits of a number, that are kept.
_LONGEST_TEXT = 2_000
_LONGEST_NUMBER = 30
# Half of a pair of surrogates, and what stands for one: no character of its own.
_BROKEN = re.compile(f"[\ud800-\udfff{REPLACED_BY}]")
# What applications call the property of a user that names what they pay for, in snake case.
_PLANS = ("plan", "plan_name", "subscription", "subscription_plan", "tier", "account_plan", "pricing_plan")
# FullStory's older calls add a property's type to its name.
_TYPE_IN_NAME = re.compile(r"_(?:str|int|real|bool)$")
# The largest whole number that JSON's floating point holds exactly.
_MOST_COUNTED = 2**53


class Record(BaseModel):
    """
    One record of a vendor's answer; unknown fields are ignored.

    `needed` names the property without which a row is no such record.
    """

    # Built with the first record: a start needs none, and a vendor without an account never does.
    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)
    needed: ClassVar[str | None] = None


R = TypeVar("R", bound=Record)


def to_text(value: Any) -> str | None:
    """
    A text, also where it came as a number, without NULs and blanks around it; None if nothing is left.

    Half of a surrogate pair, which JSON can name and nothing can store, is replaced.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    if isinstance(value, int) and abs(value) >= 10**_LONGEST_NUMBER:
        return None
    return whole(str(value)).replace("\0", "").strip()[:_LONGEST_TEXT] or None


def joined(*values: Any) -> str | None:
    """Texts that belong together, such as a browser's name and version, with a blank between them."""
    return " ".join(text for value in values if (text := to_text(value))) or None


def to_id(value: Any) -> str | None:
    """An identifier: as `to_text`, but a text is kept exactly; None where it is too long or broken."""
    text = str(value) if isinstance(value, str) else to_text(value)
    if not text or len(text) > _LONGEST_TEXT:
        return None
    return None if _BROKEN.search(text) else text


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


def snake(name: str) -> str:
    """A field's name in snake case: `requestStatus`, `request-status` and `request_status` are one name."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", whole(name))
    return parted.replace("-", "_").replace(" ", "_").lower()


def by_snake(fields: Any) -> dict[str, Any]:
    """An object's fields by their names in snake case, without going deeper; empty where it is none."""
    return {snake(name): value for name, value in fields.items()} if isinstance(fields, dict) else {}


def to_plan(properties: Any) -> str | None:
    """The plan in the properties that an application gave its user, by the names that are usual for it."""
    named = {_TYPE_IN_NAME.sub("", name): value for name, value in by_snake(properties).items()}
    return next((text for name in _PLANS if (text := to_text(named.get(name)))), None)


def end_of(began: datetime | None, ended: datetime | None, seconds: int | None) -> datetime | None:
    """When something ended, by its duration where the vendor tells no end; None where neither says it."""
    if ended is None and began is not None and seconds is not None:
        return began + timedelta(seconds=seconds)
    return ended


def by_time(moment: datetime | None) -> float:
    """Where a moment stands in an order by time, in seconds; what has none stands before all."""
    return moment.timestamp() if moment else 0.0


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
        read = record.model_validate(row)
    except ValidationError:
        return None
    return None if record.needed and getattr(read, record.needed) is None else read


def at(body: Any, *path: str) -> Any:
    """The value at a path of keys; None where any of them is missing."""
    for key in path:
        body = body.get(key) if isinstance(body, dict) else None
    return body
