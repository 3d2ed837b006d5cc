"""The bot killed under load, six times in all: the short version of `benchmarks/kill.py`."""

from pathlib import Path

import pytest

from benchmarks.kill import measure
from bot.storage.store import open_store
from tests.end_to_end.short_lease import launching


@pytest.mark.process
async def test_what_was_acknowledged_is_answered_once_whenever_the_bot_is_killed(
    database_url: str, tmp_path: Path
) -> None:
    kind = database_url.partition(":")[0]
    # Log and database stay, so that they are looked through when the test has ended.
    async with launching() as launch:
        row = await measure(
            kind, kills=3, seed=7, a_second=6, database_url=database_url, kept_in=tmp_path, launch=launch
        )
    async with open_store(database_url):
        pass
    assert row.acknowledged > 0
    assert (row.lost, row.doubled) == (0, 0)
