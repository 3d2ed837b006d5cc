"""What a case file looks like in Slack."""

from datetime import timedelta
from typing import Any

import pytest

from bot.answers.buttons import SHOWN_AT_MOST, ButtonValue
from bot.answers.case_file_message import View, answer, parent, reply, together
from bot.domain.asking import AnswerForm
from bot.domain.model import (
    CaseFile,
    Doubt,
    ErrorEvent,
    Failure,
    Finding,
    Reason,
    Session,
    SessionUser,
    SourceName,
    State,
    Subject,
    SubjectKind,
    UrlIs,
)
from tests.bot.answers.case_files import HOSTILE, JANE, MAIN, NOW, SHOP, WWW, case_file, session, texts

LIVE = Finding(WWW, State.LIVE, NOW, 2, (session(),), (ErrorEvent(WWW, "TypeError: x"),))


def test_the_parent_says_who_how_much_when_last_and_who_asked() -> None:
    said = texts(parent(case_file(LIVE), View(asker="U1")).blocks)
    assert "`jane@contoso.example`" in said
    assert "*Last seen <!date^" in said
    assert "1 visit and 1 error in the last 30 days" in said
    assert "Asked by <@U1>" in said


def test_the_reply_says_of_a_visit_when_how_long_what_and_on_which_device() -> None:
    said = texts(reply(case_file(LIVE), View()).blocks)
    assert "<!date^" in said
    assert "person’s page: <https://app.rybbit.io/1407/user/u-77|Rybbit>" in said
    for words in ("4 min 5 s", "5 pages: /cart → /pay", "Chrome 142 on Windows 11", "*1 error*"):
        assert words in said


def test_sessions_of_all_sources_are_merged_newest_first() -> None:
    older = Finding(
        SHOP, State.LIVE, NOW, 1, (session(source=SHOP, id="a", started_at=NOW - timedelta(days=2)),)
    )
    newer = Finding(
        WWW, State.LIVE, NOW, 1, (session(id="b"), session(id="c", started_at=NOW - timedelta(days=3)))
    )
    assert [s.id for s in case_file(older, newer).sessions] == ["b", "a", "c"]


def test_what_is_well_is_said_in_one_line_and_what_is_not_in_its_own() -> None:
    until = NOW + timedelta(hours=2)
    spent = Failure(Reason.QUOTA_SPENT, "Raygun was not asked: our calls to it are spent", until)
    said = texts(
        reply(
            case_file(
                Finding(WWW, State.CACHED, NOW - timedelta(seconds=90)),
                Finding(SHOP, State.QUOTA, NOW - timedelta(hours=3), failure=spent, calls_left=0),
            ),
            View(),
        ).blocks
    )
    assert ":white_check_mark: Rybbit: asked 1 min ago" in said
    assert "Raygun: what it said 3 h ago; Raygun was not asked: our calls to it are spent" in said
    assert f"again: <!date^{int(until.timestamp())}^" in said


def test_where_nobody_is_found_it_says_where_it_looked_and_what_may_help() -> None:
    subject = Subject(SubjectKind.EMAIL, "sam+trial@contoso.example", "sam+trial@contoso.example")
    said = texts(reply(case_file(Finding(WWW, State.LIVE, NOW), subject=subject), View()).blocks)
    assert "Not found in Rybbit in the last 30 days" in said
    assert "Try sam@contoso.example" in said
    assert "30 more days" in said
    assert "their uid" in said


def test_where_no_source_answered_nobody_is_claimed_to_be_missing() -> None:
    failed = Finding(WWW, State.FAILED, failure=Failure(Reason.UNREACHABLE, "Rybbit cannot be reached"))
    for message in (parent(case_file(failed), View()), reply(case_file(failed), View())):
        assert "ound" not in texts(message.blocks)


def test_the_parent_says_which_sources_could_not_answer() -> None:
    failed = Finding(SHOP, State.FAILED, failure=Failure(Reason.UNREACHABLE, "Raygun cannot be reached"))
    assert "Raygun could not answer" in texts(parent(case_file(LIVE, failed), View()).blocks)


def test_sources_that_are_still_asked_are_named() -> None:
    said = texts(together(case_file(LIVE, waiting=(SHOP,)), View()).blocks)
    assert "Raygun: asking …" in said


def test_refresh_says_what_it_takes_of_a_small_quota_before_it_takes_it() -> None:
    small = Finding(SHOP, State.LIVE, NOW, 1, (session(source=SHOP),), calls_left=46, calls_again=4)
    assert "up to 4 calls of the 46 that Raygun has left" in str(reply(case_file(small), View()).blocks)
    assert "confirm" not in str(reply(case_file(LIVE), View()).blocks)


def test_more_visits_are_offered_only_where_there_is_more() -> None:
    many = Finding(WWW, State.LIVE, NOW, 1, tuple(session(id=str(n)) for n in range(8)))
    assert "More visits" in texts(reply(case_file(many), View(shown=5)).blocks)
    assert "More visits" not in texts(reply(case_file(many), View(shown=SHOWN_AT_MOST)).blocks)
    assert "3 older visits not shown" in texts(reply(case_file(many), View(shown=5)).blocks)


def test_text_of_vendors_and_customers_can_mention_nobody_and_pose_as_no_link() -> None:
    evil = session(
        entry_page=HOSTILE, device=HOSTILE, browser=HOSTILE, city=HOSTILE, user=SessionUser(name=HOSTILE)
    )
    finding = Finding(WWW, State.LIVE, NOW, 1, (evil,), (ErrorEvent(WWW, HOSTILE, status=HOSTILE),))
    message = together(case_file(finding), View(asker="U1"))
    said = texts(message.blocks)
    for mark in ("<!channel>", "<@U123>", "<https://evil"):
        assert mark not in said
        assert mark not in message.text
    for block in message.blocks:
        for part in [block.get("text"), *(block.get("elements") or [])]:
            assert part is None or part.get("type") != "mrkdwn" or part.get("verbatim") is True


def test_a_buttons_value_is_read_back_as_it_was_and_fits() -> None:
    long = Subject(SubjectKind.UID, "ü" * 128, "ü" * 128)
    value = ButtonValue(
        (long, long, long), 365, 20, "U1", AnswerForm.TICKET, NOW.replace(microsecond=0), "1795200000.000100"
    )
    assert ButtonValue.loads(value.dumps()) == value
    assert len(value.dumps()) <= 2000


def ended(hours_ago: float, minutes: float, **fields: Any) -> Session:
    start = NOW - timedelta(hours=hours_ago)
    end = start + timedelta(minutes=minutes)
    return session(id=str(hours_ago), started_at=start, ended_at=end, **fields)


@pytest.mark.parametrize(
    ("sessions", "first", "words"),
    [
        ((ended(0.5, 5), ended(2, 90), ended(30, 5)), "2", "at the ticket"),
        ((ended(0.5, 5), ended(2, 30), ended(30, 5)), "2", "before the ticket"),
        ((ended(2, 1, live=True), ended(3, 5)), "2", "at the ticket"),
        ((ended(0.5, 5), ended(0.2, 5)), "0.2", "*<!date"),
    ],
)
def test_the_visit_at_the_tickets_time_stands_first(
    sessions: tuple[Session, ...], first: str, words: str
) -> None:
    view = View(form=AnswerForm.TICKET, ticket_at=NOW - timedelta(hours=1))
    found = Finding(WWW, State.LIVE, NOW, 1, sessions)
    shown = [b["text"]["text"] for b in answer([case_file(found)], view).blocks if b["type"] == "section"]
    started = next(s.started_at for s in sessions if s.id == first)
    assert started is not None
    assert f"<!date^{int(started.timestamp())}^" in shown[1]
    assert words in shown[1]


def shown_sections(*sessions: Session, view: View | None = None) -> list[str]:
    by_source: dict[SourceName, list[Session]] = {}
    for one in sessions:
        by_source.setdefault(one.source, []).append(one)
    findings = [Finding(name, State.LIVE, NOW, 1, tuple(some)) for name, some in by_source.items()]
    blocks = answer([case_file(*findings)], view or View(shown=20)).blocks
    return [b["text"]["text"] for b in blocks if b["type"] == "section"]


def test_what_two_tools_recorded_of_one_visit_is_one_row_with_both_links() -> None:
    watched = ended(
        1.995, 9, source=MAIN, url="https://app.fullstory.com/ui/1/session/1", url_is=UrlIs.SESSION
    )
    measured = ended(2, 10, source=SHOP, url="https://app.raygun.com/rum/1/sessions/1", url_is=UrlIs.SESSION)
    _, *lines = shown_sections(measured, ended(1.98, 1), watched, ended(5, 3, source=MAIN))
    assert len(lines) == 2
    assert "Replay: <https://app.raygun.com/rum/1/sessions/1|Raygun> · <https://app.fullstory.com" in lines[0]
    assert lines[0].count("4 min 5 s") == 0
    assert lines[0].count("10 min") == 1


def test_the_visit_at_the_tickets_time_is_one_row_too() -> None:
    _, *lines = shown_sections(
        ended(0.2, 1),
        ended(2, 90),
        ended(1.99, 80, source=MAIN),
        view=View(shown=20, form=AnswerForm.TICKET, ticket_at=NOW - timedelta(hours=1.5)),
    )
    assert "at the ticket" in lines[0]
    assert len(lines) == 2


def test_of_an_app_the_version_the_screens_and_a_crash_are_told() -> None:
    [above, line] = shown_sections(
        session(
            source=SourceName("uxcam", "ios"),
            url="https://app.uxcam.com/app/1/sessions/list/1/2",
            url_is=UrlIs.SESSION,
            device="Pixel 9",
            browser=None,
            os="Android 16",
            app_version="5.2.0",
            screens=("Cart", "Pay"),
            crashed=True,
            rage_taps=2,
            video="https://videos.uxcam.com/2",
        )
    )
    for words in (
        "5 screens: Cart, Pay",
        "*crashed*",
        "2 rage clicks",
    ):
        assert words in line
    assert "Pixel 9, Android 16, app 5.2.0" in above
    assert "<https://videos.uxcam.com/2|video> (its link ends soon)" in line


@pytest.mark.parametrize(
    ("fields", "line"),
    [
        ({"entry_page": "/x", "exit_page": "/商品/詳細/配送/お支払い"}, "2 pages: /x → …細/配送/お支払い ·"),
        ({"entry_page": "/<!here>", "exit_page": "/a <https://b|c> <@U012345>"}, "→ …U012345&gt;"),
        ({"entry_page": "/cart", "exit_page": "/checkout/shipping"}, "2 pages: /cart → …ckout/shipping ·"),
        ({"screens": ("ログイン画面とお知らせ", "ホーム", "設定")}, "2 screens: ログイン画面とお知… ·"),
    ],
)
def test_pages_and_screens_are_cut_by_the_room_that_their_signs_take(
    fields: dict[str, Any], line: str
) -> None:
    [_, row] = shown_sections(session(pages=2, errors=1, **fields))
    assert line in row


def test_of_a_video_the_time_is_told_at_which_its_link_ends() -> None:
    ends = NOW + timedelta(hours=5)
    [_, line] = shown_sections(session(video="https://sp.uxcam.com/2", video_expires_at=ends))
    assert f"<https://sp.uxcam.com/2|video> (its link ends <!date^{int(ends.timestamp())}^" in line


def test_a_users_first_session_in_a_tool_is_told_and_which_one_the_newest_is() -> None:
    numbered = [
        session(id=str(number), number=number, started_at=NOW - timedelta(hours=hours), ended_at=None)
        for hours, number in ((1, 12), (40, 11), (90, 1))
    ]
    said = "".join(shown_sections(*numbered))
    assert "12th session in Rybbit" in said
    assert "11th" not in said
    assert "first session in Rybbit" in said
    for number, words in ((2, "2nd"), (3, "3rd"), (21, "21st"), (113, "113th")):
        assert f"{words} session in Rybbit" in "".join(shown_sections(session(number=number)))


def test_of_a_site_the_channel_and_the_recording_are_told() -> None:
    [_, line] = shown_sections(session(channel="Paid Search", has_replay=True))
    assert "came by Paid Search · replay recorded" in line


def test_a_name_that_was_not_followed_is_told_with_who_said_so() -> None:
    kiosk = Subject(SubjectKind.UID, "kiosk", "kiosk")
    bob = Subject(SubjectKind.EMAIL, "bob@contoso.example", "bob@contoso.example")
    file = CaseFile(JANE, NOW, 30, (), (), (Doubt(kiosk, (JANE, bob), ("rybbit/www",)),))
    said = texts(answer([file], View()).blocks)
    assert "`kiosk` goes with more than one address: `jane@contoso.example` and `bob@contoso.example`" in said
    assert "says rybbit/www" in said


FULLSTORY_URL = "https://app.fullstory.com/ui/7QX2B/session/1:2"


def test_a_tickets_session_opens_half_a_minute_before_the_ticket() -> None:
    ticket_at = NOW - timedelta(hours=1)
    [_, line] = shown_sections(
        ended(1.2, 30, source=MAIN, url=FULLSTORY_URL, url_is=UrlIs.SESSION),
        view=View(form=AnswerForm.TICKET, ticket_at=ticket_at),
    )
    moment = int((ticket_at - timedelta(seconds=30)).timestamp() * 1000)
    assert f"{FULLSTORY_URL}:{moment}|" in line


def test_a_session_that_was_over_when_the_ticket_came_opens_at_its_beginning() -> None:
    [_, line] = shown_sections(
        ended(5, 30, source=MAIN, url=FULLSTORY_URL, url_is=UrlIs.SESSION),
        view=View(form=AnswerForm.TICKET, ticket_at=NOW - timedelta(hours=1)),
    )
    assert f"{FULLSTORY_URL}|" in line


def test_an_error_of_one_tool_can_be_watched_in_another() -> None:
    hit = NOW - timedelta(minutes=14)
    watched = session(source=MAIN, url=FULLSTORY_URL, url_is=UrlIs.SESSION)
    error = ErrorEvent(WWW, "TypeError: x", occurred_at=hit)
    file = case_file(
        Finding(MAIN, State.LIVE, NOW, 1, (watched,)), Finding(WWW, State.LIVE, NOW, 1, (), (error,))
    )
    said = texts(answer([file], View()).blocks)
    moment = int((hit - timedelta(seconds=30)).timestamp() * 1000)
    assert f"<{FULLSTORY_URL}:{moment}|watch it in FullStory>" in said


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 time among all users"), (977, "977 times among all users")]
)
def test_how_often_an_error_hit_everybody_is_said_in_grammar(count: int, said: str) -> None:
    error = ErrorEvent(SHOP, "TypeError: x", occurred_at=NOW, count=count, counts_everybody=True)
    file = case_file(Finding(SHOP, State.LIVE, NOW, 1, (), (error,)))
    assert said in texts(answer([file], View()).blocks)
