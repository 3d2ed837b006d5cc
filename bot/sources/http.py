"""
Calls to vendors: counted in the ledger first, bounded in time and size, failures as plain reasons.

The only module that knows the HTTP library. Its exceptions hold no URL, key or text of a vendor.
"""

import asyncio
import logging
import ssl
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx2

from bot.domain.model import Failure, Reason
from bot.operations.clock import Clock
from bot.operations.inflating import ACCEPTED, Inflating, NotInflatable
from bot.operations.json_text import NotJson, read_json, read_recording
from bot.sources.json_fields import R, read_records, to_count
from bot.sources.large_answers import LargeAnswers
from bot.sources.quota import Account, Granted, Purpose, Refused
from bot.sources.quota.ledger import Ledger
from bot.storage.store import Write

MAX_BODY_BYTES = 10 * 1024 * 1024
# What may be in memory of each of an account's answers; of one at a time there may be more.
_SMALL_BODY_BYTES = 64 * 1024
_TOO_LONG = "answered more than 10 MiB"
# How many times as long as one chunk of an answer the whole of it may take, its connection included.
_WHOLE_CALL, _WHOLE_CALL_SECONDS = 1.5, 60.0
# After so long no further call is made for one question; what was begun is waited for.
_WHOLE_QUESTION_SECONDS = 120.0
# How long no call is made after a 429: as `Retry-After` says, within these bounds, or the default.
_LONGEST_REST = timedelta(days=1)
_SHORTEST_REST = timedelta(seconds=1)
_DEFAULT_REST = timedelta(minutes=1)
# A call that may be made within this time waits for it, so often at most.
_SHORT_WAIT = timedelta(seconds=2)
_MOST_WAITS = 5
# Digits of a `Retry-After` that are read: more than a day of seconds has, and Python refuses thousands.
_RETRY_AFTER_DIGITS = 9
Params = Mapping[str, str | Sequence[str]]


class CallFailed(Exception):
    """
    Raised when a vendor could not be asked or its answer not be used; it becomes a finding's failure.

    `asked_to_wait` is how long a 429 told us to wait; None where it said nothing.
    """

    def __init__(
        self,
        reason: Reason,
        message: str,
        until: datetime | None = None,
        asked_to_wait: timedelta | None = None,
    ) -> None:
        super().__init__(message)
        self.failure = Failure(reason, message, until)
        self.asked_to_wait = asked_to_wait


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer below 500 that is not a 429; `body` is its JSON, None where an error's body is no JSON."""

    status: int
    body: Any
    headers: Mapping[str, str]

    @property
    def ok(self) -> bool:
        """Whether the status is a success, 2xx."""
        return httpx2.codes.is_success(self.status)


def trusted_certificates() -> ssl.SSLContext:
    """The certificates that all connections trust; loading them is slow, so it is done once for all."""
    return httpx2.create_ssl_context()


def open_client(
    read_seconds: float, trusted: ssl.SSLContext, connect_seconds: float = 5
) -> httpx2.AsyncClient:
    """One vendor's connection pool; redirects are not followed: they would carry keys elsewhere."""
    # httpx2 logs every URL at INFO, and URLs hold addresses and, at one vendor, the key.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    timeout = httpx2.Timeout(read_seconds, connect=connect_seconds, pool=read_seconds)
    accepted = {"Accept": "application/json", "Accept-Encoding": ACCEPTED}
    return httpx2.AsyncClient(timeout=timeout, follow_redirects=False, headers=accepted, verify=trusted)


@dataclass(frozen=True, slots=True)
class VendorHttp:
    """
    What an account's calls are made with.

    `title` is the vendor's name as people know it; `rest_after_429` returns how long no call is made after a
    429 that does not say so itself; `read` makes of an answer's text what it says.
    """

    client: httpx2.AsyncClient
    ledger: Ledger
    account: Account
    clock: Clock
    title: str
    base_url: str
    rest_after_429: Callable[[datetime], timedelta] = lambda _now: _DEFAULT_REST
    large_answers: LargeAnswers = field(default_factory=LargeAnswers)
    read: Callable[[bytearray], Any] = read_json

    @property
    def call_seconds(self) -> float:
        """How long a call may take in all: a server that drips must not hold it for ever."""
        chunk = self.client.timeout.read
        return _WHOLE_CALL_SECONDS if chunk is None else chunk * _WHOLE_CALL

    def for_recording(self) -> "VendorHttp":
        """The same for a session's recording: it is large, and no other large answer waits for it."""
        return replace(self, read=read_recording, large_answers=LargeAnswers())

    def asking(self, purpose: Purpose, account: Account | None = None, by: str | None = None) -> "Calls":
        """The calls of a question of `by` (None: nobody's); `account` where the server tells its windows."""
        return Calls(self, purpose, account or self.account, by)


class Calls:
    """The calls for one question: how many were `made`, and of their records how many were `left_out`."""

    def __init__(self, http: VendorHttp, purpose: Purpose, account: Account, by: str | None) -> None:
        self._http = http
        self._purpose = purpose
        self._by = by
        self.account = account
        self.made = self.left_out = 0
        # What was learnt on the way, to be written with the answer.
        self.learnt = list[Write]()
        self._ends: float | None = None
        # Calls that are counted in the ledger already.
        self._ahead = 0

    async def ahead(self) -> "Calls | None":
        """Count a call now that is made later; returns what it is made with, None where none is left."""
        if isinstance(await self._count(None), Refused):
            return None
        self.made += 1
        later = Calls(self._http, self._purpose, self.account, self._by)
        later._ahead = 1
        return later

    async def left(self) -> int | None:
        """How many calls the account has left; None where it has no limit."""
        return (await self._http.ledger.state(self.account)).left if self.account.windows else None

    async def get(
        self,
        path: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        budget: Account | None = None,
    ) -> Reply:
        """Make one call by GET; see `request`."""
        return await self.request("GET", path, params=params, headers=headers, budget=budget)

    async def request(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        base_url: str | None = None,
        budget: Account | None = None,
        free: bool = False,
        seconds: float | None = None,
    ) -> Reply:
        """
        Make one call.

        Args:
            method: HTTP method.
            path: below the base URL, its parts already encoded by `segment`.
            params: the query, encoded here; a name may have several values.
            headers: added to the client's own.
            body: sent as JSON.
            base_url: used in place of the account's.
            budget: an account that the call is counted against as well.
            free: the vendor does not count this call, so the ledger does not either.
            seconds: how long it may take in all, in place of what the account's calls may take.

        Raises:
            CallFailed: when the quota is spent, the vendor cannot be reached or refuses, or its answer is not
                JSON.

        """
        self._check_time()
        if self._ahead:
            self._ahead -= 1
        elif not free:
            await self._spend(budget)
        self.made += 1
        async with AsyncExitStack() as large:
            url = f"{base_url or self._http.base_url}{path}"
            sent = {"params": params, "headers": headers, "json": body}
            return await self._judge(*await self._fetch(large, method, url, seconds, **sent))

    async def exchange(
        self, method: str, path: str, *, headers: Mapping[str, str], content: bytes
    ) -> tuple[int, Mapping[str, str], bytes]:
        """
        Make one call for a library that speaks a protocol of its own; see `request`.

        Returns the status, the headers that say what the answer is, and the answer as it came.

        Raises:
            CallFailed: as `request`, also where the key is refused.

        """
        self._check_time()
        await self._spend(None)
        self.made += 1
        async with AsyncExitStack() as large:
            sent: dict[str, Any] = {"headers": headers, "content": content}
            response, answered = await self._fetch(large, method, f"{self._http.base_url}{path}", **sent)
            status = response.status_code
            if status == httpx2.codes.TOO_MANY_REQUESTS or status >= httpx2.codes.INTERNAL_SERVER_ERROR:
                await self._judge(response, answered)
            if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
                raise self.refused(Reply(status, None, response.headers))
            kept = ("content-type", "mcp-session-id")
            told = {name: response.headers[name] for name in kept if name in response.headers}
            return status, told, bytes(answered)

    async def _fetch(
        self, large: AsyncExitStack, method: str, url: str, seconds: float | None = None, **sent: Any
    ) -> tuple[httpx2.Response, bytearray]:
        """The answer with its body, in the time that a call may take."""
        client = self._http.client
        try:
            async with (
                asyncio.timeout(seconds or self._http.call_seconds),
                client.stream(method, httpx2.URL(url), timeout=seconds or client.timeout, **sent) as response,
            ):
                return response, await self._read(response, large)
        except (httpx2.TimeoutException, TimeoutError):
            raise self._failed(Reason.TIMED_OUT, "did not answer in time") from None
        except httpx2.ConnectError:
            raise self._failed(Reason.UNREACHABLE, "cannot be reached") from None
        except httpx2.HTTPError:
            raise self._failed(Reason.UNREADABLE, "broke its answer off") from None
        except httpx2.InvalidURL:
            raise self._failed(Reason.UNREADABLE, "cannot be asked at the configured address") from None

    def is_there(self, reply: Reply) -> bool:
        """
        Whether the vendor has what was asked for: False where it says 404.

        Raises:
            CallFailed: when it refuses the question otherwise.

        """
        if reply.status == HTTPStatus.NOT_FOUND:
            return False
        if not reply.ok:
            raise self.refused(reply)
        return True

    def refused(self, reply: Reply) -> CallFailed:
        """The failure for an error status that a source has no meaning of its own for."""
        if reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return self._failed(
                Reason.NOT_AUTHORISED, "refuses our key: it is wrong, expired or may not read this"
            )
        if httpx2.codes.is_redirect(reply.status):
            return self._failed(
                Reason.UNREADABLE, "sends us elsewhere: the configured base URL is not its API's"
            )
        return self._failed(Reason.VENDOR_ERROR, f"refuses the question (status {reply.status})")

    def records(self, rows: Any, record: type[R]) -> list[R] | None:
        """The records of a list; what is no such record is left out and counted. None where it is no list."""
        readable = read_records(rows, record)
        if readable is not None:
            self.left_out += len(rows) - len(readable)
        return readable

    def unreadable(self, what: str) -> CallFailed:
        """The failure for JSON that is not of the documented shape; `what` is what was expected."""
        return self._failed(Reason.UNREADABLE, f"answered something else than {what}")

    def _failed(self, reason: Reason, what: str, until: datetime | None = None) -> CallFailed:
        return CallFailed(reason, f"{self._http.title} {what}", until)

    def _check_time(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._ends is None:
            self._ends = now + _WHOLE_QUESTION_SECONDS
        if now > self._ends:
            raise self._failed(Reason.TIMED_OUT, "takes too long to answer")

    async def _count(self, budget: Account | None) -> Granted | Refused:
        return await self._http.ledger.spend(self.account, self._purpose, budget, self._by)

    async def _spend(self, budget: Account | None) -> None:
        verdict = await self._count(budget)
        for _ in range(_MOST_WAITS):
            # A limit of calls a second is waited for; one of calls a day is not.
            if not isinstance(verdict, Refused) or verdict.wait > _SHORT_WAIT:
                break
            await asyncio.sleep(verdict.wait.total_seconds())
            verdict = await self._count(budget)
        if isinstance(verdict, Refused):
            raise self._failed(Reason.QUOTA_SPENT, f"was not asked: {verdict.why}", verdict.until)

    async def _read(self, response: httpx2.Response, large: AsyncExitStack) -> bytearray:
        """The body, inflated; while it is a large one, no other large one of the account is read."""
        content = bytearray()
        is_small = True
        if (to_count(response.headers.get("content-length")) or 0) > MAX_BODY_BYTES:
            raise self._failed(Reason.UNREADABLE, _TOO_LONG)
        try:
            inflating = Inflating(response.headers.get("content-encoding", ""))
            async for chunk in response.aiter_raw():
                for piece in inflating.pieces(chunk):
                    content += piece
                    if is_small and len(content) > _SMALL_BODY_BYTES:
                        is_small = False
                        await large.enter_async_context(self._http.large_answers.room)
                        if self._http.large_answers.are_refused:
                            raise self._failed(Reason.UNREADABLE, _TOO_LONG)
                    if len(content) > MAX_BODY_BYTES:
                        self._http.large_answers.refuse()
                        raise self._failed(Reason.UNREADABLE, _TOO_LONG)
            content += inflating.end()
        except NotInflatable:
            raise self._failed(Reason.UNREADABLE, "answered something that cannot be inflated") from None
        return content

    async def _judge(self, response: httpx2.Response, content: bytearray) -> Reply:
        status = response.status_code
        if status == httpx2.codes.TOO_MANY_REQUESTS:
            raise await self._rate_limited(response)
        if status >= httpx2.codes.INTERNAL_SERVER_ERROR:
            raise self._failed(Reason.VENDOR_ERROR, f"has trouble of its own (status {status})")
        try:
            body = self._http.read(content)
        except NotJson:
            if httpx2.codes.is_success(status):
                raise self._failed(Reason.UNREADABLE, "answered something that is not JSON") from None
            body = None
        return Reply(status, body, response.headers)

    async def _rate_limited(self, response: httpx2.Response) -> CallFailed:
        now = self._http.clock()
        asked_for = retry_after(response.headers.get("retry-after"), now)
        rest = self._http.rest_after_429(now) if asked_for is None else max(asked_for, _SHORTEST_REST)
        rest = min(rest, _LONGEST_REST)
        await self._http.ledger.correct(self.account, 0, rest)
        message = f"{self._http.title} asks us to wait"
        return CallFailed(Reason.RATE_LIMITED, message, now + rest, asked_for)

    async def correct(self, left: int, resets_in: timedelta) -> None:
        """Correct the ledger by what the vendor's own headers say is left."""
        await self._http.ledger.correct(self.account, left, min(resets_in, _LONGEST_REST))


def retry_after(value: str | None, now: datetime) -> timedelta | None:
    """The time in a Retry-After header, seconds or a date; None where it is missing or unreadable."""
    if not value:
        return None
    if value.strip().isdecimal():
        return min(timedelta(seconds=int(value.strip()[:_RETRY_AFTER_DIGITS])), _LONGEST_REST)
    try:
        moment = parsedate_to_datetime(value)
    except ValueError:
        return None
    return max(timedelta(0), (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now)


def segment(value: str) -> str:
    """A value encoded as one part of a path: `a:b/c` becomes `a%3Ab%2Fc`."""
    encoded = quote(value, safe="")
    # `.` and `..` alone would mean "this folder" and "the one above".
    return encoded.replace(".", "%2E") if not encoded.strip(".") else encoded
