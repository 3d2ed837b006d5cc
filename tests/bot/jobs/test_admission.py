"""Who asks is let in or told why not, and what only they may hear is said at most once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from bot.answers.block_kit import note
from bot.domain.asking import Asker
from bot.jobs.admission import Admission, NotAgain
from bot.operations.metrics import Metrics, make_metrics
from bot.settings.behaviour import AccessSettings
from bot.slack.access import Access
from bot.slack.client import SlackAway
from bot.storage.database import StoreAway
from bot.storage.keyring import Keyring
from bot.storage.memory import Memory
from bot.storage.store import Store
from bot.storage.tables import posts as posts_table
from sandbox.slack.messages import Content
from sandbox.slack.people import TEAM
from tests.bot.in_slack import InSlack, Process, in_slack, texts
from tests.conftest import MovableClock

URL, EPHEMERAL = "response_url", "chat.postEphemeral"
LOST = {"lose_answer": True}


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


def admission_of(at: InSlack, metrics: Metrics, process: Process) -> Admission:
    clock = MovableClock()
    memory = Memory(at.store, at.keyring, clock)
    access = Access(process.client, AccessSettings(), memory)
    return Admission(access, process.poster, process.posts, metrics, process.trail(at, metrics))


@pytest.fixture
def admission(at: InSlack, metrics: Metrics) -> Admission:
    return admission_of(at, metrics, at.process)


def counted(metrics: Metrics) -> dict[str, float]:
    samples = next(iter(metrics.lookups.collect())).samples
    return {s.labels["outcome"]: s.value for s in samples if s.name.endswith("_total") and s.value}


async def know_the_place(admission: Admission, at: InSlack) -> None:
    """Let somebody else have asked there, so that the person alone is asked about."""
    asker = Asker(at.slack.people.colleague, at.slack.places.support, TEAM)
    assert await admission.admit(await at.accept(), asker)


async def test_who_may_ask_is_let_in_and_told_nothing(at: InSlack, admission: Admission) -> None:
    verdict = await admission.admit(await at.accept(), at.agent())
    assert verdict is not None
    assert verdict.in_public
    assert at.seen_by_agent() == []


async def test_who_may_not_is_told_why_alone(at: InSlack, admission: Admission, metrics: Metrics) -> None:
    guest = at.slack.people.guest
    asker = Asker(guest, at.slack.places.support, TEAM)
    assert await admission.admit(await at.accept(), asker) is None
    [told] = at.slack.ephemerals(asker.channel, guest)
    assert "Guests of this workspace" in told.text
    assert at.posted() == []
    assert counted(metrics) == {"refused": 1}


async def test_where_slack_cannot_say_who_asks_they_are_told_that_and_not_let_in(
    at: InSlack, admission: Admission, metrics: Metrics
) -> None:
    await know_the_place(admission, at)
    at.slack.fail_next("users.info", error="token_revoked")
    assert await admission.admit(await at.accept(), at.agent(with_url=True)) is None
    [told] = at.seen_by_agent()
    assert "Slack could not confirm who you are" in told.text
    assert counted(metrics) == {"unsure": 1}


async def test_while_slack_is_away_nobody_is_told_anything_yet(
    at: InSlack, admission: Admission, metrics: Metrics
) -> None:
    await know_the_place(admission, at)
    at.slack.fail_next("users.info", status=503)
    job = await at.accept()
    with pytest.raises(SlackAway):
        await admission.admit(job, at.agent(with_url=True))
    assert (at.seen_by_agent(), counted(metrics)) == ([], {})
    assert not await admission.has_told(job)


@pytest.mark.parametrize("with_url", [True, False])
async def test_what_is_told_is_told_once_whoever_has_the_job(
    at: InSlack, admission: Admission, metrics: Metrics, with_url: bool
) -> None:
    job, asker = await at.accept(), at.agent(with_url=with_url)
    await admission.tell(job, asker, "one")
    other = at.another_process()
    again = admission_of(at, metrics, other)
    taken = await at.taken_over(other)
    assert await again.has_told(taken)
    await again.tell(taken, asker, note("two"))
    assert texts(at.seen_by_agent()) == ["one"]


async def test_where_the_response_url_is_used_up_it_is_told_without(
    at: InSlack, admission: Admission
) -> None:
    asker = Asker(
        at.slack.people.agent, at.slack.places.support, TEAM, None, f"{at.slack.base_url}/response/x"
    )
    await admission.tell(await at.accept(), asker, "one")
    assert texts(at.seen_by_agent()) == ["one"]
    at.slack.violations.clear()


async def test_who_can_be_told_nowhere_is_told_nothing_and_nothing_breaks(
    at: InSlack, admission: Admission
) -> None:
    place = at.slack.places.direct_between_people
    job = await at.accept()
    await admission.tell(job, at.agent(channel=place), "one")
    assert at.seen_by_agent(place) == []
    assert await admission.has_told(job)


@pytest.mark.parametrize(
    ("method", "fault"), [(EPHEMERAL, {"retry_after": 31}), (URL, {"retry_after": 31})], ids=["api", "url"]
)
async def test_who_was_surely_not_told_is_told_at_the_next_try(
    at: InSlack, admission: Admission, method: str, fault: dict[str, Any]
) -> None:
    job = await at.accept()
    asker = at.agent(with_url=method == URL)
    at.slack.fail_next(method, **fault)
    with pytest.raises(SlackAway) as away:
        await admission.tell(job, asker, "one")
    assert not away.value.unsure
    assert not await admission.has_told(job)
    # By a response URL there is nothing that would have to be waited for.
    again = asker if method == URL else at.agent(with_url=True)
    await admission.tell(job, again, "two")
    assert texts(at.seen_by_agent()) == ["two"]


@pytest.mark.parametrize("method", [EPHEMERAL, URL])
@pytest.mark.parametrize("fault", [{"status": 503}, LOST], ids=["503", "lost"])
async def test_who_was_perhaps_told_is_never_told_again(
    at: InSlack, admission: Admission, method: str, fault: dict[str, Any]
) -> None:
    job = await at.accept()
    asker = at.agent(with_url=method == URL)
    at.slack.fail_next(method, **fault)
    await admission.tell(job, asker, "one")
    await admission.tell(job, asker, "two")
    assert texts(at.seen_by_agent()) == (["one"] if fault is LOST else [])


async def test_two_parts_of_one_job_are_each_told_once(at: InSlack, admission: Admission) -> None:
    job, asker = await at.accept(), at.agent()
    for part in ("gave up", "gave up", "whisper", "whisper"):
        async with admission.at_most_once(job, asker, part) as is_first:
            if is_first:
                await admission.say(asker, note(part))
    assert texts(at.seen_by_agent()) == ["gave up", "whisper"]


async def test_what_breaks_in_the_middle_of_telling_must_not_be_tried_again(
    at: InSlack, admission: Admission
) -> None:
    job = await at.accept()
    with pytest.raises(NotAgain) as broken:
        async with admission.at_most_once(job, at.agent()):
            raise ZeroDivisionError
    assert isinstance(broken.value.__cause__, ZeroDivisionError)
    async with admission.at_most_once(job, at.agent()) as is_first:
        assert not is_first


@pytest.mark.parametrize("with_url", [True, False])
async def test_who_is_told_something_when_the_database_is_lost_hears_that_it_was_broken_off(
    at: InSlack, admission: Admission, with_url: bool
) -> None:
    job = await at.accept()
    with pytest.raises(StoreAway):
        async with admission.at_most_once(job, at.agent(with_url=with_url)):
            raise StoreAway("lost")
    heard = texts(at.seen_by_agent())
    assert len(heard) == with_url
    assert all("lost its database" in one for one in heard)


async def test_without_a_database_nothing_is_told_that_could_be_told_twice(
    at: InSlack, metrics: Metrics
) -> None:
    job = await at.accept()
    async with at.store.write() as connection:
        await connection.execute(text(f"DROP TABLE {posts_table.name}"))
    admission = admission_of(at, metrics, at.process)
    with pytest.raises(StoreAway):
        await admission.tell(job, at.agent(with_url=True), "one")
    assert at.seen_by_agent() == []


async def test_whoever_pressed_in_a_thread_is_told_there_and_where_that_cannot_be_by_the_response_url(
    at: InSlack, admission: Admission
) -> None:
    root = await at.slack.post_as_app(at.slack.places.support, "a ticket")
    at.slack.state.post_as_bot(root.channel, Content("an answer"), thread_ts=root.ts)
    asker = replace(at.agent(thread_ts=root.ts, with_url=True), in_thread=True)
    await admission.tell(await at.accept(), asker, "in the thread")
    at.slack.fail_next(EPHEMERAL, error="not_in_channel")
    await admission.tell(await at.accept(), asker, "the bot is not there")
    at.slack.fail_next(EPHEMERAL, retry_after=3600)
    await admission.tell(await at.accept(), asker, "Slack wants to be left alone")
    assert [(told.text, told.thread_ts) for told in at.seen_by_agent()] == [
        ("in the thread", root.ts),
        ("the bot is not there", None),
        ("Slack wants to be left alone", None),
    ]
