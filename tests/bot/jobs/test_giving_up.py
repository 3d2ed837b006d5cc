"""Whoever asked is told that there will be no answer; what nobody asked for is counted alone."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.domain.asking import Asker
from bot.domain.model import Subject, SubjectKind
from bot.jobs.admission import Admission
from bot.jobs.giving_up import GivingUp
from bot.jobs.inbox import Job
from bot.jobs.payloads import (
    DEBUG,
    DESK_NOTE,
    HOME_LOOKUP,
    KINDS,
    LOOKUP,
    MUTE,
    NOTE,
    OTHERS,
    PANE,
    POINTED,
    REMOVE,
    SESSION_ERRORS,
    STEP,
    UNASKED,
    WATCH,
    DebugPayload,
    DeskNotePayload,
    HomeLookupPayload,
    LookupPayload,
    MutePayload,
    NotePayload,
    OthersPayload,
    PanePayload,
    PointedPayload,
    RemovePayload,
    SessionErrorsPayload,
    StepPayload,
    WatchPayload,
)
from bot.jobs.results import GaveUp
from bot.operations.clock import system_clock
from bot.operations.metrics import Metrics, make_metrics
from bot.settings.behaviour import AccessSettings
from bot.slack.access import Access
from bot.slack.client import SlackAway
from bot.sources.protocol import Effort
from bot.storage.keyring import Keyring
from bot.storage.memory import Memory
from bot.storage.store import Store
from tests.bot.in_slack import InSlack, in_slack

JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def at(store: Store, keyring: Keyring) -> AsyncIterator[InSlack]:
    async with in_slack(store, keyring) as opened:
        yield opened


@pytest.fixture
def metrics() -> Metrics:
    return make_metrics()


@pytest.fixture
def steps() -> list[str]:
    """With which words steps of workflows were ended."""
    return []


@pytest.fixture
def giving_up(at: InSlack, metrics: Metrics, steps: list[str]) -> GivingUp:
    async def end_step(_job: Job, words: str) -> None:
        steps.append(words)

    access = Access(at.client, AccessSettings(), Memory(at.store, at.keyring, system_clock))
    admission = Admission(access, at.poster, at.posts, metrics, at.process.trail(at, metrics))
    return GivingUp(admission, metrics, end_step)


def payloads(asker: Asker) -> dict[str, str]:
    """What somebody may have asked for, by the kind of its job."""
    return {
        LOOKUP.name: LOOKUP.write(LookupPayload((), 30, Effort.USUAL, 5, asker, asker.user)),
        DEBUG.name: DEBUG.write(DebugPayload(asker)),
        NOTE.name: NOTE.write(NotePayload(asker, "a note")),
        POINTED.name: POINTED.write(PointedPayload(asker, None)),
        REMOVE.name: REMOVE.write(RemovePayload(asker, "1.1")),
        SESSION_ERRORS.name: SESSION_ERRORS.write(
            SessionErrorsPayload(asker, "fullstory/main", "1", None, None, None, ephemeral=False)
        ),
        OTHERS.name: OTHERS.write(OthersPayload(asker, JANE, 30, None, ephemeral=False)),
        PANE.name: PANE.write(PanePayload(asker, "1.2", ())),
        HOME_LOOKUP.name: HOME_LOOKUP.write(HomeLookupPayload(asker, JANE, Effort.USUAL)),
        MUTE.name: MUTE.write(MutePayload(asker, is_on=True)),
        WATCH.name: WATCH.write(WatchPayload(asker, is_on=True)),
        DESK_NOTE.name: DESK_NOTE.write(DeskNotePayload(asker, (), 30)),
        STEP.name: STEP.write(StepPayload(asker, "jane@contoso.example", "Fx1", None)),
    }


async def asked(at: InSlack, kind: str = LOOKUP.name, *, with_url: bool = True) -> Job:
    return await at.accept(kind, payloads(at.agent(with_url=with_url))[kind])


@pytest.mark.parametrize("kind", ["lookup", "debug", "note", "pointed", "remove", "errors", "others"])
async def test_whatever_a_person_asked_for_they_are_told_once_that_there_will_be_no_answer(
    at: InSlack, giving_up: GivingUp, metrics: Metrics, kind: str
) -> None:
    job = await asked(at, kind)
    for _ in range(2):
        await giving_up.tell(job, GaveUp.UNEXPECTED)
    [told] = at.seen_by_agent()
    assert "could not finish this lookup" in told.text
    assert b'casefile_lookups_total{outcome="failed"} 2.0' in metrics.text()


@pytest.mark.parametrize(
    ("why", "words"),
    [
        (GaveUp.UNEXPECTED, "something unexpected went wrong"),
        (GaveUp.OUTCOME_UNKNOWN, "If you see no answer, please ask again"),
        (GaveUp.UNREACHABLE, "did not take its answer for half an hour"),
    ],
)
async def test_they_are_told_why_and_what_to_do(
    at: InSlack, giving_up: GivingUp, why: GaveUp, words: str
) -> None:
    await giving_up.tell(await asked(at), why)
    [told] = at.seen_by_agent()
    assert words in told.text


async def test_who_was_shown_a_private_answer_that_broke_off_hears_of_that_all_the_same(
    at: InSlack, giving_up: GivingUp
) -> None:
    job = await asked(at)
    asker = LOOKUP.read(job.payload).asker
    access = Access(at.client, AccessSettings(), Memory(at.store, at.keyring, system_clock))
    trail = at.process.trail(at, make_metrics())
    await Admission(access, at.poster, at.posts, make_metrics(), trail).tell(job, asker, "the answer")
    await giving_up.tell(job, GaveUp.UNEXPECTED)
    assert len(at.seen_by_agent()) == 2


async def test_a_workflows_step_is_ended_with_the_words_in_place_of_a_message(
    at: InSlack, giving_up: GivingUp, steps: list[str]
) -> None:
    await giving_up.tell(await asked(at, "step"), GaveUp.UNEXPECTED)
    assert ["run the workflow again" in words.replace("\n", " ") for words in steps] == [True]
    assert at.seen_by_agent() == []


async def test_where_they_cannot_be_told_that_is_raised(at: InSlack, giving_up: GivingUp) -> None:
    at.slack.fail_next("chat.postEphemeral", retry_after=3600)
    with pytest.raises(SlackAway):
        await giving_up.tell(await asked(at, with_url=False), GaveUp.UNREACHABLE)


def test_each_kind_of_job_is_asked_by_a_person_or_counted() -> None:
    someone = Asker("U1", "C1", "T1")
    assert payloads(someone).keys() | UNASKED == {kind.name for kind in KINDS}
    assert not payloads(someone).keys() & UNASKED
    assert {
        "ticket",
        "digest",
        "unfurl",
        "watch_news",
        "watch_tell",
        "watch_look",
        "desk_note_auto",
    } == UNASKED


@pytest.mark.parametrize(
    ("kind", "counter"),
    [
        ("unfurl", b"casefile_unfurls_total"),
        ("ticket", b"casefile_tickets_total"),
        ("watch_tell", b"casefile_watches_total"),
    ],
)
async def test_what_nobody_asked_for_is_counted_and_told_nobody(
    at: InSlack, giving_up: GivingUp, metrics: Metrics, kind: str, counter: bytes
) -> None:
    await giving_up.tell(await at.accept(kind, "{}"), GaveUp.UNEXPECTED)
    assert counter + b'{outcome="failed"} 1.0' in metrics.text()
    assert at.slack.api_calls == []
