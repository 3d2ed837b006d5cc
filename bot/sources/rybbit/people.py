"""
Whose uid an address is at Rybbit (`contracts/rybbit.md`, section 5).

The search finds the address in any capitals, among traits and among uids, and says who was seen last; servers
before 2026-02-08 ignore it and list everybody, so each result is compared, and the address is then asked for
by trait and as a uid itself.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta

from pydantic import TypeAdapter, ValidationError

from bot.domain.addresses import address_value
from bot.domain.model import SessionUser, Subject, SubjectKind
from bot.sources.http import Calls
from bot.sources.json_fields import at, to_text
from bot.sources.protocol import Effort, Question
from bot.sources.rybbit.records import Visitor, read_list, window
from bot.sources.rybbit.server import RybbitServer

# Uids that are looked up for one address: each costs calls.
MOST_UIDS = 3
# Users on a page of search results, and of those with a trait.
_A_PAGE = 100
_PAIR_LASTS = timedelta(hours=24)
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Resolved:
    """
    The uids to look up, the one seen last first.

    `days` is how far back was searched; `more` is how many others carry the address, and `more_seen` when the
    latest of those was seen, where that is known. Where nobody carries it, `uids` are spellings of the
    address itself, which old servers can only be tried by, or nothing.
    """

    uids: tuple[str, ...]
    days: int = 0
    more: int = 0
    more_seen: datetime | None = None
    carried: bool = True

    def people(self, subject: Subject) -> tuple[SessionUser, ...]:
        """The people whom the address was resolved to; a uid that is the address itself tells nothing."""
        if subject.kind is SubjectKind.UID or not self.carried:
            return ()
        return tuple(SessionUser(uid=uid, email=subject.value) for uid in self.uids if "@" not in uid)


_RESOLVED = TypeAdapter(Resolved)


@dataclass(frozen=True, slots=True)
class _Search:
    """What a search found: visitors, and whether the server searched at all."""

    visitors: list[Visitor]
    searched: bool


async def resolve(server: RybbitServer, question: Question, calls: Calls) -> Resolved:
    """
    The uids of a question's subject; what an address was resolved to is kept for a day.

    Raises:
        CallFailed: when the vendor cannot be asked or understood.

    """
    subject = question.subject
    if subject.kind is SubjectKind.UID:
        return Resolved((subject.typed,))
    name, hashed = server.memory.name_for("uids", server.name, subject.value)
    anew = question.effort is Effort.FRESH and not question.again
    known = None if anew else _read(await server.memory.recall(server.name, name))
    if known is not None and known.days >= question.days:
        return known
    found = await _find(server, question, calls)
    if found.carried:
        text = json.dumps(asdict(found), default=str)
        await server.memory.remember(server.name, name, text, _PAIR_LASTS, hashed)
    return found


async def _find(server: RybbitServer, question: Question, calls: Calls) -> Resolved:
    subject = question.subject
    by_trait = await _search(server, question, "email", calls)
    visitors = _exactly(by_trait.visitors, subject)
    if not by_trait.searched:
        visitors += _exactly(await _with_trait(server, subject, calls), subject)
    by_uid = await _search(server, question, "user_id", calls) if by_trait.searched else by_trait
    visitors += _exactly(by_uid.visitors, subject)
    seen: dict[str, datetime] = {}
    for visitor in visitors:
        uid, at_last = visitor.identified_user_id or "", visitor.last_seen or _LONG_AGO
        seen[uid] = max(at_last, seen.get(uid, _LONG_AGO))
    uids = sorted(seen, key=lambda uid: seen[uid], reverse=True)
    if not uids:
        return Resolved(() if by_uid.searched else subject.spellings, question.days, carried=False)
    cut = uids[MOST_UIDS:]
    newest_cut = max((seen[uid] for uid in cut), default=_LONG_AGO)
    return Resolved(
        tuple(uids[:MOST_UIDS]), question.days, len(cut), newest_cut if newest_cut > _LONG_AGO else None
    )


async def _search(server: RybbitServer, question: Question, field: str, calls: Calls) -> _Search:
    wanted = {question.subject.typed.lower(), question.subject.value}
    params = {"search": question.subject.typed, "search_field": field, "page_size": str(_A_PAGE)}
    now = server.http.clock()
    reply = await server.get("users", calls, window(question.since(now), now) | params)
    if reply is None or not reply.ok:
        return _Search([], searched=False)
    visitors: list[Visitor] = read_list(at(reply.body, "data"), Visitor, calls)
    # A full page may hide further people, and a row without the address shows that nothing was searched.
    searched = len(visitors) < _A_PAGE and all(
        any(one in (_name(visitor, field) or "").lower() for one in wanted) for visitor in visitors
    )
    return _Search(visitors, searched)


async def _with_trait(server: RybbitServer, subject: Subject, calls: Calls) -> list[Visitor]:
    """Users with the address as a trait; the server compares with capitals, so each spelling is asked for."""
    found: list[Visitor] = []
    for spelling in subject.spellings:
        params = {"key": "email", "value": spelling, "limit": str(_A_PAGE)}
        reply = await server.get("user_traits", calls, params)
        if reply is None or not reply.ok:
            return found
        found += read_list(at(reply.body, "users"), Visitor, calls)
    return found


def _name(visitor: Visitor, field: str) -> str | None:
    return visitor.identified_user_id if field == "user_id" else to_text(visitor.traits.get("email"))


def _exactly(visitors: Iterable[Visitor], subject: Subject) -> list[Visitor]:
    """The visitors with exactly this address, as a trait or as the uid itself."""
    return [
        visitor
        for visitor in visitors
        if visitor.identified_user_id
        and subject.value in {address_value(_name(visitor, field) or "") for field in ("email", "user_id")}
    ]


def _read(kept: str | None) -> Resolved | None:
    try:
        return _RESOLVED.validate_json(kept) if kept else None
    except ValidationError:
        # Kept by an earlier version, in another form: it is found out again.
        return None
