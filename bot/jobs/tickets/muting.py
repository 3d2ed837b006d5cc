"""Channels in which tickets get no reply: whoever may look customers up there says so, and undoes it."""

import structlog

from bot.answers.prompts import muted, unmuted
from bot.answers.words import table
from bot.audit.entries import Came
from bot.jobs.admission import Admission
from bot.jobs.inbox import Job
from bot.jobs.payloads import MUTE
from bot.tickets.switches import Switches


class MuteJobs:
    """
    Mutes channels for tickets, and undoes it.

    Args:
        admission: who may do so.
        switches: where it is kept.
        command: the command's name, by which it is undone.

    """

    def __init__(self, admission: Admission, switches: Switches, command: str) -> None:
        self._admission = admission
        self._switches = switches
        self._command = command
        self._log = structlog.get_logger("tickets")

    async def switch(self, job: Job) -> None:
        """Have tickets in the asker's channel get no reply, or one again, for whoever may ask there."""
        payload = MUTE.read(job.payload)
        asker = payload.asker
        verdict = await self._admission.admit(job, asker)
        if verdict is None:
            return
        if asker.is_direct or not verdict.in_public:
            self._admission.note(job, asker, Came.TOLD)
            await self._admission.tell(job, asker, table.CANNOT_MUTE)
            return
        await self._switches.mute(asker.channel, is_on=payload.is_on)
        self._log.info("channel.muted", job=job.id, is_on=payload.is_on)
        self._admission.note(job, asker, Came.MUTED if payload.is_on else Came.UNMUTED)
        confirm = muted if payload.is_on else unmuted
        await self._admission.tell(job, asker, confirm(self._command))
