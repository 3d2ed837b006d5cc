"""What holds for every source, whatever its vendor: run over each kind that `kinds.py` lists."""

import asyncio
import io
import json
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path
from time import monotonic

import pytest
import structlog
from prometheus_client import generate_latest

from bot.domain.model import Reason, State, Subject, SubjectKind
from bot.operations.clock import system_clock
from bot.operations.crashes import crash_reports
from bot.sources.http import CallFailed
from bot.sources.protocol import Effort, Indexed, Question, SeveralAccounts
from bot.sources.quota import Granted, Purpose
from sandbox.faults import Fault
from sandbox.vendors.raygun_entries import RaygunEntries
from sandbox.vendors.stand_in import listening
from tests.bot.sources.invented_server import INVENTED
from tests.bot.sources.kinds import (
    BUSY_UID,
    BUSY_VISITS,
    KINDS,
    NEIGHBOURS,
    PAT,
    PAT_UID,
    UNICODE,
    UNICODE_UID,
    Desk,
    Kind,
    open_desk,
)

pytestmark = pytest.mark.thorough

every_kind = pytest.mark.parametrize("kind", [*KINDS, INVENTED], ids=str)
REASONS = {
    Fault.RATE_LIMITED: Reason.RATE_LIMITED,
    Fault.BROKEN: Reason.VENDOR_ERROR,
    Fault.TRUNCATED: Reason.UNREADABLE,
    Fault.HTML: Reason.UNREADABLE,
    Fault.HUGE: Reason.UNREADABLE,
    Fault.REFUSED: Reason.NOT_AUTHORISED,
    Fault.HANG: Reason.TIMED_OUT,
}


@every_kind
async def test_somebody_is_found_by_uid_with_their_own_sessions_newest_first(
    kind: Kind, tmp_path: Path
) -> None:
    async with open_desk(kind, tmp_path) as desk:
        finding = await desk.ask(PAT_UID)
        assert finding.failure is None
        visits = desk.people[0].visits
        assert [session.started_at for session in finding.sessions] == [v.started_at for v in visits]
        assert len({session.id for session in finding.sessions}) == len(visits)
        for session in finding.sessions:
            assert session.source == desk.source.name == finding.source
            assert session.url is None or session.url.startswith("https://") or "127.0.0.1" in session.url
            assert session.user.uid in (None, PAT_UID)


@every_kind
async def test_somebody_is_found_by_address_with_the_same_sessions(kind: Kind, tmp_path: Path) -> None:
    async with open_desk(kind, tmp_path) as desk:
        by_email, by_uid = await desk.ask(PAT), await desk.ask(PAT_UID)
        assert by_email.failure is None
        wanted = [session.id for session in by_uid.sessions] if kind.by_email else []
        assert [session.id for session in by_email.sessions] == wanted
        if kind.by_email:
            by_unicode, by_uid = await desk.ask(UNICODE), await desk.ask(UNICODE_UID)
            wanted = [session.id for session in by_uid.sessions]
            assert [session.id for session in by_unicode.sessions] == wanted != []


@every_kind
async def test_whoever_has_nearly_the_same_name_is_somebody_else(kind: Kind, tmp_path: Path) -> None:
    async with open_desk(kind, tmp_path) as desk:
        mine = {session.id for session in (await desk.ask(PAT_UID)).sessions}
        theirs = await desk.ask(NEIGHBOURS[1])
        assert [s.started_at for s in theirs.sessions] == [desk.people[1].visits[0].started_at]
        assert mine.isdisjoint(session.id for session in theirs.sessions)
        by_email = await desk.ask(NEIGHBOURS[0])
        assert mine.isdisjoint(session.id for session in by_email.sessions)


@every_kind
async def test_nobody_is_an_empty_answer_and_no_failure(kind: Kind, tmp_path: Path) -> None:
    async with open_desk(kind, tmp_path) as desk:
        for nobody in ("nobody@contoso.example", "cust-0"):
            finding = await desk.ask(nobody)
            assert (finding.sessions, finding.errors, finding.failure) == ((), (), None)
            assert finding.answered


@every_kind
async def test_of_hundreds_of_sessions_each_comes_once_or_it_is_said_that_there_are_more(
    kind: Kind, tmp_path: Path
) -> None:
    async with open_desk(kind, tmp_path) as desk:
        finding = await desk.ask(BUSY_UID)
        ids = [session.id for session in finding.sessions]
        assert len(ids) == len(set(ids)) > 0
        newest = [visit.started_at for visit in desk.people[2].visits][: len(ids)]
        assert [session.started_at for session in finding.sessions] == newest
        assert len(ids) == BUSY_VISITS or any("alone" in note for note in finding.notes)


@every_kind
async def test_sessions_older_than_asked_for_are_left_out(kind: Kind, tmp_path: Path) -> None:
    async with open_desk(kind, tmp_path) as desk:
        finding = await desk.ask(PAT_UID, days=1)
        assert len(finding.sessions) == 2


@every_kind
async def test_an_error_belongs_to_one_of_their_sessions(kind: Kind, tmp_path: Path) -> None:
    async with open_desk(kind, tmp_path) as desk:
        finding = await desk.ask(PAT_UID)
        ids = {session.id for session in finding.sessions}
        own = {error.title for visit in desk.people[0].visits for error in visit.errors}
        assert all(error.session_id in ids or not kind.tells_where for error in finding.errors)
        assert all(error.title if kind.tells_where else error.title in own for error in finding.errors)


@every_kind
@pytest.mark.parametrize("fault", REASONS, ids=str)
async def test_every_failure_has_its_reason_and_hides_nothing_else(
    kind: Kind, tmp_path: Path, fault: Fault
) -> None:
    async with open_desk(kind, tmp_path, read_seconds=0.1 if fault is Fault.HANG else None) as desk:
        for server in desk.servers:
            server.fault = fault
        finding = await desk.ask(PAT_UID)
        assert finding.failure is not None
        assert finding.failure.reason is REASONS[fault]
        assert finding.sessions == ()
        assert not any(secret in finding.failure.message for secret in (*desk.secrets, PAT, PAT_UID))


@every_kind
async def test_what_was_known_before_a_failure_is_shown_beside_it(kind: Kind, tmp_path: Path) -> None:
    async with open_desk(kind, tmp_path) as desk:
        before = await desk.ask(PAT_UID)
        for server in desk.servers:
            server.fault = Fault.BROKEN
        after = await desk.ask(PAT_UID, Effort.FRESH)
        assert {s.id for s in after.sessions} == {s.id for s in before.sessions}
        # An index that was read a moment ago need not be read again.
        assert after.failure is not None or isinstance(desk.source, Indexed)


@every_kind
async def test_a_lookup_makes_no_more_calls_than_it_said_and_says_how_many(
    kind: Kind, tmp_path: Path
) -> None:
    async with open_desk(kind, tmp_path) as desk:
        for typed in (PAT, BUSY_UID):
            subject = Subject(SubjectKind.EMAIL if "@" in typed else SubjectKind.UID, typed, typed)
            said, before = await desk.source.cost(subject), desk.calls
            finding = await desk.ask(typed)
            assert finding.calls <= said
            # An index goes on reading behind the answer, by calls that count as the answer's and by others.
            await desk.engine.tasks.settle()
            assert desk.calls - before >= finding.calls
            assert isinstance(desk.source, Indexed) or desk.calls - before == finding.calls


@every_kind
async def test_the_same_question_by_many_at_once_costs_what_one_costs(kind: Kind, tmp_path: Path) -> None:
    async with open_desk(kind, tmp_path) as desk:
        cost = await desk.source.cost(Subject(SubjectKind.UID, PAT_UID, PAT_UID))
        findings = await asyncio.gather(*(desk.ask(PAT_UID) for _ in range(5)))
        assert len({tuple(s.id for s in finding.sessions) for finding in findings}) == 1
        assert sum(finding.calls for finding in findings) <= cost
        again = await desk.ask(PAT_UID)
        assert again.calls == 0
        assert again.state in (State.CACHED, State.INDEX)


@every_kind
async def test_with_its_calls_spent_the_vendor_is_not_asked_and_the_time_is_told(
    kind: Kind, tmp_path: Path
) -> None:
    async with open_desk(kind, tmp_path) as desk:
        http = desk.source.http
        await http.ledger.correct(await desk.source.account(), 0, timedelta(hours=3))
        if isinstance(desk.source, SeveralAccounts):
            for account in await desk.source.more_accounts():
                await http.ledger.correct(account, 0, timedelta(hours=3))
        finding = await desk.ask(PAT_UID)
        assert desk.calls == 0
        assert finding.failure is not None
        assert finding.failure.reason is Reason.QUOTA_SPENT
        assert finding.failure.until is not None


@every_kind
async def test_no_window_ever_holds_more_calls_than_the_account_has(kind: Kind, tmp_path: Path) -> None:
    async with open_desk(kind, tmp_path) as desk:
        account = await desk.source.account()
        windows = [window for window in account.windows if window.calls <= 60]
        for window in windows:
            begun = ended = 0.0
            # On a busy machine a window of a second may be over before so many calls were asked for.
            while begun == ended or ended - begun > window.seconds:
                begun = monotonic()
                for _ in range(window.calls + 2):
                    verdict = await desk.source.http.ledger.spend(account, Purpose.PERSON)
                ended = monotonic()
            assert not isinstance(verdict, Granted)


@every_kind
async def test_one_session_is_described_by_its_id_and_an_unknown_one_is_none(
    kind: Kind, tmp_path: Path
) -> None:
    async with open_desk(kind, tmp_path) as desk:
        listed = (await desk.ask(PAT_UID)).sessions[0]
        calls = desk.source.http.asking(Purpose.PERSON, await desk.source.account())
        described = await desk.source.session(listed.id, calls)
        assert (described is not None) is kind.describes
        if described is None:
            return
        assert (described.id, described.source) == (listed.id, desk.source.name)
        assert described.started_at == listed.started_at
        assert await desk.source.session("0" * 24, calls) is None


@every_kind
async def test_one_cheap_call_proves_address_and_key(kind: Kind, tmp_path: Path) -> None:
    async with open_desk(kind, tmp_path) as desk:
        calls = desk.source.http.asking(Purpose.PERSON, await desk.source.account())
        for server in desk.servers:
            server.fault = Fault.REFUSED
        with pytest.raises(CallFailed) as failed:
            await desk.source.check(calls)
        assert failed.value.failure.reason is Reason.NOT_AUTHORISED
        for server in desk.servers:
            server.fault = Fault.NONE
        assert await desk.source.check(calls)


@every_kind
@pytest.mark.parametrize("fault", [Fault.NONE, *REASONS], ids=str)
async def test_no_key_or_address_reaches_a_log_line_an_exception_a_metric_or_a_crash_report(
    kind: Kind, tmp_path: Path, logged: io.StringIO, fault: Fault
) -> None:
    async with (
        listening(RaygunEntries(system_clock)) as raygun,
        open_desk(kind, tmp_path, read_seconds=0.1 if fault is Fault.HANG else None) as desk,
    ):
        for server in desk.servers:
            server.fault = fault
        async with crash_reports(raygun.api_key, "1", desk.secrets, raygun.endpoint):
            raised = [error async for error in _raised(desk)]
            for error in raised:
                structlog.get_logger("tasks").error("task.crashed", exc_info=error)
            await desk.ask(PAT)
            await desk.engine.tasks.settle()
        told = [json.dumps(raygun.entries), logged.getvalue()]
        told.append(generate_latest(desk.engine.metrics.registry).decode())
        told += [f"{one!r} {one}" for error in raised for one in _chain(error)]
    assert bool(raised) is bool(raygun.entries) is (fault is not Fault.NONE)
    for private in (*desk.secrets, PAT, PAT_UID, "contoso"):
        assert not any(private in text for text in told)


async def _raised(desk: Desk) -> AsyncIterator[CallFailed]:
    """The exceptions that a lookup and a check raise."""
    calls = desk.source.http.asking(Purpose.PERSON, await desk.source.account())
    question = Question(Subject(SubjectKind.EMAIL, PAT, PAT), 7)
    for asking in (desk.source.find(question, calls), desk.source.check(calls)):
        try:
            await asking
        except CallFailed as failed:
            yield failed


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """An exception and all its causes."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def test_a_small_vendor_takes_fewer_than_eighty_lines() -> None:
    file = Path(__file__).with_name("invented.py")
    assert len(file.read_text().splitlines()) < 80
