"""What happened in Slack while a job was worked on, said in the queue's words."""

from collections.abc import Awaitable, Callable

import structlog

from bot.jobs.admission import NotAgain
from bot.jobs.inbox import Job
from bot.jobs.results import Answered, Elsewhere, GaveUp, GivenUp, NotYet, PutOff, Result, Unreachable
from bot.jobs.worker import GiveUp, Handler
from bot.slack.client import SlackAway
from bot.slack.lost_posts import OutcomeUnknown
from bot.slack.posts import TakenOver
from bot.tickets.book import BeingAnswered


def answering_in_slack(answer: Callable[[Job], Awaitable[None]]) -> Handler:
    """Wraps a Slack handler so that its exceptions become queue results."""

    async def handle(job: Job) -> Result:
        try:
            await answer(job)
        except (BeingAnswered, PutOff) as later:
            return NotYet(later.wait) if isinstance(later, PutOff) else NotYet()
        except TakenOver:
            return Elsewhere()
        except OutcomeUnknown:
            return GivenUp(GaveUp.OUTCOME_UNKNOWN)
        except SlackAway as away:
            return Unreachable(str(away), away.wait)
        except NotAgain as broken:
            return GivenUp(GaveUp.UNEXPECTED, broken.__cause__)
        return Answered()

    return handle


def telling_in_slack(give_up: GiveUp) -> GiveUp:
    """Wraps the give-up handler; logs an error if Slack is unreachable."""
    report = structlog.get_logger("slack_results").error

    async def tell(job: Job, why: GaveUp) -> None:
        try:
            await give_up(job, why)
        except SlackAway as away:
            report("job.nobody_told", job=job.id, kind=job.kind, why=str(away))

    return tell
