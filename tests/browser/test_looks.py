"""Both widths and both colour schemes: nothing stands out at the side, all is reached, axe is silent."""

import pytest
from playwright.async_api import expect

from tests.browser.conftest import BROWSER, NARROW, WIDE, Open, Scheme, Screen

pytestmark = BROWSER
JANE = "jane@contoso.example"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_wide_page_has_no_serious_offence_against_accessibility(
    open_screen: Open, scheme: Scheme
) -> None:
    screen: Screen = await open_screen(WIDE, scheme)
    assert await screen.offences() == []
    await screen.ask(f"/sessions {JANE}")
    await expect(screen.thread.last).to_contain_text("4 tools")
    await screen.page.get_by_label("State of Rybbit").select_option("down")
    await screen.page.locator("#tickets-drawer summary").click()
    assert await screen.offences() == []
    assert await screen.sideways() <= 0
    await screen.page.locator("#channels .channel", has_text="Casefile").last.click()
    await expect(screen.page.locator("#home")).to_contain_text("What you may do")
    assert await screen.offences() == []
    background = await screen.page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (background == "rgb(255, 255, 255)") is (scheme == "light")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_on_a_phone_one_column_is_shown_and_every_part_can_be_reached(
    open_screen: Open, scheme: Scheme
) -> None:
    screen: Screen = await open_screen(NARROW, scheme)
    page = screen.page
    parts = page.get_by_role("navigation", name="Parts of the page")
    shown = {
        "Channels": page.locator(".sidebar"),
        "Messages": page.locator(".conversation"),
        "Thread": page.locator("#thread"),
        "Try it": page.locator("#drawers"),
    }
    await screen.ask(f"/sessions {JANE}")
    await expect(page.locator("#messages .thread-link")).to_be_visible()
    for name, part in shown.items():
        await parts.get_by_role("button", name=name).click()
        await expect(part).to_be_visible()
        for other in set(shown) - {name}:
            await expect(shown[other]).to_be_hidden()
        assert await screen.sideways() <= 0
        assert await screen.offences() == []
    await parts.get_by_role("button", name="Try it").click()
    await page.locator("#customers .pick").first.click()
    await expect(screen.composer).to_have_value(f"/sessions {JANE}")
    await parts.get_by_role("button", name="Channels").click()
    await page.locator("#channels .channel", has_text="random").click()
    await expect(page.locator("#channel-bar h1")).to_contain_text("random")


async def test_a_form_fills_a_phone_and_has_no_serious_offence(open_screen: Open) -> None:
    screen: Screen = await open_screen(NARROW, "dark")
    drawer = screen.page.locator("#tickets-drawer")
    await screen.page.get_by_role("button", name="Try it").click()
    await drawer.locator("summary").click()
    await drawer.get_by_label("Ticket").select_option(label="A name only; the text has an address")
    await drawer.get_by_role("button", name="Post as a new ticket").click()
    thread = screen.page.get_by_role("navigation", name="Parts of the page").get_by_role(
        "button", name="Thread"
    )
    await expect(thread.locator(".dot")).to_be_visible()
    await thread.click()
    await screen.page.get_by_role("button", name="Look up a customer…").click()
    form = screen.page.get_by_role("dialog", name="Look up a customer")
    await expect(form).to_be_visible()
    box = await form.bounding_box()
    assert box is not None
    assert (box["width"], box["height"]) == NARROW
    assert await screen.offences() == []
