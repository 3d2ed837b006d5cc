"""
Plain's requests for customer cards, answered from the same lookup, cache, ledger and audit trail as people's.

The format is that of https://www.plain.com/docs/customer-cards/protocol. A card is asked for whenever a
thread is opened, by whom is not said; so it comes after people, as tickets do, and leaves a fifth of each
quota.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from bot.audit.entries import AuditEntry, ShownTo
from bot.audit.trail import AuditTrail
from bot.domain.addresses import LONGEST_SUBJECT, read_address
from bot.domain.asking import Way
from bot.domain.model import CaseFile, State, Subject, SubjectKind
from bot.lookup.fan_out import Lookup
from bot.operations.fair_use import FairRoom
from bot.plain.card import Component, card, sentence
from bot.sources.protocol import Question
from bot.sources.quota import Purpose

KEY = "casefile"
"""The card's key, as it is configured in Plain."""
WHO = "plain"
"""Who asks, in the audit trail."""
# Plain waits for 15 seconds; an earlier version of its documents says 4.
_PATIENCE_SECONDS = 3.0
# How long Plain keeps a card, in seconds: the least that it takes, where more is to come.
_KEPT, _KEPT_IN_PART = 120, 15
# Cards that one workspace may have, and characters of a key (https://www.plain.com/docs/customer-cards/protocol).
_MOST_KEYS, _LONGEST_KEY = 25, 500
_NOBODY = "Plain names no address and no external id of this customer, so nobody was looked up."
_NOT_FOR_ALL = (
    "Looking customers up is for certain channels or user groups of the workspace in Slack, and who reads"
    " this card is not known. ACCESS__SHARED_TOKENS lets Casefile make cards all the same."
)
_BUSY = "Casefile has more cards to make than it can take on. Reload this card in a moment."


class PlainCustomer(BaseModel):
    """Whose card is asked for."""

    model_config = ConfigDict(hide_input_in_errors=True)

    email: str | None = None
    external_id: str | None = Field(None, alias="externalId")


class CardsWanted(BaseModel):
    """A request for cards; what else stands in it is not read."""

    model_config = ConfigDict(hide_input_in_errors=True)

    card_keys: list[str] = Field(alias="cardKeys", max_length=_MOST_KEYS)
    customer: PlainCustomer


@dataclass(frozen=True, slots=True)
class PlainCards:
    """
    Makes cards.

    Args:
        lookup: asks all sources.
        trail: has a row for each card.
        days: how far back is looked.
        room: how many are made at once.
        refused: why nobody is looked up for cards, as the audit trail says it; None where people are.

    """

    lookup: Lookup
    trail: AuditTrail
    days: int
    room: FairRoom
    refused: str | None = None

    async def answer(self, wanted: CardsWanted) -> dict[str, Any]:
        """
        The response's body: a card for each key that was asked for, without data for those that are not ours.

        Raises:
            StoreAway: when the database cannot be reached.

        """
        keys = [key[:_LONGEST_KEY] for key in wanted.card_keys]
        made = await self._made(wanted.customer) if KEY in keys else None
        return {"cards": [_card(key, made if key == KEY else None) for key in keys]}

    async def _made(self, customer: PlainCustomer) -> tuple[Sequence[Component], int]:
        subject = _subject(customer)
        if subject is None:
            return sentence(_NOBODY), _KEPT
        entry = AuditEntry(WHO, None, Way.PLAIN, subject=subject)
        if self.refused is not None:
            await self.trail.write_refusal([entry], self.refused)
            return sentence(_NOT_FOR_ALL), _KEPT
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self.room.enter(WHO)
        except TimeoutError:
            await self.trail.write_refusal([entry], "too_many")
            return sentence(_BUSY), _KEPT_IN_PART
        try:
            question = Question(subject, self.days, Purpose.TICKET)
            case_file = await self.lookup.within(question, _PATIENCE_SECONDS)
        finally:
            self.room.leave(WHO)
        # Before anything is told.
        rows = entry.about([case_file], ShownTo.ASKER)
        await self.trail.write(rows)
        return card(case_file), _KEPT if _is_whole(case_file) else _KEPT_IN_PART


def _is_whole(case_file: CaseFile) -> bool:
    """Whether asking again soon would tell no more."""
    return all(f.failure is None and f.state is not State.STALE for f in case_file.findings)


def _subject(customer: PlainCustomer) -> Subject | None:
    """Whom a card is about: by their address, else by the product's own id."""
    address, uid = read_address((customer.email or "").strip()), (customer.external_id or "").strip()
    if address is not None or not uid or len(uid) > LONGEST_SUBJECT or not uid.isprintable():
        return address
    # Some products know their customers by their addresses.
    return read_address(uid) or Subject(SubjectKind.UID, uid, uid)


def _card(key: str, made: tuple[Sequence[Component], int] | None) -> dict[str, Any]:
    components, kept = made or (None, None)
    return {"key": key, "timeToLiveSeconds": kept, "components": components}
