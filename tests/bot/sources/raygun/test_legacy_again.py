"""Raygun's legacy API asked again: by another spelling, and after a failure."""

from datetime import timedelta

import pytest
from aiohttp import web

from bot.sources.http import CallFailed
from sandbox.faults import Fault
from sandbox.people import Customer, Visit
from sandbox.vendors.raygun_traffic import Traffic, sightings_of
from tests.bot.sources.raygun.test_legacy import Shop, shop
from tests.conftest import MovableClock
from tests.subjects import email, uid

__all__ = ["shop"]


def identified_as(clock: MovableClock, *identifiers: str) -> Traffic:
    """A visit of yesterday for each identifier, which the index does not reach at first."""
    begun = clock() - timedelta(hours=20)
    people = (
        Customer(
            number,
            f"c-{number}",
            name,
            None,
            "",
            (Visit(begun - timedelta(hours=number), 60),),
            raygun_identifier=name,
        )
        for number, name in enumerate(identifiers, 1)
    )
    return Traffic(sightings_of(list(people)))


async def test_two_people_whose_addresses_differ_in_capitals_are_asked_for_once_each(shop: Shop) -> None:
    shop.vendor._traffic = identified_as(  # noqa: SLF001 - what it has
        shop.clock, "Two.Case@contoso.example", "two.case@contoso.example"
    )
    answer = await shop.ask(shop.source(), email("Two.Case@contoso.example"))
    await shop.on_bench.tasks.settle()
    assert len(answer.sessions) == 2
    assert answer.covers is None
    assert shop.asked.count("person") == 2


async def test_who_was_not_found_by_one_spelling_is_still_asked_for_by_another(shop: Shop) -> None:
    shop.vendor._traffic = identified_as(shop.clock, "Two.Case@contoso.example")  # noqa: SLF001 - what it has
    source = shop.source()
    assert (await shop.ask(source, email("two.case@contoso.example"))).sessions == ()
    await shop.on_bench.tasks.settle()
    assert len((await shop.ask(source, email("Two.Case@contoso.example"))).sessions) == 1


async def test_a_failure_says_when_raygun_is_asked_again(shop: Shop) -> None:
    source = shop.source()
    shop.vendor.fault = Fault.BROKEN
    with pytest.raises(CallFailed):
        await shop.ask(source, uid("cust-8841"))
    shop.vendor.fault = Fault.NONE
    with pytest.raises(CallFailed) as failed:
        await shop.ask(source, uid("cust-8841"))
    until = failed.value.failure.until
    assert until is not None
    shop.clock.advance(seconds=(until - shop.clock()).total_seconds())
    assert (await shop.ask(source, uid("cust-8841"))).sessions


async def test_raygun_is_asked_again_as_soon_as_it_has_said(shop: Shop) -> None:
    source = shop.source()
    shop.vendor.rate_limited = lambda: web.Response(status=429, headers={"Retry-After": "20"})  # type: ignore[method-assign]
    shop.vendor.fault = Fault.RATE_LIMITED
    with pytest.raises(CallFailed) as failed:
        await shop.ask(source, uid("cust-8841"))
    assert failed.value.failure.until == shop.clock() + timedelta(seconds=20)
    shop.vendor.fault = Fault.NONE
    shop.clock.advance(seconds=21)
    assert (await shop.ask(source, uid("cust-8841"))).sessions
