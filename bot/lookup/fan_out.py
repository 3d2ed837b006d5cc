"""The fan-out: every source is asked at once, and the case file grows as their answers come in."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from bot.domain.addresses import address_value
from bot.domain.model import (
    CaseFile,
    CaseFiles,
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
from bot.lookup.ask_source import NOTHING_READ, AskSource, Kept, Spent
from bot.lookup.identities import Identities, OtherNames, SeenPerson, address_in_uid
from bot.operations.clock import Clock
from bot.operations.metrics import Metrics
from bot.operations.tasks import Tasks, together
from bot.sources.protocol import Effort, Indexed, Question, Source

Grown = Callable[[CaseFiles], None]
"""Called with case files each time one of them has grown; it does not wait, so that no growth is lost."""

_OTHERS_LEFT_OUT = "what it has of somebody else by one of these names is left out"


@dataclass(frozen=True, slots=True)
class Lookup:
    """All configured sources behind one question."""

    sources: Sequence[Source]
    ask_source: AskSource
    identities: Identities
    clock: Clock
    tasks: Tasks
    metrics: Metrics

    async def follow(self, question: Question) -> AsyncIterator[CaseFile]:
        """
        The case file, empty at first, then each time it has grown, and once more when it is complete.

        A source that has passed its deadline may still add its answer. A caller that stops iterating stops
        no call: answers on their way are still stored.
        """
        asking = await self._begin(question)
        async for case_file in self._follow(asking):
            yield case_file

    async def _begin(self, question: Question) -> "_Asking":
        names, kept = OtherNames(), NOTHING_READ
        if question.effort is not Effort.FRESH:
            ask_names = partial(self.identities.asking_names, subject=question.subject)
            names, kept = await self.ask_source.kept_with(ask_names, self.sources, question)
        asking = _Asking(self, question, names)
        asking.begin(kept)
        return asking

    async def _follow(self, asking: "_Asking") -> AsyncIterator[CaseFile]:
        while True:
            await asking.go_on_with_new_names()
            if asking.ended:
                break
            yield self._case_file(asking, ended=False)
            await asking.grown.wait()
            asking.grown.clear()
        await asking.learn()
        yield self._case_file(asking, ended=True)

    async def ask_all(self, questions: Sequence[Question], grown: Grown) -> CaseFiles:
        """The case files of all questions, in their order; `grown` is called each time one has grown."""
        latest = [CaseFile(q.subject, self.clock(), q.days, waiting=self._names) for q in questions]

        async def ask(number: int) -> None:
            async for case_file in self.follow(questions[number]):
                latest[number] = case_file
                grown(tuple(latest))

        await together(*(ask(number) for number in range(len(questions))))
        return tuple(latest)

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
        """The case file at the time when every source has answered or passed its deadline."""
        latest = CaseFile(question.subject, self.clock(), question.days)
        async for latest in self.follow(question):
            if all(has_answered(latest, source.name) for source in self.sources):
                break
        return latest

    async def within(
        self, question: Question, seconds: float, grown: Callable[[CaseFile], None] = lambda _: None
    ) -> CaseFile:
        """
        The case file when every source has answered, however late, or after so many seconds.

        `grown` is called each time that it has grown.
        """
        latest = CaseFile(question.subject, self.clock(), question.days, waiting=self._names)
        asking: _Asking | None = None
        try:
            async with asyncio.timeout(seconds):
                asking = await self._begin(question)
                async for case_file in self._follow(asking):
                    latest = case_file
                    grown(latest)
        except TimeoutError:
            return _given_up(latest, seconds, asking.calls_of if asking else lambda _name: 0)
        return latest


@dataclass(slots=True)
class _Asking:
    """
    One question while all sources are asked.

    When every source has answered (or is late) and their sessions show another name of the subject, the
    sources that found nobody by the first name are asked once more, by the other. Only then has it ended. By
    a uid only those are asked whose uids are the same product's as of the source that told it.
    """

    lookup: Lookup
    question: Question
    _names: OtherNames
    said: dict[SourceName, Finding] = field(default_factory=dict)
    settled: set[SourceName] = field(default_factory=set)
    at_vendor: set[SourceName] = field(default_factory=set)
    _spent: dict[SourceName, list[Spent]] = field(default_factory=dict)
    grown: asyncio.Event = field(default_factory=asyncio.Event)
    _running: dict[SourceName, "asyncio.Task[None]"] = field(default_factory=dict)
    _asked_again: bool = False
    _renewed: bool = False
    _people: list[SeenPerson] = field(default_factory=list)

    @property
    def doubts(self) -> tuple[Doubt, ...]:
        """The names that were not looked up, as they may be another person's."""
        return self._names.doubts

    def calls_of(self, name: SourceName) -> int:
        """How many calls a source has taken so far, also where it has not answered."""
        return sum(spent.made for spent in self._spent.get(name, ()))

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return all(task.done() for task in self._running.values())

    def begin(self, kept: Kept) -> None:
        """Ask every source at once; `kept` is what was just read of their earlier answers."""
        for source in self.lookup.sources:
            self._ask(source, replace(self.question, other_names=self._others(source)), kept=kept)

    def _others(self, source: Source) -> tuple[Subject, ...]:
        """The subject's other names in a source's product."""
        product = self.lookup.identities.shared.product_of(str(source.name))
        return tuple(name.subject for name in self._names.in_product(product))

    async def go_on_with_new_names(self) -> None:
        """Ask again by names that sources gave, where that may find more; once, when all have answered."""
        if self._asked_again or not all(self._has_answered(source) for source in self.lookup.sources):
            return
        self._asked_again = True
        before = {source.name: self._others(source) for source in self.lookup.sources}
        await self.learn()
        for source in self.lookup.sources:
            finding, others = self.said.get(source.name), self._others(source)
            if not others or finding is None or finding.failure or source.name not in self.settled:
                continue
            if isinstance(source, Indexed):
                if not set(others) <= set(before[source.name]):
                    self._ask(source, replace(self.question, other_names=others, again=True), finding)
            elif not finding.sessions and (name := self._foreign(source)):
                self._ask(source, replace(self.question, subject=name, again=True), finding)

    def _foreign(self, source: Source) -> Subject | None:
        """Another name of the subject that a source did not tell itself; None without any."""
        product = self.lookup.identities.shared.product_of(str(source.name))
        names = self._names.in_product(product)
        return next((one.subject for one in names if str(source.name) not in one.told_by), None)

    async def learn(self) -> None:
        """Store which address and uid go together, and take up the names that are surely the subject's."""
        people, self._people = self._people, []
        identities, subject = self.lookup.identities, self.question.subject
        if self.question.effort is Effort.FRESH and not self._renewed:
            self._renewed = True
            told = [name for name, finding in self.said.items() if _tells_people(finding)]
            await identities.renew(subject, told, people)
            self._names = await identities.other_names(subject)
        elif names := await identities.learn(people, subject):
            self._names = names
        if not self._names.sure and not self._names.doubts:
            self._names = address_in_uid(subject, people)

    def _ask(
        self, source: Source, question: Question, before: Finding | None = None, kept: Kept = NOTHING_READ
    ) -> None:
        def take(finding: Finding, last: bool) -> None:
            if last or question.effort is not Effort.FRESH:
                # Asked anew, a source may no longer have whom it was known to have.
                self._people += [(finding.source, user) for user in _people_in(finding)]
            if before is not None or question.other_names:
                finding = _without_others(finding, self.question.subject)
            if question.subject.kind is SubjectKind.UID and question.subject != self.question.subject:
                finding = _without_unnamed(finding)
            self.said[finding.source] = finding if before is None else _both(before, finding)
            if last:
                self.settled.add(finding.source)
                self.lookup.metrics.findings.labels(str(finding.source), finding.state).inc()
            self.grown.set()

        def begin(spent: Spent) -> None:
            self.at_vendor.add(source.name)
            self._spent.setdefault(source.name, []).append(spent)
            self.grown.set()

        self.settled.discard(source.name)
        self.at_vendor.discard(source.name)
        task = self.lookup.tasks.spawn(
            self.lookup.ask_source(source, question, take, begin, kept), f"ask_source {source.name}"
        )
        task.add_done_callback(lambda _: self.grown.set())
        self._running[source.name] = task

    def _has_answered(self, source: Source) -> bool:
        finding = self.said.get(source.name)
        late = finding is not None and finding.failure is not None
        return late or source.name in self.settled or self._running[source.name].done()


def _tells_people(finding: Finding) -> bool:
    """Whether a source has just said, completely, whom it has by the name that was asked for."""
    return finding.answered and finding.failure is None and not finding.partial and finding.covers is None


def _people_in(finding: Finding) -> Iterator[SessionUser]:
    """The people in a finding, with or without sessions."""
    yield from finding.people
    for session in finding.sessions:
        yield session.user


def _without_others(finding: Finding, subject: Subject) -> Finding:
    """
    The finding without sessions that name somebody else than the subject, and without their errors.

    A uid that one tool has for an address may be another person's in the next: two products may both number
    their users from 1.
    """
    others = {session.id for session in finding.sessions if _is_other(session.user, subject)}
    if not others:
        return finding
    return replace(
        finding,
        sessions=tuple(session for session in finding.sessions if session.id not in others),
        errors=tuple(error for error in finding.errors if error.session_id not in others),
        notes=(*finding.notes, _OTHERS_LEFT_OUT),
    )


def _without_unnamed(finding: Finding) -> Finding:
    """
    A finding by a uid that another source told, without sessions that name nobody, which may be anybody's.

    They are a doubt: the finding is not whole then, and says so.
    """
    unnamed = {s.id for s in finding.sessions if s.user.uid is None and s.user.email is None}
    if not unnamed:
        return finding
    note = f"{len(unnamed)} of its sessions name nobody and may be somebody else’s: left out"
    return replace(
        finding,
        sessions=tuple(session for session in finding.sessions if session.id not in unnamed),
        errors=tuple(error for error in finding.errors if error.session_id not in unnamed),
        notes=(*finding.notes, note),
        partial=True,
    )


def _is_other(user: SessionUser, subject: Subject) -> bool:
    if subject.kind is SubjectKind.UID and user.uid == subject.value:
        return False
    address_as_uid = user.uid if user.uid and "@" in user.uid else None
    if subject.kind is SubjectKind.EMAIL or (user.email and "@" in subject.value):
        email = user.email or address_as_uid
        return email is not None and address_value(email) != address_value(subject.value)
    return user.uid is not None and address_as_uid is None


def _both(before: Finding, again: Finding) -> Finding:
    """A source's finding after it was asked again, by another name: it has cost what both have cost."""
    calls = before.calls + again.calls
    # What is left is left after both.
    before = replace(
        before, calls_left=again.calls_left, calls_again=again.calls_again, calls_back=again.calls_back
    )
    if again.failure is not None:
        note = f"by another name of theirs it could not be asked: {again.failure.message}"
        return replace(before, calls=calls, partial=True, notes=(*before.notes, note))
    if _says_more(again, before) or again.partial:
        return replace(again, calls=calls)
    return replace(before, calls=calls)


def _says_more(finding: Finding, before: Finding) -> bool:
    """Whether a second finding has a session or an error that the first did not have."""
    known = {session.id for session in before.sessions}, {error.id for error in before.errors}
    return not (
        {session.id for session in finding.sessions} <= known[0]
        and {error.id for error in finding.errors} <= known[1]
    )


def _crashed(name: SourceName) -> Finding:
    """The finding of a source at which the bot itself failed; the error is in the log."""
    message = "Casefile could not read its answer; the error has been logged"
    return Finding(name, State.FAILED, failure=Failure(Reason.UNREADABLE, message))


def _given_up(case_file: CaseFile, seconds: float, calls_of: Callable[[SourceName], int]) -> CaseFile:
    """The case file when it is no longer waited for those that have not answered, whose calls are spent."""
    said = {finding.source: finding for finding in case_file.findings}
    failure = Failure(Reason.TIMED_OUT, f"it did not answer within {seconds:g} s")
    for name in case_file.waiting:
        known = said.get(name)
        if known is None or not known.answered:
            said[name] = Finding(name, State.FAILED, calls=calls_of(name), failure=failure)
        else:
            said[name] = replace(known, state=State.STALE, calls=calls_of(name), failure=failure)
    return replace(case_file, findings=tuple(said.values()), waiting=(), at_vendor=())


def has_answered(case_file: CaseFile, name: SourceName) -> bool:
    """Whether a source has answered or is late; with a stale answer alone it is still being asked."""
    if name not in case_file.waiting:
        return True
    return any(f.source == name and f.failure is not None for f in case_file.findings)
