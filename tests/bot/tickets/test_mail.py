"""Mail that Slack's email app posted."""

from typing import Any

import pytest

from bot.tickets.decide import Action
from tests.bot.tickets.messages import addresses, message, read

JANE = "jane@contoso.example"


def person(address: str, name: str = "") -> dict[str, str]:
    return {"address": address, "name": name, "original": f"{name} <{address}>"}


def mail(sender: str, **more: Any) -> dict[str, Any]:
    whole = {"id": "F0MAIL", "mode": "email", "from": [person(sender, "Jane")], "to": [], "cc": []}
    return message("", subtype="file_share", files=[whole | more])


def test_the_sender_is_the_requester_and_everybody_else_is_mentioned() -> None:
    posted = mail(
        JANE,
        to=[person("x-channel@acme.slack.com")],
        cc=[person("bob@fabrikam.example")],
        plain_text="Call eve@fabrikam.example",
        headers={"message_id": "<abc@mail.contoso.example>", "reply_to": None},
    )
    reading = read(posted)
    assert (reading.action, addresses(reading.requester)) == (Action.REPLY, [JANE])
    assert addresses(reading.mentioned) == ["bob@fabrikam.example", "eve@fabrikam.example"]


@pytest.mark.parametrize(
    "reply_to",
    [
        JANE,
        f"Jane <{JANE}>",
        f"Doe, Jane <{JANE}>",
        f'"bob@fabrikam.example, for \\"Jane\\", his boss" <{JANE}>',
        [person(JANE)],
    ],
)
def test_after_a_no_reply_sender_counts_where_answers_go(reply_to: Any) -> None:
    posted = mail("no-reply@forms.example", headers={"reply_to": reply_to})
    assert addresses(read(posted).requester) == [JANE]


def test_reply_to_of_a_real_sender_is_only_mentioned() -> None:
    reading = read(mail(JANE, headers={"reply_to": "bob@fabrikam.example"}))
    assert addresses(reading.requester) == [JANE]
    assert addresses(reading.mentioned) == ["bob@fabrikam.example"]


def test_what_a_colleague_forwarded_is_about_the_sender_in_the_forwarded_block() -> None:
    text = (
        f"FYI\n\n---------- Forwarded message ---------\nFrom: Jane Doe <{JANE}>\nTo: help@acme.example\n\nHi"
    )
    assert addresses(read(mail("sam@acme.example", plain_text=text)).requester) == [JANE]


def test_what_a_customer_forwarded_is_about_the_customer() -> None:
    text = "---- Forwarded message\nFrom: Bob <bob@fabrikam.example>\n\nHi"
    reading = read(mail(JANE, plain_text=text))
    assert addresses(reading.requester) == [JANE]
    assert addresses(reading.mentioned) == ["bob@fabrikam.example"]


def test_an_empty_address_is_read_from_the_original() -> None:
    posted = mail(JANE)
    posted["files"][0]["from"] = [{"address": "", "original": f"Jane <{JANE}>"}]
    assert addresses(read(posted).requester) == [JANE]


@pytest.mark.parametrize(
    "stub",
    [
        {"id": "F0MAIL", "mode": "email"},
        {"id": "F0MAIL"},
        {"id": "F0MAIL", "mode": "file_access", "file_access": "check_file_info"},
    ],
)
def test_a_stub_waits_for_files_info(stub: dict[str, str]) -> None:
    posted = message("", subtype="file_share", files=[stub])
    assert read(posted).action is Action.OFFER
    assert read(posted).unread_files == ("F0MAIL",)
    whole = read(posted, files={"F0MAIL": mail(JANE)["files"][0]})
    assert (whole.action, addresses(whole.requester), whole.unread_files) == (Action.REPLY, [JANE], ())


def test_a_stub_that_proves_to_be_no_mail_is_no_ticket() -> None:
    posted = message("", subtype="file_share", files=[{"id": "F0MAIL"}])
    assert read(posted, files={"F0MAIL": {"id": "F0MAIL", "mode": "hosted"}}).action is Action.IGNORE


def test_a_mail_that_a_person_shares_is_left_alone() -> None:
    posted = mail(JANE)
    posted = {key: value for key, value in posted.items() if key not in ("bot_id", "username")}
    assert read(posted | {"user": "U0AGENT1"}).action is Action.IGNORE


@pytest.mark.parametrize(
    "sender",
    [
        "mailer@shop.example",
        "form-submission@forms.example",
        "notify@forms.example",
        "SRS0=ab=cd=contoso.example=jane@forward.example",
        "prvs=12ab=bob@fabrikam.example",
    ],
)
def test_what_a_program_sent_or_rewrote_is_about_whom_answers_go_to(sender: str) -> None:
    assert addresses(read(mail(sender, headers={"reply_to": JANE})).requester) == [JANE]
    assert read(mail(sender)).action is Action.OFFER


@pytest.mark.parametrize(
    ("sender", "date", "to"),
    [("Šalje", "Datum", "Prima"), ("No", "Datums", "Kam"), ("Nuo", "Data", "Kam"), ("Od", "Datum", "Za")],
)
def test_a_forwarded_block_is_known_in_small_languages_too(sender: str, date: str, to: str) -> None:
    text = f"FYI\n\n{sender}: Jane Doe <{JANE}>\n{date}: today\n{to}: help@acme.example\n\nHi"
    assert addresses(read(mail("sam@acme.example", plain_text=text)).requester) == [JANE]
