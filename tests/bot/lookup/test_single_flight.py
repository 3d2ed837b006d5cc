"""A question that is being asked is not asked again."""

import asyncio

import pytest

from bot.lookup.single_flight import Flights
from bot.operations.tasks import Tasks


class Vendor:
    """Answers how often it has been asked so far, when the test lets it."""

    def __init__(self, failure: Exception | None = None) -> None:
        self.asked = 0
        self.failure = failure
        self.is_asked = asyncio.Event()
        self.may_answer = asyncio.Event()

    async def ask(self) -> int:
        self.asked += 1
        asked = self.asked
        self.is_asked.set()
        await self.may_answer.wait()
        if self.failure:
            raise self.failure
        return asked


@pytest.fixture
def crashes() -> list[BaseException]:
    return []


@pytest.fixture
def flights(crashes: list[BaseException]) -> Flights:
    return Flights(Tasks(lambda crash, _task: crashes.append(crash)))


async def test_whoever_asks_the_same_meanwhile_gets_the_same_answer(flights: Flights) -> None:
    vendor = Vendor()
    joined = [flights.join("jane", vendor.ask) for _ in range(50)]
    vendor.may_answer.set()
    assert await asyncio.gather(*(task for task, _started in joined)) == [1] * 50
    assert [started for _task, started in joined] == [True] + [False] * 49
    assert vendor.asked == 1


async def test_another_question_is_asked_beside_it(flights: Flights) -> None:
    vendor = Vendor()
    one, _ = flights.join("jane", vendor.ask)
    other, started = flights.join("li", vendor.ask)
    vendor.may_answer.set()
    assert started
    assert sorted([await one, await other]) == [1, 2]


async def test_what_has_been_answered_is_asked_anew(flights: Flights) -> None:
    vendor = Vendor()
    vendor.may_answer.set()
    for turn in (1, 2):
        task, started = flights.join("jane", vendor.ask)
        assert (await task, started) == (turn, True)


async def test_who_gives_up_waiting_takes_the_answer_from_nobody(flights: Flights) -> None:
    vendor = Vendor()
    task, _ = flights.join("jane", vendor.ask)
    impatient = asyncio.create_task(asyncio.wait([task]))
    await vendor.is_asked.wait()
    impatient.cancel()
    with pytest.raises(asyncio.CancelledError):
        await impatient
    again, started = flights.join("jane", vendor.ask)
    vendor.may_answer.set()
    assert (await again, started) == (1, False)


async def test_a_failure_is_everybodys_and_the_next_question_is_asked(
    flights: Flights, crashes: list[BaseException]
) -> None:
    vendor = Vendor(RuntimeError("the vendor's"))
    vendor.may_answer.set()
    tasks = [flights.join("jane", vendor.ask)[0] for _ in range(2)]
    told = await asyncio.gather(*tasks, return_exceptions=True)
    assert told == [vendor.failure, vendor.failure]
    assert crashes == [vendor.failure]
    vendor.failure = None
    task, started = flights.join("jane", vendor.ask)
    assert (await task, started) == (2, True)
