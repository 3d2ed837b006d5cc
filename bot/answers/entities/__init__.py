"""
A card's content as Slack's Work Object: an entity with fields, for the card itself and for its side pane.

Slack shows it in place of the card's blocks where the app has "Work Object Previews" switched on, and opens
the side pane for whoever clicks it. What an entity may hold is said by
https://docs.slack.dev/messaging/work-objects-implementation, "entity payload schema". Its texts are plain:
nothing in them is read as Slack's markup.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from slack_sdk.models.metadata import (
    EntityActionButton,
    EntityActions,
    EntityAttributes,
    EntityCustomField,
    EntityFullSizePreview,
    EntityMetadata,
    EntityPayload,
    ExternalRef,
)

from bot.answers.buttons import MORE_OF_PERSON, OPEN
from bot.answers.cards import LONGEST_URL, VISITS_SHOWN, Card, page_of, whose
from bot.answers.mrkdwn import lasting, one_line
from bot.answers.words import table
from bot.answers.words.errors import ERRORS_SHOWN, LastTrouble, last_trouble, watch_link
from bot.answers.words.people import short_name, who_line
from bot.answers.words.sources import source_lines
from bot.answers.words.style import Style, joined, with_short_labels
from bot.answers.words.table import panes
from bot.answers.words.visits import device_words, place_words, way_words
from bot.domain.model import UrlIs
from bot.domain.visits.history import History
from bot.domain.visits.model import Happening, Visit
from bot.sources.registry import TITLES

# The general type of entity, all of whose fields are our own.
_ITEM = "slack#/entities/item"
# What is shown in the side pane is a page of ours (https://docs.slack.dev/messaging/work-objects-embeds).
_EMBED = "application/vnd.slack-embed"
_TEXT, _COUNT, _TIME, _LINK = "string", "integer", "slack#/types/timestamp", "slack#/types/link"
# Characters of an error's title and page, of pages together, and of what is said of the tools.
_ERROR, _PAGE, _PAGES, _TOOLS = 150, 60, 200, 600
# What would begin a mention, were it read as markup.
_MENTION = re.compile(r"<(?=[!@#])")


def _plain(text: str, most: int) -> str:
    line = _MENTION.sub("<\u2060", one_line(text))
    return line if len(line) <= most else f"{line[: most - 1].rstrip()}…"


_PLAIN = Style(
    text=_plain,
    name=_plain,
    bold=lambda text: text,
    link=lambda _url, label: label,
    time=lambda moment: f"{moment:%Y-%m-%d %H:%M} UTC",
    mark=lambda _mark: "",
    label=lambda name: f"{TITLES[name.vendor]} ({_plain(name.account, _PAGE)})",
)


@dataclass(frozen=True, slots=True)
class Reference:
    """
    How Slack knows an entity: an id that says nothing of whose it is, a kind, and the address of its page.

    Slack gives all of them back when somebody opens the side pane.
    """

    id: str
    kind: str | None
    url: str


@dataclass(frozen=True, slots=True)
class Replay:
    """What plays in a side pane: a recording of the visit that began then, at this address."""

    began: datetime | None
    url: str


def card_entity(card: Card, reference: Reference, pasted: str, *, plays: bool = False) -> dict[str, Any]:
    """
    The entity of a card below a pasted address, which is exactly as Slack wrote it.

    `plays` says that its side pane will play a replay: Slack wants to know that before.
    """
    embed = _embed(None) if plays else None
    return _entity(card, reference, [*_short(card)], table.MORE_OF_PERSON, pasted, embed)


def pane_entity(card: Card, reference: Reference, replay: Replay | None = None) -> dict[str, Any]:
    """The entity of the side pane: all that the card says, every error and link, and how the tools are."""
    fields, embed = [*_short(card), *_long(card)], None
    if replay is not None:
        embed = _embed(replay.url)
        if replay.began:
            fields.append(_moment("replay", panes.REPLAY_BELOW, replay.began))
    return _entity(card, reference, fields, panes.FIND_ALL_SESSIONS, None, embed)


def _entity(
    card: Card,
    reference: Reference,
    fields: Sequence[EntityCustomField],
    more: str,
    pasted: str | None,
    embed: EntityFullSizePreview | None,
) -> dict[str, Any]:
    [finding] = card.case_file.findings
    attributes = EntityAttributes(
        title={"text": whose(card, short_name(card.persona(), _PLAIN))},
        display_type=panes.SESSION if card.session else panes.PERSON,
        product_name=TITLES[finding.source.vendor],
        full_size_preview=embed,
        metadata_last_modified=_seconds(finding.as_of) if finding.as_of else None,
    )
    payload = EntityPayload(
        attributes=attributes,
        custom_fields=list(fields),
        display_order=[field.key for field in fields],
        actions=_actions(card, more),
    )
    known = ExternalRef(reference.id, reference.kind)
    entity = EntityMetadata(_ITEM, payload, known, reference.url, pasted)
    written: dict[str, Any] = entity.to_dict()
    return written


def _short(card: Card) -> Iterator[EntityCustomField]:
    """What a card says: who, when, how long, by which pages, on what, and what went wrong."""
    own, style = card.history(), with_short_labels(_PLAIN, [card.case_file])
    yield from _text("customer", panes.CUSTOMER, who_line(card.persona(), style))
    if own.visits:
        yield from _of_visit(own.visits[0], style)
    if card.session is None and len(own.visits) > 1:
        yield EntityCustomField(label=panes.VISITS_FOUND, key="visits", type=_COUNT, value=len(own.visits))
    if own.error_count:
        yield EntityCustomField(label=panes.ERRORS_FOUND, key="errors", type=_COUNT, value=own.error_count)
    if trouble := last_trouble(own):
        words = _what(trouble.happening, style) if trouble.happening else joined(trouble.signs)
        yield from _text("trouble", panes.WENT_WRONG, words, _watch(trouble, own))
        if trouble.happening and (at := trouble.happening.occurred_at):
            yield _moment("trouble_at", panes.WENT_WRONG_AT, at)


def _of_visit(visit: Visit, style: Style) -> Iterator[EntityCustomField]:
    if visit.started_at:
        yield _moment("began", panes.BEGAN, visit.started_at.value)
    lasted = lasting(visit.duration_seconds.value) if visit.duration_seconds else ""
    yield from _text("lasted", panes.LASTED, joined([table.ON_THE_SITE if visit.is_live else "", lasted]))
    yield from _text("pages", panes.PAGES, way_words(visit.way, style, _PAGES))
    yield from _text("device", panes.DEVICE, device_words(visit.device, style))
    yield from _text("place", panes.PLACE, place_words(visit.place, style))


def _long(card: Card) -> Iterator[EntityCustomField]:
    """What the side pane says besides: earlier visits and errors, the tools' own pages, how the tools are."""
    own, style = card.history(), with_short_labels(_PLAIN, [card.case_file])
    shown = own.visits[:VISITS_SHOWN]
    for number, visit in enumerate(shown[1:], start=2):
        if visit.started_at:
            yield _moment(f"visit_{number}", panes.EARLIER_VISIT, visit.started_at.value)
    trouble = last_trouble(own)
    said = trouble.happening if trouble else None
    others = [happening for happening in own.happenings if happening is not said]
    for number, happening in enumerate(others[:ERRORS_SHOWN], start=1):
        at = style.time(happening.occurred_at) if happening.occurred_at else None
        words = joined([_what(happening, style), at])
        watch = _watch(LastTrouble(happening, happening.visit), own)
        yield from _text(f"error_{number}", panes.EARLIER_ERROR, words, watch)
    for number, (url, label) in enumerate(_links(shown, own, style).items(), start=1):
        yield EntityCustomField(label=label, key=f"link_{number}", type=_LINK, value=url)
    tools = joined(line.strip() for line in source_lines(card.case_file, style))
    yield from _text("tools", panes.TOOLS, style.text(tools, _TOOLS))


def _links(shown: Sequence[Visit], own: History, style: Style) -> Mapping[str, str]:
    """The tools' pages of what is shown, each with its label."""
    links: dict[str, str] = {}
    for session in (session for visit in shown for session in visit.sessions):
        sentence = table.OPEN_PERSON if session.url_is is UrlIs.PERSON else table.OPEN_REPLAY
        if session.url:
            links.setdefault(session.url, sentence.format(source=style.label(session.source)))
    for error in (error for happening in own.happenings[:ERRORS_SHOWN] for error in happening.errors):
        if error.url:
            links.setdefault(error.url, panes.OPEN_ERROR.format(source=style.label(error.source)))
    return {url: label for url, label in links.items() if len(url) <= LONGEST_URL}


def _what(happening: Happening, style: Style) -> str:
    title, page = style.text(happening.title, _ERROR), happening.page
    words = table.ERROR_ON.format(title=title, page=style.text(page, _PAGE)) if page else title
    times = table.TIMES.format(count=happening.count) if happening.count and happening.count > 1 else None
    return joined([words, times])


def _watch(trouble: LastTrouble, own: History) -> str | None:
    found = watch_link(trouble, own)
    return found[0] if found and len(found[0]) <= LONGEST_URL else None


def _text(key: str, label: str, value: str, link: str | None = None) -> Iterator[EntityCustomField]:
    """A field of text; none where there is nothing to say."""
    if value:
        yield EntityCustomField(label=label, key=key, type=_TEXT, value=value, link=link)


def _moment(key: str, label: str, moment: datetime) -> EntityCustomField:
    return EntityCustomField(label=label, key=key, type=_TIME, value=_seconds(moment))


def _embed(url: str | None) -> EntityFullSizePreview:
    """A page in a frame of the side pane; without its address, the announcement that there will be one."""
    return EntityFullSizePreview(is_supported=True, preview_url=url, mime_type=_EMBED)


def _actions(card: Card, more: str) -> EntityActions | None:
    """At most two buttons: to open what the newest visit's tool has, and for more of that person."""
    buttons = []
    if url := page_of(card.history().visits[:VISITS_SHOWN]):
        buttons.append(EntityActionButton(text=table.OPEN, action_id=OPEN, url=url, style="primary"))
    if value := card.more_of_person():
        buttons.append(EntityActionButton(text=more, action_id=MORE_OF_PERSON, value=value))
    return EntityActions(primary_actions=list(buttons)) if buttons else None


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())
