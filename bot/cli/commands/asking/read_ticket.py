"""`casefile read-ticket`."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from bot.cli.arguments import AsJson
from bot.cli.as_json.ticket_json import ticket_json
from bot.cli.environment import read_settings
from bot.cli.terminal import OK, Complaint, printable
from bot.operations.json_text import NotJson, read_json
from bot.tickets.decide import Action, TicketReading
from bot.tickets.decide import read_ticket as read_event
from bot.tickets.rules import TicketRules, Us, ticket_rules


def read_ticket(
    file: Annotated[
        str, Parameter(help="JSON of an event_callback or a message; - for stdin", allow_leading_hyphen=True)
    ],
    /,
    *,
    as_json: AsJson = False,
    bot_id: Annotated[str, Parameter(help="which bot is us", metavar="B…")] = "",
    bot_user_id: Annotated[str, Parameter(help="that bot as a user", metavar="U…")] = "",
    app_id: Annotated[str, Parameter(help="that bot's app", metavar="A…")] = "",
    files_info: Annotated[
        str | None,
        Parameter(help="an answer of Slack's files.info", metavar="FILE", allow_leading_hyphen=True),
    ] = None,
) -> int:
    """Print what a message calls for; the exit status."""
    tickets = read_settings().tickets
    event = _read_json(file)
    if isinstance(event, dict) and "type" not in event and "payload" in event:
        # One of the samples: the event stands beside what is expected of it.
        event = event["payload"]
    files = _read_files(files_info, event) if files_info else {}
    reading = read_event(event, ticket_rules(tickets, Us(bot_id, bot_user_id, app_id)), files)
    if as_json:
        print(json.dumps(ticket_json(reading), ensure_ascii=False, indent=1))
    else:
        print(ticket_text(reading))
    return OK


def _read_json(file: str) -> Any:
    """What a file holds, or standard input for `-`; raises Complaint where it is no JSON."""
    content = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    try:
        return read_json(content)
    except NotJson:
        raise Complaint(f"{file}: is not JSON") from None


def _read_files(file: str, event: Any) -> dict[str, Any]:
    """An answer of `files.info`, for each file by its id that the message has only a stub of."""
    answer = _read_json(file)
    info = answer.get("file", answer) if isinstance(answer, dict) else {}
    return dict.fromkeys(read_event(event, TicketRules()).unread_files, info)


def ticket_text(reading: TicketReading) -> str:
    """What a message calls for and why, in lines for a person."""
    told = ticket_json(reading)
    lines = [f"{told['action']}: {told['reason']}"]
    named = {name: told[name] for name in ("requester", "uids", "mentioned") if told[name]}
    lines += [f"  {name}: {', '.join(map(printable, values))}" for name, values in named.items()]
    if reading.ticket:
        ticket = reading.ticket
        lines.append(f"  ticket: {ticket.system} {printable(ticket.id)}  {printable(ticket.url)}")
    if reading.action is Action.REPLY and reading.root_ts:
        lines.append(f"  answered in the thread of {printable(reading.root_ts)}")
    return "\n".join(lines)
