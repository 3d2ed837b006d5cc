"""One cheap real call to each source and help desk."""

import asyncio
from collections.abc import Sequence

from bot.cli.installing.check import Check, fault, well
from bot.domain.model import Failure, Reason
from bot.settings.one_value import ACCOUNTS
from bot.sources.http import CallFailed, Calls
from bot.sources.protocol import Source, TellsReplay
from bot.sources.quota import Purpose
from bot.tickets.desks.protocol import Desk

# A session that no server has: a key that lacks the scope is refused before it is looked for.
_NO_SESSION = "none"


async def check_sources(sources: Sequence[Source], by_v3: frozenset[str]) -> list[Check]:
    """
    Ask every source for what a lookup needs, cheaply; it counts against its quota like any call.

    Args:
        sources: all that are configured.
        by_v3: the labels of the accounts that are asked by Raygun's newer API.

    """
    if not sources:
        mend = "`casefile init` asks for them; for example FULLSTORY__MAIN__API_KEY"
        return [fault("sources", "no tool is configured that records sessions", mend)]
    people = Purpose.PERSON
    calls = [source.http.asking(people, await source.account()) for source in sources]
    asked = zip(sources, calls, strict=True)
    return list(await asyncio.gather(*(_check(str(one.name), one, by, by_v3) for one, by in asked)))


async def check_desks(desks: Sequence[Desk]) -> list[Check]:
    """Ask every help desk whose key it is."""
    asked = [_check(desk.name, desk, desk.http.asking(Purpose.PERSON)) for desk in desks]
    return list(await asyncio.gather(*asked))


async def check_replays(sources: Sequence[Source]) -> list[Check]:
    """Ask every source that has replays for one that there is not: its answer says whether the key may."""
    playing = [source for source in sources if isinstance(source, TellsReplay)]
    return list(await asyncio.gather(*map(_check_replays, playing)))


async def _check_replays(source: TellsReplay) -> Check:
    name = f"replays {source.name}"
    calls = source.http.for_recording().asking(Purpose.PERSON, await source.account())
    try:
        await source.replay(_NO_SESSION, calls)
    except CallFailed as failed:
        if failed.failure.reason is not Reason.VENDOR_ERROR:
            return fault(name, failed.failure.message, _mend(str(source.name), failed.failure, frozenset()))
    return well(name, "the key may read recordings")


async def _check(name: str, asked: Source | Desk, calls: Calls, by_v3: frozenset[str] = frozenset()) -> Check:
    try:
        return well(name, await asked.check(calls))
    except CallFailed as failed:
        failure = failed.failure
        again = f"; again from {failure.until:%Y-%m-%d %H:%M} UTC" if failure.until else ""
        return fault(name, f"{failure.message}{again}", _mend(name, failure, by_v3))


def _mend(name: str, failure: Failure, by_v3: frozenset[str]) -> str:
    tool, _, label = name.partition("/")
    if tool == "raygun" and label in by_v3:
        tool = "raygun_v3"
    variables = f"{tool}__{label}__".upper()
    match failure.reason:
        case Reason.NOT_AUTHORISED:
            return f"put a working key into {variables}…: {ACCOUNTS[tool].where}"
        case Reason.RATE_LIMITED | Reason.QUOTA_SPENT:
            allowance = ACCOUNTS[tool].allowance
            more = f", unless your plan allows more: {variables}{allowance}" if allowance else ""
            return f"nothing to mend: wait{more}. `casefile quota` shows what is left"
        case Reason.TIMED_OUT | Reason.UNREACHABLE:
            return f"check {variables}BASE_URL, and that this machine may reach it (firewall, proxy, DNS)"
        case Reason.VENDOR_ERROR:
            return "the vendor's own trouble: see its status page, and try again later"
        case _:
            return f"{variables}BASE_URL leads to something that is not this API: correct it"
