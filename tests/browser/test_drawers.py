"""Faults, meters, the reset and the tour, with the bot in a process of its own."""

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import expect

from sandbox.demo import run_demo
from sandbox.slack.steps import install
from sandbox.world import World
from tests.browser.conftest import BROWSER, Pages, Screen, screen_on

pytestmark = BROWSER


@pytest_asyncio.fixture(loop_scope="session")
async def demo(pages: Pages) -> AsyncIterator[Screen]:
    """A window on the demo as `casefile demo` opens it."""
    stop, opened = asyncio.Event(), asyncio.Queue[World]()
    running = asyncio.create_task(run_demo(0, stop, opened.put_nowait))
    try:
        async with screen_on(pages, await opened.get()) as screen:
            yield screen
    finally:
        stop.set()
        await running


async def test_a_vendor_that_is_down_is_named_and_the_others_answer(screen: Screen) -> None:
    state = screen.page.get_by_label("State of FullStory")
    await expect(screen.page.get_by_label("State of Raygun v3")).to_have_count(0)
    for fault in ("down", "429", "spent"):
        await state.select_option(fault)
        await expect(screen.page.locator(".vendor.broken")).to_contain_text("FullStory")
        await screen.ask("/sessions jane@contoso.example fresh")
        await expect(screen.thread.last).to_contain_text("person’s page: Rybbit")
    await state.select_option("well")
    await expect(screen.page.locator(".vendor.broken")).to_have_count(0)


async def test_a_workflow_posts_what_the_step_found_or_slackbot_says_why_not(screen: Screen) -> None:
    page = screen.page
    install(screen.world.slack.state)
    await page.locator("#workflow-drawer summary").click()
    field = page.get_by_label("Customer of the workflow")
    await field.fill("jane@contoso.example")
    await page.get_by_role("button", name="Run", exact=True).click()
    await expect(screen.messages.last).to_contain_text("Jane Doe · jane@contoso.example · uid u-77")
    await field.fill("jane@")
    await field.press("Enter")
    await expect(screen.messages.last).to_contain_text("“jane@” was not understood")


async def test_the_tour_ends_with_a_killed_bot_that_answers_once_and_a_reset_forgets_it_all(
    demo: Screen,
) -> None:
    page, slack = demo.page, demo.world.slack
    meters = page.locator("#meters")
    await expect(meters).to_contain_text("50 of 50 calls left in 24 h")
    await page.get_by_role("button", name="Guided tour").click()
    tour = page.get_by_role("region", name="Guided tour")
    for number in range(1, 7):
        await expect(tour).to_contain_text(f"step {number} of 6")
        await tour.get_by_role("button").first.click()
        await expect(tour.get_by_role("status")).to_contain_text("Done")
        await tour.get_by_role("button").nth(1).click()
    await expect(tour).to_have_count(0)
    await expect(demo.thread.first).to_contain_text("cust-8841")
    await expect(demo.thread.last).to_contain_text("Replay: FullStory")
    # The reply is edited first, and then what is above it.
    answers = await slack.wait_for(
        lambda: [m for m in slack.messages(slack.places.support) if "Oluwaseun Adeyemi" in m.text]
    )
    assert len(answers) == 1
    assert len(slack.replies(slack.places.support, answers[0].ts)) == 1
    await page.get_by_role("button", name="Reset").click()
    await expect(page.locator("#messages")).to_contain_text("Who needs help?")
    await expect(meters).to_contain_text("50 of 50 calls left in 24 h")
    await demo.ask("/sessions jane@contoso.example")
    await expect(demo.thread.last).to_contain_text("live")
    # While the sandbox is closed, the page's own calls fail, and the console says so.
    demo.wrong[:] = [one for one in demo.wrong if "ERR_" not in one]
