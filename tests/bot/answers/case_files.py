"""Case files of one customer, the words of blocks, and the limits of a message."""

from datetime import UTC, datetime, timedelta
from typing import Any

from bot.domain.model import (
    CaseFile,
    Finding,
    Session,
    SourceName,
    Subject,
    SubjectKind,
    UrlIs,
)

NOW = datetime(2026, 11, 20, 14, 5, 9, tzinfo=UTC)
JANE = Subject(SubjectKind.EMAIL, "jane@contoso.example", "jane@contoso.example")
WWW = SourceName("rybbit", "www")
SHOP = SourceName("raygun", "shop")
MAIN = SourceName("fullstory", "main")
HOSTILE = "<!channel> <@U123> *bold* `code` <https://evil.example|click> & https://evil.example/a"


def session(**fields: Any) -> Session:
    usual: dict[str, Any] = {
        "source": WWW,
        "id": "s1",
        "url": "https://app.rybbit.io/1407/user/u-77",
        "url_is": UrlIs.PERSON,
        "started_at": NOW - timedelta(minutes=15),
        "ended_at": NOW - timedelta(minutes=11),
        "duration_seconds": 245,
        "live": False,
        "pages": 5,
        "entry_page": "/cart",
        "exit_page": "/pay",
        "device": "Desktop",
        "browser": "Chrome 142",
        "os": "Windows 11",
        "errors": 1,
    }
    return Session(**(usual | fields))


def case_file(*findings: Finding, waiting: tuple[SourceName, ...] = (), subject: Subject = JANE) -> CaseFile:
    return CaseFile(subject, NOW, 30, findings, waiting)


def texts(blocks: list[dict[str, Any]]) -> str:
    found = []
    for block in blocks:
        parts = [block.get("text"), *(one for one in block.get("elements") or [] if "options" not in one)]
        parts += [one for element in block.get("elements") or [] for one in element.get("options", ())]
        found += [p["text"] if isinstance(p.get("text"), str) else p["text"]["text"] for p in parts if p]
    return "\n".join(found)


def check_message(blocks: list[dict[str, Any]]) -> None:
    """Check a message against Slack's limits (`slack.md`, Block Kit limits)."""
    assert 1 <= len(blocks) <= 50
    for block in blocks:
        if block["type"] == "section":
            assert 1 <= len(block["text"]["text"]) <= 3000
            for option in block.get("accessory", {}).get("options", ()):
                assert len(option["value"]) <= 150
        if block["type"] == "context":
            assert 1 <= len(block["elements"]) <= 10
            assert all(1 <= len(element["text"]) <= 2000 for element in block["elements"])
        if block["type"] == "actions":
            assert len(block["elements"]) <= 25
            assert all(len(button.get("value", "")) <= 2000 for button in block["elements"])
