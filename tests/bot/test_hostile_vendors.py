"""Hostile text in every field of every vendor: nothing raises, mentions or links; the others are shown."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.answers.case_file_message import View, parent, reply, together
from bot.answers.targets.workflow_step import outputs
from bot.domain.addresses import read_address
from bot.domain.model import CaseFile
from bot.engine.opening import open_engine
from bot.jobs.tickets.digest_message import digest_line
from bot.plain.card import card as plain_card
from bot.settings.model import load_settings
from bot.sources.protocol import Question
from sandbox.world import World, open_world
from tests.bot.answers.case_files import check_message, texts
from tests.bot.plain.components import texts_of
from tests.conftest import prepared_sqlite
from tests.examples import examples

JANE = read_address("jane@contoso.example")
PIECES = [
    "<!channel>",
    "<@U0AGENT001>",
    "<https://evil.example/a|click>",
    "https://evil.example/b",
    "\ud83d",
    "\u202e\u061c\u2066",
    "\U000e0041",
    ":tada:",
    "*_~`&&&&",
    "\0",
    "x" * 5_000,
    "",
]
WORDS = st.lists(st.sampled_from(PIECES) | st.text(max_size=5), max_size=5).map("".join)


def with_hostile_copies(value: Any, word: str) -> Any:
    """The same JSON, with a copy of each list's first object in which every text is a hostile one."""
    if isinstance(value, dict):
        return {name: with_hostile_copies(one, word) for name, one in value.items()}
    if not isinstance(value, list):
        return value
    kept = [with_hostile_copies(one, word) for one in value]
    return [*kept, hostile(kept[0], word)] if kept and isinstance(kept[0], dict) else kept


def hostile(value: Any, word: str) -> Any:
    if isinstance(value, dict):
        return {name: hostile(one, word) for name, one in value.items()}
    if isinstance(value, list):
        return [hostile(one, word) for one in value]
    return word if isinstance(value, str) else value


async def case_file_of(world: World, folder: Path) -> CaseFile:
    environment = world.environment() | {"DATABASE_URL": prepared_sqlite(folder / "casefile.db")}
    assert JANE is not None
    async with open_engine(load_settings(environment), world.clock) as engine:
        return await engine.lookup.within(Question(JANE, 30), 60)


@examples(3)
@given(word=WORDS)
async def test_hostile_text_in_every_field_of_every_vendor_harms_nobody(
    tmp_path_factory: pytest.TempPathFactory, word: str
) -> None:
    async with open_world(strangers_a_day=10) as world:
        good = await case_file_of(world, tmp_path_factory.mktemp("good"))
        for vendor in world.vendors:
            vendor.tamper = lambda value: with_hostile_copies(value, word)
        found = await case_file_of(world, tmp_path_factory.mktemp("bad"))
    assert {session.id for session in good.sessions} <= {session.id for session in found.sessions}
    assert not [f for f in found.findings if f.failure]
    for message in (parent(found, View("U1")), reply(found, View("U1")), together(found, View("U1"))):
        check_message(message.blocks)
        shown = texts(message.blocks)
        assert not re.search(r"<(?!https://|http://127\.0\.0\.1|!date\^|@U1>)[^>\n]", shown)
        assert "<https://evil" not in shown
        assert not re.search("[\u202e\u061c\u2066\U000e0041\ud800-\udfff\0]", shown)
        shown.encode()
    listed, told = digest_line([found], masked=False), str(outputs(found)["answer"])
    assert not re.search(r"<(?!https://|http://127\.0\.0\.1|!date\^)[^>\n]", listed)
    assert "<https://evil" not in listed
    assert not re.search(r"[<>]|@channel|https://evil", told)
    card = "\n".join(texts_of(plain_card(found)))
    for words in (listed, told, card):
        assert not re.search("[\u202e\u061c\u2066\U000e0041\ud800-\udfff\0]", words)
        words.encode()
