"""Four vendors and two accounts of one of them, merged into one timeline."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

import pytest

from bot.cli.as_json.lookup_json import case_file_json
from bot.domain.model import CaseFile, Subject, SubjectKind
from bot.domain.visits.history import history_of
from bot.engine.opening import open_engine
from bot.settings.errors import SettingsError
from bot.settings.model import load_settings
from bot.sources.protocol import Question
from sandbox.slack import plain_text
from sandbox.vendors.rybbit import Rybbit, from_people
from sandbox.vendors.stand_in import listening
from sandbox.world import World, open_world
from tests.end_to_end.conftest import Desk

NOOR, NOOR_UID = "noor@contoso.example", "u-205"


@asynccontextmanager
async def second_site(world: World) -> AsyncIterator[dict[str, str]]:
    """The variables of a second Rybbit account, on a server of its own."""
    async with listening(Rybbit(world.clock, from_people(world.people))) as server:
        variables = server.environment()
        yield {name.replace("__WWW__", "__DOCS__"): value for name, value in variables.items()}


async def look_up(folder: Path, subject: Subject) -> tuple[CaseFile, World]:
    async with open_world() as world, second_site(world) as second:
        database = {"DATABASE_URL": f"sqlite:///{folder / 'casefile.db'}"}
        settings = load_settings(world.environment() | second | database)
        async with open_engine(settings, world.clock) as engine:
            return await engine.lookup.until_deadline(Question(subject, 30)), world


async def test_all_accounts_answer_into_one_timeline_with_their_labels_and_links(tmp_path: Path) -> None:
    case_file, world = await look_up(tmp_path, Subject(SubjectKind.EMAIL, NOOR, NOOR))
    told = case_file_json(case_file)
    accounts = [(source["vendor"], source["account"]) for source in told["sources"]]
    assert accounts == [
        ("fullstory", "main"),
        ("raygun", "shop"),
        ("rybbit", "docs"),
        ("rybbit", "www"),
        ("uxcam", "app"),
    ]
    by_account: dict[tuple[str, str], int] = dict.fromkeys(accounts, 0)
    for session in told["sessions"]:
        by_account[session["vendor"], session["account"]] += 1
        assert session["url"].startswith("https://")
    noor = next(person for person in world.people if person.uid == NOOR_UID)
    assert set(by_account.values()) == {len(noor.visits)}
    assert all(a >= b for a, b in pairwise(session["started_at"] for session in told["sessions"]))
    assert case_file.doubts == ()


async def test_what_all_recorded_of_one_visit_stands_together(tmp_path: Path) -> None:
    case_file, world = await look_up(tmp_path, Subject(SubjectKind.UID, NOOR_UID, NOOR_UID))
    noor = next(person for person in world.people if person.uid == NOOR_UID)
    groups = [visit.sessions for visit in history_of(case_file).visits]
    assert len(groups) == len(noor.visits)
    for group in groups:
        assert len({session.source for session in group}) == len(group) == 5


async def test_slack_shows_each_visit_once_with_each_tools_own_link(desk: Desk) -> None:
    async with desk.casefile():
        await desk.ask(NOOR)
        _, reply = await desk.thread()
    said = plain_text(reply)
    replays = [line for line in said.splitlines() if line.startswith("Replay: ")]
    assert len(replays) == 2
    for label in ("FullStory (https://", "UXCam (https://"):
        assert all(line.count(label) == 1 for line in replays)
    assert said.count("person’s page: Rybbit (https://") == 1
    assert "The app crashed" in said
    assert "*crashed*" in said


async def test_an_account_that_shares_uids_has_to_be_configured(tmp_path: Path) -> None:
    database = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'casefile.db'}",
        "SECRET_KEY": "of every vendor and long enough for one",
    }
    settings = load_settings(database | {"SHARED_UIDS": "fullstory/main"})
    with pytest.raises(SettingsError, match="SHARED_UIDS: no account fullstory/main is configured"):
        async with open_engine(settings):
            pass
