"""FullStory's summary of a session: asked for by the account's profile, kept, and read in whichever form."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest
from hypothesis import given

from bot.domain.model import Reason
from bot.sources.fullstory.summary import read_summary
from bot.sources.http import CallFailed
from bot.sources.protocol import SessionSummary
from tests.bot.sources.canned import Bench, Canned, answer, calls_of
from tests.bot.sources.test_any_json import BODIES
from tests.conftest import MovableClock

SAID = answer({"response": {"summary": "She could not pay.", "was_stuck": True}})
FORBIDDEN = answer({"code": "forbidden", "message": "no"}, 403)
NOT_FOUND = answer({"code": "resource_not_found", "message": "no"}, 404)


async def summed_up(
    bench: Bench, canned: Canned, until: datetime | None = None, profile: str | None = "support"
) -> SessionSummary:
    source = bench.fullstory(canned, summary_profile=profile)
    return await source.summary_of("77:1000", await calls_of(source), until)


async def left(bench: Bench, canned: Canned) -> int | None:
    return (await bench.ledger.state(bench.fullstory(canned).budget)).left


async def test_it_is_asked_for_by_the_profile_up_to_the_ticket_and_kept(on_bench: Bench) -> None:
    canned = Canned(lambda _request: SAID)
    until = datetime(2026, 11, 20, 10, 30, tzinfo=UTC)
    first = await summed_up(on_bench, canned, until)
    assert first.text == "Summary: She could not pay.\nWas stuck: yes"
    [request] = canned.requests
    assert request.url.raw_path.startswith(b"/v2/sessions/77%3A1000/summary?")
    asked = {"config_profile": "support", "end_timestamp": "2026-11-20T10:30:00Z"}
    assert dict(request.url.params) == asked
    assert await summed_up(on_bench, canned, until) == first
    assert len(canned.requests) == 1
    assert await left(on_bench, canned) == 999


async def test_another_end_is_another_summary(on_bench: Bench) -> None:
    canned = Canned(lambda _request: SAID)
    await summed_up(on_bench, canned)
    await summed_up(on_bench, canned, datetime(2026, 11, 20, 10, 30, tzinfo=UTC))
    assert ["end_timestamp" in request.url.params for request in canned.requests] == [False, True]


async def test_a_plan_without_summaries_is_asked_once_a_day_and_pays_nothing(
    on_bench: Bench, clock: MovableClock
) -> None:
    canned = Canned(lambda _request: FORBIDDEN)
    for _ in range(2):
        with pytest.raises(CallFailed) as failed:
            await summed_up(on_bench, canned)
        assert failed.value.failure.reason is Reason.NOT_AUTHORISED
    assert len(canned.requests) == 1
    assert await left(on_bench, canned) == 1_000
    clock.advance(days=1, seconds=1)
    with pytest.raises(CallFailed):
        await summed_up(on_bench, canned)
    assert len(canned.requests) == 2


@pytest.mark.parametrize(
    ("told", "reason", "paid"),
    [
        (NOT_FOUND, Reason.UNREADABLE, 0),
        (answer({"response": {}}), Reason.UNREADABLE, 1),
        (answer([]), Reason.UNREADABLE, 1),
        (answer({"code": "internal"}, 500), Reason.VENDOR_ERROR, 1),
    ],
)
async def test_what_is_no_summary_is_told_as_a_failure(
    on_bench: Bench, told: httpx2.Response, reason: Reason, paid: int
) -> None:
    canned = Canned(lambda _request: told)
    with pytest.raises(CallFailed) as failed:
        await summed_up(on_bench, canned)
    assert failed.value.failure.reason is reason
    assert await left(on_bench, canned) == 1_000 - paid


async def test_without_a_profile_nothing_is_asked(on_bench: Bench) -> None:
    canned = Canned(lambda _request: SAID)
    with pytest.raises(CallFailed) as failed:
        await summed_up(on_bench, canned, profile=None)
    assert failed.value.failure.reason is Reason.NOT_AUTHORISED
    assert canned.requests == []


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("She could not pay.", "She could not pay."),
        ({"summary": "She could not pay."}, "She could not pay."),
        (
            {"summary": "old", "response": {"next_steps": ["call her", "refund"]}},
            "Next steps: call her; refund",
        ),
        ({"response": "in words"}, "in words"),
        ({"response": {"user": {"mood": "angry"}, "calls": 3}}, "User: Mood: angry\nCalls: 3"),
        ({"response_schema": {}}, None),
        (None, None),
    ],
)
def test_each_form_is_read(body: Any, text: str | None) -> None:
    assert read_summary(body) == text


@given(BODIES)
def test_whatever_is_answered_is_words_or_none(body: Any) -> None:
    text = read_summary(body)
    assert text is None or (text and json.dumps(text).isascii())
