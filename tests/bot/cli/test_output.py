"""What a command does when nobody reads its output to the end."""

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    "words",
    [
        ("--help",),
        ("lookup", "--help"),
        ("--version",),
        ("manifest",),
        ("read-link", "https://contoso.example"),
    ],
    ids=" ".join,
)
def test_a_reader_that_has_gone_is_no_error(tmp_path: Path, words: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        ran = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-m", "bot", *words],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT)},
            stdout=writing,
            stderr=subprocess.PIPE,
            check=False,
            timeout=60,
        )
    finally:
        os.close(writing)
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_no_output_at_all_is_no_error(tmp_path: Path) -> None:
    ran = subprocess.run(
        ["/bin/sh", "-c", 'exec "$0" -m bot manifest >&-', sys.executable],
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT)},
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, b"")


def test_a_terminal_gets_the_time_of_its_own_zone_and_a_pipe_utc(tmp_path: Path) -> None:
    shows = "from datetime import datetime, UTC; from bot.cli.terminal import moment_text, working\n"
    shows += "with working('busy'): print(moment_text(datetime(2026, 11, 20, 14, 5, tzinfo=UTC)))"
    told = {}
    for name in ("pipe", "terminal"):
        ours, theirs = pty.openpty()
        out = theirs if name == "terminal" else subprocess.PIPE
        ran = subprocess.run(  # noqa: S603 - our own program
            [sys.executable, "-c", shows],
            cwd=tmp_path,
            env={"PYTHONPATH": str(ROOT), "TZ": "Asia/Tokyo", "TERM": "dumb"},
            stdout=out,
            stderr=subprocess.PIPE,
            check=True,
        )
        os.close(theirs)
        told[name] = (ran.stdout or os.read(ours, 999)).decode().strip()
        os.close(ours)
        assert ran.stderr == b""
    assert told == {"pipe": "2026-11-20 14:05 UTC", "terminal": "2026-11-20 23:05"}
