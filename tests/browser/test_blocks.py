"""Whatever Block Kit an app sends is shown and can be used: each kind of block, and each kind of element."""

from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from playwright.async_api import expect
from slack_sdk.web.async_client import AsyncWebClient

from sandbox.slack import SlackWorkspace
from tests.browser.conftest import BROWSER, Pages, Window, window_on
from tests.sandbox.heard import Ears, listening

pytestmark = BROWSER
Json = dict[str, Any]


def text(words: str, kind: str = "plain_text") -> Json:
    return {"type": kind, "text": words}


def options(*words: str) -> list[Json]:
    return [{"text": text(word), "value": word.lower()} for word in words]


def element(kind: str, **more: Any) -> Json:
    return {"type": kind, "action_id": kind} | more


def asked(kind: str, label: str, **more: Any) -> Json:
    return {"type": "input", "block_id": f"in_{kind}", "label": text(label), "element": element(kind, **more)}


SURE = {"title": text("Sure?"), "text": text("It costs *a call*.", "mrkdwn"), "confirm": text("Yes")}
SURE |= {"deny": text("No")}
RICH = [
    {
        "type": "rich_text_section",
        "elements": [
            {"type": "text", "text": "bold", "style": {"bold": True}},
            {"type": "link", "url": "https://a.example/", "text": "a link"},
            {"type": "user", "user_id": "U0AGENT002"},
            {"type": "emoji", "name": "warning"},
        ],
    },
    {
        "type": "rich_text_list",
        "style": "ordered",
        "elements": [{"type": "rich_text_section", "elements": [{"type": "text", "text": "first of all"}]}],
    },
    {"type": "rich_text_preformatted", "elements": [{"type": "text", "text": "as it is"}]},
    {"type": "rich_text_quote", "elements": [{"type": "text", "text": "as was said"}]},
]
MESSAGE: list[Json] = [
    {"type": "header", "text": text("A header")},
    {
        "type": "section",
        "text": text("*bold* _and_ `code` <https://a.example/|link> <!date^0^{date_num}|never>", "mrkdwn"),
        "fields": [text("one field"), text("another")],
        "accessory": element("overflow", options=options("Copy", "Archive")),
    },
    {"type": "divider"},
    {
        "type": "context",
        "elements": [text("small print", "mrkdwn"), {"type": "image"} | {"alt_text": "a face"}],
    },
    {
        "type": "image",
        "image_url": "https://pictures.example/a.png",
        "alt_text": "a chart",
        "title": text("Chart"),
    },
    {"type": "rich_text", "elements": RICH},
    {
        "type": "actions",
        "elements": [
            element("button", text=text("Press"), style="danger", confirm=SURE),
            element("static_select", placeholder=text("Pick one"), options=options("Red", "Blue")),
            element("external_select", placeholder=text("Find one"), min_query_length=0),
            element("users_select", placeholder=text("Whom")),
            element("datepicker", initial_date="2026-11-20"),
        ],
    },
]
MESSAGE[3]["elements"][1]["image_url"] = "https://pictures.example/b.png"
MODAL = {
    "type": "modal",
    "title": text("All fields"),
    "submit": text("Send"),
    "blocks": [
        asked("plain_text_input", "Words", multiline=True, initial_value="so far"),
        asked("number_input", "How many", is_decimal_allowed=False),
        asked("checkboxes", "Which", options=options("X", "Y")),
        asked("radio_buttons", "Either", options=options("This", "That")),
        asked("multi_static_select", "Several", options=options("Up", "Down", "Left")),
        asked("multi_users_select", "People"),
    ],
}


@pytest_asyncio.fixture(loop_scope="session")
async def heard() -> AsyncIterator[tuple[SlackWorkspace, Ears]]:
    async with listening() as (slack, ears):
        yield slack, ears


def client(slack: SlackWorkspace) -> AsyncWebClient:
    return AsyncWebClient(slack.bot_token, base_url=slack.api_url)


def last_action(ears: Ears) -> Json:
    action: Json = ears.payloads[-1]["actions"][0]
    return action


async def use(slack: SlackWorkspace, ears: Ears, window: Window) -> None:
    """Use each element of the message, and look at what the app hears."""
    page, seen = window.page, window.messages.last

    async def heard_of(kind: str) -> Json:
        await slack.wait_for(lambda: ears.payloads and ears.payloads[-1].get("actions"))
        await slack.wait_for(lambda: last_action(ears)["type"] == kind)
        return last_action(ears)

    await seen.get_by_role("button", name="More actions").click()
    await page.get_by_role("menuitem", name="Archive").click()
    assert (await heard_of("overflow"))["selected_option"]["value"] == "archive"
    await seen.get_by_role("button", name="Press").click()
    await page.get_by_role("dialog", name="Sure?").get_by_role("button", name="Yes").click()
    await heard_of("button")
    await seen.get_by_label("Pick one").select_option("blue")
    assert (await heard_of("static_select"))["selected_option"]["value"] == "blue"
    ears.answer = lambda payload: (
        {"options": options(f"Found {payload['value']}")} if payload["type"] == "block_suggestion" else None
    )
    await seen.get_by_role("button", name="Find one").click()
    await page.get_by_label("Search").fill("it")
    await page.locator(".popup").get_by_text("Found it").click()
    assert (await heard_of("external_select"))["selected_option"]["value"] == "found it"
    await seen.get_by_role("button", name="Whom").click()
    await page.locator(".popup").get_by_text("Tom Okafor").click()
    assert (await heard_of("users_select"))["selected_user"] == slack.people.colleague


async def test_a_message_of_all_blocks_is_shown_and_each_element_tells_the_app(
    pages: Pages, heard: tuple[SlackWorkspace, Ears]
) -> None:
    slack, ears = heard
    async with window_on(pages, slack.base_url) as window:
        await client(slack).chat_postMessage(channel=slack.places.support, text="all", blocks=MESSAGE)
        seen = window.messages.last
        for words in ("A header", "1970-01-01", "another", "small print", "a face", "a chart"):
            await expect(seen).to_contain_text(words)
        for words in ("@Tom Okafor", "first of all", "as it is", "as was said"):
            await expect(seen).to_contain_text(words)
        await expect(seen.get_by_role("link", name="a link")).to_have_attribute("href", "https://a.example/")
        await use(slack, ears, window)
        assert await window.offences() == []


async def test_a_modal_of_all_fields_is_sent_as_it_was_filled_in(
    pages: Pages, heard: tuple[SlackWorkspace, Ears]
) -> None:
    slack, ears = heard
    async with window_on(pages, slack.base_url) as window:
        trigger = slack.state.new_trigger(slack.people.agent)
        await client(slack).views_open(trigger_id=trigger, view=MODAL)
        form, page = window.page.get_by_role("dialog", name="All fields"), window.page
        await form.get_by_label("Words").fill("many words")
        await form.get_by_label("How many").fill("7")
        await form.get_by_label("Y", exact=True).check()
        await form.get_by_label("That").check()
        await form.get_by_role("button", name="Several").click()
        for word in ("Down", "Left"):
            await page.locator(".popup").get_by_label(word).check()
        await page.keyboard.press("Escape")
        await form.get_by_role("button", name="People").click()
        await page.locator(".popup").get_by_label("Ana Ferreira").check()
        await page.keyboard.press("Escape")
        assert await window.offences() == []
        await form.get_by_role("button", name="Send").click()
        await expect(form).to_have_count(0)
        values = ears.payloads[-1]["view"]["state"]["values"]
        kept = {kind: value for block in values.values() for kind, value in block.items()}
        assert kept["plain_text_input"]["value"] == "many words"
        assert kept["number_input"]["value"] == "7"
        assert [one["value"] for one in kept["checkboxes"]["selected_options"]] == ["y"]
        assert kept["radio_buttons"]["selected_option"]["value"] == "that"
        assert [o["value"] for o in kept["multi_static_select"]["selected_options"]] == ["down", "left"]
        assert kept["multi_users_select"]["selected_users"] == [slack.people.agent]
