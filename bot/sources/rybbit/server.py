"""
Which paths a Rybbit server has, and how it refuses (`contracts/rybbit.md`, `contracts/rybbit_observed.md`).

Rybbit's paths changed twice, and the old ones were removed. Which ones a server has is found out by calls
and kept; where a path is missing, the next generation's is tried.
"""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from bot.domain.model import Reason
from bot.settings.accounts import RybbitAccount
from bot.sources.http import CallFailed, Calls, Reply, VendorHttp, segment
from bot.sources.json_fields import at, to_count, to_text
from bot.sources.quota import Account, Window
from bot.storage.memory import Memory


class Generation(StrEnum):
    """Rybbit's three sets of paths; the newest one is tried first."""

    C = "C"
    B = "B"
    A2 = "A2"


_SITES = "/api/sites/{site}"
PATHS: dict[str, dict[Generation, str]] = {
    "sessions": {
        Generation.C: f"{_SITES}/sessions",
        Generation.B: f"{_SITES}/sessions",
        Generation.A2: "/api/sessions/{site}",
    },
    "session": {
        Generation.C: f"{_SITES}/sessions/{{session}}",
        Generation.B: f"{_SITES}/sessions/{{session}}",
        Generation.A2: "/api/sessions/{session}/{site}",
    },
    "users": {
        Generation.C: f"{_SITES}/users",
        Generation.B: f"{_SITES}/users",
        Generation.A2: "/api/users/{site}",
    },
    "user_traits": {
        Generation.C: f"{_SITES}/user-traits/users",
        Generation.B: f"{_SITES}/user-traits/users",
    },
    "error_names": {
        Generation.C: f"{_SITES}/errors/names",
        Generation.B: f"{_SITES}/error-names",
        Generation.A2: "/api/error-names/{site}",
    },
    "error_events": {
        Generation.C: f"{_SITES}/errors/events",
        Generation.B: f"{_SITES}/error-events",
        Generation.A2: "/api/error-events/{site}",
    },
    # Of these paths C's looks like a session's on servers of B: it is asked when the generation is known.
    "locations": {
        Generation.C: f"{_SITES}/sessions/locations",
        Generation.B: f"{_SITES}/session-locations",
        Generation.A2: "/api/session-locations/{site}",
    },
    "replay": {
        Generation.C: f"{_SITES}/session-replay/{{session}}",
        Generation.B: f"{_SITES}/session-replay/{{session}}",
        Generation.A2: "/api/session-replay/{session}/{site}",
    },
}
# These came with a later release of generation B: where they are missing, the generation is still open.
_OPTIONAL = frozenset({"user_traits"})
_NEWEST_FIRST = tuple(Generation)

_CLOUD = "app.rybbit.io"
# The cloud allows 50 calls at once and then 5 a second: 50 in any 10 seconds are always allowed.
_BURST = Window(50, 10)
# Calls a day of the cloud's smallest plan, until its headers have said how many this plan has.
_SMALLEST_DAY = 5_000
_DAY_SECONDS = 24 * 3600
# What servers until the spring of 2026 allow a key; beyond it they answer 403.
OLD_WINDOW = Window(500, 600)
# What a self-hosted server allows a key in 24 hours that answers 429; a longer wait than this is no burst's.
_UNTOLD_LIMIT = 10
_LONG_WAIT = timedelta(hours=1)
# After such a 429 without a word of the wait: when it is tried again.
_PROBE = timedelta(hours=1)
# How long it is kept that a server lacks a path.
_LACK_LASTS = timedelta(days=1)
# How long it is kept which paths a server has, and its site's number.
_KEPT = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class RybbitServer:
    """One site on one server; its calls are named by operation, and the path is found here."""

    http: VendorHttp
    settings: RybbitAccount
    memory: Memory

    @property
    def name(self) -> str:
        """The account's name."""
        return self.http.account.name

    async def account(self) -> Account:
        """The account with this server's limits: the cloud's, an old server's, or none."""
        if self._is_cloud():
            day = to_count(await self.memory.recall(self.name, "daily_limit")) or _SMALLEST_DAY
            return Account(self.name, (_BURST, Window(day, _DAY_SECONDS)))
        if await self._is_old():
            return Account(self.name, (OLD_WINDOW,))
        learnt = to_count(await self.memory.recall(self.name, "learnt_limit"))
        return Account(self.name, (Window(learnt, _DAY_SECONDS),) if learnt else ())

    async def get(self, operation: str, calls: Calls, params: dict[str, str], **parts: str) -> Reply | None:
        """
        The reply to an operation, on whatever path this server has it; None where it lacks an optional one.

        Raises:
            CallFailed: as for any call, and for a reply that is neither a success nor the operation's 404.

        """
        possible = await self._generations()
        if operation in _OPTIONAL and await self.memory.recall(self.name, f"lacks {operation}"):
            return None
        for attempt in (possible, tuple(g for g in _NEWEST_FIRST if g not in possible)):
            try:
                reply = await self._try(operation, attempt, calls, params, parts)
            except CallFailed as failed:
                raise await self._learnt(failed) from None
            if reply:
                return reply
            if operation in _OPTIONAL:
                await self.memory.remember(self.name, f"lacks {operation}", "yes", _LACK_LASTS)
                return None
        raise CallFailed(
            Reason.UNSUPPORTED,
            "Rybbit's server has none of the paths known since November 2025: it may be too old",
        )

    async def _try(
        self,
        operation: str,
        generations: tuple[Generation, ...],
        calls: Calls,
        params: dict[str, str],
        parts: dict[str, str],
    ) -> Reply | None:
        by_path: dict[str, list[Generation]] = {}
        for generation in generations:
            if template := PATHS[operation].get(generation):
                by_path.setdefault(template, []).append(generation)
        for template, having_it in by_path.items():
            path = template.format(site=self.settings.site, **{k: segment(v) for k, v in parts.items()})
            reply = await calls.get(path, params=params, headers=self._headers())
            if not _is_route_missing(reply):
                await self._keep_possible(having_it if operation not in _OPTIONAL else list(generations))
                return await self._judge(reply, calls)
        return None

    async def _learnt(self, failed: CallFailed) -> CallFailed:
        """
        The failure, after what a 429 of a self-hosted server tells is kept.

        Releases of the spring of 2026 allow a key 10 calls in 24 hours without saying so (upstream's pull
        request 977), and say nothing of the wait; what is in front of a server asks for seconds.
        """
        says = failed.failure
        short = failed.asked_to_wait is not None and failed.asked_to_wait < _LONG_WAIT
        if says.reason is not Reason.RATE_LIMITED or self._is_cloud() or short:
            return failed
        await self.memory.remember(self.name, "learnt_limit", str(_UNTOLD_LIMIT), _KEPT)
        account = await self.account()
        rest = failed.asked_to_wait or _PROBE
        await self.http.ledger.correct(account, 0, rest)
        state = await self.http.ledger.state(account)
        until = self.http.clock() + rest
        if state.used >= _UNTOLD_LIMIT and state.returns_at:
            until = max(until, state.returns_at)
        return CallFailed(
            Reason.RATE_LIMITED, "Rybbit's server allows its key 10 calls a day, and they are spent", until
        )

    def _is_cloud(self) -> bool:
        return urlsplit(self.settings.base_url).hostname == _CLOUD

    async def site_number(self, calls: Calls) -> str:
        """The site's number, which links need; where its other id is configured, it is asked for once."""
        if self.settings.site.isdecimal():
            return self.settings.site
        known = await self.memory.recall(self.name, "site_number")
        if known is None:
            reply = await calls.get(f"/api/sites/{self.settings.site}", headers=self._headers())
            known = to_text(at(reply.body, "siteId")) if reply.ok else None
            if known is None:
                return self.settings.site
            await self.memory.remember(self.name, "site_number", known, _KEPT)
        return known

    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.settings.api_key.get_secret_value()}"}

    async def _generations(self) -> tuple[Generation, ...]:
        known = await self.memory.recall(self.name, "generations")
        return tuple(Generation(name) for name in known.split(",")) if known else _NEWEST_FIRST

    async def _is_old(self) -> bool:
        """Whether the server surely has the old limit, `OLD_WINDOW`."""
        return Generation.C not in await self._generations()

    async def _keep_possible(self, having_it: list[Generation]) -> None:
        """Keep which generations are still possible, after a path of these was found."""
        known = await self._generations()
        possible = tuple(g for g in known if g in having_it) or tuple(having_it)
        if possible != known:
            await self.memory.remember(self.name, "generations", ",".join(possible), _KEPT)

    async def _judge(self, reply: Reply, calls: Calls) -> Reply:
        await self._correct_quota(reply, calls)
        if reply.ok:
            await self._note_acceptance()
            return reply
        if reply.status == HTTPStatus.FORBIDDEN:
            raise await self._forbidden(reply, calls)
        if reply.status == HTTPStatus.NOT_FOUND and to_text(at(reply.body, "error")) != "Site not found":
            return reply
        if reply.status == HTTPStatus.NOT_FOUND:
            raise CallFailed(Reason.NOT_AUTHORISED, "Rybbit knows no site of the configured id")
        raise calls.refused(reply)

    async def _forbidden(self, reply: Reply, calls: Calls) -> CallFailed:
        """
        What a 403 means: a scope that the key lacks, an old server's limit, or a bad key.

        Old servers answer 403 for a spent limit too: so it is taken for that where they accepted the key
        some minutes ago.
        """
        scope = to_text(at(reply.body, "required"))
        if scope and scope.replace(":", "").isalpha():
            return CallFailed(Reason.NOT_AUTHORISED, f"Rybbit's key may not read this: it lacks {scope}")
        accepted = await self.memory.recall(self.name, "accepted")
        if accepted and (await self._is_old() or await self._proves_old(calls)):
            rest = timedelta(seconds=OLD_WINDOW.seconds)
            await calls.correct(0, rest)
            return CallFailed(
                Reason.RATE_LIMITED,
                "Rybbit refuses a key that it took minutes ago: its 500 calls in 10 minutes seem spent",
                self.http.clock() + rest,
                rest,
            )
        return CallFailed(
            Reason.NOT_AUTHORISED, "Rybbit refuses our key: it is wrong, or not one for the configured site"
        )

    async def _proves_old(self, calls: Calls) -> bool:
        """Whether a path of current servers is missing, where it is not known yet which paths there are."""
        generations = await self._generations()
        if generations == (Generation.C,):
            return False
        path = PATHS["error_names"][Generation.C].format(site=self.settings.site)
        if not _is_route_missing(await calls.get(path, headers=self._headers())):
            return False
        await self._keep_possible([one for one in generations if one is not Generation.C])
        return True

    async def _note_acceptance(self) -> None:
        """Keep for one window that a server that may be old accepted the key."""
        if await self._generations() == (Generation.C,):
            return
        if await self.memory.recall(self.name, "accepted") is None:
            await self.memory.remember(self.name, "accepted", "yes", timedelta(seconds=OLD_WINDOW.seconds))

    async def _correct_quota(self, reply: Reply, calls: Calls) -> None:
        """Correct the ledger by the cloud's headers, and keep the plan's calls a day."""
        left = to_count(reply.headers.get("x-ratelimit-daily-remaining"))
        resets = to_count(reply.headers.get("x-ratelimit-daily-reset"))
        if left is None or resets is None:
            return
        await calls.correct(left, timedelta(seconds=resets))
        limit = to_text(reply.headers.get("x-ratelimit-daily-limit"))
        if limit and limit != await self.memory.recall(self.name, "daily_limit"):
            await self.memory.remember(self.name, "daily_limit", limit, timedelta(days=1))


def _is_route_missing(reply: Reply) -> bool:
    """Whether a 404 is the router's, for a path that the server lacks, and not the operation's own."""
    message: Any = at(reply.body, "message")
    return reply.status == HTTPStatus.NOT_FOUND and isinstance(message, str) and message.startswith("Route ")
