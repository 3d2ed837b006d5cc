"""What was found wrong in answers is held by tests: `faults.toml` names them."""

import re
import tomllib
from pathlib import Path

import pytest

_TESTS = Path(__file__).parent
_TABLE = tomllib.loads((_TESTS / "faults.toml").read_text())
_NAMED = sorted({named for part in _TABLE.values() for tests in part.values() for named in tests})


def test_every_fault_has_a_test() -> None:
    faults = _TABLE["faults"]
    assert list(faults) == [str(number) for number in range(1, 32)]
    assert all(faults.values())
    assert all(_TABLE["vendors"].values())


@pytest.mark.parametrize("named", _NAMED)
def test_every_test_that_the_table_names_is_there(named: str) -> None:
    file, _, name = named.partition(": ")
    assert re.search(rf"def test_{name}\(", (_TESTS / file).read_text())
