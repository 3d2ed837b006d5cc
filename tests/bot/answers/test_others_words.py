"""How many others it hit, in words: each says no more than was counted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.answers.words.others import others_paragraphs, percent
from bot.answers.words.style import SLACK
from bot.domain.model import ErrorEvent, Failure, Reason, SourceName
from bot.domain.visits.model import Happening
from bot.lookup.others import OthersHit, Untold
from bot.sources.protocol import Spread

NOW = datetime(2026, 11, 20, 14, tzinfo=UTC)
WWW, SHOP, MAIN = SourceName("rybbit", "www"), SourceName("raygun", "shop"), SourceName("fullstory", "main")
HIT = Happening((ErrorEvent(WWW, "TypeError: <!channel> is *undefined*"),))
COUNTED = Spread(WWW, NOW, 7, sessions=20, of_sessions=100, others=12, place="Wellington")


def said(*told: Spread, untold: tuple[Untold, ...] = ()) -> str:
    paragraphs = others_paragraphs([OthersHit(HIT, told, untold)], "jane", 30, NOW, SLACK)
    return "\n".join(line for lines in paragraphs for line in lines)


@pytest.mark.parametrize(
    ("spread", "words"),
    [
        (COUNTED, "in 20 % of sessions (20 of 100 in 7 days); 12 other users; not only Wellington"),
        (replace(COUNTED, sessions_in_place=16, all_in_place=30), "more than usual in Wellington (80 %"),
        (replace(COUNTED, sessions_in_place=16, all_in_place=70), "not only Wellington"),
        (replace(COUNTED, sessions_in_place=20, all_in_place=20), "only Wellington so far"),
        (replace(COUNTED, whole=False), "at least 12 other users"),
        (replace(COUNTED, doubled=True), "at most 12 other users"),
        (replace(COUNTED, others=0), "nobody else"),
        (replace(COUNTED, as_of=NOW - timedelta(minutes=40)), "counted 40 min ago"),
        (Spread(SHOP, NOW, occurrences=977, others=40), "977 times among all users; 40 other users"),
    ],
)
def test_a_line_says_what_was_counted(spread: Spread, words: str) -> None:
    assert words in said(spread)


def test_whether_it_is_just_them_is_said_only_where_it_is_counted() -> None:
    assert "*Not just jane · " in said(COUNTED)
    assert "*Just jane, as far as is counted · " in said(replace(COUNTED, others=0))
    assert "is not known" in said(replace(COUNTED, others=0, whole=False))
    # It may be the customer's own second device.
    assert "is not known" in said(replace(COUNTED, others=1, doubled=True))
    assert "*Not just jane · " in said(replace(COUNTED, others=3, doubled=True, least=1))
    assert "is not known" in said(untold=(Untold(WWW, has_no_count=True),))


def test_a_source_that_did_not_tell_says_why_and_one_that_never_can_is_named_last() -> None:
    spent = Failure(Reason.QUOTA_SPENT, "Raygun was not asked: our calls to it are spent")
    told = said(untold=(Untold(MAIN), Untold(SHOP, spent), Untold(WWW, has_no_count=True)))
    assert "• Raygun (shop): Raygun was not asked: our calls to it are spent" in told
    assert "• Rybbit (www) has no count of it" in told
    assert told.splitlines()[-1] == "FullStory (main) cannot tell how many others"


def test_an_errors_words_mention_nobody() -> None:
    assert "<!channel>" not in said(COUNTED)


def test_a_share_is_never_rounded_to_none_or_to_all() -> None:
    assert [percent(*of) for of in ((0, 9), (1, 999), (3, 100), (998, 999), (9, 9))] == [
        "0 %",
        "less than 1 %",
        "3 %",
        "more than 99 %",
        "100 %",
    ]
