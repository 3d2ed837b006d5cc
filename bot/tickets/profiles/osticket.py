"""
osTicket's plugins for Slack: an attachment whose field has the ticket's subject for a title.

"Created by NAME (address)" or "by NAME (address) in DEPARTMENT", a blank line, then what was written. The
URL has the row's id; the link's text begins with the number that people know a ticket by.
"""

import re

from bot.tickets.profiles.profile import Profile, ticket_url

OSTICKET = Profile(
    "osticket",
    urls=(ticket_url(None, r"^(?:/.*)?/(?:scp/)?tickets\.php$", "id"),),
    field_is_subject=True,
    blank_line_ends=True,
    opening=re.compile(r"\s*(?:created |opened )?by\s", re.IGNORECASE),
    number_in_text=re.compile(r"\W{0,3}#(\d{1,20})\b"),
)
