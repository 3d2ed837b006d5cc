"""Rows of a benchmark, printed as a table or as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any


def show(rows: Sequence[Any], *, as_json: bool) -> None:
    """Print rows that are dataclasses: the fields' names above their values, or a list of objects."""
    told = [asdict(row) for row in rows]
    print(json.dumps(told, indent=1) if as_json else "\n".join(table(told)))


def table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Rows as lines of text, each column as wide as what is in it."""
    heads = list(rows[0]) if rows else []
    widths = {head: max(len(head), *(len(str(row.get(head))) for row in rows)) for head in heads}
    lines = ["  ".join(f"{head:>{widths[head]}}" for head in heads)]
    return lines + ["  ".join(f"{row.get(head)!s:>{widths[head]}}" for head in heads) for row in rows]
