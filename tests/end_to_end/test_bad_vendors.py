"""Vendors that drip, hang, explode and never end, beside good ones: colleagues are answered all the same."""

from pathlib import Path

from bot.app import open_bot
from bot.serving.run import serving_http
from bot.settings.model import load_settings
from sandbox.slack import plain_text
from sandbox.slack.places import Channel, Kind
from sandbox.vendors.hostile import open_hostile
from sandbox.world import open_world
from tests.conftest import prepared_sqlite
from tests.end_to_end.conftest import PATIENT, TIMING

# More than there are places for jobs that are begun at once.
LOOKUPS = 34


async def test_nobody_waits_for_a_place_that_a_bad_vendor_holds(tmp_path: Path) -> None:
    async with open_world(strangers_a_day=10) as world, open_hostile() as hostile:
        slack, database = world.slack, {"DATABASE_URL": prepared_sqlite(tmp_path / "casefile.db")}
        # Where edits are short an answer waits so long for its sources; a hanging call takes longer.
        usual = PATIENT | {"LOOKUP__DEADLINE_SECONDS": "3"}
        settings = load_settings(world.environment() | database | usual | hostile.environment())
        members = slack.state.channels[slack.places.support].members
        channels = [f"C0BAD{number:04d}" for number in range(LOOKUPS)]
        async with open_bot(settings, world.clock, TIMING) as bot, serving_http(bot, "127.0.0.1", 0) as port:
            slack.connect(f"http://127.0.0.1:{port}/slack/events")
            for number, channel in enumerate(channels):
                slack.state.channels[channel] = Channel(channel, channel.lower(), Kind.PUBLIC, members)
                line = f"/sessions customer{number}@customers.example"
                await slack.type_command(channel, slack.people.agent, line)
            await slack.wait_for(lambda: all(slack.messages(channel) for channel in channels))
            # The hanging ones are still being waited for, so nobody has waited for their end.
            assert hostile.asked["hangs"] > 0
            assert hostile.ended.get("hangs", 0) < hostile.asked["hangs"]
            replies = [slack.replies(channel, slack.messages(channel)[0].ts) for channel in channels]
            assert not [reply for some in replies for reply in some if "10 MiB of" in plain_text(reply)]
