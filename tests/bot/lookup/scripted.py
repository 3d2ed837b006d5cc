"""A source that answers as a test says."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta

from bot.domain.answer import Answer
from bot.domain.model import Failure, Session, SourceName, Subject
from bot.sources.http import CallFailed, Calls, VendorHttp
from bot.sources.protocol import Freshness, Question, Recall
from bot.sources.quota import Account

NAME = SourceName("raygun", "shop")
FRESHNESS = Freshness(found=timedelta(minutes=10), nobody=timedelta(minutes=1))


@dataclass
class ScriptedSource:
    """A source that answers as scripted, when the test lets it."""

    http: VendorHttp
    name: SourceName = NAME
    title: str = "Raygun"
    freshness: Freshness = FRESHNESS
    answers: list[Answer | Failure] = field(default_factory=list)
    asked: int = 0
    spellings: list[str] = field(default_factory=list)
    gate: asyncio.Event = field(default_factory=asyncio.Event)

    async def account(self) -> Account:
        return self.http.account

    async def cost(self, _subject: Subject) -> int:
        return 1

    async def find(self, question: Question, calls: Calls) -> Answer:
        self.asked += 1
        self.spellings += question.subject.spellings
        calls.made += 1
        await self.gate.wait()
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(said, Failure):
            raise CallFailed(said.reason, said.message, said.until)
        return said

    async def session(self, _session_id: str, _calls: Calls) -> Session | None:
        return None

    async def check(self, _calls: Calls) -> str:
        return "well"


@dataclass
class WithIndex(ScriptedSource):
    """One with an index, in which two records are unread."""

    async def recall(self, _question: Question) -> Recall:
        return Recall(Answer(left_out=2), enough=True)
