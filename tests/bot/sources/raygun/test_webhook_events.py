"""Raygun's webhooks: every documented event, and every shape that is in doubt."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sources.raygun.webhook_events import read_event

URL = "https://app.raygun.com/crashreporting/19abc7x/errors/5544332211"
USER = {"Identifier": "cust-8841", "IsAnonymous": False, "UUID": "0b6a7a0e-1111-4222-8333-944455556666"}
OCCURRED = {
    "url": URL,
    "message": "TypeError: cart is undefined",
    "lastOccurredOn": "2026-11-03T08:30:10Z",
    "totalOccurrences": 1,
}


def event(kind: str, error: dict[str, Any]) -> dict[str, Any]:
    return {
        "event": "error_notification",
        "eventType": kind,
        "error": error,
        "application": {"name": "Web shop"},
    }


def affecting(user: Any) -> dict[str, Any]:
    return event(
        "NewErrorOccurred",
        OCCURRED | {"instance": {"tags": ["web"], "affectedUser": user, "customData": None}},
    )


def test_an_error_names_its_group_its_time_and_whom_it_hit() -> None:
    read = read_event(affecting(USER))
    assert read is not None
    assert (read.group_id, read.title, read.total) == ("5544332211", "TypeError: cart is undefined", 1)
    assert [person.value for person in read.people] == ["cust-8841", USER["UUID"]]


@pytest.mark.parametrize(
    ("user", "people"),
    [
        (None, []),
        ({"Identifier": "Jane@Contoso.example"}, ["jane@contoso.example"]),
        ({"Identifier": "cust-8841", "Email": "jane@contoso.example"}, ["cust-8841", "jane@contoso.example"]),
        ({"identifier": 8841, "email": None, "uuid": ""}, ["8841"]),
        ({"Identifier": "", "Email": "no address"}, []),
        ({"Identifier": "x" * 500}, []),
        ("jane", []),
        (USER | {"IsAnonymous": True}, []),
        (
            {"Identifier": "d-1", "isAnonymous": "true", "Email": "jane@contoso.example"},
            ["jane@contoso.example"],
        ),
    ],
)
def test_people_are_known_by_identifier_email_and_uuid_in_any_spelling(user: Any, people: list[str]) -> None:
    read = read_event(affecting(user))
    assert read is not None
    assert [person.value for person in read.people] == people


@pytest.mark.parametrize(
    ("kind", "fields", "remark"),
    [
        ("StatusChanged", {"status": "Ignored", "user": "Kim Ito"}, "ignored by Kim Ito"),
        ("StatusChanged", {"status": "Resolved"}, "resolved"),
        ("AssignedToUser", {"assignedTo": "Lee Park", "user": "Kim Ito"}, "assigned to Lee Park"),
        (
            "CommentAdded",
            {"comment": "seen by <@U123>? *no*", "user": "Kim"},
            "comment by Kim: seen by <@U123>? *no*",
        ),
        ("CommentAdded", {}, "commented"),
        ("HourlyFollowUp", {"totalOccurrences": 977}, None),
        ("SomethingNew", {}, None),
    ],
)
def test_what_became_of_an_error_is_put_into_words(
    kind: str, fields: dict[str, Any], remark: str | None
) -> None:
    read = read_event(
        event(kind, {"url": URL, "message": "Timeout", "activityDate": "2026-11-03T10:00:00Z"} | fields)
    )
    assert read is not None
    assert read.remark == remark
    assert read.people == ()


def test_an_older_host_is_a_link_and_another_is_none() -> None:
    old = read_event(
        event("ErrorReoccurred", OCCURRED | {"url": "http://app.raygun.io/error-url", "message": ""})
    )
    assert old is not None
    assert (old.url, old.title) == ("https://app.raygun.io/error-url", None)
    evil = read_event(
        event("NewErrorOccurred", OCCURRED | {"url": "https://app.raygun.com.evil.example/errors/1"})
    )
    assert evil is not None
    assert evil.url is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "event",
                    "eventType",
                    "error",
                    "url",
                    "message",
                    "instance",
                    "affectedUser",
                    "Identifier",
                    "status",
                    "user",
                ]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)


@given(JSON)
def test_no_json_makes_it_raise(body: Any) -> None:
    read_event(body)
