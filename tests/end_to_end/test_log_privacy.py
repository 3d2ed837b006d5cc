"""No key, token or customer address reaches a log line at the default level."""

import pytest

from sandbox.faults import Fault
from sandbox.ticket_samples import post_sample
from tests.end_to_end.conftest import Desk
from tests.end_to_end.privacy import Told


@pytest.mark.parametrize(
    ("fault", "transport"),
    [
        *((fault, "http") for fault in Fault if fault not in (Fault.SLOW, Fault.HANG)),
        (Fault.NONE, "socket"),
        (Fault.BROKEN, "socket"),
    ],
)
async def test_nothing_private_is_logged_whatever_goes_wrong(desk: Desk, told: Told, fault: Fault) -> None:
    for vendor in desk.world.vendors:
        vendor.fault = fault
    async with desk.casefile() as bot:
        await desk.ask("Jane@contoso.example")
        await desk.thread()
        desk.world.slack.fail_next("chat.postMessage", error="internal_error")
        await desk.ask("cust-8841")
        await desk.idle(bot)
    text = "".join(told.log)
    assert "lookup.done" in text
    for private in ("contoso", "cust-8841", "Jane"):
        assert private not in text


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.BROKEN, Fault.REFUSED, Fault.HTML])
async def test_nothing_private_is_logged_of_tickets_mentions_and_what_desks_say(
    desk: Desk, told: Told, fault: Fault
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
    text = "".join(told.log)
    assert "ticket.done" in text
    for private in ("contoso", "fabrikam", "Jane", "usr_8f3a21", "48213"):
        assert private not in text
