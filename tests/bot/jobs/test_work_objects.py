"""Cards as Slack's Work Objects: beside the blocks, anew on request, none where Slack takes none."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from bot.answers.buttons import MORE_OF_PERSON, OPEN
from bot.slack.signed_values import ButtonSeals
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from sandbox.slack.entities import Previews
from tests.bot.jobs.known_people import JANE
from tests.bot.jobs.pasting import PERSON_URL, Desk, open_desk, session_url


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def desk(store: Store, keyring: Keyring) -> AsyncIterator[Desk]:
    async with open_desk(store, keyring) as opened:
        yield opened


async def entities(desk: Desk, *urls: str, **more: Any) -> dict[str, Any]:
    """The Work Objects below a message that was pasted and dealt with; the sandbox has checked them."""
    job = await desk.paste(*urls, **more)
    await desk.jobs().answer(job)
    message = desk.at.slack.messages(desk.at.slack.places.support)[-1]
    return message.entities


async def test_a_session_is_an_entity_that_says_whose_it_is_and_when_it_began(desk: Desk) -> None:
    await desk.cards(session_url(2))
    await desk.cards(PERSON_URL)
    url = session_url(1)
    entity = (await entities(desk, url))[url]
    assert (entity["url"], entity["external_ref"]["type"]) == (url, "session")
    payload = entity["entity_payload"]
    assert payload["attributes"]["title"] == {"text": "Visit of Jane Doe"}
    assert payload["attributes"]["product_name"] == "UXCam"
    fields = {field["key"]: field["value"] for field in payload["custom_fields"]}
    assert fields["customer"] == f"Jane Doe · {JANE.value} · uid u-77"
    started = desk.uxcam.people[JANE.value][0].started_at
    assert started
    assert fields["began"] == int(started.timestamp())


async def test_an_entitys_buttons_open_the_session_and_ask_for_more_with_a_value_that_is_signed(
    desk: Desk, keyring: Keyring
) -> None:
    url = session_url(1)
    await desk.cards(PERSON_URL)
    entity = (await entities(desk, url))[url]
    opens, more = entity["entity_payload"]["actions"]["primary_actions"]
    assert (opens["action_id"], opens["url"]) == (OPEN, url)
    assert JANE.value in ButtonSeals(keyring).opened(MORE_OF_PERSON, more["value"])


async def test_what_slack_knows_a_persons_page_by_names_nobody_and_is_the_same_for_each_address(
    desk: Desk,
) -> None:
    plain, tracked = PERSON_URL, f"{PERSON_URL}?utm_source=mail&amp;x=1"
    first = (await entities(desk, plain))[plain]
    other = desk.at.slack.places.random
    job = await desk.paste(tracked, channel=other)
    await desk.jobs().answer(job)
    second = desk.at.slack.messages(other)[-1].entities[tracked]
    assert first["external_ref"] == second["external_ref"]
    assert first["external_ref"]["type"] == "person"
    assert JANE.value not in first["external_ref"]["id"]
    assert second["url"] == f"{PERSON_URL}?utm_source=mail&x=1"


@pytest.mark.parametrize("previews", [Previews.LEFT_OUT, Previews.REFUSED])
async def test_where_work_objects_are_switched_off_there_is_the_card_of_blocks(
    desk: Desk, previews: Previews
) -> None:
    desk.at.slack.state.work_objects = previews
    jobs = desk.jobs()
    for url in (session_url(1), session_url(2)):
        job = await desk.paste(url)
        await jobs.answer(job)
        assert list(desk.below(job)) == [url]
    assert desk.outcomes == {"shown": 2}
    # Once it has refused them, Slack is not asked for them again for a while.
    refused = {Previews.LEFT_OUT: ["ok", "ok"], Previews.REFUSED: ["error_processing_metadata", "ok", "ok"]}
    assert desk.at.asked("chat.unfurl") == refused[previews]


async def test_a_card_is_made_anew_where_slack_asks_for_that_within_its_half_hour(desk: Desk) -> None:
    url = session_url(1)
    assert await desk.cards(url)
    assert await desk.cards(url) == {}
    assert list(await desk.cards(url, is_refresh=True)) == [url]


async def test_who_may_not_ask_has_no_card_made_anew(desk: Desk) -> None:
    guest = desk.at.slack.people.guest
    assert await desk.cards(session_url(1), user=guest, is_refresh=True) == {}
    assert desk.uxcam.asked == []
