"""An app's answers without the Web API: acknowledgements of commands, and posts to a `response_url`."""

import json
from typing import Any

from aiohttp import web

from sandbox.slack.content import read_content
from sandbox.slack.errors import ApiError
from sandbox.slack.messages import Json, Message
from sandbox.slack.response_urls import ResponseUrl
from sandbox.slack.state import State

# The status for a response_url that is used up.
_GONE = 404
RESPONSE_URL = "response_url"
"""What faults of response_urls go by, where those of the Web API go by their methods."""


def show_ack(state: State, url: ResponseUrl, body: Any) -> Message | None:
    """Show the answer in a command's acknowledgement; returns the message, None where there is no answer."""
    if isinstance(body, str) and body.strip():
        body = {"text": body}
    return show(state, url, body, "acknowledgement") if isinstance(body, dict) and body else None


def show(state: State, url: ResponseUrl, values: Json, where: str) -> Message | None:
    """Show an answer, to the one user unless it says otherwise; it is never more public than its original."""
    original = state.find_any(url.channel, url.message_ts) if url.message_ts else None
    if values.get("delete_original"):
        if original is not None and original.user == state.people.bot:
            state.remove_as_bot(original)
        return None
    content = read_content(state, values, where)
    replace = values.get("replace_original")
    if replace is None and url.from_click:
        # Slack's documents contradict each other on the default after a click.
        state.warnings.append(f"{where}: an answer to a click should say replace_original")
    if replace and original is not None and original.user == state.people.bot:
        return state.edit_as_bot(original, content)
    in_channel = values.get("response_type") == "in_channel"
    thread_ts = values.get("thread_ts")
    only_for = None if in_channel else url.user
    if replace and original is None:
        # Whoever reads it has two messages then (https://github.com/slackapi/bolt-python/issues/1268).
        state.violate(f"{where}: replace_original where no message was clicked in")
    return state.post_as_bot(url.channel, content, thread_ts=thread_ts, only_for=only_for)


async def handle_response(state: State, request: web.Request) -> web.Response:
    """The response to a post to a response_url, or the fault that was set for it."""
    fault = state.faults.take(RESPONSE_URL)
    if fault.retry_after is not None:
        return web.Response(status=429, headers={"Retry-After": str(fault.retry_after)})
    if fault.status is not None:
        return web.Response(status=fault.status, text="upstream trouble")
    response = await _take(state, request)
    if fault.lose_answer and request.transport is not None:
        request.transport.abort()
    return response


async def _take(state: State, request: web.Request) -> web.Response:
    url = state.response_urls.use(request.match_info["token"], state.clock())
    if isinstance(url, str):
        state.violate(f"response_url: {url}")
        return web.json_response({"ok": False, "error": url}, status=_GONE)
    try:
        values = json.loads(await request.text())
        if not isinstance(values, dict):
            raise ApiError("invalid_payload")  # noqa: TRY301 - answered like every other refusal
        show(state, url, values, "response_url")
    except ValueError:
        return web.Response(status=400, text="invalid_payload")
    except ApiError as error:
        return web.json_response(error.as_slack(), status=400)
    return web.Response(text="ok")
