"""What each account has left of its quota, and what was last wrong with it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from bot.sources.http import VendorHttp
from bot.sources.protocol import SeveralAccounts, Source
from bot.sources.quota import QuotaState


class Asked(Protocol):
    """Anything else with an account in the ledger, such as a help desk."""

    @property
    def http(self) -> VendorHttp:
        """What its calls are made with, and the account that they are counted against."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why an account (`zendesk/main`) last could not be asked, and when that was."""

    account: str
    message: str
    at: datetime


async def quota_states(sources: Sequence[Source], others: Sequence[Asked] = ()) -> list[QuotaState]:
    """Every account's quota: the sources' first, in their order, then the others'."""
    states = []
    for source in sources:
        states.append(await source.http.ledger.state(await source.account()))
        if isinstance(source, SeveralAccounts):
            states += [await source.http.ledger.state(a) for a in await source.more_accounts()]
    return states + [await other.http.ledger.state(other.http.account) for other in others]
