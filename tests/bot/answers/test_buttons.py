"""Which buttons stand below an answer, by where it stands and whether more will come."""

from dataclasses import replace
from datetime import timedelta

import pytest

from bot.answers.buttons import (
    ASK_CUSTOMER,
    REFRESH,
    REMOVE,
    SHOW_MORE,
    ButtonValue,
    SessionValue,
    answer_buttons,
    session_errors_button,
)
from bot.domain.asking import AnswerForm
from bot.domain.model import CaseFile, Finding, State
from tests.bot.answers.case_files import JANE, NOW, SHOP, WWW, case_file, session

LIVE = Finding(WWW, State.LIVE, NOW, 2, (session(),))
DONE = case_file(LIVE)
WAITING = replace(DONE, waiting=(SHOP,))
VALUE = ButtonValue((JANE,), 30, 5, "U0AGENT001", ticket_at=NOW.replace(microsecond=0))


def buttons(form: AnswerForm, shown: CaseFile = DONE) -> dict[str, str | None]:
    """The value of each button, by what pressing it does."""
    elements = answer_buttons([shown], replace(VALUE, form=form)).to_dict()["elements"]
    return {element["action_id"]: element.get("value") for element in elements}


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        (AnswerForm.PAIR, [REFRESH]),
        # In a thread, to somebody who asked there: it has a ticket's time, and yet it was no offer.
        (AnswerForm.ANSWER, [REFRESH]),
        (AnswerForm.TICKET, [REFRESH, ASK_CUSTOMER, REMOVE]),
        (AnswerForm.OFFERED, [REFRESH, ASK_CUSTOMER, REMOVE]),
    ],
)
def test_only_answers_in_a_tickets_thread_can_be_removed_or_be_about_somebody_else(
    form: AnswerForm, expected: list[str]
) -> None:
    assert list(buttons(form)) == expected


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
    button = session_errors_button(recorded, came)
    assert button is not None
    value = SessionValue.loads(button.value or "")
    assert value.until == (came if read_up_to_it else None)
    assert SessionValue.loads(value.dumps()) == value


def test_a_button_of_an_earlier_answer_reads_the_whole_session() -> None:
    assert SessionValue.loads('["fullstory/main", "1:2", null, null]').until is None


def test_show_more_keeps_whose_answer_it_is() -> None:
    many = case_file(replace(LIVE, sessions=tuple(session(id=str(n)) for n in range(8))))
    value = ButtonValue.loads(buttons(AnswerForm.OFFERED, many)[SHOW_MORE] or "")
    assert value.form is AnswerForm.OFFERED
    assert value.asker == VALUE.asker
