"""`casefile forget`: erases a person from everything, and prints a receipt."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Any

from cyclopts import Parameter

from bot.answers.mrkdwn import counted
from bot.app import trail_of
from bot.audit.entries import AuditEntry, Came
from bot.audit.erasures import HEARD_WITHIN_SECONDS, announce
from bot.audit.forget import Doomed, erase, find_person
from bot.audit.own_posts import OutOfReach, Removed, out_of_reach, posts_about, remove_posts
from bot.audit.person import ProductOf
from bot.audit.trail import forgotten_hash
from bot.cli.arguments import AsJson
from bot.cli.as_json.json_values import iso
from bot.cli.running import run_once
from bot.cli.subjects import TypedSubject, subject_of
from bot.cli.terminal import OK, moment_text, terminal_account
from bot.domain.asking import Way
from bot.domain.model import Subject
from bot.engine.opening import open_engine
from bot.engine.parts import Engine
from bot.jobs.inbox import Inbox
from bot.jobs.tickets.digest_book import DigestBook
from bot.jobs.tickets.digest_erasure import take_lines_out
from bot.lookup.shared_uids import SharedUids
from bot.settings.model import Settings
from bot.slack.client import SlackClient, open_slack_session
from bot.slack.identity import identify
from bot.slack.rate_limits import RateLimits
from bot.slack.signed_values import ButtonSeals
from bot.storage.tables import digest_tickets, jobs

# Vendors and Slack are waited for no longer than that.
_LONGEST_UNDER_WAY = timedelta(seconds=60)


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    What was erased, or would be: rows by table, and the bot's own posts in Slack.

    `hash` is all that is kept of the person, `beyond` what no app can take back. `is_whole` is False where
    another process still reads parts of the database file that are deleted. `under_way` is how many requests
    about the person had not ended.
    """

    at: datetime
    hash: str
    doomed: Doomed
    posts: int
    beyond: OutOfReach
    removed: Removed | None
    is_dry_run: bool
    is_whole: bool = True
    under_way: int = 0


def forget(
    subject: TypedSubject,
    /,
    *,
    dry_run: Annotated[
        bool, Parameter(name="--dry-run", help="say what would go, and erase nothing")
    ] = False,
    posts: Annotated[
        bool, Parameter(name="--posts", help="delete the bot’s own posts about them too")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Erase a person, under all names that are surely theirs, and print a receipt; the exit status."""
    about = subject_of(subject)
    return run_once(
        lambda settings: _forget(settings, about, is_dry_run=dry_run, with_posts=posts, as_json=as_json),
        tells_what_is_stored=True,
    )


async def _forget(
    settings: Settings, subject: Subject, *, is_dry_run: bool, with_posts: bool, as_json: bool
) -> int:
    if with_posts:
        settings.require("SLACK_BOT_TOKEN")
    async with open_engine(settings) as engine:
        under_way = 0
        if not is_dry_run:
            under_way = await until_nothing_is_under_way(engine, subject)
            await announce(engine.store)
            await asyncio.sleep(HEARD_WITHIN_SECONDS)
        receipt = await erase_person(engine, subject, is_dry_run=is_dry_run, with_posts=with_posts)
        receipt = replace(receipt, under_way=under_way)
    print(json.dumps(receipt_json(receipt), indent=1) if as_json else receipt_text(receipt))
    return OK


async def until_nothing_is_under_way(
    engine: Engine, subject: Subject, longest: timedelta = _LONGEST_UNDER_WAY
) -> int:
    """
    Wait for the requests about somebody that a process is at work on; how many are still under way then.

    What they learn and post would be there again when everything has been erased.
    """
    inbox = Inbox(engine.store, engine.keyring)
    if not await inbox.count_open():
        return 0
    doomed = await find_person(engine.store, engine.keyring, subject, _product_of(engine))
    return await inbox.still_at_work_on([str(key[0]) for key in doomed.rows[jobs]], longest)


def _product_of(engine: Engine) -> ProductOf:
    return SharedUids.of(engine.settings.shared_uids).product_of


async def erase_person(engine: Engine, subject: Subject, *, is_dry_run: bool, with_posts: bool) -> Receipt:
    """Erase a person from the database, and on request from Slack; the receipt is kept in the audit trail."""
    store, keyring = engine.store, engine.keyring
    doomed = await find_person(store, keyring, subject, _product_of(engine))
    places, beyond = await posts_about(store, doomed), await out_of_reach(store, doomed)
    book = DigestBook(store, keyring)
    lists = sorted(await book.pages_of([place for (place,) in doomed.rows[digest_tickets]]))
    removed, is_whole = None, True
    if not is_dry_run:
        async with AsyncExitStack() as stack:
            slack = await stack.enter_async_context(_slack(engine)) if with_posts else None
            url = (await identify(slack)).url if slack and lists else ""
            removed = await remove_posts(slack, places) if slack else None
            await erase(store, keyring, doomed)
            if slack and removed and lists:
                above = engine.settings.tickets.digest_above
                removed += await take_lines_out(book, slack, lists, above, url)
        counts = tuple(f"{table}:{rows}" for table, rows in doomed.counts.items() if rows)
        entry = AuditEntry(terminal_account(), None, Way.FORGET, Came.FORGOTTEN, sources=counts)
        await trail_of(engine, Inbox(store, keyring)).write_receipt(entry, subject)
        is_whole = await store.compact()
    kept, found = forgotten_hash(keyring, subject), len(places) + len(lists)
    return Receipt(engine.clock(), kept, doomed, found, beyond, removed, is_dry_run, is_whole)


@asynccontextmanager
async def _slack(engine: Engine) -> AsyncIterator[SlackClient]:
    settings, seals = engine.settings, ButtonSeals(engine.keyring)
    token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else None
    async with open_slack_session() as session:
        yield SlackClient(token, settings.slack_api_url, session, RateLimits(engine.store), seals)


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """The receipt as an object, as the README has it."""
    removed = receipt.removed or Removed()
    return {
        "at": iso(receipt.at),
        "hash": receipt.hash,
        "dry_run": receipt.is_dry_run,
        "names": receipt.doomed.names,
        "tables": receipt.doomed.counts,
        "posts": {
            "found": receipt.posts,
            "deleted": removed.deleted,
            "edited": removed.edited,
            "left": len(removed.left),
            "left_at": [asdict(one) for one in removed.left],
        },
        "out_of_reach": asdict(receipt.beyond),
        "unreadable": receipt.doomed.unreadable,
        "under_way": receipt.under_way,
    }


def receipt_text(receipt: Receipt) -> str:
    """The receipt as lines."""
    doomed = receipt.doomed
    done = "Would be erased" if receipt.is_dry_run else "Erased"
    rows = [f"  {table}  {counted(count, 'row')}" for table, count in doomed.counts.items() if count]
    names = counted(doomed.names, "name")
    lines = [f"{done} at {moment_text(receipt.at)}, {names} of theirs; kept of them: hash:{receipt.hash}"]
    lines += rows or ["  nothing was stored about them"]
    lines += _posts_text(receipt)
    if doomed.unreadable:
        lines.append(
            f"{counted(doomed.unreadable, 'row')} sealed by a key that is no longer in SECRET_KEY: not read"
        )
    if receipt.under_way:
        requests = counted(receipt.under_way, "request")
        lines.append(
            f"{requests} about them had not ended, and may tell of them again: repeat this in a while."
        )
    if not receipt.is_whole:
        lines.append("Another process still reads the file: what was deleted leaves it when that has ended.")
    return "\n".join(lines)


def _posts_text(receipt: Receipt) -> list[str]:
    """What became of the posts in Slack, and what Slack lets no app take back."""
    removed, lines = receipt.removed, list[str]()
    if removed is not None:
        told = [f"{counted(removed.deleted, 'post')} of the bot’s deleted in Slack"]
        told += [f"{counted(removed.edited, 'list')} of tickets edited"] if removed.edited else []
        lines.append(f"{', '.join(told)}, {len(removed.left)} left")
        lines += [f"  left: {one.channel} {one.ts} ({one.why})" for one in removed.left]
    elif receipt.posts:
        lines.append(
            f"{counted(receipt.posts, 'post')} of the bot’s about them in Slack: --posts deletes them"
        )
    beyond = receipt.beyond
    kept = [
        (beyond.cards, "card below other people’s messages", "cards below other people’s messages"),
        (
            beyond.shown_to_one,
            "answer that one person alone was shown",
            "answers that one person alone was shown",
        ),
        (beyond.desk_notes, "note in a help desk", "notes in a help desk"),
        (beyond.workflow_answers, "answer that a workflow was handed", "answers that workflows were handed"),
    ]
    out = [f"{count} {one if count == 1 else many}" for count, one, many in kept if count]
    return [*lines, f"No app can take back: {', '.join(out)}"] if out else lines
