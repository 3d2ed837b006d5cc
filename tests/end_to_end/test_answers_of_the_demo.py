"""How much an answer says of each of the demo's customers: in few blocks and lines, and nothing twice."""

import asyncio
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap

import pytest

from bot.answers.case_file_message import View, answer
from bot.answers.mrkdwn import lasting
from bot.answers.words.style import SLACK
from bot.answers.words.visits import device_words, place_words, way_words
from bot.domain.asking import AnswerForm
from bot.domain.model import CaseFile
from bot.domain.subjects import NotUnderstood, read_subject
from bot.domain.visits.history import history_of
from bot.engine.opening import open_engine
from bot.settings.model import load_settings
from bot.sources.protocol import Question
from sandbox.world import open_world
from tests.bot.answers.case_files import check_message
from tests.conftest import prepared_sqlite
from tests.end_to_end.conftest import let_uxcam_be_asked_at_once

# Characters of ordinary width in a line of a thread that is 400 pixels wide; fewer fit beside a visit's menu.
_LINE, _BESIDE_A_MENU = 46, 44
_ORDINARY = "jane@contoso.example"
_VIEW = View("U0AGENT001", form=AnswerForm.ANSWER)


@dataclass(frozen=True)
class Rendered:
    """An answer's sections and small print as people see them, and how large it is."""

    blocks: int
    sections: tuple[str, ...]
    text: str

    @property
    def lines(self) -> int:
        return sum(lines_of(line) for line in self.text.splitlines())


def lines_of(line: str) -> int:
    return max(1, -(-len(line) // _LINE))


def visible(text: str) -> str:
    """Slack's markup as it is read: a time, a link's label, no marks."""
    text = re.sub(r"<!date\^[^>]*>( – now)", r"Today 12:41 PM\1", text)
    text = re.sub(r"<!date\^[^>]*>", "Yesterday 12:41 PM", text)
    text = re.sub(r"<[^|>]+\|([^>]*)>", r"\1", text)
    text = re.sub(r":[a-z_]+: ", "⚠ ", text).replace("\u2060", "")
    return re.sub(r"[*`]", "", text).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def rendered(case_file: CaseFile, view: View = _VIEW) -> Rendered:
    message = answer([case_file], view)
    check_message(message.blocks)
    sections = [b["text"]["text"] for b in message.blocks if b["type"] == "section"]
    small = [e["text"] for b in message.blocks if b["type"] == "context" for e in b["elements"]]
    shown = tuple(visible(text) for text in sections)
    return Rendered(len(message.blocks), shown, "\n".join([*shown, *map(visible, small)]))


@pytest.fixture(scope="module")
def case_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CaseFile]:
    """What all tools say of each customer of the demo, and of nobody."""
    with pytest.MonkeyPatch.context() as patch:
        return asyncio.run(_looked_up(tmp_path_factory.mktemp("demo"), patch))


async def _looked_up(folder: Path, patch: pytest.MonkeyPatch) -> dict[str, CaseFile]:
    async with open_world(strangers_a_day=50) as world:
        let_uxcam_be_asked_at_once(world, patch)
        database = {"DATABASE_URL": prepared_sqlite(folder / "casefile.db")}
        settings = load_settings(world.environment() | database)
        async with open_engine(settings, world.clock) as engine:

            async def look_up(name: str) -> CaseFile:
                subject = read_subject(name)
                assert not isinstance(subject, NotUnderstood)
                return await engine.lookup.until_deadline(Question(subject, 30))

            names = [*(person.subject for person in world.people), "nobody@contoso.example"]
            # The ordinary customer first: Raygun's calls are few.
            first = await look_up(_ORDINARY)
            return {_ORDINARY: first} | {name: await look_up(name) for name in names if name != _ORDINARY}


def view_of(case_file: CaseFile, *, ticket: bool) -> View:
    """How it is shown to somebody who asks, or below a ticket that comes when it is looked up."""
    return View(form=AnswerForm.TICKET, ticket_at=case_file.as_of) if ticket else _VIEW


@pytest.mark.parametrize("ticket", [False, True])
def test_an_answer_is_read_at_a_glance(case_files: dict[str, CaseFile], *, ticket: bool) -> None:
    print(f"\n{'customer':34}{'visits':>7}{'blocks':>7}{'lines':>7}{'characters':>12}")  # noqa: T201 - the measurement
    for name, case_file in case_files.items():
        view, history = view_of(case_file, ticket=ticket), history_of(case_file)
        shown = rendered(case_file, view)
        visits = min(len(history.visits), _VIEW.shown)
        print(f"{name:34}{len(history.visits):7}{shown.blocks:7}{shown.lines:7}{len(shown.text):12}")  # noqa: T201
        # Who and what, one a visit, older visits, earlier errors, small print, buttons.
        assert shown.blocks <= visits + 5
        assert shown.lines <= 3 * visits + 21
        assert len(shown.text) <= 110 * visits + 700


def test_the_ordinary_customer_has_all_visits_and_errors_in_nine_blocks(
    case_files: dict[str, CaseFile],
) -> None:
    shown, history = rendered(case_files[_ORDINARY]), history_of(case_files[_ORDINARY])
    assert (len(history.visits), len(history.happenings)) == (4, 2)
    assert shown.blocks <= 9
    assert len(shown.text) <= 1_000
    for title in (
        "TypeError: Cannot read properties of undefined",
        "PaymentError: card declined with code 402",
    ):
        assert shown.text.count(title) == 1
    assert sum("Replay: FullStory" in section for section in shown.sections) == 4


@pytest.mark.parametrize("ticket", [False, True])
def test_a_visit_is_three_lines_of_a_narrow_thread_at_most(
    case_files: dict[str, CaseFile], *, ticket: bool
) -> None:
    for case_file in case_files.values():
        view = view_of(case_file, ticket=ticket)
        visits = [s for s in rendered(case_file, view).sections if "Replay: " in s]
        for section in visits:
            wrapped = [part for line in section.splitlines() for part in wrap(line, _BESIDE_A_MENU)]
            assert len(wrapped) <= 3, section


def test_no_fact_is_said_twice(case_files: dict[str, CaseFile]) -> None:
    for name, case_file in case_files.items():
        text = rendered(case_file).text
        parts = Counter(re.sub(r"^(?:Every visit|Most visits): ", "", p) for p in re.split(r" · |\n", text))
        facts: set[tuple[str, str]] = set()
        for visit in history_of(case_file).visits[: _VIEW.shown]:
            lasted = visit.duration_seconds
            facts |= {
                ("duration", lasting(lasted.value) if lasted else ""),
                ("device", visible(device_words(visit.device, SLACK))),
                ("place", visible(place_words(visit.place, SLACK))),
                ("pages", visible(way_words(visit.way, SLACK))),
            }
        for kind, words in facts:
            if words:
                assert parts[words] == 1, (name, kind, words)
        for title in {error.title for error in case_file.errors if "<" not in error.title}:
            assert text.count(title) <= 1, (name, title)
        assert "sessions" not in text
        assert not re.search(r"\b(?:index|covers|Activations?)\b", text)
