"""How long commands take that ask nobody, here and in an earlier version, in turn on the same machine."""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The last version whose commands all loaded everything.
EARLIER = "66b44c7"
SAMPLE = ROOT / "sandbox" / "tickets" / "06_zendesk_trigger_name_angle_email.json"
COMMANDS = {
    "--version": ["--version"],
    "read-ticket FILE": ["read-ticket", str(SAMPLE)],
    "read-link URL": ["read-link", "https://app.rybbit.io/1407/user/cust-8841"],
}


def measured(checkout: Path, words: list[str], folder: str) -> tuple[float, float]:
    """One run's seconds, by the clock and of the processor; both checkouts have the same interpreter."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(checkout)}
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        check=True,
    )
    took, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@contextmanager
def checked_out(version: str) -> Iterator[Path]:
    """A folder with a version's files: `version` itself where it is one, else a commit taken out of git."""
    if Path(version).is_dir():
        yield Path(version).resolve()
        return
    git = ["git", "-C", str(ROOT), "worktree"]
    with tempfile.TemporaryDirectory() as folder:
        checkout = Path(folder) / "earlier"
        subprocess.run([*git, "add", "--quiet", "--detach", str(checkout), version], check=True)  # noqa: S603
        try:
            yield checkout
        finally:
            subprocess.run([*git, "remove", "--force", str(checkout)], check=True)  # noqa: S603


def main() -> None:
    """Print one table: medians of both, and the share that is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--against", default=EARLIER, help=f"a checkout's folder, or a commit ({EARLIER})")
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    heading = f"{'here':>10}{options.against[-10:]:>11}{'share':>9}"
    print(f"{f'medians of {options.runs} runs':<20}{'ms by the clock':>30}{'ms of the processor':>30}")
    print(f"{'casefile':<20}{heading}{heading}")
    with checked_out(options.against) as earlier, tempfile.TemporaryDirectory() as folder:
        for name, words in COMMANDS.items():
            runs: dict[Path, list[tuple[float, float]]] = {ROOT: [], earlier: []}
            # The first run of each writes bytecode and is not counted.
            for _ in range(options.runs + 1):
                for checkout, times in runs.items():
                    times.append(measured(checkout, words, folder))
            clock, processor = (
                [statistics.median(run[of] for run in times[1:]) * 1000 for times in runs.values()]
                for of in (0, 1)
            )
            columns = (f"{now:>10.0f}{then:>11.0f}{now / then:>9.0%}" for now, then in (clock, processor))
            print(f"{name:<20}{''.join(columns)}", flush=True)


if __name__ == "__main__":
    main()
