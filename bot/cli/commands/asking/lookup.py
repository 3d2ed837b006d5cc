"""`casefile lookup`."""

import json
import sys

from bot.app import trail_of
from bot.audit.entries import AuditEntry, ShownTo
from bot.cli.arguments import AsJson, Fresh
from bot.cli.as_json.lookup_json import case_file_json
from bot.cli.lookup_text.screen import print_case_file, progress
from bot.cli.running import run_once
from bot.cli.subjects import Days, TypedSubject, check_days, subject_of
from bot.cli.terminal import NO_ANSWER, OK, terminal_account
from bot.domain.asking import Way
from bot.domain.model import Subject
from bot.engine.opening import open_engine
from bot.jobs.inbox import Inbox
from bot.settings.model import Settings
from bot.sources.protocol import Effort, Question

# A vendor may take 30 seconds, and its answer belongs to what is printed.
LATE_ANSWERS_SECONDS = 40.0


def lookup(
    subject: TypedSubject,
    /,
    *,
    as_json: AsJson = False,
    days: Days = None,
    fresh: Fresh = False,
) -> int:
    """Print the case file of a subject; the exit status, which says whether any source answered."""
    about = subject_of(subject)
    check_days(days)
    effort = Effort.FRESH if fresh else Effort.USUAL
    return run_once(lambda settings: _look_up(settings, about, days, effort, as_json=as_json))


async def _look_up(
    settings: Settings, subject: Subject, days: int | None, effort: Effort, *, as_json: bool
) -> int:
    async with open_engine(settings) as engine:
        question = Question(subject, days or settings.lookup.days, effort=effort)
        trail = trail_of(engine, Inbox(engine.store, engine.keyring))
        asking = AuditEntry(terminal_account(), None, Way.TERMINAL)
        with progress() as show:
            case_file = await engine.lookup.within(question, LATE_ANSWERS_SECONDS, show)
        # Before anything is shown.
        await trail.write(asking.about([case_file], ShownTo.ASKER))
        if as_json:
            print(json.dumps(case_file_json(case_file), ensure_ascii=False, indent=1))
        else:
            print_case_file(case_file)
        sys.stdout.flush()
        # What is read for later questions behind an answer is let finish.
        await engine.tasks.drain(LATE_ANSWERS_SECONDS)
        if not engine.sources:
            print("casefile: no source is configured, for example FULLSTORY__MAIN__API_KEY", file=sys.stderr)
        return OK if case_file.answered else NO_ANSWER
