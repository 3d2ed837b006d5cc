"""A local Slack workspace: as strict as Slack, on loopback only, with a page to look at it."""

from sandbox.slack.calls import ApiCall, Limit
from sandbox.slack.files import Stub
from sandbox.slack.messages import Message
from sandbox.slack.outcome import Outcome
from sandbox.slack.panel import Panel, PostableTicket, PushableEvent, Shortcut, TryThis, VendorSwitch
from sandbox.slack.plain_text import broadcasts, mentions, plain_text
from sandbox.slack.server import SCOPES, start_slack
from sandbox.slack.workspace import SlackWorkspace

__all__ = [
    "SCOPES",
    "ApiCall",
    "Limit",
    "Message",
    "Outcome",
    "Panel",
    "PostableTicket",
    "PushableEvent",
    "Shortcut",
    "SlackWorkspace",
    "Stub",
    "TryThis",
    "VendorSwitch",
    "broadcasts",
    "mentions",
    "plain_text",
    "start_slack",
]
