"""The visits in the JSON of a lookup."""

from datetime import timedelta

from bot.cli.as_json.lookup_json import case_file_json
from bot.domain.model import ErrorEvent, Finding, State
from tests.bot.answers.case_files import MAIN, NOW, SHOP, WWW, case_file, session

HIT = NOW - timedelta(minutes=13)


def test_a_visit_names_its_sessions_and_errors_by_their_places_and_who_says_what() -> None:
    watched = session(
        source=MAIN, id="f", ended_at=None, duration_seconds=None, pages=None, live=None, errors=None
    )
    older = session(id="o", started_at=NOW - timedelta(days=2), ended_at=NOW - timedelta(days=2, minutes=-3))
    told = (
        ErrorEvent(WWW, "TypeError: x", occurred_at=HIT, session_id="s1"),
        ErrorEvent(WWW, "TypeError: x", occurred_at=HIT - timedelta(seconds=90), session_id="s1"),
    )
    pushed = ErrorEvent(SHOP, "TypeError: x", occurred_at=HIT + timedelta(seconds=2))
    said = case_file_json(
        case_file(
            Finding(MAIN, State.LIVE, NOW, 1, (watched,)),
            Finding(SHOP, State.LIVE, NOW, 1, (), (pushed,)),
            Finding(WWW, State.LIVE, NOW, 1, (older, session()), told),
        )
    )
    newest, before = said["visits"]
    assert {said["sessions"][place]["vendor"] for place in newest["sessions"]} == {"fullstory", "rybbit"}
    assert [said["sessions"][place]["id"] for place in before["sessions"]] == ["o"]
    assert newest["errors"] == [0, 1, 2]
    assert newest["distinct_errors"] == [[0, 1], [2]]
    assert before["errors"] == []
    expected = ("2026-11-20T13:50:09Z", "2026-11-20T13:54:09Z", 245, False)
    assert tuple(newest[key] for key in ("started_at", "ended_at", "duration_seconds", "live")) == expected
    assert newest["told_by"]["pages"] == ["rybbit/www"]
    assert len(said["sessions"]) == 3
    assert len(said["errors"]) == 3
