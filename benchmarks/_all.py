"""
All that is measured, one after the other: the tables as they come, and all of it as JSON in `bench.json`.

Each is a program of its own, which can be run alone and for longer.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks._rows import table

# Each with what keeps it short.
LINES: dict[str, tuple[str, ...]] = {
    "ack": ("--json",),
    "answer": ("--times", "5"),
    "database": ("--json",),
    "kill": ("--kills", "10", "--json"),
    "outage": ("--json",),
    "processes": ("--json",),
    "ledger": (),
    "mcp_questions": ("--json",),
    "raygun_day": ("--json", "--days-before", "2"),
    "read_ticket": (),
    "webhooks": (),
    "watch": ("--tickets", "100", "--errors", "10", "--kills", "10", "--json"),
    "startup": (),
    "day": ("--short", "--json"),
    "unfurl": ("--short", "--json"),
    "replay": ("--short", "--json"),
    "footprint": ("--short", "--json"),
}


def measured(name: str) -> dict[str, object]:
    """One benchmark's rows, or its lines where it prints a table alone, and how long it took."""
    begun = time.perf_counter()
    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", f"benchmarks.{name}", *LINES[name]],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    told: dict[str, object] = {"status": ran.returncode, "seconds": round(time.perf_counter() - begun, 1)}
    if "--json" in LINES[name] and ran.returncode == 0:
        return told | {"rows": json.loads(ran.stdout)}
    return told | {"lines": ran.stdout.splitlines()}


def rows_of(found: dict[str, Any]) -> list[dict[str, Any]]:
    """A benchmark's rows; some have one alone."""
    rows: list[dict[str, Any]] | dict[str, Any] = found["rows"]
    return rows if isinstance(rows, list) else [rows]


def main() -> int:
    """Run them; the status says whether all of them came to their end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(LINES), help="default: all")
    parser.add_argument("--to", type=Path, default=Path("bench.json"), help="where the JSON goes")
    options = parser.parse_args()
    results: dict[str, dict[str, object]] = {}
    for name in options.names:
        found = results[name] = measured(name)
        print(f"== {name}: {found['seconds']} s", flush=True)
        lines = table(rows_of(found)) if "rows" in found else found["lines"]
        print("\n".join(map(str, lines if isinstance(lines, list) else [])), flush=True)
        options.to.write_text(json.dumps(results, indent=1))
    return int(any(found["status"] for found in results.values()))


if __name__ == "__main__":
    sys.exit(main())
