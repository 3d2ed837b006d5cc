"""What the README and the documents say that the code says too."""

import io
import re
import tomllib
from contextlib import redirect_stdout
from functools import cache
from pathlib import Path

import pytest
from dotenv import dotenv_values

from benchmarks.raygun_day import parser
from bot.cli.main import COMMANDS, run
from bot.domain.asking import Way
from bot.settings.misspelt import is_ours
from bot.settings.model import known_names
from bot.settings.table import with_table

ROOT = Path(__file__).parents[1]


DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "SECURITY.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
LINK = re.compile(r"\]\(([^)\s]+)\)")
# Whoever is new reads it to the end.
MOST_WORDS = 900


def name_of(document: Path) -> str:
    return str(document.relative_to(ROOT))


def test_the_table_of_settings_is_the_one_of_the_settings_class() -> None:
    document = (ROOT / "docs" / "settings.md").read_text()
    assert with_table(document) == document, "run: make readme"


def test_every_setting_stands_in_the_table() -> None:
    document = (ROOT / "docs" / "settings.md").read_text()
    assert not [name for name in known_names().spelt_out if f"`{name}`" not in document]


def test_the_readme_is_short() -> None:
    assert len((ROOT / "README.md").read_text().split()) <= MOST_WORDS


def test_every_picture_that_a_document_shows_is_drawn_by_make_pictures_and_has_its_words_beside_it() -> None:
    folder = ROOT / "docs" / "pictures"
    linked = {
        (document.parent / path).resolve()
        for document in DOCUMENTS
        for path in re.findall(r"!\[[^\]]+\]\(([^)\s]+)\)", document.read_text())
    }
    assert linked == set(folder.glob("*.png"))
    assert set(folder.iterdir()) == linked | {picture.with_suffix(".txt") for picture in linked}


def anchors(document: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    heads = re.findall(r"^#+ (.+)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_link_leads_somewhere(document: Path) -> None:
    dead = []
    for link in LINK.findall(document.read_text()):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (document.parent / file).resolve() if file else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            dead.append(link)
    assert dead == []


def test_every_document_can_be_reached_from_the_readme() -> None:
    found, left = set(), [ROOT / "README.md"]
    while left:
        document = left.pop()
        found.add(document)
        linked = {
            (document.parent / link.partition("#")[0]).resolve()
            for link in LINK.findall(document.read_text())
        }
        left += [one for one in linked if one.suffix == ".md" and one.is_file() and one not in found]
    assert {document for document in DOCUMENTS if document not in found} == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_command_and_flag_that_a_document_names_is_there(document: Path) -> None:
    code = re.findall(
        r"`(?:[\w./]*/)?casefile ([^`]+)`|^    (?:\S*/)?casefile (.+)$", document.read_text(), re.MULTILINE
    )
    for words in filter(None, (inside or line for inside, line in code)):
        command, *rest = words.split()
        assert command in COMMANDS or command.startswith("--"), words
        for flag in re.findall(r"--[\w-]+", " ".join(rest)):
            assert flag in flags_of(command), words


@cache
def flags_of(command: str) -> str:
    """The help of a command, which names all of its flags."""
    out = io.StringIO()
    with redirect_stdout(out):
        run([command, "--help"])
    return out.getvalue()


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_setting_that_a_document_names_is_one(document: Path) -> None:
    named = re.findall(r"`([A-Z][A-Z_0-9]*__(?:<LABEL>__)?[A-Z_0-9]+)(?:=[^`]*)?`", document.read_text())
    known = known_names()
    unknown = [name for name in named if not is_ours(name.replace("<LABEL>", "X"), known)]
    assert [name for name in unknown if not name.startswith("FULSTORY")] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_make_target_that_a_document_names_exists(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text()
    named = re.findall(r"(?:`|^    )make ([a-z]+)", document.read_text(), re.MULTILINE)
    assert [target for target in named if f"\n{target}:" not in makefile] == []


def test_the_example_environment_holds_settings_alone() -> None:
    lines = (ROOT / ".env.example").read_text().splitlines()
    names = {
        line.lstrip("#").split("=")[0] for line in lines if "=" in line and " " not in line.split("=")[0]
    }
    known = known_names()
    patterns = {name.split("__")[0] for name in names}
    assert patterns <= known.alone | set(known.labelled) | set(known.grouped)
    assert dotenv_values(ROOT / ".env.example")["SECRET_KEY"]


def test_every_dependency_has_its_reason() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    project = tomllib.loads(text)
    every = project["project"]["dependencies"] + project["dependency-groups"]["dev"]
    for dependency in filter(lambda named: isinstance(named, str), every):
        line = next(line for line in text.splitlines() if f'"{dependency}"' in line)
        assert "# " in line, dependency


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_every_path_that_a_document_names_is_there(document: Path) -> None:
    text = document.read_text()
    named = re.findall(r"`((?:bot|handlers|sandbox|tests|benchmarks|docs|deploy)/[\w./]*)`", text)
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_days_that_are_told_of_raygun_name_their_seeds_in_a_command_that_can_be_run() -> None:
    document = (ROOT / "docs" / "quotas.md").read_text()
    [line] = re.findall(r"^    \S+ -m benchmarks\.raygun_day (.+)$", document, re.MULTILINE)
    chosen = parser().parse_args(line.split())
    assert len(set(chosen.seed)) == 5
    assert "the\nrange over five seeds, by" in document


@pytest.mark.parametrize("document", DOCUMENTS, ids=name_of)
def test_no_document_promises_how_long_all_the_tests_or_a_benchmark_takes(document: Path) -> None:
    promises = [
        line
        for line in document.read_text().splitlines()
        if re.search(r"make (?:test|bench)\b|\bbenchmarks[/.]\w", line)
        and re.search(r"\b(?:minutes?|hours?)\b", line)
    ]
    assert promises == []


def test_each_way_in_of_the_audit_trail_is_explained() -> None:
    explained = (ROOT / "docs/privacy.md").read_text()
    assert [way for way in Way if way is not Way.UNKNOWN and f"`{way}`" not in explained] == []
