"""
Which tickets are listed instead of being answered each, and the messages that list them.

Where digests are on, every ticket's message is counted. The one with which a channel has more of them within
an hour than are answered, and those that follow, belong to a page: a message of that hour in the channel. A
page is posted by one job; each ticket is one line of one page.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from pydantic import TypeAdapter
from sqlalchemy import delete, func, select, update

from bot.domain.model import Subject
from bot.operations.clock import milliseconds
from bot.storage.database import Connection
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import digest_tickets, digests, now_ms
from bot.storage.upsert import insert_new
from bot.tickets.book import BeingAnswered, is_open

_HOUR = timedelta(hours=1)
# Lines of a message: with the longest of them it stays far below what Slack takes.
LINES_OF_PAGE = 20
# Tickets that one statement looks for.
_AT_ONCE = 400


@dataclass(frozen=True, slots=True)
class ListedTicket:
    """A ticket's line: its message, what is said of it in Slack's markup, and about whom that is."""

    root_ts: str
    text: str
    subjects: tuple[Subject, ...] = ()


@dataclass(frozen=True, slots=True)
class DigestLine:
    """A line as it is kept; `is_told` says whether the page shows it so."""

    sealed: str
    is_told: bool
    ticket: ListedTicket


@dataclass(frozen=True, slots=True, order=True)
class ShownPage:
    """A page in Slack: its channel, and its message's time."""

    page: str
    channel: str
    ts: str


_TICKET = TypeAdapter(ListedTicket)
# A line that was written and then erased, as opposed to one that is still to be written.
_IS_ERASED = digest_tickets.c.job.is_not(None) & digest_tickets.c.sealed.is_(None)


class DigestBook:
    """
    The listed tickets of this workspace.

    Args:
        store: where they are kept.
        keyring: seals what is said of them, and hashes where they stand.

    """

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self._store = store
        self._keyring = keyring

    def place(self, channel: str, root_ts: str) -> str:
        """What a ticket's message is known by."""
        return self._keyring.hash("ticket message", channel, root_ts)

    async def page_of(self, channel: str, root_ts: str, above: int) -> str | None:
        """
        Count a ticket's message, once; returns the page that it is to be listed on, None where on none.

        Args:
            channel: where it stands.
            root_ts: the message.
            above: so many are answered within an hour.

        """
        place = self.place(channel, root_ts)
        ours = digest_tickets.c.place == place
        new = {"place": place, "channel": channel, "at_ms": now_ms(), "is_told": False}
        async with self._store.write() as connection:
            if not await insert_new(connection, digest_tickets, new):
                known = await connection.execute(select(digest_tickets.c.page).where(ours))
                page_then: str | None = known.scalar_one()
                return page_then
            in_channel = digest_tickets.c.channel == channel
            lately = in_channel & (digest_tickets.c.at_ms > now_ms() - milliseconds(_HOUR))
            count = select(func.count()).select_from(digest_tickets)
            if (await connection.execute(count.where(lately))).scalar_one() <= above:
                return None
            at_ms = (await connection.execute(select(digest_tickets.c.at_ms).where(ours))).scalar_one()
            hour = f"{channel} {at_ms // milliseconds(_HOUR)} "
            since = digest_tickets.c.at_ms >= at_ms - at_ms % milliseconds(_HOUR)
            of_hour = in_channel & since & digest_tickets.c.page.startswith(hour, autoescape=True)
            number = (await connection.execute(count.where(of_hour))).scalar_one() // LINES_OF_PAGE
            page = f"{hour}{number}"
            connection.send(update(digest_tickets).where(ours).values(page=page))
        return page

    async def add(self, connection: Connection, channel: str, ticket: ListedTicket, job_id: str) -> None:
        """
        Write a ticket's line, in a writer's transaction.

        The same job's second one changes nothing, nor does one of a ticket whose line was erased.
        """
        ours = digest_tickets.c.place == self.place(channel, ticket.root_ts)
        row = (await connection.execute(select(digest_tickets).where(ours))).one_or_none()
        is_erased = row is not None and row.job is not None and row.sealed is None
        if row is None or is_erased or (row.job == job_id and row.sealed is not None):
            return
        values = {"sealed": self._keyring.seal_value(_TICKET, ticket), "job": job_id, "is_told": False}
        connection.send(update(digest_tickets).where(ours).values(values))

    async def begin(self, page: str, job_id: str) -> str | None:
        """
        Where a page stands; None where it is this job's to post.

        Raises:
            BeingAnswered: while another job is at that.

        """
        ours = digests.c.page == page
        async with self._store.write() as connection:
            new = {"page": page, "job": job_id, "at_ms": now_ms()}
            if await insert_new(connection, digests, new):
                return None
            # On PostgreSQL this locks the row; on SQLite the transaction has locked everything.
            connection.send(update(digests).where(ours).values(page=page))
            row = (await connection.execute(select(digests).where(ours))).one()
            if row.ts is None and row.job != job_id:
                if await is_open(connection, row.job):
                    raise BeingAnswered
                connection.send(update(digests).where(ours).values(job=job_id))
            return None if row.ts is None else str(row.ts)

    async def lines(self, page: str) -> list[DigestLine]:
        """The lines of a page, the oldest ticket first; those that cannot be opened are left out."""
        query = select(digest_tickets.c.sealed, digest_tickets.c.is_told).where(
            digest_tickets.c.page == page, digest_tickets.c.sealed.is_not(None)
        )
        async with self._store.read() as connection:
            rows = await connection.execute(query.order_by(digest_tickets.c.at_ms, digest_tickets.c.place))
        opened = ((row.sealed, row.is_told, self._opened(row.sealed)) for row in rows.all())
        return [DigestLine(sealed, is_told, ticket) for sealed, is_told, ticket in opened if ticket]

    async def note(self, page: str, ts: str | None, shown: Sequence[DigestLine] = ()) -> None:
        """Write down where a page stands, and which lines it shows."""
        shows = digest_tickets.c.sealed.in_([line.sealed for line in shown])
        ours = digest_tickets.c.page == page
        async with self._store.write() as connection:
            connection.send(update(digests).where(digests.c.page == page).values(ts=ts))
            connection.send(update(digest_tickets).where(ours, shows).values(is_told=True))

    async def pages_of(self, places: Sequence[str]) -> set[ShownPage]:
        """The pages in Slack with the lines of some tickets, or with a line that was erased before."""
        outdated = _IS_ERASED & ~digest_tickets.c.is_told
        some = (places[begin : begin + _AT_ONCE] for begin in range(0, len(places), _AT_ONCE))
        such = [outdated, *map(digest_tickets.c.place.in_, some)]
        there = digests.join(digest_tickets, digests.c.page == digest_tickets.c.page)
        query = select(digests.c.page, digest_tickets.c.channel, digests.c.ts).select_from(there)
        found: set[ShownPage] = set()
        async with self._store.read() as connection:
            for one in such:
                rows = await connection.execute(query.where(one, digests.c.ts.is_not(None)).distinct())
                found |= {ShownPage(row.page, row.channel, row.ts) for row in rows.all()}
        return found

    async def close_if_empty(self, page: str) -> bool:
        """
        Forget where a page stands that has no lines any more; whether it had none.

        What is listed on it later is posted anew.
        """
        ours = digests.c.page == page
        has_lines = select(digest_tickets.c.place).where(
            digest_tickets.c.page == page, digest_tickets.c.sealed.is_not(None)
        )
        async with self._store.write() as connection:
            # Whoever begins the page meanwhile waits for its row, as in `begin`.
            connection.send(update(digests).where(ours).values(page=page))
            if (await connection.execute(has_lines.limit(1))).first() is not None:
                return False
            connection.send(delete(digests).where(ours))
        return True

    async def note_erased(self, page: str) -> None:
        """Write down that a page shows no line any more that was erased."""
        async with self._store.write() as connection:
            ours = (digest_tickets.c.page == page) & _IS_ERASED
            connection.send(update(digest_tickets).where(ours).values(is_told=True))

    def _opened(self, sealed: str) -> ListedTicket | None:
        return self._keyring.unseal_value(_TICKET, sealed)
