"""The page by the keyboard alone."""

import asyncio

from playwright.async_api import Route, expect

from bot.app import Bot
from tests.browser.conftest import BROWSER, Screen, whole_answer

pytestmark = BROWSER
JANE = "jane@contoso.example"


async def test_a_customer_is_found_and_the_answer_read_without_a_mouse(screen: Screen) -> None:
    keys = screen.page.keyboard
    # Whatever is typed goes into the message field.
    await keys.type("/")
    await expect(screen.composer).to_be_focused()
    await expect(screen.suggestions).to_be_visible()
    await keys.press("Enter")
    await expect(screen.composer).to_have_value("/sessions ")
    await keys.type("jane@")
    await keys.press("ArrowDown")
    await keys.press("Enter")
    await expect(screen.composer).to_have_value(f"/sessions {JANE}")
    await keys.press("Enter")
    await expect(screen.thread.last).to_contain_text("FullStory")
    await keys.press("Escape")
    await expect(screen.page.locator("#thread")).to_be_hidden()
    await expect(screen.messages.last).to_be_focused()
    await keys.press("Enter")
    await expect(screen.page.locator("#thread")).to_be_visible()
    await expect(screen.thread.last).to_contain_text("Earlier errors")
    await expect(screen.thread.last).not_to_contain_text("asking")
    # Of a menu and the thread that it was opened in, the menu alone is closed.
    menus, menu = screen.page.locator("#thread [aria-haspopup=menu]"), screen.page.get_by_role("menu")
    await menus.last.press("Enter")
    await expect(menu).to_be_visible()
    await keys.press("Escape")
    await expect(menu).to_be_hidden()
    await expect(menus.last).to_be_focused()


async def test_who_closes_a_thread_with_a_message_begun_goes_on_with_it(
    screen: Screen, casefile: Bot
) -> None:
    await whole_answer(screen, casefile, JANE)
    await screen.composer.fill("good")
    await screen.page.keyboard.press("Escape")
    await expect(screen.page.locator("#thread")).to_be_hidden()
    await expect(screen.composer).to_be_focused()
    await screen.page.keyboard.type(" morning")
    await screen.page.keyboard.press("Enter")
    await expect(screen.messages.last).to_contain_text("good morning")


async def test_who_writes_while_a_closed_thread_is_still_drawn_stays_in_the_field(
    screen: Screen, casefile: Bot
) -> None:
    await whole_answer(screen, casefile, JANE)
    let_through = asyncio.Event()

    async def hold(route: Route) -> None:
        await let_through.wait()
        await route.continue_()

    await screen.page.route("**/page/view*", hold)
    await screen.composer.focus()
    await screen.page.keyboard.press("Escape")
    await expect(screen.messages.last).to_be_focused()
    await screen.page.keyboard.type("good morning")
    await screen.page.keyboard.press("Enter")
    await expect(screen.composer).to_have_value("")
    let_through.set()
    await expect(screen.page.locator("#thread")).to_be_hidden()
    await expect(screen.page.get_by_text("Sending…")).to_have_count(0)
    await expect(screen.messages.last).to_contain_text("good morning")
    await expect(screen.composer).to_be_focused()


async def test_who_reads_a_message_that_is_edited_goes_on_from_there(screen: Screen) -> None:
    slack = screen.world.slack
    message = await slack.post_as_user(slack.places.support, slack.people.agent, "as it was")
    await expect(screen.messages.last).to_contain_text("as it was")
    await screen.messages.last.focus()
    await slack.edit_message(message, "as it is now")
    await expect(screen.messages.last).to_contain_text("as it is now")
    await expect(screen.messages.last).to_be_focused()


async def test_a_person_is_mentioned_by_a_few_letters(screen: Screen) -> None:
    await screen.composer.focus()
    await screen.page.keyboard.type("@ca")
    await expect(screen.suggestions).to_be_visible()
    await screen.page.keyboard.press("Tab")
    await expect(screen.composer).to_have_value("@Casefile ")
    await screen.page.keyboard.type(JANE)
    await screen.page.keyboard.press("Enter")
    await expect(screen.thread.last).to_contain_text(f"{JANE} · uid u-77")


async def test_escape_closes_the_suggestions_and_what_was_typed_stays(screen: Screen) -> None:
    await screen.composer.focus()
    await screen.page.keyboard.type("/ses")
    await expect(screen.suggestions).to_have_count(1)
    await screen.page.keyboard.press("Escape")
    await expect(screen.suggestions).to_be_hidden()
    await expect(screen.composer).to_have_value("/ses")


async def test_arrows_move_among_channels_and_what_was_said_comes_back(screen: Screen) -> None:
    keys, places = screen.page.keyboard, screen.world.slack.places
    await screen.page.locator(f"[data-channel={places.support}]").focus()
    await keys.press("ArrowDown")
    await expect(screen.page.locator(f"[data-channel={places.general}]")).to_be_focused()
    await keys.press("Enter")
    await expect(screen.page.locator("#channel-bar h1")).to_contain_text("general")
    await keys.press("Alt+ArrowDown")
    await expect(screen.page.locator("#channel-bar h1")).to_contain_text("random")
    await screen.ask("hello there")
    await expect(screen.messages.last).to_contain_text("hello there")
    await screen.composer.press("ArrowUp")
    await expect(screen.composer).to_have_value("hello there")


async def test_a_line_is_broken_with_shift_and_a_draft_waits_in_its_channel(screen: Screen) -> None:
    keys, places = screen.page.keyboard, screen.world.slack.places
    await screen.composer.focus()
    await keys.type("one")
    await keys.press("Shift+Enter")
    await keys.type("two")
    await expect(screen.composer).to_have_value("one\ntwo")
    await screen.go_to(places.random)
    await expect(screen.composer).to_have_value("")
    await screen.go_to(places.support)
    await expect(screen.composer).to_have_value("one\ntwo")
