"""
Slack's markup taken apart: what is seen, and where its links lead.

`<mailto:a@b|label>` is read by its URL, for the label may say something else; `<https://…|label>` by its
label. Mentions of people, groups and channels vanish. Escapes are undone once, after that. Characters that
nobody sees become nothing, so that an address with one of them in it is still one word.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from bot.domain.characters import without_invisible

# Around an address that Slack itself linked: it is read as it stands, whatever surrounds it.
LINKED, LINKED_END = "\x01", "\x02"
# Around what a link to the ticket shows: its title, which the customer wrote.
TITLE, TITLE_END = "\x03", "\x04"
# Where a link stood; the links are given in the order of these.
LINK = "\x05"
# Around what is bold.
BOLD, BOLD_END = "\x06", "\x07"

_MOST_LINKS_READ = 50
_TOKEN = re.compile(r"<([^<>\n]{1,3000})>")
_BARE_URL = re.compile(r"https?://[^\s<>|\x01-\x07]+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
# Only a line feed ends a line: in a name, other ends of lines must not begin a line of their own.
_OTHER_ENDS = re.compile(r"\r(?!\n)|[\x85\u2028\u2029]")
# Signs that Slack's own markup is made of stay wide: nobody's text may become markup.
_WIDE = str.maketrans("：＠．（）＝，；｜－＿＋\u3000\u00a0\u2007\u202f", ":@.()=,;|-_+    ") | {
    wide: wide - 0xFEE0 for wide in (*range(0xFF10, 0xFF1A), *range(0xFF21, 0xFF3B), *range(0xFF41, 0xFF5B))
}
_EMOJI = re.compile(r"(?<![\w:]):[a-z0-9_+'-]{1,60}:(?![\w:])")
_BOLD = re.compile(r"(?<![\w*])\*{1,2}(?=[^\s*])([^*\n]{1,300})\*{1,2}(?!\w)")
_HEADING = re.compile(r"(?m)^#{1,6}[ \t]+(.{1,300})$")
# A fence at a line's beginning or end; in the middle of one it may be part of somebody's name.
_FENCE = re.compile(r"(?m)^[ \t]{0,9}```|```[ \t]{0,9}$")
_MARKS = str.maketrans("", "", "*~`")
# A word with an @ in it, also one that Slack linked; and what may stand around one as its formatting.
_APART = r"\s<>()\[\]{},;:|\"“”\x01-\x07"
_WITH_AT = re.compile(rf"{LINKED}?(?<![^{_APART}])([^{_APART}@]{{1,64}}@[^{_APART}@]{{0,255}}){LINKED_END}?")
_AROUND = "*~`_'.!?"
# Signs of lists, which stand before a word or, in it, for its letters.
_BULLETS = "•●∙■█"
_MASK = re.compile(rf"[*{_BULLETS}]+")
_DOMAIN_ALONE = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){1,6}")
_LOCAL_BEFORE = re.compile(r"[\w.+-]{1,64}@$")
_ADDRESS_ALONE = re.compile(r"[^\s<>()@,;:|/]{1,64}@[^\s<>()@,;:|/]{3,255}")


@dataclass(frozen=True, slots=True)
class MarkupLink:
    """Where a link leads, and what it shows (empty where it shows its URL); `before` it stood that text."""

    url: str
    label: str = ""
    before: str = ""


IsTicket = Callable[[MarkupLink], bool]


def _made_plain(text: str) -> str:
    """A text without characters that nobody sees, with line ends and full-width signs made plain."""
    if "\r" in text or not text.isascii():
        text = _OTHER_ENDS.sub(" ", text).replace("\r", "")
    return text if text.isascii() else without_invisible(text).translate(_WIDE)


def read_markup(text: str, is_ticket: IsTicket) -> tuple[str, list[MarkupLink]]:
    """
    Say what a text shows, and its links in their order.

    Addresses that Slack linked stand between `LINKED` and `LINKED_END`; what a link to a ticket shows,
    between `TITLE` and `TITLE_END`; what is bold, between `BOLD` and `BOLD_END`; `LINK` marks where each
    link stood. A bare URL is taken out of the text: what looks like an address in it (`https://user:pw@host`)
    is none. Code begins like a quote.
    """
    links: list[MarkupLink] = []
    shown: list[str] = []
    end = 0
    text = _CONTROL.sub(" ", _made_plain(text))
    text = _FENCE.sub("\n>", text) if "```" in text else text
    for token in _TOKEN.finditer(text):
        shown.append(_plain(text[end : token.start()], links))
        before = shown[-1] if shown[-1] or len(shown) == 1 else shown[-2]
        shown.append(_token(token[1], links, is_ticket, before[-80:]))
        end = token.end()
    shown.append(_plain(text[end:], links))
    seen = _EMOJI.sub(" ", "".join(shown))
    if "*" in seen or "#" in seen:
        seen = _HEADING.sub(f"{BOLD}\\1{BOLD_END}", _BOLD.sub(f"{BOLD}\\1{BOLD_END}", seen))
    return without_masked(seen).translate(_MARKS), links


def without_masked(text: str) -> str:
    """
    The text with `j…@contoso.example` for an address that is masked, as `j***@contoso.example` is.

    Signs of formatting stand around words. One that stands inside an address stands for letters: without it
    the address would be somebody else's.
    """
    if "@" not in text or not any(sign in text for sign in f"*{_BULLETS}"):
        return text
    return _WITH_AT.sub(lambda found: _MASK.sub("…", found[1]) if _is_masked(found[1]) else found[0], text)


def _is_masked(word: str) -> bool:
    local, _, domain = word.rpartition("@")
    before, behind = len(local) - len(local.lstrip("*")), len(domain) - len(domain.rstrip("*"))
    inside = f"{local.lstrip(_AROUND + _BULLETS)}@{domain.rstrip(_AROUND)}"
    # Several stars on one side alone stand for letters too.
    is_cut = inside.startswith("@") or abs(before - behind) > 1
    return is_cut or _MASK.search(inside) is not None


def _token(token: str, links: list[MarkupLink], is_ticket: IsTicket, before: str) -> str:
    target, _, label = token.partition("|")
    scheme = target.partition(":")[0].lower()
    if scheme == "mailto":
        address = unquote(_unescaped(target[len("mailto:") :]).partition("?")[0])
        address = _CONTROL.sub("", _made_plain(address)).strip()
        return f"{LINKED}{address}{LINKED_END}" if "@" in address else " "
    if scheme in ("http", "https") and "://" in target:
        return _link(MarkupLink(_unescaped(target), _unescaped(label), before), links, is_ticket)
    if scheme == "tel":
        return " " if any(map(str.isalpha, label)) else label
    if target[:1] in ("@", "#", "!"):
        return " "
    # Not Slack's: somebody's own angle brackets, which a JSON made by hand may hold unescaped.
    return _unescaped(label) if label else f"<{_unescaped(token)}>"


def _link(link: MarkupLink, links: list[MarkupLink], is_ticket: IsTicket) -> str:
    label = " ".join(link.label.split())
    if _LOCAL_BEFORE.search(link.before) and _is_its_domain(link.url, label):
        # Slack linked the domain of an address alone.
        return label
    links.append(link)
    # Of a message with hundreds of links none is the ticket's.
    return f"{LINK}{_shown(link, label, is_ticket) if len(links) <= _MOST_LINKS_READ else ' '}"


def _is_its_domain(url: str, label: str) -> bool:
    try:
        host = (urlsplit(url).hostname or "").lower()
    except ValueError:
        return False
    return bool(_DOMAIN_ALONE.fullmatch(label)) and host == label.lower()


def _shown(link: MarkupLink, label: str, is_ticket: IsTicket) -> str:
    if "://" in label:
        return " "
    label = label.replace("`", "").strip("*_~ ") if "@" in label else label
    address = bool(_ADDRESS_ALONE.fullmatch(label))
    if is_ticket(link):
        return f"{TITLE}{LINKED}{label}{LINKED_END}{TITLE_END}" if address else f"{TITLE}{label}{TITLE_END}"
    return f"{LINKED}{label}{LINKED_END}" if address else label


def _plain(text: str, links: list[MarkupLink]) -> str:
    unescaped = _unescaped(text)
    if "://" not in unescaped:
        return unescaped

    def take_out(url: re.Match[str]) -> str:
        before = unescaped[max(0, url.start() - 80) : url.start()]
        links.append(MarkupLink(url[0].rstrip(".,;:!?)]}'\"*_~`"), "", before))
        return f" {LINK} "

    return _BARE_URL.sub(take_out, unescaped)


def _unescaped(text: str) -> str:
    """Undo Slack's three escapes, once: `&amp;lt;` becomes `&lt;`."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&") if "&" in text else text
