"""Asking on the page: what was typed is seen at once, the answer comes in a thread, its buttons work."""

import asyncio
import re

from playwright.async_api import Route, expect

from bot.app import Bot
from tests.browser.conftest import BROWSER, Open, Screen, whole_answer

pytestmark = BROWSER
JANE = "jane@contoso.example"


async def test_a_command_is_answered_in_a_thread_that_opens_by_itself(screen: Screen) -> None:
    await screen.ask(f"/sessions {JANE}")
    await expect(screen.messages.last).to_contain_text(f"{JANE} · uid u-77")
    await expect(screen.thread.last).to_contain_text("FullStory")
    await expect(screen.page.locator("#thread")).to_contain_text("1 reply")
    await expect(screen.composer).to_have_value("")


async def test_an_open_thread_gives_way_to_the_answer_of_what_is_asked_next(screen: Screen) -> None:
    await screen.ask(f"/sessions {JANE}")
    await expect(screen.thread.first).to_contain_text(JANE)
    await screen.ask("/sessions li.wei@fabrikam.example")
    await expect(screen.thread.first).to_contain_text("li.wei@fabrikam.example")


async def test_what_was_typed_is_shown_as_being_sent_and_when_it_fails_can_be_sent_again(
    screen: Screen,
) -> None:
    held = asyncio.Event()

    async def hold(route: Route) -> None:
        await held.wait()
        await route.fulfill(status=400, json={"ok": False, "error": "the wire is cut"})

    await screen.page.route("**/page/type", hold, times=1)
    await screen.ask("good morning")
    await expect(screen.messages.last).to_contain_text("good morning")
    await expect(screen.messages.last).to_contain_text("Sending…")
    held.set()
    await expect(screen.messages.last).to_contain_text("Not sent: the wire is cut")
    await screen.page.get_by_role("button", name="Try again").click()
    await expect(screen.page.get_by_text("Not sent")).to_have_count(0)
    await expect(screen.messages.last).to_contain_text("good morning")
    # A refused request is an error on the console too: this one was ours.
    screen.wrong.clear()


async def test_every_button_of_an_answer_does_what_it_says(screen: Screen, casefile: Bot) -> None:
    slack, support = screen.world.slack, screen.world.slack.places.support
    reply = await whole_answer(screen, casefile, "busy@tailspin.example")
    more = reply.get_by_role("button", name="More visits")
    before = await reply.inner_text()
    await more.click()
    await expect(reply).not_to_have_text(before)
    calls = len(screen.world.fullstory.calls)
    await reply.get_by_role("button", name="Refresh").click()
    await screen.agree("Ask again")
    await slack.wait_for(lambda: len(screen.world.fullstory.calls) > calls)
    await screen.ask(f"/sessions {JANE}")
    await expect(screen.thread.first).to_contain_text(JANE)
    await screen.page.locator("#thread").get_by_role("button", name="More actions").first.click()
    await screen.page.get_by_role("menuitem", name="Errors in this visit").click()
    await expect(screen.thread.last).to_contain_text("error")
    await slack.wait_for(lambda: len(slack.replies(support, slack.messages(support)[-1].ts)) > 1)


async def test_what_comes_while_a_button_is_held_down_is_drawn_when_it_is_let_go(
    screen: Screen, casefile: Bot
) -> None:
    slack, page = screen.world.slack, screen.page
    reply = await whole_answer(screen, casefile, JANE)
    await reply.get_by_role("button", name="Refresh").hover()
    await page.mouse.down()
    async with page.expect_response("**/page/view*"):
        await slack.post_as_user(slack.places.support, slack.people.colleague, "lunch?")
    # What the page does with the response has been done.
    await page.evaluate("new Promise((done) => setTimeout(done))")
    assert await screen.messages.filter(has_text="lunch?").count() == 0
    await page.mouse.up()
    await expect(screen.messages.last).to_contain_text("lunch?")
    await screen.agree("Ask again")


async def test_what_comes_while_the_browsers_menu_is_open_is_drawn(screen: Screen) -> None:
    slack, page = screen.world.slack, screen.page
    await screen.composer.hover()
    # The browser keeps to itself that the button is let go.
    await page.mouse.down(button="right")
    await slack.post_as_user(slack.places.support, slack.people.colleague, "lunch?")
    await expect(screen.messages.last).to_contain_text("lunch?")
    await page.mouse.up(button="right")


async def test_messages_of_one_author_stand_below_one_head_and_a_day_below_its_line(
    screen: Screen,
) -> None:
    for words in ("first", "second", "third"):
        await screen.ask(words)
        await expect(screen.messages.last).to_contain_text(words)
    await expect(screen.page.locator("#messages .day")).to_have_text("Today")
    await expect(screen.page.locator("#messages .author")).to_have_count(1)
    time = screen.page.locator("#messages .head time")
    assert re.fullmatch(r"\d{1,2}:\d\d( [AP]M)?", await time.inner_text())


async def test_a_channel_with_something_new_has_a_dot_until_it_is_looked_at(screen: Screen) -> None:
    slack, random = screen.world.slack, screen.world.slack.places.random
    channel = screen.page.locator(f"[data-channel={random}]")
    await expect(channel).not_to_contain_text("unread")
    await slack.post_as_user(random, slack.people.colleague, "lunch?")
    await expect(channel.locator(".dot")).to_be_visible()
    await channel.click()
    await expect(screen.messages.last).to_contain_text("lunch?")
    await expect(channel.locator(".dot")).to_have_count(0)


async def test_only_the_asker_sees_what_is_for_them_alone(open_screen: Open) -> None:
    screen: Screen = await open_screen()
    await screen.go_to(screen.world.slack.places.shared)
    await screen.ask(f"/sessions {JANE}")
    await expect(screen.messages.last).to_contain_text("Only visible to you")
    await expect(screen.messages.last).to_contain_text("shared with another company")
    await screen.be(screen.world.slack.people.colleague)
    await expect(screen.messages).to_have_count(0)


async def test_a_refused_guest_is_told_so_and_a_stranger_finds_no_shortcut(screen: Screen) -> None:
    slack = screen.world.slack
    await screen.be(slack.people.guest)
    await screen.ask(f"/sessions {JANE}")
    await expect(screen.messages.last).to_contain_text("Guests of this workspace cannot")
    await screen.be(slack.people.stranger)
    await slack.post_as_user(slack.places.shared, slack.people.agent, f"about {JANE}")
    await expect(screen.messages.last).to_contain_text("about")
    await screen.messages.last.hover()
    await expect(screen.page.get_by_role("button", name="Find sessions")).to_have_count(0)
