"""Where what a button asked for is shown: in the thread that it stands in, or to whoever pressed alone."""

from dataclasses import replace

from bot.audit.entries import AuditEntry, ShownTo
from bot.domain.asking import Asker
from bot.domain.message import Message
from bot.jobs.admission import Admission
from bot.jobs.inbox import Job
from bot.slack.lost_posts import Spot
from bot.slack.poster import NotHere, Poster
from bot.slack.posts import Part


async def show(
    job: Job,
    asker: Asker,
    message: Message,
    spot: Spot | None,
    entry: AuditEntry,
    *,
    admission: Admission,
    poster: Poster,
) -> None:
    """
    Post a message, and write its entry in the audit trail with who sees it.

    Args:
        job: the press of the button.
        asker: who pressed.
        message: what is shown.
        spot: where to post it; None where it is for the asker alone, as it also is where Slack takes no
            post there.
        entry: what the trail says of it, but for who sees it.
        admission: private messages, and the trail.
        poster: posts in threads.

    """
    if spot is not None:
        admission.trail.note(job, [replace(entry, shown_to=ShownTo.PUBLIC)])
        if await _is_posted(job, spot, message, poster):
            return
    admission.trail.note(job, [replace(entry, shown_to=ShownTo.ASKER)])
    await admission.tell(job, asker, message)


async def _is_posted(job: Job, spot: Spot, message: Message, poster: Poster) -> bool:
    try:
        await poster.post(job, Part("answer"), spot, message)
    except NotHere:
        return False
    return True
