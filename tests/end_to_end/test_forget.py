"""Nothing of a person remains once they are forgotten, and everybody else is as they were."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest

from bot.app import Bot
from bot.audit.erasures import announce
from bot.audit.search import search
from bot.audit.trail import forgotten_hash
from bot.cli.commands.forget import erase_person, receipt_json, receipt_text, until_nothing_is_under_way
from bot.domain.model import Subject, SubjectKind
from bot.engine.opening import open_engine
from bot.engine.parts import Engine
from bot.storage.keyring import Keyring
from sandbox.slack import plain_text
from tests.conftest import stored
from tests.end_to_end.conftest import Desk

JANE, LI = "jane@contoso.example", "li.wei@fabrikam.example"
KEYS = ("the newer secret of these tests is long", "the older secret of these tests is long")
BY_ADDRESS = Subject(SubjectKind.EMAIL, JANE, JANE)


@pytest.fixture(params=["socket"])
def transport(request: pytest.FixtureRequest) -> str:
    """What is stored is the same by either transport: `test_sessions_command.py` runs both."""
    return str(request.param)


def hashes_of(*uids: str) -> Iterator[str]:
    """Every hash under which something is stored about Jane, under each key."""
    names = [("email", JANE), ("email", "Jane@contoso.example"), *(("uid", uid) for uid in uids)]
    for key in KEYS:
        keyring = Keyring((key,))
        for kind, name in names:
            yield keyring.hash(kind, name)
            yield keyring.hash("identity", name)
            yield keyring.hash("audit", kind, name)
            yield keyring.hash("named", f"{kind}:{name}")


async def bytes_of(desk: Desk, engine: Engine) -> bytes:
    """All that can be read in the database: the files of SQLite, every table's rows."""
    return b"".join(desk.database_files()) + (await stored(engine.store)).encode()


@asynccontextmanager
async def used(desk: Desk) -> AsyncIterator[Bot]:
    """A bot with which Jane and Li have been looked up in several ways."""
    slack = desk.world.slack
    async with desk.casefile() as bot:
        await desk.ask(JANE)
        await desk.thread()
        await desk.ask(LI)
        await desk.thread(number=2)
        await slack.post_as_user(slack.places.direct_with_bot, slack.people.agent, "Jane@contoso.example")
        await desk.idle(bot)
        yield bot


async def uids_of_jane(bot: Bot) -> list[str]:
    names = await bot.engine.lookup.identities.other_names(BY_ADDRESS)
    return [name.subject.value for name in names.sure]


async def test_no_address_uid_name_or_hash_remains_under_any_key(desk: Desk, database_url: str) -> None:
    desk.extra |= {"SECRET_KEY": KEYS[1], "DATABASE_URL": database_url}
    async with used(desk) as bot:
        uids = await uids_of_jane(bot)
        assert uids
    desk.extra["SECRET_KEY"] = ",".join(KEYS)
    async with desk.casefile():
        await desk.ask(JANE)
        await desk.thread(number=3)
    async with open_engine(desk.settings, desk.world.clock) as engine:
        before = await bytes_of(desk, engine)
        assert sum(one.encode() in before for one in hashes_of(*uids)) >= 8
        dry = await erase_person(engine, BY_ADDRESS, is_dry_run=True, with_posts=False)
        receipt = await erase_person(engine, BY_ADDRESS, is_dry_run=False, with_posts=False)
        assert receipt.doomed.counts == dry.doomed.counts
        after = await bytes_of(desk, engine)
        for secret in (JANE, "Jane@contoso", "Jane Doe", *uids, *hashes_of(*uids)):
            assert secret.encode() not in after, secret
        again = await erase_person(engine, BY_ADDRESS, is_dry_run=True, with_posts=False)
        assert sum(again.doomed.counts.values()) == 0
        kept = forgotten_hash(engine.keyring, BY_ADDRESS)
        rows = await search(engine.store, engine.keyring, subject=BY_ADDRESS)
    assert receipt.hash == kept
    assert {row.hash for row in rows} == {kept}
    assert {row.subject for row in rows} == {None}
    assert [row.outcome for row in rows][-1] == "forgotten"
    assert any(word.startswith("cached_findings:") for word in rows[-1].sources)


async def test_somebody_else_is_answered_as_before_without_a_call(desk: Desk) -> None:
    async with used(desk):
        pass
    async with open_engine(desk.settings, desk.world.clock) as engine:
        await erase_person(engine, BY_ADDRESS, is_dry_run=False, with_posts=False)
    calls = len(desk.world.rybbit.calls)
    async with desk.casefile():
        await desk.ask(LI)
        _, reply = await desk.thread(number=3)
    assert "session" in plain_text(reply)
    assert len(desk.world.rybbit.calls) == calls


async def test_a_running_bot_drops_what_it_holds_in_memory(desk: Desk) -> None:
    async with used(desk) as bot, open_engine(desk.settings, desk.world.clock) as engine:
        await bot.engine.erasures.look()
        await announce(engine.store)
        await bot.engine.erasures.look()
        await erase_person(engine, BY_ADDRESS, is_dry_run=False, with_posts=False)
        calls = len(desk.world.rybbit.calls)
        await desk.ask(JANE)
        await desk.thread(number=3)
        assert len(desk.world.rybbit.calls) > calls


async def test_who_is_being_looked_up_is_forgotten_when_that_has_ended(desk: Desk) -> None:
    held = desk.world.rybbit.hold = asyncio.Event()
    async with desk.casefile() as bot, open_engine(desk.settings, desk.world.clock) as engine:
        await desk.ask(JANE)
        await desk.world.slack.wait_for(lambda: desk.world.rybbit.calls)
        assert await until_nothing_is_under_way(engine, BY_ADDRESS, timedelta()) == 1
        ending = asyncio.create_task(until_nothing_is_under_way(engine, BY_ADDRESS))
        held.set()
        assert await ending == 0
        [row] = await search(engine.store, engine.keyring, subject=BY_ADDRESS)
        assert row.outcome == "found"
        await desk.idle(bot)
        receipt = await erase_person(engine, BY_ADDRESS, is_dry_run=False, with_posts=False)
    assert (receipt.posts, receipt.doomed.counts["jobs"]) == (2, 0)


async def test_the_bots_posts_about_them_are_deleted_and_nobody_elses(desk: Desk) -> None:
    slack = desk.world.slack
    async with used(desk):
        pass
    async with open_engine(desk.settings, desk.world.clock) as engine:
        receipt = await erase_person(engine, BY_ADDRESS, is_dry_run=False, with_posts=True)
    left = [plain_text(m) for m in desk.posts()]
    assert len(left) == 1
    assert LI in left[0]
    assert [m for m in slack.messages(slack.places.direct_with_bot) if m.bot_id] == []
    told = receipt_json(receipt)
    assert told["posts"] == {"found": 3, "deleted": 3, "edited": 0, "left": 0, "left_at": []}
    assert "3 posts of the bot’s deleted in Slack, 0 left" in receipt_text(receipt)
    assert "No app can take back" not in receipt_text(receipt)


async def test_lists_and_offers_that_name_them_go_too_and_what_stays_is_told(desk: Desk) -> None:
    desk.extra["TICKETS__DIGEST_ABOVE"] = "1"
    slack, link = desk.world.slack, "New <https://acme.zendesk.com/agent/tickets/{0}|#{0}>"
    async with desk.casefile() as bot:
        offered = await slack.post_as_app(
            slack.places.support, f"{link.format(9)}\n\nplease write to {JANE}, bob@x.example"
        )
        await slack.wait_for(lambda: slack.replies(offered.channel, offered.ts))
        await desk.idle(bot)
        for number, who in enumerate((JANE, LI)):
            await slack.post_as_app(slack.places.support, f"{link.format(number)}\nRequester: {who}")
        await slack.wait_for(lambda: any("Li Wei" in str(one.blocks) for one in desk.posts()))
        await desk.idle(bot)
        await desk.ask(JANE, channel=slack.places.private_without_bot)
        await desk.ephemeral(channel=slack.places.private_without_bot, such=JANE)
        await desk.idle(bot)
        assert JANE in str(slack.replies(offered.channel, offered.ts)[0].blocks)
        assert "Jane Doe" in str(desk.posts()[-1].blocks)
    async with open_engine(desk.settings, desk.world.clock) as engine:
        receipt = await erase_person(engine, BY_ADDRESS, is_dry_run=False, with_posts=True)
    assert slack.replies(offered.channel, offered.ts) == []
    [page] = desk.posts()
    assert "Li Wei" in str(page.blocks)
    assert "Jane" not in str(page.blocks) + page.text
    told = receipt_text(receipt)
    assert "1 post of the bot’s deleted in Slack, 1 list of tickets edited, 0 left" in told
    assert "No app can take back: 1 answer that one person alone was shown" in told
