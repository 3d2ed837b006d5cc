"""What the README says that the code says too."""

import re
import tomllib
from pathlib import Path

import pytest
from dotenv import dotenv_values

from bot.settings.model import known_names
from bot.settings.table import with_table

ROOT = Path(__file__).parents[1]


def test_the_table_of_settings_is_the_one_of_the_settings_class() -> None:
    readme = (ROOT / "README.md").read_text()
    assert with_table(readme) == readme, "run: make readme"


def test_every_setting_stands_in_the_table() -> None:
    readme = (ROOT / "README.md").read_text()
    assert not [name for name in known_names().spelt_out if f"`{name}`" not in readme]


def test_every_make_target_that_the_readme_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in ("install", "demo", "test", "bench", "lock"):
        assert f"\n{target}:" in makefile


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


@pytest.mark.parametrize("document", ["CONTRIBUTING.md", "docs/adding_a_source.md", "docs/architecture.md"])
def test_every_path_that_a_document_names_is_there(document: str) -> None:
    text = (ROOT / document).read_text()
    named = re.findall(r"`((?:bot|handlers|sandbox|tests|benchmarks|docs)/[\w./]*)`", text)
    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []
