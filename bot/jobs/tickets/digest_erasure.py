"""Lists of tickets in Slack, without the line of somebody who was forgotten."""

from collections.abc import Iterable

from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.audit.own_posts import Removed, not_removed, remove_post
from bot.jobs.tickets.digest_book import DigestBook, DigestLine, ShownPage
from bot.jobs.tickets.digest_message import listing
from bot.slack.client import SlackAway


async def take_lines_out(
    book: DigestBook, slack: AsyncWebClient, pages: Iterable[ShownPage], above: int, workspace_url: str
) -> Removed:
    """
    Edit pages of which a line was erased, and delete those that have no line any more.

    Args:
        book: the lines.
        slack: edits and deletes.
        pages: the pages.
        above: so many tickets within an hour are answered each.
        workspace_url: the workspace's own address.

    """
    removed = Removed()
    for page in pages:
        if await book.close_if_empty(page.page):
            one = await remove_post(slack, page.channel, page.ts)
        else:
            one = await _edit(book, slack, page, above, workspace_url)
        if not one.left:
            await book.note_erased(page.page)
        removed += one
    return removed


async def _edit(
    book: DigestBook, slack: AsyncWebClient, page: ShownPage, above: int, workspace_url: str
) -> Removed:
    shown: list[DigestLine] | None = None
    # A running bot may add a line, and of two edits the older one must not stay the last.
    while (lines := await book.lines(page.page)) != shown:
        message = listing(page.channel, [line.ticket for line in lines], above, workspace_url)
        try:
            await slack.chat_update(
                channel=page.channel, ts=page.ts, text=message.text, blocks=message.blocks
            )
        except (SlackApiError, SlackAway) as error:
            return not_removed(page.channel, page.ts, error)
        shown = lines
    return Removed(edited=1)
