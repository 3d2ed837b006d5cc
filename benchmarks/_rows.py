"""Rows of a benchmark, as a table or as JSON, and what they come to: each number beside its rival's."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Line:
    """
    One number of ours beside what the same takes without Casefile, measured in the same run.

    Attributes:
        name: the benchmark.
        what: what was measured, with its unit.
        ours: Casefile's.
        beside: what the floor or the rival is.
        theirs: its number, None where the benchmark is of what must not happen.
        goal: what ours is to be, in words; nothing where no goal is set.
        reached: whether it is, None without a goal.

    """

    name: str
    what: str
    ours: float
    beside: str
    theirs: float | None = None
    goal: str = ""
    reached: bool | None = None

    def at_most(self, most: float) -> "Line":
        """The line with the goal of being so much at most."""
        return self._with(f"at most {most:g}", self.ours <= most)

    def at_least(self, least: float) -> "Line":
        """The line with the goal of being so much at least."""
        return self._with(f"at least {least:g}", self.ours >= least)

    def _with(self, goal: str, reached: bool) -> "Line":
        return Line(self.name, self.what, self.ours, self.beside, self.theirs, goal, reached)


def show(rows: Sequence[Any], *, as_json: bool) -> None:
    """Print rows that are dataclasses: the fields' names above their values, or a list of objects."""
    told = [asdict(row) for row in rows]
    print(json.dumps(told, indent=1) if as_json else "\n".join(table(told)))


def table(rows: Sequence[dict[str, Any]]) -> list[str]:
    """Rows as lines of text, each column as wide as what is in it; numbers stand on the right."""
    heads = list(rows[0]) if rows else []
    texts = [{head: _text(row.get(head)) for head in heads} for row in rows]
    widths = {head: max(len(head), *(len(text[head]) for text in texts)) for head in heads}
    right = {head for head in heads if all(not isinstance(row.get(head), str) for row in rows)}

    def placed(head: str, text: str) -> str:
        return f"{text:>{widths[head]}}" if head in right else f"{text:<{widths[head]}}"

    lines = [{head: head for head in heads}, *texts]
    return ["  ".join(placed(head, line[head]) for head in heads).rstrip() for line in lines]


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
