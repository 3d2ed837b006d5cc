"""
A visit in at most three lines: when and how long; where they went and what was special; its replays.

What every visit has in common is said once, above them.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from unicodedata import east_asian_width

from bot.answers.mrkdwn import counted, lasting, ordinal
from bot.answers.words import table
from bot.answers.words.people import persons_pages
from bot.answers.words.style import LABEL, Mark, Style, joined
from bot.domain.model import SourceName, UrlIs
from bot.domain.visits.model import Device, PagesSeen, SaidBy, Visit, Whereabouts
from bot.domain.visits.moments import holds
from bot.sources.registry import at_moment

# Characters of a line beside a menu in a thread that is 400 pixels wide, of the pages in it together, of each
# screen, and what is left at least of a page that is cut.
_LINE, _PAGES, _SCREEN, _LEAST_ROOM = 44, 20, 20, 8
# Signs about twice as wide as others, beside those of Chinese, Japanese and Korean.
_WIDE = frozenset("@%<>MW")
# A link in Slack's markup, of which its label is seen.
_LINK = re.compile(r"<[^|>]*\|([^>]*)>")
# What a tool says of a device's form says nothing where the system is known.
_FORMS = frozenset({"desktop", "mobile", "tablet", "pc", "phone", "smartphone", "other", "unknown"})
# How most people come to a site, which tells an agent nothing.
_USUAL_CHANNELS = frozenset({"direct", "organic search", "internal", "unknown"})


@dataclass(frozen=True, slots=True)
class Common:
    """
    What most visits of an answer share, in words, which is said once; empty where it is said of each.

    `pages` are the addresses of the person's own pages.
    """

    device: str = ""
    place: str = ""
    pages: tuple[str, ...] = ()
    is_of_all: bool = True


def common_of(visits: Sequence[Visit], style: Style) -> Common:
    """What these visits have in common."""
    devices = [device_words(visit.device, style) for visit in visits]
    places = [place_words(visit.place, style) for visit in visits]
    device, place = _usual(devices), _usual(places)
    is_of_all = all(device in (one, "") for one in devices) and all(place in (one, "") for one in places)
    pages = persons_pages([session for visit in visits for session in visit.sessions])
    return Common(device, place, tuple(pages), is_of_all)


def _usual(words: Sequence[str]) -> str:
    """The words that most visits have; empty where no two of several have the same."""
    most = Counter(word for word in words if word).most_common(1)
    if not most:
        return ""
    return most[0][0] if most[0][1] > 1 or len(words) == 1 else ""


def common_line(common: Common, visits: Sequence[Visit], style: Style) -> str:
    """The line above all visits: device, place, and the person's own pages; empty where there is nothing."""
    facts = joined([common.device, common.place])
    if facts and len(visits) > 1:
        facts = (table.ALL_VISITS if common.is_of_all else table.MOST_VISITS).format(facts=facts)
    by_url = persons_pages([session for visit in visits for session in visit.sessions])
    links = [style.link(url, style.label(by_url[url].source)) for url in common.pages]
    pages = table.PERSONS_PAGE.format(links=joined(links)) if links else ""
    return joined([facts, pages])


@dataclass(slots=True)
class VisitLines:
    """
    Writes the visits of one answer, one after the other: a list of pages is not said twice.

    `line` is how many characters a line has.
    """

    style: Style
    common: Common
    line: int = _LINE
    _ways: set[str] = field(default_factory=set)
    _numbered: set[SourceName] = field(default_factory=set)

    def of(self, visit: Visit, moment: datetime | None = None, words: str = "", errors: int = 0) -> list[str]:
        """
        A visit's lines.

        Its replays open shortly before `moment`, where it was going on then. `words` say why it comes first,
        `errors` is how many are known of it.
        """
        style = self.style
        when, lasted = style.bold(_when(visit, style)), _lasted(visit)
        pin = f"{style.mark(Mark.PIN)} " if words else ""
        crash = style.bold(table.SIGN_OF_CRASH) if visit.signs.crashed else ""
        first = pin + joined([when, words or joined([lasted, crash])])
        device, place = device_words(visit.device, style), place_words(visit.place, style)
        before = [lasted, table.SIGN_OF_CRASH if crash else ""] if words else []
        bad, other = _signs(visit, errors, style)
        own = [
            device if device != self.common.device else "",
            place if place != self.common.place else "",
        ]
        way = self._way(visit.way, _room_beside([*before, *own, *bad], self.line))
        if way == _count_words(visit.way) and not _fitting_beside([*before, *own, *bad], [way], self.line):
            # How many pages there were tells least.
            way = ""
        second = [
            joined([lasted, crash]) if words else "",
            way,
            *own,
            *(style.bold(sign) for sign in bad),
        ]
        more, links = [*other, *self._numbers(visit)], self._links(visit, moment)
        here = _fitting_beside([*before, way, *own, *bad], more, self.line)
        there = _fitting_beside(links, [words for words in more if words not in here], self.line)
        third = joined([*there, *links])
        return [line for line in (first, joined([*second, *here]), third) if line]

    def _numbers(self, visit: Visit) -> list[str]:
        """That it is a user's first session in a tool, or which one the newest that is told of is there."""
        words = []
        for session in reversed(visit.sessions):
            label, number = self.style.label(session.source), session.number or 0
            if number == 1:
                words.append(table.FIRST_SESSION.format(source=label))
            elif number > 1 and session.source not in self._numbered:
                words.append(table.NUMBERED_SESSION.format(ordinal=ordinal(number), source=label))
            self._numbered |= {session.source} if number else set()
        return words

    def _way(self, way: SaidBy[PagesSeen] | None, room: int) -> str:
        words, pages = way_words(way, self.style, room), _count_words(way)
        if words in self._ways and words != pages:
            return table.PAGES_AS_ABOVE.format(pages=pages) if pages else ""
        self._ways.add(words)
        return words

    def _links(self, visit: Visit, moment: datetime | None) -> list[str]:
        replays = {
            at_moment(s.url, moment) if moment and holds(s, moment) else s.url: s
            for s in visit.sessions
            if s.url and s.url_is is UrlIs.SESSION
        }
        links = [self.style.link(url, self.style.label(s.source)) for url, s in replays.items()]
        pages = persons_pages(visit.sessions)
        own = [url for url in pages if url not in self.common.pages]
        persons = [self.style.link(url, self.style.label(pages[url].source)) for url in own]
        return [
            table.REPLAYS.format(links=joined(links)) if links else "",
            *self._videos(visit),
            table.PERSONS_PAGE.format(links=joined(persons)) if persons else "",
        ]

    def _videos(self, visit: Visit) -> list[str]:
        written = []
        for session in visit.sessions:
            if session.video:
                ends, video = session.video_expires_at, self.style.link(session.video, table.VIDEO)
                sentence = table.VIDEO_UNTIL if ends else table.VIDEO_SOON
                written.append(sentence.format(video=video, time=self.style.time(ends) if ends else ""))
        return written


def _when(visit: Visit, style: Style) -> str:
    if visit.started_at is None:
        return table.NOW if visit.is_live else table.NO_TIME
    time = style.time(visit.started_at.value)
    return table.GOES_ON.format(time=time) if visit.is_live else time


def _lasted(visit: Visit) -> str:
    return lasting(visit.duration_seconds.value) if visit.duration_seconds else ""


def way_words(told: SaidBy[PagesSeen] | None, style: Style, room: int = _PAGES) -> str:
    """
    How many pages, and from which to which, or screens, in about `room` characters: `5 pages: /cart → /pay`.

    Where there is too little room for pages, and their number is known, it is said alone.
    """
    if told is None:
        return ""
    way, count = told.value, _count_words(told)
    if way.screens:
        ends = _screens(way.screens, style, room)
    else:
        pages = list(dict.fromkeys(page for page in (way.first, way.last) if page))
        cut = _fitting(pages, max(room, 0 if count else _LEAST_ROOM))
        ends = " → ".join(style.text(page, _PAGES) for page in cut)
    return ": ".join(part for part in (count, ends) if part)


def _screens(names: Sequence[str], style: Style, room: int) -> str:
    """As many screens as fit, in no order of theirs; one of them at least."""
    shown: list[str] = []
    for name in names:
        room -= min(_breadth(name), _SCREEN)
        if shown and room < 0:
            break
        shown.append(style.text(name, len(_beginning(name, _SCREEN))))
        room -= len(", ")
    return ", ".join(shown)


def _count_words(told: SaidBy[PagesSeen] | None) -> str:
    if told is None or told.value.count is None:
        return ""
    return counted(told.value.count, "screen" if told.value.are_screens else "page")


def _room_beside(others: Sequence[str], line: int) -> int:
    """How many of a line's characters are left for pages beside these parts and the marks between them."""
    taken = sum(_breadth(f"{other} · ") for other in others if other)
    return max(0, min(_PAGES, line - taken - len("9 pages:  → ")))


def _fitting_beside(said: Sequence[str], more: Sequence[str], line: int) -> list[str]:
    """What else of a visit fits into a line of so many characters, beside what is said there."""
    fitting: list[str] = []
    for words in more:
        seen = _LINK.sub(r"\1", joined([*said, *fitting, words]))
        if _breadth(seen) <= line:
            fitting.append(words)
    return fitting


def _fitting(pages: Sequence[str], room: int) -> list[str]:
    """Pages' paths cut to what fits into a line together, of a path its end; none where little were left."""
    cut: dict[str, str] = {}
    for left, page in zip(range(len(pages), 0, -1), sorted(pages, key=_breadth), strict=True):
        most = room // left
        if most < min(_breadth(page), _LEAST_ROOM):
            return []
        cut[page] = page if _breadth(page) <= most else _beginning(page[::-1], most)[::-1]
        room -= _breadth(cut[page])
    return [cut[page] for page in pages]


def _breadth(text: str) -> int:
    """How much room a text takes, in ordinary characters."""
    return sum(2 if sign in _WIDE or east_asian_width(sign) in "WF" else 1 for sign in text)


def _beginning(text: str, most: int) -> str:
    """A text, cut with an ellipsis where it takes more room than this."""
    if _breadth(text) <= most:
        return text
    room = most - 1
    for end, sign in enumerate(text):
        room -= _breadth(sign)
        if room < 0:
            return f"{text[:end]}…"
    return text


def device_words(told: SaidBy[Device] | None, style: Style) -> str:
    """A device in few words: `Chrome 142 on Windows 11`, `Pixel 9, Android 16, app 5.2.0`."""
    if told is None:
        return ""
    device = told.value
    named, browser, os = (
        style.text(part, LABEL) if part else "" for part in (device.device, device.browser, device.os)
    )
    if (device.device or "").casefold() in _FORMS and (browser or os):
        named = ""
    version = style.text(device.app_version, LABEL) if device.app_version else ""
    runs = table.ON_DEVICE.format(browser=browser, os=os) if browser and os else browser or os
    app = table.APP_VERSION.format(version=version) if version else ""
    return ", ".join(part for part in (named, runs, app) if part)


def place_words(told: SaidBy[Whereabouts] | None, style: Style) -> str:
    """A place: `Wellington, NZ`."""
    if told is None:
        return ""
    return ", ".join(style.text(part, LABEL) for part in (told.value.city, told.value.country) if part)


def _signs(visit: Visit, errors: int, style: Style) -> tuple[list[str], list[str]]:
    """What is special about a visit: what went wrong, and what else."""
    signs = visit.signs
    count = max(errors, signs.errors.value if signs.errors else 0)
    # An app's crash is said with its time, and what else went wrong then among the errors.
    bad = [counted(count, "error")] if count and not signs.crashed else []
    for told, thing in (
        (signs.rage, "rage click"),
        (signs.error_clicks, "click with an error"),
        (signs.dead_clicks, "dead click"),
    ):
        bad += [counted(told.value, thing)] if told and told.value else []
    channel = signs.channel.value if signs.channel else ""
    is_usual = channel.casefold() in _USUAL_CHANNELS
    other = [table.CHANNEL.format(channel=style.text(channel, LABEL))] if channel and not is_usual else []
    is_watched = any(s.url and s.url_is is UrlIs.SESSION for s in visit.sessions)
    other += [table.REPLAY_RECORDED] if signs.has_replay and not is_watched else []
    return bad, other
