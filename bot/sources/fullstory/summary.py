"""
A session's summary (contract, section 3.4): text, or an object whose keys the account's profile chooses.

The forms are those of the vendor's own client (fullstory-anywhere-activation, projects/sdk/src/session.ts,
`Summary`) and of Braze's guide: `summary`, or `response` with the profile's fields.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.sources.json_fields import to_text

# Far more than is shown: what a machine was told to write may be of any length.
_MOST_SIGNS = 8_000


def read_summary(body: Any) -> str | None:
    """The words of an answer, a line for each field where it has fields; None where it has no words."""
    said = body
    if isinstance(body, Mapping):
        said = body.get("response") or body.get("summary") or {}
    text = "\n".join(_lines(said))[:_MOST_SIGNS].strip()
    return text or None


def _lines(said: Any) -> Iterator[str]:
    """The lines of a value: a field's name stands before what it says."""
    if isinstance(said, Mapping):
        for name, value in said.items():
            title = str(name).replace("_", " ").strip()
            yield f"{title[:1].upper()}{title[1:]}: {'; '.join(_lines(value))}"
    elif isinstance(said, list):
        for value in said:
            yield from _lines(value)
    elif isinstance(said, bool):
        yield "yes" if said else "no"
    elif (text := to_text(said)) is not None:
        yield text
