"""
When case files are shown while they grow.

They are posted early (when the first source has answered, or after a second) and edited as the others
answer, at most twice before all have answered or are late; answers that come close to each other make one
edit. Where edits are short they are posted once, when all sources have answered or are late.
"""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, Protocol

from bot.domain.model import CaseFiles
from bot.lookup.fan_out import Grown, has_answered
from bot.operations.tasks import together

_FIRST_AFTER_SECONDS = 1.0
# Sources that answer from the cache come within milliseconds of each other.
_TOGETHER_SECONDS = 0.05
# Answers that come in this close to each other make one edit.
_BETWEEN_EDITS_SECONDS = 0.7
# Where one source hangs, the second one shows what has come after the first.
_MOST_EDITS_ON_THE_WAY = 2


class Target(Protocol):
    """Somewhere in Slack that case files can be shown and shown again."""

    async def may_grow(self) -> bool:
        """Whether what is shown early can be edited soon; asked once, before anything is shown early."""

    async def show(self, case_files: CaseFiles) -> None:
        """Show them, or show them in place of what is shown; with nobody `waiting` it is the last time."""


Ask = Callable[[Grown], Coroutine[Any, Any, CaseFiles]]
"""Asks, and calls what it is given each time the case files grow; returns them as they are at the end."""


async def present(ask: Ask, target: Target) -> CaseFiles:
    """
    Show growing case files early, at most twice while they grow, when all have answered, and at the end.

    A source that is late counts as one that has answered. What fails in the asking or in the showing ends
    both, and is raised.

    Returns:
        the case files as last shown.

    """
    growth = _Growth()
    await together(growth.follow(ask), _show_growth(growth, target))
    return growth.latest


async def _show_growth(growth: "_Growth", target: Target) -> None:
    await growth.until(lambda: growth.answered, _FIRST_AFTER_SECONDS)
    # Answers from the cache are waited for, so that they need no edit.
    await growth.until(lambda: growth.settled or growth.is_up_to_vendors, _FIRST_AFTER_SECONDS)
    await growth.until(lambda: growth.settled, _TOGETHER_SECONDS)
    if not growth.settled and not await target.may_grow():
        await growth.until(lambda: growth.settled, None)
        await growth.until(lambda: growth.ended, _TOGETHER_SECONDS)
    shown = await _show(target, growth, None)
    for _ in range(_MOST_EDITS_ON_THE_WAY):
        if growth.settled:
            break
        await growth.until_it_says_more_than(shown)
        await growth.until(lambda: growth.settled, _BETWEEN_EDITS_SECONDS)
        shown = await _show(target, growth, shown)
    if not growth.ended:
        await growth.until(lambda: growth.settled, None)
        await growth.until(lambda: growth.ended, _TOGETHER_SECONDS)
        shown = await _show(target, growth, shown)
    await growth.until(lambda: growth.ended, None)
    await _show(target, growth, shown)


async def _show(target: Target, growth: "_Growth", shown: CaseFiles | None) -> CaseFiles | None:
    """Show the latest case files, unless they say nothing new."""
    latest = growth.latest
    if not latest or (shown is not None and _say_the_same(latest, shown)):
        return latest
    await target.show(latest)
    return latest


def _say_the_same(some: CaseFiles, others: CaseFiles) -> bool:
    pairs = zip(some, others, strict=True)
    return all(one.findings == other.findings and one.waiting == other.waiting for one, other in pairs)


def is_waiting(case_files: CaseFiles) -> bool:
    """Whether more may come."""
    return any(case_file.waiting for case_file in case_files)


def found_any(case_files: CaseFiles) -> bool:
    """Whether any of them has a session or an error."""
    return any(case_file.sessions or case_file.errors for case_file in case_files)


@dataclass(slots=True)
class _Growth:
    """The latest case files of a lookup, and ways to wait until they have changed."""

    latest: CaseFiles = ()
    ended: bool = False
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def answered(self) -> bool:
        """Whether a source has answered, or none is waited for any more."""
        return self.ended or self.settled or any(case_file.answered for case_file in self.latest)

    @property
    def settled(self) -> bool:
        """Whether every source has answered or is late."""
        if self.ended:
            return True
        every = [(case_file, name) for case_file in self.latest for name in case_file.waiting]
        return bool(self.latest) and all(has_answered(case_file, name) for case_file, name in every)

    @property
    def is_up_to_vendors(self) -> bool:
        """Whether every source that is still waited for is asking its vendor."""
        return bool(self.latest) and all(set(one.waiting) <= set(one.at_vendor) for one in self.latest)

    async def follow(self, ask: Ask) -> None:
        """Take up each growth, and the end."""
        self.latest = await ask(self._take)
        self.ended = True
        self._changed.set()

    def _take(self, case_files: CaseFiles) -> None:
        self.latest = case_files
        self.ended = not is_waiting(case_files)
        self._changed.set()

    async def until_it_says_more_than(self, shown: CaseFiles | None) -> None:
        """Wait until something has come since these were shown, or all have answered or are late."""

        def says_more() -> bool:
            return bool(self.latest) and (not shown or not _say_the_same(self.latest, shown))

        await self.until(lambda: self.settled or says_more(), None)

    async def until(self, so: Callable[[], bool], seconds: float | None) -> None:
        """Wait until a condition is true, or for a number of seconds (None: for any time)."""
        try:
            async with asyncio.timeout(seconds):
                while not so():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return
