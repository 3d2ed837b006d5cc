"""The layout shows the architecture: who may import whom."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# Each layer may import those below it (and its own); what is not named here belongs to its folder.
LAYERS = [
    {
        "bot.domain.coverage",
        "bot.operations.clock",
        "bot.slack.priority_lock",
        "bot.storage.database",
        "bot.storage.tables",
        "bot.storage.uninterrupted_sqlite",
    },
    {"bot.domain.model"},
    {
        "bot.settings.model.misspelt",
        "bot.settings.model.values",
        "bot.answers.mrkdwn",
        "bot.storage.keyring",
        "bot.storage.store",
        "bot.operations.tasks",
        "bot.operations.metrics",
        "bot.domain.addresses",
        "bot.answers.block_kit",
        "bot.operations.crashes",
        "bot.domain.links",
    },
    {"bot.answers.freshness"},
    {"bot.domain.subjects", "bot.answers.wording", "bot.tickets.markup", "bot.tickets.labels"},
    {"bot.lookup.fan_out.identities", "bot.sources.raygun.index_rows"},
    {"bot.sources.raygun.index"},
    {"bot.lookup.fan_out.known_links", "bot.storage.leases", "bot.slack.rate_limits"},
    {"bot.tickets.references", "bot.answers.buttons"},
    {"bot.tickets.passages", "bot.tickets.mail"},
    {"bot.tickets.trust"},
    {"bot.tickets.requester"},
    {"bot.tickets.decide"},
    {"bot.cli.main.ticket_json", "bot.answers.prompts", "bot.answers.case_file_message"},
    {
        "bot.settings.model",
        "bot.lookup.answer_cache",
        "bot.sources.quota",
        "bot.jobs.inbox",
        "bot.slack.client",
        "bot.slack.messages",
    },
    {"bot.sources", "bot.settings.model.table", "bot.tickets.rules", "bot.tickets.book"},
    {"bot.helpdesks", "bot.sources.raygun.pushed_errors"},
    {
        "bot.lookup.fan_out.ask_source",
        "bot.sources.quota_status",
        "bot.slack.access",
        "bot.jobs.inbox.payloads",
        "bot.tickets.with_requester",
    },
    {"bot.slack.poster"},
    {"bot.lookup.fan_out", "bot.cli.main.lookup_json", "bot.jobs.inbox.admission"},
    {"bot.answers.progress", "bot.cli.main.terminal", "bot.jobs.inbox.means", "bot.answers.cards"},
    {"bot.answers.targets"},
    {
        "bot.jobs.inbox.people",
        "bot.jobs.inbox.session_errors",
        "bot.jobs.inbox.tickets",
        "bot.jobs.inbox.unfurls",
        "bot.jobs.inbox.worker",
    },
    {"bot.app"},
    {"handlers", "bot.serving.web"},
    {"bot.serving.run"},
    {"bot.cli.main"},
]
FILES = sorted((ROOT / "bot").rglob("*.py")) + sorted((ROOT / "handlers").rglob("*.py"))


def module_of(file: Path) -> str:
    return ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def layer_of(module: str) -> int | None:
    for level, names in enumerate(LAYERS):
        if any(module == name or module.startswith(f"{name}.") for name in names):
            return level
    return None


def imports_of(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return {module for module in found if module.split(".")[0] in ("bot", "handlers", "sandbox", "tests")}


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_dependencies_point_one_way(file: Path) -> None:
    level = layer_of(module_of(file))
    if level is None:
        return
    for imported in imports_of(file):
        below = layer_of(imported)
        assert below is None or below <= level, f"{module_of(file)} imports {imported}"


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_the_program_needs_no_sandbox_and_no_tests(file: Path) -> None:
    used = {module.split(".")[0] for module in imports_of(file)}
    assert "tests" not in used
    assert "sandbox" not in used or module_of(file) == "bot.cli.main"


@pytest.mark.parametrize("file", FILES, ids=module_of)
def test_only_the_command_line_hands_the_environment_in(file: Path) -> None:
    assert "os.environ" not in file.read_text() or module_of(file) in ("bot.cli.main", "bot.settings.model")
