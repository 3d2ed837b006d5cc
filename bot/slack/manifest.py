"""
The app manifest: `manifest.yml` for Socket Mode, or the same made into one for signed HTTP.

What the code needs from Slack is listed here too, so that a test and `casefile doctor` can compare.
"""

import re
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

# Each Web API method that the bot calls, with the bot scopes it needs (docs.slack.dev/reference/methods).
METHOD_SCOPES: dict[str, frozenset[str]] = {
    "auth.test": frozenset(),
    "apps.connections.open": frozenset(),
    "apps.manifest.export": frozenset(),
    "bots.info": frozenset({"users:read"}),
    "chat.delete": frozenset({"chat:write"}),
    "chat.postEphemeral": frozenset({"chat:write"}),
    "chat.postMessage": frozenset({"chat:write", "chat:write.public"}),
    "chat.update": frozenset({"chat:write"}),
    "chat.unfurl": frozenset({"links:write"}),
    "entity.presentDetails": frozenset(),
    "conversations.info": frozenset({"channels:read", "groups:read", "im:read", "mpim:read"}),
    "conversations.history": frozenset({"channels:history", "groups:history", "im:history", "mpim:history"}),
    "conversations.replies": frozenset({"channels:history", "groups:history", "im:history", "mpim:history"}),
    "files.info": frozenset({"files:read"}),
    "usergroups.users.list": frozenset({"usergroups:read"}),
    "users.conversations": frozenset({"channels:read", "groups:read"}),
    "users.info": frozenset({"users:read"}),
    "users.list": frozenset({"users:read"}),
    "views.open": frozenset(),
    "views.publish": frozenset(),
}
# The subscriptions for each kind of event that the bot handles, with the scopes that each needs.
EVENT_SCOPES: dict[str, dict[str, frozenset[str]]] = {
    "message": {
        "message.channels": frozenset({"channels:history"}),
        "message.groups": frozenset({"groups:history"}),
        "message.im": frozenset({"im:history"}),
    },
    "app_mention": {"app_mention": frozenset({"app_mentions:read"})},
    "link_shared": {"link_shared": frozenset({"links:read"})},
    "entity_details_requested": {"entity_details_requested": frozenset()},
    "app_home_opened": {"app_home_opened": frozenset()},
    "channel_shared": {"channel_shared": frozenset({"channels:read", "groups:read"})},
    "channel_unshared": {"channel_unshared": frozenset({"channels:read", "groups:read"})},
    "member_left_channel": {"member_left_channel": frozenset({"channels:read", "groups:read"})},
    "user_change": {"user_change": frozenset({"users:read"})},
}
# Slack takes five unfurl domains, each with a top-level domain: no IP address, no name of one word.
_MOST_DOMAINS = 5
_DOMAIN = re.compile(r"(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z][a-z0-9-]*[a-z0-9]")
# Where `casefile serve` is reached from the internet.
REQUEST_ADDRESS = r"https://[^\s/?#@]+(/[^\s?#]*)?"
COMMAND_SCOPES = frozenset({"commands"})
STEP = "find_customer_sessions"
STEP_EVENT = "function_executed"
"""The step of workflows, which is in no manifest but by `with_workflow_step`; Slack sends this for it."""

# What is missing where one of the scopes that may be left out at the installation is not granted.
OPTIONAL_SCOPES: dict[str, str] = {
    "chat:write.public": "answers are for the asker alone in public channels that Casefile is not in",
    "files:read": "tickets that a help desk posts as an email file are not read",
    "mpim:history": "lost posts in messages between several people are not looked for",
    "mpim:read": "messages between several people are taken for channels that Casefile is not in",
    "usergroups:read": "with ACCESS__USER_GROUPS nobody may ask",
}


def needed_scopes() -> frozenset[str]:
    """Every bot scope that a feature needs."""
    events = (scopes for events in EVENT_SCOPES.values() for scopes in events.values())
    return frozenset().union(COMMAND_SCOPES, *METHOD_SCOPES.values(), *events)


def manifest_text() -> str:
    """The text of `manifest.yml`, in the checkout or in the installed package."""
    beside = Path(__file__).parents[2] / "manifest.yml"
    if beside.is_file():
        return beside.read_text(encoding="utf-8")
    return resources.files("bot").joinpath("manifest.yml").read_text(encoding="utf-8")


def read_manifest() -> dict[str, Any]:
    """The manifest as data."""
    # libyaml's loader, where PyYAML was built with it, takes a sixth of the time.
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    manifest: dict[str, Any] = yaml.load(manifest_text(), Loader=loader)  # noqa: S506 - both of them are safe
    return manifest


def declared_domains(manifest: dict[str, Any]) -> tuple[str, ...]:
    """The manifest's unfurl domains: Slack sends the app an event for their URLs."""
    return tuple(manifest["features"].get("unfurl_domains", ()))


def undeclared(hosts: Iterable[str], domains: Iterable[str]) -> tuple[str, ...]:
    """Hosts that are missing among the unfurl domains and could be there, that is, have a domain name."""
    able = (host.partition(":")[0] for host in hosts)
    named = [host for host in able if _DOMAIN.fullmatch(host)]
    covered = tuple(domains)
    return tuple(dict.fromkeys(host for host in named if not any(_is_in(host, d) for d in covered)))


def _is_in(host: str, domain: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def with_domains(manifest: dict[str, Any], hosts: Iterable[str]) -> dict[str, Any]:
    """
    The manifest with these hosts' domains added, as many as Slack allows.

    Where they are more, declared domains that none of the hosts is in make room for them, the last one first.
    """
    wanted, domains = sorted(hosts), list(declared_domains(manifest))
    added = undeclared(wanted, domains)
    named = [host.partition(":")[0] for host in wanted]
    unused = [domain for domain in domains if not any(_is_in(host, domain) for host in named)]
    while unused and len(domains) + len(added) > _MOST_DOMAINS:
        domains.remove(unused.pop())
    both = [*domains, *added][:_MOST_DOMAINS]
    return {**manifest, "features": {**manifest["features"], "unfurl_domains": both}}


def with_workflow_step(manifest: dict[str, Any]) -> dict[str, Any]:
    """
    The manifest with the step for Workflow Builder, which needs a paid plan.

    Slack wants the app to be ready for whole organisations, and the step to run here rather than at Slack
    (https://docs.slack.dev/tools/bolt-python/tutorial/custom-steps). The form is that of a manifest's first
    major version, which ours is. Whoever builds a workflow cannot fill in a `user_context` by hand
    (https://docs.slack.dev/reference/types/user_context-type).
    """
    settings = manifest["settings"]
    subscriptions = settings.get("event_subscriptions", {})
    events = [*subscriptions.get("bot_events", ()), STEP_EVENT]
    return {
        **manifest,
        "settings": {
            **settings,
            "event_subscriptions": {**subscriptions, "bot_events": sorted(events)},
            "org_deploy_enabled": True,
            "function_runtime": "remote",
        },
        "functions": {STEP: _step()},
    }


def _step() -> dict[str, Any]:
    inputs = [
        ("customer", "string", "Customer", "Email address or uid", True),
        ("person", "slack#/types/user_context", "Person", "Who runs the workflow, as Slack knows it", True),
        ("channel", "slack#/types/channel_id", "Channel", "Where the answer will be read", True),
    ]
    outputs = [
        ("answer", "string", "Answer", "What was found, as text", True),
        ("found", "boolean", "Found", "Whether anything was found of the customer", True),
        ("complete", "boolean", "Complete", "Whether every tool has answered in full", True),
        ("visits", "integer", "Visits", "How many visits were found", True),
        ("errors", "integer", "Errors", "How many different errors were found", True),
        ("session_link", "string", "Newest session", "Where the newest visit can be watched", False),
        ("error_link", "string", "Newest error", "Where the newest error can be seen", False),
    ]
    return {
        "title": "Find a customer's sessions",
        "description": "What a customer saw: their newest session replays and errors, from every tool",
        "input_parameters": dict(map(_parameter, inputs)),
        "output_parameters": dict(map(_parameter, outputs)),
    }


def _parameter(given: tuple[str, str, str, str, bool]) -> tuple[str, dict[str, Any]]:
    name, kind, title, description, is_required = given
    told = {"type": kind, "title": title, "description": description, "is_required": is_required}
    return name, told | {"name": name}


def http_manifest(
    base_url: str, command: str, hosts: Iterable[str] = (), *, workflow_step: bool = False
) -> str:
    """
    The manifest for signed HTTP, as YAML, with the request URL wherever Slack needs one.

    Args:
        base_url: where `casefile serve` is reached from the internet, such as `https://casefile.example`.
        command: the slash command's name.
        hosts: domains and servers whose URLs are to be unfurled.
        workflow_step: whether it has the step for workflows.

    """
    request_url = f"{base_url.rstrip('/').removesuffix('/slack/events')}/slack/events"
    manifest = with_domains(with_command(read_manifest(), command), hosts)
    manifest = with_workflow_step(manifest) if workflow_step else manifest
    for slash_command in manifest["features"]["slash_commands"]:
        slash_command["url"] = request_url
    settings = manifest["settings"]
    settings["socket_mode_enabled"] = False
    settings["interactivity"]["request_url"] = request_url
    if "event_subscriptions" in settings:
        settings["event_subscriptions"]["request_url"] = request_url
    return yaml.safe_dump(manifest, sort_keys=False, allow_unicode=True, width=110)


def with_command(manifest: dict[str, Any], command: str) -> dict[str, Any]:
    """The manifest with another name for the slash command."""
    first, *others = manifest["features"]["slash_commands"]
    commands = [{**first, "command": command}, *others]
    return {**manifest, "features": {**manifest["features"], "slash_commands": commands}}


def socket_manifest(command: str, hosts: Iterable[str] = (), *, workflow_step: bool = False) -> str:
    """The manifest for Socket Mode, as YAML: the file itself, unless command, domains or the step differ."""
    manifest = read_manifest()
    ours = with_domains(with_command(manifest, command), hosts)
    ours = with_workflow_step(ours) if workflow_step else ours
    if ours == manifest:
        return manifest_text()
    return yaml.safe_dump(ours, sort_keys=False, allow_unicode=True, width=110)
