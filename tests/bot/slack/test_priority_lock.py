"""Standing in line."""

import asyncio
import random

from bot.slack.priority_lock import PriorityLock, Rank


async def stand(line: PriorityLock, rank: Rank, name: str, served: list[str]) -> None:
    async with line.first(rank):
        served.append(name)
        await asyncio.sleep(0)


async def test_the_more_important_go_first_and_of_those_whoever_came_first() -> None:
    line, served = PriorityLock(), list[str]()
    waiting = [(Rank.UNASKED, "ticket"), (Rank.PERSON, "one"), (Rank.PERSON, "two"), (Rank.BEGUN, "reply")]
    async with line.first(Rank.UNASKED):
        tasks = [asyncio.create_task(stand(line, rank, name, served)) for rank, name in waiting]
        await asyncio.sleep(0)
    await asyncio.gather(*tasks)
    assert served == ["reply", "one", "two", "ticket"]
    await stand(line, Rank.PERSON, "later", served)
    assert served[-1] == "later"


async def test_whoever_leaves_the_line_holds_nobody_up() -> None:
    rng = random.Random(1)
    for _ in range(200):
        line, served = PriorityLock(), list[str]()
        tasks = [asyncio.create_task(stand(line, Rank.PERSON, str(n), served)) for n in range(12)]
        for _ in range(rng.randrange(8)):
            await asyncio.sleep(0)
        left = [task for task in tasks if rng.random() < 0.5 and task.cancel()]
        async with asyncio.timeout(120):
            await asyncio.gather(*tasks, return_exceptions=True)
            await stand(line, Rank.PERSON, "last", served)
        assert len(served) >= 13 - len(left)


async def test_one_is_first_at_a_time() -> None:
    line, inside = PriorityLock(), 0

    async def enter() -> None:
        nonlocal inside
        async with line.first(Rank.PERSON):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0.001)
            inside -= 1

    await asyncio.gather(*(enter() for _ in range(20)))
