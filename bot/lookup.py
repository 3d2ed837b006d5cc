"""The fan-out: every source is asked at once, nobody waits for the slowest, and the case file grows."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass

from bot.casefile import CaseFile, Failure, Finding, Reason, SourceName, State
from bot.clock import Clock
from bot.inquiry import Inquiry
from bot.metrics import Metrics
from bot.sources.source import Question, Source
from bot.tasks import Tasks


@dataclass(frozen=True, slots=True)
class Lookup:
    """All configured sources behind one question."""

    sources: Sequence[Source]
    inquiry: Inquiry
    clock: Clock
    tasks: Tasks
    metrics: Metrics

    async def follow(self, question: Question) -> AsyncIterator[CaseFile]:
        """
        Give the case file, empty at first, and each time it has grown: at last when nothing more will come.

        A source that is late by its deadline is no longer in `waiting`, and may still add its answer.
        Stopping to listen stops nothing: answers on their way are stored all the same.
        """
        said: dict[SourceName, Finding] = {}
        settled: set[SourceName] = set()
        grown = asyncio.Event()

        def hear(finding: Finding, last: bool) -> None:
            said[finding.source] = finding
            if last:
                settled.add(finding.source)
                self.metrics.findings.labels(str(finding.source), finding.state).inc()
            grown.set()

        asking = [
            self.tasks.spawn(self.inquiry.ask(source, question, hear), f"inquiry {source.name}")
            for source in self.sources
        ]
        everyone = asyncio.gather(*asking, return_exceptions=True)
        everyone.add_done_callback(lambda _: grown.set())
        while not everyone.done():
            yield self._case_file(question, said, settled, ended=False)
            await grown.wait()
            grown.clear()
        yield self._case_file(question, said, settled, ended=True)

    async def follow_all(self, questions: Sequence[Question]) -> AsyncIterator[tuple[CaseFile, ...]]:
        """Give the case files of all questions together, each time that one of them has grown."""
        latest = [CaseFile(q.subject, self.clock(), q.days, waiting=self._names) for q in questions]
        grown = asyncio.Event()

        async def read(number: int) -> None:
            async for case_file in self.follow(questions[number]):
                latest[number] = case_file
                grown.set()

        reading = [asyncio.create_task(read(number)) for number in range(len(questions))]
        everyone = asyncio.gather(*reading)
        everyone.add_done_callback(lambda _: grown.set())
        try:
            while not everyone.done():
                await grown.wait()
                grown.clear()
                yield tuple(latest)
            await everyone
        finally:
            for task in reading:
                task.cancel()

    @property
    def _names(self) -> tuple[SourceName, ...]:
        return tuple(source.name for source in self.sources)

    def _case_file(
        self,
        question: Question,
        said: dict[SourceName, Finding],
        settled: set[SourceName],
        *,
        ended: bool,
    ) -> CaseFile:
        names = self._names
        waiting = () if ended else tuple(name for name in names if name not in settled)
        if ended:
            said = {name: _crashed(name) for name in names} | said
        findings = tuple(said[name] for name in names if name in said)
        return CaseFile(question.subject, self.clock(), question.days, findings, waiting)

    async def until_deadline(self, question: Question) -> CaseFile:
        """Give the case file as it stands when every source has answered or passed its deadline."""
        latest = CaseFile(question.subject, self.clock(), question.days)
        async for latest in self.follow(question):
            if all(is_heard(latest, source.name) for source in self.sources):
                break
        return latest


def _crashed(name: SourceName) -> Finding:
    """Stand in for a source whose answer brought the bot itself to fall; the log has the rest."""
    message = "Casefile could not read its answer; the error has been logged"
    return Finding(name, State.FAILED, failure=Failure(Reason.UNREADABLE, message))


def is_heard(case_file: CaseFile, name: SourceName) -> bool:
    """Whether a source has said its last, or that it is late; a stale answer alone is still being renewed."""
    if name not in case_file.waiting:
        return True
    return any(f.source == name and f.failure is not None for f in case_file.findings)
