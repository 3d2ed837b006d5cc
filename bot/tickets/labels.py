"""What stands before an address: the labels of requesters, of everybody else, and of free text."""

import re
from enum import StrEnum


class Label(StrEnum):
    """Whose address follows a label, or what kind of text."""

    REQUESTER = "requester"
    SOMEBODY_ELSE = "somebody_else"
    DESCRIPTION = "description"
    TITLE = "title"
    UNKNOWN = "unknown"


LONGEST_LABEL = 60
_ASKED_BY = r"created by|reported by|requested by|submitted by|opened by|raised by|sent by"
_REQUESTER_WORDS = (
    r"requesters?|requestors?|customers?|contacts?|reporters?|submitters?|senders?|clients?|visitors?"
    rf"|end[ -]?users?|callers?|from|{_ASKED_BY}"
)
_EMAIL_WORDS = r"e-?mails?(?: addresse?s?| ids?)?|addresse?s?"
_REQUESTER = re.compile(
    rf"(?:the |your |new )?(?:(?:{_REQUESTER_WORDS})(?:'s)?(?: (?:name|details|info|information))?"
    rf"(?: (?:and|&|/) (?:{_EMAIL_WORDS}))?(?: \(?(?:{_EMAIL_WORDS})\)?)?"
    rf"|(?:(?:work|business|account|user|primary|their) )?e-?mails?(?: addresse?s?| ids?)?)"
)
# "Requester's manager" begins like a requester; whoever is named beside such words is somebody else.
_SOMEBODY_ELSE = re.compile(
    r"\b(?:assign(?:ed|ee|ees|ment)|agents?|owners?|owned|b?cc|to|recipients?|followers?|following|mailbox(?:es)?"
    r"|inbox(?:es)?|watchers?|watching|collaborators?|managers?|approvers?|approved|supervisors?|teams?|groups?"
    r"|queues?|departments?|technicians?|operators?|reps?|representatives?|csms?|participants?|responders?"
    r"|handled|resolved|updated|closed|forwarded|escalated|delivered|via|brand|support|desk|bot|integration"
    r"|requesters?|requestors?|customers?|contacts?|reporters?|colleagues?|assistants?|partners?|vendors?"
    r"|suppliers?|invited|referred|referrer)\b"
)
# Such a label may have a line to itself, without a colon.
_SOMEBODY_ELSE_ALONE = re.compile(
    r"(?:(?:ticket|issue|conversation|contact|deal|account) )?"
    r"(?:assignees?|assigned to|agents?|owners?|b?cc|to|recipients?|followers?|mailbox|inbox|watchers?"
    r"|manager)"
)
_DESCRIPTION = re.compile(
    r"(?:(?:ticket|issue|request|problem|first|last|latest|full|customer|customer's|initial|original) )*"
    r"(?:descriptions?|messages?|comments?|body|content|snippet|preview|transcript|question|enquiry|inquiry)"
)
_TITLE = re.compile(
    r"(?:(?:ticket|issue|request|conversation|email) )?(?:subject|title|summary|topic)|ticket name"
)
# In a sentence, right before a name and an address: "request from Jane Doe <jane@…>", "cc bob@…".
_CUE = re.compile(
    rf"(?:^|[\s(_])(?:(?P<requester>from|{_ASKED_BY}|requesters?|requestors?|customers?|reporters?)"
    r"|(?:assigned to|forwarded to|assignee|agent|owner|b?cc|copied|copying|followers?|to|via|by))"
    r"(?:\s+[^\s;|·•:<>()\[\]@]{1,40}){0,5}[\s<(\[\"'_]*$",
    re.IGNORECASE,
)
_LONGEST_CUE = 160
_OPENING = re.compile(rf"\s*(?:from|{_ASKED_BY})\s", re.IGNORECASE)


def classify(label: str) -> Label:
    """Read a label, such as "Requester email" or "Assigned to", without its colon."""
    words = _words(label)
    if _REQUESTER.fullmatch(words):
        return Label.REQUESTER
    if _DESCRIPTION.fullmatch(words):
        return Label.DESCRIPTION
    if _TITLE.fullmatch(words):
        return Label.TITLE
    return Label.SOMEBODY_ELSE if _SOMEBODY_ELSE.search(words) else Label.UNKNOWN


def classify_alone(line: str) -> Label:
    """Read a line that may be a label by itself; what is none is UNKNOWN."""
    # A colon inside it: that is a label and the beginning of its value.
    if len(line) > LONGEST_LABEL or ":" in line.rstrip(" _:"):
        return Label.UNKNOWN
    kind = classify(line)
    if kind is Label.SOMEBODY_ELSE and not line.rstrip(" _").endswith(":"):
        return kind if _SOMEBODY_ELSE_ALONE.fullmatch(_words(line)) else Label.UNKNOWN
    return kind


def cue(before: str) -> Label | None:
    """Read the end of what stands before an address in a sentence; None where it says nothing."""
    found = _CUE.search(before[-_LONGEST_CUE:])
    if found is None:
        return None
    return Label.REQUESTER if found["requester"] else Label.SOMEBODY_ELSE


def begins_with_cue(text: str) -> bool:
    """Whether a text begins with words that name who wrote in: "Created by Jane Doe (…"."""
    return _OPENING.match(text) is not None


def _words(label: str) -> str:
    return " ".join(label.strip(" _'\"#>-–—•·.,:!?()").lower().replace("’", "'").split())
