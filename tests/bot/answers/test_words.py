"""The sentences that people read: all in one table, and each fit to be read aloud."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.answers.words import table
from bot.answers.words.table import panes, reading

ROOT = Path(__file__).parents[3]
ROOMS = [ROOT / "bot" / "answers", ROOT / "bot" / "jobs", ROOT / "handlers"]
TABLE = Path(table.__file__).resolve().parent
FILES = [file for room in ROOMS for file in sorted(room.rglob("*.py")) if TABLE not in file.parents]
SENTENCES = {
    name: words
    for part in (table, panes, reading)
    for name, words in vars(part).items()
    if name.isupper() and isinstance(words, str)
}
# As people write: it begins with a capital, has three words at least, and ends.
SENTENCE = re.compile(r"[A-Z“][\w’,]* \S+ .*[.?!]", re.DOTALL)


def said_in(file: Path) -> Iterator[str]:
    """The texts in a file that are neither docstrings nor for whoever reads a log."""
    tree = ast.parse(file.read_text())
    unseen: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr | ast.Raise | ast.Assert) or _is_for_the_log(node):
            unseen |= {id(inside) for inside in ast.walk(node) if isinstance(inside, ast.Constant)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in unseen:
            yield node.value


def _is_for_the_log(node: ast.AST) -> bool:
    """Whether it says why a ticket was read as it was, which `casefile read-ticket` tells its operator."""
    return (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "as_offer"
    )


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_what_people_read_stands_in_the_table(file: Path) -> None:
    assert [text for text in said_in(file) if SENTENCE.fullmatch(text)] == []


def test_no_word_is_doubled_and_no_mark_of_typewriters_is_left() -> None:
    for name, words in SENTENCES.items():
        assert not re.search(r"\b(\w+) \1\b", words), name
        assert not re.search(r"'|\.\.\.|  ", words), name


def test_a_time_is_never_behind_a_preposition_that_clashes_with_today_and_yesterday() -> None:
    for name, words in SENTENCES.items():
        assert not re.search(r"\b(?:at|on|in|from) \{time\}", words), name
