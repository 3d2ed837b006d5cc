"""
Errors that Raygun pushed by webhook, stored by the people they hit and when, for the retention.

An event is stored in one transaction before it is acknowledged; one that is delivered twice is stored once.
Titles and remarks are sealed; people are stored as hashes only.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from cachetools import TTLCache
from pydantic import TypeAdapter
from sqlalchemy import func, select, update

from bot.domain.model import ErrorEvent, SourceName, Subject
from bot.operations.clock import Clock, from_ms, milliseconds, system_clock, to_ms
from bot.sources.raygun.webhook_events import OCCURRED, Change, ErrorNews, RaygunEvent, canonical
from bot.storage.database import Connection
from bot.storage.keyring import Keyring
from bot.storage.store import Store
from bot.storage.tables import now_ms, pushed_deliveries, pushed_errors, pushed_hits, quota_accounts
from bot.storage.upsert import insert_new, lock_row, upsert

# Errors that are returned for one person.
_MOST_SHOWN = 50
# Of so many people it is known for so long what hit them, for spans that begin at about the same time.
_PEOPLE_KEPT, _LATELY_SECONDS, _SAME_SPAN = 100, 0.25, timedelta(seconds=10)
_AGAIN, _ASSIGNED = "occurred again", "assigned to "
# Statuses of an error that is still to be dealt with: that it occurs is no news then.
_OPEN = frozenset({"active", "new", "open", "unresolved"})
OnNews = Callable[[Connection, ErrorNews], Awaitable[None]]
"""Called with what an event tells that was not known, in the transaction that stores it."""


async def _nobody_listens(_connection: Connection, _news: ErrorNews) -> None:
    """Nothing is done about news."""


@dataclass(frozen=True, slots=True)
class _Group:
    """
    One error by all webhooks so far, whomever they hit; times in seconds since 1970.

    `again`: it has occurred again since its status was set last, for the first time `again_at`. `counted`:
    when a webhook last said how often it had occurred, or how many users it had hit.
    """

    title: str | None = None
    url: str | None = None
    group_id: str | None = None
    total: int | None = None
    users: int | None = None
    first: float | None = None
    remarks: dict[str, tuple[float, str]] | None = None
    again: bool = False
    again_at: float = 0.0
    counted: float | None = None

    @property
    def words(self) -> str | None:
        """What was done about it last, in words."""
        return ", ".join(said for _at, said in sorted((self.remarks or {}).values())) or None

    def _remark(self, kind: str) -> str:
        return (self.remarks or {}).get(kind, (0.0, ""))[1]

    def key_of(self, change: Change) -> str:
        """What the last change of a kind is known by, among those of this error."""
        if change is Change.AGAIN:
            return f"{change} {self.again_at}"
        kind = "assignment" if change is Change.ASSIGNED else "status"
        at, said = (self.remarks or {}).get(kind, (0.0, ""))
        return f"{change} {at} {said}"

    def is_past(self, news: ErrorNews) -> bool:
        """Whether what was told of it is so no more: its status is another, or somebody else has it."""
        if news.change is Change.AGAIN:
            return not self.again
        if news.change is Change.ASSIGNED:
            return self._remark("assignment") != f"{_ASSIGNED}{news.who}"
        return self._remark("status").partition(" by ")[0] != news.status

    def told_since(self, shown: str) -> list[tuple[Change, dict[str, Any]]]:
        """What was done about it that is not among what was shown, each with further fields of its news."""
        told: list[tuple[Change, dict[str, Any]]] = []
        # As `words` joins them: "ignored" is not what "permanently ignored" says.
        parts = f", {shown}, "
        if (said := self._remark("status")) and f", {said}, " not in parts:
            status, _, who = said.partition(" by ")
            change = Change.AGAIN if self.again else Change.STATUS
            told.append((change, {"status": status, "who": who or None}))
        if (said := self._remark("assignment")) and f", {said}, " not in parts:
            told.append((Change.ASSIGNED, {"who": said.removeprefix(_ASSIGNED)}))
        return told

    def change(self, event: RaygunEvent, now: "_Group") -> Change | None:
        """What became of the error by an event that made this `now`; None where that was known."""
        if event.remark_kind == "status" and event.remark == now._remark("status"):  # noqa: SLF001 - of one class
            before = self._remark("status").partition(" by ")[0]
            return Change.STATUS if before != (event.status or "") else None
        if event.remark_kind == "assignment" and event.remark == now._remark("assignment"):  # noqa: SLF001
            return Change.ASSIGNED if event.remark != self._remark("assignment") else None
        return Change.AGAIN if now.again and not self.again else None

    def with_event(self, event: RaygunEvent, now: datetime) -> "_Group":
        """
        The error with what an event adds; events may come late and out of order.

        One without a date, or of a clock that is ahead, is of now: it must not hide what comes after it.
        """
        at = min(event.at or now, now).timestamp()
        first = event.first_at.timestamp() if event.first_at else None
        remarks = dict(self.remarks or {})
        if event.remark_kind and event.remark and remarks.get(event.remark_kind, (0.0, ""))[0] <= at:
            remarks[event.remark_kind] = (at, event.remark)
        is_set = event.remark_kind == "status" and remarks.get("status") == (at, event.remark)
        again, again_at = self.again and not is_set, self.again_at
        set_at, said = remarks.get("status", (at, ""))
        if event.kind in OCCURRED and set_at < at:
            # Somebody had set its status before, and now it has occurred again; unless it is open.
            if said == _AGAIN:
                remarks["status"] = (at, _AGAIN)
            elif said.partition(" by ")[0] not in _OPEN:
                again, again_at = True, at
                remarks["status"] = (at, _AGAIN)
        elif event.kind == "ErrorReoccurred" and "status" not in remarks:
            # So says Raygun, of an error whose status was set before its webhooks came here.
            again = True
        return replace(
            self,
            title=event.title or self.title,
            url=event.url or self.url,
            group_id=event.group_id or self.group_id,
            total=max(filter(None, (self.total, event.total)), default=None),
            users=max(filter(None, (self.users, event.users)), default=None),
            first=min(filter(None, (self.first, first)), default=None),
            remarks=remarks or None,
            again=again,
            again_at=again_at,
            counted=max(self.counted or 0.0, at) if event.total or event.users else self.counted,
        )


_GROUP = TypeAdapter(_Group)


class PushedErrors:
    """
    The pushed errors of all accounts.

    Args:
        store: where they are kept.
        keyring: hashes people and seals the rest.
        retention: how long they are kept.
        clock: the time, later than which nothing has happened.

    """

    def __init__(
        self, store: Store, keyring: Keyring, retention: timedelta, clock: Clock = system_clock
    ) -> None:
        self._store = store
        self._keyring = keyring
        self._retention = retention
        self._clock = clock
        # One lookup asks for the same several times.
        self._lately: TTLCache[tuple[str, frozenset[str]], tuple[datetime, tuple[ErrorEvent, ...]]] = (
            TTLCache(_PEOPLE_KEPT, _LATELY_SECONDS)
        )

    async def take(
        self, source: SourceName, event: RaygunEvent, body: object, on_news: OnNews = _nobody_listens
    ) -> bool:
        """Store an event, with whatever is done about its news; False where it was stored before."""
        account = str(source)
        group = self._group(account, event.group)
        delivery = self._keyring.hash("pushed delivery", account, canonical(body))
        async with self._store.write() as connection:
            if not await insert_new(connection, pushed_deliveries, {"id": delivery, "at_ms": now_ms()}):
                return False
            # What is known of the group is read and written again: nobody else does so meanwhile.
            lock_row(connection, quota_accounts, {"account": account, "touched_ms": 0})
            news = await self._update_group(connection, account, group, event)
            if news.change or news.people:
                await on_news(connection, news)
            hits = [{"account": account, "who": self._who(one), "error": group} for one in event.people]
            upsert(connection, pushed_hits, hits, at_ms=timedelta())
            if hits and event.at:
                await self._note_when(connection, hits, to_ms(event.at))
        self._lately.clear()
        return True

    async def of(
        self, source: SourceName, names: Iterable[Subject], since: datetime
    ) -> tuple[ErrorEvent, ...]:
        """The errors that hit the person with these names since a time, by when each last hit them."""
        asked = str(source), frozenset(self._who(name) for name in names)
        known = self._lately.get(asked)
        if known is None or abs(since - known[0]) > _SAME_SPAN:
            known = self._lately[asked] = since, await self._read(source, asked[1], since)
        return known[1]

    def drop(self) -> None:
        """Drop the copies in this process: somebody was forgotten."""
        self._lately.clear()

    async def _read(
        self, source: SourceName, who: Collection[str], since: datetime
    ) -> tuple[ErrorEvent, ...]:
        account = str(source)
        # Nobody is hit after it was told: where the time itself is not known, that is the latest it can be.
        latest = func.max(func.coalesce(pushed_hits.c.hit_ms, pushed_hits.c.at_ms))
        hits = (
            select(
                pushed_hits.c.error, func.max(pushed_hits.c.hit_ms).label("hit_ms"), latest.label("latest")
            )
            .where(pushed_hits.c.account == account, pushed_hits.c.who.in_(who))
            .group_by(pushed_hits.c.error)
            .having(latest >= to_ms(since))
            .subquery()
        )
        query = select(pushed_errors.c.sealed, hits.c.hit_ms, pushed_errors.c.at_ms).join(
            hits, pushed_errors.c.error == hits.c.error
        )
        kept = pushed_errors.c.at_ms >= now_ms() - milliseconds(self._retention)
        newest = query.where(pushed_errors.c.account == account, kept).order_by(hits.c.latest.desc())
        async with self._store.read() as connection:
            rows = (await connection.execute(newest.limit(_MOST_SHOWN))).all()
        return tuple(event for row in rows if (event := self._event(source, *row)))

    def _event(self, source: SourceName, sealed: str, hit_ms: int | None, at_ms: int) -> ErrorEvent | None:
        group = self._keyring.unseal_value(_GROUP, sealed)
        if group is None:
            return None
        return ErrorEvent(
            source=source,
            title=group.title or "Error without a title",
            id=group.group_id,
            url=group.url,
            occurred_at=None if hit_ms is None else from_ms(hit_ms),
            count=group.total,
            status=group.words,
            counts_everybody=group.total is not None,
            users_affected=group.users,
            first_occurred_at=datetime.fromtimestamp(group.first, UTC) if group.first else None,
            counted_at=datetime.fromtimestamp(group.counted, UTC) if group.counted else from_ms(at_ms),
        )

    async def _note_when(self, connection: Connection, hits: list[dict[str, str]], at_ms: int) -> None:
        """Keep when an error hit somebody, unless it is known to have hit them later."""
        for hit in hits:
            them = [pushed_hits.c[name] == value for name, value in hit.items()]
            earlier = pushed_hits.c.hit_ms.is_(None) | (pushed_hits.c.hit_ms < at_ms)
            connection.send(update(pushed_hits).where(*them, earlier).values(hit_ms=at_ms))

    def hold(self, connection: Connection, accounts: Iterable[str]) -> None:
        """Have no event of these accounts stored until the transaction ends; all that it needs at once."""
        # In one order: two that take the same ones do not wait for each other in a circle.
        for account in sorted(set(accounts)):
            lock_row(connection, quota_accounts, {"account": account, "touched_ms": 0})

    async def news_of(
        self, connection: Connection, source: SourceName, shown: Sequence[ErrorEvent]
    ) -> list[ErrorNews]:
        """
        What became of errors since they were read, in a transaction that holds the account.

        Args:
            connection: of the transaction.
            source: the account that has them.
            shown: the errors as they were read, with the statuses that they had.

        """
        account = str(source)
        by_group = {self._group(account, error.url or error.title): error for error in shown}
        rows = select(pushed_errors.c.error, pushed_errors.c.sealed).where(
            pushed_errors.c.account == account, pushed_errors.c.error.in_(by_group)
        )
        news: list[ErrorNews] = []
        for group, sealed in (await connection.execute(rows)).all():
            known, error = self._keyring.unseal_value(_GROUP, sealed), by_group[group]
            about = ErrorNews(account, error.title, error.url, error.id)
            for change, told in known.told_since(error.status or "") if known else ():
                key = f"{group} {known.key_of(change)}" if known else ""
                news.append(replace(about, change=change, key=key, **told))
        return news

    async def hits_since(
        self, connection: Connection, account: str, names: Iterable[Subject], since_ms: int
    ) -> list[ErrorNews]:
        """The errors that hit a person since a time of the database; the transaction holds the account."""
        theirs = pushed_hits.c.who.in_([self._who(name) for name in names])
        lately = select(pushed_hits.c.error).where(
            pushed_hits.c.account == account, theirs, pushed_hits.c.at_ms >= since_ms
        )
        rows = select(pushed_errors.c.sealed).where(
            pushed_errors.c.account == account, pushed_errors.c.error.in_(lately)
        )
        sealed = (await connection.execute(rows.limit(_MOST_SHOWN))).scalars().all()
        groups = (self._keyring.unseal_value(_GROUP, one) for one in sealed)
        return [ErrorNews(account, one.title, one.url, one.group_id) for one in groups if one]

    async def is_past(self, news: ErrorNews) -> bool:
        """Whether what became of an error is so no more by now, as something else became of it since."""
        group = news.key.partition(" ")[0]
        ours = (pushed_errors.c.account == news.account) & (pushed_errors.c.error == group)
        async with self._store.read() as connection:
            sealed = (
                await connection.execute(select(pushed_errors.c.sealed).where(ours))
            ).scalar_one_or_none()
        known = self._keyring.unseal_value(_GROUP, sealed) if sealed else None
        return known is not None and known.is_past(news)

    async def _update_group(
        self, connection: Connection, account: str, group: str, event: RaygunEvent
    ) -> ErrorNews:
        ours = (pushed_errors.c.account == account) & (pushed_errors.c.error == group)
        found = (await connection.execute(select(pushed_errors.c.sealed).where(ours))).scalar_one_or_none()
        known = (self._keyring.unseal_value(_GROUP, found) if found else None) or _Group()
        new = known.with_event(event, self._clock())
        sealed = self._keyring.seal_value(_GROUP, new)
        row = {"account": account, "error": group, "sealed": sealed}
        upsert(connection, pushed_errors, [row], at_ms=timedelta())
        change = known.change(event, new)
        hit = event.people if event.kind in OCCURRED else ()
        key = f"{group} {new.key_of(change)}" if change else ""
        about = ErrorNews(account, new.title, new.url, new.group_id, change)
        return replace(about, status=event.status, who=event.who, at=event.at, people=hit, key=key)

    def _group(self, account: str, group: str) -> str:
        return self._keyring.hash("pushed error", account, group)

    def _who(self, subject: Subject) -> str:
        return self._keyring.hash(subject.kind, subject.value)
