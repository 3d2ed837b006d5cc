"""Tickets, the form, and cards of pasted links, as a person at the page sees them."""

from playwright.async_api import expect

from sandbox.vendors.uxcam import session_url as uxcam_url
from tests.browser.conftest import BROWSER, NARROW, WIDE, Open, Screen

pytestmark = BROWSER


async def post(screen: Screen, title: str) -> None:
    """Post a ticket from the menu of the drawer."""
    drawer = screen.page.locator("#tickets-drawer")
    if not await drawer.evaluate("drawer => drawer.open"):
        await drawer.locator("summary").click()
    await drawer.get_by_label("Ticket").select_option(label=title)
    await drawer.get_by_role("button", name="Post as a new ticket").click()


async def test_a_ticket_of_the_menu_is_answered_in_its_own_thread(screen: Screen) -> None:
    await post(screen, "A new ticket, with the agent’s address beside it")
    await expect(screen.thread.first).to_contain_text("jane.doe@contoso.example")
    await expect(screen.thread.last).to_contain_text("This ticket’s requester")
    await screen.page.locator("#thread").get_by_role("button", name="Remove").click()
    await screen.agree("Remove")
    await expect(screen.thread).to_have_count(1)


async def test_the_form_of_an_offer_says_what_is_wrong_and_then_looks_somebody_up(screen: Screen) -> None:
    await post(screen, "A name only; the text has an address")
    offer = screen.page.locator("#thread").get_by_role("button", name="Look up a customer…")
    await offer.click()
    form = screen.page.get_by_role("dialog", name="Look up a customer")
    field = form.get_by_label("Email address or uid")
    await expect(field).to_be_focused()
    await form.get_by_role("button", name="Look up").click()
    await expect(form.get_by_role("alert")).to_have_text("Please complete this required field.")
    await field.fill("two words")
    await field.press("Enter")
    await expect(form.get_by_role("alert")).not_to_have_text("Please complete this required field.")
    await expect(field).to_have_value("two words")
    await screen.page.keyboard.press("Escape")
    await expect(form).to_have_count(0)
    await offer.click()
    await field.fill("li.wei@fabrikam.example")
    await form.get_by_role("button", name="Look up").click()
    await expect(form).to_have_count(0)
    await expect(screen.thread.last).to_contain_text("li.wei@fabrikam.example · uid u-12")


async def test_the_shortcut_of_a_message_looks_up_whom_it_names(screen: Screen) -> None:
    await screen.ask("any idea about jane@contoso.example?")
    await screen.messages.last.hover()
    await screen.page.get_by_role("button", name="Find sessions").click()
    await expect(screen.thread.last).to_contain_text("Jane Doe · jane@contoso.example")


async def test_a_pasted_link_gets_a_card_whose_button_says_more(screen: Screen) -> None:
    address = screen.drawers.get_by_role("button", name="a session in FullStory")
    await address.click()
    await screen.composer.press("Enter")
    card = screen.page.locator(".card")
    await expect(card).to_contain_text("Added by Casefile")
    await card.get_by_role("button", name="More").first.click()
    await expect(screen.thread.last).to_contain_text("Noor Rahimi · noor@contoso.example")


async def test_a_cards_title_opens_its_side_pane_whose_button_answers_in_the_thread(
    open_screen: Open,
) -> None:
    wide = await open_screen(WIDE)
    slack = wide.world.slack
    noor = next(person for person in wide.world.people if person.email == "noor@contoso.example")
    text = f"look: <{uxcam_url(noor, noor.visits[0])}>"
    await slack.post_as_user(slack.places.support, slack.people.agent, text)
    await wide.page.locator(".card").get_by_role("button", name="Visit of").click()
    for screen in (wide, await open_screen(NARROW)):
        # The same person has it open in every window.
        pane = screen.page.locator("dialog.side-pane")
        await expect(pane).to_contain_text("Replay in UXCam")
        assert await screen.sideways() <= 0
        assert await screen.offences() == []
    await pane.get_by_role("button", name="Find all sessions").click()
    await pane.get_by_role("button", name="Close the details").click()
    await expect(pane).to_have_count(0)
    await expect(screen.page.locator("#messages")).to_contain_text("1 reply")


async def test_what_a_webhook_tells_is_sent_from_its_drawer(screen: Screen) -> None:
    await screen.page.locator("#pushes-drawer summary").click()
    await screen.page.locator("#pushes").get_by_role("button", name="Send").click()
    await expect(screen.page.locator("#pushes")).to_contain_text("answered 200")
