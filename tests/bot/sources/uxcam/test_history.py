"""A person's history at the sandbox's UXCam, whose truth is known: what of it comes out, and in which order."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.model import ErrorKind
from bot.operations.clock import system_clock
from sandbox.people import UXCAM, Customer, Error, Visit
from tests.bot.sources.kinds import KINDS, Kind, open_desk

UID = "cust-1"
BOTH = [kind for kind in KINDS if str(kind) in ("uxcam", "uxcam classic")]
CRASH = (Error("Crash", "out of memory", 20),)


def people(now: datetime) -> list[Customer]:
    """Somebody with two crashes, the newer one recorded offline, and somebody else with a newer crash."""
    mine = (
        Visit(now - timedelta(minutes=30), 60, ("Home", "Pay")),
        Visit(now - timedelta(hours=5), 60, ("Home",), CRASH, offline=True, network="no internet"),
        Visit(now - timedelta(days=3), 90, ("Home", "Cart"), CRASH),
    )
    theirs = (Visit(now - timedelta(minutes=10), 60, ("Home",), CRASH),)
    phone = {"device": "Pixel 9", "os": ("Android", "16"), "country": "DE", "city": "Kassel"}
    known = frozenset({UXCAM})
    return [
        Customer(1, UID, "pat@contoso.example", None, "", mine, known, plan="gold", **phone),  # type: ignore[arg-type]
        Customer(2, "cust-2", "at@contoso.example", None, "", theirs, known),
    ]


@pytest.mark.parametrize("kind", BOTH, ids=str)
@pytest.mark.parametrize("subject", [UID, "pat@contoso.example"])
async def test_the_newest_crash_comes_first_with_its_time_and_none_of_somebody_elses(
    kind: Kind, tmp_path: Path, subject: str
) -> None:
    now = system_clock().replace(microsecond=0)
    async with open_desk(kind, tmp_path, people=people(now)) as desk:
        finding = await desk.ask(subject)
    assert [(error.kind, error.occurred_at) for error in finding.errors] == [
        (ErrorKind.CRASH, now - timedelta(hours=5) + timedelta(seconds=60)),
        (ErrorKind.CRASH, now - timedelta(days=3) + timedelta(seconds=90)),
    ]
    newest, offline, first = finding.sessions
    assert {error.session_id for error in finding.errors} == {offline.id, first.id}
    assert (offline.recorded_offline, offline.network, newest.recorded_offline) == (
        True,
        "no internet",
        False,
    )
    assert (newest.device, newest.os, newest.city) == ("Pixel 9", "Android 16", "Kassel")
    assert {session.user.first_seen for session in finding.sessions} == {first.started_at}
    assert {session.user.plan for session in finding.sessions} == {"gold"}
    assert newest.video is None
    assert finding.notes == ()


async def test_of_more_sessions_than_are_read_the_newest_come_and_it_is_counted(tmp_path: Path) -> None:
    now = system_clock().replace(microsecond=0)
    visits = tuple(Visit(now - timedelta(minutes=5 * n + 5), 60) for n in range(1_600))
    pat = Customer(1, UID, "pat@contoso.example", None, "", visits, frozenset({UXCAM}))
    async with open_desk(BOTH[1], tmp_path, people=[pat]) as desk:
        answer = await desk.find(UID)
    assert [session.started_at for session in answer.sessions] == [v.started_at for v in visits[:1_500]]
    assert answer.notes == ("the newest 1500 sessions alone",)
    assert answer.complete_from is not None
    assert visits[1_499].started_at <= answer.complete_from <= visits[1_498].started_at
