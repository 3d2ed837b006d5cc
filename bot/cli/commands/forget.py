"""`casefile forget`: erases a person from everything, and prints a receipt."""

import asyncio
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from cyclopts import Parameter

from bot.answers.mrkdwn import counted
from bot.app import trail_of
from bot.audit.entries import AuditEntry, Came
from bot.audit.erasures import HEARD_WITHIN_SECONDS, announce
from bot.audit.forget import Doomed, erase, find_person
from bot.audit.own_posts import Removed, posts_about, remove_posts
from bot.audit.trail import forgotten_hash
from bot.cli.arguments import AsJson
from bot.cli.as_json.json_values import iso
from bot.cli.running import run_once
from bot.cli.terminal import OK, Complaint, moment_text, terminal_account
from bot.domain.asking import Way
from bot.domain.model import Subject
from bot.domain.subjects import NotUnderstood, read_subject
from bot.engine.opening import open_engine
from bot.engine.parts import Engine
from bot.jobs.inbox import Inbox
from bot.lookup.shared_uids import SharedUids
from bot.settings.model import Settings
from bot.slack.client import SlackClient, open_slack_session
from bot.slack.rate_limits import RateLimits


@dataclass(frozen=True, slots=True)
class Receipt:
    """
    What was erased, or would be: rows by table, and the bot's own posts in Slack.

    `hash` is all that is kept of the person. `is_whole` is False where another process still reads parts of
    the database file that are deleted.
    """

    at: datetime
    hash: str
    doomed: Doomed
    posts: int
    removed: Removed | None
    is_dry_run: bool
    is_whole: bool = True


def forget(
    subject: Annotated[str, Parameter(help="an address, or a uid (uid:… where in doubt)")],
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
    understood = read_subject(subject.strip())
    if isinstance(understood, NotUnderstood):
        raise Complaint(understood.why)
    return run_once(
        lambda settings: _forget(settings, understood, is_dry_run=dry_run, with_posts=posts, as_json=as_json)
    )


async def _forget(
    settings: Settings, subject: Subject, *, is_dry_run: bool, with_posts: bool, as_json: bool
) -> int:
    if with_posts:
        settings.require("SLACK_BOT_TOKEN")
    async with open_engine(settings) as engine:
        if not is_dry_run:
            await announce(engine.store)
            await asyncio.sleep(HEARD_WITHIN_SECONDS)
        receipt = await erase_person(engine, subject, is_dry_run=is_dry_run, with_posts=with_posts)
    print(json.dumps(receipt_json(receipt), indent=1) if as_json else receipt_text(receipt))
    return OK


async def erase_person(engine: Engine, subject: Subject, *, is_dry_run: bool, with_posts: bool) -> Receipt:
    """Erase a person from the database, and on request from Slack; the receipt is kept in the audit trail."""
    store, keyring = engine.store, engine.keyring
    product_of = SharedUids.of(engine.settings.shared_uids).product_of
    doomed = await find_person(store, keyring, subject, product_of)
    places = await posts_about(store, doomed)
    removed, is_whole = None, True
    if not is_dry_run:
        if with_posts:
            async with open_slack_session() as session:
                removed = await remove_posts(_slack(engine, session), places)
        await erase(store, keyring, doomed)
        counts = tuple(f"{table}:{rows}" for table, rows in doomed.counts.items() if rows)
        entry = AuditEntry(terminal_account(), None, Way.FORGET, Came.FORGOTTEN, sources=counts)
        await trail_of(engine, Inbox(store, keyring)).write_receipt(entry, subject)
        is_whole = await store.compact()
    kept = forgotten_hash(keyring, subject)
    return Receipt(engine.clock(), kept, doomed, len(places), removed, is_dry_run, is_whole)


def _slack(engine: Engine, session: Any) -> SlackClient:
    settings = engine.settings
    token = settings.slack_bot_token.get_secret_value() if settings.slack_bot_token else None
    return SlackClient(token, settings.slack_api_url, session, RateLimits(engine.store))


def receipt_json(receipt: Receipt) -> dict[str, Any]:
    """The receipt as an object, as the README has it."""
    removed = receipt.removed or Removed()
    return {
        "at": iso(receipt.at),
        "hash": receipt.hash,
        "dry_run": receipt.is_dry_run,
        "names": receipt.doomed.names,
        "tables": receipt.doomed.counts,
        "posts": {"found": receipt.posts, "deleted": removed.deleted, "left": removed.left},
        "unreadable": receipt.doomed.unreadable,
    }


def receipt_text(receipt: Receipt) -> str:
    """The receipt as lines."""
    doomed, removed = receipt.doomed, receipt.removed
    done = "Would be erased" if receipt.is_dry_run else "Erased"
    rows = [f"  {table}  {counted(count, 'row')}" for table, count in doomed.counts.items() if count]
    names = counted(doomed.names, "name")
    lines = [f"{done} at {moment_text(receipt.at)}, {names} of theirs; kept of them: hash:{receipt.hash}"]
    lines += rows or ["  nothing was stored about them"]
    if removed is not None:
        lines.append(f"{counted(removed.deleted, 'post')} of the bot’s deleted in Slack, {removed.left} left")
    elif receipt.posts:
        lines.append(
            f"{counted(receipt.posts, 'post')} of the bot’s about them in Slack: --posts deletes them"
        )
    if doomed.unreadable:
        lines.append(
            f"{counted(doomed.unreadable, 'row')} sealed by a key that is no longer in SECRET_KEY: not read"
        )
    if not receipt.is_whole:
        lines.append("Another process still reads the file: what was deleted leaves it when that has ended.")
    return "\n".join(lines)
