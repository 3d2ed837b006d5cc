"""The bot killed under load, ten times in all: the short version of `benchmarks/kill.py`."""

import pytest

from benchmarks.kill import DATABASES, measure


@pytest.mark.process
@pytest.mark.parametrize("database", DATABASES)
async def test_what_was_acknowledged_is_answered_once_whenever_the_bot_is_killed(database: str) -> None:
    row = await measure(database, kills=5, seed=7, a_second=6)
    assert row.acknowledged > 0
    assert (row.lost, row.doubled) == (0, 0)
