"""How long commands take that ask nobody, and how long where all of the bot is loaded first, in turn."""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks._rows import show

ROOT = Path(__file__).parents[1]
SAMPLE = ROOT / "sandbox" / "tickets" / "06_zendesk_trigger_name_angle_email.json"
COMMANDS = {
    "--version": ["--version"],
    "read-ticket FILE": ["read-ticket", str(SAMPLE)],
    "read-link URL": ["read-link", "https://app.rybbit.io/1407/user/cust-8841"],
}
ONLY_ITS_OWN = ["-m", "bot"]
# As every command did until each loaded its own file alone.
ALL_OF_IT = ["-c", "import bot.serving.run; from bot.cli.main import main; main()"]


@dataclass(frozen=True)
class Row:
    """Medians in milliseconds, by the clock and of the processor, of its own file alone and of all."""

    command: str
    own_clock_ms: int
    all_clock_ms: int
    own_ms: int
    all_ms: int


def measured(program: list[str], words: list[str], folder: str) -> tuple[float, float]:
    """One run's seconds, by the clock and of the processor."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(  # noqa: S603 - our own program
        [sys.executable, *program, *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    took, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Print one table: medians of both, each beside that of all of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, words in COMMANDS.items():
            # The first run of each writes bytecode and is not counted.
            pairs = [
                [measured(program, words, folder) for program in (ONLY_ITS_OWN, ALL_OF_IT)]
                for _ in range(options.runs + 1)
            ][1:]
            clock, processor = (
                [round(statistics.median(pair[side][of] for pair in pairs) * 1000) for side in (0, 1)]
                for of in (0, 1)
            )
            rows.append(Row(name, *clock, *processor))
    show(rows, as_json=options.json)


if __name__ == "__main__":
    main()
