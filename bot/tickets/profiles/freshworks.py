"""Freshdesk and Freshservice: automations whose text the admin typed, "Requestor - address" and alike."""

from bot.tickets.profiles.profile import SUBDOMAIN, Profile, ticket_url

_PLACE = r"^/(?:a|helpdesk|support)/tickets/(\d+)"

FRESHDESK = Profile(
    "freshdesk",
    urls=(
        ticket_url(rf"{SUBDOMAIN}\.freshdesk\.com", _PLACE),
        ticket_url(None, _PLACE, own_domain=True),
    ),
    own_domains=("freshdesk.com",),
)
FRESHSERVICE = Profile(
    "freshservice",
    urls=(ticket_url(rf"{SUBDOMAIN}\.freshservice\.com", _PLACE),),
    own_domains=("freshservice.com",),
)
