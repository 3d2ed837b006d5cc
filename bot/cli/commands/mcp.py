"""`casefile mcp`: the tools over standard input and output; people's tokens for the same over HTTP."""

import re
from dataclasses import replace
from typing import Annotated, Literal

from cyclopts import Parameter

from bot.app import trail_of
from bot.audit.entries import AuditEntry, Came
from bot.cli.running import run_once
from bot.cli.terminal import OK, Complaint, terminal_account
from bot.domain.asking import Way
from bot.engine.opening import open_engine
from bot.jobs.inbox import Inbox
from bot.mcp.callers import Caller
from bot.mcp.personal_tokens import PersonalTokens
from bot.operations.fair_use import PersonalPace
from bot.serving.mcp_parts import mcp_tools
from bot.settings.model import Settings
from bot.tickets.rules import Us, ticket_rules

_USER = re.compile(r"[UW][A-Z0-9]{2,30}")
# What is still read behind an answer is let finish.
_LAST_CALLS_SECONDS = 5.0


def mcp(
    action: Annotated[
        Literal["token", "revoke"] | None,
        Parameter(help="token: make a person's own for /mcp; revoke: end it", metavar="token|revoke"),
    ] = None,
    /,
    *,
    user: Annotated[str | None, Parameter(help="whose: a Slack id", metavar="U…")] = None,
) -> int:
    """Answer a client of the Model Context Protocol over stdin and stdout, until it leaves."""
    if action is None:
        return run_once(_serve)
    if user is None or not _USER.fullmatch(user):
        raise Complaint(f"mcp {action} takes --user U…, the person's id in Slack")
    is_old = action == "revoke"
    return run_once(lambda settings: _token(settings, action, user), tells_what_is_stored=is_old)


async def _serve(settings: Settings) -> int:
    from mcp.server.stdio import stdio_server  # noqa: PLC0415 - slow to load

    from bot.mcp.server import mcp_server  # noqa: PLC0415

    async with open_engine(settings) as engine:
        trail = trail_of(engine, Inbox(engine.store, engine.keyring))
        pace = PersonalPace(settings.access.per_person_minute, engine.clock)
        tools = mcp_tools(engine, trail, pace, ticket_rules(settings.tickets, Us()))
        caller = Caller(terminal_account())
        server = mcp_server(tools, lambda _context: caller)
        async with stdio_server() as (incoming, outgoing):
            await server.run(incoming, outgoing, server.create_initialization_options())
        await engine.tasks.drain(_LAST_CALLS_SECONDS)
    return OK


async def _token(settings: Settings, action: Literal["token", "revoke"], user: str) -> int:
    async with open_engine(settings) as engine:
        tokens = PersonalTokens(engine.memory, engine.keyring)
        trail = trail_of(engine, Inbox(engine.store, engine.keyring))
        asking = AuditEntry(terminal_account(), None, Way.TERMINAL)
        if action == "revoke":
            had = await tokens.revoke(user)
            if had:
                await trail.write([replace(asking, outcome=Came.TOKEN_ENDED)])
            print(f"The token of {user} has ended." if had else f"{user} has no token.")
            return OK
        token = await tokens.issue(user)
        await trail.write([replace(asking, outcome=Came.TOKEN_MADE)])
    print(token)
    return OK
