"""
All that is measured, one after the other: each table as it comes, at the end one of all, and `bench.json`.

On two idle cores it ends within ten minutes. What takes longer alone is shortened by the words beside its
name: fewer kills, fewer lookups, one desk of two days. Each is a program of its own, which can be run alone.
"""

import argparse
import json
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks._goals import LINES
from benchmarks._rows import Line, table

# Each with what keeps it short.
PROGRAMS: dict[str, tuple[str, ...]] = {
    "ack": (),
    "answer": ("--times", "5"),
    "database": (),
    "day": ("--short",),
    "raygun_day": ("--sessions", "6000", "--days-before", "1"),
    "kill": ("--kills", "5"),
    "read_ticket": (),
    "unfurl": ("--short",),
    "replay": ("--short",),
    "footprint": ("--short",),
    "startup": ("--runs", "2"),
    "ledger": (),
    "webhooks": (),
    "mcp_questions": (),
    "processes": (),
    "outage": ("--seconds", "10"),
    "watch": ("--tickets", "30", "--errors", "5", "--kills", "5"),
}


def measured(name: str) -> dict[str, Any]:
    """One benchmark's rows, its status, and how long it took."""
    begun = time.perf_counter()
    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", f"benchmarks.{name}", *PROGRAMS[name], "--json"],
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    told: dict[str, Any] = {"status": ran.returncode, "seconds": round(time.perf_counter() - begun, 1)}
    rows = json.loads(ran.stdout) if ran.returncode == 0 else []
    return told | {"rows": rows if isinstance(rows, list) else [rows]}


def main() -> int:
    """Run them; the status says whether all of them came to their end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=list(PROGRAMS), help="default: all")
    parser.add_argument("--to", type=Path, default=Path("bench.json"), help="where the JSON goes")
    options = parser.parse_args()
    results: dict[str, dict[str, Any]] = {}
    lines: list[Line] = []
    begun = time.perf_counter()
    for name in options.names:
        found = results[name] = measured(name)
        print(f"== {name}: {found['seconds']} s", flush=True)
        print("\n".join(table(found["rows"])) if found["rows"] else "it failed", flush=True)
        lines += LINES[name](found["rows"]) if found["rows"] else []
        told = {"benchmarks": results, "lines": [asdict(line) for line in lines]}
        options.to.write_text(json.dumps(told, indent=1))
    print(f"== all of it: {time.perf_counter() - begun:.0f} s")
    print("\n".join(table([asdict(line) for line in lines])))
    return int(any(found["status"] for found in results.values()))


if __name__ == "__main__":
    sys.exit(main())
