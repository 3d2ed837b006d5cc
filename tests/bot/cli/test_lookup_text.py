"""A case file in a terminal: the words of an answer in Slack, plain where it is piped."""

from datetime import timedelta

from rich.text import Text

from bot.cli.lookup_text.case_file import case_file_text
from bot.cli.lookup_text.style import COLOURED, local_moment
from bot.domain.model import CaseFile, ErrorEvent, Failure, Finding, Reason, SessionUser, State, UrlIs
from tests.bot.answers.case_files import JANE, MAIN, NOW, SHOP, WWW, case_file, session

URL = "https://app.fullstory.com/ui/7QX2B/session/1:2"
RYBBIT = "https://app.rybbit.io/1407/user/u-77"


def found() -> CaseFile:
    user = SessionUser(uid="u-77", email=JANE.value, name="Jane [red]Doe[/] \x1b[31m")
    watched = session(source=MAIN, url=URL, url_is=UrlIs.SESSION, user=user)
    hit = ErrorEvent(WWW, "TypeError: x", url=RYBBIT, occurred_at=NOW - timedelta(minutes=13), page="/pay")
    return case_file(
        Finding(MAIN, State.LIVE, NOW, 1, (watched,)), Finding(WWW, State.LIVE, NOW, 1, (session(),), (hit,))
    )


def test_it_says_what_slack_says_with_every_link_in_a_line_of_its_own() -> None:
    lines = case_file_text(found()).splitlines()
    assert lines[0].endswith("· jane@contoso.example · uid u-77")
    assert lines[1] == "! TypeError: x on /pay · 2026-11-20 13:52 UTC"
    assert "4 min 5 s" in lines[lines.index("") + 1]
    assert "2 tools, all live" in lines[-1]
    assert all(line.split()[-1].startswith("https://") for line in lines if "https://" in line)
    assert sum(line.endswith(URL) for line in lines) == 1


def test_in_colour_it_is_the_same_text_in_the_zone_of_the_machine() -> None:
    coloured = Text.from_markup(case_file_text(found(), COLOURED)).plain
    assert coloured.splitlines()[1] == f"! TypeError: x on /pay · {local_moment(NOW - timedelta(minutes=13))}"
    assert len(coloured.splitlines()) == len(case_file_text(found()).splitlines())


def test_nobody_can_colour_or_rewrite_the_terminal() -> None:
    for style in ({}, {"plain_or_coloured": COLOURED}):
        text = case_file_text(found(), **style)
        assert "\x1b" not in text
    assert "[red]Doe[/]" in Text.from_markup(case_file_text(found(), COLOURED)).plain


def test_of_errors_that_were_not_asked_for_nothing_is_counted() -> None:
    quiet = session(errors=None)
    text = case_file_text(
        case_file(
            Finding(SHOP, State.LIVE, NOW, 1, (quiet,), notes=("errors not asked for: to spare calls",))
        )
    )
    assert "1 visit in the last 30 days" in text
    assert "0 errors" not in text
    assert "not every error was read in Raygun (errors not asked for)" in text


def test_a_source_that_was_given_up_is_told_without_a_count_of_calls() -> None:
    late = Failure(Reason.TIMED_OUT, "it did not answer within 40 s")
    text = case_file_text(case_file(Finding(SHOP, State.FAILED, calls=3, failure=late)))
    assert "✗ Raygun: it did not answer within 40 s" in text
    assert "0 calls" not in text
