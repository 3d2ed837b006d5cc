"""What a vendor may take of time and memory, over real sockets."""

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest

from bot.domain.model import Reason, SubjectKind
from bot.sources import http
from bot.sources.http import CallFailed, VendorHttp
from bot.sources.quota import Account, Purpose
from sandbox.vendors.hostile import Hostile, open_hostile
from tests.bot.sources.canned import Bench, Canned, answer, calls_of

READ_SECONDS = 0.4


@pytest.fixture
async def hostile() -> AsyncIterator[Hostile]:
    async with open_hostile() as opened:
        yield opened


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        ("drips", Reason.TIMED_OUT),
        ("hangs", Reason.TIMED_OUT),
        ("bomb", Reason.UNREADABLE),
        ("endless", Reason.UNREADABLE),
    ],
)
async def test_a_call_to_a_bad_vendor_ends_with_its_reason(
    on_bench: Bench, hostile: Hostile, server: str, reason: Reason
) -> None:
    async with httpx2.AsyncClient(timeout=httpx2.Timeout(READ_SECONDS)) as client:
        account = Account("vendor/bad")
        vendor = VendorHttp(
            client, on_bench.ledger, account, on_bench.clock, "Vendor", hostile.origins[server]
        )
        if reason is Reason.UNREADABLE:
            # These are judged by their size, on a slow machine too.
            client.timeout = httpx2.Timeout(60)
        with pytest.raises(CallFailed) as failed:
            await vendor.asking(Purpose.PERSON).get("/")
    assert failed.value.failure.reason is reason


async def test_after_an_answer_that_is_too_long_no_large_one_is_read_for_a_while(
    on_bench: Bench, hostile: Hostile
) -> None:
    async with httpx2.AsyncClient(timeout=60) as client:
        account, origin = Account("vendor/bad"), hostile.origins["endless"]
        vendor = VendorHttp(client, on_bench.ledger, account, on_bench.clock, "Vendor", origin)
        calls = vendor.asking(Purpose.PERSON)
        asked = [calls.get("/") for _ in range(5)]
        outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in outcomes] == [CallFailed] * 5
    assert vendor.large_answers.are_refused


async def test_a_question_that_has_taken_too_long_makes_no_further_call(
    on_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    vendor = Canned(lambda _: answer({"sessions": []}))
    source = on_bench.fullstory(vendor)
    calls = await calls_of(source)
    await calls.get("/first")
    monkeypatch.setattr(http, "_WHOLE_QUESTION_SECONDS", -1.0)
    fresh = await calls_of(source)
    with pytest.raises(CallFailed, match="takes too long"):
        await fresh.get("/second")
    assert vendor.paths == ["/first"]


async def test_a_record_that_cannot_be_read_is_left_out_and_the_others_stand(on_bench: Bench) -> None:
    rows = [{"userId": "1", "sessionId": str(n), "createdTime": "1793520104", "fsUrl": "x"} for n in (1, 2)]
    broken = [{"userId": "1", "sessionId": "\ud83d"}, 7, {"userId": {"a": 1}}]
    source = on_bench.fullstory(Canned(lambda _: answer({"sessions": [*rows, *broken], "results": []})))
    calls = await calls_of(source)
    listed = await source.api.sessions_of(SubjectKind.UID, "u-1", None, calls)
    assert (len(listed.rows), calls.left_out) == (2, 3)
