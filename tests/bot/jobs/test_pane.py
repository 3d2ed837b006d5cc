"""A card's side pane: for whoever opens it and may, in Slack's three seconds, once."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from bot.answers.buttons import MORE_OF_PERSON
from bot.audit.search import search
from bot.domain.asking import Asker, Way
from bot.jobs.inbox import Job
from bot.jobs.pages import pane as panes
from bot.jobs.pages.pane import PaneJobs
from bot.jobs.payloads import PANE, PanePayload
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from sandbox.slack.entities import Previews
from sandbox.slack.panes import details_requested
from sandbox.slack.people import TEAM
from sandbox.slack.state import Pane
from tests.bot.jobs.known_people import BROKEN, JANE
from tests.bot.jobs.pasting import PERSON_URL, UNKNOWN, Desk, open_desk, session_url


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def desk(store: Store, keyring: Keyring) -> AsyncIterator[Desk]:
    async with open_desk(store, keyring) as opened:
        yield opened


def jobs(desk: Desk) -> PaneJobs:
    parts = desk.parts()
    return PaneJobs(parts.access, parts.pages, desk.at.client, desk.metrics, parts.trail)


async def clicked(desk: Desk, url: str, user: str | None = None, **more: object) -> Job:
    """The job of a click on a card that stands below a message."""
    slack = desk.at.slack
    who = user or slack.people.agent
    message = slack.messages(slack.places.support)[-1]
    asked = details_requested(slack.state, who, message, url)
    slack.state.panes[who] = Pane(asked)
    payload = PanePayload(
        Asker(who, message.channel, TEAM, way=Way.PANE),
        asked["trigger_id"],
        (url, asked["entity_url"]),
        asked["entity_url"],
        asked["external_ref"]["id"],
        asked["external_ref"]["type"],
        has_thread=True,
    )
    return await desk.at.accept(PANE.name, PANE.write(replace(payload, **more)))  # type: ignore[arg-type] # any field


async def opened(desk: Desk, url: str, user: str | None = None, **more: object) -> Pane:
    """What somebody sees who clicks a card."""
    job = await clicked(desk, url, user, **more)
    await jobs(desk).answer(job)
    await desk.at.inbox.finish(job)
    return desk.at.slack.state.panes[user or desk.at.slack.people.agent]


def outcomes(desk: Desk) -> dict[str, float]:
    samples = next(iter(desk.metrics.panes.collect())).samples
    return {s.labels["outcome"]: s.value for s in samples if s.name.endswith("_total")}


async def test_whoever_opens_a_cards_pane_sees_the_visit_and_the_trail_says_so(desk: Desk) -> None:
    await desk.cards(PERSON_URL)
    await desk.cards(session_url(1))
    calls = len(desk.uxcam.asked)
    pane = await opened(desk, session_url(1))
    assert pane.shown
    assert pane.shown["entity_payload"]["attributes"]["title"] == {"text": "Visit of Jane Doe"}
    actions = pane.shown["entity_payload"]["actions"]["primary_actions"]
    assert [one["text"] for one in actions] == ["Open", "Find all sessions"]
    # What the card has asked for is not asked for again.
    assert len(desk.uxcam.asked) == calls
    [row, *_] = await search(desk.at.store, desk.at.keyring)
    assert (row.way, row.outcome, row.shown_to, row.subject) == ("pane", "found", "asker", JANE)
    assert outcomes(desk) == {"shown": 1}


async def test_a_pane_that_is_opened_outside_of_a_message_has_no_thread_to_answer_in(desk: Desk) -> None:
    await desk.cards(session_url(1))
    asker = Asker(desk.at.slack.people.agent, "", TEAM, way=Way.PANE)
    pane = await opened(desk, session_url(1), asker=asker, has_thread=False)
    assert pane.shown
    assert MORE_OF_PERSON not in str(pane.shown)


async def test_a_guest_is_told_why_not_and_nobody_is_asked(desk: Desk) -> None:
    await desk.cards(session_url(1))
    asked, guest = list(desk.uxcam.asked), desk.at.slack.people.guest
    pane = await opened(desk, session_url(1), guest)
    assert pane.error
    assert pane.error["status"] == "restricted"
    assert "Guests of this workspace cannot" in pane.error["custom_message"]
    assert desk.uxcam.asked == asked
    [row, *_] = await search(desk.at.store, desk.at.keyring)
    assert (row.way, row.outcome) == ("pane", "refused_guest")


async def test_where_slack_does_not_say_who_opens_it_nothing_is_shown(desk: Desk) -> None:
    await desk.cards(session_url(1))
    colleague = desk.at.slack.people.colleague
    desk.at.slack.fail_next("users.info", error="access_denied")
    pane = await opened(desk, session_url(1), colleague)
    assert pane.error
    assert "could not confirm who you are" in pane.error["custom_message"]


@pytest.mark.parametrize("is_known", [True, False])
async def test_what_is_not_known_any_more_and_what_cannot_be_asked_is_said(
    desk: Desk, is_known: bool
) -> None:
    await desk.cards(session_url(1))
    if is_known:
        desk.uxcam.failure = BROKEN
    url = session_url(3) if is_known else UNKNOWN
    pane = await opened(desk, session_url(1), urls=(url,))
    assert pane.error
    told = ("custom_partial_view", "cannot be asked") if is_known else ("not_found", "Nothing is known")
    assert pane.error["status"] == told[0]
    assert told[1] in pane.error["custom_title"]
    [row, *_] = await search(desk.at.store, desk.at.keyring)
    assert (row.way, row.outcome) == ("pane", "no_card")


async def test_a_vendor_that_is_too_slow_is_asked_to_the_end_and_the_pane_says_to_refresh(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(panes, "_ASKED_FOR_SECONDS", 0.05)
    await desk.cards(session_url(1))
    desk.uxcam.may_answer.clear()
    pane = await opened(desk, session_url(1), urls=(f"{UNKNOWN[:-1]}e",))
    assert pane.error
    assert "refresh this pane" in pane.error["custom_message"]
    desk.uxcam.may_answer.set()
    await desk.found.tasks.settle()
    assert len(desk.uxcam.asked) == len(set(desk.uxcam.asked))


async def test_a_pane_is_presented_once_though_its_job_begins_again(desk: Desk) -> None:
    await desk.cards(session_url(1))
    job = await clicked(desk, session_url(1))
    await jobs(desk).answer(job)
    await jobs(desk).answer(replace(job, attempts=2))
    assert desk.at.asked("entity.presentDetails") == ["ok", "exchanged_trigger_id"]
    assert outcomes(desk) == {"shown": 1, "failed_slack": 1}
    await desk.at.inbox.finish(job)
    [row, *_] = await search(desk.at.store, desk.at.keyring)
    assert (row.outcome, row.shown_to) == ("found", "asker")


@pytest.mark.parametrize("status", [503, None])
async def test_a_pane_that_slack_does_not_take_is_not_tried_again(desk: Desk, status: int | None) -> None:
    await desk.cards(session_url(1))
    if status:
        desk.at.slack.fail_next("entity.presentDetails", status=status)
    job = await clicked(desk, session_url(1))
    if not status:
        desk.at.slack.state.work_objects = Previews.LEFT_OUT
    await jobs(desk).answer(job)
    assert outcomes(desk) == {"failed_slack": 1}
    assert len(desk.at.asked("entity.presentDetails")) == 1
    await desk.at.inbox.finish(job)
    [row, *_] = await search(desk.at.store, desk.at.keyring)
    # Without an answer of Slack's it may have been seen.
    assert (row.outcome, row.shown_to) == ("found", "asker" if status else "nobody")
