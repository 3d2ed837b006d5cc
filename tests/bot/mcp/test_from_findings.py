"""What programs are told: who says each figure, and how old it is."""

from datetime import timedelta

from bot.domain.model import ErrorEvent, Finding, State
from bot.mcp.from_findings import found_sessions
from tests.bot.answers.case_files import NOW, SHOP, case_file, session


def test_an_errors_figures_are_as_old_as_their_counting_and_a_sessions_as_its_answer() -> None:
    heard, counted = NOW - timedelta(seconds=10), NOW - timedelta(days=3)
    now = ErrorEvent(SHOP, "TypeError: x", occurred_at=NOW, count=1)
    pushed = ErrorEvent(SHOP, "RangeError: y", occurred_at=NOW, users_affected=12, counted_at=counted)
    finding = Finding(SHOP, State.INDEX, heard, 0, (session(source=SHOP),), (now, pushed))
    told = found_sessions(case_file(finding))
    assert {error.title: error.age_seconds for error in told.errors} == {
        "TypeError: x": 10,
        "RangeError: y": 3 * 86_400,
    }
    assert [one.age_seconds for one in told.sessions] == [10]
    assert told.sessions[0].source == "raygun/shop"
