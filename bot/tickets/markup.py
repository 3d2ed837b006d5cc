"""
Slack's markup taken apart: what is seen, and where its links lead.

`<mailto:a@b|label>` is read by its URL, for the label may say something else; `<https://…|label>` by its
label. Mentions of people, groups and channels vanish. Escapes are undone once, after that.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote

# Around an address that Slack itself linked: it is read as it stands, whatever surrounds it.
LINKED, LINKED_END = "\x01", "\x02"
# Around what a link to the ticket shows: its title, which the customer wrote.
TITLE, TITLE_END = "\x03", "\x04"
# Where a link stood; the links are given in the order of these.
LINK = "\x05"

_MOST_LINKS_READ = 50
_TOKEN = re.compile(r"<([^<>\n]{1,3000})>")
_BARE_URL = re.compile(r"https?://[^\s<>|\x01-\x05]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_EMOJI = re.compile(r"(?<![\w:]):[a-z0-9_+'-]{1,60}:(?![\w:])")
_MARKS = str.maketrans("", "", "*~`")


@dataclass(frozen=True, slots=True)
class Link:
    """Where a link leads, and what it shows (empty where it shows its URL)."""

    url: str
    label: str = ""


def read_markup(text: str, is_ticket: Callable[[Link], bool]) -> tuple[str, list[Link]]:
    """
    Give what a text shows, without marks of formatting, and its links in their order.

    Addresses that Slack linked stand between `LINKED` and `LINKED_END`; what a link to a ticket shows,
    between `TITLE` and `TITLE_END`; `LINK` marks where each link stood. A bare URL is taken out of the
    text: what looks like an address in it (`https://user:pw@host`) is none. Code begins like a quote.
    """
    links: list[Link] = []
    shown: list[str] = []
    end = 0
    text = _CONTROL.sub(" ", text).replace("```", "\n>")
    for token in _TOKEN.finditer(text):
        shown.append(_plain(text[end : token.start()], links))
        shown.append(_token(token[1], links, is_ticket))
        end = token.end()
    shown.append(_plain(text[end:], links))
    return _EMOJI.sub(" ", "".join(shown).translate(_MARKS)), links


def _token(token: str, links: list[Link], is_ticket: Callable[[Link], bool]) -> str:
    target, _, label = token.partition("|")
    scheme = target.partition(":")[0].lower()
    if scheme == "mailto":
        address = unquote(_unescaped(target[len("mailto:") :]).partition("?")[0])
        return f"{LINKED}{_CONTROL.sub('', address).strip()}{LINKED_END}" if "@" in address else " "
    if scheme in ("http", "https") and "://" in target:
        link = Link(_unescaped(target), _unescaped(label))
        links.append(link)
        # Of a message with hundreds of links none is the ticket's.
        return f"{LINK}{_shown(link, is_ticket) if len(links) <= _MOST_LINKS_READ else ' '}"
    if target[:1] in ("@", "#", "!"):
        return " "
    # Not Slack's: somebody's own angle brackets, which a JSON made by hand may hold unescaped.
    return _unescaped(label) if label else f"<{_unescaped(token)}>"


def _shown(link: Link, is_ticket: Callable[[Link], bool]) -> str:
    label = " ".join(link.label.split())
    if "://" in label:
        return " "
    # A label that is an address and nothing else is the desk's doing: no subject looks like that.
    if is_ticket(link) and not ("@" in label and " " not in label):
        return f"{TITLE}{label}{TITLE_END}"
    return label


def _plain(text: str, links: list[Link]) -> str:
    unescaped = _unescaped(text)
    if "://" not in unescaped:
        return unescaped

    def take_out(url: re.Match[str]) -> str:
        links.append(Link(url[0].rstrip(".,;:!?)]}'\"*_~`")))
        return f" {LINK} "

    return _BARE_URL.sub(take_out, unescaped)


def _unescaped(text: str) -> str:
    """Undo Slack's three escapes, once: `&amp;lt;` becomes `&lt;`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") if "&" in text else text
