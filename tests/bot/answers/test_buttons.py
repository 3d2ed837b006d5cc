"""Which buttons stand below an answer, by where it stands and whether more will come."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from bot.answers.buttons import (
    ASK_CUSTOMER,
    LOOK_FURTHER,
    MUTE,
    OPEN,
    REFRESH,
    REMOVE,
    SHOW_MORE,
    TRY_OTHER,
    ButtonValue,
    SessionValue,
    answer_buttons,
    visit_menu,
)
from bot.answers.case_file_message import View, reply
from bot.domain.asking import AnswerForm
from bot.domain.model import CaseFile, ErrorEvent, Finding, State, Subject, SubjectKind, UrlIs
from bot.domain.visits.history import history, history_of
from tests.bot.answers.case_files import JANE, MAIN, NOW, SHOP, WWW, case_file, session

LIVE = Finding(WWW, State.LIVE, NOW, 2, (session(),))
DONE = case_file(LIVE)
WAITING = replace(DONE, waiting=(SHOP,))
VALUE = ButtonValue((JANE,), 30, 5, "U0AGENT001", ticket_at=NOW.replace(microsecond=0))


def buttons(form: AnswerForm, shown: CaseFile = DONE) -> dict[str, str | None]:
    """The value of each button, by what pressing it does."""
    found: dict[str, str | None] = {}
    for element in elements(form, shown):
        for option in element.get("options", ()):
            action, _, value = option["value"].partition(":")
            found[action] = value
        if "options" not in element:
            found[element["action_id"]] = element.get("value")
    return found


def elements(form: AnswerForm, shown: CaseFile, *, is_private: bool = False) -> list[dict[str, Any]]:
    block = answer_buttons([shown], [history_of(shown)], replace(VALUE, form=form), is_private=is_private)
    return list(block["elements"])


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (AnswerForm.PAIR, [REFRESH, LOOK_FURTHER]),
        # In a thread, to somebody who asked there: it has a ticket's time, and yet it was no offer.
        (AnswerForm.ANSWER, [REFRESH, LOOK_FURTHER]),
        (AnswerForm.TICKET, [REFRESH, REMOVE, LOOK_FURTHER, ASK_CUSTOMER, MUTE]),
        (AnswerForm.OFFERED, [REFRESH, REMOVE, LOOK_FURTHER, ASK_CUSTOMER, MUTE]),
    ],
)
def test_only_answers_in_a_tickets_thread_can_be_removed_or_be_about_somebody_else(
    form: AnswerForm, expected: list[str]
) -> None:
    assert list(buttons(form)) == expected


@pytest.mark.parametrize("notes", [False, True])
def test_a_menu_has_no_more_lines_than_slack_takes_and_the_channel_can_be_muted_all_the_same(
    notes: bool,
) -> None:
    hit = ErrorEvent(WWW, "TypeError: x", occurred_at=NOW)
    failed = case_file(Finding(WWW, State.LIVE, NOW, 2, (session(),), (hit,)))
    block = answer_buttons(
        [failed], [history_of(failed)], replace(VALUE, form=AnswerForm.TICKET), watches=True, notes=notes
    )
    shown = list(block["elements"])
    [menu] = [element for element in shown if "options" in element]
    assert len(menu["options"]) == 5
    in_menu = menu["options"][-1]["value"].startswith(f"{MUTE}:")
    assert in_menu is not any(element["action_id"] == MUTE for element in shown)
    assert in_menu is not notes


def test_while_more_is_to_come_nobody_else_can_take_the_place_that_it_will_be_edited_into() -> None:
    assert list(buttons(AnswerForm.TICKET, WAITING)) == [REFRESH, REMOVE]
    assert list(buttons(AnswerForm.OFFERED, WAITING)) == [REFRESH]


@pytest.mark.parametrize("form", [AnswerForm.TICKET, AnswerForm.OFFERED])
def test_the_second_try_begins_with_nobody_and_with_nobody_having_asked(form: AnswerForm) -> None:
    value = ButtonValue.loads(buttons(form)[ASK_CUSTOMER] or "")
    assert value == replace(VALUE, subjects=(), asker=None, form=AnswerForm.OFFERED)


def test_only_what_a_person_chose_says_so_when_it_is_removed() -> None:
    assert buttons(AnswerForm.TICKET)[REMOVE] is None
    assert ButtonValue.loads(buttons(AnswerForm.OFFERED)[REMOVE] or "").form is AnswerForm.OFFERED


@pytest.mark.parametrize(("after_start", "read_up_to_it"), [(-60, False), (600, True), (25 * 3600, False)])
def test_a_sessions_errors_are_read_up_to_the_ticket_where_it_may_have_been_running_then(
    after_start: int, *, read_up_to_it: bool
) -> None:
    came = NOW.replace(microsecond=0)
    started = came - timedelta(seconds=after_start)
    recorded = session(
        started_at=started, ended_at=None, over_by=started + timedelta(hours=24), errors_on_request=True
    )
    [visit] = history([recorded]).visits
    found = visit_menu(visit, ticket_at=came)
    assert found is not None
    menu, block_id = found
    assert block_id == recorded.url
    value = SessionValue.loads(menu["options"][0]["value"])
    assert value.until == (came if read_up_to_it else None)
    assert SessionValue.loads(value.dumps()) == value


def test_one_action_comes_first_and_it_is_the_moment_of_what_went_wrong_last() -> None:
    url = "https://app.fullstory.com/ui/7QX2B/session/1:2"
    watched = session(source=MAIN, url=url, url_is=UrlIs.SESSION)
    hit = ErrorEvent(WWW, "TypeError: x", occurred_at=NOW - timedelta(minutes=13))
    file = case_file(
        Finding(MAIN, State.LIVE, NOW, 1, (watched,)), Finding(WWW, State.LIVE, NOW, 1, (), (hit,))
    )
    first, *others = elements(AnswerForm.TICKET, file)
    assert first["action_id"] == OPEN
    assert first["url"].startswith(f"{url}:")
    assert first["style"] == "primary"
    assert not any("style" in one for one in others)


def test_where_nobody_is_found_what_may_find_them_is_pressed_and_not_typed() -> None:
    sam = Subject(SubjectKind.EMAIL, "sam+trial@contoso.example", "Sam+trial@contoso.example")
    file = case_file(Finding(WWW, State.LIVE, NOW), subject=sam)
    found = buttons(AnswerForm.TICKET, file)
    assert list(found)[:3] == [TRY_OTHER, LOOK_FURTHER, REFRESH]
    other = ButtonValue.loads(found[TRY_OTHER] or "")
    assert [subject.typed for subject in other.subjects] == ["Sam@contoso.example"]
    # A person chose whom to look up: it is no longer the ticket's requester as it was read.
    assert other.form is AnswerForm.OFFERED
    assert ButtonValue.loads(found[LOOK_FURTHER] or "").days == 60
    assert [one.get("style") for one in elements(AnswerForm.TICKET, file)][:2] == ["primary", None]


def test_no_further_back_than_a_year_is_offered() -> None:
    elements = answer_buttons([DONE], [history_of(DONE)], replace(VALUE, days=365))["elements"]
    assert LOOK_FURTHER not in str(elements)


def test_what_only_the_asker_sees_has_no_menu_as_slack_does_not_say_what_stands_there() -> None:
    assert "overflow" in str(elements(AnswerForm.TICKET, DONE))
    assert "overflow" not in str(elements(AnswerForm.TICKET, DONE, is_private=True))


def test_a_visits_errors_can_be_read_only_where_they_are_not_there_already() -> None:
    recorded = session(source=MAIN, url="https://app.fullstory.com/1", errors_on_request=True, errors=None)
    told = ErrorEvent(MAIN, "TypeError: x", session_id="s1")
    quiet = reply(case_file(Finding(MAIN, State.LIVE, NOW, 1, (recorded,))), View())
    loud = reply(case_file(Finding(MAIN, State.LIVE, NOW, 1, (recorded,), (told,))), View())
    assert "Errors in this visit" in str(quiet.blocks)
    assert "Errors in this visit" not in str(loud.blocks)


def test_a_visit_is_summed_up_where_the_vendor_does_that_whether_or_not_its_errors_are_there() -> None:
    recorded = session(
        source=MAIN,
        url="https://app.fullstory.com/1",
        errors_on_request=True,
        summary_on_request=True,
        errors=None,
    )
    told = ErrorEvent(MAIN, "TypeError: x", session_id="s1")
    for errors, labels in (
        ((), ["Errors in this visit", "Sum up this visit"]),
        ((told,), ["Sum up this visit"]),
    ):
        answered = reply(case_file(Finding(MAIN, State.LIVE, NOW, 1, (recorded,), errors)), View())
        [menu] = [block["accessory"] for block in answered.blocks if "accessory" in block]
        *readings, opened = menu["options"]
        assert [option["text"]["text"] for option in readings] == labels
        assert "url" in opened
        last = SessionValue.loads(readings[-1]["value"])
        assert last.in_words
        assert SessionValue.loads(last.dumps()) == last


def test_a_button_of_an_earlier_answer_reads_the_whole_session() -> None:
    assert SessionValue.loads('["fullstory/main", "1:2", null, null]').until is None


def test_show_more_keeps_whose_answer_it_is() -> None:
    many = case_file(replace(LIVE, sessions=tuple(session(id=str(n)) for n in range(8))))
    value = ButtonValue.loads(buttons(AnswerForm.OFFERED, many)[SHOW_MORE] or "")
    assert value.form is AnswerForm.OFFERED
    assert value.asker == VALUE.asker
