"""The files that one runs Casefile by: what they name is there, and they ask for no needless rights."""

import configparser
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.cli.main import COMMANDS
from bot.operations.metrics import make_metrics
from bot.settings.misspelt import is_ours
from bot.settings.model import known_names

DEPLOY = Path(__file__).parents[2] / "deploy"
METRIC = re.compile(r"\bcasefile_\w+")


def exported() -> set[str]:
    """The names of all metrics, as Prometheus has them."""
    text = make_metrics().text().decode()
    families = dict(re.findall(r"^# TYPE (\w+) (\w+)$", text, re.MULTILINE))
    names = set(families)
    for name, kind in families.items():
        if kind == "histogram":
            names |= {f"{name}_bucket", f"{name}_count", f"{name}_sum"}
    return names


def expressions(found: Any) -> list[str]:
    """Every `expr` in a file, however deep."""
    if isinstance(found, dict):
        own = [found["expr"]] if isinstance(found.get("expr"), str) else []
        return own + [one for value in found.values() for one in expressions(value)]
    return [one for value in found for one in expressions(value)] if isinstance(found, list) else []


@pytest.mark.parametrize("file", ["grafana-dashboard.json", "alerts.yml"])
def test_every_metric_that_is_watched_is_one_that_is_exported(file: str) -> None:
    watched = expressions(yaml.safe_load((DEPLOY / file).read_text()))
    assert len(watched) >= 6
    assert {name for expression in watched for name in METRIC.findall(expression)} <= exported()


def test_the_dashboard_shows_every_metric_in_places_of_their_own() -> None:
    panels = yaml.safe_load((DEPLOY / "grafana-dashboard.json").read_text())["panels"]
    shown = {name for expression in expressions(panels) for name in METRIC.findall(expression)}
    families = {family.name for family in make_metrics().registry.collect()}
    assert {name for name in families if not any(one.startswith(name) for one in shown)} == set()
    at = [panel["gridPos"] for panel in panels]
    cells = [
        (x, y) for p in at for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_every_alert_says_what_it_means_and_what_to_do() -> None:
    (group,) = yaml.safe_load((DEPLOY / "alerts.yml").read_text())["groups"]
    assert all({"summary", "description"} <= set(rule["annotations"]) for rule in group["rules"])
    operating = (DEPLOY.parent / "docs" / "operating.md").read_text()
    assert [rule["alert"] for rule in group["rules"] if f"`{rule['alert']}`" not in operating] == []


def test_the_bot_in_compose_writes_nowhere_but_in_memory_and_its_database() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    bot = services["bot"]
    assert (bot["read_only"], bot["cap_drop"]) == (True, ["ALL"])
    assert bot["command"][0] in COMMANDS
    assert all(is_ours(name, known_names()) for name in bot["environment"])
    assert all(port.startswith("127.0.0.1:") for port in bot["ports"])
    assert bot["depends_on"]["database"]["condition"] == "service_healthy"
    assert "healthcheck" in services["database"]


def test_the_unit_runs_a_command_that_there_is_and_may_write_to_its_own_folder_alone() -> None:
    unit = configparser.ConfigParser(interpolation=None, strict=False)
    unit.optionxform = str  # type: ignore[assignment,method-assign] # names of directives keep their capitals
    unit.read(DEPLOY / "casefile.service")
    service = unit["Service"]
    assert service["ExecStart"].split()[-1] in COMMANDS
    assert (service["ProtectSystem"], service["DynamicUser"]) == ("strict", "yes")
    assert service["WorkingDirectory"] == f"/var/lib/{service['StateDirectory']}"
    assert int(service["TimeoutStopSec"]) > 25


def test_kubernetes_runs_several_as_nobody_with_probes_that_there_are() -> None:
    deployment, *_others = yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text())
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert deployment["spec"]["replicas"] > 1
    assert container["args"][0] in COMMANDS
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert pod["terminationGracePeriodSeconds"] > 25
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
