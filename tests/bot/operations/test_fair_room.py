"""Places are taken in turns: who has many in line does not keep the others waiting."""

import asyncio

from bot.operations.fair_use import FairRoom


class Watched:
    """A room, and in which order parties entered it."""

    def __init__(self, at_once: int, of_one: int) -> None:
        self.room = FairRoom(at_once, of_one)
        self.entered: list[str] = []
        self.may_leave = asyncio.Semaphore(0)
        self.tasks: list[asyncio.Task[None]] = []

    def come(self, *parties: str) -> None:
        self.tasks += [asyncio.create_task(self._visit(party)) for party in parties]

    async def _visit(self, party: str) -> None:
        await self.room.enter(party)
        try:
            self.entered.append(party)
            await self.may_leave.acquire()
        finally:
            self.room.leave(party)

    async def settle(self) -> list[str]:
        for _ in range(5):
            await asyncio.sleep(0)
        return self.entered

    async def end(self) -> list[str]:
        for _ in self.tasks:
            self.may_leave.release()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        return self.entered


async def test_of_one_party_so_many_are_inside_though_there_is_room() -> None:
    watched = Watched(4, 2)
    watched.come(*["ana"] * 200)
    assert await watched.settle() == ["ana", "ana"]
    watched.come("tom")
    assert await watched.settle() == ["ana", "ana", "tom"]
    assert len(await watched.end()) == 201


async def test_the_next_place_is_for_whose_turn_is_longest_ago() -> None:
    watched = Watched(1, 1)
    watched.come(*["ana"] * 3, *["tom"] * 2, "priya")
    await watched.settle()
    assert await watched.end() == ["ana", "tom", "priya", "ana", "tom", "ana"]


async def test_who_gives_up_in_line_or_inside_leaves_room_for_the_next() -> None:
    watched = Watched(1, 1)
    watched.come("ana", "tom", "priya")
    await watched.settle()
    inside, waiting, _ = watched.tasks
    waiting.cancel()
    inside.cancel()
    assert await watched.settle() == ["ana", "priya"]
    await watched.end()


async def test_who_is_let_in_and_gives_up_at_once_takes_no_place() -> None:
    watched = Watched(1, 1)
    watched.come("ana", "tom", "priya")
    await watched.settle()
    watched.may_leave.release()
    # Ana leaves and Tom is let in; before he can enter he gives up.
    await asyncio.sleep(0)
    watched.tasks[1].cancel()
    await watched.settle()
    assert "priya" in await watched.end()
