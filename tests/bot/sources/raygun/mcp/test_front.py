"""Raygun's MCP server in front of the index: what it is asked, what is taken of its answers, and what else."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from bot.domain.model import SessionUser, SourceName
from bot.operations.clock import system_clock
from bot.sources.protocol import Effort
from bot.sources.quota import Purpose
from bot.sources.raygun.mcp import answers
from bot.sources.raygun.mcp.answers import OddAnswer
from bot.sources.raygun.mcp.front import RaygunByMcp
from sandbox.people import RAYGUN, Customer, Error, Visit
from sandbox.vendors.raygun_mcp import RaygunMcp
from sandbox.vendors.raygun_v3 import RaygunV3
from tests.bot.sources.kinds import KINDS, Desk, open_desk
from tests.examples import examples

KIND = next(kind for kind in KINDS if kind.label == "raygun v3 by mcp")
PAT, SHOP = "pat@contoso.example", SourceName("raygun", "shop")


def people(*visits: Visit) -> list[Customer]:
    """Somebody with some visits, and somebody whose name has theirs as a part."""
    now = system_clock().replace(microsecond=0)
    mine = visits or (
        Visit(now - timedelta(hours=2), 600, ("/", "/pay"), (Error("TypeError", "of a while ago"),)),
        Visit(now - timedelta(minutes=30), 60, ("/",), (Error("RangeError", "of the last visit"),)),
    )
    theirs = (Visit(now - timedelta(minutes=20), 60, ("/",), (Error("Error", "somebody else's"),)),)
    known = frozenset({RAYGUN})
    return [
        Customer(1, "cust-1", PAT, "Pat Lee", "", mine, known),
        Customer(2, "cust-12", f"the.{PAT}", "Pat Leeds", "", theirs, known),
    ]


@dataclass(frozen=True)
class AtMcp:
    """A lookup at one application, its API and its MCP server."""

    desk: Desk
    source: RaygunByMcp
    api: RaygunV3
    mcp: RaygunMcp

    @property
    def pages(self) -> int:
        """How many calls the index took."""
        return sum(not call.path.endswith("/mcp") for call in self.api.calls)


@asynccontextmanager
async def opened(folder: Path, *visits: Visit) -> AsyncIterator[AtMcp]:
    async with open_desk(KIND, folder, people=people(*visits)) as desk:
        [api], source = desk.servers, desk.source
        assert isinstance(source, RaygunByMcp)
        assert isinstance(api, RaygunV3)
        assert api.mcp is not None
        # A busy machine answers later than a person waits for a server.
        object.__setattr__(source, "patience_seconds", 60.0)
        # There, calls that were made one after the other may arrive within one second.
        api.limits = ((1_000, 1), *api.limits[1:])
        yield AtMcp(desk, source, api, api.mcp)


def pascal(_tool: str, body: Any) -> Any:
    """An answer with its names as .NET writes them."""
    if isinstance(body, dict):
        return {name[:1].upper() + name[1:]: pascal(_tool, value) for name, value in body.items()}
    return [pascal(_tool, one) for one in body] if isinstance(body, list) else body


def bare(tool: str, body: Any) -> Any:
    """A search whose answer is the list itself."""
    return body["customers"] if tool == "customers_search" else {"result": body}


@pytest.mark.parametrize("form", [None, pascal, bare], ids=["documented", "pascal", "bare"])
@pytest.mark.parametrize("sent", ["json", "stream", "structured"])
async def test_a_person_is_answered_by_the_server_alone_in_every_form(
    tmp_path: Path, sent: str, form: Callable[[str, Any], Any] | None
) -> None:
    async with opened(tmp_path) as at:
        at.mcp.as_stream, at.mcp.structured = sent == "stream", sent == "structured"
        at.mcp.form = form or at.mcp.form
        finding = await at.desk.ask(PAT)
        visits = at.desk.people[0].visits
        assert [one.started_at for one in finding.sessions] == [visits[1].started_at, visits[0].started_at]
        assert [error.title for error in finding.errors] == [
            "RangeError: of the last visit",
            "TypeError: of a while ago",
        ]
        assert {(one.user.uid, one.user.email, one.user.name) for one in finding.sessions} == {
            ("cust-1", PAT, "Pat Lee")
        }
        # When a group hit this customer is not told, so no time is claimed.
        assert {error.occurred_at for error in finding.errors} == {None}
        assert (at.pages, finding.failure, finding.notes, finding.covers) == (0, None, (), None)
        assert finding.calls == len(at.api.calls)


async def test_a_second_lookup_asks_nobody_and_nobody_is_an_answer(tmp_path: Path) -> None:
    async with opened(tmp_path) as at:
        await at.desk.ask(PAT)
        asked = len(at.api.calls)
        assert (await at.desk.ask(PAT)).calls == 0
        assert len(at.api.calls) == asked
        nobody = await at.desk.ask("nobody@contoso.example")
        assert (nobody.sessions, nobody.failure, nobody.covers, at.pages) == ((), None, None, 0)


async def test_of_more_than_ten_sessions_the_others_are_listed_and_nobody_elses_are(tmp_path: Path) -> None:
    now = system_clock().replace(microsecond=0)
    visits = [Visit(now - timedelta(hours=number), 60) for number in range(1, 26)]
    async with opened(tmp_path, *visits) as at:
        whole = await at.desk.ask(PAT)
        assert (len(whole.sessions), whole.notes, whole.complete_from) == (25, (), None)
        # A server that ignores the filter lists everybody's.
        at.mcp.filters = False
        unfiltered = await at.desk.ask(PAT, Effort.FRESH)
        assert len(unfiltered.sessions) == 25
        at.mcp.tools.discard("sessions_list")
        cut = await at.desk.ask(PAT, Effort.FRESH)
        assert (len(cut.sessions), cut.notes) == (10, ("the newest 10 sessions alone",))
        assert cut.complete_from == cut.sessions[-1].started_at


@pytest.mark.parametrize(
    "form",
    [
        lambda _tool, _body: "2 customers found",
        lambda _tool, _body: {"found": 2},
        lambda _tool, body: {"customers": [{"who": "x"}]} if "customers" in body else body,
        lambda _tool, body: {"profile": {}} if "sessions" in body else body,
        lambda _tool, body: {"sessions": [{"when": "today"}]} if "sessions" in body else body,
    ],
    ids=["words", "no list", "unknown customers", "no sessions", "unknown sessions"],
)
async def test_what_is_not_understood_is_left_to_the_index_with_a_word_and_not_asked_again_at_once(
    tmp_path: Path, form: Callable[[str, Any], Any]
) -> None:
    async with opened(tmp_path) as at:
        at.mcp.form = form
        with capture_logs() as logged:
            finding = await at.desk.ask(PAT)
        assert len(finding.sessions) == 2
        assert finding.failure is None
        assert "answered by its index: its MCP server is not understood" in str(finding.notes)
        [line] = [one for one in logged if one["event"] == "raygun.mcp_not_understood"]
        assert PAT not in str(line)
        asked = len(at.mcp.asked)
        await at.desk.ask("cust-12")
        assert len(at.mcp.asked) == asked
        at.mcp.form = lambda _tool, body: body
        assert (await at.desk.ask(PAT, Effort.FRESH)).notes == ()


async def test_one_session_that_cannot_be_read_is_left_out_and_counted(tmp_path: Path) -> None:
    def half(_tool: str, body: Any) -> Any:
        rows = body.get("sessions", [])
        return body | {"sessions": [{"startedAt": "yesterday"}, *rows[1:]]} if rows else body

    async with opened(tmp_path) as at:
        at.mcp.form = half
        finding = await at.desk.ask(PAT)
        assert (len(finding.sessions), finding.left_out) == (1, 1)


async def test_without_the_tools_the_index_answers(tmp_path: Path) -> None:
    async with opened(tmp_path) as at:
        at.mcp.tools -= {"customer_investigate"}
        finding = await at.desk.ask(PAT)
        assert len(finding.sessions) == 2
        assert "it has no tool customer_investigate" in str(finding.notes)
        said = await at.source.check(at.source.http.asking(Purpose.PERSON))
        assert said.endswith("but its MCP server has no customer_investigate")


async def test_the_doctor_says_that_the_server_can_be_asked(tmp_path: Path) -> None:
    async with opened(tmp_path) as at:
        said = await at.source.check(at.source.http.asking(Purpose.PERSON))
        assert said.endswith("its MCP server can be asked for a person")


async def test_a_server_that_is_slow_is_not_waited_for_and_its_answer_is_kept(tmp_path: Path) -> None:
    async with opened(tmp_path) as at:
        object.__setattr__(at.source, "patience_seconds", 0.05)
        answer, hold = at.mcp.answer, asyncio.Event()

        async def slow(request: Any) -> Any:
            await hold.wait()
            return await answer(request)

        at.mcp.answer = slow  # type: ignore[method-assign]
        found = await at.desk.find(PAT)
        assert len(found.sessions) == 2
        assert "its MCP server takes longer" in str(found.notes)
        hold.set()
        await at.source.tasks.settle()
        before = len(at.api.calls)
        finding = await at.desk.ask(PAT)
        assert (len(finding.sessions), finding.notes) == (2, ())
        assert len(at.api.calls) == before


async def test_with_the_tokens_calls_spent_the_server_is_not_asked(tmp_path: Path) -> None:
    async with opened(tmp_path) as at:
        await at.source.http.ledger.correct(at.source.asking.account, 0, timedelta(hours=1))
        finding = await at.desk.ask(PAT)
        assert finding.failure is not None
        assert at.api.calls == []


@examples(200)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["customers", "sessions", "errorGroups", "identifier", "startedAt"])
                | st.text(),
                inner,
                max_size=4,
            )
        ),
        max_leaves=12,
    )
)
def test_no_json_makes_its_answers_raise_anything_else(body: Any) -> None:
    for read in (
        lambda: answers.customers(body),
        lambda: answers.sessions(body, SHOP, SessionUser()),
        lambda: answers.sessions(body, SHOP, SessionUser(), of_customer="x"),
        lambda: answers.errors(body, SHOP, system_clock()),
    ):
        with suppress(OddAnswer):
            read()


@pytest.mark.process
def test_the_protocols_library_is_loaded_only_where_such_a_server_is_configured() -> None:
    code = "import sys, bot.app; sys.exit(any(name.split('.')[0] == 'mcp' for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603 - our own
