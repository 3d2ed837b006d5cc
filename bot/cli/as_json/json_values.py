"""How values are written in the JSON that commands print (`design.md`, Commands)."""

from datetime import datetime


def iso(moment: datetime | None) -> str | None:
    """A time as ISO 8601 in UTC with Z and whole seconds; None where it is not known."""
    return None if moment is None else f"{moment:%Y-%m-%dT%H:%M:%SZ}"
