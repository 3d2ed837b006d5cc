"""A command loads what it needs, and not what another one does."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.process
ROOT = Path(__file__).parents[3]
SAMPLE = ROOT / "sandbox" / "tickets" / "06_zendesk_trigger_name_angle_email.json"
DATABASE = {"sqlalchemy", "psycopg", "cryptography"}
NETWORK = {"aiohttp", "httpx2", "slack_bolt", "slack_sdk", "starlette", "uvicorn", "dns"}
REST = {"structlog", "stamina", "prometheus_client", "raygun4py", "yaml", "sandbox"}
SETTINGS = {"pydantic", "pydantic_settings", "dotenv"}
# Tells what is loaded when a command has ended, behind all that the command printed.
PROBE = """
import json, sys
from bot.cli.main import run
status = run(sys.argv[1:])
print()
print(json.dumps([status, sorted({name.partition(".")[0] for name in sys.modules})]))
"""


def loaded_by(folder: Path, *words: str) -> set[str]:
    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", PROBE, *words],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        check=True,
        timeout=60,
    )
    status, packages = json.loads(ran.stdout.splitlines()[-1])
    assert status == 0, ran.stderr
    return set(packages)


def test_the_version_is_told_without_settings_database_or_network(tmp_path: Path) -> None:
    loaded = loaded_by(tmp_path, "--version")
    assert "cyclopts" in loaded
    assert loaded & (SETTINGS | DATABASE | NETWORK | REST | {"asyncio", "email_validator"}) == set()


@pytest.mark.parametrize(
    "words",
    [("read-ticket", str(SAMPLE)), ("read-link", "https://app.rybbit.io/1407/user/cust-8841", "--json")],
    ids=lambda words: words[0],
)
def test_what_asks_nobody_loads_neither_database_nor_network(tmp_path: Path, words: tuple[str, ...]) -> None:
    loaded = loaded_by(tmp_path, *words)
    assert loaded >= SETTINGS
    assert loaded & (DATABASE | NETWORK | REST) == set()


def test_the_manifest_is_printed_without_database_or_network(tmp_path: Path) -> None:
    assert loaded_by(tmp_path, "manifest") & (DATABASE | NETWORK) == set()


def test_serving_with_sqlite_loads_what_it_uses_alone() -> None:
    program = "import json, sys, bot.cli.commands.serve; print(json.dumps(sorted(sys.modules)))"
    ran = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=True, timeout=60
    )
    loaded = set(json.loads(ran.stdout))
    assert "bot.serving.run" in loaded
    unused = {
        "psycopg",
        "sqlalchemy.orm",
        "sqlalchemy.dialects.postgresql",
        "alembic",
        "raygun4py",
        "yaml",
        "mcp",
        # Colours for a terminal, which structlog would load.
        "rich",
        "pygments",
    }
    assert loaded & unused == set()
