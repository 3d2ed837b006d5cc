"""Scopes that may be left out at the installation: what needs one says so."""

import pytest

from bot.audit.search import search
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


async def test_where_nobody_can_be_seen_in_a_user_group_the_log_and_who_asks_hear_of_the_scope(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    slack = desk.world.slack
    slack.scopes.discard("usergroups:read")
    desk.extra["ACCESS__USER_GROUPS"] = "S0DESK0001"
    async with desk.casefile() as bot:
        assert "scope usergroups:read was not granted" in capsys.readouterr().out
        await desk.ask("jane@contoso.example")
        told = await desk.ephemeral(such="usergroups:read")
        assert "Whoever installed it can grant it" in plain_text(told)
        await desk.idle(bot)
        [row] = await search(bot.engine.store, bot.engine.keyring)
        assert row.outcome == "refused_no_user_groups_scope"
    assert desk.world.fullstory.calls == []
