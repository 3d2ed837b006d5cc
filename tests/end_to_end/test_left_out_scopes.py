"""Scopes that may be left out at the installation: what needs one says so."""

from sandbox.slack import Stub, plain_text
from sandbox.ticket_samples import post_sample
from tests.end_to_end.conftest import Desk


async def test_who_points_at_mail_hears_that_files_may_not_be_read(desk: Desk) -> None:
    slack = desk.world.slack
    slack.scopes.discard("files:read")
    sample = next(sample for sample in desk.world.tickets if sample.name.startswith("29"))
    async with desk.casefile() as bot:
        root = await post_sample(slack, sample, stub_files=next(iter(Stub)))
        await desk.idle(bot)
        await slack.use_shortcut(root.channel, root.ts, "find_sessions", slack.people.agent)
        told = await desk.ephemeral(channel=root.channel, such="files:read")
        assert "Name the customer" in plain_text(told)
