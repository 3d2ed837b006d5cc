"""
Zendesk: its own Slack app, and triggers that post to a webhook.

The app has all in one untitled field: subject, priority, requester, assignee, description, in the account's
language (`labels.py` has the words). A trigger's words are whatever the admin typed: the general rules.
"""

from bot.tickets.profiles.profile import SUBDOMAIN, Author, Profile, ticket_url

_PLACE = r"^/(?:agent/#?|hc/(?:[\w-]+/)?)?(?:tickets|requests)/(\d+)"

ZENDESK = Profile(
    "zendesk",
    urls=(
        ticket_url(rf"{SUBDOMAIN}\.zendesk\.com", _PLACE),
        ticket_url(
            None, r"^/(?:agent/#?/?tickets|hc/(?:[\w-]+/)?requests|agent/#?/?requests)/(\d+)", own_domain=True
        ),
    ),
    own_domains=("zendesk.com",),
    attachment_text=Author.CUSTOMER,
)
