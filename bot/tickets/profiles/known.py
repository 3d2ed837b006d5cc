"""All known desks."""

from bot.tickets.profiles.chatwoot import CHATWOOT
from bot.tickets.profiles.freshworks import FRESHDESK, FRESHSERVICE
from bot.tickets.profiles.osticket import OSTICKET
from bot.tickets.profiles.profile import Profile
from bot.tickets.profiles.rows import ROWS
from bot.tickets.profiles.servicenow import SERVICENOW
from bot.tickets.profiles.shapes import PAPERCUPS, WORKFLOW
from bot.tickets.profiles.zammad import ZAMMAD
from bot.tickets.profiles.zendesk import ZENDESK

DESKS: tuple[Profile, ...] = (
    ZENDESK,
    FRESHDESK,
    FRESHSERVICE,
    CHATWOOT,
    ZAMMAD,
    OSTICKET,
    SERVICENOW,
    *ROWS,
)
SHAPES: tuple[Profile, ...] = (PAPERCUPS, WORKFLOW)
# Whose addresses are the desk's own (support@acme.zendesk.com), never a customer's.
OWN_DOMAINS = frozenset({"slack.com", *(domain for desk in DESKS for domain in desk.own_domains)})
