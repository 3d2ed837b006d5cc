"""How many others something hit: a line for each source that counts, and which cannot tell."""

from collections.abc import Sequence
from datetime import datetime

from bot.answers.mrkdwn import ago, counted
from bot.answers.words import table
from bot.answers.words.style import Mark, Style, joined
from bot.lookup.others import OthersHit, Untold
from bot.sources.protocol import Crashes, Spread

# Characters of a title, a town, a version and a device.
_TITLE, _PLACE, _VERSION, _DEVICE = 150, 60, 40, 60
# From this part of the usual on, and so many sessions, a town has more than usual.
_MORE_THAN_USUAL, _ENOUGH = 2, 3
# Rows of a vendor's counts by device that are shown.
_ROWS = 4
# Older than this many seconds, it is said when it was counted.
_LATELY = 60


def others_paragraphs(
    hits: Sequence[OthersHit], who: str, days: int, now: datetime, style: Style
) -> list[list[str]]:
    """
    For each thing that hit them whether it is just them, and what each source says; last, who cannot tell.

    Args:
        hits: what hit them.
        who: the customer, as a sentence names them.
        days: how far back was looked for what hit them.
        now: the time, by which counts are old.
        style: how it is written.

    """
    if not hits:
        return [[table.NOTHING_HIT_THEM.format(who=who, days=counted(days, "day"))]]
    never = dict.fromkeys(one.source for hit in hits for one in hit.untold if _never_tells(one))
    last = [table.CANNOT_TELL.format(sources=style.labels(never))] if never else []
    paragraphs = [_about(hit, who, now, style) for hit in hits]
    return [*paragraphs, *([last] if last else [])]


def _about(hit: OthersHit, who: str, now: datetime, style: Style) -> list[str]:
    title = style.text(hit.happening.title, _TITLE)
    head = f"{style.mark(Mark.WRONG)} {style.bold(joined([_verdict(hit, who), title]))}"
    return [head, *(_line(spread, now, style) for spread in hit.told), *_untold(hit.untold, style)]


def verdict_text(hits: Sequence[OthersHit], who: str) -> str:
    """Whether it is just them, for a notification."""
    return _verdict(hits[0], who) if hits else table.OTHERS


def _verdict(hit: OthersHit, who: str) -> str:
    if any((spread.least if spread.doubled else spread.others or 0) > 0 for spread in hit.told):
        return table.NOT_JUST_THEM.format(who=who)
    if any(spread.others == 0 and spread.whole for spread in hit.told):
        return table.JUST_THEM.format(who=who)
    return table.NOT_KNOWN_WHETHER_JUST_THEM.format(who=who)


def _line(spread: Spread, now: datetime, style: Style) -> str:
    age = (now - spread.as_of).total_seconds()
    said = [_share(spread, style), _others(spread), _place(spread, style), *_rows(spread, style)]
    if age >= _LATELY:
        said.append(table.COUNTED.format(ago=ago(age)))
    words = "; ".join(part for part in said if part)
    return f"• {table.SAYS.format(source=style.label(spread.source), what=words)}"


def _share(spread: Spread, style: Style) -> str:
    days = counted(spread.days, "day") if spread.days else ""
    if spread.sessions is not None and spread.of_sessions:
        share = percent(spread.sessions, spread.of_sessions)
        numbers = {"share": share, "count": spread.sessions, "all": spread.of_sessions, "days": days}
        if spread.version:
            return table.CRASHES_ON_VERSION.format(version=style.text(spread.version, _VERSION), **numbers)
        return (table.CRASHES if spread.crashes else table.IN_SESSIONS).format(**numbers)
    if spread.occurrences is None:
        return ""
    times = counted(spread.occurrences, "time")
    sentence = table.SO_OFTEN if days else table.SO_OFTEN_EVER
    return sentence.format(times=times, days=days)


def _others(spread: Spread) -> str:
    if spread.others is None:
        return ""
    if not spread.others:
        return table.NOBODY_ELSE if spread.whole else ""
    sentence = table.OTHER_PEOPLE
    if not spread.whole:
        sentence = table.AT_LEAST_OTHERS
    elif spread.doubled:
        sentence = table.AT_MOST_OTHERS
    return sentence.format(people=counted(spread.others, "other user"))


def _place(spread: Spread, style: Style) -> str:
    """Whether it is a matter of where the customer is; empty where that is not counted."""
    if spread.place is None or not spread.sessions or not spread.others:
        return ""
    place = style.text(spread.place, _PLACE)
    here, usual = spread.sessions_in_place / spread.sessions, spread.all_in_place / (spread.of_sessions or 1)
    if spread.sessions_in_place >= spread.sessions:
        return table.ONLY_THERE.format(place=place)
    if spread.sessions_in_place >= _ENOUGH and here >= _MORE_THAN_USUAL * usual:
        shares = {"share": f"{here:.0%}".replace("%", " %"), "usual": f"{usual:.0%}".replace("%", " %")}
        return table.MORE_THERE.format(place=place, **shares)
    return table.NOT_ONLY_THERE.format(place=place)


def _rows(spread: Spread, style: Style) -> list[str]:
    """The customer's own device, then those with the most crashes."""
    shown = [row for row in spread.crashes if row.own or row.crashed][:_ROWS]
    return (
        [table.BY_DEVICE.format(rows=", ".join(_row(row, spread, style) for row in shown))] if shown else []
    )


def _row(row: Crashes, spread: Spread, style: Style) -> str:
    device = style.text(row.device or "?", _DEVICE)
    if row.version and row.version != spread.version:
        device = table.DEVICE_AND_VERSION.format(device=device, version=style.text(row.version, _VERSION))
    sentence = table.THEIR_ROW if row.own else table.OTHER_ROW
    return sentence.format(crashed=row.crashed, sessions=row.sessions, device=device)


def _untold(untold: Sequence[Untold], style: Style) -> list[str]:
    lines = [
        f"• {table.SAYS.format(source=style.label(one.source), what=style.text(one.failure.message, 300))}"
        for one in untold
        if one.failure
    ]
    uncounted = [style.label(one.source) for one in untold if one.has_no_count]
    lines += [f"• {table.NO_SUCH_COUNT.format(source=source)}" for source in uncounted]
    return lines


def _never_tells(untold: Untold) -> bool:
    return untold.failure is None and not untold.has_no_count


def percent(part: int, whole: int) -> str:
    """A share in whole percent; what there is at all is never 0 %, and what is not all never 100 %."""
    share = round(100 * part / whole)
    if part and not share:
        return "less than 1 %"
    return "more than 99 %" if share == 100 and part < whole else f"{share} %"  # noqa: PLR2004 - percent
