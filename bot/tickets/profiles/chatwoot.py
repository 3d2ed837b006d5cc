"""
Chatwoot: the visitor's name is the message's user name, and their text stands below the link.

Only its later unfurl of the conversation's link has an address, in fields (Name, Email, Phone, Company).
"""

import re

from bot.tickets.profiles.profile import Profile, ticket_url

CHATWOOT = Profile(
    "chatwoot",
    urls=(ticket_url(None, r"^/app/accounts/\d+/(?:.*/)?conversations/(\d+)"),),
    own_domains=("chatwoot.com",),
    blank_line_ends=True,
    last_line=re.compile(r"to view the conversation", re.IGNORECASE),
    names_only=True,
)
