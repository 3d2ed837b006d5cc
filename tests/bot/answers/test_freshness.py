"""How an index is put into words."""

from datetime import UTC, datetime, timedelta

import pytest

from bot.answers.words.freshness import covers_words, left_words
from bot.domain.coverage import Coverage, Span
from bot.domain.model import Finding, SourceName, State

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
SHOP = SourceName("raygun", "shop")
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def clockface(moment: datetime) -> str:
    return f"{moment:%H:%M}"


@pytest.mark.parametrize(
    ("spans", "words"),
    [
        ([], "covers nothing yet"),
        ([(7 * DAY, timedelta())], "covers 7 days"),
        ([(4 * HOUR + HOUR * 55 / 60, timedelta())], "covers from 09:10"),
        ([(7 * DAY, 2 * DAY), (2 * DAY - HOUR, timedelta())], "covers 7 days but for 1 h"),
        ([(5 * HOUR, 4 * HOUR), (2 * HOUR, timedelta())], "covers 3 h of the last 5 h"),
        ([(6 * DAY, 5 * DAY), (2 * DAY, timedelta())], "covers 3 days of the last 6 days"),
    ],
)
def test_what_is_covered_is_said_in_a_few_words(spans: list[tuple[timedelta, timedelta]], words: str) -> None:
    assert covers_words(Coverage.of(Span(NOW - a, NOW - b) for a, b in spans), clockface) == words


def test_of_few_calls_it_is_said_until_when_they_must_last() -> None:
    back = NOW + 2 * HOUR
    assert left_words(Finding(SHOP, State.INDEX), clockface) == ""
    few = Finding(SHOP, State.INDEX, calls_left=3, calls_back=back)
    assert left_words(few, clockface) == "3 calls left until 16:05"
    many = Finding(SHOP, State.INDEX, calls_left=30, calls_back=back)
    assert left_words(many, clockface) == "30 calls left"
