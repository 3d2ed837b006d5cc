"""No key, token or customer address reaches a log line at the default level."""

import io
import logging
from collections.abc import Iterator

import pytest

from bot.operations.log import configure_logging
from sandbox.faults import Fault
from sandbox.ticket_samples import post_sample
from tests.end_to_end.conftest import Desk


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    configure_logging("INFO", stream=stream)
    yield stream
    root.handlers[:], root.level = before


@pytest.mark.parametrize(
    ("fault", "transport"),
    [
        *((fault, "http") for fault in Fault if fault not in (Fault.SLOW, Fault.HANG)),
        (Fault.NONE, "socket"),
        (Fault.BROKEN, "socket"),
    ],
)
async def test_nothing_private_is_logged_whatever_goes_wrong(
    desk: Desk, logged: io.StringIO, fault: Fault
) -> None:
    for vendor in desk.world.vendors:
        vendor.fault = fault
    async with desk.casefile() as bot:
        await desk.ask("Jane@contoso.example")
        await desk.thread()
        desk.world.slack.fail_next("chat.postMessage", error="internal_error")
        await desk.ask("cust-8841")
        await desk.idle(bot)
    text = logged.getvalue()
    assert "lookup.done" in text
    secrets = [
        value
        for name, value in desk.environment.items()
        if "KEY" in name or "SECRET" in name or "TOKEN" in name
    ]
    for private in ("contoso", "cust-8841", "Jane", *secrets):
        assert private not in text


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.BROKEN, Fault.REFUSED, Fault.HTML])
async def test_nothing_private_is_logged_of_tickets_mentions_and_what_desks_say(
    desk: Desk, logged: io.StringIO, fault: Fault
) -> None:
    desk.extra = desk.world.desks_environment()
    desk.world.zendesk.know("48213", email="jane.doe@contoso.example", name="Jane Doe")
    for stand_in in (*desk.world.vendors, *desk.world.desks):
        stand_in.fault = fault
    async with desk.casefile() as bot:
        slack = desk.world.slack
        for sample in desk.world.tickets:
            if sample.name[:2] in ("01", "06", "29"):
                await post_sample(slack, sample)
        text = f"<@{slack.people.bot}> li.wei@fabrikam.example"
        await slack.post_as_user(slack.places.support, slack.people.agent, text)
        slack.fail_next("chat.postMessage", error="internal_error")
        await desk.idle(bot)
    text = logged.getvalue()
    assert "ticket.done" in text
    secrets = [
        value
        for name, value in desk.environment.items()
        if "KEY" in name or "SECRET" in name or "TOKEN" in name
    ]
    for private in ("contoso", "fabrikam", "Jane", "usr_8f3a21", "48213", *secrets):
        assert private not in text
