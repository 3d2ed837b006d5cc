"""
A step of the app's in a workflow: run by somebody, and ended by the app, once.

Slack's documents: https://docs.slack.dev/reference/events/function_executed (the event, which does not say
who runs the workflow), https://docs.slack.dev/reference/types/user_context-type (the input that does),
https://docs.slack.dev/reference/methods/functions.completeSuccess and `functions.completeError` (the ends and
their errors). That an execution's own token ends with it is said by users of it
(https://github.com/slackapi/bolt-python/issues/1075).
"""

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from bot.slack.manifest import STEP_EVENT, read_manifest, with_workflow_step
from sandbox.slack.arguments import Arguments
from sandbox.slack.errors import ApiError
from sandbox.slack.messages import Json
from sandbox.slack.people import APP
from sandbox.slack.state import Execution, State

ENDS = frozenset({"functions.completeSuccess", "functions.completeError"})
_USER_CONTEXT = "slack#/types/user_context"


@dataclass(frozen=True, slots=True)
class StepRefused(Exception):
    """Raised where Slack itself does not run a step; `why` says so in its words, or in ours."""

    why: str


def install(state: State) -> None:
    """Have the app installed with its step, by the manifest that has one."""
    state.functions = with_workflow_step(read_manifest())["functions"]
    state.subscribed_events.add(STEP_EVENT)


def executed(state: State, callback_id: str, user: str | None, inputs: Json) -> Json:
    """
    The event of a step that somebody's workflow has come to, and its execution, running.

    Raises:
        StepRefused: where Workflow Builder would not have let it be published, or does not run it.

    """
    function = state.functions.get(callback_id)
    # The manifest's reference has it among the subscriptions; without it nothing is sent.
    if function is None or STEP_EVENT not in state.subscribed_events:
        raise StepRefused("the app has no such step")
    if user is not None and state.users[user].stranger:
        raise StepRefused("home_team_only")
    given = dict(inputs)
    for name, parameter in function["input_parameters"].items():
        if parameter["type"] == _USER_CONTEXT:
            if user is None:
                raise StepRefused("the workflow cannot be published: nobody runs it")
            given[name] = {"id": user, "secret": secrets.token_hex(32)}
    if wrong := _wrong(function["input_parameters"], given):
        raise StepRefused(wrong)
    return started(state, callback_id, given)


def started(state: State, callback_id: str, inputs: Json) -> Json:
    """The event of a step with any inputs, and its execution, running."""
    function = state.functions[callback_id]
    execution = Execution(
        state.next_id("Fx"), callback_id, inputs, f"xwfp-{secrets.token_hex(12)}", state.next_id("Wx")
    )
    state.executions[execution.id] = execution
    return {
        "type": STEP_EVENT,
        "function": {
            "id": "Fn0CASEFILE",
            "callback_id": callback_id,
            "title": function["title"],
            "description": function["description"],
            "type": "app",
            "input_parameters": _listed(function["input_parameters"]),
            "output_parameters": _listed(function["output_parameters"]),
            "app_id": APP,
            "date_created": 1_700_000_000,
            "date_updated": 1_700_000_000,
            "date_deleted": 0,
        },
        "inputs": inputs,
        "function_execution_id": execution.id,
        "workflow_execution_id": execution.workflow,
        "event_ts": state.next_ts(),
        "bot_access_token": execution.token,
    }


def check_token(state: State, token: str, args: Json) -> bool:
    """
    Whether a token is an execution's, which is good for its own end.

    Raises:
        ApiError: where it is another execution's, or has ended with its own.

    """
    owner = next((one for one in state.executions.values() if one.token == token), None)
    if owner is None:
        return False
    if owner.is_over:
        raise ApiError("token_revoked")
    if owner.id != args.get("function_execution_id"):
        raise ApiError("access_denied")
    return True


def complete_success(state: State, args: Arguments) -> Json:
    """End a step with its outputs, which have to be as the manifest says."""
    execution = _running(state, args)
    outputs: Any = args.values.get("outputs")
    parameters = state.functions[execution.callback_id]["output_parameters"]
    wrong = _wrong(parameters, outputs) if isinstance(outputs, dict) else "outputs is no object"
    if wrong:
        raise ApiError("parameter_validation_failed", response_metadata={"messages": [f"[ERROR] {wrong}"]})
    return _end(state, replace(execution, outputs=outputs))


def complete_error(state: State, args: Arguments) -> Json:
    """End a step with an error, of which Slackbot tells whoever runs the workflow."""
    return _end(state, replace(_running(state, args), error=args.needed("error")))


def _running(state: State, args: Arguments) -> Execution:
    execution = state.executions.get(args.needed("function_execution_id"))
    if execution is None:
        raise ApiError("function_execution_not_found")
    if execution.is_over:
        raise ApiError("execution_not_in_running_state")
    return execution


def _end(state: State, execution: Execution) -> Json:
    state.executions[execution.id] = execution
    state.changes.announce()
    return {"ok": True}


def _wrong(parameters: Json, given: Json) -> str | None:
    """What is wrong with values for these parameters; None where nothing is."""
    if unknown := sorted(set(given) - set(parameters)):
        return f"{unknown[0]} is no parameter"
    for name, parameter in parameters.items():
        if given.get(name) in (None, ""):
            if parameter.get("is_required"):
                return f"{name} is missing"
        elif not _KINDS[parameter["type"]](given[name]):
            return f"{name} is no {parameter['type']}"
    return None


def _listed(parameters: Json) -> list[Json]:
    return [{"name": name, **parameter} for name, parameter in parameters.items()]


def _is_user_context(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"id", "secret"}


_KINDS: Mapping[str, Callable[[Any], bool]] = MappingProxyType(
    {
        "string": lambda value: isinstance(value, str),
        "boolean": lambda value: isinstance(value, bool),
        "integer": lambda value: isinstance(value, int) and not isinstance(value, bool),
        "slack#/types/channel_id": lambda value: isinstance(value, str) and value[:1] in ("C", "G", "D"),
        _USER_CONTEXT: _is_user_context,
    }
)
