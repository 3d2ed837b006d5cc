"""How many sessions crash by UXCam's own counts: its recorded answers, pages, and what is not readable."""

import json
from datetime import timedelta
from typing import Any

import httpx2
import pytest

from bot.domain.model import ErrorEvent, ErrorKind, Reason, Session, SourceName
from bot.sources.http import CallFailed
from bot.sources.protocol import Hit, Spread
from tests.bot.sources.canned import Bench, Canned, answer, calls_of
from tests.conftest import MovableClock

APP = SourceName("uxcam", "app")


def row(version: str, model: str, sessions: int, users: int) -> dict[str, Any]:
    """A row as in the vendor's recorded answer, "Sessions with UI Freeze by app version and device model"."""
    return {
        "app_version": version,
        "device_model": model,
        "session_count": sessions,
        "session_unique_user_count": users,
        "session_new_users_count": 0,
        "avg_session_duration": 90.502,
        "dashboard_link": "https://app.uxcam.com/app/YOUR_APP_ID/sessions/list/1",
    }


def page(*rows: dict[str, Any], following: int | None = None) -> httpx2.Response:
    paging = {"current": 1, "next": following, "total": len(rows)}
    return answer({"success": True, "data": list(rows), "pagination": paging})


def is_of_crashes(request: httpx2.Request) -> bool:
    filters = json.loads(request.url.params["filters"])
    return any(one["attribute"] == "session_crashed" for one in filters)


async def count(on_bench: Bench, vendor: Any, clock: MovableClock, days_ago: float = 1) -> Spread | None:
    source = on_bench.uxcam(vendor)
    at = clock() - timedelta(days=days_ago)
    session = Session(APP, "1" * 24, app_version="1.5", device="SM-C7100", crashed=True)
    crash = ErrorEvent(APP, "The app crashed (version 1.5)", occurred_at=at, kind=ErrorKind.CRASH)
    return await source.others(Hit(crash, session, frozenset({session.id})), await calls_of(source))


def vendor_of(request: httpx2.Request) -> httpx2.Response:
    assert request.url.path == "/v2/session/analytics"
    assert json.loads(request.url.params["group_by"]) == [
        {"attribute": "app_version"},
        {"attribute": "device_model"},
    ]
    if is_of_crashes(request):
        return page(row("1.5", "SM-C7100", 5, 4), row("1.5", "SM-J730", 1, 1), row("1.4", "SM-J730", 9, 9))
    if request.url.params["page"] == "1":
        return page(row("1.5", "SM-C7100", 117, 90), row("1.4", "SM-J730", 1_000, 500), following=2)
    return page(row("1.5", "SM-J730", 83, 60))


async def test_the_share_of_the_customers_version_is_counted_and_their_own_device_comes_first(
    on_bench: Bench, clock: MovableClock
) -> None:
    spread = await count(on_bench, Canned(vendor_of), clock)
    assert spread is not None
    assert (spread.sessions, spread.of_sessions, spread.version) == (6, 200, "1.5")
    # Five people on two devices, at most, less the customer.
    assert (spread.others, spread.doubled, spread.least) == (4, True, 3)
    rows = [(one.version, one.device, one.crashed, one.sessions, one.own) for one in spread.crashes]
    assert rows == [
        ("1.5", "SM-C7100", 5, 117, True),
        ("1.4", "SM-J730", 9, 1_000, False),
        ("1.5", "SM-J730", 1, 83, False),
    ]


async def test_a_customer_whose_crash_is_older_than_the_counted_days_is_not_taken_off(
    on_bench: Bench, clock: MovableClock
) -> None:
    spread = await count(on_bench, Canned(vendor_of), clock, days_ago=20)
    assert spread is not None
    assert spread.others == 5


async def test_where_the_vendor_counts_no_session_of_the_version_there_is_no_count(
    on_bench: Bench, clock: MovableClock
) -> None:
    other = Canned(lambda _: page(row("2.0", "SM-C7100", 5, 4)))
    assert await count(on_bench, other, clock) is None


@pytest.mark.parametrize(
    ("told", "reason"),
    [
        (answer({"message": "Request authentication failed"}, 401), Reason.NOT_AUTHORISED),
        (answer({"success": True, "data": None}), Reason.UNREADABLE),
        (answer({"success": False, "data": []}), Reason.UNREADABLE),
        (page(row("1.5", "SM-C7100", 5, 4), following=2), Reason.UNREADABLE),
    ],
)
async def test_what_cannot_be_read_whole_is_a_failure_and_never_a_share(
    on_bench: Bench, clock: MovableClock, told: httpx2.Response, reason: Reason
) -> None:
    with pytest.raises(CallFailed) as failed:
        await count(on_bench, Canned(lambda _: told), clock)
    assert failed.value.failure.reason is reason
