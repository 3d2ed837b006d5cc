"""One session's errors: read when somebody presses for them, told where they pressed, or why not."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx2
import pytest

from bot.answers.mrkdwn import local_time
from bot.domain.model import ErrorEvent, Reason, SourceName
from bot.jobs.admission import Admission
from bot.jobs.payloads import SESSION_ERRORS, SessionErrorsPayload
from bot.jobs.pressed.session_errors import SessionErrorsJobs
from bot.lookup.known_links import KnownLinks
from bot.lookup.pages.asked import Pages
from bot.lookup.single_flight import Flights
from bot.operations.clock import system_clock
from bot.operations.metrics import make_metrics
from bot.operations.tasks import Tasks
from bot.settings.behaviour import AccessSettings
from bot.slack.access import Access
from bot.sources.http import CallFailed, Calls, VendorHttp
from bot.sources.protocol import SessionErrors, SessionSummary
from bot.sources.quota import Account, Window
from bot.sources.quota.ledger import Ledger
from bot.sources.raygun.index import SessionIndex
from bot.storage.keyring import Keyring
from bot.storage.memory import Memory
from bot.storage.store import Store
from sandbox.slack import plain_text
from tests.bot.in_slack import InSlack, in_slack, texts
from tests.bot.jobs.known_people import WEEK, Knows
from tests.bot.sources.canned import answering

MAIN = SourceName("fullstory", "main")
STARTED = datetime(2026, 11, 20, 14, 0, tzinfo=UTC)
MONTH = Account("fullstory/main/month", (Window(1_000, 30 * 24 * 3600),))


@dataclass
class KnowsErrors(Knows):
    """A source that knows its sessions' errors."""

    errors: dict[str, tuple[ErrorEvent, ...]] = field(default_factory=dict)
    budget: Account = MONTH
    more: bool = False
    refusal: CallFailed | None = None
    summary: str = ""

    async def summary_of(
        self, session_id: str, calls: Calls, until: datetime | None = None
    ) -> SessionSummary:
        await calls.request("GET", f"/{session_id}/summary", budget=self.budget)
        return SessionSummary(f"{self.summary} up to {until}" if until else self.summary, system_clock())

    async def errors_in(self, session_id: str, calls: Calls, until: datetime | None = None) -> SessionErrors:
        await calls.request("GET", "/events", budget=self.budget)
        if self.refusal:
            raise self.refusal
        errors = self.errors.get(session_id, ())
        kept = tuple(e for e in errors if until is None or e.occurred_at is None or e.occurred_at <= until)
        return SessionErrors(kept, more=self.more)


@dataclass(frozen=True)
class Pressing:
    """A workspace where somebody presses "Errors in this visit", and the source that is asked."""

    at: InSlack
    source: KnowsErrors
    jobs: SessionErrorsJobs

    async def press(
        self,
        *,
        source: str = str(MAIN),
        ephemeral: bool = False,
        guest: bool = False,
        until: datetime | None = None,
        in_words: bool = False,
    ) -> str:
        """The thread's root that the button stands below, once the job has been answered."""
        slack = self.at.slack
        root = (await self.at.client.chat_postMessage(channel=slack.places.support, text="sessions"))["ts"]
        asker = self.at.agent(thread_ts=str(root), with_url=True)
        if guest:
            asker = asker.__class__(slack.people.guest, asker.channel, asker.team, asker.thread_ts, None)
        payload = SessionErrorsPayload(
            asker, source, "1:2", STARTED, "https://app.example/s/1:2", str(root), ephemeral, until, in_words
        )
        await self.jobs.answer(await self.at.accept(SESSION_ERRORS.name, SESSION_ERRORS.write(payload)))
        return str(root)


@pytest.fixture
def database_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path / 'casefile.db'}"


@pytest.fixture
async def pressing(store: Store, keyring: Keyring) -> AsyncIterator[Pressing]:
    transport = answering(lambda _request: httpx2.Response(200, json={}))
    async with in_slack(store, keyring) as at, httpx2.AsyncClient(transport=transport) as client:
        http = VendorHttp(
            client, Ledger(store), Account(str(MAIN)), system_clock, "FullStory", "https://v.example"
        )
        source = KnowsErrors(MAIN, http)
        memory = Memory(store, keyring, system_clock)
        access = Access(at.client, AccessSettings(), memory)
        metrics = make_metrics()
        admission = Admission(access, at.poster, at.posts, metrics, at.process.trail(at, metrics))
        crashes: list[BaseException] = []
        tasks = Tasks(lambda crash, _task: crashes.append(crash))
        pages = Pages(Flights(tasks), keyring, system_clock)
        known_links = KnownLinks(store, keyring, SessionIndex(store, keyring, WEEK, WEEK), WEEK)
        jobs = SessionErrorsJobs(admission, (source,), pages, known_links, at.poster, is_private=False)
        yield Pressing(at, source, jobs)
        await tasks.settle()
        assert crashes == []


async def test_the_errors_are_posted_below_with_when_and_where_and_what_is_left_of_the_month(
    pressing: Pressing,
) -> None:
    at = STARTED + timedelta(minutes=3)
    pressing.source.errors["1:2"] = (ErrorEvent(MAIN, "Cart is <empty>", occurred_at=at, page="/cart"),)
    [below] = pressing.at.below(await pressing.press())
    told = plain_text(below)
    assert "1 error in FullStory’s replay" in told
    assert "Cart is <empty> · on /cart" in told
    assert "999 of 1000 such readings left this month" in told
    assert local_time(at, "{time_secs}").split("|")[0] in str(below.blocks)


async def test_below_a_ticket_the_errors_are_those_up_to_when_it_came_and_that_is_said(
    pressing: Pressing,
) -> None:
    came = STARTED + timedelta(minutes=5)
    pressing.source.errors["1:2"] = tuple(
        ErrorEvent(MAIN, title, occurred_at=came + timedelta(minutes=after))
        for title, after in (("came later", 1), ("came before", -1))
    )
    [below] = pressing.at.below(await pressing.press(until=came))
    told = plain_text(below)
    assert "1 error in FullStory’s replay" in told
    assert "up to the ticket; it came" in told
    assert "came before" in told
    assert "came later" not in told


async def test_of_many_errors_twenty_are_shown_and_the_others_counted(pressing: Pressing) -> None:
    pressing.source.errors["1:2"] = tuple(ErrorEvent(MAIN, f"error {number}") for number in range(23))
    [below] = pressing.at.below(await pressing.press())
    told = plain_text(below)
    assert "23 errors" in told
    assert "error 19" in told
    assert "error 20" not in told
    assert "3 more not shown" in told


async def test_what_was_not_read_of_a_long_session_is_said(pressing: Pressing) -> None:
    pressing.source.more = True
    [below] = pressing.at.below(await pressing.press())
    assert "There is more than was read" in plain_text(below)


async def test_a_session_without_errors_is_said_to_have_none(pressing: Pressing) -> None:
    [below] = pressing.at.below(await pressing.press())
    assert "Nothing in it failed" in plain_text(below)


async def test_where_the_answer_is_private_so_are_its_errors(pressing: Pressing) -> None:
    pressing.source.errors["1:2"] = (ErrorEvent(MAIN, "Cart is empty"),)
    root = await pressing.press(ephemeral=True)
    assert pressing.at.below(root) == []
    assert "Cart is empty" in plain_text(pressing.at.seen_by_agent()[-1])


async def test_a_source_that_cannot_be_asked_is_told_to_whoever_pressed_with_when_to_try_again(
    pressing: Pressing,
) -> None:
    until = STARTED + timedelta(hours=1)
    pressing.source.refusal = CallFailed(Reason.RATE_LIMITED, "FullStory asks us to wait", until)
    assert pressing.at.below(await pressing.press()) == []
    [told] = texts(pressing.at.seen_by_agent())
    assert "FullStory asks us to wait" in told
    assert local_time(until).split("|")[0] in str(pressing.at.seen_by_agent()[0].blocks)


async def test_a_tool_that_is_configured_no_more_is_said_to_be_gone(pressing: Pressing) -> None:
    assert pressing.at.below(await pressing.press(source="fullstory/old")) == []
    assert "no longer configured" in plain_text(pressing.at.seen_by_agent()[0])


async def test_who_may_not_ask_spends_nothing_of_the_month(pressing: Pressing) -> None:
    await pressing.press(guest=True)
    state = await pressing.source.http.ledger.state(MONTH)
    assert state.left == 1_000


async def test_a_summary_is_posted_as_its_machines_words_with_what_is_left_of_the_month(
    pressing: Pressing,
) -> None:
    pressing.source.summary = "Jane could not pay.\n<!channel> *Call her* <https://evil.example|here>"
    [below] = pressing.at.below(await pressing.press(in_words=True))
    told = plain_text(below)
    assert "FullStory’s summary of the visit of" in told
    assert "Jane could not pay." in told
    assert "<!channel>" not in str(below.blocks)
    assert "<https://evil" not in str(below.blocks)
    assert "Written by FullStory’s machine" in told
    assert "999 of 1000 such readings left this month" in told


async def test_below_a_ticket_the_summary_ends_when_it_came(pressing: Pressing) -> None:
    came = STARTED + timedelta(minutes=5)
    [below] = pressing.at.below(await pressing.press(in_words=True, until=came))
    assert f"up to {came.date()}" in plain_text(below)
    assert "up to the ticket; it came" in plain_text(below)


async def test_of_a_long_summary_it_is_said_that_there_is_more(pressing: Pressing) -> None:
    pressing.source.summary = "\n".join(f"line {number}" for number in range(30))
    [below] = pressing.at.below(await pressing.press(in_words=True))
    assert "line 19" in plain_text(below)
    assert "line 20" not in plain_text(below)
    assert "more of it than is shown" in plain_text(below)
