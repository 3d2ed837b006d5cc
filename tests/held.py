"""Answers of a stand-in that are held back until a test has seen that somebody waits for them."""

import asyncio
from typing import Literal


class Held(asyncio.Event):
    """What holds answers back; `reached` is set when the first one waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self.reached = asyncio.Event()

    async def wait(self) -> Literal[True]:
        self.reached.set()
        return await super().wait()
