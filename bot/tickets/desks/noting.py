"""An internal note on a ticket, written once: it carries a mark, by which it is looked for before that."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.model import Failure, Reason, TicketReference
from bot.sources.http import CallFailed
from bot.sources.quota import Account, Purpose, Window
from bot.tickets.desks.protocol import Desk

# After these it is not known whether the note was written.
_UNSURE = frozenset({Reason.TIMED_OUT, Reason.UNREACHABLE, Reason.VENDOR_ERROR, Reason.UNREADABLE})
# Notes of one account in a minute, each with two calls: the least that a desk allows is 200 calls.
_A_MINUTE = 60


@dataclass(frozen=True, slots=True)
class NotWritten:
    """Why there is no note, and the desk's name; `unsure`: it may have been written all the same."""

    failure: Failure
    desk: str
    unsure: bool = False


@dataclass(frozen=True, slots=True)
class KeptBy:
    """The desk that has a ticket; `noted`: and a note with one of the marks on it."""

    desk: Desk
    noted: bool


def quota_of_notes(desk: Desk) -> Account:
    """
    The quota of a desk's notes, which is their own beside the desk's.

    The call that looks for a note counts in it, and not the one that writes it: else many tickets at once
    would look until nothing is left to write with, again and again.
    """
    return Account(f"{desk.name} notes", (Window(_A_MINUTE, 60),))


async def find_note(
    desks: Sequence[Desk], ticket: TicketReference, marks: Sequence[str], purpose: Purpose
) -> KeptBy | NotWritten | None:
    """Which desk has a ticket, and whether a note with one of the marks is there; None where none has it."""
    failed: NotWritten | None = None
    for desk in desks:
        if not desk.may_keep(ticket):
            continue
        try:
            notes = await desk.notes(ticket, desk.http.asking(purpose))
        except CallFailed as error:
            failed = failed or NotWritten(error.failure, desk.title)
            continue
        if notes is not None:
            return KeptBy(desk, any(mark in note for note in notes for mark in marks))
    return failed


async def write_note(desk: Desk, ticket: TicketReference, html: str, purpose: Purpose) -> NotWritten | None:
    """Write a note; None where it was written."""
    try:
        await desk.write_note(ticket, html, desk.http.asking(purpose))
    except CallFailed as error:
        return NotWritten(error.failure, desk.title, unsure=error.failure.reason in _UNSURE)
    return None
