"""The fan-out: every source is asked at once, nobody waits for the slowest, and the case file grows."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field, replace

from bot.domain.model import (
    CaseFile,
    Doubt,
    Failure,
    Finding,
    Reason,
    SessionUser,
    SourceName,
    State,
    Subject,
    SubjectKind,
)
from bot.lookup.ask_source import Inquiry
from bot.lookup.identities import Identities, OtherNames, Told
from bot.operations.clock import Clock
from bot.operations.metrics import Metrics
from bot.operations.tasks import Tasks
from bot.sources.protocol import Indexed, Question, Source

_OTHERS = "what it has of somebody else by one of these names is left out"


@dataclass(frozen=True, slots=True)
class Lookup:
    """All configured sources behind one question."""

    sources: Sequence[Source]
    inquiry: Inquiry
    identities: Identities
    clock: Clock
    tasks: Tasks
    metrics: Metrics

    async def follow(self, question: Question) -> AsyncIterator[CaseFile]:
        """
        Give the case file, empty at first, and each time it has grown: at last when nothing more will come.

        A source that is late by its deadline is no longer in `waiting`, and may still add its answer.
        Stopping to listen stops nothing: answers on their way are stored all the same.
        """
        names = await self.identities.other_names(question.subject)
        asking = _Asking(self, replace(question, other_names=names.sure), names)
        asking.begin()
        while True:
            await asking.go_on_with_new_names()
            if asking.ended:
                break
            yield self._case_file(asking, ended=False)
            await asking.grown.wait()
            asking.grown.clear()
        await asking.learn()
        yield self._case_file(asking, ended=True)

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

    def _case_file(self, asking: "_Asking", *, ended: bool) -> CaseFile:
        names, question, said = self._names, asking.question, dict(asking.said)
        waiting = () if ended else tuple(name for name in names if name not in asking.settled)
        if ended:
            said = {name: _crashed(name) for name in names} | said
        findings = tuple(said[name] for name in names if name in said)
        at_vendor = tuple(name for name in waiting if name in asking.at_vendor)
        return CaseFile(
            question.subject, self.clock(), question.days, findings, waiting, asking.doubts, at_vendor
        )

    async def until_deadline(self, question: Question) -> CaseFile:
        """Give the case file as it stands when every source has answered or passed its deadline."""
        latest = CaseFile(question.subject, self.clock(), question.days)
        async for latest in self.follow(question):
            if all(is_heard(latest, source.name) for source in self.sources):
                break
        return latest


@dataclass(slots=True)
class _Asking:
    """
    One question on its way through all sources.

    When every source has been heard and their sessions tell another name of the subject, those that were
    not asked by it, or found nobody, are asked once more: before anybody is told that this was all.
    """

    lookup: Lookup
    question: Question
    _names: OtherNames
    said: dict[SourceName, Finding] = field(default_factory=dict)
    settled: set[SourceName] = field(default_factory=set)
    at_vendor: set[SourceName] = field(default_factory=set)
    grown: asyncio.Event = field(default_factory=asyncio.Event)
    _running: dict[SourceName, "asyncio.Task[None]"] = field(default_factory=dict)
    _asked_again: bool = False
    _told: list[Told] = field(default_factory=list)

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """Give the names that were not followed."""
        return self._names.doubts

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return all(task.done() for task in self._running.values())

    def begin(self) -> None:
        """Ask every source at once."""
        for source in self.lookup.sources:
            self._ask(source, self.question)

    async def go_on_with_new_names(self) -> None:
        """Ask again where a name that the sources told may find more; once, when all have been heard."""
        if self._asked_again or not all(self._is_heard(source) for source in self.lookup.sources):
            return
        self._asked_again = True
        names = await self.learn()
        if not names:
            return
        for source in self.lookup.sources:
            finding = self.said.get(source.name)
            if finding is None or finding.failure or source.name not in self.settled:
                continue
            if isinstance(source, Indexed):
                if not set(names) <= set(self.question.other_names):
                    self._ask(source, replace(self.question, other_names=names, again=True), finding)
            elif not finding.sessions:
                self._ask(source, replace(self.question, subject=names[0], again=True), finding)

    async def learn(self) -> tuple[Subject, ...]:
        """Remember who the sources say is who; gives what the subject is surely called besides."""
        told, self._told = self._told, []
        if told:
            await self.lookup.identities.learn(told)
            self._names = await self.lookup.identities.other_names(self.question.subject)
        return self._names.sure

    def _ask(self, source: Source, question: Question, before: Finding | None = None) -> None:
        def hear(finding: Finding, last: bool) -> None:
            self._told += [(finding.source, user) for user in _people(finding)]
            if before is not None or question.other_names:
                finding = _without_others(finding, self.question.subject)
            if before is None:
                self.said[finding.source] = finding
            elif _says_more(finding, before):
                self.said[finding.source] = replace(finding, calls=finding.calls + before.calls)
            if last:
                self.settled.add(finding.source)
                self.lookup.metrics.findings.labels(str(finding.source), finding.state).inc()
            self.grown.set()

        def begin() -> None:
            self.at_vendor.add(source.name)
            self.grown.set()

        self.settled.discard(source.name)
        self.at_vendor.discard(source.name)
        task = self.lookup.tasks.spawn(
            self.lookup.inquiry.ask(source, question, hear, begin), f"inquiry {source.name}"
        )
        task.add_done_callback(lambda _: self.grown.set())
        self._running[source.name] = task

    def _is_heard(self, source: Source) -> bool:
        finding = self.said.get(source.name)
        late = finding is not None and finding.failure is not None
        return late or source.name in self.settled or self._running[source.name].done()


def _people(finding: Finding) -> Iterator[SessionUser]:
    """Give whom a source told of, with or without sessions."""
    yield from finding.people
    for session in finding.sessions:
        yield session.user


def _without_others(finding: Finding, subject: Subject) -> Finding:
    """
    Leave out sessions that name somebody else than was asked for.

    A uid that one tool has for an address may be another person's in the next: two products may count their
    users from 1.
    """
    others = {session.id for session in finding.sessions if _is_other(session.user, subject)}
    if not others:
        return finding
    return replace(
        finding,
        sessions=tuple(session for session in finding.sessions if session.id not in others),
        errors=tuple(error for error in finding.errors if error.session_id not in others),
        notes=(*finding.notes, _OTHERS),
    )


def _is_other(user: SessionUser, subject: Subject) -> bool:
    address_as_uid = user.uid if user.uid and "@" in user.uid else None
    if subject.kind is SubjectKind.EMAIL:
        email = user.email or address_as_uid
        return email is not None and email.lower() != subject.value
    return user.uid is not None and address_as_uid is None and user.uid != subject.value


def _says_more(finding: Finding, before: Finding) -> bool:
    """Whether a second asking brought something that the first one did not."""
    known = {session.id for session in before.sessions}, {error.id for error in before.errors}
    return not (
        {session.id for session in finding.sessions} <= known[0]
        and {error.id for error in finding.errors} <= known[1]
    )


def _crashed(name: SourceName) -> Finding:
    """Stand in for a source whose answer brought the bot itself to fall; the log has the rest."""
    message = "Casefile could not read its answer; the error has been logged"
    return Finding(name, State.FAILED, failure=Failure(Reason.UNREADABLE, message))


def is_heard(case_file: CaseFile, name: SourceName) -> bool:
    """Whether a source has said its last, or that it is late; a stale answer alone is still being renewed."""
    if name not in case_file.waiting:
        return True
    return any(f.source == name and f.failure is not None for f in case_file.findings)
