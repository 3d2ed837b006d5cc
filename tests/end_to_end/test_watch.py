"""Watched threads over real sockets, told once each whenever the bot is killed."""

from pathlib import Path

import pytest

from benchmarks.watch import measure
from tests.end_to_end.short_lease import launching


@pytest.mark.process
async def test_each_thread_is_told_once_whenever_the_bot_is_killed(tmp_path: Path) -> None:
    # Log and database stay, so that they are looked through when the test has ended.
    async with launching() as launch:
        row = await measure(
            "sqlite",
            "resolutions",
            tickets=6,
            errors=2,
            kills=2,
            seed=3,
            kept_in=tmp_path,
            life_seconds=(0.05, 2.0),
            launch=launch,
        )
    assert (row.missing, row.doubled, row.wrong) == (0, 0, 0)
