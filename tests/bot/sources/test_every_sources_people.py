"""What holds for every source where people have several names, and where an answer is only a part of one."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete

from bot.domain.answer import Answer
from bot.domain.model import Finding, Reason
from bot.operations.clock import system_clock
from bot.sources.http import CallFailed
from bot.sources.protocol import Effort, Indexed
from bot.sources.quota import Purpose
from bot.storage.tables import quota_told
from sandbox.faults import Fault
from sandbox.people import Customer, Error, Visit
from tests.bot.sources.invented_server import INVENTED
from tests.bot.sources.kinds import KINDS, PAT, PAT_UID, Desk, Kind, customers, open_desk

pytestmark = pytest.mark.thorough

HALF = "Pat \ud83d"


def over(kinds: Sequence[Kind]) -> pytest.MarkDecorator:
    """A test for each kind."""
    return pytest.mark.parametrize("kind", kinds, ids=str)


every_kind = over([*KINDS, INVENTED])
by_address = [kind for kind in KINDS if kind.by_email]


def person(number: int, uid: str, email: str, kind: Kind, *visits: Visit, **more: Any) -> Customer:
    return Customer(number, uid, email, "Pat Lee", "", visits, frozenset({kind.vendor}), **more)


def ago(**span: float) -> datetime:
    return system_clock().replace(microsecond=0) - timedelta(**span)


def begun(answer: Answer | Finding) -> list[datetime | None]:
    return [session.started_at for session in answer.sessions]


@over(by_address)
async def test_two_people_whose_addresses_differ_in_capitals_are_both_found(
    kind: Kind, tmp_path: Path
) -> None:
    first = person(1, "cust-1", "Two.Case@contoso.example", kind, Visit(ago(minutes=20), 60))
    second = person(2, "cust-2", "two.case@contoso.example", kind, Visit(ago(minutes=50), 60))
    async with open_desk(kind, tmp_path, people=[first, second]) as desk:
        found = (await desk.ask("Two.Case@contoso.example")).sessions
        assert [one.started_at for one in found] == [first.visits[0].started_at, second.visits[0].started_at]


@over(by_address)
async def test_all_uids_of_one_address_are_found_newest_first(kind: Kind, tmp_path: Path) -> None:
    # Their order by name is not that of their visits.
    uids = {"cust-c": 20, "cust-a": 50, "cust-b": 90}
    people = [
        person(number, uid, PAT, kind, Visit(ago(minutes=minutes), 60))
        for number, (uid, minutes) in enumerate(uids.items(), 1)
    ]
    async with open_desk(kind, tmp_path, people=people) as desk:
        finding = await desk.ask(PAT)
        assert [session.started_at for session in finding.sessions] == [
            p.visits[0].started_at for p in people
        ]
        told = [session.user.uid for session in finding.sessions if session.user.uid]
        assert told in ([], list(uids))


@over([kind for kind in by_address if kind.tells_at_once])
async def test_an_address_that_moved_to_another_user_is_theirs_in_a_fresh_answer(
    kind: Kind, tmp_path: Path
) -> None:
    old = person(1, "cust-old", PAT, kind, Visit(ago(minutes=20), 60))
    new = person(2, "cust-new", "other@contoso.example", kind, Visit(ago(minutes=50), 60))
    async with open_desk(kind, tmp_path, people=[old, new]) as desk:
        # By the way of lookups, which keep what they have heard of names.
        assert begun(await desk.ask(PAT)) == [old.visits[0].started_at]
        desk.move([replace(old, email="gone@contoso.example"), replace(new, email=PAT)])
        fresh = await desk.ask(PAT, Effort.FRESH)
    assert begun(fresh) == [new.visits[0].started_at]
    assert {session.user.uid for session in fresh.sessions} <= {None, "cust-new"}


@every_kind
async def test_a_narrow_question_does_not_answer_a_wide_one(kind: Kind, tmp_path: Path) -> None:
    async with open_desk(kind, tmp_path) as desk:
        assert len((await desk.ask(PAT_UID, Effort.FRESH, days=1)).sessions) == 2
        assert len((await desk.ask(PAT_UID, days=7)).sessions) == 3
        assert len((await desk.ask(PAT_UID, days=1)).sessions) == 2


@every_kind
async def test_a_vendor_that_fails_at_any_of_the_calls_is_never_taken_for_whole(
    kind: Kind, tmp_path: Path
) -> None:
    people = customers(system_clock(), kind.vendor)
    async with open_desk(kind, _folder(tmp_path, "whole"), people=people) as whole_desk:
        whole = await whole_desk.find(PAT_UID)
        calls = whole_desk.calls
    assert calls > 0
    for answered in range(calls):
        async with open_desk(kind, _folder(tmp_path, str(answered)), people=people) as desk:
            for server in desk.servers:
                server.fails_after = answered
            part = await _part(desk)
            assert part is None or part.partial or _same(part, whole)
            for server in desk.servers:
                server.fails_after = None
            # An index is read again behind an answer, and when its time has come.
            if not isinstance(desk.source, Indexed):
                again = await desk.find(PAT_UID)
                assert _same(again, whole)
                assert not again.partial


def _folder(inside: Path, name: str) -> Path:
    folder = inside / name
    folder.mkdir()
    return folder


async def _part(desk: Desk) -> Answer | None:
    try:
        return await desk.find(PAT_UID)
    except CallFailed:
        return None


def _same(one: Answer, other: Answer) -> bool:
    return (begun(one), len(one.errors), one.notes) == (begun(other), len(other.errors), other.notes)


@over([kind for kind in KINDS if kind.without_scope])
async def test_a_key_that_may_not_read_is_a_failure_and_the_doctor_says_so(
    kind: Kind, tmp_path: Path
) -> None:
    async with open_desk(kind, tmp_path) as desk:
        for server in desk.servers:
            assert kind.without_scope is not None
            kind.without_scope(server)
        finding = await desk.ask(PAT_UID)
        assert finding.failure is not None
        assert finding.failure.reason is Reason.NOT_AUTHORISED
        calls = desk.source.http.asking(Purpose.PERSON, await desk.source.account())
        with pytest.raises(CallFailed) as failed:
            await desk.source.check(calls)
        assert failed.value.failure.reason is Reason.NOT_AUTHORISED


@every_kind
async def test_after_a_429_the_vendor_is_left_alone_and_then_asked_again(kind: Kind, tmp_path: Path) -> None:
    async with open_desk(kind, tmp_path) as desk:
        for server in desk.servers:
            server.fault = Fault.RATE_LIMITED
        limited = await desk.ask(PAT_UID)
        assert limited.failure is not None
        assert limited.failure.reason is Reason.RATE_LIMITED
        assert limited.failure.until is not None
        for server in desk.servers:
            server.fault = Fault.NONE
        made = desk.calls
        resting = await desk.ask(PAT_UID)
        # A second or two are waited for.
        if resting.failure is not None:
            assert resting.failure.reason is Reason.QUOTA_SPENT
            assert desk.calls == made
            await _rest(desk)
            # A source may report its last trouble for a while, but not to whoever asks for a fresh answer.
            resting = await desk.ask(PAT_UID, Effort.FRESH)
        assert resting.failure is None
        assert len(resting.sessions) == 3


async def _rest(desk: Desk) -> None:
    """Let the time pass after which the vendor may be asked again."""
    async with desk.engine.store.write() as connection:
        await connection.execute(delete(quota_told))
    # What was read a moment ago counts until this process has changed something itself.
    await desk.source.http.ledger.give_back(await desk.source.account())


@every_kind
async def test_a_visit_that_began_before_the_asked_days_and_reached_into_them_is_shown(
    kind: Kind, tmp_path: Path
) -> None:
    across = Visit(ago(hours=25), 2 * 3600, ("/", "/cart", "/pay"))
    before = Visit(ago(hours=30), 60)
    async with open_desk(kind, tmp_path, people=[person(1, PAT_UID, PAT, kind, across, before)]) as desk:
        finding = await desk.ask(PAT_UID, days=1)
        if kind is INVENTED:
            # It asks for what began in these days, and says so.
            assert finding.sessions == ()
            return
        [session] = finding.sessions
        # Where no ends are told, it may have: that is said.
        assert ("may have reached into them" in str(finding.notes)) is not kind.tells_ends
        assert session.started_at == across.started_at
        assert session.pages in (None, 3)


@every_kind
async def test_half_a_surrogate_pair_in_any_field_is_no_failure(kind: Kind, tmp_path: Path) -> None:
    broken = Error(HALF, HALF, 30)
    visit = Visit(ago(minutes=20), 60, (f"/{HALF}", "/cart"), (broken,))
    pat = person(1, PAT_UID, PAT, kind, visit, city=HALF, device=HALF, browser=(HALF, HALF), plan=HALF)
    async with open_desk(kind, tmp_path, people=[replace(pat, name=HALF)]) as desk:
        for _ in range(2):
            finding = await desk.ask(PAT_UID)
            assert finding.failure is None
            assert [session.started_at for session in finding.sessions] == [visit.started_at]
            # Whatever is kept, sent or printed must be text.
            assert str(asdict(finding)).encode()
            assert "\ud83d" not in "".join(_texts(asdict(finding)))


def _texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for one in value.values() for text in _texts(one)]
    if isinstance(value, list | tuple):
        return [text for one in value for text in _texts(one)]
    return [value] if isinstance(value, str) else []
