"""
FullStory's calls: sessions page by page, users, whose key it is, and what happened in a session.

The list is asked for as the vendor's own client does (github.com/fullstorydev/fullstory-anywhere-activation,
projects/sdk/src/session.ts): 100 sessions a page, followed by `pagination_token`.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import structlog

from bot.domain.model import Failure, Reason, SubjectKind
from bot.settings.accounts import FullStoryAccount
from bot.sources.fullstory.records import SessionRow, User, Users
from bot.sources.http import CallFailed, Calls, Reply, segment
from bot.sources.json_fields import at, by_snake, read_record, snake, to_text
from bot.sources.quota import Account
from bot.sources.quota.ledger import Ledger
from bot.storage.memory import Memory

# Sessions a page, and pages that are read of one list.
PAGE_SIZE, MOST_PAGES = 100, 5
# Pages of users, ten each, that are read of one name.
MOST_USER_PAGES = 3
# The names under which a list may tell where it goes on: the sessions', the profiles' and the users'.
_FOLLOWING = ("pagination_token", "next_pagination_token", "next_page_token")
# The longest that a session lasts: it ends "after 30 minutes of inactivity (or 24 hours of active session
# capture)" (help.fullstory.com/hc/en-us/articles/360020624614).
LONGEST_SESSION = timedelta(hours=24)
# What is said where a way of asking is not in the plan, not open to the key, or not there.
_NOT_OPEN = frozenset(
    {HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}
)
# How long it is kept that a way of asking is not open.
_CLOSED_LASTS = timedelta(days=1)
# A machine writes a summary while it is waited for (contract, section 1).
_SUMMARY_SECONDS = 60.0
# The newest events that a context is asked for, and the kinds that say nothing of what went wrong.
MOST_EVENTS = 500
_LEFT_OUT = ("input-change", "highlight", "copy", "paste", "element-seen", "mouse-thrash")


@dataclass(frozen=True, slots=True)
class Listed:
    """
    The sessions of a list.

    `cut_at` is set where older ones than that were not read though the vendor may have them; `failure` is
    why, where a page could not be had.
    """

    rows: tuple[SessionRow, ...] = ()
    cut_at: datetime | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class Budget:
    """The plan's Activations in the ledger."""

    account: Account
    ledger: Ledger

    async def give_back(self) -> None:
        """Take back an Activation that was counted and not used: what was asked for was refused."""
        await self.ledger.give_back(self.account)


@dataclass(frozen=True, slots=True)
class FullStoryApi:
    """One organisation's calls; `account` is its name in the ledger."""

    account: str
    settings: FullStoryAccount
    memory: Memory

    async def sessions_of(self, kind: SubjectKind, name: str, since: datetime | None, calls: Calls) -> Listed:
        """
        The sessions of one name, newest first, back to `since` and at most five pages.

        Each call has one identifier: with two the vendor answers with the sessions of either person.

        Raises:
            CallFailed: when the first page cannot be had.

        """
        rows: dict[str, SessionRow] = {}
        seen: set[str] = set()
        token: str | None = None
        for number in range(MOST_PAGES):
            params = {kind.value: name, "limit": str(PAGE_SIZE)}
            if token:
                params["pagination_token"] = token
            try:
                page, following = _list(await self._get("/sessions/v2", calls, params), calls)
            except CallFailed as failed:
                if not number:
                    raise
                return Listed(tuple(rows.values()), _oldest(rows), failed.failure)
            rows |= {row.id: row for row in page if row.id}
            if since and any(row.created_at and row.created_at < since for row in page):
                return Listed(tuple(rows.values()))
            # Without a token a full page may be all there is, or all that this server tells.
            if following is None:
                more = not number and len(page) >= PAGE_SIZE
                return Listed(tuple(rows.values()), _oldest(rows) if more else None)
            # Pages that lead back to an earlier one would never end.
            if following in seen or not page:
                return Listed(tuple(rows.values()))
            seen.add(following)
            token = following
        return Listed(tuple(rows.values()), _oldest(rows))

    async def session_named(self, session_uid: str, calls: Calls) -> SessionRow | None:
        """
        The one session that `session_uid` names; None where there is none, or the account has no such list.

        The parameter is of the newer list alone, whose pages document neither path nor fields.
        """
        if await self._is_closed("session_uid"):
            return None
        reply = await self._get("/v2/sessions", calls, {"session_uid": session_uid})
        if reply.status in _NOT_OPEN:
            await self._close("session_uid", reply)
            return None
        rows, _ = _list(reply, calls)
        if len(rows) > 1:
            # A server that ignores the parameter lists others' sessions.
            await self._close("session_uid", reply)
        return rows[0] if len(rows) == 1 else None

    async def users_named(self, kind: SubjectKind, name: str, calls: Calls) -> Users:
        """
        The records of users that the vendor has by a name, in its order.

        Raises:
            CallFailed: when the vendor cannot be asked or understood.

        """
        users: list[User] = []
        token: str | None = None
        for _ in range(MOST_USER_PAGES):
            params = {kind.value: name} | ({"page_token": token} if token else {})
            reply = await self._get("/v2/users", calls, params)
            if not reply.ok:
                raise calls.refused(reply)
            users += calls.records(at(reply.body, "results") or [], User) or []
            following = _following(reply.body)
            if following is None or following == token:
                return Users(tuple(users))
            token = following
        return Users(tuple(users), more=True)

    async def user(self, user_id: str, calls: Calls) -> User | None:
        """One user by the vendor's own id; None where there is none, or it is being deleted."""
        reply = await self._get(f"/v2/users/{segment(user_id)}", calls)
        if not calls.is_there(reply):
            return None
        user = read_record(reply.body, User)
        return user if user and user.id == user_id and not user.is_being_deleted else None

    async def me(self, calls: Calls) -> Any:
        """Whose key it is (`GET /me`), as it was answered."""
        reply = await self._get("/me", calls)
        if not reply.ok:
            raise calls.refused(reply)
        return reply.body

    async def happened(
        self, session_id: str, budget: Budget, calls: Calls, until: datetime | None = None
    ) -> Any:
        """
        What happened in a session: its context, else all its events; None for no such session.

        The context ends at `until`, where that is given; events come whole.
        Each costs an Activation, except where it is refused or not there.

        Raises:
            CallFailed: when the plan or the key has neither, for a day without asking again.

        """
        path = f"/v2/sessions/{segment(session_id)}"
        context: Reply | None = None
        if not await self._is_closed("context"):
            context = await calls.request(
                "POST",
                f"{path}/context",
                headers=self._headers(),
                body=_context(until),
                budget=budget.account,
            )
            if context.status not in _NOT_OPEN:
                return _whole(context, "context_data", calls)
            await budget.give_back()
            # A 404 may speak of the session rather than of this way of asking.
            if context.status != HTTPStatus.NOT_FOUND:
                await self._close("context", context)
        if await self._is_closed("events"):
            raise _no_events()
        headers = self._headers()
        events = await calls.request("GET", f"{path}/events", headers=headers, budget=budget.account)
        if events.status in _NOT_OPEN:
            await budget.give_back()
        if events.status == HTTPStatus.FORBIDDEN:
            await self._close("events", events)
            raise _no_events()
        if not calls.is_there(events):
            return None
        if context is not None and context.status == HTTPStatus.NOT_FOUND:
            await self._close("context", context)
        return _whole(events, "events", calls)

    async def summary(
        self, session_id: str, budget: Budget, calls: Calls, until: datetime | None = None
    ) -> Any:
        """
        A session's summary as it was answered, by the account's profile; None for no such session.

        The profile's name and the end at a time stamp are those of the vendor's own client
        (fullstory-anywhere-activation, projects/sdk/src/session.ts, `summary`). It costs an Activation,
        except where it is refused or not there.

        Raises:
            CallFailed: when the plan or the key has none, for a day without asking again.

        """
        profile = self.settings.summary_profile
        if profile is None or await self._is_closed("summary"):
            raise _no_summary()
        params = {"config_profile": profile} | ({} if until is None else {"end_timestamp": _stamp(until)})
        reply = await calls.request(
            "GET",
            f"/v2/sessions/{segment(session_id)}/summary",
            params=params,
            headers=self._headers(),
            budget=budget.account,
            seconds=_SUMMARY_SECONDS,
        )
        if reply.status in _NOT_OPEN:
            await budget.give_back()
        if reply.status == HTTPStatus.FORBIDDEN:
            await self._close("summary", reply)
            raise _no_summary()
        # A 404 may speak of the profile as well as of the session.
        return reply.body if calls.is_there(reply) else None

    async def may_read(self, path: str, calls: Calls, **params: str) -> bool:
        """Whether the key may ask for something; not found is an answer too."""
        reply = await self._get(path, calls, params)
        if reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return False
        if not reply.ok and reply.status != HTTPStatus.NOT_FOUND:
            raise calls.refused(reply)
        return True

    async def _is_closed(self, way: str) -> bool:
        return await self.memory.recall(self.account, f"closed {way}") is not None

    async def _close(self, way: str, reply: Reply) -> None:
        structlog.get_logger("fullstory").info("fullstory.not_open", way=way, status=reply.status)
        await self.memory.remember(self.account, f"closed {way}", str(reply.status), _CLOSED_LASTS)

    async def _get(self, path: str, calls: Calls, params: dict[str, str] | None = None) -> Reply:
        return await calls.get(path, params=params, headers=self._headers())

    def _headers(self) -> dict[str, str]:
        # FullStory shows the key ready for use: it must not be encoded again.
        return {"Authorization": f"Basic {self.settings.api_key.get_secret_value()}"}


def _context(until: datetime | None) -> dict[str, Any]:
    """
    What a context is asked for: the last events, those before `until` where it is given.

    `end_timestamp` is of the vendor's own client ("only events before this timestamp will be included in the
    context"; fullstory-anywhere-activation, projects/sdk/src/profile.ts).
    """
    last: dict[str, Any] = {"mode": "LAST", "event_limit": MOST_EVENTS}
    if until is not None:
        last["end_timestamp"] = _stamp(until)
    # The kinds to leave out are named rather than those to tell: custom events and crashes are in no list.
    return {
        "slice": last,
        "context": {"include": ["user", "location", "device"]},
        "events": {"exclude_types": list(_LEFT_OUT)},
    }


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _no_events() -> CallFailed:
    why = "its plan or the role of our key is without it"
    return CallFailed(
        Reason.NOT_AUTHORISED, f"FullStory does not let us read what happens in a session: {why}"
    )


def _no_summary() -> CallFailed:
    why = "its plan or the role of our key is without it, or no SUMMARY_PROFILE is set"
    return CallFailed(Reason.NOT_AUTHORISED, f"FullStory does not sum sessions up for us: {why}")


def _whole(reply: Reply, part: str, calls: Calls) -> Any:
    """An answer that has a part of this name."""
    if not reply.ok:
        raise calls.refused(reply)
    if not isinstance(at(reply.body, part), dict | list):
        raise calls.unreadable("what happened in a session")
    return reply.body


def _list(reply: Reply, calls: Calls) -> tuple[list[SessionRow], str | None]:
    """A page's sessions, and the token of the next page."""
    if not reply.ok:
        raise calls.refused(reply)
    if not isinstance(reply.body, dict):
        raise calls.unreadable("a list of sessions")
    # Where there are none, the field may be missing.
    rows = calls.records(reply.body.get("sessions") or reply.body.get("results") or [], SessionRow)
    if rows is None:
        raise calls.unreadable("a list of sessions")
    # Neither the pages nor the newer list's fields are documented: what was met is worth a line.
    fields = sorted({snake(name) for name in reply.body} & {"sessions", "results", *_FOLLOWING})
    structlog.get_logger("fullstory").info("fullstory.listed", rows=len(rows), fields=fields)
    return rows, _following(reply.body)


def _following(body: Any) -> str | None:
    named = by_snake(body)
    return next((token for name in _FOLLOWING if (token := to_text(named.get(name)))), None)


def _oldest(rows: dict[str, SessionRow]) -> datetime | None:
    return min((row.created_at for row in rows.values() if row.created_at), default=None)
