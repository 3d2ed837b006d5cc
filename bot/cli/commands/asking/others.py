"""`casefile others`: whether it is just them."""

import json
import sys

from bot.answers.words import table
from bot.app import trail_of
from bot.audit.entries import AuditEntry, ShownTo
from bot.cli.arguments import AsJson
from bot.cli.as_json.others_json import others_json
from bot.cli.commands.asking.lookup import LATE_ANSWERS_SECONDS
from bot.cli.lookup_text.screen import print_others, progress
from bot.cli.running import run_once
from bot.cli.subjects import Days, TypedSubject, check_days, subject_of
from bot.cli.terminal import NO_ANSWER, OK, terminal_account, working
from bot.domain.asking import Way
from bot.domain.model import Subject
from bot.engine.opening import open_engine
from bot.jobs.inbox import Inbox
from bot.jobs.pressed.others import others_entry
from bot.settings.model import Settings
from bot.sources.protocol import Question


def others(
    subject: TypedSubject,
    /,
    *,
    as_json: AsJson = False,
    days: Days = None,
) -> int:
    """Print how many others a subject's newest errors hit; the exit status is as of `lookup`."""
    about = subject_of(subject)
    check_days(days)
    return run_once(lambda settings: _count(settings, about, days, as_json=as_json))


async def _count(settings: Settings, subject: Subject, days: int | None, *, as_json: bool) -> int:
    async with open_engine(settings) as engine:
        trail = trail_of(engine, Inbox(engine.store, engine.keyring))
        asking = AuditEntry(terminal_account(), None, Way.OTHERS, subject=subject, shown_to=ShownTo.ASKER)
        with progress() as show:
            question = Question(subject, days or settings.lookup.days)
            case_file = await engine.lookup.within(question, LATE_ANSWERS_SECONDS, show)
        with working(table.COUNTING_OTHERS):
            hits = await engine.others.of(case_file)
        # Before anything is shown.
        await trail.write([others_entry(asking, hits)])
        if as_json:
            print(json.dumps(others_json(case_file, hits), ensure_ascii=False, indent=1))
        else:
            print_others(case_file, hits, engine.clock())
        sys.stdout.flush()
        await engine.tasks.drain(LATE_ANSWERS_SECONDS)
        if not engine.sources:
            print("casefile: no source is configured, for example FULLSTORY__MAIN__API_KEY", file=sys.stderr)
        return OK if case_file.answered else NO_ANSWER
