"""What every text of one answer says where nothing was found: only what the sources have looked at."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.answers.case_file_message import View, answer, nobody, parent, reply
from bot.cli.as_json.lookup_json import case_file_json
from bot.cli.lookup_text.case_file import case_file_text
from bot.domain.coverage import Coverage, Span
from bot.domain.model import CaseFile, Doubt, ErrorEvent, Failure, Finding, Reason, Session, SourceName, State
from bot.lookup.absence import absence, covers_from, is_surely_nobody
from tests.bot.answers.case_files import JANE, MAIN, NOW, SHOP, WWW, case_file, texts

DAYS = 30
ASKED = NOW - timedelta(days=DAYS)
LATELY = NOW - timedelta(hours=13)
ENDED = NOW - timedelta(hours=1)
NAMES = (MAIN, SHOP, WWW, SourceName("uxcam", "ios"))
TICK = ":white_check_mark:"
BROKEN = Failure(Reason.VENDOR_ERROR, "it has trouble of its own")
SPENT = Failure(Reason.QUOTA_SPENT, "it was not asked", NOW + timedelta(hours=10))
FOUND = "session"


@dataclass(frozen=True)
class Heard:
    """One source's finding, whether it has looked at the whole span, and since when where it has not."""

    finding: Finding
    is_whole: bool
    since: datetime | None = None


def spans_from(*begins: datetime) -> Coverage:
    """An index with a gap of ten minutes before each begin but the first, up to now."""
    ends = [*(begin - timedelta(minutes=10) for begin in begins[1:]), NOW]
    return Coverage.of(Span(begin, end) for begin, end in zip(begins, ends, strict=True))


Kind = Callable[[SourceName], Heard]
KINDS: dict[str, Kind] = {
    "live": lambda name: Heard(Finding(name, State.LIVE, NOW, 1), is_whole=True),
    "cached": lambda name: Heard(Finding(name, State.CACHED, NOW - timedelta(minutes=1)), is_whole=True),
    "whole index": lambda name: Heard(
        Finding(name, State.INDEX, NOW, covers=spans_from(ASKED)), is_whole=True
    ),
    "short index": lambda name: Heard(
        Finding(name, State.INDEX, NOW, covers=spans_from(LATELY)), is_whole=False, since=LATELY
    ),
    "index that ended": lambda name: Heard(
        Finding(name, State.INDEX, LATELY, covers=Coverage.of([Span(ASKED, LATELY)])), is_whole=False
    ),
    "short index that ended": lambda name: Heard(
        Finding(name, State.INDEX, ENDED, covers=Coverage.of([Span(LATELY, ENDED)])),
        is_whole=False,
        since=LATELY,
    ),
    "index with a gap": lambda name: Heard(
        Finding(name, State.INDEX, NOW, covers=spans_from(ASKED, LATELY)), is_whole=False, since=LATELY
    ),
    "by another name perhaps": lambda name: Heard(
        Finding(name, State.INDEX, NOW, covers=spans_from(ASKED), by_other_name=True), is_whole=False
    ),
    "short index, by another name perhaps": lambda name: Heard(
        Finding(name, State.INDEX, NOW, covers=spans_from(LATELY), by_other_name=True),
        is_whole=False,
        since=LATELY,
    ),
    "empty index": lambda name: Heard(
        Finding(name, State.INDEX, NOW, covers=Coverage()), is_whole=False, since=NOW
    ),
    "cut list": lambda name: Heard(
        Finding(name, State.LIVE, NOW, 1, complete_from=LATELY), is_whole=False, since=LATELY
    ),
    "in part": lambda name: Heard(Finding(name, State.LIVE, NOW, 1, partial=True), is_whole=False),
    "stale": lambda name: Heard(
        Finding(name, State.STALE, NOW - timedelta(hours=3), failure=BROKEN), is_whole=False
    ),
    "stale and narrow": lambda name: Heard(
        Finding(name, State.STALE, NOW - timedelta(hours=3), failure=BROKEN, complete_from=LATELY),
        is_whole=False,
    ),
    "spent, with an index": lambda name: Heard(
        Finding(
            name,
            State.QUOTA,
            NOW - timedelta(hours=1),
            failure=SPENT,
            covers=spans_from(LATELY),
            calls_left=0,
            calls_back=NOW + timedelta(hours=14),
        ),
        is_whole=False,
    ),
    "spent": lambda name: Heard(Finding(name, State.QUOTA, failure=SPENT, calls_left=0), is_whole=False),
    "failed": lambda name: Heard(Finding(name, State.FAILED, failure=BROKEN), is_whole=False),
    FOUND: lambda name: Heard(
        Finding(name, State.LIVE, NOW, 1, (Session(name, "1", started_at=LATELY),)), is_whole=True
    ),
}
nothing_found = st.lists(st.sampled_from(sorted(KINDS.keys() - {FOUND})), min_size=1, max_size=4)
anything = st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=4)


def heard_by(kinds: list[str]) -> list[Heard]:
    return [KINDS[kind](name) for kind, name in zip(kinds, NAMES, strict=False)]


def file_of(heard: list[Heard]) -> CaseFile:
    return case_file(*(one.finding for one in heard))


def texts_of(file: CaseFile) -> dict[str, str]:
    """Every text of one answer."""
    messages = {
        "parent": parent(file, View()),
        "reply": reply(file, View()),
        "answer": answer([file], View()),
    }
    said = {name: f"{one.text}\n{texts(one.blocks)}" for name, one in messages.items()}
    if not file.sessions:
        line = nobody([file], View())
        said["line"] = f"{line.text}\n{texts(line.blocks)}"
    return said | {"terminal": case_file_text(file)}


def times_after(words: str, text: str) -> set[datetime]:
    """The times that are named after these words, to the minute."""
    found = re.findall(rf"{words} (?:<!date\^(\d+)\^[^>]*>|(\d{{4}}-\d\d-\d\d \d\d:\d\d) UTC)", text)
    return {
        datetime.fromtimestamp(int(slack), UTC).replace(second=0)
        if slack
        else datetime.fromisoformat(f"{terminal}+00:00")
        for slack, terminal in found
    }


def is_nobody_said(text: str) -> bool:
    """Whether it is said, without a time from which on, that there is nobody."""
    return re.search(r"(?i)\bnobody\b(?! since)|No visit of", text) is not None


def without_sources(text: str) -> str:
    """A text without the lines about single sources."""
    return "\n".join(line for line in text.splitlines() if not is_of_sources(line))


def is_of_sources(line: str) -> bool:
    """Whether a line tells how one source is, or several that are well."""
    return re.match(r"(?::\w+:|[✓…~✗-]) ", line) is not None


def line_of(name: SourceName, text: str) -> str:
    label = {"fullstory": "FullStory", "raygun": "Raygun", "rybbit": "Rybbit", "uxcam": "UXCam"}[name.vendor]
    return next((line for line in text.splitlines() if is_of_sources(line) and label in line), "")


@settings(deadline=None)
@given(anything)
def test_nobody_is_said_only_where_every_source_has_looked_at_the_whole_span(kinds: list[str]) -> None:
    heard = heard_by(kinds)
    file = file_of(heard)
    surely = all(one.is_whole for one in heard) and FOUND not in kinds
    assert is_surely_nobody([file]) is surely
    for text in texts_of(file).values():
        assert is_nobody_said(without_sources(text)) is surely


@settings(deadline=None)
@given(nothing_found, st.sampled_from([kind for kind in KINDS if "another name" in kind]))
def test_nobody_is_not_said_at_all_where_a_source_may_know_them_by_another_name(
    kinds: list[str], by_name: str
) -> None:
    file = file_of(heard_by([by_name, *kinds[:3]]))
    assert not is_surely_nobody([file])
    for text in texts_of(file).values():
        assert not re.search(r"(?i)\bnobody\b|No visit of", without_sources(text)), text


@settings(deadline=None)
@given(nothing_found)
def test_a_source_has_a_tick_only_where_it_has_looked_at_the_whole_span(kinds: list[str]) -> None:
    heard = heard_by(kinds)
    for text in texts_of(file_of(heard)).values():
        for one in heard:
            line = line_of(one.finding.source, text)
            assert not is_nobody_said(line)
            if line.startswith(":"):
                assert (TICK in line) is one.is_whole


@settings(deadline=None)
@given(anything)
def test_every_text_names_the_same_time_since_when_it_was_looked(kinds: list[str]) -> None:
    heard = heard_by(kinds)
    file = file_of(heard)
    since = {one.since for one in heard if one.since}
    latest = {max(since).replace(second=0)} if since and FOUND not in kinds else set()
    sources = case_file_json(file)["sources"]
    for one, as_json in zip(heard, sources, strict=True):
        if one.since:
            assert as_json["covers_from"] == f"{one.since:%Y-%m-%dT%H:%M:%SZ}"
        if one.is_whole:
            assert as_json["covers_from"] is None
        if not one.finding.answered:
            assert as_json["covers_from"] is not None
    for text in texts_of(file).values():
        assert times_after("since", without_sources(text)) in (latest, set())
        for one in heard:
            expected = {one.since.replace(second=0)} if one.since else set()
            assert times_after("came since", line_of(one.finding.source, text)) <= expected


@settings(deadline=None)
@given(anything)
def test_no_text_of_an_answer_contradicts_another(kinds: list[str]) -> None:
    heard = heard_by(kinds)
    file = file_of(heard)
    said = texts_of(file)
    none_answered = not file.answered
    for text in said.values():
        assert ("No source could answer" in text) is none_answered
        assert bool(re.search(r"\d+ visits?\b", text)) is bool(file.sessions)
        if file.sessions:
            assert "ot found" not in text
            assert "Nothing found" not in text
    assert (absence(file) is None) is bool(file.sessions)


@settings(deadline=None)
@given(nothing_found, st.integers(1, 4))
def test_nothing_is_concluded_or_advised_while_sources_are_still_asked(
    kinds: list[str], waiting: int
) -> None:
    heard = heard_by(kinds)
    file = case_file(*(one.finding for one in heard), waiting=NAMES[:waiting])
    for name, text in texts_of(file).items():
        if name not in ("line", "terminal"):
            assert not is_nobody_said(text)
            assert "ot found" not in text
            assert TICK not in text
            assert "•" not in text


@settings(deadline=None)
@given(nothing_found)
def test_of_when_to_ask_again_a_line_names_one_time(kinds: list[str]) -> None:
    for text in texts_of(file_of(heard_by(kinds))).values():
        for line in text.splitlines():
            assert not ("again: " in line and " until " in line)


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        (["live", "whole index"], "Nobody found in the last 30 days"),
        (["live", "short index"], "Nobody since <!date"),
        (["short index"], "· FullStory knows nothing earlier"),
        (["live", "failed"], "Nothing found so far · Raygun could not answer"),
        (["live", "stale"], "Nothing found so far · Raygun could not be asked again"),
        (["in part"], "Nothing found so far · FullStory answered in part"),
        (["failed", "short index"], "FullStory could not answer · Raygun knows only what came since"),
        (["failed", "spent"], "No source could answer"),
        (
            ["live", "short index that ended"],
            "Nothing found so far · Raygun knows only what came from <!date",
        ),
    ],
)
def test_the_headline_says_how_far_it_was_looked(kinds: list[str], words: str) -> None:
    assert words in parent(file_of(heard_by(kinds)), View()).text


def test_where_a_name_is_in_doubt_nobody_is_said_to_be_missing() -> None:
    doubt = Doubt(JANE, (), ("rybbit/www",))
    file = CaseFile(JANE, NOW, DAYS, (Finding(WWW, State.LIVE, NOW),), doubts=(doubt,))
    assert not is_nobody_said(without_sources(reply(file, View()).text))


def test_errors_without_a_session_are_not_nobody_found() -> None:
    file = case_file(Finding(SHOP, State.LIVE, NOW, 1, errors=(ErrorEvent(SHOP, "TypeError: x"),)))
    for text in texts_of(file).values():
        assert "ot found" not in text
        assert not is_nobody_said(line_of(SHOP, text))


def test_the_json_of_a_lookup_says_from_when_on_each_source_has_looked() -> None:
    file = file_of(heard_by(["live", "short index", "cut list"]))
    said = json.loads(json.dumps(case_file_json(file)))["sources"]
    assert [source["covers_from"] for source in said] == [
        None,
        "2026-11-20T01:05:09Z",
        "2026-11-20T01:05:09Z",
    ]


def test_an_answer_that_goes_back_further_than_asked_is_whole() -> None:
    finding = Finding(WWW, State.LIVE, NOW, complete_from=ASKED - timedelta(days=1))
    assert covers_from(finding, case_file(finding)) is None


def test_an_index_that_ended_some_time_ago_has_looked_until_then_alone() -> None:
    an_hour_ago = NOW - timedelta(hours=1)
    ended = Finding(
        SHOP, State.INDEX, an_hour_ago, covers=Coverage.of([Span(ASKED - timedelta(hours=1), an_hour_ago)])
    )
    file = case_file(Finding(MAIN, State.LIVE, NOW, 1), ended)
    said = absence(file)
    assert said is not None
    assert not said.is_nobody
    assert (said.whole, said.ended, said.until) == ((MAIN,), (SHOP,), an_hour_ago)
    assert not is_surely_nobody([file])
    for text in texts_of(file).values():
        assert "obody found in the last" not in text
    assert "nothing later than" in texts_of(file)["parent"]
