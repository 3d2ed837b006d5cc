"""Slack fails while the bot starts: it is tried again, and the log says what."""

import io
import logging
from collections.abc import Iterator

import pytest
import stamina

from bot.operations.log import configure_logging
from tests.end_to_end.conftest import Desk


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    configure_logging("INFO", stream=stream)
    # Without its waits.
    with stamina.set_testing(True, attempts=5):
        yield stream
    root.handlers[:], root.level = before


@pytest.mark.parametrize("transport", ["http"])
async def test_who_we_are_is_asked_again(desk: Desk, logged: io.StringIO) -> None:
    desk.world.slack.fail_next("auth.test", error="internal_error")
    async with desk.casefile():
        assert (await desk.ask("help")).error is None
    assert 'event=try.again what="auth test"' in logged.getvalue()


@pytest.mark.parametrize("transport", ["socket"])
async def test_socket_mode_connects_when_slack_is_back(desk: Desk, logged: io.StringIO) -> None:
    desk.world.slack.fail_next("apps.connections.open", error="internal_error")
    async with desk.casefile():
        assert (await desk.ask("help")).error is None
    [tried] = [line for line in logged.getvalue().splitlines() if "try.again" in line]
    assert 'what="socket connect"' in tried
    assert "event=socket.not_connected error=" in logged.getvalue()
