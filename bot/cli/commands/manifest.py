"""`casefile manifest`."""

import re
from typing import Annotated

from cyclopts import Parameter

from bot.cli.environment import read_settings
from bot.cli.terminal import OK, Complaint
from bot.slack.manifest import REQUEST_ADDRESS, http_manifest, socket_manifest
from bot.sources.registry import linked_hosts


def manifest(
    *,
    http: Annotated[
        str | None, Parameter(help="for signed HTTP, reached at this address", metavar="URL")
    ] = None,
    with_workflow_step: Annotated[
        bool, Parameter(help="with the step for Workflow Builder (paid plans)", negative=())
    ] = False,
) -> int:
    """Print the manifest; the exit status."""
    settings = read_settings()
    command, hosts = settings.slack_command, linked_hosts(settings)
    if http is None:
        print(socket_manifest(command, hosts, workflow_step=with_workflow_step), end="")
        return OK
    if not re.fullmatch(REQUEST_ADDRESS, http):
        raise Complaint("--http takes the address that Slack reaches, such as https://casefile.example")
    print(http_manifest(http, command, hosts, workflow_step=with_workflow_step), end="")
    return OK
