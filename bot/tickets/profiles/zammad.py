"""
Zammad's own webhook for Slack: the subject is the message's text, the article the attachment's.

"_[Ticket#53012](URL): Created by NAME_", blank lines, then what was written. People are named, without an
address; the number stands in front of the link, whose URL has another one.
"""

import re
from collections.abc import Mapping
from typing import Any

from bot.tickets.profiles.profile import Author, Profile, ticket_url


def _has_article(message: Mapping[str, Any]) -> bool:
    """Whether an attachment has a text: what is all in the message's own text, an admin's webhook wrote."""
    attachments = message.get("attachments")
    return any(
        isinstance(one, dict) and isinstance(one.get("text"), str) and bool(one["text"].strip())
        for one in (attachments if isinstance(attachments, list) else ())
    )


ZAMMAD = Profile(
    "zammad",
    urls=(ticket_url(None, r"#ticket/zoom/(\d+)"),),
    shape=_has_article,
    body=Author.CUSTOMER,
    blank_line_ends=True,
    names_only=True,
    number_in_text=re.compile(r"\[?Ticket#(\d{1,20})\b"),
    number_before=re.compile(r"^[_*\s]*\[Ticket#(\d{1,20})\]\($"),
)
