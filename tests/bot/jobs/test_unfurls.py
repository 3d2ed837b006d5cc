"""Cards below pasted addresses: of whom, from what is known or asked, and where there is none and why."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import update

from bot.answers.buttons import MORE_OF_PERSON, OPEN
from bot.domain.model import Failure, Reason, Session, SessionUser, SourceName, State, UrlIs
from bot.jobs.pages import unfurls
from bot.jobs.payloads import UNFURL
from bot.lookup.pages.named import Described, NamedPage
from bot.slack.client import SlackAway
from bot.sources.protocol import Question
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import claims
from tests.bot.jobs.known_people import BROKEN, JANE
from tests.bot.jobs.pasting import (
    OTHER_APP,
    PAGES,
    PERSON_URL,
    UNKNOWN,
    Desk,
    open_desk,
    session,
    session_url,
)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def desk(store: Store, keyring: Keyring) -> AsyncIterator[Desk]:
    async with open_desk(store, keyring) as opened:
        yield opened


async def test_a_session_of_somebody_who_was_looked_up_is_shown_without_a_call(desk: Desk) -> None:
    await desk.found.lookup.until_deadline(Question(JANE, 30))
    desk.uxcam.asked.clear()
    [card] = (await desk.cards(session_url(2))).values()
    assert "Visit of *Jane Doe* · `jane@contoso.example` · uid `u-77`" in str(card)
    assert session_url(2) in str(card)
    assert session_url(1) not in str(card)
    assert (desk.uxcam.asked, desk.outcomes) == ([], {"shown": 1})


async def test_a_session_that_nobody_told_of_is_asked_for_and_then_its_person(desk: Desk) -> None:
    [card] = (await desk.cards(session_url(1))).values()
    assert desk.uxcam.asked == [f"{1:024x}", "u-77"]
    assert all(word in str(card) for word in ("Visit of *Jane Doe*", OPEN, MORE_OF_PERSON))


async def test_a_session_that_names_an_address_in_capitals_is_the_customers_of_that_address(
    desk: Desk,
) -> None:
    desk.uxcam.people = {JANE.value: (session(1, SessionUser(email="Jane@Contoso.example")),)}
    [card] = (await desk.cards(session_url(1))).values()
    assert desk.uxcam.asked == [f"{1:024x}", JANE.value]
    assert MORE_OF_PERSON in str(card)


async def test_a_session_that_names_nobody_is_shown_as_nobodys(desk: Desk) -> None:
    desk.uxcam.people["nobody"] = (session(3, SessionUser()),)
    [card] = (await desk.cards(session_url(3))).values()
    assert "somebody who is not known by name" in str(card)
    assert MORE_OF_PERSON not in str(card)


async def test_a_session_that_was_asked_for_a_moment_ago_is_as_of_then(desk: Desk) -> None:
    desk.uxcam.people["nobody"] = (session(3, SessionUser()),)
    named = desk.parts().pages.named
    page = await named.name(session_url(3))
    assert isinstance(page, NamedPage)
    told = [await named.describe(page, lambda subject: Question(subject, 30)) for _ in range(2)]
    first, again = [one.finding for one in told if isinstance(one, Described)]
    assert (first.state, first.calls, again.state, again.calls) == (State.LIVE, 1, State.CACHED, 0)
    assert again.as_of == first.as_of


async def test_a_session_without_a_time_is_not_worth_a_card(desk: Desk) -> None:
    desk.uxcam.people["nobody"] = (replace(session(3, SessionUser()), started_at=None),)
    assert await desk.cards(session_url(3)) == {}
    assert desk.outcomes == {"unknown": 1}


async def test_a_persons_page_shows_their_newest_sessions(desk: Desk) -> None:
    desk.uxcam.people[JANE.value] = tuple(session(number) for number in range(1, 6))
    [card] = (await desk.cards(PERSON_URL)).values()
    assert "*Jane Doe*" in str(card)
    assert [session_url(number) in str(card) for number in range(1, 6)] == [True, True, True, False, False]


async def test_a_page_that_is_a_persons_where_sessions_have_none_is_no_sessions(desk: Desk) -> None:
    person_pages = tuple(
        replace(one, url=PERSON_URL, url_is=UrlIs.PERSON) for one in (session(1), session(2))
    )
    desk.uxcam.people[JANE.value] = person_pages
    await desk.found.lookup.until_deadline(Question(JANE, 30))
    [card] = (await desk.cards(PERSON_URL)).values()
    assert "*Jane Doe*" in str(card)


async def test_every_address_of_a_message_gets_a_card_of_its_own_under_its_own_spelling(desk: Desk) -> None:
    urls = [f"{session_url(1)}?utm=1&amp;x=2", session_url(2), PERSON_URL, UNKNOWN]
    assert list(await desk.cards(*urls)) == urls[:3]
    assert desk.outcomes == {"shown": 3, "unknown": 1}
    assert len(desk.at.calls("chat.unfurl")) == 1


async def test_where_slack_named_no_unfurl_the_message_is_named(desk: Desk) -> None:
    assert list(await desk.cards(session_url(1), unfurl_id=None, source=None)) == [session_url(1)]
    [call] = desk.at.calls("chat.unfurl")
    assert "unfurl_id" not in call.arguments


@pytest.mark.parametrize(
    ("url", "outcome"),
    [
        ("https://contoso.example/sessions/1", "unknown"),
        (UNKNOWN, "unknown"),
        (f"{PAGES}/users/{'d' * 24}", "unknown"),
        (f"{PAGES}/sessions", "unknown"),
        (f"https://app.uxcam.com/app/{OTHER_APP}/sessions/{1:024x}", "not_ours"),
        ("https://app.fullstory.com/ui/ORG/session/1:2", "not_ours"),
    ],
)
async def test_what_nobody_knows_and_what_is_not_ours_gets_no_card(
    desk: Desk, url: str, outcome: str
) -> None:
    assert await desk.cards(url) == {}
    assert desk.outcomes == {outcome: 1}
    assert (desk.at.posted(), desk.at.calls("chat.unfurl")) == ([], [])


async def test_a_session_of_an_account_that_is_no_longer_configured_is_not_ours(desk: Desk) -> None:
    gone = SourceName("fullstory", "gone")
    url = "https://app.fullstory.com/ui/ORG/session/1:2"
    await desk.found.known_links.learn(gone, JANE, [Session(gone, "1:2", url)])
    assert await desk.cards(url) == {}
    assert desk.outcomes == {"not_ours": 1}


@pytest.mark.parametrize(
    "failure",
    [BROKEN, Failure(Reason.QUOTA_SPENT, "was not asked"), Failure(Reason.NOT_AUTHORISED, "refuses our key")],
)
async def test_what_could_not_be_had_gets_no_card_and_is_tried_at_the_next_pasting(
    desk: Desk, failure: Failure
) -> None:
    desk.uxcam.failure = failure
    assert await desk.cards(session_url(1)) == {}
    assert desk.outcomes == {f"failed_{failure.reason}": 1}
    desk.uxcam.failure = None
    assert list(await desk.cards(session_url(1))) == [session_url(1)]


@pytest.mark.parametrize("reason", [Reason.UNREACHABLE, Reason.UNREADABLE])
async def test_a_vendor_whose_connection_breaks_is_asked_again_for_the_card(
    desk: Desk, reason: Reason, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses = []

    async def paused(seconds: float) -> None:
        pauses.append(seconds)
        desk.uxcam.failure = None if len(pauses) == 4 else desk.uxcam.failure

    monkeypatch.setattr(unfurls, "asyncio", SimpleNamespace(sleep=paused))
    desk.uxcam.failure = Failure(reason, "broke its answer off")
    assert await desk.cards(session_url(1)) == {}
    assert list(await desk.cards(session_url(1))) == [session_url(1)]
    assert pauses == [1, 4, 1, 4]
    assert desk.outcomes == {f"failed_{reason}": 1, "shown": 1}


async def test_a_person_who_could_not_be_asked_about_hides_no_other_card(desk: Desk) -> None:
    await desk.found.lookup.until_deadline(Question(JANE, 30))
    desk.uxcam.failure = BROKEN
    assert list(await desk.cards(UNKNOWN, session_url(1))) == [session_url(1)]
    assert desk.outcomes == {"failed_vendor_error": 1, "shown": 1}


async def test_a_vendor_is_waited_for_no_longer_than_a_lookup_waits(desk: Desk) -> None:
    desk.settings["LOOKUP__DEADLINE_SECONDS"] = "0.05"
    desk.uxcam.may_answer.clear()
    assert await desk.cards(session_url(1)) == {}
    assert desk.outcomes == {"failed_timed_out": 1}


async def test_a_card_that_slack_refuses_is_counted_as_failed(desk: Desk) -> None:
    desk.at.slack.fail_next("chat.unfurl", error="cannot_unfurl_message")
    assert await desk.cards(session_url(1)) == {}
    assert desk.outcomes == {"failed_slack": 1}


async def test_a_page_has_one_card_in_a_channel_until_half_an_hour_is_over(desk: Desk) -> None:
    url, same_page = session_url(1), f"{session_url(1)}?utm_source=mail"
    assert await desk.cards(url)
    assert await desk.cards(same_page) == {}
    assert await desk.cards(url, channel=desk.at.slack.places.random)
    assert desk.outcomes == {"shown": 2, "cooled_down": 1}
    async with desk.at.store.write() as connection:
        await connection.execute(update(claims).values(until_ms=0))
    assert list(await desk.cards(same_page)) == [same_page]


async def test_a_job_that_begins_again_is_not_kept_from_its_own_card(desk: Desk) -> None:
    job = await desk.paste(session_url(1))
    at = desk.at
    at.slack.fail_next("chat.unfurl", status=503)
    with pytest.raises(SlackAway):
        await desk.jobs().answer(job)
    other = at.another_process()
    await desk.jobs(other).answer(await at.taken_over(other))
    assert list(desk.below(job)) == [session_url(1)]


@pytest.mark.parametrize(
    ("who", "where"),
    [
        ("guest", "support"),
        ("stranger", "shared"),
        ("agent", "shared"),
        ("agent", "private_without_bot"),
        ("agent", "direct_between_people"),
    ],
)
async def test_where_who_pasted_it_may_not_ask_or_who_reads_it_is_unseen_nobody_is_asked(
    desk: Desk, who: str, where: str
) -> None:
    people, places = desk.at.slack.people, desk.at.slack.places
    shown = await desk.cards(session_url(1), user=getattr(people, who), channel=getattr(places, where))
    assert (shown, desk.uxcam.asked, desk.outcomes) == ({}, [], {"refused": 1})


async def test_where_slack_does_not_say_who_pasted_it_there_is_no_card(desk: Desk) -> None:
    assert await desk.cards(PERSON_URL)
    desk.uxcam.asked.clear()
    desk.at.slack.fail_next("users.info", error="token_revoked")
    assert await desk.cards(session_url(1), user=desk.at.slack.people.colleague) == {}
    assert desk.uxcam.asked == []


async def test_a_preview_is_for_its_author_and_starts_no_half_hour(desk: Desk) -> None:
    desk.settings["VISIBILITY"] = "ephemeral"
    composer = {"message_ts": "COMPOSER-1", "unfurl_id": "COMPOSER-1", "source": "composer"}
    for _ in range(2):
        job = await desk.paste(session_url(1), **composer)
        payload = replace(UNFURL.read(job.payload), channel="COMPOSER")
        await desk.jobs().answer(replace(job, payload=UNFURL.write(payload)))
        [card] = desk.below(job).values()
        assert OPEN in str(card)
        assert MORE_OF_PERSON not in str(card)
    assert await desk.cards(session_url(1)) == {}
    assert desk.outcomes == {"shown": 2, "refused": 1}


async def test_a_card_that_slack_refused_is_shown_the_next_time_the_page_is_pasted(desk: Desk) -> None:
    await desk.found.lookup.until_deadline(Question(JANE, 30))
    desk.at.slack.fail_next("chat.unfurl", error="cannot_unfurl_message")
    assert await desk.cards(session_url(1)) == {}
    assert list(await desk.cards(session_url(1))) == [session_url(1)]
    assert desk.outcomes == {"failed_slack": 1, "shown": 1}


async def test_a_vendor_that_is_too_slow_for_a_card_is_asked_to_the_end_and_once(desk: Desk) -> None:
    desk.settings["LOOKUP__DEADLINE_SECONDS"] = "0.05"
    desk.uxcam.people["u-9"] = (session(9, SessionUser()),)
    desk.uxcam.may_answer.clear()
    jobs, url = desk.jobs(), session_url(9)
    for _ in range(2):
        await jobs.answer(await desk.paste(url))
    assert desk.outcomes == {"failed_timed_out": 2}
    assert len(desk.uxcam.asked) == 1
    desk.uxcam.may_answer.set()
    await desk.found.tasks.settle()
    job = await desk.paste(url)
    await jobs.answer(job)
    assert list(desk.below(job)) == [url]
    assert len(desk.uxcam.asked) == 1
