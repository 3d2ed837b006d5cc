"""What each benchmark comes to: ours beside its floor or rival, and the goal where there is one."""

from collections.abc import Callable, Sequence
from typing import Any

from benchmarks._rows import Line
from benchmarks.ack import DEFAULT, FAR, NOTHING, ROUND_TRIP_MS

Rows = Sequence[dict[str, Any]]


def ack(rows: Rows) -> list[Line]:
    """Goals: 5 ms, and 15 for 99 of 100; one round trip and 4 ms; 0.3 of what an empty app does."""
    lines = []
    for row in rows:
        transport, app, at_once = row["transport"], row["app"], row["at_once"]
        if not app.startswith("casefile"):
            continue
        for rival in (NOTHING, DEFAULT):
            theirs = _one(rows, transport=transport, app=rival, at_once=at_once)
            beside, what = f"an app that does {rival}", f"{app}, {transport}, {at_once} at once"
            median = Line("ack", f"{what}: median ms", row["median_ms"], beside, theirs["median_ms"])
            slow = Line("ack", f"{what}: 99 of 100, ms", row["p99_ms"], beside, theirs["p99_ms"])
            rate = Line("ack", f"{what}: a second", row["a_second"], beside, theirs["a_second"])
            if transport == "http" and at_once == 1 and app == FAR:
                median = median.at_most(ROUND_TRIP_MS + 4)
            elif transport == "http" and at_once == 1:
                median, slow = median.at_most(5), slow.at_most(15)
            if transport == "http" and at_once > 1 and app != FAR and rival == NOTHING:
                rate = rate.at_least(round(0.3 * theirs["a_second"], 1))
            lines += [median, slow] if at_once == 1 else [rate]
    return lines


def answer(rows: Rows) -> list[Line]:
    """Goal: 1.05 times the slowest vendor that answers, and 60 ms."""
    lines = []
    [rival] = [row for row in rows if row["app"] != "casefile"]
    for row in rows:
        if row is rival:
            continue
        what = f"{row['transport']}, {row['asked']}: whole, ms"
        if row["slowest_vendor_ms"] is None:
            lines.append(Line("answer", what, row["whole_ms"], "one after the other", rival["whole_ms"]))
            continue
        slowest = row["slowest_vendor_ms"]
        line = Line("answer", what, row["whole_ms"], "the slowest vendor", slowest)
        lines.append(line if "said after" in what else line.at_most(round(1.05 * slowest + 60, 1)))
        if row["asked"] == rival["asked"]:
            lines.append(Line("answer", what, row["whole_ms"], "one after the other", rival["whole_ms"]))
    return lines


def database(rows: Rows) -> list[Line]:
    """Goals: 35 ms and 25 a second on SQLite; 60 ms and 20 a second at 2 ms; four processes 2.5 times one."""
    lines = []
    for row in rows:
        kind, away, many = row["database"], row["round_trip_ms"], row["processes"]
        if kind == "none":
            continue
        rival = _one(rows, database="none", at_once=row["at_once"])
        at = f"{kind}, {away:g} ms away, {many} process{'es' if many > 1 else ''}"
        if row["at_once"] == 1:
            line = Line("database", f"{at}: alone, ms", row["median_ms"], "bare bot", rival["median_ms"])
            goal = {("sqlite", 0.0): 35.0, ("postgresql", 2.0): 60.0}.get((kind, away)) if many == 1 else None
            lines.append(line.at_most(goal) if goal else line)
            continue
        line = Line("database", f"{at}: 16 at once, a second", row["a_second"], "bare bot", rival["a_second"])
        goal = {("sqlite", 0.0, 1): 25.0, ("postgresql", 2.0, 4): 20.0}.get((kind, away, many))
        lines.append(line.at_least(goal) if goal else line)
        if kind == "sqlite":
            used = Line("database", f"{at}: processor, ms", row["processor_ms_a_lookup"], "bare bot")
            lines.append(used.at_most(20))
        if many > 1:
            one = _one(rows, database=kind, round_trip_ms=away, processes=1, at_once=row["at_once"])
            times = round(row["a_second"] / one["a_second"], 2)
            more = Line("database", f"{at}: times one process", times, "one process", 1.0)
            lines.append(more.at_least(2.5) if away == max(r["round_trip_ms"] for r in rows) else more)
    return lines


def day(rows: Rows) -> list[Line]:
    """Calls of each lookup beside those of a bot that keeps nothing, and those of each customer once."""
    ours, *others = rows
    return [
        Line("day", f"{name.replace('_', ' ')} a lookup", ours[name], other["policy"], other[name])
        for other in others
        for name in ("vendor_calls", "slack_calls", "writes", "reads")
        if other is others[0] or other[name]
    ]


def raygun_day(rows: Rows) -> list[Line]:
    """Shares of lookups answered by data of half an hour, beside simple bots and the best there can be."""
    return [
        Line(
            "raygun_day", f"{ours['desk']}: {what}", round(ours[name], 3), row["policy"], round(row[name], 3)
        )
        for ours in rows
        if ours["policy"] == "casefile"
        for row in rows
        if row["policy"] != "casefile" and row["desk"] == ours["desk"]
        for name, what in (("fresh_30", "of the last half hour"), ("recall_7d", "older sessions found"))
    ]


def kill(rows: Rows) -> list[Line]:
    """Goal: nothing lost, nothing doubled."""
    return [
        Line("kill", f"{row['database']}: {what} of {row['acknowledged']}", row[what], "none").at_most(0)
        for row in rows
        for what in ("lost", "doubled")
    ]


def reader(rows: Rows) -> list[Line]:
    """Right readings and milliseconds beside the first address that an expression finds."""
    ours = [row for row in rows if row["reader"] == "casefile"]
    lines = []
    for row in ours:
        theirs = _one(rows, of=row["of"], reader="the first address")
        for name in ("right", "wrong", "median_ms", "worst_ms"):
            if row[name] is not None:
                what = f"{row['of']}: {name.replace('_', ' ')}"
                line = Line("read_ticket", what, row[name], theirs["reader"], theirs[name])
                lines.append(line.at_most(0) if name == "wrong" else line)
    return lines


def unfurl(rows: Rows) -> list[Line]:
    """Until a card is there, beside an app that asks nobody."""
    *ours, fixed = rows
    return [
        Line("unfurl", f"{row['app']}: median ms", row["median_ms"], fixed["app"], fixed["median_ms"])
        for row in ours
    ]


def replay(rows: Rows) -> list[Line]:
    """Goal: two seconds from the press until it plays; the floor is the page before it, with its button."""
    lines = []
    for row in rows:
        what = f"{row['recording']} recording, from the press: ms"
        line = Line("replay", what, row["playing_ms"], "the page with its button", row["page_ms"])
        lines.append(line.at_most(2000) if row["recording"] == "small" else line)
    return lines


def footprint(rows: Rows) -> list[Line]:
    """Goals: 110 MiB; a look among a million within twice one among ten thousand."""
    lines = []
    for row in rows:
        line = Line("footprint", f"{row['what']}, {row['unit']}", row["value"], row["beside"], row["floor"])
        if row["what"].startswith("resident with"):
            line = line.at_most(110)
        elif row["what"].startswith("a look"):
            line = line.at_most(round(2 * row["floor"], 2))
        lines.append(line)
    return lines


def ledger(rows: Rows) -> list[Line]:
    """A call that is counted before it is made, beside a row that is written without counting."""
    return [
        Line(
            "ledger",
            f"{row['processes']} at once: median ms",
            row["median_ms"],
            "insert",
            theirs["median_ms"],
        )
        for row in rows
        if row["what"] == "ledger"
        for theirs in [_one(rows, what="insert", processes=row["processes"])]
    ]


def startup(rows: Rows) -> list[Line]:
    """A command that asks nobody, beside the same where all of the bot is loaded."""
    return [
        Line("startup", f"{row['command']}: processor ms", row["own_ms"], "all of it", row["all_ms"])
        for row in rows
    ]


def nothing_wrong(name: str, *counts: str) -> Callable[[Rows], list[Line]]:
    """Lines of what must not happen, by the names of its counts."""

    def lines(rows: Rows) -> list[Line]:
        return [
            Line(name, f"{_first_words(row)}{count.replace('_', ' ')}", row[count], "none").at_most(0)
            for row in rows
            for count in counts
        ]

    return lines


def processes(rows: Rows) -> list[Line]:
    """Goals: no question asked again while its answer is fresh, none refused; Raygun is read by pages."""
    by_person = [row for row in rows if row["vendor"] != "raygun"]
    asked_again = nothing_wrong("processes", "asked_again_while_fresh")(by_person)
    return [*asked_again, *nothing_wrong("processes", "refused")(rows)]


def _first_words(row: dict[str, Any]) -> str:
    """What a row is of, by its first field where that is a word."""
    first = next(iter(row.values()))
    return f"{first}: " if isinstance(first, str) else ""


def _one(rows: Rows, **fields: object) -> dict[str, Any]:
    """The row with such fields."""
    return next(row for row in rows if all(row.get(name) == value for name, value in fields.items()))


LINES: dict[str, Callable[[Rows], list[Line]]] = {
    "ack": ack,
    "answer": answer,
    "database": database,
    "day": day,
    "raygun_day": raygun_day,
    "kill": kill,
    "read_ticket": reader,
    "unfurl": unfurl,
    "replay": replay,
    "footprint": footprint,
    "ledger": ledger,
    "startup": startup,
    "outage": nothing_wrong("outage", "lost", "doubled"),
    "processes": processes,
    "watch": nothing_wrong("watch", "missing", "doubled", "wrong"),
    "mcp_questions": nothing_wrong(
        "mcp_questions", "failed", "wrong customers", "without source or age", "calls over quota"
    ),
    "webhooks": nothing_wrong("webhooks", "refused"),
}
