"""When growing case files are shown: early, seldom while they grow, and as they are at their end."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import pytest

from bot.answers import progress
from bot.answers.progress import present
from bot.domain.model import (
    CaseFile,
    CaseFiles,
    Failure,
    Finding,
    Reason,
    Session,
    SourceName,
    State,
    Subject,
    SubjectKind,
)
from bot.lookup.fan_out import Grown

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
ONE, TWO, THREE, FOUR = (SourceName("rybbit", account) for account in ("one", "two", "three", "four"))
FIVE, SIX = (SourceName("rybbit", account) for account in ("five", "six"))
ALL = (ONE, TWO, THREE, FOUR)
LATE = Failure(Reason.TIMED_OUT, "did not answer in time")


def subject(value: str) -> Subject:
    return Subject(SubjectKind.UID, value, value)


def found(name: SourceName) -> Finding:
    return Finding(name, State.LIVE, NOW, 1, (Session(name, "1", started_at=NOW),))


def asking(
    *answered: SourceName,
    of: Sequence[SourceName] = ALL,
    late: Sequence[SourceName] = (),
    at_vendor: bool = True,
    uid: str = "u-77",
) -> CaseFile:
    """A case file as it grows: those that have not answered are asked, the late ones still."""
    waiting = tuple(name for name in of if name not in answered)
    failed = (Finding(name, State.FAILED, failure=LATE) for name in late)
    findings = (*(found(name) for name in answered), *failed)
    return CaseFile(subject(uid), NOW, 30, findings, waiting, at_vendor=waiting if at_vendor else ())


def who_answered(case_files: CaseFiles) -> set[str]:
    return {f.source.account for case_file in case_files for f in case_file.findings if f.answered}


@dataclass
class Growing:
    """A stream of case files that grows when the test says so."""

    said: asyncio.Queue[CaseFiles | Exception | None] = field(default_factory=asyncio.Queue)
    heard: asyncio.Event = field(default_factory=asyncio.Event)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)

    def say(self, *case_files: CaseFile) -> None:
        self.said.put_nowait(case_files)

    async def read(self, *case_files: CaseFile) -> None:
        """Say something, and wait until it was heard and whoever waits for it has had their turn."""
        self.heard.clear()
        self.say(*case_files)
        await self.heard.wait()
        for _ in range(10):
            await asyncio.sleep(0)

    async def ask(self, grown: Grown) -> CaseFiles:
        latest: CaseFiles = ()
        try:
            while (said := await self.said.get()) is not None:
                if isinstance(said, Exception):
                    raise said
                self.heard.set()
                grown(latest := said)
            return latest
        finally:
            self.stopped.set()


@dataclass
class Shown:
    """Somewhere that case files are shown: remembers how, and tells who waits for it."""

    every: list[CaseFiles] = field(default_factory=list)
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)
    refuses: Exception | None = None
    grows: bool = True

    async def may_grow(self) -> bool:
        return self.grows

    async def show(self, case_files: CaseFiles) -> None:
        if self.refuses:
            raise self.refuses
        async with self.changed:
            self.every.append(case_files)
            self.changed.notify_all()

    async def times(self, number: int) -> None:
        """Wait until it was shown so many times."""
        async with asyncio.timeout(10), self.changed:
            await self.changed.wait_for(lambda: len(self.every) >= number)

    @property
    def answered(self) -> list[set[str]]:
        """Which sources had answered, each time that it was shown."""
        return [who_answered(case_files) for case_files in self.every]


@pytest.fixture
def growing() -> Growing:
    return Growing()


@pytest.fixture
def shown() -> Shown:
    return Shown()


@pytest.fixture
async def presenting(growing: Growing, shown: Shown) -> AsyncIterator["asyncio.Task[CaseFiles]"]:
    task = asyncio.create_task(present(growing.ask, shown))
    yield task
    task.cancel()


Presenting = asyncio.Task[CaseFiles]


async def test_what_is_known_at_once_is_shown_once_and_whole(
    growing: Growing, shown: Shown, presenting: Presenting
) -> None:
    growing.say(asking(of=ALL, at_vendor=False))
    growing.say(asking(ONE, TWO, at_vendor=False))
    growing.say(whole := asking(*ALL))
    growing.said.put_nowait(None)
    assert await presenting == (whole,)
    assert shown.every == [(whole,)]


async def test_what_is_remembered_is_waited_for_when_another_source_has_answered(
    growing: Growing, shown: Shown, presenting: Presenting
) -> None:
    growing.say(asking(ONE, of=(ONE, TWO), at_vendor=False))
    # Later than answers that are shown together anyway, and well before the wait is over.
    asyncio.get_running_loop().call_later(0.2, growing.say, whole := asking(ONE, TWO, of=(ONE, TWO)))
    await shown.times(1)
    growing.said.put_nowait(None)
    await presenting
    assert shown.every == [(whole,)]


async def test_the_first_answer_is_shown_while_the_vendors_of_the_others_are_asked(
    growing: Growing, shown: Shown, presenting: Presenting
) -> None:
    growing.say(asking())
    growing.say(first := asking(ONE))
    await shown.times(1)
    assert shown.every == [(first,)]
    growing.say(asking(*ALL))
    growing.said.put_nowait(None)
    await presenting
    assert shown.answered == [{"one"}, {"one", "two", "three", "four"}]


async def test_where_nobody_answers_it_is_shown_all_the_same_who_is_being_asked(
    growing: Growing, shown: Shown, presenting: Presenting
) -> None:
    growing.say(nobody_yet := asking())
    await shown.times(1)
    assert shown.every == [(nobody_yet,)]
    assert not presenting.done()


async def test_while_more_is_to_come_it_is_shown_anew_twice_then_when_all_are_heard_then_at_the_end(
    growing: Growing, shown: Shown, presenting: Presenting
) -> None:
    every = (*ALL, FIVE, SIX)
    await growing.read(asking(ONE, of=every))
    await shown.times(1)
    await growing.read(asking(ONE, TWO, of=every))
    await shown.times(2)
    # One that hangs keeps what the others say from nobody.
    await growing.read(asking(ONE, TWO, THREE, of=every))
    await shown.times(3)
    # This alone is not worth an edit: it comes with the next one.
    await growing.read(asking(ONE, TWO, THREE, FOUR, of=every))
    await growing.read(asking(ONE, TWO, THREE, FOUR, of=every, late=(FIVE, SIX)))
    await shown.times(4)
    await growing.read(asking(*every, of=every))
    growing.said.put_nowait(None)
    await presenting
    assert shown.answered == [
        {"one"},
        {"one", "two"},
        {"one", "two", "three"},
        {"one", "two", "three", "four"},
        {"one", "two", "three", "four", "five", "six"},
    ]
    assert shown.every[3][0].findings[-1].failure == LATE


async def test_where_edits_are_short_it_is_shown_once_when_all_have_answered(
    growing: Growing, shown: Shown, presenting: Presenting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_FIRST_AFTER_SECONDS", 0.05)
    shown.grows = False
    for answered in ((), (ONE,), (ONE, TWO), (ONE, TWO, THREE)):
        await growing.read(asking(*answered))
        await asyncio.sleep(0.1)
    assert shown.every == []
    await growing.read(asking(*ALL))
    growing.said.put_nowait(None)
    await presenting
    assert shown.answered == [{"one", "two", "three", "four"}]


async def test_where_edits_are_short_who_is_late_is_said_and_told_at_the_end(
    growing: Growing, shown: Shown, presenting: Presenting
) -> None:
    shown.grows = False
    await growing.read(asking(ONE, TWO, THREE))
    await growing.read(asking(ONE, TWO, THREE, late=(FOUR,)))
    await shown.times(1)
    assert shown.every[0][0].findings[-1].failure == LATE
    await growing.read(asking(*ALL))
    growing.said.put_nowait(None)
    await presenting
    assert shown.answered == [{"one", "two", "three"}, {"one", "two", "three", "four"}]


async def test_answers_close_to_each_other_are_shown_together(
    growing: Growing, shown: Shown, presenting: Presenting
) -> None:
    await growing.read(asking(ONE))
    await shown.times(1)
    for answered in ((ONE, TWO), (ONE, TWO, THREE), ALL):
        await growing.read(asking(*answered))
    growing.said.put_nowait(None)
    await presenting
    assert len(shown.every) == 2


async def test_what_says_nothing_new_is_not_shown_again(
    growing: Growing, shown: Shown, presenting: Presenting
) -> None:
    await growing.read(first := asking(ONE, of=(ONE, TWO)))
    await shown.times(1)
    for seconds in (1, 2):
        await growing.read(replace(first, as_of=NOW + timedelta(seconds=seconds)))
    await growing.read(asking(ONE, TWO, of=(ONE, TWO)))
    growing.said.put_nowait(None)
    await presenting
    assert shown.answered == [{"one"}, {"one", "two"}]


async def test_a_late_answer_that_never_comes_takes_the_hourglass_away_at_the_end(
    growing: Growing, shown: Shown, presenting: Presenting
) -> None:
    await growing.read(late := asking(ONE, of=(ONE, TWO), late=(TWO,)))
    await shown.times(1)
    await growing.read(replace(late, waiting=()))
    growing.said.put_nowait(None)
    await presenting
    assert [bool(case_files[0].waiting) for case_files in shown.every] == [True, False]


async def test_of_several_people_all_are_waited_for(
    growing: Growing, shown: Shown, presenting: Presenting
) -> None:
    jane, bob = asking(of=(ONE,), uid="jane"), asking(of=(ONE,), uid="bob")
    whole = tuple(asking(ONE, of=(ONE,), uid=uid) for uid in ("jane", "bob"))
    await growing.read(whole[0], bob)
    await shown.times(1)
    await growing.read(*whole)
    growing.said.put_nowait(None)
    assert await presenting == whole
    assert shown.every == [(whole[0], bob), whole]
    assert jane not in shown.every[0]


async def test_whoever_stops_it_stops_the_reading_too(
    growing: Growing, shown: Shown, presenting: Presenting
) -> None:
    await growing.read(asking(ONE))
    await shown.times(1)
    presenting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await presenting
    await growing.stopped.wait()
    assert len(shown.every) == 1


async def test_where_it_cannot_be_shown_that_is_raised_and_nothing_more_is_read(
    growing: Growing, shown: Shown, presenting: Presenting
) -> None:
    shown.refuses = PermissionError("not here")
    growing.say(asking(ONE))
    with pytest.raises(PermissionError):
        await presenting
    await growing.stopped.wait()


async def test_what_goes_wrong_in_the_middle_of_the_lookup_is_raised(
    growing: Growing, shown: Shown, presenting: Presenting
) -> None:
    await growing.read(asking(ONE))
    await shown.times(1)
    growing.said.put_nowait(ZeroDivisionError("invented"))
    with pytest.raises(ZeroDivisionError):
        await presenting


async def test_of_nothing_nothing_is_shown(growing: Growing, shown: Shown, presenting: Presenting) -> None:
    growing.said.put_nowait(None)
    assert await presenting == ()
    assert shown.every == []
