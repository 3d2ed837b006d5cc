"""Webhooks sent from the page: what arrives, and what is said when nobody listens."""

from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sandbox.people import Error, make_people
from sandbox.vendors.raygun_webhooks import RaygunWebhooks
from sandbox.world import open_world
from tests.conftest import MovableClock

ERROR = Error("RangeError", "Maximum call stack size exceeded")


@pytest.fixture
def webhooks(clock: MovableClock) -> RaygunWebhooks:
    jane = next(person for person in make_people(clock()) if person.email == "jane.doe@contoso.example")
    return RaygunWebhooks(clock, jane, ERROR)


async def received(webhooks: RaygunWebhooks, *kinds: str) -> list[Any]:
    """The bodies that a receiver gets when the webhooks send these kinds."""
    bodies: list[Any] = []

    async def take(request: web.Request) -> web.Response:
        assert request.path == f"/webhooks/raygun/shop/{webhooks.secret}"
        bodies.append(await request.json())
        return web.Response(text="stored")

    app = web.Application()
    app.router.add_post("/{path:.*}", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    webhooks.listen_at(f"http://{host}:{port}")
    try:
        for kind in kinds:
            assert await webhooks.send(kind) == "answered 200: stored"
    finally:
        await runner.cleanup()
    return bodies


async def test_a_new_error_names_whom_it_hits(webhooks: RaygunWebhooks) -> None:
    (body,) = await received(webhooks, "NewErrorOccurred")
    assert list(body) == ["event", "eventType", "error", "application"]
    assert body["event"] == "error_notification"
    assert body["error"]["instance"]["affectedUser"]["Identifier"] == "jane.doe@contoso.example"
    assert body["error"]["message"] == ERROR.title


async def test_a_follow_up_names_nobody_and_counts_on(webhooks: RaygunWebhooks) -> None:
    first, more = await received(webhooks, "NewErrorOccurred", "FiveMinuteFollowUp")
    assert "instance" not in more["error"]
    assert (first["error"]["totalOccurrences"], more["error"]["totalOccurrences"]) == (1, 2)
    assert first["error"]["url"] == more["error"]["url"]


@pytest.mark.parametrize(
    ("kind", "field"),
    [("StatusChanged", "status"), ("AssignedToUser", "assignedTo"), ("CommentAdded", "comment")],
)
async def test_what_somebody_did_is_an_activity(webhooks: RaygunWebhooks, kind: str, field: str) -> None:
    (body,) = await received(webhooks, kind)
    assert body["event"] == "error_activity"
    assert {"url", "activityDate", "message", "user", "description", field} <= set(body["error"])


async def test_where_nobody_listens_the_page_says_so(webhooks: RaygunWebhooks) -> None:
    assert await webhooks.send("NewErrorOccurred") == "nobody listens"
    webhooks.listen_at("http://127.0.0.1:9")
    assert await webhooks.send("NewErrorOccurred") == "nobody answered"


async def test_the_page_lists_what_can_be_sent_and_sends_it() -> None:
    async with open_world(strangers_a_day=10) as world, aiohttp.ClientSession(world.slack.base_url) as page:
        listed = (await (await page.get("/page/panel")).json())["pushes"]
        assert [one["name"] for one in listed][:2] == ["NewErrorOccurred", "ErrorReoccurred"]
        answer = await page.post("/page/push", json={"name": "NewErrorOccurred"})
        assert (await answer.json())["said"] == "nobody listens"
        assert (await page.post("/page/push", json={"name": "bogus"})).status == 400
