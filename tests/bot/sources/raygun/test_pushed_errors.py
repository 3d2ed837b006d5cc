"""Errors that Raygun pushed: whom they hit, what became of them, and for how long they are kept."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update

from bot.domain.model import SourceName, Subject, SubjectKind
from bot.sources.raygun.pushed_errors import PushedErrors
from bot.sources.raygun.webhook_events import ErrorNews, read_event
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import pushed_deliveries, pushed_errors, pushed_hits
from tests.conftest import stored

SHOP, BLOG = SourceName("raygun", "shop"), SourceName("raygun", "blog")
WEEK = timedelta(days=7)
NOW = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
URL = "https://app.raygun.com/crashreporting/19abc7x/errors/"
JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")
U77 = Subject(SubjectKind.UID, "u-77", "u-77")


@pytest.fixture
def pushed(store: Store, keyring: Keyring) -> PushedErrors:
    return PushedErrors(store, keyring, WEEK, lambda: NOW)


def occurred(group: str = "1", hours_ago: float = 1, total: int = 1, **who: str) -> dict[str, Any]:
    """An error that hit somebody."""
    at = (NOW - timedelta(hours=hours_ago)).isoformat()
    error = {
        "url": URL + group,
        "message": f"TypeError: {group}",
        "lastOccurredOn": at,
        "totalOccurrences": total,
        "instance": {"affectedUser": who or {"Identifier": "u-77", "Email": JANE.value}},
    }
    return {"event": "error_notification", "eventType": "ErrorReoccurred", "error": error}


def resolved(hours_ago: float, group: str = "1", status: str = "Resolved") -> dict[str, Any]:
    at = (NOW - timedelta(hours=hours_ago)).isoformat()
    error = {"url": URL + group, "status": status, "user": "Kim Ito", "activityDate": at}
    return {"event": "error_activity", "eventType": "StatusChanged", "error": error}


async def take(pushed: PushedErrors, body: dict[str, Any], source: SourceName = SHOP) -> bool:
    event = read_event(body)
    assert event is not None
    return await pushed.take(source, event, body)


async def test_an_error_is_found_by_every_name_of_whom_it_hit_and_by_nobody_elses(
    pushed: PushedErrors,
) -> None:
    assert await take(pushed, occurred(total=3))
    for names in ([JANE], [U77], [JANE, U77]):
        [error] = await pushed.of(SHOP, names, NOW - WEEK)
        assert (error.title, error.id, error.count, error.counts_everybody) == ("TypeError: 1", "1", 3, True)
        assert error.occurred_at == NOW - timedelta(hours=1)
    assert await pushed.of(SHOP, [Subject(SubjectKind.UID, "u-7", "u-7")], NOW - WEEK) == ()
    assert await pushed.of(BLOG, [JANE], NOW - WEEK) == ()


async def test_an_event_that_is_delivered_twice_is_stored_once(pushed: PushedErrors) -> None:
    assert await take(pushed, occurred())
    assert not await take(pushed, occurred())
    assert await take(pushed, occurred(), BLOG)
    assert len(await pushed.of(SHOP, [JANE], NOW - WEEK)) == 1


async def test_errors_come_newest_first_and_none_from_before_the_days_asked_for(pushed: PushedErrors) -> None:
    for group, hours_ago in (("1", 30), ("2", 1), ("3", 5)):
        await take(pushed, occurred(group, hours_ago))
    errors = await pushed.of(SHOP, [JANE], NOW - timedelta(days=1))
    assert [error.id for error in errors] == ["2", "3"]


async def test_an_error_is_dated_by_whom_it_hit_and_not_by_its_last_hit_of_somebody_else(
    pushed: PushedErrors,
) -> None:
    await take(pushed, occurred("1", hours_ago=50, Identifier="u-77"))
    await take(pushed, occurred("1", hours_ago=1, total=9, Identifier="u-78"))
    await take(pushed, occurred("2", hours_ago=3, Identifier="u-77"))
    errors = await pushed.of(SHOP, [U77], NOW - WEEK)
    assert [(error.id, error.occurred_at) for error in errors] == [
        ("2", NOW - timedelta(hours=3)),
        ("1", NOW - timedelta(hours=50)),
    ]
    assert errors[1].count == 9
    assert [error.id for error in await pushed.of(SHOP, [U77], NOW - timedelta(days=1))] == ["2"]


async def test_what_was_stored_without_the_time_of_the_hit_is_shown_without_one(
    pushed: PushedErrors, store: Store
) -> None:
    await take(pushed, occurred("1", hours_ago=50))
    async with store.write() as connection:
        await connection.execute(update(pushed_hits).values(hit_ms=None))
    [error] = await pushed.of(SHOP, [U77], NOW - WEEK)
    assert error.occurred_at is None
    await take(pushed, occurred("1", hours_ago=2))
    [error] = await pushed.of(SHOP, [U77], NOW - WEEK)
    assert error.occurred_at == NOW - timedelta(hours=2)


async def test_how_many_users_it_hit_and_when_it_hit_the_first_is_told(pushed: PushedErrors) -> None:
    first = {"usersAffected": 41, "firstOccurredOn": "2026-11-03T08:00:00Z"}
    body = occurred()
    await take(pushed, body | {"error": body["error"] | first})
    [error] = await pushed.of(SHOP, [U77], NOW - WEEK)
    assert (error.users_affected, error.first_occurred_at) == (41, datetime(2026, 11, 3, 8, tzinfo=UTC))
    # What was done about it counts nothing anew.
    await take(pushed, resolved(0))
    [error] = await pushed.of(SHOP, [U77], NOW - WEEK)
    assert error.counted_at == NOW - timedelta(hours=1)


async def test_events_that_come_late_change_neither_the_last_time_nor_the_total(pushed: PushedErrors) -> None:
    await take(pushed, occurred(hours_ago=1, total=9))
    await take(pushed, occurred(hours_ago=3, total=4))
    [error] = await pushed.of(SHOP, [JANE], NOW - WEEK)
    assert (error.occurred_at, error.count) == (NOW - timedelta(hours=1), 9)


@pytest.mark.parametrize(
    ("bodies", "status"),
    [
        ((occurred(hours_ago=3), resolved(2)), "resolved by Kim Ito"),
        ((occurred(hours_ago=3), resolved(2), occurred(hours_ago=1)), "occurred again"),
        ((resolved(2), occurred(hours_ago=3)), "resolved by Kim Ito"),
        ((occurred(hours_ago=3),), None),
    ],
)
async def test_what_became_of_an_error_is_told_until_it_occurs_again(
    pushed: PushedErrors, bodies: tuple[dict[str, Any], ...], status: str | None
) -> None:
    for body in bodies:
        await take(pushed, body)
    [error] = await pushed.of(SHOP, [JANE], NOW - WEEK)
    assert error.status == status


async def test_what_is_older_than_the_retention_is_gone_with_the_next_event(
    pushed: PushedErrors, store: Store
) -> None:
    await take(pushed, occurred("1"))
    async with store.write() as connection:
        for table in (pushed_deliveries, pushed_errors, pushed_hits):
            await connection.execute(update(table).values(at_ms=table.c.at_ms - 7 * 86_400_000 - 1000))
    await take(pushed, occurred("2"))
    assert [error.id for error in await pushed.of(SHOP, [JANE], NOW - WEEK)] == ["2"]


async def test_neither_people_nor_titles_can_be_read_in_the_database(
    pushed: PushedErrors, store: Store
) -> None:
    await take(pushed, occurred())
    text = await stored(store)
    assert str(SHOP) in text
    for told in ("contoso", "u-77", "TypeError", "crashreporting"):
        assert told not in text


async def news_of(pushed: PushedErrors, *bodies: dict[str, Any]) -> list[str]:
    """What becomes of an error by these events, in their order."""
    told: list[ErrorNews] = []

    async def on_news(_connection: Any, news: ErrorNews) -> None:
        told.append(news)

    for body in bodies:
        event = read_event(body)
        assert event is not None
        await pushed.take(SHOP, event, body, on_news)
    assert len({news.key for news in told if news.change}) == len([news for news in told if news.change])
    return [str(news.change) for news in told if news.change]


async def test_what_becomes_of_an_error_is_news_once_until_something_else_does(pushed: PushedErrors) -> None:
    hits = (occurred(hours_ago=hours) for hours in (8, 6, 5))
    first, again, once_more = hits
    bodies = (first, resolved(7), resolved(6.5), again, once_more, resolved(4))
    assert await news_of(pushed, *bodies) == ["again", "status", "again", "status"]


async def test_an_error_that_is_open_has_not_come_back_however_often_it_occurs(pushed: PushedErrors) -> None:
    hits = [occurred(hours_ago=hours) for hours in (8, 5, 4, 1)]
    bodies = (hits[0], resolved(7), resolved(6, status="Active"), hits[1], hits[2], resolved(2), hits[3])
    assert await news_of(pushed, *bodies) == ["again", "status", "status", "status", "again"]


async def test_a_change_is_news_whatever_the_date_of_the_one_before_and_without_a_date_of_its_own(
    pushed: PushedErrors,
) -> None:
    undated = resolved(0)
    undated["error"] = {name: value for name, value in undated["error"].items() if name != "activityDate"}
    ahead = resolved(-48_000, status="Ignored")
    assert await news_of(pushed, resolved(3), ahead, undated, resolved(-1, status="Active")) == ["status"] * 4


async def test_an_older_event_that_comes_late_is_no_news(pushed: PushedErrors) -> None:
    assert await news_of(pushed, resolved(1), resolved(3) | {"eventType": "StatusChanged"}) == ["status"]


@pytest.mark.parametrize(
    ("bodies", "status", "who"),
    [
        ([resolved(1)], "resolved", "Kim Ito"),
        ([resolved(1, status="Ignored")], "ignored", "Kim Ito"),
        ([resolved(6), occurred(hours_ago=3), occurred(hours_ago=2)], "occurred again", None),
    ],
)
async def test_what_became_of_an_error_since_it_was_shown_is_told_with_the_key_of_its_news(
    pushed: PushedErrors, store: Store, bodies: list[dict[str, Any]], status: str, who: str | None
) -> None:
    await take(pushed, occurred(hours_ago=8))
    await take(pushed, resolved(7, status="Permanently ignored"))
    shown = await pushed.of(SHOP, [JANE], NOW - WEEK)
    told: list[str] = []

    async def on_news(_connection: Any, news: ErrorNews) -> None:
        told.extend([news.key] if news.change else [])

    for body in bodies:
        event = read_event(body)
        assert event is not None
        await pushed.take(SHOP, event, body, on_news)
    async with store.write() as connection:
        [news] = await pushed.news_of(connection, SHOP, shown)
        assert (news.status, news.who, news.key) == (status, who, told[-1])
        now = await pushed.of(SHOP, [JANE], NOW - WEEK)
        assert await pushed.news_of(connection, SHOP, now) == []
