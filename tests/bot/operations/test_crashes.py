"""The bot's own crashes reach Raygun, and nothing private goes with them."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from bot.operations.crashes import Masks, crash_reports
from bot.operations.log import configure_logging
from sandbox.faults import Fault
from sandbox.vendors.raygun_entries import RaygunEntries
from sandbox.vendors.stand_in import listening
from tests.conftest import MovableClock

PRIVATE = (
    "jane@contoso.example",
    "xoxb-12-34-abcdef",
    "uxcam-demo-key",
    "c0ffee",
    "hunter2",
    "https://api.uxcam.com/v2/session?apikey=c0ffee",
)


@pytest.fixture(autouse=True)
def logged() -> Iterator[None]:
    root = logging.getLogger()
    before = (root.handlers[:], root.level)
    configure_logging("INFO")
    yield
    root.handlers[:], root.level = before


@pytest.fixture
async def raygun(clock: MovableClock) -> AsyncIterator[RaygunEntries]:
    async with listening(RaygunEntries(clock)) as server:
        yield server
        assert server.refusals == []


def look_for(text: str) -> None:
    raise KeyError(text)


def fall(text: str, depth: int = 0) -> None:
    local = text
    if depth:
        fall(local, depth - 1)
    try:
        look_for(local)
    except KeyError as cause:
        raise ValueError(f"cannot read {local}") from cause


async def log_crash(text: str = "it", depth: int = 0, event: str = "task.crashed") -> None:
    try:
        fall(text, depth)
    except ValueError as error:
        structlog.get_logger("tasks").error(event, exc_info=error)
    await asyncio.sleep(0)


async def test_an_unexpected_error_is_reported_with_its_place_the_version_and_tags(
    raygun: RaygunEntries,
) -> None:
    async with crash_reports(raygun.api_key, "1.2.3", endpoint=raygun.endpoint):
        await log_crash("a shape")
    [entry] = raygun.entries
    details = entry["details"]
    assert details["version"] == "1.2.3"
    assert details["tags"] == ["casefile", "task.crashed"]
    assert details["error"]["className"] == "ValueError"
    assert details["error"]["message"].startswith("ValueError in bot/operations/test_crashes.py:")
    assert "a shape" not in json.dumps(entry)
    assert details["error"]["innerError"]["className"] == "KeyError"
    assert details["error"]["stackTrace"][-1]["fileName"] == "bot/operations/test_crashes.py"
    assert details["client"]["name"] == "raygun4py"


async def test_no_address_token_secret_variable_or_machine_goes_with_it(
    raygun: RaygunEntries, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HIDDEN", "hunter2")
    async with crash_reports(raygun.api_key, "1", ("uxcam-demo-key", "hunter2", "c0ffee"), raygun.endpoint):
        await log_crash(" ".join(PRIVATE))
    [entry] = raygun.entries
    text = json.dumps(entry)
    assert not [private for private in PRIVATE if private in text]
    assert "localVariables" not in text
    assert entry["details"]["machineName"] == "casefile"
    assert set(entry["details"]["environment"]) == {"runtimeVersion", "oSVersion", "architecture"}


async def test_a_crash_of_any_depth_is_small_enough_to_be_taken(raygun: RaygunEntries) -> None:
    async with crash_reports(raygun.api_key, "1", endpoint=raygun.endpoint):
        await log_crash("x" * 200_000, depth=700)
    assert len(raygun.entries) == 1


async def test_the_same_crash_again_and_again_is_one_report(raygun: RaygunEntries) -> None:
    async with crash_reports(raygun.api_key, "1", endpoint=raygun.endpoint):
        for _ in range(20):
            await log_crash()
    assert len(raygun.entries) == 1


async def test_each_member_of_a_group_is_reported(raygun: RaygunEntries) -> None:
    async def one() -> None:
        raise KeyError("one")

    async def two() -> None:
        raise RuntimeError("two")

    async with crash_reports(raygun.api_key, "1", endpoint=raygun.endpoint):
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(one())
                group.create_task(two())
        except ExceptionGroup as error:
            structlog.get_logger("tasks").error("task.crashed", exc_info=error)
    assert {e["details"]["error"]["className"] for e in raygun.entries} == {"KeyError", "RuntimeError"}


async def test_what_a_library_logs_with_its_exception_is_reported_too(raygun: RaygunEntries) -> None:
    async with crash_reports(raygun.api_key, "1", endpoint=raygun.endpoint):
        try:
            fall("it")
        except ValueError:
            logging.getLogger("slack_bolt").exception("a handler failed")
        logging.getLogger("slack_bolt").error("an error without an exception")
        structlog.get_logger("jobs").warning("no error at all")
    assert [entry["details"]["tags"] for entry in raygun.entries] == [["casefile", "slack_bolt"]]


@pytest.mark.parametrize("fault", [Fault.REFUSED, Fault.RATE_LIMITED])
async def test_where_reports_are_refused_none_is_sent_for_a_while(
    raygun: RaygunEntries, fault: Fault
) -> None:
    raygun.fault = fault
    async with crash_reports(raygun.api_key, "1", endpoint=raygun.endpoint):
        await log_crash()
        await log_crash(depth=1)
        try:
            look_for("another")
        except KeyError as error:
            structlog.get_logger("tasks").error("another", exc_info=error)
    assert len(raygun.calls) == 1


async def test_where_raygun_is_away_the_bot_goes_on_and_nothing_is_reported_about_it(
    raygun: RaygunEntries,
) -> None:
    async with crash_reports(raygun.api_key, "1", endpoint="http://127.0.0.1:9/entries"):
        await log_crash()
    assert raygun.calls == []


async def test_without_a_key_nothing_is_reported(raygun: RaygunEntries) -> None:
    before = logging.getLogger().handlers[:]
    async with crash_reports(None, "1", endpoint=raygun.endpoint):
        assert logging.getLogger().handlers == before
        await log_crash()
    assert raygun.calls == []


@pytest.mark.parametrize("private", PRIVATE)
def test_a_mask_hides_it_wherever_it_stands(private: str) -> None:
    masks = Masks(("uxcam-demo-key", "hunter2", "c0ffee"))
    for text in (private, f"({private})", f'{{"apikey": "{private}"}}', f"a={private}&b", f"x {private}, y"):
        assert private not in masks.text(text)
