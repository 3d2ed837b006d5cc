"""The bot killed under load, six times in all: the short version of `benchmarks/kill.py`."""

import pytest

from benchmarks.kill import measure


@pytest.mark.process
async def test_what_was_acknowledged_is_answered_once_whenever_the_bot_is_killed(database_url: str) -> None:
    kind = database_url.partition(":")[0]
    row = await measure(kind, kills=3, seed=7, a_second=6, database_url=database_url)
    assert row.acknowledged > 0
    assert (row.lost, row.doubled) == (0, 0)
