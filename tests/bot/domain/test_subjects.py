"""What people type after the command."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.domain.model import Subject, SubjectKind
from bot.domain.subjects import Ask, Debug, Help, NotUnderstood, read_command

JANE = "jane@contoso.example"


def email(value: str, typed: str | None = None) -> Subject:
    return Subject(SubjectKind.EMAIL, value, typed or value)


def uid(value: str) -> Subject:
    return Subject(SubjectKind.UID, value, value)


@pytest.mark.parametrize(
    "text",
    [
        JANE,
        f"  {JANE}  ",
        f"<mailto:{JANE}|{JANE}>",
        f"<mailto:{JANE}|Jane Doe>",
        f"<mailto:{JANE}>",
        f"({JANE}),",
        f"“{JANE}”",
        f"*{JANE}*",
        f"`{JANE}`",
        f"&lt;{JANE}&gt;",
        f"{JANE}'s",
        f"mailto:{JANE}",
        "jane@<http://contoso.example|contoso.example>",
    ],
)
def test_an_address_is_read_in_any_form_slack_may_write_it(text: str) -> None:
    assert read_command(text) == Ask(email(JANE))


def test_an_address_is_compared_in_lower_case_and_kept_as_typed() -> None:
    assert read_command("Amir.Haddad+x@Northwind.example") == Ask(
        email("amir.haddad+x@northwind.example", "Amir.Haddad+x@Northwind.example")
    )


def test_an_international_domain_is_compared_by_its_ascii_form() -> None:
    assert read_command("jürgen@bücher.example") == Ask(
        email("jürgen@xn--bcher-kva.example", "jürgen@bücher.example")
    )


@pytest.mark.parametrize("text", ["u-77", "U-77", "u_77.", "00042", "<weird>"])
def test_a_uid_is_kept_exactly_as_it_is(text: str) -> None:
    assert read_command(text) == Ask(uid(text))


@pytest.mark.parametrize(
    ("text", "expected"), [("uid:help", "help"), ("uid:a@b", "a@b"), ("uid:uid:1", "uid:1")]
)
def test_a_uid_that_looks_like_something_else_is_written_with_its_prefix(text: str, expected: str) -> None:
    assert read_command(text) == Ask(uid(expected))


def test_days_and_fresh_are_options_in_any_order() -> None:
    assert read_command(f"{JANE} 7d fresh") == Ask(email(JANE), 7, fresh=True)
    assert read_command(f"{JANE} FRESH 90D") == Ask(email(JANE), 90, fresh=True)


@pytest.mark.parametrize("text", ["help", "HELP", "", "   "])
def test_help_is_ours(text: str) -> None:
    assert read_command(text) == Help()


def test_debug_is_ours() -> None:
    assert read_command("debug") == Debug()


@pytest.mark.parametrize(
    "text",
    [
        f"{JANE} li@fabrikam.example",
        f"{JANE} 0d",
        f"{JANE} 400d",
        f"{JANE} 7d 8d",
        f"{JANE} yesterday",
        "help me",
        "jane@",
        "a@b@c.example",
        "x" * 129,
        f"{'x' * 120}@contoso.example",
        "uid:",
        "<@U123ABC|jane>",
    ],
)
def test_anything_else_is_answered_with_what_is_understood(text: str) -> None:
    assert isinstance(read_command(text), NotUnderstood)


@given(st.text(max_size=300))
def test_no_text_makes_it_raise_and_a_subject_is_never_longer_than_128(text: str) -> None:
    read = read_command(text)
    if isinstance(read, Ask):
        assert 0 < len(read.subject.typed) <= 128
