"""Tickets that must look nobody up: digests, previews of web pages, apps that borrow a desk's name."""

import asyncio

import pytest
from structlog.testing import capture_logs

from sandbox.slack import plain_text
from sandbox.slack.people import User
from sandbox.ticket_samples import post_sample
from tests.end_to_end.conftest import Desk
from tests.end_to_end.test_tickets import JANE, answered, ours_below, sample, vendor_calls


@pytest.fixture(params=["http"])
def transport(request: pytest.FixtureRequest) -> str:
    """What is answered here is the same by either transport: `test_sessions_command.py` runs both."""
    return str(request.param)


async def test_a_digest_of_linked_tickets_looks_nobody_up_though_a_desk_could_be_asked(desk: Desk) -> None:
    desk.extra = desk.world.desks_environment()
    desk.world.zendesk.know("48213", email=JANE, name="Jane Doe")
    async with desk.casefile() as bot:
        root = await post_sample(desk.world.slack, sample(desk, "152"))
        await answered(desk, root, such="nobody was looked up")
        await desk.idle(bot)
        assert vendor_calls(desk) == 0
        assert desk.world.zendesk.calls == []


async def test_a_preview_that_arrives_as_an_edit_adds_nobody(desk: Desk) -> None:
    async with desk.casefile() as bot:
        slack = desk.world.slack
        link = "<https://acme.zendesk.com/agent/tickets/9|#9>"
        root = await slack.post_as_app(slack.places.support, f"New ticket {link}")
        await answered(desk, root, such="nobody was looked up")
        page = "https://blog.fabrikam.example/contact"
        preview = {"from_url": page, "title": "Contact us", "text": f"Requester: {JANE}\nEmail: {JANE}"}
        await slack.edit_message(root, f"New ticket {link} and <{page}>", attachments=[preview])
        await desk.idle(bot)
        assert "nobody was looked up" in plain_text(ours_below(desk, root)[-1])
        assert vendor_calls(desk) == 0


async def test_a_bot_with_a_desks_name_but_another_id_gets_nothing_where_apps_are_named(desk: Desk) -> None:
    desk.extra = {"TICKETS__APPS": "A0ZENDESK1"}
    async with desk.casefile() as bot:
        slack = desk.world.slack
        profile = {"id": "B0IMPOSTOR", "name": "Zendesk", "app_id": "A0IMPOSTOR"}
        root = await slack.post_as_app(
            slack.places.support,
            f"Requester: {JANE}",
            app_id="A0IMPOSTOR",
            username="A0ZENDESK1",
            bot_profile=profile,
        )
        real = await slack.post_as_app(slack.places.support, f"Requester: {JANE}", app_id="A0ZENDESK1")
        await answered(desk, real)
        await desk.idle(bot)
        assert ours_below(desk, root) == []


async def test_a_name_among_the_apps_is_told_with_its_id_while_the_bot_is_ready_already(desk: Desk) -> None:
    desk.extra = {"TICKETS__APPS": "Zendesk"}
    slack = desk.world.slack
    app = User("U0ZENDESK1", "zendesk", "Zendesk", bot_id="B0ZENDESK1", app_id="A0ZENDESK1")
    slack.state.users[app.id] = app
    answer_held = asyncio.Event()
    slack.fail_next("users.list", hold=answer_held)
    with capture_logs() as logged:
        async with desk.casefile() as bot:
            await desk.ask(JANE)
            await desk.thread()
            assert not [line for line in logged if "A0ZENDESK1" in line.get("caution", "")]
            answer_held.set()
            await desk.idle(bot)
    assert [line for line in logged if "A0ZENDESK1" in line.get("caution", "")]


async def test_without_the_scope_that_tells_of_apps_the_bot_starts_and_answers_all_the_same(
    desk: Desk,
) -> None:
    desk.extra = {"TICKETS__APPS": "Zendesk"}
    desk.world.slack.fail_next("users.list", error="missing_scope")
    with capture_logs() as logged:
        async with desk.casefile() as bot:
            slack = desk.world.slack
            profile = {"id": "B0ZENDESK1", "name": "Zendesk", "app_id": "A0ZENDESK1"}
            root = await slack.post_as_app(
                slack.places.support, f"Requester: {JANE}", app_id="A0ZENDESK1", bot_profile=profile
            )
            await answered(desk, root)
            await desk.idle(bot)
    assert [line for line in logged if "could not be found out (missing_scope)" in line.get("caution", "")]
