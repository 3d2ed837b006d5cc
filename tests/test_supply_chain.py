"""The bill of materials, and the comparison with advisories where they can be had or not."""

import hashlib
import json
import re
import runpy
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
STATIC = ROOT / "bot" / "replay" / "static"
# Files of npm packages (umd/rrweb-player.min.js and dist/style.min.css), by their SHA-256 there.
KEPT = {
    "rrweb-player@2.1.7": {
        "rrweb-player-2.1.7.min.js": "9015abec2bf35c6b990c84c1750a950f99479b06446bdec20ad139b98a5ccdfe",
        "rrweb-player-2.1.7.min.css": "ce5e96298e20e7262e317ef8d51aacd8e75cd14cfa66aaff43ceecbb7a3e132a",
    }
}
RRWEB_LICENCE = "rrweb-player-2.1.7.LICENSE.txt"
SAYS = "import sys, json; print(json.dumps({'dependencies': json.loads(sys.argv[1])}))"


def test_the_bill_of_materials_has_every_locked_package_with_its_hashes() -> None:
    lock = (ROOT / "requirements.txt").read_text()
    bill = json.loads(runpy.run_path(str(ROOT / ".ci" / "sbom.py"))["bill_of_materials"](lock, "1"))
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "casefile")
    locked = set(re.findall(r"^([a-z0-9][\w.-]*)==", lock, re.MULTILINE))
    kept = {name.partition("@")[0] for name in KEPT}
    assert {part["name"] for part in bill["components"]} == locked | kept
    hashes = lock.count("--hash=sha256:") + len(KEPT)
    assert sum(len(part["hashes"]) for part in bill["components"]) == hashes


def test_what_is_kept_in_the_package_is_what_its_registry_has_with_its_licence() -> None:
    for files in KEPT.values():
        for name, digest in files.items():
            assert hashlib.sha256((STATIC / name).read_bytes()).hexdigest() == digest
    licence = (STATIC / RRWEB_LICENCE).read_text()
    assert "MIT License" in licence
    assert "graphs/contributors) and SmartX Inc." in licence
    assert {one.name for one in STATIC.glob("rrweb*")} == {*KEPT["rrweb-player@2.1.7"], RRWEB_LICENCE}


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
