"""The Home tab in the browser: asking there, and an admin's switches."""

from playwright.async_api import expect

from tests.browser.conftest import BROWSER, Screen

pytestmark = BROWSER


async def test_somebody_is_looked_up_on_the_tab_and_stands_among_ones_own(screen: Screen) -> None:
    await screen.page.locator("#channels .channel", has_text="Casefile").last.click()
    home = screen.page.locator("#home")
    field = home.get_by_label("Look a customer up")
    await field.fill("jane@contoso.example")
    await field.press("Enter")
    await expect(home).to_contain_text("4 tools")
    await expect(home).to_contain_text("Where Casefile looks")
    await home.get_by_role("button", name="Close this answer").click()
    await expect(home).not_to_contain_text("in the last 30 days")
    await home.get_by_role("button", name="Look up again").click()
    await expect(home).to_contain_text("in the last 30 days")
    await screen.page.get_by_role("tab", name="Messages").click()
    await expect(screen.composer).to_be_visible()
    await screen.ask("debug")
    await expect(screen.messages.last).to_contain_text("How the tools are")


async def test_an_admin_chooses_the_ticket_channels_and_goes_back_to_what_was_set_up(
    screen: Screen,
) -> None:
    await screen.be(screen.world.slack.people.admin)
    await screen.page.locator("#channels .channel", has_text="Casefile").last.click()
    home = screen.page.locator("#home")
    await home.get_by_role("button", name="Every channel that Casefile is in").click()
    await screen.page.get_by_label("Search").fill("rand")
    await screen.page.locator(".popup").get_by_label("#random").check()
    await screen.page.keyboard.press("Escape")
    await expect(home.get_by_role("button", name="#random")).to_be_visible()
    await home.get_by_role("button", name="As it was set up").click()
    await expect(home.get_by_role("button", name="Every channel that Casefile is in")).to_be_visible()
    await screen.be(screen.world.slack.people.guest)
    await screen.page.locator("#channels .channel", has_text="Casefile").last.click()
    await expect(home).to_contain_text("Guests of this workspace cannot look customers up")
