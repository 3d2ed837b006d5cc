"""The parts of `bot/mcp/`, put together from a running bot, or from the engine alone."""

from functools import partial

from bot.app import Bot
from bot.audit.trail import AuditTrail
from bot.engine.parts import Engine
from bot.mcp.callers import Gate
from bot.mcp.personal_tokens import PersonalTokens
from bot.mcp.tools import McpTools
from bot.operations.fair_use import FairRoom, PersonalPace
from bot.sources.quota_status import quota_states
from bot.tickets.rules import TicketRules

# So many questions of programs are answered at once; the others wait for their turn.
_AT_ONCE = 20


def mcp_tools(engine: Engine, trail: AuditTrail, pace: PersonalPace, rules: TicketRules) -> McpTools:
    """What answers over the Model Context Protocol: everything but who asks."""
    settings = engine.settings
    return McpTools(
        engine.lookup,
        engine.named_pages,
        rules,
        partial(quota_states, engine.sources, engine.desks.all),
        trail,
        engine.clock,
        settings.lookup.days,
        settings.access.per_person_minute,
        pace,
        FairRoom(_AT_ONCE, settings.access.at_once),
        engine.tasks,
    )


def mcp_gate(bot: Bot) -> Gate:
    """What lets callers of `/mcp` in, by their token."""
    engine, inbound = bot.engine, bot.inbound
    personal = PersonalTokens(engine.memory, engine.keyring)
    settings, team = engine.settings, inbound.identity.team
    refused = settings.access.shared_tokens_refused
    return Gate(settings.mcp_tokens, personal, inbound.access, refused, team, inbound.admission.trail)
