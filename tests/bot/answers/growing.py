"""Case files that grow, and what a message about one says."""

from dataclasses import replace
from datetime import UTC, datetime

from bot.answers.case_file_message import View
from bot.domain.asking import AnswerForm
from bot.domain.model import CaseFile, Finding, Session, SourceName, State, Subject, SubjectKind
from sandbox.slack import Message

NOW = datetime(2026, 11, 20, 14, 5, tzinfo=UTC)
WWW, MAIN = SourceName("rybbit", "www"), SourceName("fullstory", "main")
JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")
ANSWER = View("U0AGENT001", form=AnswerForm.ANSWER)


def growing(sessions: int) -> CaseFile:
    """A case file with so many sessions, while FullStory is still being asked."""
    found = tuple(Session(WWW, str(number), started_at=NOW) for number in range(sessions))
    return CaseFile(JANE, NOW, 30, (Finding(WWW, State.LIVE, NOW, 1, found),), (MAIN,), at_vendor=(MAIN,))


def ended(sessions: int) -> CaseFile:
    """The same when nothing more will come."""
    return replace(growing(sessions), waiting=(), at_vendor=())


def says(message: Message, sessions: int, *, is_asking: bool) -> bool:
    """Whether a message's headline says so much, and whether more is to come."""
    return f"{sessions} visit" in message.text and ("asking FullStory" in message.text) is is_asking
