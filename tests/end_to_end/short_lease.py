"""
`casefile` as it is but for its times: what a killed process had begun is taken over within seconds.

As a program it is `casefile` with the words behind it. Without any it loads all that `casefile serve` needs,
once, and forks a `casefile` for each line of JSON that it reads; its answer is the number of the process.
"""

import asyncio
import importlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from unittest import mock

from bot.app import open_bot
from bot.cli.main import main
from bot.operations.timing import Timing
from bot.serving import run

if TYPE_CHECKING:
    from benchmarks.kill import Launch

MODULE = "tests.end_to_end.short_lease"
# Whoever holds a lease must renew it in time, on a busy machine too.
_TIMING = Timing(lease=timedelta(seconds=4), sweep_seconds=0.2, settling_seconds=0.5)
_LOADED = ("bot.cli.commands.serve", "psycopg", "uvloop")
_LOOK_SECONDS = 0.01


@dataclass(frozen=True)
class Forked:
    """A process that another one than this has forked."""

    pid: int

    @property
    def returncode(self) -> int | None:
        """None while it runs; what it ended with is known to nobody."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return 1
        return None

    def send_signal(self, signal: int) -> None:
        """Send it a signal."""
        os.kill(self.pid, signal)

    async def wait(self) -> int:
        """The number that stands for its end, when it has ended."""
        while (ended := self.returncode) is None:  # noqa: ASYNC110 - it is told to the process that forked it
            await asyncio.sleep(_LOOK_SECONDS)
        return ended


@asynccontextmanager
async def launching() -> AsyncIterator["Launch"]:
    """What starts one `casefile` after the other, while the block runs."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", MODULE), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdin
    assert process.stdout
    questions, answers = process.stdin, process.stdout

    async def launch(words: Sequence[str], variables: Mapping[str, str], log: Path) -> Forked:
        asked = {"words": words, "variables": {**os.environ, **variables}, "log": str(log)}
        questions.write(json.dumps(asked).encode() + b"\n")
        return Forked(int(await answers.readline()))

    try:
        yield launch
    finally:
        questions.close()
        await process.wait()


def _fork_for_each_line() -> None:
    for name in _LOADED:
        importlib.import_module(name)
    # Nobody asks what became of them, so that they are gone when they have ended.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while line := sys.stdin.readline():
        if pid := os.fork():
            print(pid, flush=True)  # noqa: T201 - the answer
        else:
            _become_casefile(**json.loads(line))


def _become_casefile(words: Sequence[str], variables: Mapping[str, str], log: str) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.environ.clear()
    os.environ.update(variables)
    into = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for file, number in ((nothing, 0), (into, 1), (into, 2)):
        os.dup2(file, number)
    main(words)


if __name__ == "__main__":
    with mock.patch.object(run, "open_bot", partial(open_bot, timing=_TIMING)):
        main() if sys.argv[1:] else _fork_for_each_line()
