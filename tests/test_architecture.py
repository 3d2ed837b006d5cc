"""The layout shows the architecture: rooms in an order, each importing only rooms below it."""

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

from bot.sources.registry import VENDORS

ROOT = Path(__file__).parents[1]
# From the ground up; `docs/architecture.md` says what each room is.
ROOMS = (
    ("bot.operations",),
    ("bot.domain",),
    ("bot.storage",),
    ("bot.settings",),
    ("bot.sources",),
    ("bot.slack",),
    ("bot.lookup",),
    ("bot.answers",),
    ("bot.tickets",),
    ("bot.audit",),
    ("bot.engine",),
    ("bot.mcp",),
    ("bot.plain",),
    ("bot.replay",),
    ("bot.jobs",),
    ("handlers",),
    ("bot.app",),
    ("bot.serving",),
    ("bot.cli",),
)
# A module that is loaded when it is needed is named by a text.
BY_NAME = re.compile(r"bot(\.[a-z0-9_]+)+")
GROUND = ("bot.operations", "bot.domain")
MOST_LINES, MOST_ENTRIES = 400, 12
MOST_LINES_OF_WIRING = 305
FILES = sorted((ROOT / "bot").rglob("*.py")) + sorted((ROOT / "handlers").rglob("*.py"))
BESIDE = [file for folder in ("sandbox", "tests", "benchmarks") for file in (ROOT / folder).rglob("*.py")]
FOLDERS = sorted({file.parent for file in FILES})
DOCUMENTED = ("bot", "handlers", "sandbox", "benchmarks")


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def height_of(module: str) -> int | None:
    """The room's place in the order; None for what stands beside the rooms (`bot`, `bot.__main__`)."""
    for height, names in enumerate(ROOMS):
        if any(module == name or module.startswith(f"{name}.") for name in names):
            return height
    return None


@cache
def imports_of(file: Path) -> frozenset[str]:
    """The modules of ours that a file imports or names, in whatever form and wherever in the file."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and BY_NAME.fullmatch(node.value):
            found.add(node.value)
    ours = ("bot", "handlers", "sandbox", "tests")
    return frozenset(module for module in found if module.split(".")[0] in ours)


def those(wrong: Iterable[tuple[Path, Iterable[str]]]) -> dict[str, list[str]]:
    """What is wrong by the module that it is wrong in, without those that are well."""
    told = {module_of(file): sorted(faults) for file, faults in wrong}
    return {module: faults for module, faults in told.items() if faults}


def test_a_room_imports_only_rooms_below_it() -> None:
    heights = {file: height_of(module_of(file)) for file in FILES}
    beside = {module_of(file) for file, height in heights.items() if height is None}
    assert beside == {"bot", "bot.__main__"}
    from_above = those(
        (file, {used for used in imports_of(file) if (height_of(used) or 0) > height})
        for file, height in heights.items()
        if height is not None
    )
    assert from_above == {}


def test_the_ground_imports_nothing_of_ours_but_itself() -> None:
    rooms = {file: ".".join(module_of(file).split(".")[:2]) for file in FILES}
    from_elsewhere = those(
        (file, {used for used in imports_of(file) if not used.startswith(room)})
        for file, room in rooms.items()
        if room in GROUND
    )
    assert from_elsewhere == {}


def test_no_module_imports_itself_by_way_of_others() -> None:
    modules = {module_of(file) for file in FILES}
    graph = {
        module_of(file): {used for used in imports_of(file) if used in modules} - {module_of(file)}
        for file in FILES
    }
    assert set(TopologicalSorter(graph).static_order()) == modules


def test_a_module_can_be_read_at_one_sitting() -> None:
    lines = {module_of(file): len(file.read_text().splitlines()) for file in (*FILES, *BESIDE)}
    assert {module: count for module, count in lines.items() if count > MOST_LINES} == {}


def test_the_wiring_of_the_bot_stays_shorter_than_when_it_was_one_flat_folder() -> None:
    assert len((ROOT / "bot" / "app.py").read_text().splitlines()) <= MOST_LINES_OF_WIRING


def test_a_room_can_be_seen_at_one_glance() -> None:
    crowded = {}
    for folder in FOLDERS:
        if folder.parts[-2:] == ("migrations", "versions"):
            continue  # A history rather than a room: it grows by one with each change of the tables.
        entries = {file.relative_to(folder).parts[0] for file in folder.rglob("*.py")} - {"__init__.py"}
        if folder.parts[-2:] == ("bot", "sources"):
            # A folder for each vendor stands beside what they share: they are the registry's list.
            entries -= {entry.vendor for entry in VENDORS}
        # In `bot/` a room for each step of the order but `handlers`, and beside them `__main__`.
        if len(entries) > (len(ROOMS) if folder.name == "bot" else MOST_ENTRIES):
            crowded[str(folder.relative_to(ROOT))] = sorted(entries)
    assert crowded == {}


def test_the_program_needs_no_sandbox_and_no_tests() -> None:
    needed = those(
        (file, {used for used in imports_of(file) if used.split(".")[0] in ("sandbox", "tests")})
        for file in FILES
    )
    of_the_demo = needed.pop("bot.cli.commands.demo", [])
    assert needed == {}
    assert [used for used in of_the_demo if used.split(".")[0] == "tests"] == []


def test_only_the_command_line_hands_the_environment_in() -> None:
    naming = {module_of(file) for file in FILES if "os.environ" in file.read_text()}
    assert naming <= {"bot.cli.environment", "bot.settings.model"}


def test_a_public_class_has_its_name_to_itself() -> None:
    places: dict[str, list[str]] = {}
    for file in FILES:
        for node in ast.parse(file.read_text()).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places.setdefault(node.name, []).append(module_of(file))
    assert {name: modules for name, modules in places.items() if len(modules) > 1} == {}


def docstrings_of(file: Path) -> Iterator[tuple[int, str]]:
    """The line and text of every docstring in a file."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text is not None:
                yield node.body[0].lineno, text


def test_a_docstring_says_what_comes_back_rather_than_give() -> None:
    files = (file for folder in DOCUMENTED for file in sorted((ROOT / folder).rglob("*.py")))
    giving = [
        f"{file.relative_to(ROOT)}:{line}"
        for file in files
        for line, text in docstrings_of(file)
        if text.split(maxsplit=1)[:1] == ["Give"]
    ]
    assert giving == []


@dataclass(frozen=True, slots=True)
class Stop:
    """A file of the walk in `docs/architecture.md`: its indent, and whether it works when the bot starts."""

    indent: int
    file: str
    at_the_start: bool


def walk() -> list[Stop]:
    """The files that a slash command passes, as `docs/architecture.md` lists them."""
    listed = (ROOT / "docs" / "architecture.md").read_text().split("<!-- walk -->")[1].split("```")[1]
    lines = [(line, line.split(maxsplit=1)) for line in listed.splitlines() if line.strip()]
    return [
        Stop(len(line) - len(line.lstrip()), file, words.startswith("at the start:"))
        for line, (file, words) in lines
    ]


def test_each_file_of_the_walk_is_imported_by_the_one_that_it_is_indented_below() -> None:
    above: list[Stop] = []
    for stop in walk():
        assert (ROOT / stop.file).is_file(), f"{stop.file} is gone"
        above = [earlier for earlier in above if earlier.indent < stop.indent]
        if above:
            importer = above[-1].file
            used = imports_of(ROOT / importer)
            assert module_of(ROOT / stop.file) in used, f"{importer} does not import {stop.file}"
        above.append(stop)


def test_the_walk_begins_with_the_command_and_goes_on_only_where_the_bot_is_wired() -> None:
    assert [stop.file for stop in walk() if not stop.indent] == ["handlers/commands.py", "bot/app.py"]


def test_the_walk_names_at_most_twenty_files_each_once() -> None:
    names = [stop.file for stop in walk()]
    assert len(set(names)) == len(names) <= 20
