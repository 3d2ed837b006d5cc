"""Every sample of a ticket notification, by the command that people read tickets with."""

import json
from pathlib import Path
from typing import Any

import pytest

from bot.cli.main import run

SAMPLES = sorted((Path(__file__).parents[3] / "sandbox" / "tickets").glob("*.json"))


@pytest.fixture(autouse=True)
def _elsewhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)


def configure(monkeypatch: pytest.MonkeyPatch, config: dict[str, Any]) -> list[str]:
    monkeypatch.setenv("TICKETS__INTERNAL_DOMAINS", json.dumps(config["internal_domains"]))
    monkeypatch.setenv("TICKETS__IGNORED_ADDRESSES", json.dumps(config["ignored_addresses"]))
    monkeypatch.setenv("TICKETS__CHANNELS", json.dumps(config["watched_channels"]))
    ids = {"--bot-id": "our_bot_id", "--bot-user-id": "our_bot_user_id", "--app-id": "our_app_id"}
    return [part for flag, name in ids.items() for part in (flag, config[name])]


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_a_sample_is_read_exactly_as_it_should_be(
    file: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sample = json.loads(file.read_text())
    event = tmp_path / "event.json"
    event.write_text(json.dumps(sample["payload"]))
    assert run(["read-ticket", str(event), "--json", *configure(monkeypatch, sample["config"])]) == 0
    told = json.loads(capsys.readouterr().out)
    expected = sample["expect"]
    if told["action"] == expected.pop("or_action", None):
        return
    assert told["action"] == expected["action"], told["reason"]
    assert told["ticket"] == expected["ticket"]
    if expected["action"] != "ignore":
        assert {name: told[name] for name in expected} == expected


def test_there_are_all_the_samples() -> None:
    assert len(SAMPLES) == 59


def test_a_configured_pattern_finds_the_uid_of_a_sample(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sample = json.loads(next(file for file in SAMPLES if file.stem.startswith("56")).read_text())
    event = tmp_path / "event.json"
    event.write_text(json.dumps(sample["payload"]["event"]))
    monkeypatch.setenv("TICKETS__UID_PATTERNS", r'["User ID:\\s*(usr_\\w+)"]')
    assert run(["read-ticket", str(event), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["action"], told["uids"], told["requester"]) == ("reply", ["usr_8f3a21"], [])


def test_the_answer_of_files_info_stands_in_for_a_stub(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    sample = json.loads(next(file for file in SAMPLES if file.stem.startswith("29")).read_text())
    whole = sample["payload"]["event"]["files"][0]
    sample["payload"]["event"]["files"] = [
        {"id": whole["id"], "mode": "file_access", "file_access": "check_file_info"}
    ]
    event, info = tmp_path / "event.json", tmp_path / "info.json"
    event.write_text(json.dumps(sample["payload"]))
    info.write_text(json.dumps({"ok": True, "file": whole}))
    assert run(["read-ticket", str(event), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["action"] == "offer"
    assert run(["read-ticket", str(event), "--json", "--files-info", str(info)]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["action"], told["requester"]) == ("reply", ["jane.doe@contoso.example"])


def test_people_get_it_in_words_and_of_a_sample_as_it_lies_there(capsys: pytest.CaptureFixture[str]) -> None:
    sample = next(file for file in SAMPLES if file.stem.startswith("06"))
    assert run(["read-ticket", str(sample)]) == 0
    told = capsys.readouterr().out
    assert told.startswith("reply: ")
    assert "requester: jane.doe@contoso.example" in told
    assert "zendesk 48213" in told


@pytest.mark.parametrize(
    ("content", "complaint"), [(b"{", "is not JSON"), (b"\xff\xfe{", "is not JSON"), (None, "No such file")]
)
def test_a_file_that_cannot_be_read_is_bad_usage(
    content: bytes | None, complaint: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    event = tmp_path / "event.json"
    if content is not None:
        event.write_bytes(content)
    assert run(["read-ticket", str(event)]) == 2
    printed = capsys.readouterr()
    assert complaint in printed.err
    assert "event.json" in printed.err
    assert printed.out == ""
