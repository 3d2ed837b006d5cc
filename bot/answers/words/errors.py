"""What went wrong: the most recent thing first, each once, with links to the moment and to every tool."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from bot.answers.mrkdwn import counted
from bot.answers.words import table
from bot.answers.words.style import Mark, Style, joined
from bot.domain.model import ErrorKind, Session, UrlIs
from bot.domain.visits.history import History
from bot.domain.visits.model import Happening, Visit
from bot.domain.visits.moments import holds
from bot.sources.registry import at_moment

ERRORS_SHOWN = 5
# Characters of a title, a page and a status.
_TITLE, _PAGE, _STATUS = 150, 40, 80


@dataclass(frozen=True, slots=True)
class LastTrouble:
    """What went wrong most recently: a happening or, where none is told of, the signs of a visit."""

    happening: Happening | None
    visit: Visit | None
    signs: tuple[str, ...] = ()

    @property
    def moment(self) -> datetime | None:
        """When it was, or when its visit began."""
        if self.happening:
            return self.happening.moment
        return self.visit.started_at.value if self.visit and self.visit.started_at else None


def last_trouble(history: History) -> LastTrouble | None:
    """What went wrong most recently; None where nothing did, as far as is known."""
    troubled = next((visit for visit in history.visits if _signs(visit)), None)
    newest = _newest(history.happenings)
    if newest is not None and not _is_later(troubled, newest):
        return LastTrouble(newest, newest.visit)
    return LastTrouble(None, troubled, tuple(_signs(troubled))) if troubled else None


def _newest(happenings: Sequence[Happening]) -> Happening | None:
    """The newest happening; of those at one time a crash."""
    if not happenings:
        return None
    moment = happenings[0].moment
    same = [one for one in happenings if one.moment == moment]
    return next((one for one in same if one.kind is ErrorKind.CRASH), happenings[0])


def _is_later(visit: Visit | None, happening: Happening) -> bool:
    """Whether a visit with signs of trouble came after what is told of."""
    if visit is None or visit is happening.visit or visit.started_at is None:
        return False
    return happening.moment is not None and visit.started_at.value > happening.moment


def _signs(visit: Visit) -> list[str]:
    signs = visit.signs
    words = [table.CRASHED] if signs.crashed else []
    words += [counted(signs.errors.value, "error")] if signs.errors and signs.errors.value else []
    words += [counted(signs.rage.value, "rage click")] if signs.rage and signs.rage.value else []
    return words[:1]


def trouble_line(trouble: LastTrouble, history: History, style: Style) -> str:
    """The second line of an answer: what went wrong most recently, when, and links to the moment."""
    mark = f"{style.mark(Mark.WRONG)} "
    if trouble.happening:
        return mark + happening_words(trouble.happening, history, style, bold=True)
    time = style.time(trouble.moment) if trouble.moment else ""
    url, session = watch_link(trouble, history) or ("", None)
    watch = style.link(url, table.WATCH.format(source=style.label(session.source))) if session else ""
    return mark + joined([style.bold(joined(trouble.signs)), time, watch])


def trouble_text(trouble: LastTrouble, style: Style, most: int) -> str:
    """What went wrong in a few words, for a notification."""
    if trouble.happening is None:
        return joined(trouble.signs)
    title = style.text(trouble.happening.title, most)
    page = trouble.happening.page
    return table.ERROR_ON.format(title=title, page=style.text(page, _PAGE)) if page else title


def error_lines(history: History, said: Happening | None, style: Style) -> list[str]:
    """A heading and a line for each of the newest happenings, without the one that was said already."""
    others = [one for one in history.happenings if one is not said]
    if not others:
        return []
    lines = [style.bold(table.EARLIER_ERRORS if said else "Errors")]
    lines += [f"• {happening_words(one, history, style)}" for one in others[:ERRORS_SHOWN]]
    if len(others) > ERRORS_SHOWN:
        lines.append(table.ERRORS_NOT_SHOWN.format(count=len(others) - ERRORS_SHOWN))
    return lines


def happening_words(happening: Happening, history: History, style: Style, *, bold: bool = False) -> str:
    """One thing that went wrong: what, on which page, when, how often, and its links."""
    title = style.text(happening.title, _TITLE)
    title = style.bold(title) if bold else title
    page = happening.page
    status = next((error.status for error in happening.errors if error.status), None)
    return joined(
        [
            table.ERROR_ON.format(title=title, page=style.text(page, _PAGE)) if page else title,
            _when(happening, style),
            _times(happening),
            style.text(status, _STATUS) if status else None,
            *_links(happening, history, style),
        ]
    )


def _when(happening: Happening, style: Style) -> str | None:
    if happening.occurred_at:
        return style.time(happening.occurred_at)
    return table.IN_THE_VISIT.format(time=style.time(happening.moment)) if happening.moment else None


def _times(happening: Happening) -> str | None:
    if happening.count and happening.count > 1:
        return table.TIMES.format(count=happening.count)
    everybodys = [error.count for error in happening.errors if error.counts_everybody and error.count]
    if not everybodys:
        return None
    return table.SO_OFTEN_EVER.format(times=counted(max(everybodys), "time"))


def _links(happening: Happening, history: History, style: Style) -> list[str]:
    """The moment in a replay first, then what each tool has of the error."""
    links: dict[str, str] = {}
    if found := watch_link(LastTrouble(happening, happening.visit), history):
        url, session = found
        links[url] = table.WATCH.format(source=style.label(session.source))
    without = []
    for error in happening.errors:
        if error.url:
            links.setdefault(error.url, style.label(error.source))
        else:
            without.append(style.label(error.source))
    return [*(style.link(url, label) for url, label in links.items()), *without]


def watch_link(trouble: LastTrouble, history: History) -> tuple[str, Session] | None:
    """
    The address that shows what went wrong, and its session; None without a replay of it.

    It opens shortly before the moment, where a replay then can carry a time, else at the visit's beginning.
    """
    moment = trouble.happening.occurred_at if trouble.happening else None
    own = list(trouble.visit.sessions) if trouble.visit else []
    others = [session for visit in history.visits for session in visit.sessions]
    if moment:
        for session in (*own, *others):
            if session.url and holds(session, moment):
                url = at_moment(session.url, moment)
                if url != session.url:
                    return url, session
    replays = [s for s in own if s.url and s.url_is is UrlIs.SESSION]
    return (replays[0].url or "", replays[0]) if replays else None
