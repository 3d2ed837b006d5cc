"""
Raygun asked for one person by its MCP server, with the index behind it.

The server answers what neither API does: who has a name, and their newest sessions and errors. What its
answers look like is not documented, so nothing depends on it: where it cannot be asked or understood, or is
slow, the index answers as it does without, and a note says so.
"""

import asyncio
from collections.abc import MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import structlog

from bot.domain.answer import Answer
from bot.domain.links import Link
from bot.domain.model import Failure, Reason, Session, SourceName, Subject
from bot.operations.clock import expiring_cache
from bot.operations.tasks import Tasks
from bot.sources.http import CallFailed, Calls, VendorHttp
from bot.sources.json_fields import by_time
from bot.sources.protocol import Effort, Freshness, Question
from bot.sources.quota import Account, Purpose
from bot.sources.raygun.index import LONGEST_VISIT
from bot.sources.raygun.legacy import Raygun
from bot.sources.raygun.mcp import answers
from bot.sources.raygun.mcp.answers import FoundCustomer, OddAnswer
from bot.sources.raygun.mcp.server import Conversation, conversing
from bot.sources.raygun.v3 import RaygunV3

# How long an answer waits for the server before the index is asked; what the server says later is kept.
_PATIENCE_SECONDS = 4.0
# How long it is not asked after it could not be understood, and how long a late answer is good.
_TROUBLE_LASTS = timedelta(minutes=5)
_LATE_LASTS = timedelta(minutes=2)
_LATE_KEPT = 200
# Customers of one name whose sessions are asked for, and names of one person that are searched for.
_MOST_CUSTOMERS, _MOST_NAMES = 3, 3
# Sessions and error groups that the server tells of one customer (TOOLS.md, `customer_investigate`).
_MOST_SESSIONS, _MOST_GROUPS = 10, 20
# Sessions that are asked for where a customer has more than that.
_A_PAGE = 500
# A conversation's own calls: it begins, says so, lists the tools, and ends.
_CALLS_AROUND = 4


@dataclass(frozen=True, slots=True)
class _NoUse:
    """Why the server did not answer, in words; `failure` where a call failed."""

    why: str
    failure: Failure | None = None


@dataclass(slots=True)
class _State:
    """Why the server is not asked now, and what it said too late, by question."""

    trouble: MutableMapping[str, _NoUse]
    late: MutableMapping[str, Answer]


@dataclass(frozen=True, slots=True)
class RaygunByMcp:
    """
    One application: its MCP server in front of its index.

    `asking` is what the server is asked with: its calls count against the token, as those of API v3 do.
    """

    index: Raygun | RaygunV3
    asking: VendorHttp
    token: str
    application: str
    tasks: Tasks
    patience_seconds: float = _PATIENCE_SECONDS
    _state: _State = field(init=False)

    title = "Raygun"
    freshness = Freshness(found=timedelta(minutes=2), nobody=timedelta(minutes=1))

    def __post_init__(self) -> None:
        """Make what is remembered, by the source's clock."""
        clock = self.asking.clock
        state = _State(
            expiring_cache(1, _TROUBLE_LASTS, clock), expiring_cache(_LATE_KEPT, _LATE_LASTS, clock)
        )
        object.__setattr__(self, "_state", state)

    @property
    def name(self) -> SourceName:
        """The account's name, which is its index's."""
        return self.index.name

    @property
    def http(self) -> VendorHttp:
        """What the index's calls are made with."""
        return self.index.http

    async def account(self) -> Account:
        """The index's account in the ledger."""
        return await self.index.account()

    async def more_accounts(self) -> tuple[Account, ...]:
        """The index's other accounts, and the token's."""
        others = await self.index.more_accounts() if isinstance(self.index, RaygunV3) else ()
        own = await self.account()
        return tuple(one for one in (*others, self.asking.account) if one != own)

    async def cost(self, subject: Subject) -> int:
        """The most calls: a conversation with a search and the customers found, and then the index's."""
        return _CALLS_AROUND + _MOST_NAMES + 2 * _MOST_CUSTOMERS + await self.index.cost(subject)

    async def find(self, question: Question, calls: Calls) -> Answer:
        """
        What the server says of the subject; without it, what the index does.

        Raises:
            CallFailed: when neither can be asked or understood.

        """
        said = await self._by_server(question, calls)
        if isinstance(said, Answer):
            return said
        try:
            answer = await self._by_index(question, calls)
        except CallFailed as failed:
            if said.failure and failed.failure.reason is Reason.QUOTA_SPENT:
                # What closed the account is the reason, rather than that it is closed.
                raise CallFailed(said.failure.reason, said.failure.message, said.failure.until) from None
            raise
        return replace(answer, notes=(*answer.notes, f"answered by its index: {said.why}"))

    async def _by_index(self, question: Question, calls: Calls) -> Answer:
        recall = await self.index.recall(question)
        if recall.answer is not None and recall.enough:
            return recall.answer
        return await self.index.find(question, calls)

    async def _by_server(self, question: Question, calls: Calls) -> "Answer | _NoUse":
        """The server's answer, or why there is none."""
        fresh = question.effort is Effort.FRESH
        if not fresh and (trouble := self._state.trouble.get("")):
            return trouble
        key = f"{question.days}:{question.subject.kind}:{question.subject.typed}"
        if (late := self._state.late.pop(key, None)) and not fresh:
            return late
        own = self.asking.asking(question.purpose, by=question.by)
        task = self.tasks.spawn(self._ask(question, own), f"ask {self.name} by mcp")
        done, _ = await asyncio.wait({task}, timeout=self.patience_seconds)
        calls.made += own.made
        calls.left_out += own.left_out
        if not done:
            task.add_done_callback(lambda ended: self._keep(key, ended))
            return _NoUse("its MCP server takes longer, and what it says is shown at the next lookup")
        return task.result()

    def _keep(self, key: str, ended: "asyncio.Task[Answer | _NoUse]") -> None:
        if ended.cancelled() or ended.exception() is not None:
            return
        said = ended.result()
        if isinstance(said, Answer):
            self._state.late[key] = said

    async def _ask(self, question: Question, calls: Calls) -> "Answer | _NoUse":
        log = structlog.get_logger("raygun")
        try:
            async with conversing(self.asking, self.token, calls) as server:
                return await self._converse(server, question, calls)
        except OddAnswer as problem:
            # What was met is worth a line; it holds no word of the server.
            log.warning("raygun.mcp_not_understood", source=str(self.name), why=str(problem))
            said = _NoUse(f"its MCP server is not understood: {problem}")
        except CallFailed as failed:
            log.warning("raygun.mcp_failed", source=str(self.name), why=failed.failure.reason.value)
            said = _NoUse(f"its MCP server was of no use: {failed.failure.message}", failed.failure)
            if failed.failure.reason in (Reason.QUOTA_SPENT, Reason.RATE_LIMITED):
                # The ledger knows when it may be asked again.
                return said
        self._state.trouble[""] = said
        return said

    async def _converse(self, server: Conversation, question: Question, calls: Calls) -> Answer:
        theirs: dict[str, FoundCustomer] = {}
        terms = [(name, term) for name in question.names for term in _terms(name)]
        for name, term in terms[:_MOST_NAMES]:
            body = await server.ask("customers_search", appId=self.application, searchTerm=term)
            found = answers.customers(body)
            theirs |= {one.identifier: one for one in found if one.identifier and one.is_called(name)}
        known = sorted(theirs.values(), key=lambda customer: by_time(customer.last_seen_at), reverse=True)
        answered = [await self._investigate(server, one, question, calls) for one in known[:_MOST_CUSTOMERS]]
        sessions = {s.id: s for one in answered for s in one.sessions}
        errors = {e.id or e.title: e for one in answered for e in one.errors}
        notes = [note for one in answered for note in one.notes]
        if more := len(known) - _MOST_CUSTOMERS:
            notes += [f"{more} more customers of this name were not asked for"] if more > 0 else []
        newest = sorted(sessions.values(), key=lambda s: s.started_at or self.asking.clock(), reverse=True)
        cuts = [one.complete_from for one in answered if one.complete_from]
        cut = [self.asking.clock()] if more > 0 else []
        return Answer(
            tuple(newest),
            tuple(errors.values()),
            tuple(dict.fromkeys(notes)),
            people=tuple(one.person for one in known),
            complete_from=max(cuts + cut, default=None),
        )

    async def _investigate(
        self, server: Conversation, customer: FoundCustomer, question: Question, calls: Calls
    ) -> Answer:
        """What the server tells of one customer; more of their sessions where it tells the newest alone."""
        since = question.since(self.asking.clock())
        # Sessions may be chosen by their beginning: those that went on in these days are theirs too.
        body = await server.ask(
            "customer_investigate",
            appId=self.application,
            customerId=customer.identifier,
            startTime=f"{since - LONGEST_VISIT:%Y-%m-%dT%H:%M:%SZ}",
        )
        first = answers.sessions(body, self.name, customer.person)
        calls.left_out += first.left_out
        told: Sequence[Session] = first.sessions
        errors = answers.errors(body, self.name, since)
        notes = [f"the newest {_MOST_GROUPS} errors alone"] if len(errors) >= _MOST_GROUPS else []
        cut = None
        if len(told) >= _MOST_SESSIONS:
            told, is_cut = await self._more_sessions(server, customer, told)
            cut = told[-1].started_at if is_cut else None
            notes += [f"the newest {len(told)} sessions alone"] if is_cut else []
        reaching = tuple(session for session in told if session.may_reach(since))
        return Answer(reaching, tuple(errors), tuple(notes), complete_from=cut)

    async def _more_sessions(
        self, server: Conversation, customer: FoundCustomer, told: Sequence[Session]
    ) -> tuple[Sequence[Session], bool]:
        """A page of a customer's sessions, and whether there may be more; those told where it is no use."""
        if not server.has("sessions_list", "appId", "filterExpression", "count", "sortOrder"):
            return told, True
        try:
            body = await server.ask(
                "sessions_list",
                appId=self.application,
                filterExpression=f'customerIdentifier = "{customer.identifier}"',
                count=_A_PAGE,
                sortOrder="startedAt desc",
            )
            # A server that ignores the filter lists others' sessions.
            page = answers.sessions(body, self.name, customer.person, of_customer=customer.identifier)
        except OddAnswer:
            return told, True
        listed = page.sessions
        if not {session.id for session in told} <= {session.id for session in listed}:
            return told, True
        return listed, len(listed) >= _A_PAGE

    async def session(self, session_id: str, calls: Calls) -> Session | None:
        """One session by its id, of the index's API."""
        return await self.index.session(session_id, calls)

    async def is_ours(self, link: Link, calls: Calls) -> bool:  # noqa: ARG002 - needs no call
        """Whether a page is of our application."""
        return link.account_id == self.application

    async def person(self, link: Link, calls: Calls) -> Subject | None:
        """As the index has it: the URLs of users' pages are not documented."""
        return await self.index.person(link, calls)

    async def check(self, calls: Calls) -> str:
        """Check the index's API, then list the server's tools."""
        proved = await self.index.check(calls)
        own = self.asking.asking(Purpose.PERSON)
        try:
            async with conversing(self.asking, self.token, own) as server:
                wanted = {"customers_search": "searchTerm", "customer_investigate": "customerId"}
                missing = [tool for tool, by in wanted.items() if not server.has(tool, "appId", by)]
        except OddAnswer as problem:
            return f"{proved}; but its MCP server is not understood: {problem}"
        finally:
            calls.made += own.made
        if missing:
            return f"{proved}; but its MCP server has no {' and no '.join(missing)}"
        return f"{proved}; its MCP server can be asked for a person"


def _terms(name: Subject) -> tuple[str, ...]:
    """What a name is searched by: an address lower-cased, one of a Unicode domain in both of its forms."""
    return tuple(dict.fromkeys((name.typed.lower(), name.value))) if "@" in name.value else (name.value,)
