"""
A Slack message as passages of text, in the order in which it is read.

Blocks, then attachments (pretext, author, title, text, fields, blocks, footer), the text last; mail comes
before all of them, see `mail`. Anything may be missing or of the wrong type: what is not text is left out,
and what is nested or long beyond reason is not read.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from bot.tickets.reading.markup import LINK, IsTicket, MarkupLink, read_markup, without_masked
from bot.tickets.rules import Us

MOST_CHARACTERS = 40_000
_MOST_PARTS = 300
_MOST_LINKS = 50
_DEEPEST = 8


class Region(StrEnum):
    """Where in a message a passage stands; that says much about who wrote it."""

    # The message's own text; or, beside blocks, what notifications show of them.
    BODY = "body"
    FALLBACK = "fallback"
    # A section, a rich text, a context: text that a template or anybody's words may fill.
    SECTION = "section"
    # Above an attachment, and in it.
    PRETEXT = "pretext"
    TEXT = "text"
    # A label and its value, which belong together by their structure; so does a table's cell.
    FIELD = "field"
    # An attachment's field whose title is empty: it may hold a whole message.
    UNTITLED = "untitled field"
    FOOTER = "footer"
    # Somebody's name; a ticket's subject: no label stands in either.
    AUTHOR = "author"
    TITLE = "title"
    # Quoted, preformatted, shared from another message, or previewed from a page.
    QUOTE = "quote"
    # Buttons, menus, the link below a title: no customer's text gets there.
    FRAME = "frame"


@dataclass(frozen=True, slots=True)
class Passage:
    """A stretch of text with its links: `title` is a field's; `attachment` counts from 1, 0 is none."""

    place: Region
    text: str
    links: tuple[MarkupLink, ...] = ()
    title: str = ""
    attachment: int = 0
    # Below an attachment's title that leads somewhere: what the title is about.
    below: MarkupLink | None = None
    # The page that an attachment is a preview of.
    previews: str = ""


@dataclass(slots=True)
class _Budget:
    """How much more is read."""

    characters: int = MOST_CHARACTERS
    parts: int = _MOST_PARTS


@dataclass(frozen=True, slots=True)
class _Walk:
    us: Us
    is_ticket: IsTicket
    budget: _Budget = field(default_factory=_Budget)

    def message(self, message: dict[str, Any]) -> Iterator[Passage]:
        yield from self.blocks(message.get("blocks"), 0)
        for number, attachment in enumerate(_dicts(message.get("attachments")), start=1):
            if not self.us.wrote(attachment):
                previews = _previewed(attachment)
                shown = [*self.attachment(attachment)]
                # Where an attachment has nothing to show, Slack shows what it has for notifications.
                fallback = () if shown else self.words(attachment.get("fallback"), Region.PRETEXT)
                for passage in (*shown, *fallback):
                    yield replace(passage, attachment=number, previews=previews)
        # With blocks the text is what notifications show of them; without, it stands above the attachments.
        yield from self.words(message.get("text"), Region.FALLBACK if message.get("blocks") else Region.BODY)

    def words(self, text: Any, place: Region = Region.SECTION, title: str = "") -> Iterator[Passage]:
        budget = self.budget
        if not isinstance(text, str) or not (text or title) or budget.characters <= 0 or budget.parts <= 0:
            return
        cut = text[: budget.characters]
        budget.characters -= len(cut)
        budget.parts -= 1
        shown, links = read_markup(cut, self.is_ticket)
        yield Passage(place, shown, tuple(links[:_MOST_LINKS]), title)

    def link(self, url: Any, label: Any = "") -> Iterator[Passage]:
        if isinstance(url, str) and self.budget.parts > 0:
            self.budget.parts -= 1
            link = MarkupLink(url, label if isinstance(label, str) else "")
            yield Passage(Region.FRAME, LINK, (link,))

    def attachment(self, attachment: dict[str, Any]) -> Iterator[Passage]:
        if any(attachment.get(mark) for mark in _SHARED):
            # Somebody else's message, shared: whatever it says is quoted.
            for quoted in self.attachment({**attachment, **_SHARED}):
                yield Passage(Region.QUOTE, quoted.text)
            return
        yield from self.words(attachment.get("pretext"), Region.PRETEXT)
        yield from self.words(attachment.get("author_name"), Region.AUTHOR)
        yield from self.link(attachment.get("author_link"))
        title_link = attachment.get("title_link")
        yield from self.link(title_link, attachment.get("title"))
        yield from self.words(attachment.get("title"), Region.TITLE)
        below = MarkupLink(title_link) if isinstance(title_link, str) else None
        for passage in self.words(attachment.get("text"), Region.TEXT):
            yield replace(passage, below=below)
        yield from self.fields(attachment)
        yield from self.blocks(attachment.get("blocks"), 1)
        for action in _dicts(attachment.get("actions")):
            yield from self.link(action.get("url"))
        yield from self.words(attachment.get("footer"), Region.FOOTER)

    def fields(self, attachment: dict[str, Any]) -> Iterator[Passage]:
        for item in _dicts(attachment.get("fields")):
            title, value = " ".join(_text(item.get("title")).split()), _text(item.get("value"))
            title, _links = read_markup(title[:MOST_CHARACTERS], self.is_ticket) if title else ("", [])
            yield from self.words(value, Region.FIELD if title.strip() else Region.UNTITLED, title.strip())

    def blocks(self, blocks: Any, depth: int) -> Iterator[Passage]:
        for block in _dicts(blocks):
            yield from self.block(block, depth)

    def block(self, block: dict[str, Any], depth: int) -> Iterator[Passage]:
        match block.get("type"):
            case _ if depth > _DEEPEST:
                return
            case "rich_text":
                yield from self.rich_text(block)
            case "message":
                # How Slack nests the blocks of a message that was shared.
                nested = block.get("message")
                if isinstance(nested, dict):
                    yield from (
                        Passage(Region.QUOTE, quoted.text)
                        for quoted in self.blocks(nested.get("blocks"), depth + 1)
                    )
            case "table":
                yield from self.table(block)
            case kind:
                title = Region.TITLE if kind == "header" else Region.SECTION
                for name in ("title", "text", "subtitle", "body"):
                    yield from self.words(_text(block.get(name)), Region.TITLE if name == "title" else title)
                for item in _dicts(block.get("fields")):
                    yield from self.words(_text(item), Region.FIELD)
                yield from self.accessories(block, depth)

    def accessories(self, block: dict[str, Any], depth: int) -> Iterator[Passage]:
        inner = [block.get("accessory"), *(_list(block.get("elements")))]
        for element in _dicts(inner):
            if element.get("type") in ("mrkdwn", "plain_text"):
                yield from self.words(_text(element))
            else:
                yield from self.link(element.get("url"))
                for option in _dicts(element.get("options")):
                    yield from self.link(option.get("url"))
        for nested in ("blocks", "children"):
            yield from self.blocks(block.get(nested), depth + 1)

    def rich_text(self, block: dict[str, Any]) -> Iterator[Passage]:
        """A rich text as one passage, up to its first quote: lists and sections follow one another in it."""
        parts: list[str] = []
        for element in _dicts(block.get("elements")):
            kind = element.get("type")
            if kind in ("rich_text_quote", "rich_text_preformatted"):
                yield from self.words("\n".join(parts))
                parts = []
                yield from self.words(_run(element), Region.QUOTE)
            elif kind == "rich_text_list":
                parts += (f"• {_run(item)}" for item in _dicts(element.get("elements")))
            else:
                parts.append(_run(element))
        yield from self.words("\n".join(parts))

    def table(self, block: dict[str, Any]) -> Iterator[Passage]:
        """A table's cells as fields: of two columns the first one has the labels, of more the first row."""
        rows = [[*map(_cell, _dicts(row))] for row in _list(block.get("rows"))[:_MOST_PARTS]]
        if all(len(row) <= 2 for row in rows):  # noqa: PLR2004
            pairs = [(row[0], row[1]) if len(row) > 1 else ("", "".join(row)) for row in rows]
        else:
            pairs = [pair for row in rows[1:] for pair in zip(rows[0], row, strict=False)]
        for label, value in pairs:
            title, _links = read_markup(label[:MOST_CHARACTERS], self.is_ticket)
            yield from self.words(value, Region.FIELD, " ".join(title.split()))


_SHARED = {"is_msg_unfurl": False, "is_share": False, "is_reply_unfurl": False}


def read_passages(message: dict[str, Any], us: Us, is_ticket: IsTicket) -> list[Passage]:
    """A message's passages in reading order; attachments that we added to it ourselves are left out."""
    return list(_Walk(us, is_ticket).message(message))


def structure_of(passages: Iterable[Passage]) -> tuple[frozenset[int], frozenset[str]]:
    """The attachments whose fields are labelled, and what the message says is its ticket's subject."""
    labelled, subjects = set(), set()
    for passage in passages:
        if passage.place is Region.FIELD and passage.title and passage.attachment:
            labelled.add(passage.attachment)
        if passage.place is Region.TITLE:
            subjects.add(" ".join(passage.text.split()).lower())
        subjects.update(" ".join(link.label.split()).lower() for link in passage.links if link.label)
    return frozenset(labelled), frozenset(filter(None, subjects))


def _previewed(attachment: dict[str, Any]) -> str:
    urls = (attachment.get("from_url"), attachment.get("original_url"))
    return next((url for url in urls if isinstance(url, str) and url), "")


def _run(element: dict[str, Any]) -> str:
    """A rich text section as Slack's markup, so that it is read like any other text."""
    if element.get("type") in ("text", "link"):
        return _piece(element)
    return "".join(map(_piece, _dicts(element.get("elements"))))


def _piece(piece: dict[str, Any]) -> str:
    url, text, style = piece.get("url"), _text(piece.get("text")), piece.get("style")
    if piece.get("type") == "link" and isinstance(url, str) and not _breaks_out(url):
        return f"<{url}|{_escaped(text)}>" if text else f"<{url}>"
    if piece.get("type") != "text":
        return " "
    # What looks like marks of formatting is somebody's text here; formatting is in `style`.
    plain = _escaped(without_masked(text).translate(_NO_MARKS))
    if isinstance(style, dict) and style.get("bold"):
        return "\n".join(map(_bold, plain.split("\n")))
    return plain


_NO_MARKS = str.maketrans("", "", "*`")


def _bold(line: str) -> str:
    return f" *{line.strip()}* " if line.strip() else line


def _cell(cell: dict[str, Any]) -> str:
    return _text(cell) or "".join(map(_run, _dicts(cell.get("elements"))))


def _breaks_out(url: str) -> bool:
    return any(character in url for character in "<>|\n")


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _text(value: Any) -> str:
    """A text, or the text of a text object."""
    if isinstance(value, dict):
        value = value.get("text")
    return value if isinstance(value, str) else ""


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    return (item for item in _list(value)[:_MOST_PARTS] if isinstance(item, dict))
