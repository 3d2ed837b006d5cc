"""
"Is it just them?", pressed below an answer: how many others the newest errors hit.

It is asked when somebody presses, because it costs calls. The answer stands where the button is, or is for
whoever pressed alone, as the answer above it.
"""

from dataclasses import replace

from bot.answers.block_kit import divider, packed
from bot.answers.case_file_message import View, together
from bot.answers.mrkdwn import code
from bot.answers.words.others import others_paragraphs, verdict_text
from bot.answers.words.style import SLACK, with_short_labels
from bot.audit.entries import AuditEntry, Came, ShownTo, asked_by
from bot.audit.own import OwnLookup
from bot.domain.addresses import LONGEST_SUBJECT
from bot.domain.asking import AnswerForm, Asker
from bot.domain.message import Message
from bot.domain.model import CaseFile
from bot.jobs.admission import Admission
from bot.jobs.home.tab import HomeTab
from bot.jobs.inbox import Job
from bot.jobs.payloads import OTHERS
from bot.jobs.pressed.shown import show
from bot.lookup.fan_out import Lookup
from bot.lookup.others import Others, OthersHit
from bot.operations.clock import Clock
from bot.slack.lost_posts import Spot
from bot.slack.poster import Poster
from bot.sources.protocol import Effort, Question
from bot.sources.quota import Purpose


class OthersJobs:
    """
    Handles clicks on "Is it just them?".

    Args:
        admission: who may ask, and private messages to the asker.
        lookup: what hit the customer, from what is known already.
        others: asks how many others it hit.
        poster: posts the answer.
        home: shows it on Home tabs, above the answer there with its first visits (`shown`).
        clock: the time, by which counts are old.
        is_private: whether the asker alone is to see it (`VISIBILITY`).

    """

    def __init__(
        self,
        admission: Admission,
        lookup: Lookup,
        others: Others,
        poster: Poster,
        home: HomeTab,
        clock: Clock,
        *,
        shown: int,
        is_private: bool,
    ) -> None:
        self._admission = admission
        self._lookup = lookup
        self._others = others
        self._poster = poster
        self._home = home
        self._shown = shown
        self._clock = clock
        self._is_private = is_private

    async def answer(self, job: Job) -> None:
        """Count the others and post that where the button was pressed, or say why not."""
        payload = OTHERS.read(job.payload)
        asker, admission, subject = payload.asker, self._admission, payload.subject
        verdict = await admission.admit(job, asker, (subject,))
        if verdict is None:
            return
        # What the answer above told is known: nobody is asked for it again.
        question = Question(subject, payload.days, Purpose.OTHERS, Effort.KNOWN, by=asker.user)
        case_file = await self._lookup.until_deadline(question)
        hits = await self._others.of(case_file, asker.user)
        message = self._message(case_file, hits)
        [entry] = asked_by(asker, (subject,))
        entry = others_entry(entry, hits)
        if payload.on_home:
            admission.trail.note(job, [replace(entry, shown_to=ShownTo.ASKER)])
            await self._show_on_home(asker, case_file, message)
            return
        in_public = verdict.in_public and not payload.ephemeral and not self._is_private
        spot = Spot(asker.channel, payload.thread_ts) if in_public else None
        await show(job, asker, message, spot, entry, admission=admission, poster=self._poster)

    async def _show_on_home(self, asker: Asker, case_file: CaseFile, message: Message) -> None:
        """Show it above the answer that the button is below, which stays."""
        answer = together(case_file, View(None, self._shown, form=AnswerForm.HOME)).blocks
        blocks = [*message.blocks, divider(), *answer]
        await self._home.show(asker, answer=blocks, asked=OwnLookup(case_file.subject, case_file.as_of))

    def _message(self, case_file: CaseFile, hits: tuple[OthersHit, ...]) -> Message:
        who = code(case_file.subject.value, LONGEST_SUBJECT)
        style = with_short_labels(SLACK, [case_file])
        told = others_paragraphs(hits, who, case_file.days, self._clock(), style)
        return Message(verdict_text(hits, who), [block for lines in told for block in packed(lines)])


def others_entry(entry: AuditEntry, hits: tuple[OthersHit, ...]) -> AuditEntry:
    """What the audit trail says of it: which sources were asked about how many errors."""
    sources = {one.source for hit in hits for one in hit.told}
    sources |= {one.source for hit in hits for one in hit.untold}
    told = any(hit.told for hit in hits)
    outcome = (Came.FOUND if told else Came.NO_ANSWER) if hits else Came.NOBODY
    return replace(entry, outcome=outcome, sources=tuple(sorted(map(str, sources))), errors=len(hits))
