"""What a watched thread is told: one line, and the button that stops it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from bot.answers.block_kit import Part, actions, button, section
from bot.answers.buttons import STOP_WATCHING, THIS_THREAD, WATCH
from bot.answers.mrkdwn import counted, escaped, link, local_time
from bot.answers.words import table
from bot.answers.words.style import SLACK, Mark, joined, listed
from bot.domain.message import Message
from bot.sources.raygun.webhook_events import Change, ErrorNews
from bot.sources.registry import TITLES

# Characters of an error's title, of a status and of a name.
_TITLE, _STATUS, _NAME = 150, 40, 60
# Channels that a message names.
_MOST_CHANNELS = 10
# Statuses as Raygun names them. Where the channel is to see no vendor's text, another is not named.
_KNOWN = frozenset({"active", "resolved", "ignored", "permanently ignored", "occurred again"})


class Topic(StrEnum):
    """What a message is about."""

    # What became of an error.
    CHANGED = "changed"
    # Another error hit the customer.
    HIT = "hit"
    # Several open tickets have one error.
    MANY = "many"
    # The customer is on the site again.
    BACK = "back"


@dataclass(frozen=True, slots=True)
class ThreadNews:
    """
    What is told.

    `tickets` is how many open tickets have the error, `channels` how many of them each channel has. `at`,
    `url` and `source` are of the visit with which a customer came back. `is_last`: of further errors that hit
    the customer, or of further changes, nothing is told. `is_past`: what became of the error is so no more.
    """

    topic: Topic
    news: ErrorNews | None = None
    tickets: int = 0
    channels: tuple[tuple[str, int], ...] = ()
    at: datetime | None = None
    url: str | None = None
    source: str = ""
    is_last: bool = False
    is_past: bool = False


def thread_news(told: ThreadNews, *, masked: bool) -> Message:
    """What a thread is told; masked, it names no error, nobody, and links nowhere."""
    sentence = _sentence(told, table.AN_ERROR, masked=masked)
    text = joined([_mark(told) + sentence, *_small(told, masked=masked)])
    stop = button(table.STOP_WATCHING, STOP_WATCHING, THIS_THREAD)
    return Message(text, [section(text, stop)])


def channel_news(told: ThreadNews, *, masked: bool) -> Message:
    """The same for the channel of the owner's choice: with where the tickets are, without a button."""
    where = [f"<#{channel}> ({number})" for channel, number in told.channels[:_MOST_CHANNELS]]
    places = table.IN_CHANNELS.format(channels=listed(where)) if where else None
    sentence = _sentence(told, table.SOME_ERROR, masked=masked)
    text = joined([_mark(told) + sentence, *_small(told, masked=masked), places])
    return Message(text, [section(text)])


def watched(days: int, root_ts: str, *, since_now: bool = True) -> Message:
    """That a thread is watched, since now or since before, and the button that stops it."""
    stop = button(table.STOP_WATCHING, STOP_WATCHING, root_ts)
    sentence = table.IS_WATCHED if since_now else table.WATCHED_ALREADY
    return _with_button(sentence.format(days=counted(days, "day")), stop)


def stopped(value: str, *, was_on: bool) -> Message:
    """The confirmation that a thread is told nothing more; `value` is what watches it again, if anything."""
    return _with_watch_button(table.IS_STOPPED if was_on else table.WAS_STOPPED, value)


def not_watched(value: str) -> Message:
    """That a thread is told nothing; `value` is what watches it."""
    return _with_watch_button(table.NOT_WATCHED, value)


def _with_watch_button(text: str, value: str) -> Message:
    if not value:
        return _with_button(text)
    return _with_button(text, button(table.WATCH_THREAD, WATCH, value))


def _with_button(text: str, *buttons: Part) -> Message:
    below = [actions(buttons)] if buttons else []
    return Message(text, [section(text), *below])


def _mark(told: ThreadNews) -> str:
    news = told.news
    if told.topic is Topic.BACK:
        mark = Mark.PIN
    elif told.topic is Topic.CHANGED and news and news.change is not Change.AGAIN:
        mark = Mark.WELL if news.status == "resolved" and not told.is_past else Mark.PIN
    else:
        mark = Mark.WRONG
    return f"{SLACK.mark(mark)} "


def _sentence(told: ThreadNews, unnamed: str, *, masked: bool) -> str:
    news = told.news
    if told.topic is Topic.BACK or news is None:
        return table.BACK
    error = unnamed if masked else _error(news)
    if told.topic is Topic.HIT:
        return table.HIT_MASKED if masked else table.HIT.format(error=error)
    if told.topic is Topic.MANY:
        return table.MANY_TICKETS.format(tickets=_tickets(told), error=error)
    sentence = _change(news, error, masked=masked)
    return sentence[:1].upper() + sentence[1:]


def _change(news: ErrorNews, error: str, *, masked: bool) -> str:
    who = None if masked or not news.who else escaped(news.who, _NAME)
    if news.change is Change.AGAIN:
        return table.CAME_BACK.format(error=error)
    if news.change is Change.ASSIGNED:
        return table.ASSIGNED_TO.format(error=error, who=who) if who else table.ASSIGNED.format(error=error)
    if not news.status or (masked and news.status not in _KNOWN):
        return table.STATUS_CHANGED.format(error=error)
    status = f"*{escaped(news.status, _STATUS)}*"
    if who:
        return table.STATUS_SET_BY.format(error=error, status=status, who=who)
    return table.STATUS_SET.format(error=error, status=status)


def _error(news: ErrorNews) -> str:
    title = f"*{escaped(news.title or 'Error without a title', _TITLE)}*"
    return link(news.url, title) if news.url else title


def _tickets(told: ThreadNews) -> str:
    return counted(told.tickets, table.OPEN_TICKET)


def _small(told: ThreadNews, *, masked: bool) -> Sequence[str | None]:
    """What stands behind the sentence."""
    at = told.at or (told.news.at if told.news else None)
    several = told.topic is not Topic.MANY and told.tickets > 1
    watch = None
    if told.url and not masked:
        title = TITLES.get(told.source.partition("/")[0], told.source)
        watch = link(told.url, table.WATCH.format(source=title))
    return [
        local_time(at) if at else None,
        table.CHANGED_SINCE if told.is_past else None,
        watch,
        table.TICKETS_HAVE_IT.format(tickets=_tickets(told)) if several else None,
        (table.HITS_END if told.topic is Topic.HIT else table.CHANGES_END) if told.is_last else None,
    ]
