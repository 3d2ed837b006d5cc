"""The bill of materials, and the comparison with advisories where they can be had or not."""

import json
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
SAYS = "import sys, json; print(json.dumps({'dependencies': json.loads(sys.argv[1])}))"


def test_the_bill_of_materials_has_every_locked_package_with_its_hashes() -> None:
    lock = (ROOT / "requirements.txt").read_text()
    bill = json.loads(runpy.run_path(str(ROOT / ".ci" / "sbom.py"))["bill_of_materials"](lock, "1"))
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "casefile")
    locked = set(re.findall(r"^([a-z0-9][\w.-]*)==", lock, re.MULTILINE))
    assert {part["name"] for part in bill["components"]} == locked
    assert sum(len(part["hashes"]) for part in bill["components"]) == lock.count("--hash=sha256:")


@pytest.mark.process
@pytest.mark.parametrize(
    ("told", "status", "said"),
    [
        ([{"name": "a", "version": "1", "vulns": []}], 0, "No advisory is known"),
        (
            [{"name": "a", "version": "1", "vulns": [{"id": "GHSA-x", "fix_versions": ["2"]}]}],
            1,
            "a 1: GHSA-x, mended in 2",
        ),
        ([{"name": "a", "skip_reason": "not found"}], 2, "None of 1 locked packages were compared"),
        (None, 2, "could not be had"),
    ],
)
def test_an_audit_without_advisories_does_not_pass_for_one(
    told: Any, status: int, said: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)
    audit = runpy.run_path(str(ROOT / ".ci" / "audit.py"))["main"]
    program = [sys.executable, "-c", SAYS if told is not None else "raise SystemExit('no network')"]
    assert audit([*program, json.dumps(told)]) == status
    assert said in capsys.readouterr().out
