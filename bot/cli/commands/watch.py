"""`casefile watch list`: which threads are told what becomes of their errors."""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from bot.answers.mrkdwn import counted
from bot.cli.arguments import AsJson
from bot.cli.as_json.json_values import iso
from bot.cli.running import run_once
from bot.cli.terminal import OK, moment_text, printable
from bot.engine.opening import open_engine
from bot.settings.model import Settings
from bot.tickets.watches import WatchBook, WatchRow, are_watched


def watch(
    action: Annotated[Literal["list"], Parameter(help="list: the watched threads", metavar="list")],
    /,
    *,
    as_json: AsJson = False,
) -> int:
    """Print the threads that are told what becomes of their errors; the exit status."""
    assert action == "list"  # noqa: S101 - there is no other
    return run_once(lambda settings: _list(settings, as_json=as_json), tells_what_is_stored=True)


async def _list(settings: Settings, *, as_json: bool) -> int:
    async with open_engine(settings) as engine:
        rows = await WatchBook(engine.store, engine.keyring).every()
    is_on = are_watched(settings)
    rows = [replace(row, is_on=row.is_on and is_on) for row in rows]
    if not is_on and not as_json:
        print("No thread is watched: WATCH__DAYS is 0, or VISIBILITY is ephemeral.")
        return OK
    print(json.dumps(watches_json(rows), indent=1) if as_json else watches_text(rows))
    return OK


def watches_json(rows: Sequence[WatchRow]) -> list[dict[str, Any]]:
    """One object a thread."""
    return [
        {
            "channel": row.watch.channel,
            "thread_ts": row.watch.root_ts,
            "subjects": [{"kind": str(one.kind), "value": one.value} for one in row.watch.subjects],
            "errors": [
                {"source": one.account, "id": one.id, "title": one.title, "url": one.url}
                for one in row.watch.errors
            ],
            "until": iso(row.until),
            "watched": row.is_on,
        }
        for row in rows
    ]


def watches_text(rows: Sequence[WatchRow]) -> str:
    """A line for each thread."""
    if not rows:
        return "No thread is watched."
    return "\n".join(map(_line, rows))


def _line(row: WatchRow) -> str:
    watch = row.watch
    who = printable(", ".join(subject.value for subject in watch.subjects))
    until = f"until {moment_text(row.until)}" if row.is_on else "stopped by a person"
    return f"{watch.channel} {watch.root_ts}  {who}  {counted(len(watch.errors), 'error')}  {until}"
