"""
What was done about each ticket's message, so that it is answered once, whatever is delivered how often.

A message is known by its channel and time. Its row is taken by one job at a time; what it names is kept as
a hash, so that an edit which names nobody new changes nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from bot.domain.model import Subject, TicketReference
from bot.operations.clock import milliseconds
from bot.storage.database import Connection
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import jobs, now_ms, tickets
from bot.storage.upsert import insert_new
from bot.tickets.wrong_shapes import LONGEST_SHAPE, is_known_wrong, note_wrong

# Two integrations that post the same ticket do so within moments; a later notification is news.
_SAME_TICKET = timedelta(hours=1)


class BeingAnswered(Exception):
    """Raised while another job is at work on the same ticket's message."""


class TicketState(StrEnum):
    """What came of a ticket's message."""

    WORKING = "working"
    ANSWERED = "answered"
    OFFERED = "offered"
    # A person looked somebody up from the offer: that stands.
    BY_PERSON = "by_person"
    EMPTY = "empty"
    # Answered elsewhere, or not to be answered.
    LEFT = "left"
    # Listed with others, in one message.
    LISTED = "listed"
    # A person removed the answer.
    WRONG = "wrong"
    # Whom it was about was forgotten.
    FORGOTTEN = "forgotten"


@dataclass(frozen=True, slots=True)
class TicketMessage:
    """A message that is a ticket: where it stands, and which ticket it is."""

    channel: str
    root_ts: str
    ticket: TicketReference | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that is this job's now; `reply_ts` is where our earlier answer or offer stands."""

    reply_ts: str | None


class TicketBook:
    """
    The tickets of this workspace.

    Args:
        store: where they are kept.
        keyring: hashes what they are known by.

    """

    def __init__(self, store: Store, keyring: Keyring) -> None:
        self._store = store
        self._keyring = keyring

    async def take(self, job_id: str, message: TicketMessage, named: Sequence[Subject]) -> Entry | None:
        """
        Take a message's row for a job; None where nothing is to be done about it any more.

        Raises:
            BeingAnswered: while another job is at work on it.

        """
        place, told = self._place(message), self._names(named)
        values = {"named": told, "job": job_id, "state": TicketState.WORKING.value}
        async with self._store.write() as connection:
            new = {"place": place, "ticket": self._ticket(message), "created_ms": now_ms(), **values}
            if await insert_new(connection, tickets, new):
                return Entry(None)
            ours = tickets.c.place == place
            # On PostgreSQL this locks the row; on SQLite the transaction has locked everything.
            connection.send(update(tickets).where(ours).values(place=place))
            row = (await connection.execute(select(tickets).where(ours))).one()
            if row.job == job_id and row.state == TicketState.WORKING:
                return Entry(row.reply_ts)
            if row.state == TicketState.WORKING and await is_open(connection, row.job):
                raise BeingAnswered
            final = row.state in (TicketState.WRONG, TicketState.BY_PERSON, TicketState.FORGOTTEN)
            if final or not named or row.named == told:
                return None
            connection.send(update(tickets).where(ours).values(values))
            return Entry(row.reply_ts)

    async def is_answered_elsewhere(self, message: TicketMessage, subjects: Sequence[Subject]) -> bool:
        """
        Whether another message of the same ticket, about the same people, was there first.

        Whoever writes first whom its message is about is the one to answer.
        """
        place, told, ticket = self._place(message), self._names(subjects), self._ticket(message)
        same = (tickets.c.ticket == ticket) & (tickets.c.subjects == told) & (tickets.c.place != place)
        old = tickets.c.created_ms < now_ms() - milliseconds(_SAME_TICKET)
        undone = tickets.c.state.in_([TicketState.LEFT.value, TicketState.WRONG.value])
        async with self._store.write() as connection:
            connection.send(update(tickets).where(same, old | undone).values(subjects=None))
            ours = update(tickets).where(tickets.c.place == place).values(subjects=told)
            try:
                async with connection.begin_nested():
                    connection.send(ours)
            except IntegrityError:
                return True
        return False

    async def settle(
        self,
        message: TicketMessage,
        job_id: str,
        state: TicketState,
        reply_ts: str | None,
        shape: str = "",
    ) -> None:
        """
        Write down what a job did, unless a person has decided meanwhile.

        Args:
            message: the ticket's.
            job_id: the job that has taken it.
            state: what came of it.
            reply_ts: where our message is, if there is one.
            shape: the message's, where it was answered by it: what is learnt from a wrong answer.

        """
        ours = (tickets.c.place == self._place(message)) & (tickets.c.job == job_id)
        values: dict[str, str | None] = {"state": state.value, "shape": shape[:LONGEST_SHAPE] or None}
        if reply_ts:
            values["reply_ts"] = reply_ts
        async with self._store.write() as connection:
            connection.send(
                update(tickets).where(ours, tickets.c.state == TicketState.WORKING.value).values(values)
            )

    async def decide(self, channel: str, root_ts: str, state: TicketState) -> None:
        """
        Write down what a person decided about a ticket: no job changes it any more.

        An answer that was wrong is remembered by the shape of its message too, once.
        """
        ours = tickets.c.place == self._place(TicketMessage(channel, root_ts))
        async with self._store.write() as connection:
            # On PostgreSQL this locks the row; on SQLite the transaction has locked everything.
            connection.send(update(tickets).where(ours).values(place=tickets.c.place))
            row = (await connection.execute(select(tickets).where(ours))).one_or_none()
            connection.send(update(tickets).where(ours).values(state=state.value))
            if state is TicketState.WRONG and row is not None and row.shape and row.state != state:
                await note_wrong(connection, row.shape)

    async def is_wrong(self, channel: str, root_ts: str) -> bool:
        """Whether a person removed the answer to a ticket's message as wrong."""
        ours = tickets.c.place == self._place(TicketMessage(channel, root_ts))
        async with self._store.read() as connection:
            state = (await connection.execute(select(tickets.c.state).where(ours))).scalar_one_or_none()
        return bool(state == TicketState.WRONG)

    async def is_wrong_shape(self, shape: str) -> bool:
        """Whether an answer to a message of this shape was removed as wrong; an empty shape never was."""
        return bool(shape) and await is_known_wrong(self._store, shape)

    def _place(self, message: TicketMessage) -> str:
        return self._keyring.hash("ticket message", message.channel, message.root_ts)

    def _ticket(self, message: TicketMessage) -> str | None:
        ticket = message.ticket
        if ticket is None:
            return None
        return self._keyring.hash("ticket", message.channel, ticket.system, ticket.url)

    def _names(self, subjects: Sequence[Subject]) -> str:
        return self._keyring.hash("named", *sorted(f"{s.kind}:{s.value}" for s in subjects))


async def is_open(connection: Connection, job_id: str) -> bool:
    """Whether a job is still to be done."""
    query = select(jobs.c.id).where(jobs.c.id == job_id, jobs.c.state == "open")
    return (await connection.execute(query)).first() is not None
