"""The manifest against Slack's schema, and against what the code really uses."""

import ast
import json
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from bot.slack.manifest import (
    EVENT_SCOPES,
    METHOD_SCOPES,
    OPTIONAL_SCOPES,
    STEP,
    STEP_EVENT,
    http_manifest,
    needed_scopes,
    read_manifest,
    socket_manifest,
    with_workflow_step,
)

ROOT = Path(__file__).parents[1]
# Slack's own file; it is not copied here.
SCHEMA = ROOT.parent / "shared" / "slack" / "manifest.schema.1.0.0.json"
ADDRESS = "https://casefile.contoso.example"
CODE = sorted((ROOT / "bot").rglob("*.py")) + sorted((ROOT / "handlers").rglob("*.py"))


@cache
def calls() -> list[ast.Call]:
    return [n for file in CODE for n in ast.walk(ast.parse(file.read_text())) if isinstance(n, ast.Call)]


def methods_used() -> set[str]:
    """The Web API methods that the code calls on a client, in Slack's spelling."""
    named = {method.replace(".", "").lower(): method for method in METHOD_SCOPES}
    families = {method.split(".")[0] for method in METHOD_SCOPES} | {"reactions", "views", "files", "bots"}
    found = set()
    for call in calls():
        if not isinstance(call.func, ast.Attribute) or call.func.attr.split("_")[0] not in families:
            continue
        if "client" in ast.unparse(call.func.value) or "slack" in ast.unparse(call.func.value):
            attribute = call.func.attr
            found.add(named.get(attribute.replace("_", "").lower(), attribute))
    return found


def listeners(kind: str) -> list[str]:
    """The arguments with which the handlers register: those of `bolt.command(…)` and the like."""
    return [
        ast.unparse(call.args[0])
        for call in calls()
        if isinstance(call.func, ast.Attribute)
        and call.func.attr == kind
        and ast.unparse(call.func.value) == "bolt"
    ]


@pytest.mark.skipif(not SCHEMA.exists(), reason="Slack's schema is not beside this checkout")
@pytest.mark.parametrize("workflow_step", [False, True])
@pytest.mark.parametrize(
    "made", [partial(socket_manifest, "/sessions"), partial(http_manifest, ADDRESS, "/f")]
)
def test_all_manifests_are_valid_by_slacks_schema(made: Callable[..., str], workflow_step: bool) -> None:
    text = made(workflow_step=workflow_step)
    jsonschema.validate(yaml.safe_load(text), json.loads(SCHEMA.read_text()))


def test_every_method_that_the_code_calls_has_its_scopes_named() -> None:
    assert methods_used() <= set(METHOD_SCOPES)


def test_no_scope_is_named_for_a_method_that_the_code_does_not_call() -> None:
    # Opening a socket is slack_sdk's own affair, and needs no bot scope.
    assert set(METHOD_SCOPES) <= methods_used() | {"apps.connections.open"}


def test_the_manifest_asks_for_exactly_the_scopes_that_are_needed() -> None:
    assert set(read_manifest()["oauth_config"]["scopes"]["bot"]) == needed_scopes()


def test_what_some_installations_need_alone_may_be_left_out() -> None:
    scopes = read_manifest()["oauth_config"]["scopes"]
    # Slack wants what is optional in both lists.
    assert set(scopes["bot_optional"]) == set(OPTIONAL_SCOPES) < set(scopes["bot"])


def test_every_command_of_the_code_is_declared_and_no_other() -> None:
    declared = [command["command"] for command in read_manifest()["features"]["slash_commands"]]
    assert listeners("command") == ["inbound.settings.slack_command"]
    assert declared == ["/sessions"]


def test_every_event_and_shortcut_of_the_code_is_declared_and_no_other() -> None:
    manifest = read_manifest()
    subscribed = manifest["settings"]["event_subscriptions"]["bot_events"]
    heard = [ast.literal_eval(event) for event in listeners("event")]
    shortcuts = [shortcut["callback_id"] for shortcut in manifest["features"].get("shortcuts", [])]
    assert sorted(heard) == sorted(EVENT_SCOPES)
    assert sorted(event for kind in heard for event in EVENT_SCOPES[kind]) == sorted(subscribed)
    assert [ast.literal_eval(shortcut) for shortcut in listeners("shortcut")] == shortcuts


def test_the_step_is_in_a_manifest_of_its_own_which_differs_in_nothing_else() -> None:
    plain, stepped = read_manifest(), yaml.safe_load(socket_manifest("/sessions", workflow_step=True))
    assert [ast.literal_eval(step) for step in listeners("function")] == [STEP] == [*stepped["functions"]]
    assert set(stepped) - set(plain) == {"functions"}
    settings, changed = plain.pop("settings"), stepped.pop("settings")
    assert {name for name in changed if changed[name] != settings.get(name)} == {
        "event_subscriptions",
        "function_runtime",
        "org_deploy_enabled",
    }
    events = changed["event_subscriptions"]["bot_events"]
    assert set(events) - set(settings["event_subscriptions"]["bot_events"]) == {STEP_EVENT}
    assert stepped.pop("functions")
    assert stepped == plain


def test_whoever_runs_a_workflow_is_told_by_slack_alone() -> None:
    inputs = with_workflow_step(read_manifest())["functions"][STEP]["input_parameters"]
    assert inputs["person"]["type"] == "slack#/types/user_context"
    assert [name for name, one in inputs.items() if not one["is_required"]] == []


def test_buttons_need_interactivity() -> None:
    assert bool(listeners("action")) == read_manifest()["settings"]["interactivity"]["is_enabled"]


def places_of_urls(manifest: dict[str, Any]) -> list[str]:
    commands = [command["url"] for command in manifest["features"]["slash_commands"]]
    settings = manifest["settings"]
    return [*commands, *(settings[name]["request_url"] for name in ("interactivity", "event_subscriptions"))]


@pytest.mark.parametrize("given", [ADDRESS, f"{ADDRESS}/", f"{ADDRESS}/slack/events"])
def test_the_manifest_for_http_has_the_request_url_everywhere_and_no_socket_mode(given: str) -> None:
    manifest = yaml.safe_load(http_manifest(given, "/sessions"))
    assert places_of_urls(manifest) == [f"{ADDRESS}/slack/events"] * 3
    assert manifest["settings"]["socket_mode_enabled"] is False


def test_another_name_of_the_command_is_followed() -> None:
    for text in (socket_manifest("/find"), http_manifest(ADDRESS, "/find")):
        assert yaml.safe_load(text)["features"]["slash_commands"][0]["command"] == "/find"


def test_the_manifest_for_socket_mode_is_the_file_itself() -> None:
    assert socket_manifest("/sessions") == (ROOT / "manifest.yml").read_text()


def domains(*hosts: str) -> list[str]:
    """The domains of the manifest that is printed where these hosts are configured."""
    printed: list[str] = yaml.safe_load(socket_manifest("/sessions", hosts))["features"]["unfurl_domains"]
    return printed


def test_where_slack_takes_no_more_domains_those_of_tools_that_are_not_configured_make_room() -> None:
    declared = read_manifest()["features"]["unfurl_domains"]
    assert domains("stats.contoso.example", *declared) == [*declared, "stats.contoso.example"]
    two = domains("stats.contoso.example", "peek.example", "uxcam.com", "fullstory.com")
    assert two == ["fullstory.com", "app.raygun.com", "uxcam.com", "peek.example", "stats.contoso.example"]
    many = domains(*(f"{name}.example" for name in ("aa", "bb", "cc", "dd", "ee", "ff")), *declared)
    assert many == [*declared, "aa.example"]
