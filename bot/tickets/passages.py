"""
A Slack message as passages of text, in the order in which it is read.

Blocks, then attachments (pretext, author, title, text, fields as "title: value", blocks, footer), the text
last; mail comes before all of them, see `mail`. Anything may be missing or of the wrong type: what is not
text is left out, and what is nested or long beyond reason is not read.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.tickets.markup import LINK, Link, read_markup
from bot.tickets.references import is_ticket

MOST_CHARACTERS = 40_000
_MOST_PARTS = 300
_MOST_LINKS = 50
_DEEPEST = 8


class Kind(StrEnum):
    """How far a passage is to be trusted."""

    # The desk's own words: labels count.
    WORDS = "words"
    # The message's own text, above its attachments; or, beside blocks, what notifications show of them.
    BODY = "body"
    FALLBACK = "fallback"
    # A ticket's subject: the customer wrote it, so nothing in it is a label.
    TITLE = "title"
    # Quoted, preformatted, or shared from another message.
    QUOTE = "quote"
    # Buttons, footers, the link below a title: no customer's text gets there.
    FRAME = "frame"


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of text with its links; a label and its value stand in one `container`, by number."""

    kind: Kind
    text: str
    links: tuple[Link, ...] = ()
    container: int = 0


@dataclass(slots=True)
class _Budget:
    """How much more is read, and which container it is in."""

    characters: int = MOST_CHARACTERS
    parts: int = _MOST_PARTS
    container: int = 0


@dataclass(frozen=True, slots=True)
class Us:
    """Which bot we are; an empty id is not compared."""

    bot: str = ""
    user: str = ""
    app: str = ""

    def wrote(self, message: Any) -> bool:
        """Whether a message or an attachment is ours."""
        ours = {(name, value) for name, value in self._ids if value}
        return any(message.get(name) == value for name, value in ours)

    @property
    def _ids(self) -> tuple[tuple[str, str], ...]:
        return (("bot_id", self.bot), ("user", self.user), ("app_id", self.app))


@dataclass(frozen=True, slots=True)
class _Walk:
    us: Us
    budget: _Budget = field(default_factory=_Budget)

    def message(self, message: dict[str, Any]) -> Iterator[Passage]:
        yield from self.blocks(message.get("blocks"), 0)
        for attachment in _dicts(message.get("attachments")):
            self.budget.container += 1
            if not self.us.wrote(attachment):
                yield from self.attachment(attachment)
        self.budget.container += 1
        # With blocks the text is what notifications show of them; without, it stands above the attachments.
        yield from self.words(message.get("text"), Kind.FALLBACK if message.get("blocks") else Kind.BODY)

    def words(self, text: Any, kind: Kind = Kind.WORDS) -> Iterator[Passage]:
        budget = self.budget
        if not isinstance(text, str) or not text or budget.characters <= 0 or budget.parts <= 0:
            return
        cut = text[: budget.characters]
        budget.characters -= len(cut)
        budget.parts -= 1
        shown, links = read_markup(cut, is_ticket)
        yield Passage(kind, shown, tuple(links[:_MOST_LINKS]), budget.container)

    def link(self, url: Any, label: Any = "") -> Iterator[Passage]:
        if isinstance(url, str) and self.budget.parts > 0:
            self.budget.parts -= 1
            link = Link(url, label if isinstance(label, str) else "")
            yield Passage(Kind.FRAME, LINK, (link,), self.budget.container)

    def attachment(self, attachment: dict[str, Any]) -> Iterator[Passage]:
        if attachment.get("is_msg_unfurl") or attachment.get("is_share") or attachment.get("is_reply_unfurl"):
            # Somebody else's message, shared: whatever it says is quoted.
            for quoted in _Walk(self.us, self.budget).attachment({**attachment, **_NOT_SHARED}):
                yield Passage(Kind.QUOTE, quoted.text, (), quoted.container)
            return
        yield from self.words(attachment.get("pretext"))
        yield from self.words(attachment.get("author_name"))
        yield from self.link(attachment.get("title_link"), attachment.get("title"))
        yield from self.words(attachment.get("title"), Kind.TITLE)
        yield from self.words(attachment.get("text"))
        for item in _dicts(attachment.get("fields")):
            title, value = _text(item.get("title")), _text(item.get("value"))
            yield from self.words(f"{' '.join(title.split()).rstrip(' :')}: {value}" if title else value)
        yield from self.blocks(attachment.get("blocks"), 1)
        for action in _dicts(attachment.get("actions")):
            yield from self.link(action.get("url"))
        yield from self.words(attachment.get("footer"), Kind.FRAME)

    def blocks(self, blocks: Any, depth: int) -> Iterator[Passage]:
        for block in _dicts(blocks):
            yield from self.block(block, depth)

    def block(self, block: dict[str, Any], depth: int) -> Iterator[Passage]:
        match block.get("type"):
            case _ if depth > _DEEPEST:
                return
            case "rich_text":
                yield from self.rich_text(block, depth)
            case "message":
                # How Slack nests the blocks of a message that was shared.
                nested = block.get("message")
                if isinstance(nested, dict):
                    yield from self.blocks(nested.get("blocks"), depth + 1)
            case "table":
                for row in _list(block.get("rows"))[:_MOST_PARTS]:
                    yield from self.words(_row(row))
            case kind:
                title = Kind.TITLE if kind == "header" else Kind.WORDS
                for place in ("title", "text", "subtitle", "body"):
                    yield from self.words(_text(block.get(place)), title)
                for item in _dicts(block.get("fields")):
                    yield from self.words(_text(item))
                yield from self.accessories(block, depth)

    def accessories(self, block: dict[str, Any], depth: int) -> Iterator[Passage]:
        inner = [block.get("accessory"), *(_list(block.get("elements")))]
        for element in _dicts(inner):
            if element.get("type") in ("mrkdwn", "plain_text"):
                yield from self.words(_text(element))
            else:
                yield from self.link(element.get("url"))
        for nested in ("blocks", "children"):
            yield from self.blocks(block.get(nested), depth + 1)

    def rich_text(self, block: dict[str, Any], depth: int) -> Iterator[Passage]:
        for element in _dicts(block.get("elements")):
            kind = element.get("type")
            if kind == "rich_text_list" and depth < _DEEPEST:
                yield from self.rich_text(element, depth + 1)
            elif kind in ("rich_text_quote", "rich_text_preformatted"):
                yield from self.words(_run(element), Kind.QUOTE)
            else:
                yield from self.words(_run(element))


_NOT_SHARED = {"is_msg_unfurl": False, "is_share": False, "is_reply_unfurl": False}


def read_passages(message: dict[str, Any], us: Us) -> list[Passage]:
    """Give a message's passages in reading order; attachments that we added to it ourselves are left out."""
    return list(_Walk(us).message(message))


def _run(element: dict[str, Any]) -> str:
    """Give a rich text section as Slack's markup, so that it is read like any other text."""
    parts = []
    for piece in _dicts(element.get("elements")):
        url, text = piece.get("url"), _text(piece.get("text"))
        if piece.get("type") == "link" and isinstance(url, str) and not _breaks_out(url):
            parts.append(f"<{url}|{_escaped(text)}>" if text else f"<{url}>")
        elif piece.get("type") == "text":
            parts.append(_escaped(text))
        else:
            parts.append(" ")
    return "".join(parts)


def _row(row: Any) -> str:
    """Give a table's row as "first cell: the others"."""
    cells = [_text(cell) or "".join(map(_run, _dicts(cell.get("elements")))) for cell in _dicts(row)]
    return f"{cells[0]}: {' | '.join(cells[1:])}" if len(cells) > 1 else "".join(cells)


def _breaks_out(url: str) -> bool:
    return any(character in url for character in "<>|\n")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _text(value: Any) -> str:
    """Give a text, or the text of a text object."""
    if isinstance(value, dict):
        value = value.get("text")
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    return (item for item in _list(value)[:_MOST_PARTS] if isinstance(item, dict))
