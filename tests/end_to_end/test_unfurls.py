"""Pasted addresses of sessions, shown as cards."""

from typing import Any

import pytest

from bot.answers.buttons import MORE_OF_PERSON, OPEN
from bot.app import Bot
from bot.domain.model import CaseFile, Subject, SubjectKind
from bot.sources.protocol import Question
from sandbox.faults import Fault
from sandbox.slack import Message, plain_text
from sandbox.vendors.fullstory import session_url as fullstory_url
from sandbox.vendors.raygun import session_url as raygun_url
from sandbox.vendors.raygun_traffic import Sighting
from sandbox.vendors.uxcam import session_url as uxcam_url
from sandbox.world import World
from tests.bot.answers.case_files import check_message
from tests.end_to_end.conftest import BY_BOTH_TRANSPORTS, Desk

NOOR = "noor@contoso.example"
RYBBIT_PERSON = "https://app.rybbit.io/1407/user/u-205"
FILTERED = (
    "https://app.rybbit.io/1407/sessions?filters=%5B%7B%22parameter%22%3A%22user_id%22%2C%22type%22%3A"
    "%22equals%22%2C%22value%22%3A%5B%22u-205%22%5D%7D%5D"
)


def noors(world: World, vendor: str, email: str = NOOR) -> list[str]:
    """The URLs of somebody's sessions, newest first, as their vendor writes them."""
    person = next(person for person in world.people if person.email == email)
    if vendor == "raygun":
        return [raygun_url(Sighting(person, visit).number) for visit in person.visits]
    address = {"fullstory": fullstory_url, "uxcam": uxcam_url}[vendor]
    return [address(person, visit) for visit in person.visits]


async def paste(desk: Desk, *urls: str, channel: str | None = None, user: str | None = None) -> Message:
    slack = desk.world.slack
    text = "look: " + " and ".join(f"<{url}>" for url in urls)
    return await slack.post_as_user(channel or slack.places.support, user or slack.people.agent, text)


async def cards(desk: Desk, bot: Bot, message: Message) -> dict[str, Any]:
    """The cards below a message, when all jobs are done."""
    await desk.idle(bot)
    found = desk.world.slack.state.find(message.channel, message.ts)
    assert found is not None
    for card in found.unfurls.values():
        check_message(card["blocks"])
        assert "rich_text" not in str(card)
    return found.unfurls


def outcomes(bot: Bot) -> dict[str, float]:
    samples = next(iter(bot.engine.metrics.unfurls.collect())).samples
    return {s.labels["outcome"]: s.value for s in samples if s.name.endswith("_total")}


async def look_up(bot: Bot, value: str) -> CaseFile:
    kind = SubjectKind.EMAIL if "@" in value else SubjectKind.UID
    return await bot.engine.lookup.until_deadline(Question(Subject(kind, value, value), 30))


@pytest.mark.parametrize("mark", ["\u200b", "%E2%80%8B", ":443"])
async def test_a_card_stands_at_the_url_as_slack_wrote_it_though_it_is_read_leniently(
    desk: Desk, mark: str
) -> None:
    url = noors(desk.world, "fullstory")[0]
    pasted = url.replace(".com", ".com:443") if mark == ":443" else f"{url}{mark}"
    async with desk.casefile() as bot:
        shown = await cards(desk, bot, await paste(desk, pasted))
    assert [*shown] == [pasted]


@pytest.mark.parametrize("vendor", ["fullstory", "uxcam", "raygun"])
async def test_a_posted_session_gets_a_card_of_whose_it_is_when_how_long_and_on_what(
    desk: Desk, vendor: str
) -> None:
    url = noors(desk.world, vendor)[0]
    async with desk.casefile() as bot:
        shown = await cards(desk, bot, await paste(desk, url))
    assert list(shown) == [url]
    text = str(shown[url])
    assert "Visit of " in text
    assert "u-205" in text
    started = next(p for p in desk.world.people if p.email == NOOR).visits[0].started_at
    assert f"<!date^{int(started.timestamp())}^" in text
    assert "Open" in text
    assert "More of this person" in text
    if vendor != "fullstory":
        assert "1 min 35 s" in text
        assert "Android 16" in text
    assert outcomes(bot) == {"shown": 1}


@pytest.mark.parametrize("url", [RYBBIT_PERSON, FILTERED])
async def test_a_persons_page_and_a_list_of_theirs_show_their_newest_sessions(desk: Desk, url: str) -> None:
    async with desk.casefile() as bot:
        shown = await cards(desk, bot, await paste(desk, url))
    text = str(shown[url])
    assert "Visits of *Noor Rahimi* · `noor@contoso.example` · uid `u-205`" in text
    assert "PaymentError: card declined" in text


async def test_what_is_known_is_shown_without_a_call(desk: Desk) -> None:
    async with desk.casefile() as bot:
        await look_up(bot, NOOR)
        await desk.idle(bot)
        for vendor in desk.world.vendors:
            vendor.calls.clear()
        urls = [noors(desk.world, vendor)[0] for vendor in ("fullstory", "uxcam", "raygun")]
        shown = await cards(desk, bot, await paste(desk, *urls))
    assert list(shown) == urls
    assert [call for vendor in desk.world.vendors for call in vendor.calls] == []


async def test_an_address_of_any_shape_is_known_that_a_vendor_gave(desk: Desk) -> None:
    odd = f"{noors(desk.world, 'raygun')[0]}?utm_source=mail&amp;x=1#top"
    async with desk.casefile() as bot:
        await look_up(bot, "u-205")
        shown = await cards(desk, bot, await paste(desk, odd))
    assert list(shown) == [odd]


async def test_two_links_of_one_user_get_a_card_each(desk: Desk) -> None:
    urls = noors(desk.world, "uxcam")
    async with desk.casefile() as bot:
        shown = await cards(desk, bot, await paste(desk, *urls))
    assert list(shown) == urls
    assert str(shown[urls[0]]["blocks"][1]) != str(shown[urls[1]]["blocks"][1])


async def test_of_seven_links_five_get_a_card(desk: Desk) -> None:
    urls = noors(desk.world, "fullstory", "busy@tailspin.example")[:7]
    async with desk.casefile() as bot:
        shown = await cards(desk, bot, await paste(desk, *urls))
    assert list(shown) == urls[:5]


async def test_the_same_page_is_shown_once_in_half_an_hour_in_a_channel(desk: Desk) -> None:
    url = noors(desk.world, "uxcam")[0]
    slack = desk.world.slack
    async with desk.casefile() as bot:
        assert await cards(desk, bot, await paste(desk, url))
        assert not await cards(desk, bot, await paste(desk, f"{url}?utm_source=x"))
        assert await cards(desk, bot, await paste(desk, url, channel=slack.places.random))
    assert outcomes(bot) == {"shown": 2, "cooled_down": 1}


@BY_BOTH_TRANSPORTS
async def test_a_preview_in_the_composer_starts_no_half_hour_and_asks_for_nothing_more(desk: Desk) -> None:
    url, slack = noors(desk.world, "uxcam")[0], desk.world.slack
    async with desk.casefile() as bot:
        for _ in range(2):
            await slack.compose(slack.people.agent, f"<{url}>")
            await desk.idle(bot)
        assert len(slack.state.previews) == 2
        [first, _] = slack.state.previews.values()
        check_message(first[url]["blocks"])
        assert MORE_OF_PERSON not in str(first)
        assert OPEN in str(first)
        assert await cards(desk, bot, await paste(desk, url))


@BY_BOTH_TRANSPORTS
async def test_where_slack_names_no_unfurl_the_message_is_named(desk: Desk) -> None:
    url, slack = noors(desk.world, "uxcam")[0], desk.world.slack
    async with desk.casefile() as bot:
        message = await slack.post_as_user(slack.places.support, slack.people.agent, "no scheme")
        event = {
            "type": "link_shared",
            "channel": message.channel,
            "message_ts": message.ts,
            "user": slack.people.agent,
            "links": [{"domain": "uxcam.com", "url": url}],
        }
        await slack.send_event(event)
        assert list(await cards(desk, bot, message)) == [url]


async def test_what_nobody_knows_and_what_is_not_ours_gets_no_card_and_no_word(desk: Desk) -> None:
    urls = [
        "https://app.uxcam.com/app/65a0000000000000000000aa/sessions/list/1/" + "f" * 24,
        "https://app.uxcam.com/app/" + "b" * 24 + "/sessions/list/1/" + "f" * 24,
        "https://app.fullstory.com/ui/OTHER/session/1:2",
        "https://app.raygun.com/crashreporting/19abc7x/errors/5",
    ]
    async with desk.casefile() as bot:
        message = await paste(desk, *urls)
        assert not await cards(desk, bot, message)
    assert desk.posts() == []
    assert outcomes(bot) == {"unknown": 2, "not_ours": 2}


@pytest.mark.parametrize("fault", [Fault.BROKEN, Fault.REFUSED, Fault.RATE_LIMITED])
async def test_a_vendor_that_is_down_gets_no_card_and_hides_no_other(desk: Desk, fault: Fault) -> None:
    broken, well = noors(desk.world, "uxcam")[0], RYBBIT_PERSON
    desk.world.uxcam.fault = fault
    async with desk.casefile() as bot:
        shown = await cards(desk, bot, await paste(desk, broken, well))
        assert list(shown) == [well]
        assert any(outcome.startswith("failed_") for outcome in outcomes(bot))
        desk.world.uxcam.fault = Fault.NONE
        # What could not be shown did not start the half hour.
        again = await cards(desk, bot, await paste(desk, broken))
    assert list(again) == [broken] or fault is Fault.RATE_LIMITED
    assert desk.posts() == []


async def test_nothing_is_shown_where_another_company_reads_or_the_bot_cannot_see_who_does(
    desk: Desk,
) -> None:
    url, places = noors(desk.world, "uxcam")[0], desk.world.slack.places
    async with desk.casefile() as bot:
        for place in (places.shared, places.private_without_bot, places.direct_between_people):
            assert not await cards(desk, bot, await paste(desk, url, channel=place))
    assert desk.world.uxcam.calls == []


async def test_nothing_is_shown_for_a_guest_or_a_stranger(desk: Desk) -> None:
    url, people = noors(desk.world, "uxcam")[0], desk.world.slack.people
    async with desk.casefile() as bot:
        for user in (people.guest, people.stranger):
            assert not await cards(desk, bot, await paste(desk, url, user=user))
    assert desk.world.uxcam.calls == []


async def test_with_visibility_ephemeral_only_the_composer_shows_a_card(desk: Desk) -> None:
    desk.extra["VISIBILITY"] = "ephemeral"
    url, slack = noors(desk.world, "uxcam")[0], desk.world.slack
    async with desk.casefile() as bot:
        await slack.compose(slack.people.agent, f"<{url}>")
        assert not await cards(desk, bot, await paste(desk, url))
    assert len(slack.state.previews) == 1


async def test_an_address_that_carries_a_share_key_is_neither_shown_nor_stored(desk: Desk) -> None:
    key = "a1b2c3d4e5f6"
    async with desk.casefile() as bot:
        assert not await cards(desk, bot, await paste(desk, f"https://app.rybbit.io/1407/{key}/user/u-205"))
        assert not await cards(desk, bot, await paste(desk, f"https://app.rybbit.io/1407/{key}/unheard-of"))
        assert await bot.inbox.count_open() == 0
    assert outcomes(bot) == {}
    assert not any(key.encode() in file for file in desk.database_files())


@BY_BOTH_TRANSPORTS
async def test_more_of_this_person_answers_in_the_messages_thread(desk: Desk) -> None:
    url, slack = noors(desk.world, "uxcam")[0], desk.world.slack
    async with desk.casefile() as bot:
        message = await paste(desk, url)
        await cards(desk, bot, message)
        await slack.press(message.channel, message.ts, MORE_OF_PERSON, slack.people.colleague)
        await desk.idle(bot)
        [reply] = slack.replies(message.channel, message.ts)
    assert "2 visits" in plain_text(reply)


async def test_a_guest_may_not_ask_for_more_of_a_person(desk: Desk) -> None:
    url, slack = noors(desk.world, "uxcam")[0], desk.world.slack
    async with desk.casefile() as bot:
        message = await paste(desk, url)
        await cards(desk, bot, message)
        await slack.press(message.channel, message.ts, MORE_OF_PERSON, slack.people.guest)
        await desk.idle(bot)
        assert slack.replies(message.channel, message.ts) == []


async def test_unfurls_leave_a_part_of_a_small_quota_to_people(desk: Desk) -> None:
    desk.extra["RAYGUN__SHOP__DAILY_CALLS"] = "1"
    desk.world.raygun.daily_calls = 1
    url = noors(desk.world, "raygun")[0]
    async with desk.casefile() as bot:
        assert not await cards(desk, bot, await paste(desk, url))
    assert desk.world.raygun.calls == []
    assert outcomes(bot) == {"failed_quota_spent": 1}
