"""Tickets listed in one message: for each a link to it, who it is about and what went wrong."""

from collections.abc import Sequence
from datetime import UTC, datetime

from bot.answers.block_kit import actions, context, section
from bot.answers.buttons import mute_button
from bot.answers.mrkdwn import counted, cut_markup, link, local_time
from bot.answers.targets.masked import summary
from bot.answers.words import table
from bot.answers.words.counts import headline
from bot.answers.words.errors import last_trouble, trouble_line
from bot.answers.words.people import persona_of, short_name, users_of
from bot.answers.words.style import SLACK, joined, with_short_labels
from bot.domain.message import Message
from bot.domain.model import CaseFile
from bot.domain.visits.history import history_of
from bot.jobs.tickets.digest_book import ListedTicket

# Characters of a ticket's line.
_LONGEST_LINE = 500


def digest_line(case_files: Sequence[CaseFile], *, masked: bool) -> str:
    """What is said of a ticket: who, what went wrong last, how much there is; masked, no title, no link."""
    said = map(summary, case_files) if masked else map(_whole, case_files)
    return cut_markup("; ".join(said), _LONGEST_LINE)


def _whole(case_file: CaseFile) -> str:
    style, history = with_short_labels(SLACK, [case_file]), history_of(case_file)
    trouble = last_trouble(history)
    who = style.bold(short_name(persona_of(case_file.subject, users_of(case_file)), style))
    wrong = trouble_line(trouble, history, style) if trouble else None
    return f"{who}: {joined([wrong, headline(case_file, history, style)])}"


def listing(channel: str, tickets: Sequence[ListedTicket], above: int, workspace_url: str) -> Message:
    """
    The message that lists tickets.

    Args:
        channel: where the tickets stand, and it.
        tickets: what is listed.
        above: so many within an hour are answered each.
        workspace_url: the workspace's own address.

    """
    archive = f"{workspace_url.rstrip('/')}/archives/{channel}"
    # A section each: of a long one Slack shows the beginning alone.
    lines = [section(_line(archive, ticket)) for ticket in tickets]
    head = table.DIGEST_HEAD.format(tickets=counted(above, "ticket"))
    below = [context([table.DIGEST_FOOT]), actions([mute_button()])]
    text = table.DIGEST_TEXT.format(tickets=counted(len(tickets), "ticket"))
    return Message(text, [section(head), *lines, *below])


def _line(archive: str, ticket: ListedTicket) -> str:
    """A link to a ticket's message, when that came, and what is said of it."""
    url = f"{archive}/p{ticket.root_ts.replace('.', '')}"
    came = local_time(datetime.fromtimestamp(int(float(ticket.root_ts)), UTC), "{time}")
    return f"{link(url, table.DIGEST_TICKET)} · {came} · {ticket.text}"
