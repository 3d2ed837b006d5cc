"""An invented vendor, whole: what adding a source takes (`docs/adding_a_source.md`)."""

from dataclasses import dataclass
from datetime import timedelta

import httpx2

from bot.domain.answer import Answer
from bot.domain.model import Session, SessionUser, SourceName, Subject
from bot.sources.http import Calls, Reply, VendorHttp, segment
from bot.sources.json_fields import Id, Moment, Record, at, read_record, read_records
from bot.sources.protocol import Freshness, Question
from bot.sources.quota import Account, Window
from bot.sources.wiring import Wiring


class _Seen(Record):
    id: Id = None
    who: Id = None
    at: Moment = None


@dataclass(frozen=True, slots=True)
class Peek:
    """One Peek project: a session is its id, whose it is, and when it began."""

    name: SourceName
    http: VendorHttp
    key: str

    title = "Peek"
    freshness = Freshness(found=timedelta(minutes=2), nobody=timedelta(seconds=30))

    async def account(self) -> Account:
        return self.http.account

    async def cost(self, subject: Subject) -> int:  # noqa: ARG002
        return 1

    async def find(self, question: Question, calls: Calls) -> Answer:
        who, since = question.subject.typed, question.since(self.http.clock())
        reply = await self._get("/seen", calls, who=who, since=since.isoformat())
        rows = read_records(at(reply.body, "seen"), _Seen)
        if rows is None:
            raise calls.unreadable("a list of sessions")
        return Answer(tuple(self._session(row, row.id) for row in rows if row.id))

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        reply = await self._get(f"/seen/{segment(session_id)}", calls)
        row = read_record(reply.body, _Seen)
        return self._session(row, session_id) if row and row.id == session_id else None

    async def check(self, calls: Calls) -> str:
        await self._get("/seen", calls, who="nobody")
        return "the key may list sessions"

    async def _get(self, path: str, calls: Calls, **params: str) -> Reply:
        reply = await calls.get(path, params=params, headers={"X-Key": self.key})
        if not reply.ok and reply.status != 404:
            raise calls.refused(reply)
        return reply

    def _session(self, row: _Seen, session_id: str) -> Session:
        return Session(self.name, session_id, started_at=row.at, user=SessionUser(uid=row.who))


def build(name: SourceName, settings: dict[str, str], client: httpx2.AsyncClient, wiring: Wiring) -> Peek:
    http = wiring.http(client, Peek.title, settings["base_url"], str(name), (Window(60, 60),))
    return Peek(name, http, settings["api_key"])
